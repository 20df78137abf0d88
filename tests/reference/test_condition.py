"""The kinds of rule and what proves them, in worlds small enough to check by eye."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reference.judge import judge
from reference.small import COLUMNS, DAY, HOUR, alerts, ids, row, rule, shop
from reference.world import Alert, Bad, Row

BOTH = {"a": None, "b": None}


def test_observations_a_window_less_a_microsecond_apart_combine() -> None:
    (alert,) = alerts([row("1", 0, "A"), row("2", DAY - 1, "B")], rule("combination", 2, BOTH))
    assert ids(alert.evidence) == ["1", "2"]


def test_observations_exactly_a_window_apart_do_not_combine() -> None:
    assert alerts([row("1", 0, "A"), row("2", DAY, "B")], rule("combination", 2, BOTH)) == []


def test_simultaneous_observations_are_ordered_by_id() -> None:
    (alert,) = alerts([row("2", 0, "A"), row("10", 0, "B")], rule("combination", 2, BOTH))
    assert ids((alert.started_by,)) == ["2"]
    assert ids(alert.evidence) == ["10", "2"]


def test_a_kit_covers_several_components_at_once() -> None:
    (alert,) = alerts([row("1", 0, "KIT")], rule("combination", 2, BOTH))
    assert ids(alert.evidence) == ["1"]
    assert alert.counted == 1


def test_combination_evidence_is_the_latest_of_each_component() -> None:
    rows = [row("1", 0, "A"), row("2", 1, "A"), row("3", 2, "Z"), row("4", 3, "B"), row("5", 4, "A")]
    (alert,) = alerts([*rows], rule("combination", 2, BOTH))
    assert ids(alert.evidence) == ["2", "4"]
    assert ids(alert.latest_evidence) == ["4", "5"]
    assert (alert.hits, alert.counted) == (2, 3)


def test_minimum_total_takes_the_latest_until_it_is_reached() -> None:
    rows = [row(str(n), n, "A", quantity="1") for n in range(1, 4)]
    (alert,) = alerts([*rows, row("9", 9, "B")], rule("combination", 2, {"a": "2", "b": None}))
    assert ids(alert.evidence) == ["2", "3", "9"]


def test_minimum_total_counts_returns_and_skips_missing_numbers() -> None:
    rows = [row("1", 1, "A", quantity="2"), row("2", 2, "A", quantity="-1"), row("3", 3, "A")]
    assert alerts([*rows], rule("combination", 1, {"a": "1.5"}))[0].hits == 1
    (alert,) = alerts([row("1", 1, "A", quantity="2"), row("2", 2, "A")], rule("combination", 1, {"a": "2"}))
    assert ids(alert.latest_evidence) == ["1", "2"]


def test_velocity_lists_the_n_latest() -> None:
    (alert,) = alerts([row(str(n), n) for n in range(5)], rule("velocity", 3, None))
    assert ids(alert.evidence) == ["0", "1", "2"]
    assert ids(alert.latest_evidence) == ["2", "3", "4"]
    assert (alert.hits, alert.counted) == (3, 3)


def test_distinct_velocity_lists_the_latest_of_each_latest_value() -> None:
    places = ["p1", "p2", "p1", None, "p1", "p3"]
    rows = [row(str(n), n, place=place) for n, place in enumerate(places)]
    (alert,) = alerts([*rows], rule("velocity", 2, "place"))
    assert ids(alert.evidence) == ["0", "1"]
    assert ids(alert.latest_evidence) == ["4", "5"]
    assert (alert.hits, alert.counted) == (5, 2)


def test_components_narrow_a_velocity() -> None:
    rows = [row("1", 0, "A"), row("2", 1, "Z"), row("3", 2, "B")]
    assert alerts([*rows], rule("velocity", 3, None, components=["a", "b"])) == []
    assert len(alerts([*rows], rule("velocity", 2, None, components=["a", "b"]))) == 1


def test_threshold_is_exact_and_strict_unless_it_includes_its_limit() -> None:
    rows = [row(str(n), n, quantity="0.1") for n in range(3)]
    assert alerts([*rows], rule("threshold", "quantity", "0.3", False, None)) == []
    (alert,) = alerts([*rows], rule("threshold", "quantity", "0.3", True, None))
    assert ids(alert.evidence) == ["0", "1", "2"]


def test_threshold_lists_at_most_a_thousand_and_counts_all() -> None:
    rows = [row(f"{n:04}", n, quantity="1") for n in range(1003)]
    (alert,) = alerts([*rows], rule("threshold", "quantity", "1002", False, None))
    assert (len(alert.evidence), alert.counted) == (1000, 1003)
    assert ids(alert.evidence)[0] == "0003"


def test_sums_of_content_take_one_unit_only() -> None:
    rows = [row("1", 0, quantity="2", content="0.5", unit="kg"), row("2", 1, quantity="9", content="9", unit="l")]
    (alert,) = alerts([*rows], rule("threshold", "quantity * content", "1", True, "kg"))
    assert alert.counted == 1


def test_sequence_wants_its_order() -> None:
    asked = rule("sequence", ["a", "b", "c"], None)
    assert alerts([row("1", 0, "B"), row("2", 1, "A"), row("3", 2, "C")], asked) == []
    (alert,) = alerts([row("1", 0, "A"), row("2", 1, "B"), row("3", 2, "A"), row("4", 3, "C")], asked)
    assert ids(alert.evidence) == ["1", "2", "4"]


def test_one_observation_serves_one_step() -> None:
    asked = rule("sequence", ["a", "b"], None)
    assert alerts([row("1", 0, "KIT")], asked) == []
    assert len(alerts([row("1", 0, "KIT"), row("2", 0, "KIT")], asked)) == 1


def test_a_gap_of_exactly_its_length_is_allowed() -> None:
    asked = rule("sequence", ["a", "b"], HOUR)
    assert len(alerts([row("1", 0, "A"), row("2", HOUR, "B")], asked)) == 1
    assert alerts([row("1", 0, "A"), row("2", HOUR + 1, "B")], asked) == []


def test_sequence_steps_over_the_latest_candidate_where_it_leads_nowhere() -> None:
    # The `b` of 3 h is the latest before the `c`, but no `a` lies at most 2 h before it; one does before the other `b`.
    rows = [row("1", 0, "A"), row("2", HOUR, "B"), row("3", 3 * HOUR, "B"), row("4", 3 * HOUR, "C")]
    (alert,) = alerts([*rows], rule("sequence", ["a", "b", "c"], 2 * HOUR))
    assert ids(alert.evidence) == ["1", "2", "4"]


def test_sequence_stays_inside_the_window() -> None:
    asked = rule("sequence", ["a", "b"], None)
    assert alerts([row("1", 0, "A"), row("2", DAY, "B")], asked) == []


# A ratio of refunds to purchases, where a letter is one event: "R" a refund, "P" a purchase.


def _ratio(events: str, more_than: str, at_least: int, **settings: Any) -> list[Alert]:
    rows: list[Row | Bad] = [
        row(str(n), n, kind="refund" if letter == "R" else "purchase", account="x") for n, letter in enumerate(events)
    ]
    asked = rule("ratio", "refund", "purchase", more_than, at_least, events=["purchase", "refund"], **settings)
    made = shop(rows, asked)
    source = replace(made.sources["shop"], kind=None, columns={**COLUMNS, "kind": "kind"})
    return judge(replace(made, sources={"shop": source})).verdict.alerts


def test_a_ratio_must_be_passed() -> None:
    assert _ratio("PPR", "0.5", 2) == []
    (alert,) = _ratio("PPRR", "0.5", 2)
    assert ids((alert.started_by,)) == ["3"]
    assert (ids(alert.evidence), alert.counted) == (["0", "1", "2", "3"], 4)


def test_a_ratio_of_too_few_is_none() -> None:
    assert _ratio("PRRR", "0.5", 2) == []


def test_a_purchase_may_make_them_enough_and_so_be_the_hit_and_another_may_end_it() -> None:
    (alert,) = _ratio("PRRPPPP", "0.5", 2)
    assert (ids((alert.started_by,)), ids((alert.ended_by,)), alert.hits) == (["3"], ["4"], 2)
    # Of the purchases, as many as there must be are listed, the latest; all are counted.
    assert ids(alert.evidence) == ["0", "1", "2", "3"]
    assert ids(alert.latest_evidence) == ["1", "2", "3", "4"]
    assert alert.counted == 4


def test_unless_keeps_a_ratio_from_purchases() -> None:
    silent = ("compare", "=", ("field", "kind"), ("text", "purchase"))
    assert _ratio("PRRP", "0.5", 2, unless=silent) == []
    (alert,) = _ratio("PRRPR", "0.5", 2, unless=silent)
    assert ids((alert.started_by,)) == ["4"]


def test_a_ratio_of_nothing_needs_one_event() -> None:
    assert _ratio("PPP", "0", 1) == []
    assert len(_ratio("PR", "0", 1)) == 1
