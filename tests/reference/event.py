"""From a raw row to an event: what can be read, what is missing, what cannot be read. DESIGN: "Events"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

from reference.world import Cell, Row, Source

Value = str | Fraction | int | None

# The order in which copies are compared and reasons are found; links and attributes follow, by name.
FIELDS = {
    "event_id": "text",
    "occurred_at": "time",
    "received_at": "time",
    "kind": "text",
    "status": "text",
    "account": "text",
    "customer_type": "text",
    "organisation": "text",
    "item": "text",
    "title": "text",
    "category": "text",
    "quantity": "number",
    "content": "number",
    "unit": "text",
    "amount_minor": "whole",
    "currency": "text",
    "payment_method": "text",
    "country": "text",
    "place": "text",
    "lat": "coordinate",
    "lon": "coordinate",
    "line": "text",
    "direction": "text",
    "vehicle": "text",
    "device": "text",
    "action": "text",
    "product": "text",
    "riders": "whole",
    "ends_at": "time",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# ISO 8601: a day; then hours and minutes, seconds, a fraction of any length; then a zone or none.
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


@dataclass
class Event:
    """One row that is a record. ``values`` has every mapped field; a missing or unreadable one is ``None``."""

    source: str
    number: int
    namespace: str
    values: dict[str, Value] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)

    @property
    def name(self) -> tuple[int, str, str, str]:
        """What names the event, in the order in which observations are ordered."""
        at, event_id, account = (self.values.get(f) for f in ("occurred_at", "event_id", "account"))
        if account is None and self.values.get("kind") == "incident":
            # An incident is nobody's; no account is the empty text.
            account = ""
        assert isinstance(at, int)
        assert isinstance(event_id, str)
        assert isinstance(account, str)
        return (at, self.source, event_id, account)


class Unreadable(ValueError):
    """The cell is there and is not of the type of its field."""


def read(source_name: str, source: Source, number: int, row: Row, attributes: dict[str, str]) -> Event:
    """The event of one raw row."""
    event = Event(source_name, number, source.accounts or source_name)
    if source.kind is not None:
        event.values["kind"] = source.kind
    mapped: list[tuple[str, str, str | list[str]]] = []
    for name, columns in source.columns.items():
        mapped.append((name, FIELDS[name], columns))
    for kind, column in source.links.items():
        mapped.append((f"link.{kind}", "text", column))
    for attribute, column in source.attributes.items():
        mapped.append((f"attributes.{attribute}", attributes[attribute], column))
    for name, kind_of_value, columns in mapped:
        try:
            if isinstance(columns, list):
                event.values[name] = _joined([text(name, row.get(column), source) for column in columns])
            else:
                event.values[name] = _value(name, kind_of_value, row.get(columns), source)
        except Unreadable:
            event.values[name] = None
            event.unreadable.add(name)
    return event


def rank(name: str) -> tuple[int, str]:
    """Where a field stands in the contract: core fields, then links, then attributes by name."""
    if name in FIELDS:
        return (list(FIELDS).index(name), "")
    return (len(FIELDS) + (0 if name.startswith("link.") else 1), name)


def in_contract_order(names: set[str]) -> list[str]:
    """The names in the order of the contract."""
    return sorted(names, key=rank)


def _value(name: str, kind: str, cell: Cell, source: Source) -> Value:
    there = text(name, cell, source)
    if there is None:
        return None
    if kind == "text":
        return there
    if kind == "time":
        return _time(there, source.timezone)
    if kind == "whole":
        whole = number(there, most_decimals=0, most_digits=19)
        if not -(2**63) <= whole < 2**63:
            raise Unreadable
        return whole
    if kind == "coordinate":
        return number(there, most_decimals=17, most_digits=38)
    # "quantities have at most 18 digits and 9 decimals, else quarantined"
    return number(there, most_decimals=9, most_digits=18)


def text(name: str, cell: Cell, source: Source) -> str | None:
    """The text of a cell, or nothing if it is missing."""
    if cell is None:
        return None
    if isinstance(cell, bytes):
        # "text that is not UTF-8"
        raise Unreadable
    if cell == "" and source.format == "csv":
        # "An empty CSV field is missing"
        return None
    if cell == "" and (name in ("event_id", "account") or name.startswith("link.")):
        # An identifier of no letters identifies nothing, whatever the format.
        return None
    return cell


def _joined(parts: list[str | None]) -> str | None:
    """``event_id`` from several columns: joined by ``|``, with ``\\`` and ``|`` inside the parts escaped."""
    escaped = []
    for part in parts:
        if part is None:
            return None
        escaped.append(part.replace("\\", "\\\\").replace("|", "\\|"))
    return "|".join(escaped)


def number(text: str, *, most_decimals: int, most_digits: int) -> Fraction:
    """The exact value of a numeric text. "number not finite" is not of the form and so unreadable."""
    form = _NUMBER.fullmatch(text)
    if form is None:
        raise Unreadable
    if form[3] is not None and abs(int(form[3][1:])) > 100:
        # So large or so small that only nought fits; nought it may be.
        if form[2].strip("0.") == "":
            return Fraction(0)
        raise Unreadable
    value = Fraction(text)
    decimals = 0
    while (value * 10**decimals).denominator != 1:
        decimals += 1
    digits = str(abs(int(value * 10**decimals)))
    if decimals > most_decimals or len(digits) > most_digits:
        raise Unreadable
    return value


def _time(text: str, zone: str) -> int:
    """Microseconds since 1970 in UTC; "times finer than a microsecond are cut"."""
    form = _TIME.fullmatch(text)
    if form is None:
        raise Unreadable
    year, month, day, hour, minute, second = (int(form[i] or 0) for i in range(1, 7))
    fraction, offset = form[7], form[8]
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    try:
        local = datetime(year, month, day, hour, minute, second, microsecond)  # noqa: DTZ001
    except ValueError:
        raise Unreadable from None
    if offset is None:
        at = local.replace(tzinfo=ZoneInfo(zone))
    elif offset in ("Z", "z"):
        at = local.replace(tzinfo=UTC)
    else:
        minutes = int(offset[3:].removeprefix(":") or 0)
        if int(offset[1:3]) > 23 or minutes > 59:
            raise Unreadable
        away = timedelta(hours=int(offset[1:3]), minutes=minutes)
        at = local.replace(tzinfo=timezone(-away if offset[0] == "-" else away))
    since = (at - _EPOCH) // timedelta(microseconds=1)
    # "time outside 1970-2200"
    if since < 0 or since >= (datetime(2201, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1):
        raise Unreadable
    return since
