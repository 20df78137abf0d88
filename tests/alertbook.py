"""A workspace whose scans find what a test tells them to; for the tests of alerts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from coincide.alerts import register
from coincide.alerts.alert import Alert, Facts, Finding
from coincide.alerts.reconcile import Cause, reconcile
from coincide.events.event import EventName
from coincide.ledger.book import Book as Ledger
from coincide.ledger.place import Place
from coincide.ledger.staff import Staff
from coincide.store import rule, scan
from coincide.store.database import Database, open_database
from coincide.store.rule import RuleVersion
from coincide.store.scan import Scan

HOUR = 3_600_000_000
DAY = 24 * HOUR
START = 1_740_787_200_000_000
"""2025-03-01T00:00:00Z."""

FACTS = Facts(
    "fertiliser", "v1-abc", "actor", "high", "Too much fertiliser", False, 1, {"catalog": "c1", "entities": 1}
)


def finding(first: int, last: int, *, actor: str = "p-one", hits: int = 0) -> Finding:
    """Hits at whole hours after the start."""
    start = EventName(START + first * HOUR, "shop", f"e{first}", actor)
    end = EventName(START + last * HOUR, "shop", f"e{last}", actor)
    return Finding(
        actor, start, end, hits or last - first + 1, 1, 3, True, (start,), (end,), f"{actor} bought 6 kg in a day."
    )


@dataclass
class Book:
    """A workspace whose scans find what they are told to."""

    workspace: Path
    database: Database
    ledger: Ledger
    scans: int = 0

    @classmethod
    def made(cls, workspace: Path) -> Book:
        """An empty workspace with a database."""
        (workspace / "coincide.toml").write_text("")
        database = open_database(workspace / ".coincide")
        place = Place(workspace / ".coincide/ledger", workspace / ".coincide/ledger-key")
        return cls(workspace, database, Ledger(database, place, Staff("kim", purpose="a test")))

    def scan(self, *found: Finding, facts: Facts = FACTS, cause: Cause = Cause.NEW_FILE) -> list[Alert]:
        """One scan: what it wrote."""
        self.scans += 1
        facts = replace(facts, scan=self.scans)
        with self.database.writing() as connection:
            scan.add(connection, Scan(self.scans, "s", 1, 2, {}, {}, {}, {}))
            version = RuleVersion(
                facts.rule, facts.fingerprint, "rule: fertiliser", "More than 5 kg in a day.", ("a farm",), 1
            )
            rule.save(connection, [version])
            register.relabel(connection, facts, self.at_us)
            stored = register.load(connection, facts.rule)
            result = reconcile(stored, found, facts, [cause])
            return register.write(connection, result.transitions, self.at_us)

    @property
    def at_us(self) -> int:
        """The time of the latest scan."""
        return START + self.scans * DAY

    def alert(self, id_: int) -> Alert:
        """The alert as it stands in the database."""
        with self.database.reading() as connection:
            found = register.find(connection, id_)
        assert found is not None
        return found
