"""The bipartite configuration model: margins kept, sums as slow loops have them, and a curveball sampler agrees."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincide.odds.bicm import Bicm, fit, tail
from curveball import draws, holding

Table = NDArray[np.bool_]
TABLES = st.integers(1, 6).flatmap(
    lambda types: st.lists(st.lists(st.booleans(), min_size=types, max_size=types), min_size=1, max_size=6)
)
CHANCES = st.lists(st.floats(0, 1), max_size=6)


def table(seed: int, windows: int, types: int) -> Table:
    """Windows of very different activity, types of very different prevalence."""
    dice = np.random.default_rng(seed)
    odds = np.outer(dice.lognormal(0, 1, windows), dice.lognormal(-1.5, 1, types))
    return np.asarray(dice.random((windows, types)) < odds / (1 + odds))


def model_of(rows: Table) -> Bicm:
    return fit(rows.sum(axis=1), rows.sum(axis=0))


@given(TABLES)
def test_of_any_table_the_margins_are_kept_as_far_as_the_fit_says(rows: list[list[bool]]) -> None:
    marks = np.array(rows)
    model = model_of(marks)
    assert np.isfinite(model.q).all()
    assert ((model.q >= 0) & (model.q <= 1)).all()
    off = 0.0
    for place, size in enumerate(model.sizes.tolist()):
        expected = sum(count * model.q[place, j] for j, count in enumerate(model.types.tolist()))
        off = max(off, abs(expected - size) / max(1, size))
    for place, spread in enumerate(model.spreads.tolist()):
        expected = sum(count * model.q[i, place] for i, count in enumerate(model.windows.tolist()))
        off = max(off, abs(expected - spread) / max(1, spread))
    assert model.error == pytest.approx(off, abs=1e-12)
    # Small tables leave the least choice, so that this is the worst there is.
    assert off < 5e-3


@pytest.mark.parametrize("seed", range(3))
def test_of_a_table_with_choice_the_margins_are_kept_closely(seed: int) -> None:
    assert model_of(table(seed, 400, 60)).error < 1e-8


def test_the_probabilities_are_odds_of_window_times_odds_of_type() -> None:
    q = model_of(table(1, 300, 40)).q[1:]  # windows of no type are apart
    odds = np.log(q / (1 - q))
    assert np.allclose(odds - odds[:1] - odds[:, :1] + odds[0, 0], 0, atol=1e-8)


def test_busier_windows_and_commoner_types_have_more_of_each_other() -> None:
    q = model_of(table(2, 300, 40)).q[1:]
    assert (np.diff(q, axis=0) > 0).all()
    assert (np.diff(q, axis=1) > 0).all()


def test_what_the_degrees_leave_no_choice_about_is_certain() -> None:
    rows = np.array([[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1]], dtype=bool)
    model = model_of(rows)
    assert model.sizes.tolist() == [0, 2, 4]
    assert model.q[0].tolist() == [0, 0]
    assert model.q[2].tolist() == [1, 1]
    # The first type is in every window that has any; what is left is one of three for each of three windows.
    assert model.of_types([4]).tolist() == [[0], [1], [1]]
    assert model.of_types([2])[1] == pytest.approx(1 / 3)
    assert model.error < 1e-9


def test_an_empty_table_expects_nothing() -> None:
    model = fit(np.zeros(3, dtype=np.int64), np.zeros(2, dtype=np.int64))
    assert model.at_least(1, [0, 0]) == 0
    assert model.error == 0
    assert fit(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)).q.size == 0


@pytest.mark.parametrize(
    ("sizes", "spreads", "says"),
    [([-1, 2], [1], "not negative"), ([1, 1], [1], "same number"), ([3], [3], "more")],
)
def test_degrees_that_no_table_has_are_refused(sizes: list[int], spreads: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fit(np.array(sizes), np.array(spreads))


def test_a_degree_that_no_type_has_is_refused() -> None:
    model = model_of(table(3, 50, 8))
    for asked in ([10_000], [-1]):
        with pytest.raises(ValueError, match="no type of the fit"):
            model.at_least(1, asked)


@given(CHANCES, st.integers(-1, 7))
def test_the_tail_is_the_sum_over_all_ways(chances: list[float], k: int) -> None:
    ways = itertools.product([0, 1], repeat=len(chances))
    slow = sum(
        math.prod(chance if on else 1 - chance for on, chance in zip(way, chances, strict=True))
        for way in ways
        if sum(way) >= k
    )
    assert tail(np.array([chances]).reshape(1, -1), k)[0] == pytest.approx(slow, abs=1e-12)


def test_windows_expected_with_k_of_a_set_are_the_sum_over_windows_one_by_one() -> None:
    rows = table(4, 120, 20)
    model = model_of(rows)
    spreads = rows.sum(axis=0)
    chosen = [1, 5, 6, 11]
    row = {size: place for place, size in enumerate(model.sizes.tolist())}
    column = {spread: place for place, spread in enumerate(model.spreads.tolist())}
    slow = 0.0
    for size in rows.sum(axis=1).tolist():
        q = [model.q[row[size], column[int(spreads[type_])]] for type_ in chosen]
        for way in itertools.product([0, 1], repeat=4):
            if sum(way) >= 2:
                slow += math.prod(one if on else 1 - one for on, one in zip(way, q, strict=True))
    assert model.at_least(2, spreads[chosen]) == pytest.approx(slow, rel=1e-10)


def test_pairs_are_the_sum_over_windows_one_by_one() -> None:
    rows = table(5, 80, 12)
    model = model_of(rows)
    spreads = rows.sum(axis=0)
    found = model.pairs(spreads)
    row = {size: place for place, size in enumerate(model.sizes.tolist())}
    column = {spread: place for place, spread in enumerate(model.spreads.tolist())}
    for one, other in itertools.product(range(12), repeat=2):
        slow = sum(
            model.q[row[size], column[int(spreads[one])]] * model.q[row[size], column[int(spreads[other])]]
            for size in rows.sum(axis=1).tolist()
        )
        assert found[one, other] == pytest.approx(slow, rel=1e-10)


def test_a_curveball_sampler_agrees() -> None:
    # Quick; `tests/bench/bicm.py` does it over a year of shopping.
    rows = table(6, 400, 60)
    spreads = rows.sum(axis=0)
    dice = random.Random(6)
    sets = [dice.sample(range(60), 4) for _ in range(400)]
    model = model_of(rows)
    entropy = [model.at_least(3, spreads[chosen]) for chosen in sets]
    sampled = [0.0] * len(sets)
    count = 20
    for one in draws([set(np.flatnonzero(row).tolist()) for row in rows], count, dice):
        assert [len(types) for types in one] == rows.sum(axis=1).tolist()
        for place, chosen in enumerate(sets):
            sampled[place] += holding(one, set(chosen), 3) / count
    assert np.corrcoef(entropy, sampled)[0, 1] > 0.97
    assert sum(entropy) == pytest.approx(sum(sampled), rel=0.05)
