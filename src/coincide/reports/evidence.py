"""The events that an alert rests on, read from the sources again: what was sold, how much, when, and to whom.

Whoever is in them stays a pseudonym. Taken over are the fields that a report is asked for, and no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from coincide.alerts import timeline
from coincide.alerts.alert import Alert
from coincide.alerts.observed import Found
from coincide.events.event import EventName
from coincide.obligations.substance import Substance
from coincide.reports.report import Event, Good
from coincide.settings import Settings

CONCENTRATION = "attributes.concentration"
_FIELDS = (
    "kind",
    "status",
    "item",
    "title",
    "quantity",
    "content",
    "unit",
    "customer_type",
    "payment_method",
    CONCENTRATION,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def events(alert: Alert, found: Found, settings: Settings, goods: Mapping[str, Substance] | None) -> list[Event]:
    """The events of the alert's evidence, in order and numbered; ``goods``: those the obligation is about."""
    deciding = timeline.of_evidence(alert)
    marks = {step.name: step.marks for step in deciding}
    wanted = [place for place, name in enumerate(found.names) if name in marks]
    frame = found.read.rows.frame[found.row[wanted]]
    columns = [name for name in _FIELDS if name in frame.columns]
    rows = frame.select(*columns, "tagset").iter_rows(named=True)
    named = [found.names[place] for place in wanted]
    ordered = sorted(zip(named, rows, strict=True), key=lambda pair: pair[0])
    return [
        _event(number, name, marks[name], row, sorted(found.read.rows.tagsets[row["tagset"]]), settings, goods or {})
        for number, (name, row) in enumerate(ordered, 1)
    ]


def _event(
    number: int,
    name: EventName,
    marks: Sequence[str],
    row: Mapping[str, Any],
    components: Sequence[str],
    settings: Settings,
    goods: Mapping[str, Substance],
) -> Event:
    zone = settings.sources[name.source].timezone or "UTC"
    return Event(
        number=number,
        proves=tuple(marks),
        source=name.source,
        event_id=name.event_id,
        account=name.account,
        at=_local(name.occurred_at, zone),
        zone=zone,
        kind=row["kind"],
        status=row.get("status"),
        item=row.get("item"),
        title=row.get("title"),
        components=tuple(components),
        goods=tuple(
            Good(component=one.component, name=one.name, annex=one.annex, checked=one.checked)
            for one in (goods[component] for component in components if component in goods)
        ),
        quantity=_number(row.get("quantity")),
        content=_number(row.get("content")),
        unit=row.get("unit"),
        concentration=_number(row.get(CONCENTRATION)),
        customer_type=row.get("customer_type"),
        payment_method=row.get("payment_method"),
    )


def _local(at_us: int, zone: str) -> str:
    return (_EPOCH + timedelta(microseconds=at_us)).astimezone(ZoneInfo(zone)).isoformat()


def _number(value: Any) -> str | None:
    """Exact, without zeros that say nothing; what is text stays as it is."""
    if not isinstance(value, Decimal):
        return None if value is None else str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
