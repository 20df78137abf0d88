"""The rules that scans ran, in each of their meanings: what an alert was found with can be read for ever."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from coincide.store import tables


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A rule in one meaning. ``text`` is the latest wording that had it, ``sentence`` the plan in plain
    English, ``innocent`` the author's innocent explanations, ``first_seen`` microseconds since 1970 in UTC.
    """

    rule: str
    fingerprint: str
    text: str
    sentence: str
    innocent: tuple[str, ...]
    first_seen: int


def save(connection: Connection, versions: Iterable[RuleVersion]) -> None:
    """Keeps rule versions; one that is known takes the new wording and keeps its first day."""
    for version in versions:
        known = load(connection, version.rule, version.fingerprint)
        row = asdict(version)
        if known is None:
            connection.execute(insert(tables.rule_version), row)
        elif (known.text, known.sentence, known.innocent) != (version.text, version.sentence, version.innocent):
            del row["first_seen"]
            table = tables.rule_version
            same = (table.c.rule == version.rule) & (table.c.fingerprint == version.fingerprint)
            connection.execute(update(table).where(same).values(row))


def load(connection: Connection, rule: str, fingerprint: str) -> RuleVersion | None:
    """The rule in this meaning, ``None`` if no scan ran it."""
    table = tables.rule_version
    query = select(table).where(table.c.rule == rule, table.c.fingerprint == fingerprint)
    row = connection.execute(query).first()
    if row is None:
        return None
    return RuleVersion(row.rule, row.fingerprint, row.text, row.sentence, tuple(row.innocent), row.first_seen)


def known(connection: Connection) -> list[str]:
    """The ids of all rules that a scan ever ran, sorted."""
    return sorted(connection.execute(select(tables.rule_version.c.rule).distinct()).scalars())
