"""What is known of each file that a scan read: whether it changed, and what it gave.

A scope is one way of reading (mapping, rules, catalog); what was counted in another scope says nothing in
this one. DESIGN: "Every row read ends in one of four".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select, update

from coincide.store import tables

if TYPE_CHECKING:
    import os

RACY_NS = 2_000_000_000
"""A file changed less than this before it was read may change again without a new time: FAT counts in 2
seconds."""

_KEY = ("scope", "source", "path")


@dataclass(frozen=True, slots=True)
class FileState:
    """One file as the last scan read it. Counts are of rows; times microseconds since 1970 in UTC.

    ``first_at`` and ``last_at`` bound the times of its selected rows, ``None`` if it had none.
    ``quarantine`` is the id of the segment of its quarantined rows, ``None`` if it had none.
    """

    scope: str
    source: str
    path: str
    size: int
    mtime_ns: int
    digest: str
    racy: bool
    read: int
    unmatched: int
    quarantined: int
    first_at: int | None = None
    last_at: int | None = None
    quarantine: str | None = None

    def looks_unchanged(self, found: os.stat_result) -> bool:
        """Size and time are as they were, and the time proves something; otherwise the digest must tell."""
        return not self.racy and found.st_size == self.size and found.st_mtime_ns == self.mtime_ns


def racy(mtime_ns: int, read_at_ns: int) -> bool:
    """The file is as new as its reading: it may change once more within the same tick of its time."""
    return mtime_ns > read_at_ns - RACY_NS


def load(connection: Connection, scope: str) -> dict[tuple[str, str], FileState]:
    """The files of a scope, by (source, path), in that order."""
    query = select(tables.file).where(tables.file.c.scope == scope)
    states = [FileState(*row) for row in connection.execute(query)]
    return {(state.source, state.path): state for state in sorted(states, key=lambda state: (state.source, state.path))}


def save(connection: Connection, states: Iterable[FileState]) -> None:
    """Puts the states in the place of those of the same scope, source and path."""
    rows = [asdict(state) for state in states]
    _delete(connection, [{name: row[name] for name in _KEY} for row in rows])
    if rows:
        connection.execute(insert(tables.file), rows)


def remove(connection: Connection, states: Iterable[FileState]) -> None:
    """Forgets files that are gone."""
    _delete(connection, [{"scope": state.scope, "source": state.source, "path": state.path} for state in states])


def forget_quarantine(connection: Connection, at: int) -> int:
    """Forgets which rows of files are in quarantine, where that was found before a time; how many rows. The number
    stays."""
    file, segment = tables.file, tables.segment
    old = select(segment.c.id).where(segment.c.kind == "quarantine", segment.c.created < at)
    rows = connection.execute(select(func.sum(segment.c.rows)).where(segment.c.id.in_(old))).scalar()
    connection.execute(update(file).where(file.c.quarantine.in_(old)).values(quarantine=None))
    return int(rows or 0)


def spans(connection: Connection) -> list[tuple[str, str, int, int]]:
    """Source, path, earliest and latest time of the selected rows of every file that has some, in whatever scope."""
    file = tables.file
    query = select(file.c.source, file.c.path, file.c.first_at, file.c.last_at).distinct()
    return [(*row,) for row in connection.execute(query.where(file.c.first_at.is_not(None)))]


def newest(connection: Connection, scope: str) -> int | None:
    """The latest time of all selected rows of a scope; ``None`` if nothing was ever selected."""
    query = select(func.max(tables.file.c.last_at)).where(tables.file.c.scope == scope)
    return connection.execute(query).scalar()


def forget_scope(connection: Connection, scope: str) -> None:
    """Forgets all files of a scope that is no longer used."""
    connection.execute(delete(tables.file).where(tables.file.c.scope == scope))


def _delete(connection: Connection, keys: list[dict[str, object]], table: Table = tables.file) -> None:
    """One statement, many keys; the parameters are named apart from the columns, as SQLAlchemy asks."""
    if not keys:
        return
    matches = [table.c[name] == bindparam(f"key_{name}") for name in keys[0]]
    connection.execute(
        delete(table).where(and_(*matches)), [{f"key_{name}": value for name, value in key.items()} for key in keys]
    )
