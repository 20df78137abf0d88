"""A process that dies at any named place leaves a store that the same work, done again, makes whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import coincide
from coincide.store import failpoint, segment, tables
from coincide.store.database import open_database
from coincide.store.failpoint import FAILPOINTS, KILLED, VARIABLE, armed

FOLDER = """
import sys
from pathlib import Path

folder = Path(sys.argv[1])
"""
WORK = """
import polars as pl
from coincide.store import file, segment
from coincide.store.commit import committing, scanning
from coincide.store.database import open_database

database = open_database(folder)
with scanning(database, folder, "now"):
    new = segment.write(folder, "quarantine", "b", pl.DataFrame({"line": [2]}), 2)
    with committing(database, folder) as connection:
        segment.add(connection, [new])
        known = file.load(connection, "s")
        file.save(connection, [file.FileState("s", "shop", "a.csv", 1, 1, "d", False, 1, 0, 1, quarantine=new.id)])
        segment.forget(connection, [state.quarantine for state in known.values() if state.quarantine != new.id])
"""


def killed_in(folder: Path, place: str) -> int:
    """Does the work in a process that dies there; its status."""
    command = [sys.executable, "-c", FOLDER + WORK, str(folder)]
    return subprocess.run(command, env={**os.environ, VARIABLE: place}, check=False).returncode


def work(folder: Path) -> None:
    """Does the work undisturbed."""
    exec(WORK, {"folder": folder})


def seeded(folder: Path) -> None:
    """A store with one segment, which the work replaces."""
    import polars as pl

    from coincide.store import file

    database = open_database(folder)
    old = segment.write(folder, "quarantine", "a", pl.DataFrame({"line": [1]}), 1)
    with database.writing() as connection:
        segment.add(connection, [old])
        file.save(connection, [file.FileState("s", "shop", "a.csv", 1, 1, "d", False, 1, 0, 1, quarantine=old.id)])


def state(folder: Path) -> tuple[list[tuple[object, ...]], ...]:
    with open_database(folder).reading() as connection:
        return tuple(
            sorted(tuple(row) for row in connection.execute(table.select())) for table in (tables.segment, tables.file)
        )


def whole(folder: Path) -> None:
    """Every row has its file, every file its row, and the rows read."""
    with open_database(folder).reading() as connection:
        known = segment.load(connection)
    assert {path.name for path in (folder / "segments").iterdir()} == {Path(one.path).name for one in known}
    for one in known:
        assert segment.read(folder, one).height == one.rows


# The places of a store that is there already; `tests/crash` visits the others with real commands.
STORED = [place for place in FAILPOINTS if place.startswith(("segment-", "commit-", "orphan-"))]


@pytest.mark.parametrize("place", ["database-created", *STORED])
def test_a_death_at_any_place_is_healed_by_doing_the_work_again(tmp_path: Path, place: str) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    if place != "database-created":
        seeded(killed)
        before = state(killed)
    work(undisturbed)
    assert killed_in(killed, place) == KILLED
    after = state(undisturbed)
    if place != "database-created":
        assert state(killed) == (after if place in ("commit-done", "orphan-removed", "commit-swept") else before)
    work(killed)
    assert state(killed) == after
    whole(killed)
    whole(undisturbed)


def test_the_list_of_places_is_that_of_the_source() -> None:
    source = Path(coincide.__file__).parent
    called = [
        name
        for path in source.rglob("*.py")
        for name in re.findall(r'failpoint\("([^"]+)"\)', path.read_text(encoding="utf-8"))
        if path != Path(failpoint.__file__)
    ]
    assert sorted(called) == sorted(FAILPOINTS)


def test_nothing_happens_when_no_place_is_named() -> None:
    for setting in (None, ""):
        armed(setting)("commit-begun")


@pytest.mark.parametrize("setting", ["nowhere", "commit-begun:x", ":1"])
def test_a_place_that_is_not_known_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="not one of"):
        armed(setting)


def test_a_place_strikes_at_the_pass_that_is_named() -> None:
    code = """
from coincide.store.failpoint import failpoint
for i in range(3):
    print(i, flush=True)
    failpoint('commit-done')
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, VARIABLE: "commit-done:2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (KILLED, "0\n1\n")
