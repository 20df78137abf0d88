"""Calibration: what it learns of made-up rules, and whether the range it gives holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from coincide.odds.calibration import Calibration, calibration


def made_up(factor: float, variation: float, rules: int, deals: int, seed: int) -> tuple[np.ndarray, ...]:
    """Harmless rules of one sort: what each matches, and what so many deals of it give: mean and variance of that."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(15, 30, rules)
    level = rng.gamma(variation**-2, variation**2, rules) if variation else np.ones(rules)
    dealt = rng.poisson(truth, (deals, rules))
    return rng.poisson(factor * truth * level), dealt.mean(axis=0), dealt.var(axis=0, ddof=1) / deals


@pytest.mark.parametrize(("factor", "variation"), [(1.0, 0.0), (1.25, 0.15), (0.8, 0.4), (2.0, 0.1)])
def test_factor_and_variation_are_found_again(factor: float, variation: float) -> None:
    fitted = [calibration(*made_up(factor, variation, 2000, 5, seed)) for seed in range(5)]
    assert all(one is not None for one in fitted)
    assert np.mean([one.factor for one in fitted if one]) == pytest.approx(factor, rel=0.02)
    assert np.mean([one.variation for one in fitted if one]) == pytest.approx(variation, abs=0.04)


def test_it_is_the_formula_of_the_notes_written_out() -> None:
    found, expected, variance = made_up(1.3, 0.2, 50, 5, 1)
    factor = sum(found.tolist()) / sum(expected.tolist())
    extra = square = 0.0
    for o, e, v in zip(found.tolist(), expected.tolist(), variance.tolist(), strict=True):
        extra += (o - factor * e) ** 2 - factor * e - factor**2 * v
        square += (factor * e) ** 2 - factor**2 * v
    said = calibration(found, expected, variance)
    assert said is not None
    assert said.factor == pytest.approx(factor)
    assert said.variation == pytest.approx(math.sqrt(max(extra, 0) / square))


def test_what_few_deals_leave_open_is_not_taken_for_variation() -> None:
    found, expected, variance = made_up(1.0, 0.0, 4000, 2, 2)
    with_it, without = calibration(found, expected, variance), calibration(found, expected)
    assert with_it is not None
    assert without is not None
    assert with_it.variation < 0.05
    assert without.variation > 0.12


@pytest.mark.parametrize(
    ("found", "expected"), [([0, 0], [1.0, 2.0]), ([1, 2], [0.0, 0.0]), ([], []), ([0, 0], [0.0, 0.0])]
)
def test_of_nothing_nothing_is_said(found: list[int], expected: list[float]) -> None:
    assert calibration(np.array(found, dtype=np.int64), np.array(expected, dtype=np.float64)) is None


def test_less_scatter_than_that_of_counts_is_no_variation() -> None:
    said = calibration(np.full(30, 20), np.full(30, 20.0))
    assert said == Calibration(1.0, 0.0)


@pytest.mark.parametrize("mean", [0.3, 4.0, 22.0, 300.0])
@pytest.mark.parametrize("variation", [0.0, 0.15, 0.6])
def test_the_range_is_the_shortest_that_leaves_out_a_fortieth_on_each_side(mean: float, variation: float) -> None:
    low, high = Calibration(1.2, variation).range(mean / 1.2)
    law = poisson(mean) if not variation else nbinom(variation**-2, 1 / (1 + variation**2 * mean))
    assert law.cdf(low - 1) <= 0.025 < law.cdf(low) or low == 0
    assert law.cdf(high - 1) < 0.975 <= law.cdf(high) + 1e-12


def test_the_range_of_what_is_never_expected_is_nothing() -> None:
    assert Calibration(1.2, 0.3).range(0.0) == (0, 0)


def test_the_range_holds_on_rules_that_it_was_not_learned_of() -> None:
    """A slow simulation: learned of 200 rules, tried on others of the same sort."""
    inside = []
    for seed in range(25):
        said = calibration(*made_up(1.25, 0.15, 200, 5, 100 + seed))
        assert said is not None
        found, expected, _ = made_up(1.25, 0.15, 100, 200, 200 + seed)
        for o, e in zip(found.tolist(), expected.tolist(), strict=True):
            low, high = said.range(e)
            inside.append(low <= o <= high)
    assert 0.93 < np.mean(inside) < 0.985
