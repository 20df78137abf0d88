"""A run portion by portion finds and counts what a run over everything at once does."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.detect.kernel.observations import Truths
from coincide.engines.embedded import run as runs
from coincide.engines.embedded import sieve
from coincide.engines.embedded import span as spans
from coincide.engines.embedded.load import Feed
from coincide.engines.embedded.partition import MARK, Part, part_of
from coincide.engines.embedded.portion import portions
from coincide.engines.embedded.run import Decided, Run, Task, run
from coincide.engines.errors import ForeignToken
from coincide.engines.workspace import open_workspace
from coincide.entities.key import Key
from coincide.entities.pseudonym import pseudonyms
from coincide.events.errors import SharedToken
from property.worlds import examples

SHARE = 100
"""One in so many examples: each takes two runs."""
GROUP = 4
CARDS = pseudonyms("taps", [f"card {number}" for number in range(160)], Key(b"k" * 32))
SETTINGS = """
[sources.taps]
kind = "tap"
files = "taps/*.parquet"
[sources.taps.columns]
event_id = "event_id"
occurred_at = "occurred_at"
account = "account"
place = "place"
line = "line"
action = "action"
product = "product"
[sources.thefts]
kind = "incident"
files = "thefts.csv"
[sources.thefts.columns]
event_id = "id"
occurred_at = "at"
ends_at = "until"
place = "stop"
line = "line"
"""
HEAD = """rule: {name}
title: A rule
status: live
severity: low
why: To compare.
basis: {{purpose: test, law: none}}
innocent: [anything]
events: tap
"""
RULES = {
    "many": "by: account\nwithin: 1 hours\nvelocity: {at_least: 3}\n",
    "places": "by: actor\nper: service-day\nvelocity: {at_least: 3, distinct: place}\nunless: count() > 6\n",
    "there": "by: account\nwithin: 20 days\npresence: {at_least: 2, of: incidents, margin: 10 minutes}\n",
    "odd": "by: account\nper: service-day\nunusual-day: {at_least: 1, of: [trips, most_visits], beyond: 95}\n",
    "odder": "by: account\nper: service-day\nwhere: product = 'day'\n"
    "unusual-day: {at_least: 2, of: [trips, distinct_stops, detour], beyond: 90, own: 80}\n",
    "strange": "by: account\nwithin: 9 days\npresence: {at_least: 1, of: incidents, margin: 5 minutes, usual: 10}\n",
}
START = datetime(2025, 3, 28, 20, tzinfo=UTC)
NOW = START + timedelta(days=3)

minutes = st.builds(lambda day, step: timedelta(days=day, minutes=10 * step), st.integers(0, 4), st.integers(0, 6))
tap = st.tuples(
    st.integers(0, 8),
    minutes,
    st.sampled_from(["s1", "s2", "s3", None]),
    st.sampled_from(["l1", "l2"]),
    st.sampled_from(["1", "2", "3", "4", "5", None]),
)
theft = st.tuples(
    st.sampled_from(["a", "b", "c", "d", ""]),
    minutes,
    st.sampled_from(["s1", "s2", ""]),
    st.sampled_from(["l1", "", ""]),
    st.integers(-1, 3),
)


def written(folder: Path, taps: Sequence[Any], thefts: Sequence[Any], parts: int) -> list[Path]:
    """A workspace whose taps lie in files of so many parts, each with its accounts, which nothing says."""
    for name in ("taps", "rules"):
        (folder / name).mkdir()
    (folder / "coincide.toml").write_text(SETTINGS)
    for name, text in RULES.items():
        (folder / "rules" / f"{name}.yaml").write_text(HEAD.format(name=name) + text)
    lines = []
    for one, begins, stop, line, long in thefts:
        until = START + begins + 10 * long * timedelta(minutes=1)
        lines.append(f"{one},{START + begins:%Y-%m-%dT%H:%MZ},{until:%Y-%m-%dT%H:%MZ},{stop},{line}")
    (folder / "thefts.csv").write_text("\n".join(["id,at,until,stop,line", *lines]) + "\n")
    rows = [(CARDS[card], START + when, *rest) for card, when, *rest in taps]
    names = ["account", "occurred_at", "place", "line", "event_id", "action", "product"]
    schema = dict.fromkeys(names, pl.String) | {"occurred_at": pl.Datetime("us", "UTC")}
    rows = [(*row, *("enter", "day")[len(row) - len(names) :]) if len(row) < len(names) else row for row in rows]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    frame = frame.with_columns(part=pl.Series(part_of(frame["account"].to_list(), parts)))
    found = []
    for number in range(parts):
        found.append(folder / "taps" / f"{number}.parquet")
        chosen = frame.filter(pl.col("part") == number).drop("part")
        # As an import writes them: by account; in row groups of a few.
        chosen.sort("account", maintain_order=True).write_parquet(found[-1], row_group_size=GROUP)
    return found


def marked(files: Sequence[Path]) -> None:
    """The same files with their marks."""
    for number, file in enumerate(files):
        frame = pl.read_parquet(file)
        mark = Part(number, len(files), "key").mark(len(frame))
        frame.write_parquet(file, metadata={MARK.decode(): mark[MARK].decode()}, row_group_size=GROUP)


def covered(frame: pl.DataFrame) -> Truths:
    """Requests cover all incidents but one."""
    return (frame["event_id"] != "b").to_numpy()


def asked(folder: Path, **more: Any) -> Task:
    workspace = open_workspace(folder)
    feeds = [
        Feed(name, workspace.settings.sources[name], reader, tuple(reader.files()))
        for name, reader in workspace.readers.items()
    ]
    plans = [loaded.plan for loaded in workspace.chosen()]
    now_us = int(NOW.timestamp()) * 1_000_000
    return Task(
        plans, feeds, workspace.catalog, workspace.lists, workspace.settings, covered=covered, now_us=now_us, **more
    )


def told(found: Run) -> dict[str, Any]:
    """All that a run found and counted, but sizes of files, which marks change."""
    return {
        "read": found.read,
        "episodes": {rule: sorted(some, key=repr) for rule, some in found.episodes.items()},
        "files": found.files,
        "duplicates": found.duplicates,
        "observations": found.observations,
        "refused": sorted((row.source, row.file.path, row.position, row.reason) for row in found.refused),
        "attendance": found.attendance,
        "ahead": found.ahead,
    }


def test_portion_by_portion_is_everything_at_once(request: pytest.FixtureRequest) -> None:
    @examples(request.config, SHARE)
    @given(
        taps=st.lists(tap, max_size=90),
        thefts=st.lists(theft, max_size=6),
        parts=st.integers(2, 5),
        rules=st.lists(st.sampled_from(sorted(RULES)), min_size=1, unique=True),
        span=st.sampled_from([5, 20, 10**6]),
    )
    def check(taps: list[Any], thefts: list[Any], parts: int, rules: list[str], span: int) -> None:
        assert_the_same(taps, thefts, parts, rules, span)

    check()


def test_days_of_a_log_are_compared_with_those_of_all_its_portions(request: pytest.FixtureRequest) -> None:
    @examples(request.config, 4 * SHARE)
    @given(
        seed=st.integers(0, 10**6),
        thefts=st.lists(theft, max_size=4),
        parts=st.integers(2, 5),
        span=st.sampled_from([200, 500, 10**6]),
    )
    def check(seed: int, thefts: list[Any], parts: int, span: int) -> None:
        assert_the_same(ridden(seed), thefts, parts, ["odd", "odder"], span)

    check()


def ridden(seed: int) -> list[Any]:
    """Two days of many cards that ride alike, and of some that do not."""
    draw = np.random.default_rng(seed)
    taps: list[Any] = []
    for card in range(len(CARDS)):
        rides = 1 + int(draw.integers(0, 2)) + (int(draw.integers(0, 9)) if card % 17 == 0 else 0)
        for day in range(3):
            for ride in range(rides if day < 2 else 1):
                when = timedelta(days=day, minutes=10 * int(draw.integers(0, 30)))
                place, line, product = (str(draw.choice(of)) for of in (["s1", "s2", "s3"], ["l1", "l2"], PRODUCTS))
                action = ACTIONS[int(draw.integers(0, len(ACTIONS)))]
                taps.append((card, when, place, line, f"{day} {ride}", action, product))
                taps.append((card, when + timedelta(minutes=7), "s2", line, f"{day} {ride} out", "exit", product))
    return taps


def assert_the_same(taps: list[Any], thefts: list[Any], parts: int, rules: list[str], span: int) -> None:
    with tempfile.TemporaryDirectory() as name, patch.object(sieve, "LEAST_ROWS", 0), patch.object(spans, "ROWS", span):
        folder = Path(name)
        files = written(folder, taps, thefts, parts)
        for rule in RULES.keys() - set(rules):
            (folder / "rules" / f"{rule}.yaml").unlink()
        task = asked(folder)
        assert len(portions(task.feeds, task.plans)) == 1
        at_once = told(run(task))
        marked(files)
        task = asked(folder)
        assert len(portions(task.feeds, task.plans)) >= parts
        assert told(run(task)) == at_once


ACTIONS = [None, None, "enter", "enter", "enter", "single", "exit", "other"]
PRODUCTS = ["day"] * 19 + ["month"]
TAPS = [(card, timedelta(minutes=5 * step), "s1", "l1", str(step)) for card in range(9) for step in range(4)]
THEFTS = [("a", timedelta(0), "s1", "", 1), ("c", timedelta(minutes=20), "s1", "", 1), ("d", timedelta(4), "s1", "", 1)]


def test_the_comparison_above_would_see_hits_and_refusals(tmp_path: Path) -> None:
    marked(written(tmp_path, TAPS, THEFTS, 4))
    found = run(asked(tmp_path))
    assert [len(found.episodes[rule]) for rule in ("many", "places", "there", "strange")] == [9, 0, 9, 9]
    assert not found.episodes["odd"]
    assert found.attendance["there"].accounts == (9, 9)
    assert [row.reason for row in found.refused] == ["in-future"]
    assert found.ahead is not None
    assert found.read == len(TAPS) + len(THEFTS)


def test_the_comparison_above_would_see_unusual_days(tmp_path: Path) -> None:
    marked(written(tmp_path, ridden(1), [("a", timedelta(0), "s1", "", 3)], 4))
    found = run(asked(tmp_path))
    assert len(found.episodes["odd"]) > 2
    assert "more than 9" in found.episodes["odd"][0].because


def test_who_looks_is_shown_each_rule_once_with_all_its_rows(tmp_path: Path) -> None:
    marked(written(tmp_path, TAPS, THEFTS, 4))
    shown: list[Decided] = []
    run(asked(tmp_path, look=shown.append))
    assert sorted(one.plan.rule for one in shown) == sorted(RULES)
    assert {len(one.rows) for one in shown} == {len(TAPS) + len(THEFTS)}


def test_no_more_than_a_portion_is_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marked(written(tmp_path, TAPS, THEFTS, 4))
    sizes: list[int] = []
    before = runs.prepared

    def seen(frame: pl.DataFrame, *rest: Any) -> Any:
        sizes.append(len(frame))
        return before(frame, *rest)

    monkeypatch.setattr(runs, "prepared", seen)
    run(asked(tmp_path))
    # Rules over days first look at all days, twice each.
    assert len(sizes) == 5 * 4
    assert max(sizes) <= 12 + len(THEFTS)


def test_a_rule_about_more_than_one_account_needs_everything_at_once(tmp_path: Path) -> None:
    marked(written(tmp_path, TAPS, THEFTS, 4))
    changed = "by: organisation\nwithin: 1 hours\nvelocity: {at_least: 3}\n"
    (tmp_path / "rules" / "many.yaml").write_text(HEAD.format(name="many") + changed)
    task = asked(tmp_path)
    assert len(portions(task.feeds, task.plans)) == 1


def test_a_portion_with_an_account_of_another_is_refused(tmp_path: Path) -> None:
    files = written(tmp_path, TAPS, THEFTS, 2)
    everything = pl.concat([pl.read_parquet(file) for file in files])
    mark = Part(0, 2, "key").mark(len(everything))
    marked(files)
    everything.write_parquet(files[0], metadata={MARK.decode(): mark[MARK].decode()})
    with pytest.raises(ForeignToken):
        run(asked(tmp_path))


def test_a_mark_that_was_carried_into_other_rows_is_not_believed(tmp_path: Path) -> None:
    files = written(tmp_path, TAPS, THEFTS, 2)
    everything = pl.concat([pl.read_parquet(file) for file in files])
    mark = Part(0, 2, "key").mark(len(everything) - 1)
    marked(files)
    everything.write_parquet(files[0], metadata={MARK.decode(): mark[MARK].decode()})
    task = asked(tmp_path)
    assert len(portions(task.feeds, task.plans)) == 1


def test_how_much_of_a_log_one_account_has_is_asked_of_the_whole_log(tmp_path: Path) -> None:
    # A tenth of its portion, but a twentieth of all taps: cards that every portion has as many of.
    many = [(card, timedelta(seconds=10 * step), "s1", "l1", str(step)) for card in range(9) for step in range(1_300)]
    marked(written(tmp_path, many, THEFTS, 3))
    with pytest.raises(SharedToken) as caught:
        run(asked(tmp_path))
    assert "of 11,700 taps" in caught.value.message
