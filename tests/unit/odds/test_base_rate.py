"""Alerts read for each true one: against people counted one by one, and at the ends."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.odds.base_rate import ONE_IN, base_rate, table


@given(st.integers(1, 50), st.integers(0, 10), st.integers(1, 10))
def test_it_is_what_counting_a_town_gives(one_in: int, innocent: int, found: int) -> None:
    # A town of which one in `one_in` is what the rule looks for; tenths of both are matched.
    town = 10 * one_in
    guilty = [person for person in range(town) if person % one_in == 0]
    true = Fraction(len(guilty) * found, 10)
    false = Fraction((town - len(guilty)) * innocent, 10)
    told = base_rate(one_in, innocent / 10, found / 10)
    assert told.alerts_per_true == pytest.approx(float((true + false) / true))
    assert told.why_not is None


def test_where_no_innocent_matches_every_alert_is_a_true_one() -> None:
    assert {row.alerts_per_true for row in table(0.0)} == {1.0}


def test_where_everybody_matches_as_many_alerts_are_read_as_there_are_people() -> None:
    assert [row.alerts_per_true for row in table(1.0, 1.0)] == pytest.approx(list(ONE_IN))


def test_the_table_goes_from_a_thousand_to_a_million_and_gets_worse() -> None:
    rows = table(0.01)
    assert [row.one_in for row in rows] == [1_000, 10_000, 100_000, 1_000_000]
    figures = [row.alerts_per_true for row in rows]
    assert figures == sorted(figures, key=lambda figure: figure or 0)
    assert figures[0] == pytest.approx(12.1)
    assert rows[0].document == {"prevalence": 0.001, "one_in": 1_000, "recall": 0.9, "alerts_per_true": figures[0]}


def test_a_rule_that_finds_nobody_has_no_figure_but_a_sentence() -> None:
    told = base_rate(1_000, 0.1, 0.0)
    assert told.alerts_per_true is None
    assert told.document["alerts_per_true"] == {"why_not": "with a recall of 0 no alert is a true one"}


@pytest.mark.parametrize("number", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_share_is_refused(number: float) -> None:
    for shares in ((number, 0.5), (0.5, number)):
        with pytest.raises(ValueError, match="no share"):
            base_rate(1_000, *shares)


def test_more_than_everybody_is_no_prevalence() -> None:
    with pytest.raises(ValueError, match="no prevalence"):
        base_rate(0, 0.5)
