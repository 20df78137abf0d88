"""Unusual days as plain loops, on top of the judge of journeys.

Standard library only; shares no code with the package. DESIGN, "Rules"; ADR 0031.
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import NamedTuple

from reference import journeys
from reference.event import Event
from reference.presence import incident, there
from reference.world import Account, Rule

HOUR = 3_600_000_000
DOUBLED, LONGEST = 10_000_000, 3 * HOUR
"""How taps are paired unless the settings say otherwise: ten seconds, three hours."""
_ACTIONS = ["enter", "exit", "transfer", "single"]


class CardDay(NamedTuple):
    """Whose day, and which."""

    account: Account
    day: int


def holding(rule: Rule, events: list[Event]) -> dict[CardDay, set[str]]:
    """The card-days at whose end the condition holds, each with the features that are far in the tail."""
    _, at_least, of, beyond, own, anywhere = rule.condition
    clock = journeys.Clock(rule.zone, timedelta(microseconds=rule.window[1]))
    taps = [event for event in events if event.values["kind"] != "incident"]
    accounts = sorted({(tap.namespace, str(tap.values["account"])) for tap in taps})
    part = ridden(taps)
    coded = {name: sorted({said for tap in part if (said := text(tap, name)) is not None}) for name in CODED}
    made, alone, _ = journeys.rides([_tap(tap, accounts, coded) for tap in part], DOUBLED, LONGEST)
    every = journeys.days(made, alone, clock, None)
    # "the newest day of a log is not over and raises nothing"
    newest = max((clock.day(_at(tap)) for tap in taps), default=0)
    limit = 1 - Fraction(beyond) / 100
    found: dict[CardDay, set[str]] = {}
    for key in every:
        token, day = key
        if day >= newest:
            continue
        far = set()
        for name in of:
            share = journeys.tail(every, key, name)
            if share is None or share > limit:
                continue
            mine = None if own is None else journeys.own_tail(every, key, name)
            if mine is None or mine <= 1 - Fraction(own) / 100:
                far.add(name)
        card_day = CardDay(accounts[token], day)
        if len(far) >= at_least and (anywhere or card_day in _touching(taps, events, clock)):
            found[card_day] = far
    return found


def day(rule: Rule, event: Event) -> int:
    """The service day of a tap."""
    return journeys.Clock(rule.zone, timedelta(microseconds=rule.window[1])).day(_at(event))


CODED = ["place", "line", "vehicle", "device", "product"]


def ridden(taps: list[Event]) -> list[Event]:
    """The taps that are part of riding: one whose action is none of ours is an observation and no more."""
    return [tap for tap in taps if "action" not in tap.unreadable and text(tap, "action") in (None, *_ACTIONS)]


def action(tap: Event) -> int:
    """What a tap that is part of riding does. One that does not say begins a ride."""
    return _ACTIONS.index(text(tap, "action") or "enter")


def text(event: Event, name: str) -> str | None:
    """The text of a field; an empty one says nothing and is missing."""
    return str(event.values[name]) if event.values.get(name) else None


def _touching(taps: list[Event], events: list[Event], clock: journeys.Clock) -> set[CardDay]:
    """Card-days with a tap at a reported incident, or within an hour of it."""
    incidents = [incident(number, one) for number, one in enumerate(events) if one.values["kind"] == "incident"]
    return {
        CardDay((tap.namespace, str(tap.values["account"])), clock.day(_at(tap)))
        for tap in taps
        if any(there(tap, one, HOUR) for one in incidents)
    }


def _tap(event: Event, accounts: list[Account], coded: dict[str, list[str]]) -> journeys.Tap:
    """Texts by their place in the order of code points."""
    codes = [None if (said := text(event, name)) is None else coded[name].index(said) for name in CODED]
    account = accounts.index((event.namespace, str(event.values["account"])))
    return journeys.Tap(account, _at(event), action(event), *codes)


def _at(event: Event) -> int:
    at = event.values["occurred_at"]
    assert isinstance(at, int)
    return at
