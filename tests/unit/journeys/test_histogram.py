"""Histograms: nothing is lost, no bin is of fewer than ten, and a value stands in the bin that counts it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.journeys.few import FEWEST, hidden
from coincide.journeys.histogram import histogram, steps

NUMBERS = st.one_of(
    st.lists(st.integers(0, 60), min_size=10, max_size=300),
    st.lists(st.floats(0, 1, width=32), min_size=10, max_size=300),
    st.lists(st.floats(-5, 500, width=32), min_size=10, max_size=300),
)


@given(NUMBERS)
def test_every_value_is_counted_once_in_a_bin_of_ten_or_more(values: list[float]) -> None:
    made = histogram(np.array(values, dtype=np.float64))
    assert made is not None
    assert made.total == len(values)
    assert min(made.counts) >= FEWEST
    assert list(made.edges) == sorted(set(made.edges))
    assert made.edges[0] <= min(values)
    for bin_, count in enumerate(made.counts):
        low, high = made.edges[bin_], made.edges[bin_ + 1]
        assert sum(low <= value < high for value in values) == count
        assert sum(made.place(value) == bin_ + 0.5 for value in values) == count


@given(NUMBERS)
def test_the_last_bin_is_open_so_that_the_largest_value_is_not_told(values: list[float]) -> None:
    made = histogram(np.array(values, dtype=np.float64))
    assert made is not None
    assert made.edges[-1] == math.inf
    last = made.name(len(made.counts) - 1)
    assert last == "all" or last.endswith(" or more")


def test_what_is_missing_is_left_out_and_fewer_than_ten_give_none() -> None:
    values = np.array([1.0] * 10 + [math.nan] * 5)
    made = histogram(values)
    assert made is not None and made.total == 10
    assert histogram(values[1:]) is None
    with pytest.raises(ValueError, match="no place"):
        made.place(math.nan)


def test_a_long_tail_is_drawn_on_a_logarithmic_axis_and_named_in_words() -> None:
    rides = np.repeat([1, 2, 3, 4, 5, 6, 8, 12, 31], [430, 210, 90, 60, 30, 20, 12, 9, 3])
    made = histogram(rides.astype(np.float64))
    assert made is not None and made.logarithmic and made.whole
    names = [made.name(bin_) for bin_ in range(len(made.counts))]
    assert names == ["1", "2", "3", "4", "5 to 6", "7 to 9", "10 or more"]
    assert made.counts == (430, 210, 90, 60, 50, 12, 12)
    assert made.place(31) == 6.5


def test_shares_are_spread_evenly() -> None:
    made = histogram(np.linspace(0, 0.999, 1000))
    assert made is not None and not made.logarithmic
    assert made.name(0) == "below 0.05" and made.name(1) == "0.05 to below 0.1" and made.name(19) == "0.95 or more"
    assert set(made.counts) <= {50, 51, 49}


@given(st.lists(st.integers(0, 50), max_size=30))
def test_what_is_hidden_cannot_be_had_by_subtraction(cards: list[int]) -> None:
    hide = hidden(cards)
    assert all(closed for count, closed in zip(cards, hide, strict=True) if 0 < count < FEWEST)
    assert not any(closed for count, closed in zip(cards, hide, strict=True) if count == 0)
    closed = [count for count, closed in zip(cards, hide, strict=True) if closed]
    if closed and max(cards) >= FEWEST:
        assert len(closed) > 1 and max(closed) >= FEWEST
        assert len([count for count in closed if count >= FEWEST]) == 1, "no more than must be"


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 25)), max_size=150))
def test_no_step_is_of_fewer_than_ten_different_cards(rows: list[tuple[int, int]]) -> None:
    trips, cards = (np.array([row[column] for row in rows], dtype=np.int64) for column in (0, 1))
    made = steps(trips, cards)
    if made is None:
        assert len(set(cards.tolist())) < FEWEST
        return
    assert made.total == len(rows)
    for bin_, count in enumerate(made.counts):
        here = [row for row in rows if made.edges[bin_] <= row[0] < made.edges[bin_ + 1]]
        assert len(here) == count
        assert len({card for _, card in here}) >= FEWEST
