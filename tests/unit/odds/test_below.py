"""Plans just below a rule: what the rule finds they find, and one event more makes the rule find what they find."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.catalog import catalog
from coincide.detect.trial import trial
from coincide.odds.below import below
from coincide.odds.errors import NothingBelow
from coincide.rules.example import Example, Given
from coincide.rules.explain import explain
from coincide.rules.plan import Combination, LocalDay, Plan, Ratio, Sequence, Sliding, Threshold, Velocity
from coincide.settings import Settings

HOUR = 3_600_000_000
NAMES = ("a", "b", "c", "d")
CATALOG = catalog.of(("sku", name, name) for name in NAMES)
Event = tuple[int, str, int]
"""Hours, component, quantity."""


def plan(
    condition: Combination | Velocity | Threshold | Sequence | Ratio,
    *,
    components: tuple[str, ...] | None = None,
    window: Sliding | LocalDay | None = None,
) -> Plan:
    return Plan(
        "some-rule", ("purchase",), None, "account", window or Sliding(24 * HOUR), "UTC", condition, components, None
    )


def alerts(rule: Plan, events: list[tuple[int, str, int]]) -> list[int]:
    """When alerts of the rule begin; times of events are in microseconds."""
    listed = tuple(Given(at, (name,), {"quantity": Decimal(number)}) for at, name, number in events)
    went = trial(rule, Example("", listed, 0), kind="purchase", catalog=CATALOG, lists={}, settings=Settings())
    assert went.refused == ()
    return [episode.started_by.occurred_at for episode in went.found]


EVENTS = st.lists(
    st.tuples(st.integers(0, 90), st.sampled_from(NAMES), st.integers(1, 3)),
    max_size=8,
    unique_by=lambda event: event[0],
).map(lambda events: [(1_000 * HOUR + at * HOUR, name, number) for at, name, number in sorted(events)])
CONDITIONS = st.one_of(
    st.builds(Combination, st.integers(2, 4), st.just(tuple((name, None) for name in NAMES))),
    st.builds(Velocity, st.integers(2, 5)),
    st.builds(
        Sequence,
        st.lists(st.sampled_from(NAMES), min_size=2, max_size=4).map(tuple),
        st.none() | st.integers(1, 24).map(lambda hours: hours * HOUR),
    ),
)


@given(CONDITIONS, EVENTS)
@settings(max_examples=150)
def test_whatever_the_rule_finds_each_of_the_plans_below_finds(
    condition: Combination | Velocity | Sequence, events: list[Event]
) -> None:
    rule = plan(condition)
    if alerts(rule, events):
        assert all(alerts(lower, events) for lower in below(rule))


@given(CONDITIONS, EVENTS)
@example(Sequence(("a", "b", "a"), None), [(1_000 * HOUR, "a", 1), (1_001 * HOUR, "b", 1)])
@settings(max_examples=80)
def test_whatever_a_plan_below_finds_the_rule_finds_with_one_event_more(
    condition: Combination | Velocity | Sequence, events: list[Event]
) -> None:
    rule = plan(condition)
    found = [first for lower in below(rule) for first in alerts(lower, events)]
    if not found or alerts(rule, events):
        return
    # At an event, just before or after one, or halfway between two.
    times = {at + more for at, _, _ in events for more in (-1, 0, 1)}
    times |= {(one + other) // 2 for (one, _, _), (other, _, _) in itertools.combinations(events, 2)}
    assert any(alerts(rule, sorted([*events, (at, name, 1)])) for at in sorted(times) for name in NAMES)


@given(EVENTS, st.integers(3, 12), st.booleans(), st.sampled_from([Decimal("0.5"), Decimal("0.8")]))
@settings(max_examples=60)
def test_below_a_limit_lie_sums_from_its_share_on(
    events: list[Event], limit: int, inclusive: bool, share: Decimal
) -> None:
    rule = plan(Threshold("quantity", Decimal(limit), inclusive))
    (lower,) = below(rule, share)
    most = max(
        (sum(number for at, _, number in events if end - 24 * HOUR < at <= end) for end, _, _ in events),
        default=0,
    )
    assert bool(alerts(lower, events)) == (most >= limit * share)
    assert not alerts(rule, events) or alerts(lower, events)


def test_all_else_of_the_plan_stays() -> None:
    rule = plan(Velocity(4, "item"), components=("a", "b"), window=LocalDay())
    assert below(rule) == [replace(rule, condition=Velocity(3, "item"))]
    minimum = Combination(3, (("a", Decimal(2)), ("b", None), ("c", None)))
    assert below(plan(minimum)) == [plan(replace(minimum, at_least=2))]
    amount = Threshold("amount_minor", Decimal(10_000), inclusive=False, currency="EUR")
    (lower,) = below(plan(amount))
    assert lower.condition == replace(amount, limit=Decimal(8_000), inclusive=True)


def test_a_sequence_lacks_each_of_its_steps_in_turn_with_both_gaps_where_one_is_missing() -> None:
    rule = plan(Sequence(("a", "b", "c"), 4 * HOUR))
    assert [lower.condition for lower in below(rule)] == [
        Sequence(("b", "c"), 4 * HOUR),
        Sequence(("a", "c"), 8 * HOUR),
        Sequence(("a", "b"), 4 * HOUR),
    ]
    long = below(plan(Sequence(("a", "b", "c"), 20 * HOUR)))[1].condition
    assert long == Sequence(("a", "c"), 24 * HOUR)
    by_day = below(plan(Sequence(("a", "b", "c"), 20 * HOUR), window=LocalDay()))[1].condition
    assert by_day == Sequence(("a", "c"), 40 * HOUR)
    assert [lower.condition for lower in below(plan(Sequence(("a", "a", "b"))))] == [
        Sequence(("a", "b")),
        Sequence(("a", "a")),
    ]
    assert [lower.condition for lower in below(plan(Sequence(("b", "a"))))] == [
        Combination(1, (("a", None),)),
        Combination(1, (("b", None),)),
    ]


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (Combination(1, (("a", None),)), "as soon as there is one"),
        (Velocity(1), "as soon as there is one"),
        (Threshold("quantity", Decimal(0), inclusive=True), "a sum of 0"),
        (Ratio("return", "purchase", Decimal(1), 2), "two counts decide"),
    ],
)
def test_where_nothing_can_lie_below_it_says_why(condition: Combination | Ratio, why: str) -> None:
    with pytest.raises(NothingBelow, match=why):
        below(plan(condition))


@given(CONDITIONS)
def test_each_plan_can_be_said_in_words_and_is_another_one(condition: Combination | Velocity | Sequence) -> None:
    rule = plan(condition)
    for lower in below(rule):
        assert explain(lower)
        assert lower.fingerprint != rule.fingerprint


@pytest.mark.parametrize("share", ["0", "1", "-1", "1.1"])
def test_a_share_that_lies_not_below_is_refused(share: str) -> None:
    with pytest.raises(ValueError, match="does not lie below"):
        below(plan(Velocity(3)), Decimal(share))
