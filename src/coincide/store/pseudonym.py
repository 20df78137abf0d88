"""The sealed identifiers beside stored pseudonyms: the only way back, for those who hold the key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select

from coincide.store.bulk import insert_rows
from coincide.store.tables import pseudonym as table

_BATCH = 500
_COLUMNS = ("pseudonym", "namespace", "sealed", "key_id")


def missing(connection: Connection, names: Iterable[str]) -> set[str]:
    """Those of the pseudonyms that have no row yet."""
    return set(names) - {row.pseudonym for row in load(connection, set(names))}


def save(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keeps new rows: pseudonym, namespace, sealed identifier, id of the key."""
    insert_rows(connection, table, _COLUMNS, [tuple(row[name] for name in _COLUMNS) for row in rows])


def load(connection: Connection, names: Collection[str]) -> list[Row[Any]]:
    """The rows of these pseudonyms, by pseudonym."""
    ordered = sorted(names)
    if len(ordered) > 20 * _BATCH:
        wanted = set(ordered)
        return [row for row in connection.execute(select(table).order_by(table.c.pseudonym)) if row[0] in wanted]
    found: list[Row[Any]] = []
    for start in range(0, len(ordered), _BATCH):
        query = select(table).where(table.c.pseudonym.in_(ordered[start : start + _BATCH]))
        found += connection.execute(query.order_by(table.c.pseudonym))
    return found


def key_id(connection: Connection) -> str | None:
    """The id of the key that pseudonyms are of (all are of one); ``None`` if there are none yet."""
    found: str | None = connection.execute(select(table.c.key_id).limit(1)).scalar()
    return found


def namespaces(connection: Connection) -> set[str]:
    """The namespaces of all that is stored."""
    return set(connection.execute(select(table.c.namespace).distinct()).scalars())


def everything(connection: Connection) -> list[Row[Any]]:
    """All rows, by pseudonym."""
    return list(connection.execute(select(table).order_by(table.c.pseudonym)))


def replace(connection: Connection, old: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Puts rows in the place of those of the pseudonyms ``old``."""
    forget(connection, old)
    save(connection, rows)


def forget(connection: Connection, names: Collection[str]) -> None:
    """Takes out the rows of these pseudonyms, and with them the only way back to whom they name."""
    if names:
        gone = [{"key": name} for name in sorted(names)]
        connection.execute(delete(table).where(table.c.pseudonym == bindparam("key")), gone)
