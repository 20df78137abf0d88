"""A source is late when it is, and not on a day on which it never had rows."""

from __future__ import annotations

from datetime import date

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coincide.watch.rhythm import Rhythm, longest, rhythm, weekday_of

MONDAY = (date(2025, 6, 2) - date(1970, 1, 1)).days


def found(days: set[int], today: int, grace: int = 1, weeks: int = 8, least: int = 14) -> Rhythm:
    return rhythm(days, today, weeks=weeks, grace=grace, least=least)


def weekly(weekdays: set[int], weeks: int, start: int = MONDAY) -> set[int]:
    """Every one of these weekdays in so many weeks."""
    return {day for day in range(start, start + 7 * weeks) if weekday_of(day) in weekdays}


@given(st.dates())
def test_weekdays_are_those_of_the_calendar(day: date) -> None:
    assert weekday_of((day - date(1970, 1, 1)).days) == day.weekday()


@given(st.lists(st.booleans()))
def test_the_longest_pause_is_the_longest_run(there: list[bool]) -> None:
    runs = "".join("x" if one else "-" for one in there).split("x")
    assert longest(there) == max(map(len, runs))


@given(st.sets(st.integers(0, 6), min_size=1), st.integers(4, 12), st.integers(0, 3))
def test_a_steady_source_is_never_late_while_it_goes_on(weekdays: set[int], weeks: int, grace: int) -> None:
    days = weekly(weekdays, weeks)
    for today in range(max(min(days) + 14, min(days) + 1), max(days) + 2):
        seen = {day for day in days if day <= today}
        assert not found(seen, today, grace).late


@given(st.sets(st.integers(0, 6), min_size=1), st.integers(4, 12), st.integers(0, 3))
def test_a_steady_source_that_stops_is_late_when_its_next_day_and_the_grace_are_over(
    weekdays: set[int], weeks: int, grace: int
) -> None:
    days = weekly(weekdays, weeks)
    due = min(day for day in range(max(days) + 1, max(days) + 8) if weekday_of(day) in weekdays)
    assert not found(days, due + grace, grace).late
    assert found(days, due + grace + 1, grace).late
    assert found(days, due + grace + 1, grace).weekdays == weekdays


@settings(deadline=None, max_examples=50)
@given(st.sets(st.integers(0, 80), min_size=1), st.integers(0, 5), st.integers(4, 10))
def test_any_source_that_stops_is_found_and_stays_found(offsets: set[int], grace: int, weeks: int) -> None:
    days = {MONDAY + offset for offset in offsets}
    late = [found(days, max(days) + gap, grace, weeks).late for gap in range(1, 160)]
    assert late[-1]
    assert late == sorted(late), "a silence that goes on is never taken back"


@settings(deadline=None, max_examples=50)
@given(st.sets(st.integers(0, 55), min_size=1), st.integers(0, 4))
def test_a_pause_as_long_as_one_before_is_not_late(offsets: set[int], grace: int) -> None:
    days = {MONDAY + offset for offset in offsets}
    assume(max(days) - min(days) >= 14)
    now = found(days, max(days) + 1, grace)
    gap = next(gap for gap in range(1, 400) if found(days, max(days) + gap, grace).late)
    last = found(days, max(days) + gap, grace)
    assert last.missed == now.allowed + 1 > now.pause
    assert last.allowed == now.allowed == (3 * now.pause + 1) // 2


def test_one_sunday_in_eight_makes_no_sunday_shop() -> None:
    days = weekly({0, 1, 2, 3, 4, 5}, 8) | {MONDAY + 6}
    assert 6 not in found(days, max(days) + 1).weekdays
    # Saturday was the last; on Tuesday only Sunday and, within the grace, Monday are gone.
    assert not found(days, max(days) + 3).late
    assert found(days, max(days) + 4).late


def test_every_second_sunday_is_expected() -> None:
    days = weekly({0, 1, 2, 3, 4, 5}, 8) | {MONDAY + 6 + 14 * week for week in range(4)}
    seen = found(days, max(days) + 1)
    assert seen.weekdays == frozenset(range(7))
    assert seen.pause == 1
    assert seen.allowed == 2


def test_a_source_of_rare_days_is_judged_by_its_longest_pause() -> None:
    days = {MONDAY, MONDAY + 9, MONDAY + 12, MONDAY + 29}
    seen = found(days, max(days) + 1)
    assert seen.weekdays == frozenset(range(7))
    assert (seen.pause, seen.allowed) == (16, 24)


def test_what_is_older_than_the_weeks_that_are_looked_at_does_not_count() -> None:
    days = weekly(set(range(7)), 8) | {MONDAY - 40}
    assert found(days, max(days) + 1).pause == 0


def test_a_single_day_of_history_is_no_rhythm_but_not_silent_for_ever() -> None:
    seen = found({MONDAY}, MONDAY + 1)
    assert (seen.judged, seen.late) == (False, False)
    assert not found({MONDAY}, MONDAY + 16).late
    assert found({MONDAY}, MONDAY + 17).late


def test_thirteen_days_are_too_few_and_fourteen_are_enough() -> None:
    assert not found(set(range(MONDAY, MONDAY + 13)), MONDAY + 13).judged
    assert found(set(range(MONDAY, MONDAY + 14)), MONDAY + 14).judged
