"""Observed over expected, and shares: against slow integrals, a table of known cases, and what can be no number."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from coincide.odds.interval import ENOUGH, expectation, share, shrunk

EXPECTED = st.floats(0, 1e6)
OBSERVED = st.integers(0, 10**6)


def integral(log_density: Any, low: float, high: float, steps: int = 20_000) -> float:
    """Simpson's rule in plain Python."""
    width = (high - low) / steps
    weights = (1 if at in (0, steps) else 4 if at % 2 else 2 for at in range(steps + 1))
    return sum(weight * math.exp(log_density(low + at * width)) for at, weight in enumerate(weights)) * width / 3


@pytest.mark.parametrize(
    ("observed", "expected", "ratio", "low", "high", "information", "information_low"),
    [
        (13, 12.0, 1.08, 0.58, 1.73, 0.11, -0.78),
        (13, 2.5, 4.50, 2.43, 7.20, 2.17, 1.28),
        (24, 20.3, 1.18, 0.76, 1.69, 0.24, -0.40),
        (1, 0.004, 3.0, 0.2, 9.3, 1.57, -2.22),
    ],
)
def test_the_table_of_the_notes(
    observed: int,
    expected: float,
    ratio: float,
    low: float,
    high: float,
    information: float,
    information_low: float,
) -> None:
    told = shrunk(observed, expected)
    digits = 1 if observed == 1 else 2
    assert (round(told.low, digits), round(told.high, digits)) == (low, high)
    if observed < ENOUGH or expected < ENOUGH:
        assert told.ratio is told.information is told.information_low is None
        assert math.log2(told.low) == pytest.approx(information_low, abs=0.006)
        assert (observed + 0.5) / (expected + 0.5) == pytest.approx(ratio, abs=0.03)
    else:
        assert told.ratio is not None and told.information is not None and told.information_low is not None
        assert round(told.ratio, 2) == ratio
        assert (round(told.information, 2), round(told.information_low, 2)) == (information, information_low)


@pytest.mark.parametrize(
    ("observed", "expected", "low", "high"),
    [(13, 12.0, 0.58, 1.85), (13, 2.5, 2.77, 8.89), (24, 20.3, 0.76, 1.76), (1, 0.004, 6.3, 1393)],
)
def test_the_exact_poisson_interval_of_garwood_is_that_of_the_notes_and_ours_shrinks_it(
    observed: int, expected: float, low: float, high: float
) -> None:
    exact = stats.chi2.ppf(0.025, 2 * observed) / 2 / expected, stats.chi2.ppf(0.975, 2 * observed + 2) / 2 / expected
    assert list(exact) == pytest.approx([low, high], rel=0.01)
    assert shrunk(observed, expected).high < float(exact[1])


@pytest.mark.parametrize(("observed", "expected"), [(0, 0.0), (1, 0.004), (5, 5.0), (24, 20.3), (200, 3.0), (3, 90.0)])
def test_the_ends_cut_off_what_a_slow_integral_of_the_gamma_says(observed: int, expected: float) -> None:
    shape, rate = observed + 0.5, expected + 0.5
    constant = shape * math.log(rate) - math.lgamma(shape)

    def log_density(root: float) -> float:
        # In the square root of the level, where the density has no pole.
        return constant + (2 * shape - 1) * math.log(root or 1e-300) - rate * root * root + math.log(2)

    told = shrunk(observed, expected)
    assert integral(log_density, 0, math.sqrt(told.low)) == pytest.approx(0.025, rel=1e-4)
    assert integral(log_density, 0, math.sqrt(told.high)) == pytest.approx(0.975, rel=1e-6)


@given(OBSERVED, EXPECTED, st.floats(0.01, 0.999))
def test_figures_are_finite_ordered_and_without_a_ratio_exactly_below_five(
    observed: int, expected: float, level: float
) -> None:
    told = shrunk(observed, expected, level)
    assert 0 <= told.low < told.high < math.inf
    few = observed < 5 or expected < 5
    assert (told.ratio is None) == (told.why_not is not None) == few
    assert ("why_not" in told.document) == few == ("ratio" not in told.document)
    if told.why_not is not None:
        assert ("observed" in told.why_not, "expected" in told.why_not) == (observed < 5, expected < 5)
    if told.ratio is not None:
        assert told.ratio == pytest.approx((observed + 0.5) / (expected + 0.5))
        assert all(math.isfinite(figure) for figure in told.document.values())
        assert told.information == pytest.approx(math.log2(told.ratio))


@given(OBSERVED, EXPECTED)
def test_one_more_observed_moves_both_ends_up(observed: int, expected: float) -> None:
    less, more = shrunk(observed, expected), shrunk(observed + 1, expected)
    assert less.low < more.low
    assert less.high < more.high


@given(st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=30)
def test_a_share_is_cut_as_a_slow_integral_of_the_beta_says(some: int, others: int) -> None:
    if not some + others:
        return
    first, second = some + 0.5, others + 0.5
    constant = math.lgamma(first + second) - math.lgamma(first) - math.lgamma(second)

    def log_density(angle: float) -> float:
        # In the angle whose sine squared is the share: no poles.
        sine, cosine = math.sin(angle) or 1e-300, math.cos(angle) or 1e-300
        return constant + math.log(2) + (2 * first - 1) * math.log(sine) + (2 * second - 1) * math.log(abs(cosine))

    low, high = share(some, some + others)
    cut = [integral(log_density, 0, math.asin(math.sqrt(end)), 4_000) for end in (low, high)]
    assert cut == pytest.approx([0.025 if some else 0, 0.975 if others else 1], abs=1e-6)


def test_shares_of_the_notes() -> None:
    assert [round(100 * end, 1) for end in share(3, 40)] == [2.2, 18.7]
    assert [round(100 * end, 1) for end in share(0, 20)] == [0, 11.7]


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_the_interval_of_a_share_holds_the_share_and_mirrors(some: int, more: int) -> None:
    of = some + more
    low, high = share(some, of)
    assert 0 <= low <= some / of <= high <= 1
    assert list(share(of - some, of)) == pytest.approx([1 - high, 1 - low], abs=1e-9)


@pytest.mark.parametrize("number", [-1, -1e-9, math.nan, math.inf])
def test_what_cannot_be_expected_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="no expectation"):
        shrunk(3, number)
    with pytest.raises(ValueError, match="no expectation"):
        expectation(number)


@pytest.mark.parametrize("number", [-1, 1.5, math.nan, math.inf])
def test_what_is_no_count_is_refused(number: Any) -> None:
    with pytest.raises(ValueError, match="no count"):
        shrunk(number, 3.0)


@pytest.mark.parametrize(("some", "of"), [(0, 0), (3, 2), (-1, 5)])
def test_what_is_no_share_is_refused(some: int, of: int) -> None:
    with pytest.raises(ValueError, match=r"no (share|count)"):
        share(some, of)


@pytest.mark.parametrize("level", [0, 1, -1, math.nan])
def test_what_is_no_level_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="no level"):
        shrunk(1, 1.0, level)
