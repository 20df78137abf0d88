"""The rules that scans ran, in each of their meanings: what an alert was found with can be read for ever."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from coincide.store import tables

_ORIGIN = ("git_commit", "git_author", "git_dirty")


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A rule in one meaning. ``text`` is the latest wording that had it, ``sentence`` the plan in plain
    English, ``innocent`` the author's innocent explanations, ``first_seen`` microseconds since 1970 in UTC.

    ``git_commit`` and ``git_author``: the last change of the rule's file when this meaning first ran, as far as git
    knew; ``git_dirty``: the file had been edited since.
    """

    rule: str
    fingerprint: str
    text: str
    sentence: str
    innocent: tuple[str, ...]
    first_seen: int
    git_commit: str | None = None
    git_author: str | None = None
    git_dirty: bool | None = None

    @property
    def settled(self) -> bool:
        """Whether it is known which commit has this meaning."""
        return self.git_commit is not None and not self.git_dirty


def save(connection: Connection, versions: Iterable[RuleVersion]) -> None:
    """Keeps rule versions; one that is known takes the new wording and keeps its first day and its settled origin."""
    for version in versions:
        known = load(connection, version.rule, version.fingerprint)
        row = asdict(version)
        if known is None:
            connection.execute(insert(tables.rule_version), row)
            continue
        row["first_seen"] = known.first_seen
        # A meaning that ran before it was committed gets its commit afterwards; a later one is of other words.
        if known.settled or (known.git_commit is not None and not version.settled):
            row |= {name: getattr(known, name) for name in _ORIGIN}
        if row != asdict(known):
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
    return RuleVersion(**{**row._asdict(), "innocent": tuple(row.innocent)})


def known(connection: Connection) -> list[str]:
    """The ids of all rules that a scan ever ran, sorted."""
    return sorted(connection.execute(select(tables.rule_version.c.rule).distinct()).scalars())
