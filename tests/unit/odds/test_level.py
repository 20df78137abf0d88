"""Levels: what is expected of a rule, against slow integrals; and what controls tell, against simulated controls."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.odds.calibration import calibration
from coincide.odds.level import Level, calibrated, clumps, drift, own


def spread(observed: Any, expected: Any) -> tuple[float, float]:
    told = calibration(observed, expected)
    return (0.0, 0.0) if told is None else (told.factor, told.variation)


@given(st.integers(0, 60), st.floats(0.1, 60), st.floats(0.3, 3), st.sampled_from([0.1, 0.3, 0.8]))
@settings(max_examples=25)
def test_a_level_is_the_mean_after_its_history_by_a_slow_sum_over_levels(
    observed: int, expected: float, factor: float, variation: float
) -> None:
    days, mean = 180.0, factor * expected
    shape = variation**-2
    grid = [mean * 2 ** (at / 80) for at in range(-1_200, 800)]
    # Gamma around `mean`, times Poisson of what was observed, at each level of the grid (even in its logarithm).
    logs = [shape * math.log(one / mean) - shape * one / mean + observed * math.log(one) - one for one in grid]
    top = max(logs)
    weights = [math.exp(log - top) for log in logs]
    total = math.fsum(weights)
    first = math.fsum(one * weight for one, weight in zip(grid, weights, strict=True)) / total
    second = math.fsum(one**2 * weight for one, weight in zip(grid, weights, strict=True)) / total
    told = calibrated(observed, expected, days, factor=factor, variation=variation)
    assert told.per_day * days == pytest.approx(first, rel=1e-4)
    assert told.variation == pytest.approx(math.sqrt(second / first**2 - 1), rel=1e-3)


@given(st.integers(0, 10**6), st.floats(0.01, 1e6), st.floats(0, 2))
def test_a_level_lies_between_what_is_expected_and_what_was_observed(
    observed: int, expected: float, variation: float
) -> None:
    told = calibrated(observed, expected, 1.0, factor=1.0, variation=variation)
    low, high = sorted((float(observed), expected))
    assert low * (1 - 1e-9) <= told.per_day <= high * (1 + 1e-9)
    assert 0 <= told.variation <= variation + 1e-12


def test_controls_that_are_all_alike_leave_nothing_to_learn_from_its_own_history() -> None:
    assert calibrated(1_000, 10.0, 100, factor=1.2, variation=0.0) == Level(0.12, 0.0)


def test_where_no_deal_ever_matched_its_own_history_speaks() -> None:
    assert calibrated(3, 0.0, 100, factor=1.2, variation=0.1) == own(3, 100)
    assert calibrated(3, 5.0, 100, factor=0.0, variation=0.1) == own(3, 100)


def test_its_own_history_is_jeffreys() -> None:
    assert own(0, 100) == Level(0.005, math.sqrt(2))
    assert own(24, 360) == Level(24.5 / 360, 24.5**-0.5)


def test_drift_multiplies() -> None:
    of = np.random.default_rng(1)
    both = of.gamma(0.3**-2, 0.3**2, 400_000) * of.gamma(0.4**-2, 0.4**2, 400_000)
    told = Level(2.0, 0.3).drifting(0.4)
    assert told.per_day == 2.0
    assert told.variation == pytest.approx(both.std() / both.mean(), rel=0.01)
    assert Level(2.0, 0.3).drifting(0.0).variation == pytest.approx(0.3)


@pytest.mark.parametrize(("factor", "variation"), [(1.23, 0.0), (1.23, 0.12), (0.7, 0.5)])
def test_controls_tell_their_factor_and_variation(factor: float, variation: float) -> None:
    of = np.random.default_rng(2)
    found = []
    for _ in range(60):
        expected = of.uniform(5, 40, 200)
        levels = np.ones(200) if variation == 0 else of.gamma(variation**-2, variation**2, 200)
        found.append(spread(of.poisson(factor * expected * levels), expected))
    factors, variations = zip(*found, strict=True)
    assert np.mean(factors) == pytest.approx(factor, rel=0.03)
    # With none the estimate is cut off at 0, and so above it on average.
    assert np.mean(variations) == pytest.approx(variation, rel=0.1, abs=0.06)


def test_the_spread_is_that_of_the_formula() -> None:
    observed, expected = np.array([3, 9, 0, 14]), np.array([4.0, 5.0, 1.0, 8.0])
    factor = 26 / 18
    beyond = sum((o - factor * e) ** 2 - factor * e for o, e in zip(observed, expected, strict=True))
    squares = sum((factor * e) ** 2 for e in expected)
    assert list(spread(observed, expected)) == pytest.approx([factor, math.sqrt(max(0, beyond / squares))])


@pytest.mark.parametrize("moves", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("days", [1.0, 2.5])
def test_controls_counted_twice_tell_how_far_levels_move(moves: float, days: float) -> None:
    of = np.random.default_rng(3)
    found = []
    for _ in range(60):
        levels = of.gamma(2, 10, 200)
        moved = np.ones(200) if moves == 0 else of.gamma(moves**-2, moves**2, 200)
        found.append(drift(of.poisson(levels), of.poisson(levels * moved * days), days))
    assert np.sqrt(np.mean(np.square(found))) == pytest.approx(moves, rel=0.12, abs=0.07)


def test_a_move_that_all_controls_make_counts_as_a_move() -> None:
    of = np.random.default_rng(4)
    levels = of.gamma(2, 20, 400)
    assert drift(of.poisson(levels), of.poisson(1.5 * levels)) == pytest.approx(0.5, rel=0.1)


def test_controls_that_were_never_counted_twice_tell_nothing() -> None:
    assert drift(np.array([0, 1, 1]), np.array([4, 0, 9])) == 0
    assert drift(np.array([], np.int64), np.array([], np.int64)) == 0
    assert spread(np.array([], np.int64), np.array([])) == (0.0, 0.0)
    assert spread(np.array([0, 0]), np.array([1.0, 2.0])) == (0.0, 0.0)
    assert spread(np.array([1, 0]), np.array([0.0, 0.0])) == (0.0, 0.0)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 5000).map(lambda deals: deals / 5)), max_size=30))
@example([(1, 0.2), (5, 1e3)])
def test_what_controls_tell_is_always_finite(found: list[tuple[int, float]]) -> None:
    observed, expected = np.array([o for o, _ in found], np.int64), np.array([e for _, e in found], np.float64)
    assert all(0 <= one < math.inf for one in spread(observed, expected))
    assert 0 <= drift(observed, np.round(expected).astype(np.int64)) < math.inf


@pytest.mark.parametrize("number", [-1.0, math.nan, math.inf])
def test_what_is_no_number_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="no expectation"):
        calibrated(1, number, 10, factor=1.0, variation=0.1)
    with pytest.raises(ValueError, match="no coefficient"):
        calibrated(1, 1.0, 10, factor=1.0, variation=number)
    with pytest.raises(ValueError, match="no factor"):
        calibrated(1, 1.0, 10, factor=number, variation=0.1)
    with pytest.raises(ValueError, match="no coefficient"):
        own(1, 10).drifting(number)
    with pytest.raises(ValueError, match="days"):
        drift(np.array([1]), np.array([1]), number)
    for days in (0.0, number):
        with pytest.raises(ValueError, match="tells no level"):
            own(1, days)


def test_counts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="2 controls were counted before and 1 after"):
        drift(np.array([1, 2]), np.array([1]))
    with pytest.raises(ValueError, match="below 0"):
        drift(np.array([-1]), np.array([1]))


def test_alerts_that_come_in_clumps_of_three_count_as_a_third() -> None:
    of = np.random.default_rng(6)
    assert clumps(3 * of.poisson(4, 4_000)) == pytest.approx(3, rel=0.1)
    assert clumps(of.poisson(4, 4_000)) == pytest.approx(1, abs=0.1)
    weeks = [3, 0, 9, 0, 1]
    mean = sum(weeks) / 5
    assert clumps(np.array(weeks)) == pytest.approx(sum((week - mean) ** 2 for week in weeks) / 4 / mean)


def test_never_do_they_count_as_more_than_they_are() -> None:
    for weeks in ([], [7], [0, 0, 0], [4, 4, 4]):
        assert clumps(np.array(weeks, np.int64)) == 1
    with pytest.raises(ValueError, match="below 0"):
        clumps(np.array([-1]))


@given(st.integers(0, 10**6), st.floats(1, 100))
def test_a_history_of_clumps_is_worth_as_many_observations_as_there_are_clumps(observed: int, clumping: float) -> None:
    told = own(observed, 100, clumping)
    assert told.variation == pytest.approx((observed / clumping + 0.5) ** -0.5)
    assert told.per_day * 100 == pytest.approx(observed + clumping / 2)
    shared = calibrated(observed, 20.0, 100, factor=1.0, variation=0.3, clumping=clumping)
    alone = calibrated(observed, 20.0, 100, factor=1.0, variation=0.3)
    assert shared.variation >= alone.variation - 1e-12
    assert abs(shared.per_day - 0.2) <= abs(alone.per_day - 0.2) + 1e-12


@pytest.mark.parametrize("clumping", [0.9, -1.0, math.nan, math.inf])
def test_what_is_no_clumping_is_refused(clumping: float) -> None:
    with pytest.raises(ValueError, match="count as one"):
        own(1, 10, clumping)
    with pytest.raises(ValueError, match="count as one"):
        calibrated(1, 1.0, 10, factor=1.0, variation=0.1, clumping=clumping)
