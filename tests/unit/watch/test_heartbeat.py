"""A rule that matched nothing names what is to blame, and only that."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from coincide.rules.expression import And, Compare, Field, InList, Literal, Not
from coincide.rules.plan import Combination, Condition, Plan, Sequence, Sliding, Threshold, Velocity
from coincide.watch.heartbeat import Heartbeat, Seen, heartbeat, parts, unmet

EVERY = dict.fromkeys(
    ("event_id", "occurred_at", "account", "item", "category", "quantity", "content", "unit", "status", "country"), 90
)
REFUSED = Compare("=", Field("status"), Literal("refused"))
ABROAD = Not(Compare("=", Field("country"), Literal("DE")))


def plan(condition: Condition, where: And | Compare | InList | Not | None = None, by: str = "account") -> Plan:
    return Plan("r", ("purchase",), where, by, Sliding(1), "UTC", condition, None, None)


def beat(plan_: Plan, seen: Seen, counted: dict[int, int] | None = None) -> Heartbeat:
    return heartbeat(plan_, seen, {100: 1} if counted is None else counted, 80, 100)


def blamed(plan_: Plan, seen: Seen) -> tuple[str, ...]:
    return beat(plan_, seen).because


VELOCITY = plan(Velocity(3))
BOTH = plan(Combination(2, (("energetic", None), ("timer", None))))
SEEN = Seen(90, EVERY, {"energetic": 3, "timer": 4})


def test_a_rule_that_matches_lives() -> None:
    found = beat(VELOCITY, SEEN, {70: 5, 90: 2, 100: 3, 120: 9})
    assert (found.observations, found.last_day, found.because, found.dead) == (5, 100, (), False)


def test_observations_outside_the_days_are_none() -> None:
    found = beat(VELOCITY, SEEN, {79: 5, 101: 4})
    assert (found.observations, found.last_day, found.dead) == (0, 79, True)


def test_a_rule_that_no_scan_ran_is_not_called_dead_for_that() -> None:
    found = heartbeat(VELOCITY, SEEN, None, 80, 100)
    assert (found.observations, found.dead) == (None, False)


def test_a_kind_without_rows_is_to_blame_alone() -> None:
    assert blamed(plan(Velocity(3), REFUSED), Seen(0)) == ("no source gave a row of kind `purchase`",)


@pytest.mark.parametrize("name", ["event_id", "occurred_at", "account"])
def test_what_names_an_event_is_needed_by_every_rule(name: str) -> None:
    seen = replace(SEEN, present={**EVERY, name: 0})
    assert blamed(VELOCITY, seen) == (f"`{name}` has no value in any row of kind `purchase`",)


@pytest.mark.parametrize(
    ("condition", "name"),
    [
        (Velocity(3, "organisation"), "organisation"),
        (Threshold("quantity", Decimal(5), True), "quantity"),
        (Threshold("quantity * content", Decimal(5), True, unit="kg"), "unit"),
        (Threshold("amount_minor", Decimal(5), True, currency="EUR"), "currency"),
    ],
)
def test_what_a_condition_counts_is_needed(condition: Condition, name: str) -> None:
    there = {**EVERY, "organisation": 1, "amount_minor": 1, "currency": 1}
    assert blamed(plan(condition), replace(SEEN, present=there)) == ()
    seen = replace(SEEN, present={**there, name: 0})
    assert blamed(plan(condition), seen) == (f"`{name}` has no value in any row of kind `purchase`",)


def test_what_a_rule_looks_by_is_needed() -> None:
    assert blamed(plan(Velocity(3), by="link.card"), SEEN) == (
        "`link.card` has no value in any row of kind `purchase`",
    )


def test_what_only_unless_reads_is_not_to_blame() -> None:
    assert blamed(replace(VELOCITY, unless=REFUSED), replace(SEEN, present={**EVERY, "status": 0})) == ()


def test_a_component_that_never_came_is_named() -> None:
    found = beat(BOTH, replace(SEEN, components={"timer": 4}))
    assert found.because == ("no row carries the component `energetic`",)
    assert (found.unseen, found.dead) == (("energetic",), True)


def test_a_component_that_can_be_spared_is_told_and_no_finding() -> None:
    spared = plan(Combination(2, (("energetic", None), ("steel-balls", None), ("timer", None))))
    found = beat(spared, SEEN)
    assert (found.unseen, found.because, found.dead) == (("steel-balls",), (), False)


def test_a_step_cannot_be_spared_and_one_of_several_components_can() -> None:
    assert blamed(plan(Sequence(("energetic", "steel-balls"))), SEEN) == ("no row carries the component `steel-balls`",)
    assert blamed(replace(VELOCITY, components=("energetic", "steel-balls")), SEEN) == ()
    assert blamed(replace(VELOCITY, components=("nails", "steel-balls")), SEEN) == (
        "no row carries the components `nails`, `steel-balls`",
    )


def test_without_items_and_categories_there_are_no_components() -> None:
    one = replace(SEEN, present={**EVERY, "item": 0})
    assert blamed(BOTH, one) == ()
    none = replace(SEEN, present={**EVERY, "item": 0, "category": 0}, components={})
    assert blamed(BOTH, none) == (
        "`item`, `category` and `title` have no value in any row, and by them the catalog finds components",
    )


def test_components_that_are_weighed_need_a_quantity_if_they_cannot_be_spared() -> None:
    weighed = Combination(2, (("energetic", Decimal(5)), ("timer", None)))
    seen = replace(SEEN, present={**EVERY, "quantity": 0})
    assert blamed(plan(weighed), SEEN) == ()
    assert blamed(plan(weighed), seen) == ("`quantity` has no value in any row, and components are weighed by it",)
    assert blamed(plan(replace(weighed, at_least=1)), seen) == ()


def test_a_part_of_where_that_cannot_hold_is_named_with_its_field() -> None:
    seen = replace(SEEN, present={**EVERY, "status": 0})
    assert blamed(plan(Velocity(3), And((REFUSED, ABROAD))), seen) == (
        "`status = 'refused'` never holds: `status` has no value in any row",
    )


def test_a_list_that_is_empty_is_named_where_it_is_asked_for() -> None:
    watched = InList(Field("account"), "watched")
    seen = replace(SEEN, empty=frozenset({"watched", "other"}))
    assert blamed(plan(Velocity(3), watched), seen) == (
        "`account in list('watched')` never holds: the list `watched` is empty or has expired",
    )
    assert blamed(plan(Velocity(3), Not(watched)), seen) == ()


def test_the_parts_of_where_are_those_that_all_must_hold() -> None:
    assert parts(None) == ()
    assert parts(REFUSED) == (REFUSED,)
    assert parts(And((REFUSED, ABROAD))) == (REFUSED, ABROAD)


def test_why_nothing_was_met_names_the_part_that_never_held() -> None:
    assert unmet({"a": False, "b": True, "c": None}) == ("`a` held for no row",)
    assert unmet({"b": True, "c": None}) == ("everything that it needs is there; look at `c`",)
    assert unmet({"b": True}) == unmet({}) == ("everything that it needs is there, but no row meets all of it",)
