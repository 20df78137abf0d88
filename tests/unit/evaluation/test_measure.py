"""Figures of lists are what their words say, with equals and with what is missing."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.measure import average_precision, interval, precision_at

LISTS = st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.0, 3.0, math.nan]), st.booleans()), min_size=1, max_size=12)


def _columns(rows: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([value for value, _ in rows]), np.array([right for _, right in rows])


@given(LISTS)
def test_average_precision_is_the_mean_precision_at_each_right_one(rows: list[tuple[float, bool]]) -> None:
    values, right = _columns(rows)
    if not right.any():
        assert math.isnan(average_precision(values, right))
        return
    known = [-1.0 if math.isnan(value) else value for value in values.tolist()]
    total = Fraction(0)
    for level in sorted(set(known), reverse=True):
        listed = [hit for value, hit in zip(known, right.tolist(), strict=True) if value >= level]
        new = sum(hit for value, hit in zip(known, right.tolist(), strict=True) if value == level)
        total += Fraction(sum(listed), len(listed)) * new
    assert average_precision(values, right) == pytest.approx(float(total / int(right.sum())))


@given(LISTS, st.integers(1, 15), st.randoms(use_true_random=False))
def test_precision_does_not_depend_on_the_order_of_equals(
    rows: list[tuple[float, bool]], many: int, random: object
) -> None:
    values, right = _columns(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert precision_at(*_columns(shuffled), many) == pytest.approx(precision_at(values, right, many))
    assert 0 <= precision_at(values, right, many) <= 1


def test_precision_at_a_border_of_equals_is_their_mean() -> None:
    values, right = np.array([3.0, 2.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False, True])
    assert precision_at(values, right, 1) == 1
    assert precision_at(values, right, 2) == pytest.approx((1 + 1 / 3) / 2)
    assert precision_at(values, right, 4) == pytest.approx(2 / 4)
    assert precision_at(values, right, 50) == pytest.approx(3 / 5)


def test_an_interval_of_one_seed_is_not_known() -> None:
    mean, low, high = interval([0.5])
    assert mean == 0.5
    assert math.isnan(low)
    assert math.isnan(high)
    mean, low, high = interval([1.0, 2.0, 3.0])
    # Student's t for two degrees of freedom: 4.303.
    assert (mean, low, high) == pytest.approx((2.0, 2 - 4.303 / math.sqrt(3), 2 + 4.303 / math.sqrt(3)), abs=1e-3)
