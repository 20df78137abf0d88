"""The worst four of each window, as a slow search has them, and how far they lie from windows of like size."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coincide.odds.quadruple import quadruples

TYPES = 9


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[set[int]], list[list[float]]]:
    windows = draw(st.lists(st.sets(st.integers(0, TYPES - 1)), min_size=1, max_size=8))
    # Distinct contents, so that there are no ties to break.
    values = draw(st.permutations(list(range(TYPES * (TYPES - 1) // 2))))
    content = [[0.0] * TYPES for _ in range(TYPES)]
    for value, (one, other) in zip(values, itertools.combinations(range(TYPES), 2), strict=True):
        content[one][other] = content[other][one] = 2.0 ** (value / 3) - 30
    return windows, content


def slow(window: set[int], content: list[list[float]]) -> tuple[list[int], float]:
    """The worst pair, then twice what meets those chosen least."""
    worst = min((content[one][other], one, other) for one, other in itertools.combinations(sorted(window), 2))
    four = [worst[1], worst[2]]
    while len(four) < 4:
        others = sorted(window - set(four))
        four.append(min(others, key=lambda one: sum(content[one][other] for other in four)))
    return sorted(four), -sum(content[one][other] for one, other in itertools.combinations(four, 2))


@given(tables())
def test_the_worst_four_are_those_of_a_slow_search(given_: tuple[list[set[int]], list[list[float]]]) -> None:
    windows, content = given_
    marks = [(place, one) for place, window in enumerate(windows) for one in window][::-1]
    window, type_ = (np.array([mark[side] for mark in marks], dtype=np.int64) for side in (0, 1))
    found = quadruples(window, type_, len(windows), np.array(content))
    large = [place for place, types in enumerate(windows) if len(types) >= 4]
    assert found.window.tolist() == large
    assert found.size.tolist() == [len(windows[place]) for place in large]
    for row, place in enumerate(large):
        four, oddness = slow(windows[place], content)
        assert found.types[row].tolist() == four
        assert abs(found.oddness[row] - oddness) < 1e-6
    assert np.isfinite(found.apart).all()


def test_windows_are_compared_with_those_of_like_size() -> None:
    dice = np.random.default_rng(3)
    rows = [set(dice.choice(40, size=size, replace=False).tolist()) for size in dice.integers(4, 20, 1_200).tolist()]
    content = dice.normal(0, 1, (40, 40))
    content = content + content.T
    marks = np.array([(place, one) for place, row in enumerate(rows) for one in row])
    found = quadruples(marks[:, 0], marks[:, 1], len(rows), content)
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    # 60 bands of 20 windows each.
    for start in range(0, 1_200, 20):
        band = order[start : start + 20]
        low, middle, high = statistics.quantiles([found.oddness[one] for one in band], n=4, method="inclusive")
        for one in band:
            assert abs(found.apart[one] - (found.oddness[one] - middle) / (high - low)) < 1e-9


def test_where_all_windows_are_alike_none_stands_out() -> None:
    marks = np.array([(place, one) for place in range(5) for one in range(4)])
    found = quadruples(marks[:, 0], marks[:, 1], 5, np.zeros((4, 4)))
    assert found.apart.tolist() == [0] * 5


def test_without_a_window_of_four_types_there_is_none() -> None:
    found = quadruples(np.array([0, 0, 1]), np.array([0, 1, 2]), 2, np.zeros((3, 3)))
    assert len(found.window) == len(found.apart) == 0
