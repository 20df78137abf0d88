"""The scans there were: what was asked, what was counted, with which versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from coincide.store import tables


@dataclass(frozen=True, slots=True)
class Scan:
    """One finished scan; times in microseconds since 1970 in UTC: when it began to read, and when it was decided.

    ``run`` and ``totals`` count rows: read, unmatched, accepted, duplicates, quarantined; of this run, and
    of the workspace after it.
    """

    id: int
    scope: str
    started_at: int
    finished_at: int
    command: Mapping[str, Any]
    run: Mapping[str, int]
    totals: Mapping[str, int]
    versions: Mapping[str, Any]


def next_id(connection: Connection) -> int:
    """The id for a new scan, inside the transaction that adds it."""
    return (connection.execute(select(func.max(tables.scan.c.id))).scalar() or 0) + 1


def add(connection: Connection, scan: Scan) -> None:
    """Keeps a scan. Before its alerts: they refer to it."""
    connection.execute(insert(tables.scan), asdict(scan))


def latest(connection: Connection, scope: str | None = None) -> Scan | None:
    """The newest scan (of a scope), ``None`` if there was none."""
    query = select(tables.scan).order_by(tables.scan.c.id.desc()).limit(1)
    if scope is not None:
        query = query.where(tables.scan.c.scope == scope)
    row = connection.execute(query).first()
    return None if row is None else Scan(*row)


def latest_of(connection: Connection, selection: str) -> Scan | None:
    """The newest scan of a selection of rules, in whatever scope; a scope is ``<selection>@<digest>``."""
    table = tables.scan
    query = select(table).where(table.c.scope.startswith(f"{selection}@", autoescape=True))
    row = connection.execute(query.order_by(table.c.id.desc()).limit(1)).first()
    return None if row is None else Scan(*row)


def latest_kept(connection: Connection) -> list[Scan]:
    """The newest scan of each scope that files are kept for, the newest of all first."""
    found = (latest(connection, scope) for scope in scopes(connection))
    return sorted((scan for scan in found if scan is not None), key=lambda scan: scan.id, reverse=True)


def paces(connection: Connection, most: int) -> list[tuple[int, float]]:
    """Rows that were read and the seconds that it took, of the newest scans that read any and were timed."""
    table = tables.scan
    query = select(table.c.run, table.c.started_at, table.c.finished_at)
    query = query.where(table.c.finished_at > table.c.started_at).order_by(table.c.id.desc())
    timed = ((run["read"], (end - start) / 1e6) for run, start, end in connection.execute(query) if run.get("read"))
    return list(islice(timed, most))


def scopes_of(connection: Connection, selection: str) -> list[str]:
    """The scopes of a selection that files are kept for, sorted."""
    table = tables.file
    query = select(table.c.scope).distinct().where(table.c.scope.startswith(f"{selection}@", autoescape=True))
    return sorted(connection.execute(query).scalars())


def scopes(connection: Connection) -> list[str]:
    """All scopes that files are kept for, sorted."""
    return sorted(connection.execute(select(tables.file.c.scope).distinct()).scalars())


def rescope(connection: Connection, scan: Scan, scope: str, versions: Mapping[str, Any]) -> None:
    """Gives the scope of a scan, with all that is kept under it, another name; and the scan its versions anew."""
    connection.execute(update(tables.scan).where(tables.scan.c.id == scan.id).values(versions=dict(versions)))
    for table in (tables.scan, tables.file, tables.tally):
        connection.execute(update(table).where(table.c.scope == scan.scope).values(scope=scope))


def forget_before(connection: Connection, at: int) -> int:
    """Forgets scans from before a time that no alert refers to; the newest of each scope and selection stay."""
    table, alert, change = tables.scan, tables.alert, tables.alert_change
    named = (
        select(alert.c.opened_in),
        select(alert.c.changed_in),
        select(change.c.scan).where(change.c.scan.is_not(None)),
    )
    kept = {number for query in named for number in connection.execute(query.distinct()).scalars()}
    newest: dict[str, int] = {}
    for number, scope in connection.execute(select(table.c.id, table.c.scope).order_by(table.c.id)):
        newest |= {scope: number, scope.rpartition("@")[0]: number, "": number}
    kept |= set(newest.values())
    old = connection.execute(select(table.c.id).where(table.c.finished_at < at)).scalars()
    gone = [{"key": number} for number in old if number not in kept]
    if gone:
        connection.execute(delete(table).where(table.c.id == bindparam("key")), gone)
    return len(gone)
