"""Right rules and the plans they come to; what is wrong has its golden cases."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.errors import Problems
from coincide.rules.example import Example, Given, Value
from coincide.rules.expression import Compare, Field, Literal
from coincide.rules.load import Context, LoadedRule, load_text
from coincide.rules.plan import Combination, LocalDay, Ratio, Sequence, Sliding, Threshold, Velocity
from coincide.settings import Attribute

HEAD = """\
rule: example
title: An example
status: shadow
severity: high
why: It shows.
basis: {purpose: public-safety, law: a law}
innocent: [a hobby]
"""
COMBINATION = "combination: {at_least: 2, of: [pressure-vessel, timer, steel-balls]}"
DAY_US = 86_400_000_000


def rule(*lines: str, events: str = "events: purchase", context: Context | None = None) -> LoadedRule:
    (loaded,) = load_text(HEAD + "\n".join([events, *lines]) + "\n", context=context or Context())
    return loaded


def codes(*lines: str, context: Context | None = None) -> list[str]:
    with pytest.raises(Problems) as caught:
        rule(*lines, context=context)
    return [problem.code for problem in caught.value.problems]


def test_a_combination_has_its_components_sorted_with_their_minimum_totals() -> None:
    plan = rule("within: 30 days", "combination: {at_least: 2, of: [timer, {steel-balls: {quantity: 2.50}}]}").plan
    assert plan.condition == Combination(2, (("steel-balls", Decimal("2.5")), ("timer", None)))
    assert plan.window == Sliding(30 * DAY_US)
    assert (plan.rule, plan.status, plan.by, plan.zone) == ("example", "shadow", "actor", "UTC")
    assert plan.components is None


def test_a_velocity_has_its_field_and_its_components_sorted() -> None:
    plan = rule(
        "per: day", "zone: Europe/Paris", "velocity: {at_least: 4, distinct: place}", "components: [timer, b]"
    ).plan
    assert plan.condition == Velocity(4, "place")
    assert plan.window == LocalDay()
    assert plan.zone == "Europe/Paris"
    assert plan.components == ("b", "timer")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("{sum: quantity, more_than: 5}", Threshold("quantity", Decimal(5), False)),
        (
            "{sum: quantity*content, at_least: 2.5, unit: kg}",
            Threshold("quantity * content", Decimal("2.5"), True, "kg"),
        ),
        ("{sum: amount_minor, more_than: 0, currency: EUR}", Threshold("amount_minor", Decimal(0), False, None, "EUR")),
    ],
)
def test_a_threshold_has_its_exact_limit_and_its_unit(text: str, condition: Threshold) -> None:
    assert rule("within: 2 weeks", f"threshold: {text}").plan.condition == condition


def test_a_sequence_keeps_its_order_and_may_repeat_a_step() -> None:
    plan = rule("within: 3 days", "sequence: {steps: [timer, pressure-vessel, timer], gap: 3 days}").plan
    assert plan.condition == Sequence(("timer", "pressure-vessel", "timer"), 3 * DAY_US)


@pytest.mark.parametrize("events", ["events: [purchase, refund]", "events: [refund, purchase]"])
def test_a_ratio_has_its_two_kinds_and_its_exact_limit(events: str) -> None:
    text = "ratio: {of: refund, to: purchase, more_than: 0.50, at_least: 10}"
    loaded = rule("within: 30 days", text, "components: [timer, b]", events=events)
    assert loaded.plan.condition == Ratio("refund", "purchase", Decimal("0.5"), 10)
    assert loaded.plan.events == ("purchase", "refund")
    assert loaded.plan.tagged == ("b", "timer")
    assert loaded.rule.kind == "ratio"
    assert type(loaded.rule).model_validate(loaded.rule.model_dump()) == loaded.rule


def test_conditions_come_to_the_plan_and_their_text_to_the_rule() -> None:
    loaded = rule("within: 90 minutes", COMBINATION, "where: quantity  > 0", "unless: count() > 3", "by: link.card")
    assert loaded.plan.where == Compare(">", Field("quantity"), Literal(Decimal(0)))
    assert loaded.rule.where == "quantity  > 0"
    assert loaded.plan.unless is not None
    assert loaded.plan.by == "link.card"
    assert loaded.plan.window == Sliding(90 * 60 * 1_000_000)


def test_the_rule_holds_what_its_author_wrote() -> None:
    loaded = rule("within: 30 days", COMBINATION, "references: [an article]")
    assert loaded.rule.kind == "combination"
    assert loaded.rule.basis.law == "a law"
    assert loaded.rule.innocent == ("a hobby",)
    assert loaded.rule.references == ("an article",)
    assert loaded.rule.within == "30 days"
    assert loaded.rule.combination is not None
    assert loaded.rule.combination.of == ("pressure-vessel", "timer", "steel-balls")


@pytest.mark.parametrize(
    "lines",
    [
        (
            "within: 30 days",
            "combination: {at_least: 2, of: [timer, {steel-balls: {quantity: 2}}]}",
            "unless: count() > 1",
        ),
        ("per: day", "velocity: {at_least: 4, distinct: place}", "components: [timer]"),
        ("within: 1 day", "threshold: {sum: amount_minor, more_than: 0.5, currency: EUR}"),
        (
            "within: 3 days",
            "sequence: {steps: [timer, timer], gap: 1 hour}",
            "tests: [{name: a, given: [], expect: no alert}]",
        ),
    ],
)
def test_what_was_checked_satisfies_the_model_that_the_schema_is_made_from(lines: tuple[str, ...]) -> None:
    loaded = rule(*lines)
    assert type(loaded.rule).model_validate(loaded.rule.model_dump()) == loaded.rule


@pytest.mark.parametrize(
    ("fingerprint", "lines"),
    [
        (
            "v1-08dbd0a9212ad660e6c74a375f1c85c6",
            (
                "events: purchase", "within: 30 days",
                "combination: {at_least: 2, of: [timer, {steel-balls: {quantity: 2.50}}]}",
            ),
        ),
        (
            "v1-6f9fb2a10e68c0bf4132fc260cc879fa",
            (
                "events: [tap, purchase]", "where: quantity > 0", "per: day", "zone: Europe/Paris",
                "velocity: {at_least: 4, distinct: place}", "components: [timer]",
            ),
        ),
        (
            "v1-6d3b15a67b784abac15696988c93c03f",
            (
                "events: purchase", "by: link.card", "within: 2 weeks",
                "threshold: {sum: quantity * content, at_least: 2.5, unit: kg}",
            ),
        ),
        (
            "v1-348c32d03151cace583db02705dbd381",
            (
                "events: purchase", "within: 3 days", "sequence: {steps: [timer, timer], gap: 1 hour}",
                "unless: count() > 3",
            ),
        ),
        (
            "v1-67b3376f0eb251006d162809f9676665",
            (
                "events: [purchase, refund]", "within: 30 days",
                "ratio: {of: refund, to: purchase, more_than: 0.50, at_least: 10}",
            ),
        ),
    ],
)  # fmt: skip
def test_fingerprints_never_change(fingerprint: str, lines: tuple[str, ...]) -> None:
    # Every alert that is kept is named by one: another would withdraw them all.
    assert rule(*lines[1:], events=lines[0]).plan.fingerprint == fingerprint


def test_rules_that_mean_the_same_have_one_fingerprint() -> None:
    one = rule("within: 14 days", COMBINATION, "where: quantity != 0 and item not in ('b', 'a')").plan
    other = rule(
        "references: [an article]",
        "within: 2 weeks",
        "combination: {at_least: 2, of: [steel-balls, pressure-vessel, timer]}",
        "where: (quantity <> 0.0) and not item in ('a', 'b')",
        "tests: []",
    ).plan
    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    "lines",
    [
        ("within: 15 days", COMBINATION),
        ("per: day", COMBINATION),
        ("within: 14 days", COMBINATION, "zone: Europe/Paris"),
        ("within: 14 days", COMBINATION, "by: account"),
        ("within: 14 days", COMBINATION, "where: quantity > 0"),
        ("within: 14 days", COMBINATION, "unless: quantity > 0"),
        ("within: 14 days", "combination: {at_least: 3, of: [pressure-vessel, timer, steel-balls]}"),
        ("within: 14 days", "combination: {at_least: 2, of: [{pressure-vessel: {quantity: 1}}, timer, steel-balls]}"),
    ],
)
def test_rules_that_mean_something_else_have_another_fingerprint(lines: tuple[str, ...]) -> None:
    assert rule(*lines).plan.fingerprint != rule("within: 14 days", COMBINATION).plan.fingerprint


def test_tests_have_their_values_in_the_types_of_the_fields() -> None:
    loaded = rule(
        "within: 30 days",
        COMBINATION,
        "tests:",
        "  - name: every type",
        "    given:",
        "      - {at: 2025-03-01, component: [timer, steel-balls], item: 00123, quantity: 2.50, riders: 3, account: 7}",
        "      - {at: '2025-03-01T14:30:00.5+01:00', lat: 48.85661400000000001, ends_at: 2025-03-02, quantity: null}",
        "    expect: 2 alerts",
    )
    march_us = 1_740_787_200_000_000
    fields: dict[str, Value] = {"item": "00123", "quantity": Decimal("2.5"), "riders": 3, "account": "7"}
    first = Given(march_us, ("timer", "steel-balls"), fields)
    second_fields: dict[str, Value] = {
        "lat": Decimal("48.85661400000000001"),
        "ends_at": march_us + DAY_US,
        "quantity": None,
    }
    second = Given(march_us + 13 * 3_600_000_000 + 1_800_500_000, (), second_fields)
    assert loaded.rule.tests == (Example("every type", (first, second), 2),)


def test_what_is_not_known_of_the_workspace_is_not_checked() -> None:
    lines = ("within: 30 days", COMBINATION, "by: link.phone", "where: item in list('anything')")
    rule(*lines)


def test_an_empty_workspace_knows_none_of_what_a_rule_names() -> None:
    lines = ("within: 30 days", COMBINATION, "by: link.phone", "where: item in list('anything')")
    known = Context(components=frozenset(), link_kinds=frozenset(), lists=frozenset())
    assert sorted(codes(*lines, context=known)) == ["COI-R026", "COI-R027", "COI-R027", "COI-R027", "COI-R039"]


def test_a_reviewed_attribute_is_read_by_its_type() -> None:
    context = Context(
        attributes={
            "size": Attribute(type="number", reviewed_by="a person", reviewed_on=date(2025, 1, 15)),
            "age-group": Attribute(type="text", reviewed_by="a person", reviewed_on=date(2025, 1, 15)),
        }
    )
    lines = ("within: 30 days", COMBINATION)
    rule(*lines, "where: attributes.size > 3 and attributes.\"age-group\" = 'adult'", context=context)
    assert codes(*lines, "where: attributes.size = 'large'", context=context) == ["COI-R056"]


@pytest.mark.parametrize(
    "word", ["religion", "health-status", "political_view", "sexual_orientation", "union", "biometric_hash"]
)
def test_a_special_category_is_refused_even_if_reviewed(word: str) -> None:
    attribute = Attribute(type="text", reviewed_by="a person", reviewed_on=date(2025, 1, 15))
    name = f'attributes."{word}"' if "-" in word else f"attributes.{word}"
    where = f"where: {name} = 'a'"
    assert codes("within: 30 days", COMBINATION, where, context=Context(attributes={word: attribute})) == ["COI-R038"]


@pytest.mark.parametrize(
    "zone",
    ["CET+1", "Europe", "../../etc/passwd", "europe/paris", "localtime", "Europe/Paris ", "/usr/share/zoneinfo/UTC"],
)
def test_only_names_of_the_time_zone_database_are_zones(zone: str) -> None:
    if zone.strip() == "Europe/Paris":
        rule("per: day", COMBINATION, f"zone: '{zone}'")
    else:
        assert codes("per: day", COMBINATION, f"zone: {zone}") == ["COI-R023"]


LINES = st.sampled_from(
    [
        *("within: 30 days", "within: 0 days", "within: [1]", "per: day", "per: service-day", "zone: Mars/Olympus"),
        *("by: actor", "by: {a: b}", "by: link.x", "components: [a, ~]", "components: x"),
        *(COMBINATION, "combination:", "combination: {at_least: 9, of: [a, a, {b: {}}, {}, [], ~]}"),
        *("velocity: {at_least: -1, distinct: [a]}", "velocity: 3", "threshold: {sum: lat}"),
        *("threshold: {sum: quantity, at_least: x}", "sequence: {steps: [a], gap: [b]}", "sequence: {steps: {a: b}}"),
        "threshold: {sum: amount_minor, more_than: 1e400, currency: eur}",
        *("ratio: 5", "ratio: {of: [a], to: purchase}", "ratio: {of: tap, to: tap, more_than: -1, at_least: x}"),
        *("where: quantity >", "where: [a]", "unless: sum(kind) > 1", "unless: 5"),
        *("tests: [~, 1, {given: [~, {at: [x]}], expect: []}]", "tests: x", "innocent: [~, [a]]"),
        *("events: [1, purchase]", "references: {}", "basis: []", "basis: {law: ~}", "title: ~", "rule: 5"),
        *("status: [draft]", "severity: ~", "why: >\n  text", "? [a]\n: b", "'': x"),
    ]
)


@given(st.lists(LINES, max_size=12, unique_by=lambda line: line.partition(":")[0]), st.booleans())
def test_any_document_is_a_rule_or_problems_with_places(lines: list[str], headed: bool) -> None:
    text = (HEAD + "events: purchase\n" if headed else "") + "\n".join(lines)
    try:
        load_text(text, context=Context())
    except Problems as error:
        for problem in error.problems:
            assert problem.code.startswith("COI-R")
            assert problem.where is not None
            assert problem.where.column is not None
            assert "pydantic" not in str(problem)
