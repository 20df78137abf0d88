"""Misses below the line: exact against lists of possible samples, and how often the bounds hold."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.odds.interval import share
from coincide.odds.misses import EXACT, interval


def rising(start: Fraction, steps: int) -> Fraction:
    product = Fraction(1)
    for step in range(steps):
        product *= start + step
    return product


@given(st.integers(1, 8), st.integers(0, 12), st.data())
@settings(max_examples=40)
def test_the_ends_are_the_quantiles_of_polyas_urn_in_fractions(decided: int, left: int, data: st.DataObject) -> None:
    suspicious = data.draw(st.integers(0, decided))
    # Polya's urn: the next of the others is suspicious with (1/2 + suspicious so far) / (1 + looked at so far).
    half = Fraction(1, 2)
    first, second = half + suspicious, half + decided - suspicious
    chances = [
        math.comb(left, some) * rising(first, some) * rising(second, left - some) / rising(first + second, left)
        for some in range(left + 1)
    ]
    assert sum(chances) == 1
    low, high = interval(suspicious, decided, decided + left)
    below = [sum(chances[: some + 1]) for some in range(left + 1)]
    fewest = next(some for some in range(left + 1) if below[some] >= Fraction(25, 1000))
    most = next(some for some in range(left + 1) if below[some] >= Fraction(975, 1000))
    assert low == suspicious + (fewest if suspicious else 0)
    assert high == suspicious + (most if suspicious < decided else left)


@pytest.mark.parametrize(("in_all", "true", "size"), [(200, 0, 40), (200, 20, 40), (1_000, 30, 100), (60, 55, 30)])
def test_the_bounds_hold_the_truth_in_about_nineteen_samples_of_twenty(in_all: int, true: int, size: int) -> None:
    of = np.random.default_rng(5)
    drawn = of.hypergeometric(true, in_all - true, size, 3_000)
    held = [low <= true <= high for low, high in (interval(int(some), size, in_all) for some in drawn)]
    assert np.mean(held) > 0.92


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 5_000))
def test_the_bounds_lie_between_those_seen_and_those_left_and_hold_the_share(
    suspicious: int, benign: int, left: int
) -> None:
    decided = suspicious + benign
    if decided == 0:
        return
    low, high = interval(suspicious, decided, decided + left)
    assert suspicious <= low <= high <= suspicious + left
    assert low <= math.ceil((decided + left) * suspicious / decided)
    assert high >= math.floor((decided + left) * suspicious / decided)


@given(st.integers(0, 50), st.integers(1, 50))
def test_of_very_many_it_is_the_interval_of_a_share(suspicious: int, benign: int) -> None:
    decided, in_all = suspicious + benign, 10**15
    low, high = interval(suspicious, decided, in_all)
    assert [low / in_all, high / in_all] == pytest.approx(list(share(suspicious, decided)), rel=1e-6, abs=1e-12)


def test_both_ways_of_reckoning_meet() -> None:
    exact, quick = interval(3, 50, 50 + EXACT), interval(3, 50, 51 + EXACT)
    assert list(exact) == pytest.approx(list(quick), rel=1e-3)


@pytest.mark.parametrize("numbers", [(0, 0, 5), (3, 2, 5), (1, 6, 5), (-1, 2, 5)])
def test_what_is_no_sample_is_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"no (sample|count)"):
        interval(*numbers)
