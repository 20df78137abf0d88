"""Titles that carry a component, with the pattern and the version of the catalog that say so.

Names of goods, of nobody. Titles that carry none are not kept (promise 5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select

from coincide.store import tables
from coincide.store.bulk import insert_rows


@dataclass(frozen=True, slots=True)
class TitleTag:
    """``first_at``: when a scan first found the title tagged so, microseconds since 1970 in UTC."""

    title: str
    component: str
    pattern: str
    catalog: str
    first_at: int


def save(
    connection: Connection, found: Iterable[tuple[str, str, str]], catalog: str, at_us: int, *, whole: bool
) -> None:
    """Keeps ``(title, component, pattern)`` as a version of the catalog says; what was known keeps its first day.

    What was kept of these titles goes; ``whole``: of all titles, since every file was read.
    """
    table = tables.title_tag
    known = {(one.title, one.component): one for one in load(connection)}
    rows = {}
    for title, component, pattern in found:
        before = known.get((title, component))
        rows[title, component] = (title, component, pattern, catalog, at_us if before is None else before.first_at)
    titles = {title for title, _ in rows}
    gone = [key for key in known if whole or key[0] in titles]
    if gone:
        which = (table.c.title == bindparam("of")) & (table.c.component == bindparam("which"))
        connection.execute(delete(table).where(which), [{"of": of, "which": which_} for of, which_ in gone])
    insert_rows(connection, table, ("title", "component", "pattern", "catalog", "first_at"), sorted(rows.values()))


def load(connection: Connection) -> list[TitleTag]:
    """All of them, by title."""
    table = tables.title_tag
    rows = connection.execute(select(table).order_by(table.c.title, table.c.component))
    return [TitleTag(row.title, row.component, row.pattern, row.catalog, row.first_at) for row in rows]
