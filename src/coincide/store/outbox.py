"""Entries of the ledger from the transaction of their act until they are in the ledger's files, and how far those are.

What an entry is, and when it is in the files, is the matter of ``ledger``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from coincide.store import tables

_HEAD = tables.ledger_head
_ENTRY = tables.ledger_entry
_SALT = tables.ledger_salt


@dataclass(frozen=True, slots=True)
class Head:
    """So many entries are known to be in the files, with this root; ``last_at``: the time of the newest entry of all,
    microseconds since 1970."""

    size: int
    root: bytes
    last_at: int


def head(connection: Connection) -> Head | None:
    """How far the ledger is; ``None`` before the first entry."""
    found = connection.execute(select(_HEAD.c.size, _HEAD.c.root, _HEAD.c.last_at)).first()
    return None if found is None else Head(*found)


def add(connection: Connection, at: int, content: bytes, *, empty_root: bytes) -> None:
    """Puts an entry behind all others. ``empty_root``: of a tree without entries, for the first one."""
    connection.execute(insert(_ENTRY).values(at=at, content=content))
    if connection.execute(update(_HEAD).values(last_at=at)).rowcount == 0:
        connection.execute(insert(_HEAD).values(id=1, size=0, root=empty_root, last_at=at))


def waiting(connection: Connection, most: int) -> list[tuple[int, bytes]]:
    """The first entries that are not known to be in the files, at most so many: id and content, in their order."""
    query = select(_ENTRY.c.id, _ENTRY.c.content).order_by(_ENTRY.c.id).limit(most)
    return [(id_, content) for id_, content in connection.execute(query)]


def count(connection: Connection) -> int:
    """How many entries wait."""
    found: int = connection.execute(select(func.count()).select_from(_ENTRY)).scalar_one()
    return found


def logged(connection: Connection, size: int, root: bytes, last: int | None) -> None:
    """The files have so many entries now, with this root; those that waited are among them up to the id ``last``."""
    connection.execute(update(_HEAD).values(size=size, root=root))
    if last is not None:
        connection.execute(delete(_ENTRY).where(_ENTRY.c.id <= last))


def keep_salts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keeps what opens commitments: commitment, salt, pseudonym, time of the entry."""
    if rows:
        connection.execute(insert(_SALT), list(rows))


def salts_of(connection: Connection, pseudonym: str) -> list[Row[Any]]:
    """Commitments about a pseudonym and their salts."""
    query = select(_SALT.c.commitment, _SALT.c.salt).where(_SALT.c.pseudonym == pseudonym)
    return list(connection.execute(query.order_by(_SALT.c.commitment)))


def forget_salts(connection: Connection, pseudonym: str) -> int:
    """Takes out what opens the commitments about a pseudonym: nobody can prove any more whom they are about."""
    return connection.execute(delete(_SALT).where(_SALT.c.pseudonym == pseudonym)).rowcount


def forget_salts_before(connection: Connection, at: int) -> int:
    """The same for commitments in entries from before a time, whomever they are about."""
    return connection.execute(delete(_SALT).where(_SALT.c.at < at)).rowcount
