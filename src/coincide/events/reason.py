"""Why a row is in quarantine: the closed set of reasons, in order of precedence, each with what it means.

A row has one reason, the first that holds. ``unreadable-<field>`` is one for each field of the contract.
"""

from __future__ import annotations

from dataclasses import dataclass

from coincide.events.event import CLOSED, contract_order

UNREADABLE = "unreadable-"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason: its name as it is stored and printed, and what it means."""

    name: str
    says: str


BAD_RECORD = Reason(
    "bad-record", "the record cannot be read at all: a stray quote, a wrong number of fields, no JSON object"
)
NO_EVENT_ID = Reason("no-event-id", "the event has no id, or a part of it is missing")
NO_ACCOUNT = Reason("no-account", "the event has no account")
NO_TIME = Reason("no-time", "the event does not say when it happened")
UNREADABLE_TIME = Reason("unreadable-time", "`occurred_at` is no time, or outside 1970 to 2200")
NO_WHERE = Reason("no-place", "the incident has neither a place nor a line")
ENDS_BEFORE = Reason("ends-before", "the incident ends before it begins")
IN_FUTURE = Reason("in-future", "the incident happens later than the scan: it is not known yet that it did")
UNKNOWN_CURRENCY = Reason("unknown-currency", "`currency` is no code of ISO 4217, and a rule sums amounts")

REASONS: tuple[Reason, ...] = (BAD_RECORD, NO_EVENT_ID, NO_ACCOUNT, NO_TIME, UNREADABLE_TIME)
"""Before ``unreadable-<field>``, which stand in contract order."""

LAST: tuple[Reason, ...] = (NO_WHERE, ENDS_BEFORE, IN_FUTURE, UNKNOWN_CURRENCY)
"""After them: what is wrong with a row each of whose values can be read."""


def unreadable(field: str) -> str:
    """The name of the reason that ``field`` is there but cannot be read as its type."""
    return UNREADABLE_TIME.name if field == "occurred_at" else UNREADABLE + field


def precedence(names: set[str]) -> tuple[str, ...]:
    """Names of reasons, the one that counts first."""
    first = [reason.name for reason in REASONS if reason.name in names]
    last = [reason.name for reason in LAST if reason.name in names]
    rest = names - {*first, *last}
    by_field = {name.removeprefix(UNREADABLE): name for name in rest}
    fields = [by_field[field] for field in contract_order(by_field)]
    return (*first, *fields, *last)


def says(name: str) -> str:
    """What the reason ``name`` means, as a sentence part."""
    for reason in (*REASONS, *LAST):
        if reason.name == name:
            return reason.says
    field = name.removeprefix(UNREADABLE)
    if field in CLOSED:
        return f"`{field}` is none of {', '.join(CLOSED[field])} nor listed in `values`, and a rule needs it"
    return f"`{field}` is there but cannot be read as its type, and a rule needs it"
