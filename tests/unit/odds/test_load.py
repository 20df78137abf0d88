"""Alerts a day beside a capacity: sentences for people, and no division by nothing."""

from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.odds.load import Load

counts = st.integers(0, 10**9)


@given(counts, counts, st.integers(0, 50), st.floats(0, 5000), st.one_of(st.none(), st.integers(0, 10**6)))
def test_a_figure_is_a_finite_number_or_a_sentence(
    alerts: int, others: int, rules: int, days: float, capacity: int | None
) -> None:
    told = Load(alerts, others, rules, days, capacity).document
    for key in ("alerts_per_day", "others_per_day", "share"):
        figure = told[key]
        assert (isinstance(figure, dict) and figure["why_not"]) or isfinite(figure)
    if days >= 1:
        assert told["alerts_per_day"] * days == pytest.approx(alerts)
        assert told["others_per_day"] * days == pytest.approx(others)
        if capacity:
            assert told["share"] == pytest.approx((alerts + others) / days / capacity)
    assert "nan" not in told["says"]
    assert "inf" not in told["says"].replace("information", "")


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (
            Load(30, 432, 4, 360, 20),
            "One alert in 12 days of this rule, and 1.2 alerts a day of the 4 other rules: "
            "6 % of the 20 a day that the analysts can read.",
        ),
        (Load(360, 0, 0, 360, 1), "1 alert a day of this rule: 100 % of the 1 a day that the analysts can read."),
        (
            Load(7_200, 360, 1, 360, 20),
            "20 alerts a day of this rule, and 1 alert a day of the other rule: "
            "more than the 20 a day that the analysts can read.",
        ),
        (
            Load(1, 0, 0, 360, 20),
            "One alert in 360 days of this rule: less than 1 % of the 20 a day that the analysts can read.",
        ),
        (Load(4_980, 0, 0, 360), "14 alerts a day of this rule: no capacity is stated."),
        (Load(0, 0, 2, 360), "No alert of this rule, and no alert of the 2 other rules: no capacity is stated."),
        (
            Load(720, 0, 0, 360, 0),
            "2 alerts a day of this rule: the capacity is zero: nobody is there to read an alert.",
        ),
        (Load(0, 0, 0, 360, 0), "No alert of this rule: none to read, and a capacity of zero."),
        (Load(3, 0, 0, 0.5, 20), "How many alerts a day that is cannot be said: the log is shorter than a day."),
    ],
)
def test_the_load_is_told_in_words(load: Load, says: str) -> None:
    assert load.says == says


def test_a_capacity_of_zero_has_no_share_but_a_reason() -> None:
    assert Load(1, 1, 1, 10, 0).document["share"] == {
        "why_not": "the capacity is zero: nobody is there to read an alert"
    }
    assert Load(1, 1, 1, 10).document["share"] == {"why_not": "no capacity is stated"}
    assert Load(1, 1, 1, 1.0, 5).document["share"] == 0.4
    assert Load(1, 1, 1, 0.99, 5).document["share"] == {"why_not": "the log is shorter than a day"}


@pytest.mark.parametrize("capacity", [-1, float("nan")])
def test_a_capacity_below_zero_is_none(capacity: float) -> None:
    with pytest.raises(ValueError, match="from 0"):
        Load(1, 1, 1, 10, capacity)
