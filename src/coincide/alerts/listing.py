"""Lists of alerts: filtered, in pages that stay put while alerts come and go, and as documents and flat rows.

Pages go by key, not by count: the place to go on from is the first hit and number of the last alert shown,
so that an alert that opens meanwhile shifts nothing. Ordered by first hit, then number.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from coincide.alerts.alert import Alert, Status, iso
from coincide.alerts.errors import BadPage
from coincide.alerts.lapsed import Lapsed, lapsed
from coincide.alerts.register import alerts_of
from coincide.events.event import EventName
from coincide.ledger.book import Book
from coincide.store.tables import alert as table

COLUMNS = (
    "id",
    "rule",
    "title",
    "severity",
    "status",
    "shadow",
    "versions",
    "by",
    "actor",
    "one_account",
    "source",
    "started_by",
    "first_at",
    "last_at",
    "hits",
    "silenced",
    "counted",
    "evidence",
    "latest_evidence",
    "because",
    "reason",
    "superseded_by",
    "linked_to",
    "disposition",
    "decided_by",
    "decided_at",
    "decided_because",
    "amended",
)
"""Of a document and of a flat row, in order; a test compares them."""

_SPANS = 1_000
"""Spans of numbers in one entry of the ledger, which has at most 65,535 bytes."""
_PLACE = re.compile(r"(\d{1,16})-(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts: all conditions hold; an empty or missing one does not ask.

    ``since_us`` and ``until_us`` bound the first hit, microseconds since 1970 in UTC, half-open at the new
    end.
    """

    rules: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ("open",)
    actors: tuple[str, ...] = ()
    since_us: int | None = None
    until_us: int | None = None
    shadow: bool | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some alerts in order, and where the next page begins; ``None`` after the last one.

    ``lapsed``: the rules whose open alerts are left out, with the requests that are over.
    """

    alerts: tuple[Alert, ...]
    next: str | None
    lapsed: Lapsed


def exported(book: Book, wanted: Wanted, *, now_us: int, after: str | None = None, limit: int | None = None) -> Page:
    """A page that leaves Coincide as a document; entered in the ledger with the number of every alert in it.

    Raises ``BadPage`` and what ``Book.reading`` raises.
    """
    with book.database.reading() as connection:
        found = page(connection, wanted, now_us=now_us, after=after, limit=limit)
    if found.alerts:
        book.reading("alert:export", numbers([alert.id for alert in found.alerts]))
    return found


def numbers(ids: Iterable[int]) -> list[str]:
    """Numbers of alerts as an entry of the ledger names them, ``A-1..A-40 A-44``; several texts if they are many."""
    spans: list[list[int]] = []
    for id_ in sorted(ids):
        if spans and spans[-1][1] == id_ - 1:
            spans[-1][1] = id_
        else:
            spans.append([id_, id_])
    words = [f"A-{low}" if low == high else f"A-{low}..A-{high}" for low, high in spans]
    return [" ".join(words[start : start + _SPANS]) for start in range(0, len(words), _SPANS)]


def page(
    connection: Connection, wanted: Wanted, *, now_us: int, after: str | None = None, limit: int | None = None
) -> Page:
    """The first ``limit`` alerts (all without) behind the place ``after``; none whose ground is over by now.

    Raises ``BadPage``.
    """
    over = lapsed(connection, now_us)
    query = select(table).order_by(table.c.first_at, table.c.id)
    if over:
        query = query.where(or_(table.c.status != "open", table.c.rule.not_in(list(over))))
    for column, values in (
        (table.c.rule, wanted.rules),
        (table.c.severity, wanted.severities),
        (table.c.status, wanted.statuses),
        (table.c.actor, wanted.actors),
    ):
        if values:
            query = query.where(column.in_(values))
    if wanted.since_us is not None:
        query = query.where(table.c.first_at >= wanted.since_us)
    if wanted.until_us is not None:
        query = query.where(table.c.first_at < wanted.until_us)
    if wanted.shadow is not None:
        query = query.where(table.c.shadow.is_(wanted.shadow))
    if after is not None:
        first_at, id_ = _place(after)
        behind = and_(table.c.first_at == first_at, table.c.id > id_)
        query = query.where(or_(table.c.first_at > first_at, behind))
    if limit is None:
        return Page(tuple(alerts_of(connection, query)), None, over)
    # One more than asked for tells whether there is a next page.
    alerts = tuple(alerts_of(connection, query.limit(limit + 1)))
    more = len(alerts) > limit
    return Page(alerts[:limit], _after(alerts[limit - 1]) if more else None, over)


def document(alert: Alert) -> dict[str, Any]:
    """An alert as JSON: the shape of ``scan --json`` and of every list; times in ISO 8601, UTC."""
    facts, finding, decision = alert.facts, alert.finding, alert.decision
    return {
        "id": alert.name,
        "rule": facts.rule,
        "title": facts.title,
        "severity": facts.severity,
        "status": alert.status,
        "shadow": facts.shadow,
        "versions": {"rule": facts.fingerprint, **facts.versions},
        "by": facts.by,
        "actor": finding.actor,
        "one_account": finding.one_account,
        "source": finding.started_by.source,
        "started_by": finding.started_by.event_id,
        "first_at": iso(finding.started_by.occurred_at),
        "last_at": iso(finding.ended_by.occurred_at),
        "hits": finding.hits,
        "silenced": finding.silenced,
        "counted": finding.counted,
        "evidence": [event(name) for name in finding.evidence],
        "latest_evidence": [event(name) for name in finding.latest_evidence],
        "because": finding.because,
        "reason": alert.reason,
        "superseded_by": _name(alert.superseded_by),
        "linked_to": _name(alert.linked_to),
        "disposition": decision.disposition if decision else None,
        "decided_by": decision.by if decision else None,
        "decided_at": iso(decision.at) if decision else None,
        "decided_because": decision.because if decision else None,
        "amended": alert.amendment is not None,
    }


def event(name: EventName) -> dict[str, str]:
    """An event's four names, as in every document."""
    return {
        "source": name.source,
        "event_id": name.event_id,
        "account": name.account,
        "occurred_at": iso(name.occurred_at),
    }


def flat(alert: Alert) -> dict[str, Any]:
    """The same as one row of plain cells: versions and evidence as JSON text."""
    return {name: _text(value) if isinstance(value, dict | list) else value for name, value in document(alert).items()}


def to_csv(alerts: Iterable[Alert]) -> str:
    """Comma-separated text with a header, ended lines, and ``true``/``false``; missing cells are empty."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in flat(alert).values()] for alert in alerts)
    return buffer.getvalue()


def to_parquet(alerts: Iterable[Alert]) -> bytes:
    """A Parquet file with the columns of ``flat``; ``first_at``, ``last_at`` and ``decided_at`` are times
    in UTC."""
    import polars as pl

    rows = [flat(alert) for alert in alerts]
    types: dict[str, type[pl.DataType]] = dict.fromkeys(("shadow", "one_account", "amended"), pl.Boolean)
    types |= dict.fromkeys(("hits", "silenced", "counted"), pl.Int64)
    frame = pl.DataFrame(rows, schema={name: types.get(name, pl.String) for name in COLUMNS}, orient="row")
    times = [
        pl.col(name).str.to_datetime("%+", time_unit="us", time_zone="UTC")
        for name in ("first_at", "last_at", "decided_at")
    ]
    buffer = io.BytesIO()
    frame.with_columns(times).write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _place(after: str) -> tuple[int, int]:
    found = _PLACE.fullmatch(after)
    if found is None:
        raise BadPage(after)
    return int(found[1]), int(found[2])


def _after(alert: Alert) -> str:
    return f"{alert.finding.started_by.occurred_at}-{alert.id}"


def _name(id_: int | None) -> str | None:
    return None if id_ is None else f"A-{id_}"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
