"""Which rules changed: p-values against plain sums, and Benjamini and Hochberg's procedure as they wrote it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.odds.change import changed, p_value

P = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.02, 0.05, 1.0]), max_size=12)


def probability(number: int, expected: float, variation: float) -> float:
    """Of so many: Poisson around a Gamma, by its formula."""
    if variation == 0:
        return math.exp(number * math.log(expected) - expected - math.lgamma(number + 1))
    size = variation**-2
    told = math.lgamma(size + number) - math.lgamma(size) - math.lgamma(number + 1)
    return math.exp(told - size * math.log1p(expected / size) - number * math.log1p(size / expected))


@given(st.integers(0, 60), st.floats(0.01, 30), st.floats(0.05, 2) | st.just(0.0))
def test_a_p_value_is_twice_the_smaller_tail_summed_up(observed: int, expected: float, variation: float) -> None:
    fewer = math.fsum(probability(number, expected, variation) for number in range(observed))
    here = probability(observed, expected, variation)
    assert p_value(observed, expected, variation) == pytest.approx(
        min(1.0, 2 * min(fewer + here, 1 - fewer)), rel=1e-6, abs=1e-12
    )


@given(st.floats(0.01, 30), st.floats(0.05, 1) | st.just(0.0), st.floats(0.001, 0.999))
def test_where_nothing_changed_p_is_as_small_as_this_at_most_as_often(
    expected: float, variation: float, small: float
) -> None:
    total = math.fsum(
        probability(number, expected, variation)
        for number in range(400)
        if p_value(number, expected, variation) <= small
    )
    assert total <= small + 1e-9


@given(P, st.floats(0.01, 0.5))
def test_called_changed_are_the_k_smallest_of_the_largest_k_that_its_bar_admits(found: list[float], q: float) -> None:
    ordered = sorted(found)
    most = max((k for k in range(1, len(found) + 1) if ordered[k - 1] <= q * k / len(found)), default=0)
    told = changed(found, q)
    assert int(told.sum()) == sum(p <= ordered[most - 1] for p in found) if most else not told.any()
    assert all(told[at] == (most > 0 and p <= ordered[most - 1]) for at, p in enumerate(found))


@given(P)
def test_the_order_of_rules_does_not_matter(found: list[float]) -> None:
    assert changed(found)[::-1].tolist() == changed(found[::-1]).tolist()


def test_of_200_rules_of_which_ten_changed_few_others_are_named() -> None:
    of = np.random.default_rng(3)
    false = true = 0
    for _ in range(40):
        means = np.full(200, 1.4)
        counts = of.poisson(np.where(np.arange(200) < 10, 4 * means, means))
        told = changed([p_value(int(count), 1.4, 0.0) for count in counts])
        true, false = true + int(told[:10].sum()), false + int(told[10:].sum())
    assert false <= 0.1 * (true + false)
    assert true / 40 > 1.5


def test_where_nothing_can_come_anything_that_does_is_a_change() -> None:
    assert (p_value(0, 0.0, 0.5), p_value(1, 0.0, 0.5)) == (1.0, 0.0)


@pytest.mark.parametrize(
    "arguments",
    [(-1, 1.0, 0.1), (1, -1.0, 0.1), (1, math.nan, 0.1), (1, math.inf, 0.1), (1, 1.0, math.nan), (1, 1.0, -1)],
)
def test_what_is_no_number_is_refused(arguments: Any) -> None:
    with pytest.raises(ValueError, match="finite"):
        p_value(*arguments)


@pytest.mark.parametrize("found", [[1.1], [-0.1], [math.nan]])
def test_what_is_no_p_value_is_refused(found: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        changed(found)
