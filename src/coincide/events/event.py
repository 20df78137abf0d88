"""The event contract: which fields an event has, of which type, in which order. DESIGN: "Events".

``FIELDS`` is the order in which copies of one event are compared (missing first) and in which reasons of
quarantine are found. Links (``link.<kind>``) and declared attributes (``attributes.<name>``) follow the core
fields, each sorted by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

CONTRACT_VERSION = 1

Type = Literal["text", "number", "whole", "coordinate", "time"]
"""``number``: at most 18 digits and 9 decimals, exact. ``whole``: int64. ``coordinate``: at most 17 decimals.
``time``: UTC, microseconds, finer digits cut. ``text``: UTF-8, compared by code point."""

TAP = "tap"
"""The kind of taps: a token was held to a reader."""
INCIDENT = "incident"
"""The kind of reported incidents, which are nobody's."""
KINDS = ("purchase", "return", "refund", TAP, INCIDENT)
STATUSES = ("completed", "attempted", "refused")
ACTIONS = ("enter", "exit", "transfer", "single")
CLOSED = {"kind": KINDS, "status": STATUSES, "action": ACTIONS}
"""Fields with a closed set of values."""

EARLIEST_US = 0
"""1970-01-01T00:00:00Z, the first usable time."""
LATEST_US = 7_289_654_400_000_000 - 1
"""2200-12-31T23:59:59.999999Z, the last usable time (the year 2200 included)."""


@dataclass(frozen=True, slots=True)
class EventField:
    """One core field: its name, its type, and what it holds, for the reference page."""

    name: str
    type: Type
    says: str


FIELDS: tuple[EventField, ...] = (
    EventField("event_id", "text", "names the event inside its source; may be mapped from several columns"),
    EventField("occurred_at", "time", "when it happened"),
    EventField("received_at", "time", "when the operator learnt of it"),
    EventField("kind", "text", "purchase, return, refund, tap or incident"),
    EventField("status", "text", "completed, attempted or refused"),
    EventField("account", "text", "the identifier as given: customer number, card"),
    EventField("customer_type", "text", "as the operator classes customers: consumer, business"),
    EventField("organisation", "text", "seller, merchant or operator"),
    EventField("item", "text", "stock-keeping unit"),
    EventField("title", "text", "the item's name as shown to the buyer"),
    EventField("category", "text", "category code: GPC brick, UNSPSC, HS, CN or the shop's own tree"),
    EventField("quantity", "number", "pieces; negative for goods that came back"),
    EventField("content", "number", "what one piece holds, in `unit`"),
    EventField("unit", "text", "unit of `content`, such as kg or l"),
    EventField("amount_minor", "whole", "amount of money in minor units of `currency`"),
    EventField("currency", "text", "ISO 4217 code"),
    EventField("payment_method", "text", "card, cash, gift card, as the operator names it"),
    EventField("country", "text", "ISO 3166-1 alpha-2 code"),
    EventField("place", "text", "stop or store"),
    EventField("lat", "coordinate", "latitude in degrees, WGS 84"),
    EventField("lon", "coordinate", "longitude in degrees, WGS 84"),
    EventField("line", "text", "line of a transit tap"),
    EventField("direction", "text", "direction of a transit tap"),
    EventField("vehicle", "text", "vehicle of a transit tap"),
    EventField("device", "text", "device that took a tap"),
    EventField("action", "text", "enter, exit, transfer or single"),
    EventField("product", "text", "fare product"),
    EventField("riders", "whole", "riders on one tap"),
    EventField("ends_at", "time", "end of an incident"),
)
CORE: dict[str, EventField] = {field.name: field for field in FIELDS}
_RANK = {field.name: rank for rank, field in enumerate(FIELDS)}


def contract_order(names: Iterable[str]) -> tuple[str, ...]:
    """The field names in the order of the contract: core fields, then links, then attributes."""

    def key(name: str) -> tuple[int, str]:
        if name in _RANK:
            return (_RANK[name], "")
        return (len(FIELDS) + (0 if name.startswith("link.") else 1), name)

    return tuple(sorted(names, key=key))


class EventName(NamedTuple):
    """The four things that name an event, in the order in which observations are ordered.

    A tuple, because a scan makes hundreds of thousands of them.
    ``account`` is the identifier as given while a run lasts, and its pseudonym in everything kept or shown.
    """

    occurred_at: int
    """Microseconds since 1970 in UTC."""
    source: str
    event_id: str
    account: str
