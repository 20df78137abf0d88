"""The engine under test, behind the few calls that the comparison needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

import duckdb
import polars as pl

from coincide.alerts.document import scanned
from coincide.alerts.listing import Wanted, page
from coincide.alerts.pseudonyms import value_of
from coincide.alerts.scan import scan
from coincide.detect.episode import Episode
from coincide.engines.embedded.load import Feed, MasterData
from coincide.engines.embedded.run import Run, Task, run
from coincide.engines.workspace import open_workspace
from coincide.entities.actors import Actors, Separation
from coincide.entities.key import load as load_key
from coincide.entities.link import link
from coincide.entities.pseudonym import pseudonym
from coincide.ledger.book import Book
from coincide.ledger.staff import Staff
from coincide.requests import register
from coincide.requests.request import Request
from coincide.store.database import open_database
from property.agreement import Found, from_document
from reference.world import Account

_new = cache(duckdb.connect)


def _connection(place: str) -> duckdb.DuckDBPyConnection:
    """A connection to one instance, with temporary tables of its own: to make an instance takes a tenth of a run."""
    return _new(place).cursor()


class Engine(Protocol):
    """Workspaces that keep what scans find."""

    def scan(self, folder: Path) -> Found:
        """Scan what there is now: what is open afterwards, as ``agreement.from_document`` gives it.

        ``closed``: status and reason of every alert that is no longer open.
        """
        ...

    def record(self, folder: Path, requests: Sequence[Request]) -> None:
        """Put requests on record as they are at this moment, those that are there already as well."""
        ...

    def called(self, folder: Path, by: str, account: Account) -> str:
        """The pseudonym of an account, or of another value that a rule looks ``by``."""
        ...


class _Unlogged(Book):
    """Entries stay in the database: what the ledger makes of them is another test's matter, and costs every scan."""

    def log(self) -> None:
        """Nothing."""


class Embedded:
    """The engine as the commands use it. ``now_us`` is the time of every scan."""

    def __init__(self, now_us: int = 1_800_000_000_000_000) -> None:
        self.now_us = now_us

    def scan(self, folder: Path) -> Found:
        """One scan into the workspace's own store."""
        workspace = open_workspace(folder)
        base = open_database(workspace.state)
        book = _Unlogged(base, workspace.ledger, Staff("judge"))
        try:
            with patch.object(duckdb, "connect", _connection):
                outcome = scan(workspace, book, now_us=self.now_us)
            found = from_document(scanned(book, outcome, now_us=self.now_us))
            with base.reading() as connection:
                closed = page(connection, Wanted(statuses=("superseded", "withdrawn")), now_us=self.now_us).alerts
        finally:
            base.close()
        found["closed"] = [(alert.status, alert.reason) for alert in closed]
        return found

    def record(self, folder: Path, requests: Sequence[Request]) -> None:
        """Puts requests on record as they are at this moment."""
        base = open_database(open_workspace(folder).state)
        try:
            with base.writing() as connection:
                for one in requests:
                    known = register.find(connection, one.id)
                    (register.add if known is None else register.replace)(connection, one)
        finally:
            base.close()

    def called(self, folder: Path, by: str, account: Account) -> str:
        """By the key that the first scan made."""
        ring = load_key(open_workspace(folder).key_file, environ={})
        return pseudonym(*value_of(account, by), ring.current)


def run_once(folder: Path, separations: Sequence[tuple[Account, Account]] = ()) -> Found:
    """One run over everything in a workspace, without a store; accounts as they are given."""
    workspace = open_workspace(folder)
    apart = [Separation(*pair) for pair in separations]

    def joined(edges: pl.DataFrame) -> Actors:
        return link(edges, workspace.settings.entities, apart)

    data = [
        MasterData(workspace.settings.links[name], reader, tuple(reader.files()))
        for name, reader in workspace.master_data.items()
    ]
    feeds = [
        Feed(name, workspace.settings.sources[name], reader, tuple(reader.files()), tuple(reader.files()))
        for name, reader in workspace.readers.items()
    ]
    plans = [loaded.plan for loaded in workspace.chosen()]
    task = Task(plans, feeds, workspace.catalog, workspace.lists, workspace.settings, joined, data)
    with patch.object(duckdb, "connect", _connection):
        return _found(run(task))


def _found(result: Run) -> Found:
    quarantined = sorted((r.source, r.file.path, r.position, r.reason) for r in result.refused)
    rows = {
        "read": result.read,
        "unmatched": sum(count.unmatched for count in result.files.values()),
        "duplicates": sum(result.duplicates.values()),
        "quarantined": len(quarantined),
    }
    rows["accepted"] = rows["read"] - rows["unmatched"] - rows["duplicates"] - rows["quarantined"]
    alerts = [_alert(episode) for found in result.episodes.values() for episode in found]
    return {
        "rows": rows,
        "quarantined": quarantined,
        "observations": {rule: sum(days.values()) for rule, days in result.observations.items()},
        "alerts": alerts,
    }


def _alert(episode: Episode) -> dict[str, Any]:
    def name(event: Any) -> tuple[Any, ...]:
        return (event.occurred_at, event.source, event.event_id, event.account)

    return {
        "rule": episode.rule,
        "actor": episode.actor,
        "started_by": name(episode.started_by),
        "ended_by": name(episode.ended_by),
        "hits": episode.hits,
        "silenced": episode.silenced,
        "counted": episode.counted,
        "one_account": episode.one_account,
        "evidence": sorted(map(name, episode.evidence)),
        "latest_evidence": sorted(map(name, episode.latest_evidence)),
    }
