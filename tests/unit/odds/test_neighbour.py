"""The neighbours of a rule: each can be said by a rule file, means something else, and differs in one thing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.odds.matched import Matched
from coincide.odds.neighbour import Neighbour, neighbours, table
from coincide.rules.context import Context
from coincide.rules.load import load_text
from coincide.rules.plan import Combination, Condition, LocalDay, Plan, Ratio, Sliding, Summand, Threshold, Velocity
from coincide.rules.plan import Sequence as Steps
from coincide.rules.read import DAY_US, MAX_WINDOW_DAYS
from coincide.rules.rule import MAX_COUNT
from coincide.rules.words import number

MINUTE_US = 60_000_000
NAMES = ("bolt", "crown", "fuse", "tape", "timer")
TWO_MINUTES = st.integers(1, MAX_WINDOW_DAYS * 24 * 30)

amounts = st.one_of(
    st.decimals(-1000, 1000, places=2),
    st.integers(0, 10**18 - 1).map(lambda digits: Decimal(digits).scaleb(-9)),
    st.integers(0, 10**18 - 1).map(Decimal),
)
quantities = st.one_of(st.none(), amounts.filter(lambda value: value > 0))
parts = st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(sorted)


@st.composite
def combinations(draw: st.DrawFn) -> Condition:
    of = tuple((name, draw(quantities)) for name in draw(parts))
    return Combination(draw(st.integers(1, len(of))), of)


@st.composite
def thresholds(draw: st.DrawFn) -> Condition:
    sums: dict[Summand, tuple[str | None, str | None]] = {
        "quantity": (None, None),
        "quantity * content": ("kg", None),
        "amount_minor": (None, "EUR"),
    }
    name = draw(st.sampled_from(sorted(sums)))
    return Threshold(name, draw(amounts), draw(st.booleans()), *sums[name])


velocities = st.builds(
    Velocity,
    st.one_of(st.integers(1, 5), st.integers(MAX_COUNT - 1, MAX_COUNT)),
    st.sampled_from([None, "item"]),
)
ratios = st.builds(Ratio, st.just("return"), st.just("purchase"), amounts.map(abs), st.integers(1, 5))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans as rule files say them, with windows of an even number of minutes, so that a half can be said too."""
    window: Sliding | LocalDay = LocalDay() if draw(st.booleans()) else Sliding(draw(TWO_MINUTES) * 2 * MINUTE_US)
    most = window.width_us if isinstance(window, Sliding) else 25 * 60 * MINUTE_US
    gaps = st.one_of(st.none(), st.integers(1, most // (2 * MINUTE_US)).map(lambda count: count * 2 * MINUTE_US))
    steps = st.lists(st.sampled_from(NAMES), min_size=2, max_size=4).map(tuple)
    condition = draw(st.one_of(combinations(), velocities, thresholds(), st.builds(Steps, steps, gaps), ratios))
    own = isinstance(condition, Combination | Steps)
    components = None if own else draw(st.one_of(st.none(), parts.map(tuple)))
    return Plan(
        rule="some-rule",
        events=("purchase", "return") if isinstance(condition, Ratio) else ("purchase",),
        where=None,
        by=draw(st.sampled_from(["actor", "account", "organisation"])),
        window=window,
        zone="UTC",
        condition=condition,
        components=components,
        unless=None,
        status="draft",
    )


def said(plan: Plan) -> str:
    """The plan as a rule file says it."""

    def listed(names: tuple[str, ...]) -> str:
        return f"[{', '.join(names)}]"

    def plain(value: Decimal) -> str:
        return number(value).replace(",", "")

    match plan.condition:
        case Combination(least, of):
            each = [name if least is None else f"{{{name}: {{quantity: {plain(least)}}}}}" for name, least in of]
            kind = f"combination: {{at_least: {least}, of: [{', '.join(each)}]}}"
        case Velocity(least, distinct):
            kind = f"velocity: {{at_least: {least}{'' if distinct is None else f', distinct: {distinct}'}}}"
        case Threshold() as one:
            limit = f"{'at_least' if one.inclusive else 'more_than'}: {plain(one.limit)}"
            of_it = f", unit: {one.unit}" if one.unit else f", currency: {one.currency}" if one.currency else ""
            kind = f"threshold: {{sum: {one.sum}, {limit}{of_it}}}"
        case Steps(steps, gap_us):
            gap = "" if gap_us is None else f", gap: {gap_us // MINUTE_US} minutes"
            kind = f"sequence: {{steps: {listed(steps)}{gap}}}"
        case Ratio(of_kind, to, more_than, least):
            kind = f"ratio: {{of: {of_kind}, to: {to}, more_than: {plain(more_than)}, at_least: {least}}}"
    width = plan.window.width_us if isinstance(plan.window, Sliding) else None
    return "\n".join(
        (
            "rule: some-rule\ntitle: t\nstatus: draft\nseverity: low\nwhy: w\ninnocent: [i]",
            "basis: {purpose: public-safety, law: some law}",
            f"events: {listed(plan.events)}\nby: {plan.by}",
            "per: day" if width is None else f"within: {width // MINUTE_US} minutes",
            *(() if plan.components is None else (f"components: {listed(plan.components)}",)),
            kind,
        )
    )


def loaded(plan: Plan) -> Plan:
    (found,) = load_text(said(plan), context=Context())
    return found.plan


@given(plans())
def test_a_rule_file_can_say_every_neighbour(plan: Plan) -> None:
    assert loaded(plan).fingerprint == plan.fingerprint
    for one in neighbours(plan):
        # Half of a gap may be no whole number of minutes.
        if not (isinstance(one.plan.condition, Steps) and (one.plan.condition.gap_us or 0) % MINUTE_US):
            assert loaded(one.plan).fingerprint == one.plan.fingerprint


@given(plans())
def test_no_two_mean_the_same_and_none_means_what_the_rule_does(plan: Plan) -> None:
    found = neighbours(plan)
    meanings = [plan.fingerprint, *(one.plan.fingerprint for one in found)]
    assert len(set(meanings)) == len(meanings)
    assert [one.plan.rule for one in found] == [f"some-rule~{place}" for place in range(1, len(found) + 1)]
    assert all(one.plan.status == plan.status for one in found)
    assert len({one.name for one in found}) == len({one.change for one in found}) == len(found)


@given(plans())
def test_a_neighbour_looks_at_nothing_that_the_rule_does_not(plan: Plan) -> None:
    for one in neighbours(plan):
        assert (one.plan.events, one.plan.by, one.plan.zone) == (plan.events, plan.by, plan.zone)
        assert one.plan.reads <= plan.reads
        if plan.tagged is not None:
            assert one.plan.tagged is not None
            assert set(one.plan.tagged) <= set(plan.tagged)


def of(
    condition: Condition, *, window: Sliding | LocalDay | None = None, components: tuple[str, ...] | None = None
) -> list[tuple[str, str]]:
    sliding = Sliding(30 * DAY_US)
    plan = Plan("r", ("purchase",), None, "actor", window or sliding, "UTC", condition, components, None)
    return [(one.name, one.change) for one in neighbours(plan)]


def test_of_a_combination_they_are_counts_windows_quantities_and_components() -> None:
    condition = Combination(3, (("bolt", None), ("fuse", Decimal(2)), ("tape", Decimal("0.5")), ("timer", None)))
    assert of(condition) == [
        ("at least 2 of 4", "at_least 3 -> 2"),
        ("at least 4 of 4", "at_least 3 -> 4"),
        ("within 15 days", "within 30 days -> 15 days"),
        ("within 60 days", "within 30 days -> 60 days"),
        ("a quantity of 1 or more of fuse", "fuse quantity 2 -> 1"),
        ("a quantity of 3 or more of fuse", "fuse quantity 2 -> 3"),
        ("a quantity of 1.5 or more of tape", "tape quantity 0.5 -> 1.5"),
        ("without bolt, at least 3 of 3", "bolt left out"),
        ("without fuse, at least 3 of 3", "fuse left out"),
        ("without tape, at least 3 of 3", "tape left out"),
        ("without timer, at least 3 of 3", "timer left out"),
    ]


def test_where_all_components_were_wanted_all_that_are_left_are_and_it_is_said() -> None:
    both = Combination(2, (("bolt", None), ("fuse", None)))
    assert of(both, window=LocalDay()) == [
        ("at least 1 of 2", "at_least 2 -> 1"),
        ("without bolt, at least 1 of 1", "bolt left out, at_least 2 -> 1"),
        ("without fuse, at least 1 of 1", "fuse left out, at_least 2 -> 1"),
    ]
    assert of(Combination(1, (("bolt", None),)), window=LocalDay()) == []


def test_a_number_of_more_digits_than_a_rule_can_have_is_left_out() -> None:
    most = Decimal(10**18 - 1)
    quantity = f"a quantity of {most - 1:,f} or more of bolt"
    assert [name for name, _ in of(Combination(1, (("bolt", most),)), window=LocalDay())] == [quantity]
    assert of(Threshold("quantity", most, inclusive=True), window=LocalDay()) == []
    assert [name for name, _ in of(Ratio("return", "purchase", most, 1), window=LocalDay())] == []
    ninth = Decimal("0.000000001")
    assert [name for name, _ in of(Ratio("return", "purchase", ninth, 1), window=LocalDay())] == [
        "more than 0 return for each purchase",
        "more than 0.000000002 return for each purchase",
    ]


def test_a_gap_may_grow_to_the_window_and_on_a_day_to_its_25_hours() -> None:
    hour = DAY_US // 24
    steps = ("fuse", "bolt")
    assert of(Steps(steps, 15 * DAY_US))[-1] == ("at most 30 days between steps", "gap 15 days -> 30 days")
    assert of(Steps(steps, 25 * hour // 2), window=LocalDay())[-1][0] == "at most 25 hours between steps"
    assert of(Steps(steps, 13 * hour), window=LocalDay())[-1][0] == "any gap between steps"
    assert of(Steps(steps, 1), window=LocalDay()) == [
        ("at most 0.000002 seconds between steps", "gap 0.000001 seconds -> 0.000002 seconds")
    ]


def test_of_a_velocity_every_event_alone_is_none() -> None:
    assert of(Velocity(2), window=LocalDay()) == [("at least 3 events", "at_least 2 -> 3")]
    assert of(Velocity(2, "item"), window=LocalDay(), components=("bolt", "fuse")) == [
        ("at least 1 different value of item", "at_least 2 -> 1"),
        ("at least 3 different values of item", "at_least 2 -> 3"),
        ("without bolt", "bolt left out"),
        ("without fuse", "fuse left out"),
    ]
    assert of(Velocity(MAX_COUNT), window=LocalDay()) == [("at least 999,999 events", "at_least 1,000,000 -> 999,999")]


def test_of_a_threshold_the_limit_is_a_fifth_lower_and_higher_exactly() -> None:
    assert of(Threshold("quantity", Decimal(3), inclusive=False), components=("bolt",))[:2] == [
        ("more than 2.4", "more_than 3 -> 2.4"),
        ("more than 3.6", "more_than 3 -> 3.6"),
    ]
    assert of(Threshold("quantity", Decimal("-0.1"), inclusive=True), window=LocalDay()) == [
        ("at least -0.12", "at_least -0.1 -> -0.12"),
        ("at least -0.08", "at_least -0.1 -> -0.08"),
    ]
    assert of(Threshold("quantity", Decimal(0), inclusive=True), window=LocalDay()) == []


def test_of_a_sequence_gaps_and_the_first_and_last_step_change() -> None:
    assert of(Steps(("fuse", "bolt", "tape"), 20 * DAY_US)) == [
        ("within 15 days", "within 30 days -> 15 days"),
        ("within 60 days", "within 30 days -> 60 days"),
        ("at most 10 days between steps", "gap 20 days -> 10 days"),
        ("any gap between steps", "gap 20 days -> none, inside the window"),
        ("without the first step, fuse", "first step (fuse) left out"),
        ("without the last step, tape", "last step (tape) left out"),
    ]
    assert of(Steps(("fuse", "bolt")), window=LocalDay()) == []
    assert len(of(Steps(("fuse", "fuse", "fuse")), window=LocalDay())) == 1


def test_of_a_ratio_the_limit_is_halved_and_doubled_as_near_as_a_rule_can_say() -> None:
    assert of(Ratio("return", "purchase", Decimal("0.333333333"), 10), window=LocalDay()) == [
        ("more than 0.166666666 return for each purchase", "more_than 0.333333333 -> 0.166666666"),
        ("more than 0.666666666 return for each purchase", "more_than 0.333333333 -> 0.666666666"),
    ]


@pytest.mark.parametrize(("minutes", "count"), [(1, 2), (MAX_WINDOW_DAYS * 1440, 1), (MAX_WINDOW_DAYS * 720, 2)])
def test_no_window_is_longer_than_a_rule_may_have(minutes: int, count: int) -> None:
    assert len(of(Steps(("fuse", "bolt")), window=Sliding(minutes * MINUTE_US))) == count


def test_the_table_says_what_each_matched_and_no_rate_of_a_short_log() -> None:
    plan = Plan("r", ("purchase",), None, "actor", LocalDay(), "UTC", Velocity(2), None, None)
    (one,) = neighbours(plan)
    assert one == Neighbour("at least 3 events", "at_least 2 -> 3", replace(plan, rule="r~1", condition=Velocity(3)))
    matched = {"r~1": Matched(one.plan, np.array([3, 9]), 5)}
    (line,) = table([one], matched, 10.0)
    assert line == {
        "name": "at least 3 events",
        "change": "at_least 2 -> 3",
        "actors": 2,
        "alerts": 5,
        "alerts_per_day": 0.5,
    }
    (line,) = table([one], matched, 0.9)
    assert line["alerts_per_day"] == {"why_not": "the log is shorter than a day"}
