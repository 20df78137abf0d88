"""Presence at reported incidents as plain loops: which tap was at which incident, and who was at how many.

Standard library only; shares no code with the package. DESIGN, "Rules"; ADR 0031.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from reference.condition import Observation
from reference.event import Event
from reference.world import Account, Rule

PAST_DAYS = 28
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Incident:
    """A reported incident: when, where, and which row said so. ``key`` tells incidents apart."""

    key: int
    begins: int
    ends: int
    place: str | None
    line: str | None


def incident(key: int, event: Event) -> Incident:
    """The incident of a row. An end that is missing is the beginning; one before it is quarantined."""
    begins, ends = event.values["occurred_at"], event.values.get("ends_at")
    assert isinstance(begins, int)
    assert ends is None or isinstance(ends, int)
    place, line = event.values.get("place"), event.values.get("line")
    return Incident(
        key,
        begins,
        begins if ends is None else ends,
        None if place is None else str(place),
        None if line is None else str(line),
    )


def narrowed(where: Incident, at: str) -> Incident:
    """The incident as a rule sees it: ``at`` says which of place and line counts where it names both."""
    if where.place is None or where.line is None or at == "both":
        return where
    return replace(where, line=None) if at == "place" else replace(where, place=None)


def there(tap: Event, where: Incident, margin: int) -> bool:
    """At its place, or on its line, or both where it names both; inside its time and the margin, ends included."""
    at = tap.values["occurred_at"]
    assert isinstance(at, int)
    if where.place is None and where.line is None:
        return False
    if where.place is not None and tap.values.get("place") != where.place:
        return False
    if where.line is not None and tap.values.get("line") != where.line:
        return False
    return where.begins - margin <= at <= where.ends + margin


def earlier(where: Incident, days: int, zone: str) -> Incident:
    """The same incident so many days before: when the local clock showed the same, and for as long."""
    here = ZoneInfo(zone)
    shown = (_EPOCH + timedelta(microseconds=where.begins)).astimezone(here).replace(tzinfo=None)
    # A time that comes twice is the first; one that never comes is told with the offset before (``fold=0``).
    begins = ((shown - timedelta(days=days)).replace(tzinfo=here) - _EPOCH) // _MICROSECOND
    return replace(where, begins=begins, ends=begins + where.ends - where.begins)


def usual(taps: list[Event], where: Incident, margin: int, zone: str, share: str) -> bool:
    """Whether somebody with these taps is there at that time on more than ``share`` percent of the days before."""
    days = [earlier(where, back, zone) for back in range(1, PAST_DAYS + 1)]
    present = sum(any(there(tap, day, margin) for tap in taps) for day in days)
    return Fraction(present, PAST_DAYS) > Fraction(share) / 100


def observations(rule: Rule, taps: list[Event], incidents: list[Incident]) -> list[Observation]:
    """A tap once for each incident at which it was, in the strict order; the last of each tap decides."""
    _, _, margin, share, where = rule.condition
    made: list[Observation] = []
    incidents = [narrowed(one, where) for one in incidents]
    for tap in sorted(taps, key=lambda tap: tap.name):
        at = [
            one
            for one in incidents
            if there(tap, one, margin) and (share is None or not usual(taps, one, margin, rule.zone, share))
        ]
        made += [Observation(tap, frozenset(), tap.name, incident=one.key, decides=one is at[-1]) for one in at]
    return made


def of_accounts(events: list[Event]) -> dict[Account, list[Event]]:
    """Whose taps these are; incidents are nobody's."""
    found: dict[Account, list[Event]] = {}
    for event in events:
        if event.values["kind"] != "incident":
            found.setdefault((event.namespace, str(event.values["account"])), []).append(event)
    return found


def told(most: list[int]) -> list[int]:
    """How many have at least 1, 2, 3, ... of what each has at most."""
    return [sum(one >= count for one in most) for count in range(1, max(most, default=0) + 1)]
