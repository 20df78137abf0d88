"""The benchmark's own parts: the log is what it says, all forms of a yardstick give one answer, bars compare right."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest

SIZE = 600_000
"""More than a chunk, so that there are copies of an earlier one."""


@pytest.fixture(scope="module")
def bench() -> Any:
    """Import a module of this folder by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        yield importlib.import_module


@pytest.fixture(scope="module")
def log(bench: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = bench("log").make(tmp_path_factory.mktemp("bench"), SIZE)
    return made


def test_the_log_is_as_large_as_asked_with_copies_and_matched_lines(bench: Any, log: Path) -> None:
    frame = pl.read_parquet(log / "*.parquet")
    assert len(frame) == SIZE
    assert len(frame) - frame.n_unique() == (SIZE - 500_000) // 200
    skus = [sku for sku, _ in bench("log").catalog()]
    matched = frame.filter(pl.col("sku").is_in(pl.Series(skus).implode()))
    assert 0.009 < len(matched) / SIZE < 0.011
    assert frame.unique().group_by("customer", "when").len().filter(pl.col("len") > 1).is_empty()


def test_the_log_is_made_once_and_always_the_same(bench: Any, log: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in log.iterdir()}
    assert bench("log").make(log.parent, SIZE) == log
    assert {path: path.stat().st_mtime_ns for path in log.iterdir()} == before
    again = pl.concat(bench("log").chunks(SIZE))
    assert again.equals(pl.concat([pl.read_parquet(path) for path in sorted(log.glob("*.parquet"))]))


@pytest.mark.parametrize("group", ["select", "combination", "fifty", "velocity"])
def test_all_forms_of_a_yardstick_give_one_answer(bench: Any, log: Path, group: str) -> None:
    bar, yardstick = bench("bar"), bench("yardstick")
    names = {
        "select": bar.SELECT,
        "combination": bar.WINDOW,
        "fifty": [*bar.FIFTY_TABLE, "fifty-log-rows"],
        "velocity": [*bar.VELOCITY, "velocity-hash"],
    }[group]
    answers = [yardstick.measure(name, log)["answer"] for name in names]
    assert all(answer == answers[0] for answer in answers)
    found = answers[0].get("alerts", answers[0].get("rows"))
    assert found if isinstance(found, int) else any(found)


def test_a_figure_is_on_the_right_side_of_its_bar_or_not(bench: Any) -> None:
    bar = bench("bar")
    samples = {
        "scan-account": bar.Sample([1.2, 1.3, 1.1], [3_000_000_000], [], [1.0]),
        "select": bar.Sample([2.0, 2.0, 2.0], [0]),
        "select-in": bar.Sample([1.0, 1.0, 1.0], [0]),
        "scan-velocity": bar.Sample([2.0], [5_000_000_000]),
        "velocity-lag": bar.Sample([2.0], [0]),
    }
    found = {row.what: row for row in bar.rows(samples, {}, 1_000)}
    select = found["one combination rule by account, against a bare select"]
    assert (round(select.figure, 6), select.reached) == (1.2, True)
    velocity = found["velocity, faster than RANGE, lag, lag after counts"]
    assert (velocity.figure, velocity.reached) == (1.0, False)
    assert found["peak memory of our process tree"].reached is False


def test_peak_memory_is_that_of_the_whole_tree(bench: Any) -> None:
    code = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', "
        "'import time; held = bytearray(300_000_000); time.sleep(0.5)'], check=True)"
    )
    done = bench("process").run([bench("sys").executable, "-c", code])
    assert done.peak_bytes > 300_000_000


def test_the_plot_is_well_formed_whatever_the_points(bench: Any) -> None:
    plot = bench("plot")
    for points in ((), ((1e6, 0.5),), ((1e6, 0.5), (1e8, 40.0))):
        drawing = plot.plot("a < b", [plot.Line("ours", points)])
        assert ElementTree.fromstring(drawing).tag.endswith("svg")
