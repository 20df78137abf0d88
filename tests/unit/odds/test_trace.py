"""A backtest looks at everybody's purchases and leaves none of them on a disk (DESIGN, promise 5): a real process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import oddshop
from coincide.engines.workspace import open_workspace
from coincide.entities.key import load
from coincide.entities.pseudonym import pseudonym
from oddshop import HEAD, Shop

GIVEN = ("purchases", "items.csv", "coincide.toml", "catalog.csv", "rules")
"""What is there before: the rows themselves."""
PEOPLE, ITEMS = 120, 18
STRANGERS = [f"stranger-{number:03}" for number in range(PEOPLE // 2)]
"""Who never bought a component of the rule."""


def stock(shop: Shop) -> None:
    """Half of the people buy components, all buy other things, whose names say what they are."""
    rng = np.random.default_rng(1)
    people = [*STRANGERS, *(f"c{number:03}" for number in range(PEOPLE // 2))]
    lines: list[str] = []
    for who in people:
        for _ in range(30):
            day, second = rng.integers(1, 29), rng.integers(0, 86_400)
            at = f"2025-{rng.integers(1, 10):02}-{day:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
            what = f"nobodys-{rng.integers(0, ITEMS):02}"
            if who not in STRANGERS and rng.random() < 0.3:
                what = "VTB"[rng.integers(0, 3)]
            lines.append(f"unmatched-{len(lines)},{at},{who},{what},1\n")
    shop.write("purchases/1.csv", HEAD + "".join(lines))
    types = "".join(f"nobodys-{number:02},type {number},family {number % 20}\n" for number in range(ITEMS))
    shop.write("items.csv", "sku,type,family\nV,vessels,kitchen\nT,timers,kitchen\nB,balls,tools\n" + types)


def settings(shop: Shop, more: str = "") -> None:
    table = '[assortment]\nfiles = "items.csv"\nitem = "sku"\ntype = "type"\nfamily = "family"\n'
    shop.write("coincide.toml", more + oddshop.SETTINGS + table)


class Watched:
    """All that a process writes, as often as one can look: files in two folders, and those that it holds open."""

    def __init__(self, *folders: Path) -> None:
        self.folders = folders
        self.names: set[str] = set()
        self.found: dict[str, set[bytes]] = {}

    def look(self, process: int, marks: list[bytes]) -> None:
        for file in (*self._files(), *self._open(process)):
            with suppress(OSError):
                content = file.read_bytes()
                for mark in marks:
                    if mark in content:
                        self.found.setdefault(str(file), set()).add(mark)

    def _files(self) -> Iterator[Path]:
        for folder in self.folders:
            for file in folder.rglob("*"):
                if file.relative_to(folder).parts[0] not in GIVEN and file.is_file():
                    self.names.add(str(file.relative_to(folder)))
                    yield file

    def _open(self, process: int) -> Iterator[Path]:
        """Files that have no name any more are read, too: they are on the disk."""
        with suppress(OSError):
            for number in Path(f"/proc/{process}/fd").iterdir():
                with suppress(OSError):
                    target = str(number.readlink())
                    if target.endswith("(deleted)") and not target.startswith("/memfd:"):
                        self.names.add("a file without a name")
                        yield number


def watched(shop: Shop, tmp_path: Path, *words: str) -> tuple[subprocess.CompletedProcess[bytes], Watched]:
    """A backtest as a process of its own, looked at as it runs."""
    temporary = tmp_path / "temporary"
    temporary.mkdir(exist_ok=True)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COINCIDE_")}
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP", "POLARS_TEMP_DIR", "HOME", "XDG_CACHE_HOME"), str(temporary))
    command = [sys.executable, "-m", "coincide", "backtest", "-w", str(shop.folder), "--json", *words]
    marks = [b"stranger-", b"nobodys-", b"unmatched-", *_pseudonyms(shop)]
    told = Watched(shop.folder, temporary)
    with subprocess.Popen(
        command,
        env={**plain, **places, "COINCIDE_KEY": oddshop.KEY, "COINCIDE_PURPOSE": "to test"},
        cwd=temporary,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        ended = None
        while ended is None:
            told.look(process.pid, marks)
            try:
                ended = process.communicate(timeout=0.02)
            except subprocess.TimeoutExpired:
                time.sleep(0)
    told.look(process.pid, marks)
    return subprocess.CompletedProcess(command, process.returncode, *ended), told


def _pseudonyms(shop: Shop) -> list[bytes]:
    """What strangers would be called if they were kept."""
    ring = load(open_workspace(shop.folder).key_file, environ={"COINCIDE_KEY": oddshop.KEY})
    return [pseudonym("shop", who, ring.current).encode() for who in STRANGERS[:5]]


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    (tmp_path / "workspace").mkdir()
    made = oddshop.made(tmp_path / "workspace", capsys, {"three": "draft"})
    settings(made)
    stock(made)
    return made


def test_a_backtest_leaves_no_row_that_no_rule_matched_on_any_disk(shop: Shop, tmp_path: Path) -> None:
    done, told = watched(shop, tmp_path, "--rule", "three", "--html", str(tmp_path / "workspace" / "page.html"))
    assert done.returncode in (0, 1), done.stderr
    assert b'"rules": 200' in done.stdout
    assert b"stranger-" not in done.stdout + done.stderr
    assert b"nobodys-" not in done.stdout + done.stderr
    assert not told.found
    # There was something to see, and nothing but what a workspace has.
    assert "page.html" in told.names
    assert any(name.startswith(".coincide/") for name in told.names)
    assert not [name for name in told.names if not name.startswith((".coincide/", "page.html"))]


def test_a_watcher_would_have_seen_a_row(shop: Shop, tmp_path: Path) -> None:
    told = Watched(shop.folder, tmp_path)
    shop.write("spilled", "stranger-003,nobodys-07")
    with (tmp_path / "gone").open("w+b") as file:
        (tmp_path / "gone").unlink()
        file.write(b"unmatched-9")
        file.flush()
        told.look(os.getpid(), [b"stranger-", b"unmatched-"])
    assert {mark for marks in told.found.values() for mark in marks} == {b"stranger-", b"unmatched-"}


def test_where_memory_does_not_suffice_it_says_so_and_spills_nothing(shop: Shop, tmp_path: Path) -> None:
    settings(shop, 'memory = "12MB"\nthreads = 1\n')
    count = 400_000
    # As many trips as there are lines: what is counted does not fit.
    number = pl.int_range(count, eager=True)
    pl.DataFrame(
        {
            "id": number.cast(pl.String),
            "when": (number * 60_000_000 + 1_735_689_600_000_000).cast(pl.Datetime("us", "UTC")),
            "customer": "stranger-" + (number * 7919 % 100_003).cast(pl.String),
            "sku": "nobodys-" + (number % ITEMS).cast(pl.String),
            "qty": 1,
        }
    ).write_parquet(shop.folder / "purchases" / "2.parquet")
    (shop.folder / "purchases" / "1.csv").unlink()
    toml = (shop.folder / "coincide.toml").read_text("utf-8").replace("*.csv", "*.parquet")
    shop.write("coincide.toml", toml)
    done, told = watched(shop, tmp_path, "--rule", "three")
    assert done.returncode not in (0, 1)
    assert b"COI-" in done.stderr
    assert b"memory" in done.stderr
    assert b"Traceback" not in done.stderr
    assert not told.found
    assert not [name for name in told.names if not name.startswith(".coincide/")]
