"""Every place where a process may die is visited, and what dies there is healed by the same command again."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from coincide.store.failpoint import FAILPOINTS, KILLED
from crash import process, shop
from crash.test_backup import BACKUP
from crash.test_import import IMPORT
from crash.test_ledger import LEDGER
from crash.verify import State, verified


@dataclass(frozen=True)
class Story:
    """What is there, the command that dies on the way, and the failpoints it passes.

    ``ledger_elsewhere``: at those of the ledger others die.
    """

    prepare: Callable[[Path], None]
    command: Callable[[Path], list[str]]
    visits: frozenset[str]
    ledger_elsewhere: bool = False


def _first(folder: Path) -> None:
    shop.found(folder)


def _scanned(folder: Path) -> None:
    shop.found(folder)
    assert process.run(process.scan(folder)).status == 0


def _changed(folder: Path) -> None:
    _scanned(folder)
    shop.change(folder)


def _suppress(folder: Path) -> list[str]:
    (actor,) = _one(folder, "SELECT actor FROM alert ORDER BY id LIMIT 1")
    until = ["--until", "2199-01-01", "--because", "a test"]
    return ["alerts", "suppress", "vessel-and-timer", actor, *until, "-w", str(folder)]


def _show(folder: Path) -> list[str]:
    return ["alerts", "show", "A-1", "--purpose", "a test", "--json", "-w", str(folder)]


def _twice_scanned(folder: Path) -> None:
    _changed(folder)
    assert process.run(process.scan(folder)).status == 0


def _erase(folder: Path) -> list[str]:
    because = ["--purpose", "a test", "--because", "a request", "--override", "a test"]
    return ["subject", "erase", "ann", *because, "-w", str(folder)]


def _aged(folder: Path) -> None:
    """Everything that is over is due at once."""
    _twice_scanned(folder)
    with (folder / "coincide.toml").open("a", encoding="utf-8") as settings:
        settings.write("[retention]\n" + "".join(f"{kind}_days = 0\n" for kind in _KINDS))


def _retain(folder: Path) -> list[str]:
    return ["retain", "-w", str(folder)]


def _one(folder: Path, query: str) -> tuple[str, ...]:
    with sqlite3.connect(f"file:{folder / '.coincide/coincide.db'}?mode=ro", uri=True) as connection:
        (row,) = connection.execute(query)
    connection.close()
    return tuple(row)


_BOOK = {name for name in FAILPOINTS if name.startswith(("entry-", "entries-"))}
_LOG = _BOOK | LEDGER - {"ledger-partial-removed"}
_SEGMENT = {name for name in FAILPOINTS if name.startswith(("segment-", "commit-"))}
_START = {"folder-made", "database-created", "tables-ready", "tables-made", "key-written", "key-linked"}
_FORGET = {"commit-begun", "commit-ready", "commit-done", "commit-swept", "compact-begun"}
_KINDS = ("decided", "closed", "report", "quarantine", "suppression", "commitment", "scan")
_ROTATION = {"key-written", "key-replaced", "key-durable", "names-ready", "names-changed"}
STORIES = {
    "first": Story(_first, process.scan, frozenset(_SEGMENT | _START | _LOG)),
    "incremental": Story(
        _changed, process.scan, frozenset(_SEGMENT | _LOG | {"orphan-removed"}), ledger_elsewhere=True
    ),
    "rotation": Story(
        _scanned,
        lambda folder: ["keys", "rotate", "-w", str(folder)],
        frozenset(_ROTATION | _LOG),
        ledger_elsewhere=True,
    ),
    "act": Story(_scanned, _suppress, frozenset(_LOG)),
    "read": Story(_scanned, _show, frozenset(_LOG)),
    "erase": Story(_twice_scanned, _erase, frozenset(_LOG | _FORGET), ledger_elsewhere=True),
    "retain": Story(_aged, _retain, frozenset(_LOG | _FORGET | {"orphan-removed"}), ledger_elsewhere=True),
    "ledger-key": Story(
        _scanned,
        lambda folder: ["ledger", "rotate-key", "-w", str(folder)],
        frozenset(_LOG | {"key-written", "key-replaced", "key-durable"}),
    ),
}


def test_every_place_belongs_to_a_story() -> None:
    visits = set().union(*(story.visits for story in STORIES.values()))
    # Full tiles, which replace partial ones, are visited by `test_ledger`; backups and imports are other stories.
    assert visits | LEDGER | BACKUP | IMPORT == set(FAILPOINTS)


@pytest.mark.parametrize("name", STORIES)
def test_a_command_killed_at_any_place_and_given_again_ends_as_if_undisturbed(tmp_path: Path, name: str) -> None:
    story = STORIES[name]
    base = tmp_path / "base"
    story.prepare(base)
    undisturbed = shutil.copytree(base, tmp_path / "undisturbed")
    passed = process.passes(story.command(undisturbed))
    assert set(passed) == story.visits
    expected = _settled(story, undisturbed)

    def tried(place: str) -> State:
        folder = shutil.copytree(base, tmp_path / place.replace(":", "-"))
        died = process.run(story.command(folder), place=place)
        assert (died.status, died.said, died.told) == (KILLED, "", ""), place
        again = process.run(story.command(folder))
        assert again.status == 0, (place, again.told)
        return _settled(story, folder)

    places = _each(story, passed)
    with ThreadPoolExecutor(2) as pool:
        for place, state in zip(places, pool.map(tried, places), strict=True):
            assert state == expected, place


def _each(story: Story, passed: Counter[str]) -> list[str]:
    """Every pass of every place; of those that each file of the ledger passes, the last: `test_ledger` has more."""
    return [
        f"{name}:{number}"
        for name, count in passed.items()
        if name not in _LOG or not story.ledger_elsewhere
        for number in ([count] if name in LEDGER else range(1, count + 1))
    ]


def _settled(story: Story, folder: Path) -> State:
    """The state; where names were changed, after a scan, which must find every one."""
    if story is STORIES["rotation"]:
        more = process.run(process.scan(folder))
        assert more.status == 0, more.told
    return verified(folder)
