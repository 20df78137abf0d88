"""How purchases are dealt out again, as plain loops: who is how busy, where an event may move, what then is found.

DESIGN, section 8, item 2; the standard library alone. It says what a deal may be, not which one a seed gives.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from reference.condition import Observation
from reference.event import read
from reference.judge import alerts_of
from reference.world import Account, Alert, Bad, Rule, World

Trips = Counter[int]
"""When somebody was in a shop, microseconds, and with how many lines."""


def busy(world: World, rule: Rule, actor_of: dict[Account, Account]) -> dict[Account, Trips]:
    """Everybody whom the rule could look at, by what they bought of whatever sort: rows of the rule's kinds of event.

    A row counts that says whose it is and when; whether its other fields can be read is no matter here, nor is whether
    it has a copy.
    """
    found: dict[Account, Trips] = {}
    for name, source in world.sources.items():
        for number, row in enumerate(source.rows):
            if isinstance(row, Bad):
                continue
            event = read(name, source, number, row, world.attributes)
            field = "account" if rule.by in ("actor", "account") else rule.by
            who, at = event.values.get(field), event.values.get("occurred_at")
            if event.values.get("kind") not in rule.events or who is None or at is None:
                continue
            owner = (event.namespace, str(who)) if field == "account" else ("", str(who))
            owner = actor_of[owner] if rule.by == "actor" else owner
            assert isinstance(at, int)
            found.setdefault(owner, Counter())[at] += 1
    return found


def blocks(everybody: dict[Account, Trips], seated: list[Account], size: int) -> list[list[Account]]:
    """The blocks of those who sit in this order, which must be by how many lines they have; what is over joins one."""
    lines = [sum(everybody[one].values()) for one in seated]
    assert sorted(seated) == sorted(everybody)
    assert lines == sorted(lines)
    cut = [seated[first : first + size] for first in range(0, len(seated), size)]
    if len(cut) > 1 and len(cut[-1]) < size:
        return [*cut[:-2], cut[-2] + cut[-1]]
    return cut


def lines(trips: Trips) -> list[int]:
    """The time of each line that somebody bought, in order."""
    return [at for at in sorted(trips) for _ in range(trips[at])]


def may_move_to(was: Trips, trips: Trips, at: int, others: int) -> set[int]:
    """To which trips of a new owner an event may move: where the same part of all their lines had been bought.

    ``was``: the trips of the old owner, of which ``at`` is one. A line is one event's: where it is taken, the next one
    that is not, and at the end the one before, so that each of the ``others`` dealt to the new owner may push it.
    """
    theirs, mine = lines(was), lines(trips)
    first, after = theirs.index(at), theirs.index(at) + was[at]
    low = Fraction(first * len(mine), len(theirs))
    high = Fraction(after * len(mine), len(theirs))
    reached = range(floor(low), ceil(high))
    pushed = {line + steps for line in reached for steps in range(-others, others + 1)}
    return {mine[line] for line in pushed if 0 <= line < len(mine)}


def dealt_alerts(
    world: World, rule: Rule, given: list[tuple[Account, Observation]], owners: list[Account], times: list[int]
) -> list[Alert]:
    """What the rule finds where observations, each with whose it was, are given to these owners at these times.

    Given in the order of their names; those that come to lie at one time keep it.
    """
    hands: dict[Account, list[Observation]] = {}
    for place, ((was, observation), owner, at) in enumerate(zip(given, owners, times, strict=True)):
        event = observation.event
        values = {**event.values, "occurred_at": at}
        namespace = event.namespace
        if rule.by not in ("actor", "account"):
            values[rule.by] = owner[1]
        elif owner != was:
            # What stays with an actor of several accounts stays with the account it had.
            namespace, values["account"] = owner
        dealt = replace(event, values=values, namespace=namespace)
        moved = Observation(dealt, observation.components, (at, "dealt", f"{place:09}", ""))
        hands.setdefault(owner, []).append(moved)
    found = []
    for owner, observations in sorted(hands.items()):
        found += alerts_of(world, rule, owner, sorted(observations, key=lambda one: one.name))
    return found
