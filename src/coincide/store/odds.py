"""What backtests found of rules, by meaning and time: numbers about a rule and a log, and no row of that log.

Only the parts that are known to be numbers about the rule are kept, whatever else a document has: examples of a
backtest, which are about somebody, are shown once. DESIGN: promise 5, and section 8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from coincide.store.tables import rule_odds as table

KEPT = (
    "coincide", "rule", "title", "sentence", "status", "fingerprint", "log", "paragraph", "short", "counts", "deals",
    "placebos", "ratio", "precision", "base_rates", "calendar", "neighbours", "load", "overlap", "parameters",
)  # fmt: skip
"""The parts of a backtest's document that are kept; ``examples``, which show alerts, are not among them."""


@dataclass(frozen=True, slots=True)
class RuleOdds:
    """What one backtest of a rule in one meaning told. ``at``: microseconds since 1970 in UTC."""

    fingerprint: str
    rule: str
    at: int
    document: Mapping[str, Any]


def save(connection: Connection, odds: RuleOdds) -> None:
    """Keeps the parts of the document that are numbers about the rule; of the same moment the last one.

    Raises ``ValueError`` for a number that is none (NaN, infinity), which JSON does not have.
    """
    kept = {name: odds.document[name] for name in KEPT if name in odds.document}
    json.dumps(kept, allow_nan=False)
    connection.execute(delete(table).where(table.c.fingerprint == odds.fingerprint, table.c.at == odds.at))
    row = {"fingerprint": odds.fingerprint, "rule": odds.rule, "at": odds.at, "document": kept}
    connection.execute(insert(table).values(row))


def latest(connection: Connection, fingerprint: str) -> RuleOdds | None:
    """The newest of this meaning; ``None`` if no backtest ran."""
    query = select(table).where(table.c.fingerprint == fingerprint).order_by(table.c.at.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else RuleOdds(**row._asdict())


def every(connection: Connection, rule: str | None = None) -> list[RuleOdds]:
    """All, or those of one rule: oldest first."""
    query = select(table).order_by(table.c.at, table.c.fingerprint)
    if rule is not None:
        query = query.where(table.c.rule == rule)
    return [RuleOdds(**row._asdict()) for row in connection.execute(query)]
