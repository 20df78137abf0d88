"""The whole state of a workspace after a scan: what it holds, and whether it holds together."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from coincide.ledger import entry, policy, source, succession, tiles
from coincide.ledger.tiles import CHECKPOINT
from coincide.ledger.verify import verify
from coincide.store import outbox, segment
from coincide.store.database import open_database

State = dict[str, Any]
_NEUTRAL = (
    "at",
    "created",
    "started_at",
    "finished_at",
    "first_seen",
    "digest",
    "scope",
    "versions",
    "mtime_ns",
    "erased_at",
)
"""Columns that hold the time of the run, or hashes with the key of the workspace."""
_NAMES = ("actor", "started_account", "ended_account")
_TABLES = ("scan", "file", "tally", "rule_version", "alert", "alert_change")


def verified(folder: Path, *, swept: bool = True) -> State:
    """What the workspace holds, after it was proved whole; comparable with that of another workspace.

    Without ``swept`` a run has just ended badly: it may have left data files without a row for the next scan.
    Pseudonyms are called by the order in which they come: every workspace has its own key.
    """
    state_folder = folder / ".coincide"
    _assert_files(state_folder, swept)
    with sqlite3.connect(f"file:{state_folder / 'coincide.db'}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        assert [row[0] for row in connection.execute("PRAGMA integrity_check")] == ["ok"]
        assert not list(connection.execute("PRAGMA foreign_key_check"))
        tables = {name: _rows(connection, name) for name in _TABLES}
        sealed = {row[0] for row in connection.execute("SELECT pseudonym FROM pseudonym")}
        members = [tuple(row) for row in connection.execute("SELECT account, actor FROM membership")]
    connection.close()
    _assert_counts(tables)
    _assert_ledger(state_folder, [f"S-{row['id']}" for row in tables["scan"]])
    assert {alert[name] for alert in tables["alert"] for name in _NAMES} - {""} <= sealed
    assert all(alert["erased_at"] for alert in tables["alert"] if not alert["actor"])
    assert {name for pair in members for name in pair} <= sealed
    quarantine = _quarantine(state_folder, tables["file"])
    called: dict[str, str] = {}
    state: State = {
        name: [_plain(row, called, sealed) for row in rows] for name, rows in tables.items() if name != "file"
    }
    state["file"] = [{**_plain(row, called, sealed), "quarantine": None} for row in tables["file"]]
    actors = {actor for _, actor in members}
    state["groups"] = sorted(sum(actor == other for _, other in members) for actor in actors)
    return {**state, "quarantine": quarantine}


def nothing_kept(folder: Path) -> None:
    """Whatever there is in a workspace whose first scan was refused, it holds no alert, file or data."""
    state_folder = folder / ".coincide"
    if not (state_folder / "coincide.db").exists():
        return
    with sqlite3.connect(f"file:{state_folder / 'coincide.db'}?mode=ro", uri=True) as connection:
        assert [row[0] for row in connection.execute("PRAGMA integrity_check")] == ["ok"]
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert all(not _rows(connection, name) for name in _TABLES if name in names)
    connection.close()


def _assert_files(state_folder: Path, swept: bool) -> None:
    """Nothing lies about: every data file has its row and every row its file, its rows readable."""
    base = open_database(state_folder)
    with base.reading() as connection:
        known = segment.load(connection)
    base.close()
    there = {path.name for path in (state_folder / "segments").iterdir()}
    named = {Path(one.path).name for one in known}
    assert there == named if swept else there >= named
    for one in known:
        assert segment.read(state_folder, one).height == one.rows
    left = {path.name for path in state_folder.iterdir() if not path.name.endswith(".new")}
    assert left <= {".gitignore", "coincide.db", "lock", "segments", "key", "filler", "ledger", "ledger-key"}


def _assert_counts(tables: dict[str, list[dict[str, Any]]]) -> None:
    """Rows add up: of the last scan, of the files, of the quarantine."""
    totals = json.loads(tables["scan"][-1]["totals"])
    assert totals["read"] == sum(count for name, count in totals.items() if name != "read")
    for name in ("read", "unmatched", "quarantined"):
        assert totals[name] == sum(file[name] for file in tables["file"])
    for alert in tables["alert"]:
        history = [change["change"] for change in tables["alert_change"] if change["alert"] == alert["id"]]
        assert history
        assert (alert["status"] == "superseded") == (alert["superseded_by"] is not None)
        assert alert["status"] in ("open", "decided") or alert["reason"]


def _assert_ledger(state_folder: Path, scans: list[str]) -> None:
    """The whole log proves true from its first key on, and each scan has its entry in it, or waiting, just once."""
    base = open_database(state_folder)
    with base.reading() as connection:
        head, waiting = outbox.head(connection), outbox.waiting(connection, 1_000)
    base.close()
    fetch, logged = source.of_folder(state_folder / "ledger"), list[bytes]()
    if fetch(CHECKPOINT) is not None:
        first = succession.first_key(fetch)
        assert first is not None
        size = verify(fetch, policy.of_key(first)).checkpoint.size
        logged = list(tiles.entries(fetch, size))
    assert len(logged) >= (head.size if head else 0)
    assert len(set(logged)) == len(logged)
    entered = [*logged, *(content for _, content in waiting if content not in logged)]
    made = [entry.parsed(content) for content in entered]
    assert [one.object for one in made if one.act == "scan:run"] == scans


def _quarantine(state_folder: Path, files: list[dict[str, Any]]) -> dict[str, list[tuple[int, str]]]:
    """The rows in quarantine of each file: position and reason."""
    base = open_database(state_folder)
    with base.reading() as connection:
        known = {one.id: one for one in segment.load(connection)}
    base.close()
    held = {}
    for file in files:
        if file["quarantine"] is None:
            assert file["quarantined"] == 0 or not known
            continue
        frame = segment.read(state_folder, known.pop(file["quarantine"]))
        assert frame.height == file["quarantined"]
        held[file["path"]] = list(frame.select("position", "reason").iter_rows())
    assert not known, "a segment that no file names"
    return held


def _rows(connection: sqlite3.Connection, name: str) -> list[dict[str, Any]]:
    cursor = connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3")
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor]


def _plain(row: dict[str, Any], called: dict[str, str], sealed: set[str]) -> dict[str, Any]:
    """The row without times of the run and with its pseudonyms called by number."""
    return {name: _renamed(value, called, sealed) for name, value in row.items() if name not in _NEUTRAL}


def _renamed(value: Any, called: dict[str, str], sealed: set[str]) -> Any:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return _renamed(json.loads(value), called, sealed)
    if isinstance(value, dict):
        return {name: _renamed(inner, called, sealed) for name, inner in value.items() if name not in _NEUTRAL}
    if isinstance(value, list):
        return [_renamed(inner, called, sealed) for inner in value]
    return called.setdefault(value, f"name {len(called)}") if isinstance(value, str) and value in sealed else value
