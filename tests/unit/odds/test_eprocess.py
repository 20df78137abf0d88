"""The e-process: a martingale by summing up, its mixture by slow integrals, its bounds, and simulated years."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.odds.eprocess import ALPHA, evidence, interval, watched

OBSERVED = st.integers(0, 200)
EXPECTED = st.floats(0.001, 200)
VARIATION = st.sampled_from([0.0, 0.05, 0.12, 0.3, 0.7, 1.2])


def told(observed: int, expected: float, variation: float) -> float:
    return float(evidence(np.array([observed]), np.array([expected]), variation)[0])


def log_integral(shape: float, observed: int, expected: float) -> float:
    """ln of the integral of Gamma(level; shape, shape) * level^O * exp(-level E), by Simpson's rule."""
    constant = shape * math.log(shape) - math.lgamma(shape)
    # The integrand in x = ln(level) has one top at ln((shape + O) / (shape + E)).
    top = math.log((shape + observed) / (shape + expected))
    wide = 12 / math.sqrt(shape + observed)
    low, high, steps = top - wide - 25 / (shape + observed), top + wide, 6_000

    def log_value(x: float) -> float:
        return constant + (shape + observed) * x - (shape + expected) * math.exp(x)

    width, peak = (high - low) / steps, log_value(top)
    total = sum(
        (1 if at in (0, steps) else 4 if at % 2 else 2) * math.exp(log_value(low + at * width) - peak)
        for at in range(steps + 1)
    )
    return peak + math.log(total * width / 3)


@given(st.integers(0, 50), st.floats(0.01, 50), st.sampled_from([0.0, 0.12, 0.3, 1.0]))
@settings(max_examples=25)
def test_evidence_is_the_ratio_of_two_slow_integrals(observed: int, expected: float, variation: float) -> None:
    usual = -expected if variation == 0 else log_integral(variation**-2, observed, expected)
    assert told(observed, expected, variation) == pytest.approx(
        log_integral(0.5, observed, expected) - usual, rel=1e-5, abs=1e-5
    )


def test_without_variation_it_is_the_formula_of_the_notes() -> None:
    observed, expected = 7, 2.5
    a = b = 0.5
    formula = (
        a * math.log(b)
        - math.lgamma(a)
        + math.lgamma(a + observed)
        - (a + observed) * math.log(b + expected)
        + expected
    )
    assert told(observed, expected, 0.0) == pytest.approx(formula)


def chance(number: int, observed: int, expected: float, more: float, variation: float) -> float:
    """Of so many more where so many more are expected, after what was seen, if nothing is special."""
    if variation == 0:
        return math.exp(number * math.log(more) - more - math.lgamma(number + 1))
    size, rate = variation**-2 + observed, variation**-2 + expected
    logs = math.lgamma(size + number) - math.lgamma(size) - math.lgamma(number + 1)
    return math.exp(logs + size * math.log(rate / (rate + more)) + number * math.log(more / (rate + more)))


@given(st.integers(0, 30), st.floats(0.001, 30), st.floats(0.001, 5), VARIATION)
@settings(max_examples=60)
def test_whatever_was_seen_the_mean_of_m_after_the_next_days_is_what_it_is(
    observed: int, expected: float, more: float, variation: float
) -> None:
    before = told(observed, expected, variation)
    numbers = np.arange(1_500)
    after = evidence(observed + numbers, np.full(len(numbers), expected + more), variation)
    chances = [chance(int(number), observed, expected, more, variation) for number in numbers]
    assert math.fsum(chances) == pytest.approx(1, abs=1e-6)
    mean = math.fsum(p * math.exp(min(700.0, log - before)) for p, log in zip(chances, after, strict=True) if p > 0)
    assert mean == pytest.approx(1, abs=1e-5)


def test_at_the_beginning_nothing_is_told() -> None:
    assert told(0, 0.0, 0.3) == pytest.approx(0)
    path = watched(np.array([], np.int64), np.array([]), 0.1)
    assert (len(path.evidence), path.alarm) == (0, None)


@given(OBSERVED, EXPECTED, st.floats(math.sqrt(2), 1e3))
def test_whoever_expects_anything_is_never_surprised(observed: int, expected: float, variation: float) -> None:
    assert told(observed, expected, variation) == pytest.approx(0, abs=1e-6)


@given(OBSERVED, EXPECTED)
def test_a_tiny_variation_is_none(observed: int, expected: float) -> None:
    assert told(observed, expected, 1.01e-4) == pytest.approx(told(observed, expected, 0.0), rel=1e-3, abs=1e-2)


@given(st.integers(0, 10**9), st.floats(1e-9, 1e9), VARIATION)
def test_huge_numbers_give_finite_evidence_and_bounds(observed: int, expected: float, variation: float) -> None:
    assert math.isfinite(told(observed, expected, variation))
    low, high = interval(observed, expected)
    assert 0 <= low < high < math.inf


@given(OBSERVED, EXPECTED, st.sampled_from([0.01, 0.05, 0.2]))
def test_the_bounds_hold_exactly_the_levels_that_the_evidence_has_not_refuted(
    observed: int, expected: float, alpha: float
) -> None:
    low, high = interval(observed, expected, alpha)
    assert low <= observed / expected <= high
    wide = log_wide(observed, expected)
    for end, inside, outside in ((low, 1.001, 0.999), (high, 0.999, 1.001)):
        if end == 0:
            continue
        assert wide - log_likelihood(end * inside, observed, expected) < -math.log(alpha) + 1e-9
        assert wide - log_likelihood(end * outside, observed, expected) > -math.log(alpha) - 1e-9


def log_wide(observed: int, expected: float) -> float:
    return told(observed, expected, 0.0) - expected


def log_likelihood(level: float, observed: int, expected: float) -> float:
    return observed * math.log(level) - level * expected


@given(st.integers(0, 200), EXPECTED)
def test_the_bounds_are_wider_than_those_for_one_look(observed: int, expected: float) -> None:
    from coincide.odds.interval import shrunk

    low, high = interval(observed, expected)
    once = shrunk(observed, expected)
    assert high > once.high * 0.9 if expected > 5 else high > 0
    assert low <= max(once.low, 0) * 1.1 or expected < 5


@given(
    st.lists(st.tuples(st.integers(0, 20), st.floats(0, 5)), min_size=1, max_size=40),
    st.sampled_from([0.0, 0.1, 0.5]),
)
def test_a_path_is_its_sums_and_the_alarm_the_first_day_over_the_bar(
    days: list[tuple[int, float]], variation: float
) -> None:
    counts, means = np.array([one for one, _ in days]), np.array([mean for _, mean in days])
    path = watched(counts, means, variation)
    sums = [(sum(counts[: at + 1]), math.fsum(means[: at + 1])) for at in range(len(days))]
    assert path.observed.tolist() == [observed for observed, _ in sums]
    assert path.expected == pytest.approx([expected for _, expected in sums])
    alone = [told(int(observed), expected, variation) for observed, expected in sums]
    assert path.evidence == pytest.approx(alone, rel=1e-9, abs=1e-9)
    over = [at for at, log in enumerate(path.evidence) if log >= math.log(1 / ALPHA)]
    assert path.alarm == (over[0] if over else None)


def test_days_do_not_matter_only_sums_do() -> None:
    once = watched(np.array([6]), np.array([3.0]), 0.2)
    spread = watched(np.array([1, 0, 5]), np.array([1.0, 1.5, 0.5]), 0.2)
    assert once.evidence[-1] == pytest.approx(spread.evidence[-1])


@pytest.mark.parametrize("variation", [0.0, 0.12, 0.3])
@pytest.mark.parametrize("rate", [0.02, 0.2, 2.0])
def test_where_nothing_is_special_at_most_one_year_in_twenty_has_an_alarm(rate: float, variation: float) -> None:
    of, rules = np.random.default_rng(11), 1_500
    own = np.ones(rules) if variation == 0 else of.gamma(variation**-2, variation**2, rules)
    counts = of.poisson((own * rate)[:, None], (rules, 365)).cumsum(1)
    over = evidence(counts, np.broadcast_to(rate * np.arange(1, 366), counts.shape), variation) >= math.log(20)
    alarms = int(over.any(1).sum())
    # The bar is 5 %; three standard errors of so many rules are allowed for.
    assert alarms / rules <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / rules)
    assert alarms > 0


def test_a_rule_that_tripled_is_found() -> None:
    of, rules = np.random.default_rng(12), 300
    counts = of.poisson(0.6, (rules, 365)).cumsum(1)
    means = np.broadcast_to(0.2 * np.arange(1, 366), counts.shape)
    over = evidence(counts, means, 0.12) >= math.log(20)
    assert over.any(1).mean() > 0.98
    assert np.median(over.argmax(1)) < 30


def test_an_expectation_that_is_too_low_cries_wolf_so_it_must_be_calibrated() -> None:
    of, rules = np.random.default_rng(13), 300
    counts = of.poisson(2.0, (rules, 365)).cumsum(1)
    low = np.broadcast_to(2.0 / 1.3 * np.arange(1, 366), counts.shape)
    assert (evidence(counts, low, 0.0) >= math.log(20)).any(1).mean() > 0.95
    assert (evidence(counts, 1.3 * low, 0.0) >= math.log(20)).any(1).mean() < 0.06


def test_the_bounds_hold_the_true_level_on_every_day_in_nineteen_rules_of_twenty() -> None:
    of, rules, true = np.random.default_rng(14), 2_000, 1.7
    counts = of.poisson(true * 0.3, (rules, 365)).cumsum(1)
    means = 0.3 * np.arange(1, 366)
    wide = evidence(counts, np.broadcast_to(means, counts.shape), 0.0) - means
    missed = wide - (counts * math.log(true) - true * means) >= math.log(20)
    assert missed.any(1).mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / rules)


@pytest.mark.parametrize("number", [-1.0, math.nan, math.inf])
def test_what_is_no_number_is_refused(number: float) -> None:
    for counts, means in (([number], [1.0]), ([1.0], [number])):
        with pytest.raises(ValueError, match="finite"):
            evidence(np.array(counts), np.array(means), 0.1)
    with pytest.raises(ValueError, match="no coefficient"):
        evidence(np.array([1]), np.array([1.0]), -abs(number))
    for observed, expected in ((1, number), (number, 1.0), (1, 0.0)):
        with pytest.raises(ValueError, match="no level"):
            interval(observed, expected)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, math.nan])
def test_what_is_no_share_of_false_alarms_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="false alarms"):
        interval(1, 1.0, alpha)
    with pytest.raises(ValueError, match="false alarms"):
        watched(np.array([1]), np.array([1.0]), 0.1, alpha=alpha)


def test_as_many_days_are_observed_as_expected() -> None:
    with pytest.raises(ValueError, match="2 days were observed and 1 expected"):
        watched(np.array([1, 2]), np.array([1.0]), 0.1)


def test_clumps_count_as_one_on_both_sides() -> None:
    plain = watched(np.array([2, 0, 4]), np.array([1.0, 1.0, 1.0]), 0.2)
    thrice = watched(np.array([6, 0, 12]), np.array([3.0, 3.0, 3.0]), 0.2, clumping=3.0)
    assert thrice.evidence == pytest.approx(plain.evidence)
    assert thrice.observed.tolist() == [6, 6, 18]
    with pytest.raises(ValueError, match="count as one"):
        watched(np.array([1]), np.array([1.0]), 0.2, clumping=0.5)


def test_alerts_in_clumps_give_no_more_alarms_if_each_clump_counts_as_one() -> None:
    of, rules = np.random.default_rng(15), 1_000
    counts = (3 * of.poisson(0.3, (rules, 365))).cumsum(1)
    means = np.broadcast_to(0.9 * np.arange(1, 366), counts.shape)
    assert (evidence(counts, means, 0.0) >= math.log(20)).any(1).mean() > 0.2
    assert (evidence(counts / 3, means / 3, 0.0) >= math.log(20)).any(1).mean() < 0.06
