"""Every place where a process may die is visited, and what dies there is healed by the same command again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from coincide.store.failpoint import FAILPOINTS, KILLED
from crash import process, shop
from crash.test_ledger import LEDGER
from crash.verify import State, verified


@dataclass(frozen=True)
class Story:
    """What is there, the command that dies on the way, and the failpoints it passes."""

    prepare: Callable[[Path], None]
    command: Callable[[Path], list[str]]
    visits: frozenset[str]


def _first(folder: Path) -> None:
    shop.found(folder)


def _scanned(folder: Path) -> None:
    shop.found(folder)
    assert process.run(process.scan(folder)).status == 0


def _changed(folder: Path) -> None:
    _scanned(folder)
    shop.change(folder)


_SEGMENT = {name for name in FAILPOINTS if name.startswith(("segment-", "commit-"))}
_START = {"folder-made", "database-created", "tables-ready", "tables-made", "key-written", "key-linked"}
_ROTATION = {"key-written", "key-replaced", "key-durable", "names-ready", "names-changed"}
STORIES = {
    "first": Story(_first, process.scan, frozenset(_SEGMENT | _START)),
    "incremental": Story(_changed, process.scan, frozenset(_SEGMENT | {"orphan-removed"})),
    "rotation": Story(_scanned, lambda folder: ["keys", "rotate", "-w", str(folder)], frozenset(_ROTATION)),
}


def test_every_place_belongs_to_a_story() -> None:
    visits = set().union(*(story.visits for story in STORIES.values()))
    # Those of the ledger are visited by `test_ledger`.
    assert visits | LEDGER == set(FAILPOINTS)


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

    places = _each(passed)
    with ThreadPoolExecutor(2) as pool:
        for place, state in zip(places, pool.map(tried, places), strict=True):
            assert state == expected, place


def _each(passed: Counter[str]) -> list[str]:
    return [f"{name}:{number}" for name in FAILPOINTS for number in range(1, passed[name] + 1)]


def _settled(story: Story, folder: Path) -> State:
    """The state; where the command was no scan, after one, which must find every name."""
    if story.command is not process.scan:
        more = process.run(process.scan(folder))
        assert more.status == 0, more.told
    return verified(folder)
