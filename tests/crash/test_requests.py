"""A process that dies while a person records, confirms or ends a request: the act is there with its entry, or neither
is, and what is not confirmed is in force nowhere."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from coincide.ledger import entry, note, tiles
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.source import of_folder
from coincide.store.failpoint import FAILPOINTS, KILLED
from crash import process

PLACES = [name for name in FAILPOINTS if name.startswith(("entry-", "entries-"))]
"""The ledger's own places are the matter of ``test_ledger``."""
Case = tuple[Path, tuple[str, ...], list[str]]
"""A workspace, the words of an act, and the states after it."""
NEW = (
    *("new", "--by", "kim", "--asker", "authority", "--reference", "r", "--offence", "o", "--law", "l"),
    *("--place", "central", "--span", "2025-03-01T00:00Z/2025-03-02T00:00Z"),
)
ANSWER = ("--by", "lee", "--because", "x")


def request(folder: Path, *words: str, place: str | None = None) -> process.Ended:
    return process.run(["request", *words, "-w", str(folder)], place=place)


def code(folder: Path) -> str:
    return str(json.loads(request(folder, "show", "Q-1", "--purpose", "x", "--json").said)["code"])


def states(folder: Path) -> list[str]:
    """Of each request, as the database has it."""
    with sqlite3.connect(f"file:{folder / '.coincide/coincide.db'}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT answer, ended_at FROM request ORDER BY id").fetchall()
    connection.close()
    return ["ended" if ended else answer or "proposed" for answer, ended in rows]


def acts(folder: Path) -> list[str]:
    """Of the ledger's files, once everything that waits is in them."""
    assert request(folder, "new", *NEW[1:]).status == 0
    source = of_folder(folder / ".coincide/ledger")
    content = source("checkpoint")
    assert content is not None
    size = Checkpoint.parsed(note.parsed(content).text).size
    return [entry.parsed(one).act for one in tiles.entries(source, size)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    base = tmp_path_factory.mktemp("requests")
    found: dict[str, Case] = {}
    first = base / "new"
    first.mkdir()
    (first / "coincide.toml").write_text("[requests]\nshared_login = true\n")
    assert request(first, "list").status == 0
    found["new"] = (first, NEW, ["proposed"])
    second = shutil.copytree(first, base / "confirm")
    assert request(second, *NEW).status == 0
    found["confirm"] = (second, ("confirm", "1", "--seen", code(second), *ANSWER), ["confirmed"])
    third = shutil.copytree(second, base / "end")
    assert request(third, *found["confirm"][1]).status == 0
    found["end"] = (third, ("end", "1", *ANSWER), ["ended"])
    return found


@pytest.mark.parametrize(
    ("act", "place"), [("new", "entry-made"), *(("confirm", place) for place in PLACES), ("end", "entry-committed")]
)
def test_a_death_leaves_the_act_with_its_entry_or_neither(
    folders: dict[str, Case], tmp_path: Path, act: str, place: str
) -> None:
    base, words, after = folders[act]
    folder = shutil.copytree(base, tmp_path / "workspace")
    before = states(folder)
    ended = request(folder, *words, place=place)
    assert ended.status == KILLED, ended.told
    listed = request(folder, "list", "--in-force", "--json")
    assert listed.status == 0, listed.told
    found = states(folder)
    assert found == (before if place == "entry-made" else after)
    assert len(json.loads(listed.said)["requests"]) == (found == ["confirmed"])
    counted = acts(folder)
    assert counted.count("request:propose") == len(found) + 1
    assert counted.count("request:confirm") == (found in (["confirmed"], ["ended"]))
    assert counted.count("request:end") == (found == ["ended"])
