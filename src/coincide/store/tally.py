"""Counts of rows by day: duplicates, and each rule's observations. Numbers only, so that no row need be kept.

Copies of an event and the windows that count it lie on the day of its time, whatever file they are in: a scan that
reads all files of some days counts those days anew and leaves the others. DESIGN: "Every row read ends in one of four".
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, insert, select

from coincide.store.tables import tally as table

DUPLICATES = ""
"""Stands in the place of a rule."""


def save(
    connection: Connection,
    scope: str,
    duplicates: Mapping[int, int],
    observations: Mapping[str, Mapping[int, int]],
    days: tuple[int, int] | None,
) -> None:
    """Puts the counts of ``days`` (first and last, since 1970 in UTC) in the place of those known; all if ``None``."""
    old = delete(table).where(table.c.scope == scope)
    if days is not None:
        old = old.where(table.c.day >= days[0], table.c.day <= days[1])
    connection.execute(old)
    rows = [
        {"scope": scope, "rule": rule, "day": day, "rows": count}
        for rule, counts in ((DUPLICATES, duplicates), *observations.items())
        for day, count in counts.items()
        if days is None or days[0] <= day <= days[1]
    ]
    if rows:
        connection.execute(insert(table), rows)


def totals(connection: Connection, scope: str) -> tuple[int, dict[str, int]]:
    """Duplicates, and observations by rule, over all days."""
    query = select(table.c.rule, func.sum(table.c.rows)).where(table.c.scope == scope).group_by(table.c.rule)
    counts = {rule: int(count) for rule, count in connection.execute(query)}
    return counts.pop(DUPLICATES, 0), counts


def by_day(connection: Connection, scope: str, rule: str) -> dict[int, int]:
    """The observations of a rule by day since 1970 in UTC."""
    query = select(table.c.day, table.c.rows).where(table.c.scope == scope, table.c.rule == rule)
    return {int(day): int(rows) for day, rows in connection.execute(query)}


def forget(connection: Connection, scope: str) -> None:
    """Forgets the counts of a scope that is no longer used."""
    connection.execute(delete(table).where(table.c.scope == scope))
