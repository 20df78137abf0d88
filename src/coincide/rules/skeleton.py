"""A commented rule to begin with: right as it stands, and saying what to put where."""

from __future__ import annotations

from collections.abc import Sequence

from coincide.rules.rule import Kind

SCHEMA_FILE = "rule.schema.json"
"""Where the first line of a skeleton looks for the schema, beside the rule: ``coincide rules schema > FILE``."""

EXAMPLES = ("pressure-vessel", "timer", "energetic", "steel-balls")
"""Components of the example where the catalog has none."""


def skeleton(rule: str, kind: Kind, components: Sequence[str] = ()) -> str:
    """A rule file of one rule. ``components``: of the catalog; the first ones stand in the example."""
    looks_at = _BOTH if kind == "ratio" else _TAPS if kind in _RIDING else _ONE
    by, window = _RIDING.get(kind, _ACTORS)
    head = _HEAD.format(rule=rule, schema=SCHEMA_FILE, looks_at=looks_at, by=by, window=window)
    return head + _BODIES[kind](_three(components)) + _UNLESS


def _three(components: Sequence[str]) -> tuple[str, ...]:
    """Three names to fill the example with; a small catalog repeats itself only where that is allowed."""
    return tuple(components[:3]) or EXAMPLES[:3]


_HEAD = """\
# yaml-language-server: $schema={schema}
# (coincide rules schema > rules/{schema} makes the schema that editors read)
rule: {rule}
title: What it finds, in one line
status: draft             # draft: runs when named | shadow: alerts reach no queue | live | retired
severity: medium          # low | medium | high | critical; of the act, never of a person
why: Why this is worth the look of a person.
basis:                    # the legal ground and purpose; authority and dpia if there are
  purpose: public-safety
  law: the provision that the processing rests on
innocent:                 # ordinary explanations; they stand beside every alert
  - an ordinary explanation
{looks_at}{by}
{window}
"""

_ACTORS = (
    "by: actor                 # actor | account | organisation | link.card",
    "within: 30 days           # minutes, hours, days, weeks; or `per: day` with `zone: Europe/Paris`",
)
_CARDS = "by: account               # one card at a time: who holds which cards is not joined"
_RIDING: dict[str, tuple[str, str]] = {
    "presence": (_CARDS, "within: 30 days           # minutes, hours, days, weeks; or `per: service-day`"),
    "unusual-day": (_CARDS, "per: service-day          # from 04:00 local on: `[journeys]` of the settings"),
}

_TAPS = """\
events: tap               # reported incidents are taken beside the taps by themselves
# where: not account in list('staff')   # staff first: inspectors are on top of every list of many rides
"""

_ONE = """\
events: purchase          # one kind or a list: purchase, return, refund, tap, incident
where: quantity > 0       # a condition on one event; leave it out to look at all
"""

_BOTH = """\
events: [purchase, refund]  # the two kinds that are compared
where: status is null or status = 'completed'  # a condition on one event, of either kind
"""

_UNLESS = """\
# unless: account in list('licences')   # silences hits; may also use count(), sum(quantity), distinct(place)
"""


def _combination(names: tuple[str, ...]) -> str:
    k = min(2, len(names))
    lines = [
        f"# Holds when at least so many of the components are seen within the window.\ncombination:\n  at_least: {k}",
        "  of:                     # `- timer: {quantity: 2}` asks a minimum total of one",
        *(f"    - {name}" for name in names),
    ]
    bought = [f"2025-03-{day:02d}, component: {name}" for day, name in zip((1, 10), names[:k], strict=False)]
    alone = [] if k < 2 else _test("one of them is none", bought[:1], "no alert", first=False)
    return "\n".join([*lines, *_test("so many of them in a month", bought, "1 alert"), *alone]) + "\n"


def _velocity(names: tuple[str, ...]) -> str:
    lines = [
        "# Holds when there are at least so many events, or distinct values of a field, within the window.",
        "velocity:\n  at_least: 3\n  # distinct: place",
        f"components: [{names[0]}]  # only events that carry one of these; leave it out to look at all",
    ]
    events = [f"2025-03-{day:02d}, component: {names[0]}" for day in (1, 2, 3)]
    return "\n".join([*lines, *_test("three in a month", events, "1 alert")]) + "\n"


def _threshold(names: tuple[str, ...]) -> str:
    lines = [
        "# Holds when the exact sum within the window passes the limit.",
        "threshold:",
        "  sum: quantity           # or `quantity * content` with `unit: kg`, or `amount_minor` with `currency: EUR`",
        "  more_than: 5            # or `at_least`",
        f"components: [{names[0]}]  # only events that carry one of these; leave it out to look at all",
    ]
    events = [f"2025-03-{day:02d}, component: {names[0]}, quantity: 3" for day in (1, 2)]
    return "\n".join([*lines, *_test("six in a month", events, "1 alert")]) + "\n"


def _sequence(names: tuple[str, ...]) -> str:
    steps = names[:2] if len(names) > 1 else (names[0], names[0])
    lines = [
        "# Holds when the steps are seen in this order within the window.",
        f"sequence:\n  steps: [{', '.join(steps)}]",
        "  gap: 3 days             # each step at most so long after the one before; leave it out if that is all one",
    ]
    events = [f"2025-03-{day:02d}, component: {name}" for day, name in zip((1, 3), steps, strict=True)]
    late = [f"2025-03-{day:02d}, component: {name}" for day, name in zip((1, 9), steps, strict=True)]
    tests = [*_test("one after the other", events, "1 alert"), *_test("too late", late, "no alert", first=False)]
    return "\n".join([*lines, *tests]) + "\n"


def _ratio(names: tuple[str, ...]) -> str:
    lines = [
        "# Holds when there are more than so many events of one kind for each of another, and enough of these.",
        "ratio:",
        "  of: refund",
        "  to: purchase",
        "  more_than: 0.5          # more than one refund for two purchases",
        "  at_least: 4             # so many purchases, so that one refund of one purchase raises nothing",
        f"# components: [{names[0]}]  # only events that carry one of these",
    ]
    bought = [f"2025-03-{day:02d}, component: {names[0]}" for day in (1, 2, 3, 4)]
    given_back = [f"2025-03-{day:02d}, component: {names[0]}, kind: refund" for day in (5, 6, 7)]
    tests = [
        *_test("three of four given back", [*bought, *given_back], "1 alert"),
        *_test("two of four is half and not more", [*bought, *given_back[:2]], "no alert", first=False),
    ]
    return "\n".join([*lines, *tests]) + "\n"


def _presence(names: tuple[str, ...]) -> str:  # noqa: ARG001
    lines = [
        "# Holds where a card was there at so many different reported incidents. Which cards, only under a request.",
        "presence:",
        "  at_least: 2",
        "  of: incidents",
        "  margin: 10 minutes      # before it begins and after it ends",
        "  usual: 20               # who is there at that time on more than 20 % of 28 days is no witness",
    ]
    reported = [f'2025-03-{day:02d} 08:00, kind: incident, line: "5"' for day in (1, 10)]
    there = [f'2025-03-{day:02d} 08:05, line: "5"' for day in (1, 10)]
    tests = [
        *_test("there at both", [*reported, *there], "1 alert"),
        *_test("at one of them", [*reported, *there[:1]], "no alert", first=False),
    ]
    return "\n".join([*lines, *tests]) + "\n"


def _unusual_day(names: tuple[str, ...]) -> str:  # noqa: ARG001
    lines = [
        "# Holds at the end of a day of service that is far in the tail against all cards of the same product.",
        "unusual-day:",
        "  at_least: 2",
        "  of: [trips, short_share, most_visits, quick]",
        "  beyond: 99.9            # percent of the days of other cards that must be lower",
        "  own: 75                 # percent of the card's own days before that must be lower",
    ]
    there = [f'2025-03-01 0{hour}:05, place: "1", line: "5", action: enter' for hour in (8, 9)]
    return "\n".join([*lines, *_test("too few cards to compare with", there, "no alert")]) + "\n"


def _test(name: str, events: Sequence[str], expect: str, *, first: bool = True) -> list[str]:
    head = (
        ["tests:                    # run by `coincide rules test`; times are UTC, quantity is 1 unless given"]
        if first
        else []
    )
    given = [f"      - {{at: {event}}}" for event in events]
    return [*head, f"  - name: {name}", "    given:", *given, f"    expect: {expect}"]


_BODIES = {
    "combination": _combination,
    "velocity": _velocity,
    "threshold": _threshold,
    "sequence": _sequence,
    "ratio": _ratio,
    "presence": _presence,
    "unusual-day": _unusual_day,
}
