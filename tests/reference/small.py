"""Small worlds for the judge's own tests: one shop, rows in one line each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from reference.judge import judge
from reference.world import Alert, Bad, Cell, Row, Rule, Source, Verdict, World

HOUR = 3_600_000_000
DAY = 24 * HOUR
CATALOG = [("sku", letter, letter.lower()) for letter in "ABCD"] + [("sku", "KIT", c) for c in "ab"]
_COLUMNS = ("event_id", "occurred_at", "account", "item", "quantity", "organisation", "place", "title", "content")
COLUMNS: dict[str, str | list[str]] = {name: name for name in (*_COLUMNS, "unit", "amount_minor", "currency")}
_START = datetime(2025, 3, 1, tzinfo=UTC)


def time(us: int) -> str:
    """The text of a time so many microseconds after the start of March 2025."""
    return (_START + timedelta(microseconds=us)).isoformat()


def us(text: str) -> int:
    """Microseconds since 1970 of a time with a zone."""
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def row(event_id: Cell, at_us: int, item: Cell = "A", account: Cell = "x", **cells: Cell) -> Row:
    """One row, so many microseconds after the start."""
    return {"event_id": event_id, "occurred_at": time(at_us), "account": account, "item": item, **cells}


def rule(*condition: Any, **settings: Any) -> Rule:
    """A rule over one day of purchases by one account, unless it says otherwise."""
    return Rule(
        **{
            "id": "r",
            "events": ["purchase"],
            "by": "account",
            "window": ("sliding", DAY),
            "condition": condition,
            **settings,
        }
    )


def shop(rows: list[Row | Bad], *rules: Rule, links: dict[str, str] | None = None, **settings: Any) -> World:
    """A world of one source of purchases."""
    source = Source(columns=dict(COLUMNS), rows=rows, kind="purchase", links=links or {})
    return World(sources={"shop": source}, rules=list(rules), catalog=CATALOG, **settings)


def verdict(rows: list[Row | Bad], *rules: Rule, **settings: Any) -> Verdict:
    """What the judge says of a shop; its counts must add up."""
    found = judge(shop(rows, *rules, **settings)).verdict
    ends = ("unmatched", "accepted", "duplicates", "quarantined")
    assert found.rows["read"] == sum(found.rows[end] for end in ends) == len(rows)
    assert found.rows["quarantined"] == len(found.quarantined)
    return found


def alerts(rows: list[Row | Bad], *rules: Rule, **settings: Any) -> list[Alert]:
    """The alerts of a shop."""
    return verdict(rows, *rules, **settings).alerts


def ids(names: tuple[tuple[int, str, str, str], ...]) -> list[str]:
    """The event ids of evidence."""
    return [event_id for _, _, event_id, _ in names]
