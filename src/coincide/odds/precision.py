"""How many of a rule's alerts were worth a look, by what people decided: precision, with its interval.

By rule and meaning: what was decided of a rule as it was says nothing about it as it is. Decided cases only, and never
without the number of those that nobody has decided: if people decide the clear ones first, the share is of clear ones.
An inconclusive one is on neither side. What lies below the line no alert tells: ``odds.below`` draws a sample of that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from coincide.alerts.alert import Disposition
from coincide.odds import sheet
from coincide.odds.errors import NamedTwice, UnknownAlert
from coincide.odds.interval import share
from coincide.store.tables import alert

COLUMNS = ("alert",)
"""Of a table of dispositions, beside ``disposition``."""
_NAME = re.compile(r"(?:A-)?(\d{1,18})", re.IGNORECASE)

Version = tuple[str, str]
"""A rule and the fingerprint of one of its meanings."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How many alerts of a rule ended as what. ``undecided``: open, or not in the table that was given."""

    suspicious: int = 0
    benign: int = 0
    inconclusive: int = 0
    undecided: int = 0

    @property
    def decided(self) -> int:
        """How many the share is of."""
        return self.suspicious + self.benign

    @classmethod
    def of(cls, said: Iterable[Disposition | None]) -> Precision:
        """Of what was said of each; ``None``: nobody said anything."""
        ends = Counter(said)
        return cls(ends["suspicious"], ends["benign"], ends["inconclusive"], ends[None])

    @property
    def counts(self) -> dict[str, int]:
        """The numbers, as JSON."""
        return asdict(self)

    @property
    def document(self) -> dict[str, Any]:
        """As JSON: the counts, and the share of suspicious ones with Jeffreys's interval, or why there is none."""
        if self.decided == 0:
            return {**self.counts, "why_not": "no alert was decided to be benign or suspicious"}
        low, high = share(self.suspicious, self.decided)
        return {**self.counts, "share": self.suspicious / self.decided, "low": low, "high": high}


def of_store(connection: Connection) -> dict[Version, Precision]:
    """What people decided in the workspace, of alerts that are open or decided."""
    return _counted((version, said) for version, said in _standing(connection).values())


def of_file(connection: Connection, path: Path) -> dict[Version, Precision]:
    """What a table says of alerts of the workspace (``alert,disposition``), whatever was decided in the workspace.

    Raises what ``sheet.lines`` raises, ``UnknownAlert``, ``NamedTwice``.
    """
    alerts = _standing(connection)
    named: dict[int, sheet.Line] = {}
    for line in sheet.lines(path, COLUMNS):
        name = line.cells["alert"]
        found = _NAME.fullmatch(name)
        number = int(found[1]) if found else 0
        if number not in alerts:
            raise UnknownAlert(name, line.where)
        if number in named:
            raise NamedTwice(name, named[number].where.line or 0, line.where)
        named[number] = line
    return _counted(
        (version, named[number].disposition if number in named else None) for number, (version, _) in alerts.items()
    )


def _standing(connection: Connection) -> dict[int, tuple[Version, Disposition | None]]:
    query = select(alert.c.id, alert.c.rule, alert.c.fingerprint, alert.c.disposition)
    rows = connection.execute(query.where(alert.c.status.in_(("open", "decided"))).order_by(alert.c.id))
    return {number: ((rule, fingerprint), said) for number, rule, fingerprint, said in rows}


def _counted(alerts: Iterable[tuple[Version, Disposition | None]]) -> dict[Version, Precision]:
    by_version: dict[Version, list[Disposition | None]] = {}
    for version, said in alerts:
        by_version.setdefault(version, []).append(said)
    return {version: Precision.of(said) for version, said in by_version.items()}
