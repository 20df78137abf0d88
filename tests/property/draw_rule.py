"""Random rules of every kind, with small numbers, so that they often hold."""

from __future__ import annotations

from typing import Any

from property.choice import Choice
from property.draw_expression import condition
from reference.world import Rule

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
COMPONENTS = ["pressure-vessel", "timer", "energetic", "steel-balls"]
ZONES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata"]
PAIRS = [("return", "purchase"), ("return", "purchase"), ("purchase", "return"), ("tap", "purchase")]
"""Of a ratio: the kind that is compared, and the other."""
MIXED = "mixed"
_ALONE = ["combination", "velocity", "threshold", "sequence"]
"""The kinds that need no second kind of event. Where a ratio stands beside them, many events are of the second."""
_DISTINCT = ["place", "item", "organisation", "account", "quantity", "link.card", "attributes.colour"]


def rule(
    choice: Choice, number: int, width: int, gap: int, zone: str, focus: str | None = None, begins: int = 4 * HOUR
) -> Rule:
    """One rule; ``width`` and ``gap`` in microseconds are those that the times of the world play with.

    ``begins``: when a day of service does, after midnight. ``focus``: the kind, if all rules of the world are of one;
    ``MIXED`` where some compare two kinds of event.
    """
    per_day = choice.percent(25)
    kinds = {None: _ALONE, MIXED: ["ratio", "ratio", "ratio", "ratio", *_ALONE]}.get(focus, [focus])
    kind = choice.of(kinds)
    events = choice.of([["purchase"], ["purchase", "tap"], ["purchase", "return"], ["purchase"], ["tap"]])
    asked: tuple[Any, ...]
    components = None
    if kind == "combination":
        of = COMPONENTS[: 2 + choice.below(3)]
        minimum = choice.percent(40)
        needs = {c: choice.of([None, "1", "2", "1.5", "0.5"]) if minimum else None for c in of}
        asked = ("combination", min(len(of), choice.of([2, 2, 3, 1])), needs)
    elif kind == "velocity":
        distinct = choice.of(_DISTINCT) if choice.percent(50) else None
        asked = ("velocity", choice.of([2, 3, 2, 4, 1]), distinct)
    elif kind == "threshold":
        summand = choice.of(["quantity", "quantity * content", "amount_minor"])
        names = {"quantity": None, "quantity * content": "kg", "amount_minor": "EUR"}
        limit = choice.of(["100", "250", "350"]) if summand == "amount_minor" else choice.of(["1", "2", "1.5", "3"])
        asked = ("threshold", summand, limit, choice.percent(50), names[summand])
    elif kind == "ratio":
        events = list(choice.of(PAIRS))
        asked = ("ratio", *events, choice.of(["0.5", "0.333333333", "0", "1", "0.9"]), choice.of([1, 2, 1]))
    else:
        steps = [choice.of(COMPONENTS[: choice.of([3, 2])]) for _ in range(choice.of([3, 2]))]
        asked = ("sequence", steps, gap if choice.percent(60) else None)
    if kind in ("velocity", "threshold", "ratio") and choice.percent(40):
        components = sorted({choice.of(COMPONENTS[:3]) for _ in range(2)})
    return Rule(
        id=f"rule-{number}",
        events=events,
        condition=asked,
        window=_day(choice, begins) if per_day else ("sliding", width * choice.of([1, 1, 2])),
        by=choice.of(["actor", "actor", "account", "organisation", "link.card"]),
        zone=zone,
        where=condition(choice) if choice.percent(35) else None,
        unless=condition(choice, aggregates=True, depth=1) if choice.percent(30) else None,
        components=components,
        status=choice.of(
            ["live", "live", "live", "live", "live", "shadow", "shadow", "live", "live", "draft", "retired"]
        ),
    )


def _day(choice: Choice, begins: int) -> tuple[Any, ...]:
    return choice.of([("day",), ("service-day", begins)])
