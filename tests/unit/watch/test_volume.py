"""Days with too few and too many rows: a steady shop has none, a cut or doubled day is one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.watch.volume import FAR, Unusual, distance, unusual, usual

START = 20_240
WEEKS = 8
FIRST = START + WEEKS * 7 + 1
NEWEST = FIRST + 6


def judged(rows: dict[int, int], fewer: int = 50, more: int = 200) -> tuple[list[Unusual], list[Unusual]]:
    return unusual(rows, FIRST, NEWEST, weeks=WEEKS, fewer=fewer, more=more)


def steady(*levels: int) -> dict[int, int]:
    """As many rows on each day as its weekday has."""
    return {day: levels[day % len(levels)] for day in range(START, NEWEST + 1)}


@pytest.mark.parametrize("mean", [0.5, 3, 10, 40, 300, 20_000])
def test_chance_alone_gives_a_finding_in_less_than_one_week_of_a_hundred(mean: float) -> None:
    draw = np.random.default_rng(7)
    weeks = 400
    found = 0
    for _ in range(weeks):
        rows = dict(zip(range(START, NEWEST + 1), draw.poisson(mean, NEWEST + 1 - START).tolist(), strict=True))
        found += any(judged(rows))
    assert found <= weeks / 100


def test_weekdays_of_different_levels_are_compared_with_themselves() -> None:
    assert judged(steady(500, 900, 400, 0, 100, 2_000, 700)) == ([], [])


@given(st.integers(30, 100_000), st.integers(0, 5))
def test_a_steady_day_with_nothing_is_always_found(level: int, place: int) -> None:
    day = FIRST + place
    assert judged({**steady(level), day: 0}) == ([Unusual(day, 0, float(level))], [])


@given(st.integers(200, 100_000), st.integers(0, 5))
def test_half_of_the_rows_is_too_few_and_a_row_more_is_not(level: int, place: int) -> None:
    day = FIRST + place
    assert judged({**steady(level * 2), day: level})[0] == [Unusual(day, level, float(level * 2))]
    assert judged({**steady(level * 2), day: level + 1}) == ([], [])


@given(st.integers(200, 100_000), st.integers(0, 6))
def test_twice_the_rows_is_too_many_and_a_row_less_is_not(level: int, place: int) -> None:
    day = FIRST + place
    assert judged({**steady(level), day: 2 * level})[1] == [Unusual(day, 2 * level, float(level))]
    assert judged({**steady(level), day: 2 * level - 1}) == ([], [])


def test_the_newest_day_may_be_cut_short() -> None:
    assert judged({**steady(1_000), NEWEST: 1}) == ([], [])


def test_a_day_that_is_not_there_has_no_rows() -> None:
    rows = steady(1_000)
    del rows[FIRST + 2]
    assert judged(rows) == ([Unusual(FIRST + 2, 0, 1_000.0)], [])


def test_six_rows_are_too_few_to_be_missed_and_seven_are_enough() -> None:
    assert judged({**steady(6), FIRST: 0}) == ([], [])
    assert judged({**steady(7), FIRST: 0})[0] == [Unusual(FIRST, 0, 7.0)]


def test_rows_on_a_day_that_never_has_any_are_too_many() -> None:
    level = [100] * 7
    level[FIRST % 7] = 0
    assert judged({**steady(*level), FIRST: 50})[1] == [Unusual(FIRST, 50, 0.0)]


def test_a_weekday_that_always_scatters_may_scatter() -> None:
    rows = steady(1_000)
    for week, level in enumerate((200, 1_800, 400, 1_600, 300, 1_700, 500, 1_500)):
        rows[FIRST - 7 * (week + 1)] = level
    assert judged({**rows, FIRST: 450}) == ([], [])
    # Where it does not, the same is a finding.
    assert judged({**steady(1_000), FIRST: 450})[0] != []


def test_one_outlier_in_the_past_changes_nothing() -> None:
    rows = {**steady(1_000), FIRST - 7: 50_000, FIRST: 400}
    assert judged(rows)[0] == [Unusual(FIRST, 400, 1_000.0)]


@pytest.mark.parametrize("weeks", [0, 1, 2, 3])
def test_fewer_than_four_weeks_of_past_are_not_judged(weeks: int) -> None:
    rows = dict.fromkeys(range(FIRST - 7 * weeks - 1, NEWEST + 1), 1000)
    assert judged({**rows, FIRST: 0}) == ([], [])


def test_a_single_day_of_history_is_not_judged() -> None:
    assert judged({NEWEST: 5}) == ([], [])


def test_the_first_day_of_a_source_does_not_count() -> None:
    rows = dict.fromkeys(range(START, NEWEST + 1), 10)
    assert len(usual(rows, START + 56, START + 56, 8)) == 7
    assert len(usual(rows, START + 57, START + 57, 8)) == 8


def test_days_further_back_than_the_newest_are_not_their_own_past() -> None:
    assert usual(dict.fromkeys(range(0, 100), 1), 99, 86, 2) == [1, 1]


@given(st.lists(st.integers(0, 10_000), min_size=4, max_size=12), st.integers(0, 20_000))
def test_more_rows_are_never_nearer_to_too_few(past: list[int], rows: int) -> None:
    assert distance(rows, past) < distance(rows + 1, past)
    assert abs(distance(rows, past)) < 2 * (20_001**0.5)
    assert FAR > 0
