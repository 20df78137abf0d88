"""What card-days are made with: sorting, looking up, medians of the past, clocks and doubled taps at their edges."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.detect.journey import past
from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.days import days
from coincide.detect.journey.lookup import Lookup
from coincide.detect.journey.order import order, pack, within
from coincide.detect.journey.ride import rides
from coincide.detect.journey.tails import tails
from coincide.detect.journey.taps import ENTER, EXIT, TRANSFER, Taps
from coincide.rules.feature import FEATURES, NAMES

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
CLOCK = ServiceClock("Europe/Paris", 4 * HOUR_US)


def taps(*rows: tuple[int, int], place: int = 0, device: int = -1, vehicle: int = -1) -> Taps:
    """Taps of one token: seconds and action of each."""
    count = len(rows)
    columns: dict[str, Any] = {name: np.zeros(count, dtype=np.int64) for name in ("token", "line", "product")}
    columns["at"] = np.array([at * SECOND_US for at, _ in rows], dtype=np.int64)
    columns["action"] = np.array([action for _, action in rows], dtype=np.int8)
    for name, code in (("place", place), ("device", device), ("vehicle", vehicle)):
        columns[name] = np.full(count, code, dtype=np.int64)
    return Taps(**columns)


def instant(text: str) -> Any:
    return np.array([int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_US], dtype=np.int64)


numbers = st.lists(st.tuples(st.integers(-3, 3), st.sampled_from([0, 1, 2**40, -(2**62)])), max_size=30)


@given(numbers)
def test_rows_are_ordered_by_all_columns_and_equal_ones_stay_as_they_stand(rows: list[tuple[int, int]]) -> None:
    table = np.array(rows, dtype=np.int64).reshape(len(rows), 2)
    assert order(table[:, 0], table[:, 1]).tolist() == sorted(range(len(rows)), key=lambda row: rows[row])


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 5, 2**63 - 1, -1])), max_size=30))
def test_values_are_sorted_within_their_groups(rows: list[tuple[int, int]]) -> None:
    rows.sort(key=lambda row: row[0])
    table = np.array(rows, dtype=np.int64).reshape(len(rows), 2)
    assert within(table[:, 0], table[:, 1]).tolist() == [value for _, value in sorted(rows)]


def test_columns_that_do_not_fit_are_not_packed() -> None:
    with pytest.raises(ValueError, match="65 bits"):
        pack([np.zeros(1, dtype=np.int64)] * 2, (33, 32))


@given(st.sets(st.integers(0, 2**64 - 1)), st.lists(st.integers(0, 2**64 - 1)))
def test_a_look_up_finds_what_is_there_and_nothing_else(keys: set[int], asked: list[int]) -> None:
    chosen = sorted(keys)
    every = [*asked, *chosen]
    found = Lookup.of(np.array(chosen, dtype=np.uint64)).find(np.array(every, dtype=np.uint64))
    assert found.tolist() == [chosen.index(key) if key in keys else -1 for key in every]


def test_keys_that_want_the_same_place_are_all_found() -> None:
    # The product with the mixer has equal high bits.
    keys = np.arange(200, dtype=np.uint64) * np.uint64(pow(0x9E3779B97F4A7C15, -1, 2**64))
    assert Lookup.of(keys).find(keys).tolist() == list(range(200))


@settings(max_examples=60)
@given(st.lists(st.integers(0, 40_000), max_size=60), st.lists(st.integers(0, 28), min_size=60, max_size=60))
def test_the_median_of_the_past_is_the_lower_median(values: list[int], lengths: list[int]) -> None:
    length = np.array([min(row, lengths[row]) for row in range(len(values))], dtype=np.int64)
    middle, spread = past.median(np.array(values, dtype=np.int64), length)
    for row, count in enumerate(length.tolist()):
        if count:
            before = values[row - count : row]
            right = statistics.median_low(before)
            assert middle[row] == right
            assert spread[row] == statistics.median_low([abs(value - right) for value in before])


@pytest.mark.parametrize("start", [-1, 24 * HOUR_US])
def test_a_service_day_begins_within_a_day(start: int) -> None:
    with pytest.raises(ValueError, match="between 00:00 and 24:00"):
        ServiceClock("UTC", start)


def test_a_service_day_is_told_by_what_the_clock_shows() -> None:
    # Clocks in Paris were set forward at 01:00 UTC that day: 04:00 local was 02:00 UTC, the day before it 03:00.
    assert CLOCK.day(instant("2025-03-30T01:59:59")) == CLOCK.day(instant("2025-03-29T03:00:00"))
    assert CLOCK.day(instant("2025-03-30T02:00:00")) == CLOCK.day(instant("2025-03-29T03:00:00")) + 1
    assert CLOCK.hour(instant("2025-03-30T00:59:59")) == 1
    assert CLOCK.hour(instant("2025-03-30T01:00:00")) == 3


def test_columns_of_different_lengths_are_no_taps() -> None:
    short = np.zeros(1, dtype=np.int64)
    with pytest.raises(ValueError, match="different lengths"):
        Taps(np.zeros(2, dtype=np.int64), *[short] * 7)


@pytest.mark.parametrize(("apart", "doubled"), [(9, 1), (10, 0)])
def test_a_tap_is_a_double_less_than_the_limit_after_one_that_counts(apart: int, doubled: int) -> None:
    found = rides(taps((0, ENTER), (apart, ENTER)), CLOCK, 10 * SECOND_US, HOUR_US)
    assert (found.doubled, len(found)) == (doubled, 2 - doubled)


def test_of_a_tap_every_five_seconds_every_second_counts() -> None:
    found = rides(taps(*((5 * n, ENTER) for n in range(7))), CLOCK, 10 * SECOND_US, HOUR_US)
    assert (found.begins_us // SECOND_US).tolist() == [0, 10, 20, 30]


def test_taps_of_which_nothing_tells_the_reader_all_count() -> None:
    found = rides(taps((0, ENTER), (0, ENTER), place=-1), CLOCK, 10 * SECOND_US, HOUR_US)
    assert (found.doubled, len(found)) == (0, 2)


@pytest.mark.parametrize(("ridden", "ended"), [(3_600, True), (3_601, False)])
def test_a_ride_may_be_as_long_as_the_limit(ridden: int, ended: bool) -> None:
    found = rides(taps((0, ENTER), (ridden, EXIT)), CLOCK, 0, HOUR_US)
    assert found.ended.tolist() == [ended]
    assert len(found.unpaired) == (0 if ended else 1)


def test_a_transfer_ends_a_ride_and_begins_the_next() -> None:
    found = rides(taps((0, ENTER), (600, TRANSFER), (900, EXIT)), CLOCK, 0, HOUR_US)
    assert (found.begins_us // SECOND_US).tolist() == [0, 600]
    assert (found.ends_us // SECOND_US).tolist() == [600, 900]


def test_where_fares_are_flat_what_needs_an_alighting_is_missing_and_never_guessed() -> None:
    found = days(rides(taps((0, ENTER), (3_600, ENTER), (7_200, ENTER)), CLOCK, 0, HOUR_US))
    missing = {name for name in NAMES if np.isnan(found[name]).all()}
    assert missing == {"short_share", "wander", "quick", "back", "median_gap", "detour", "new_stops", "trips_z"}
    assert found["missing_exits"].tolist() == [1.0]
    assert found["span_hours"].tolist() == [2.0]


def test_a_tail_rank_needs_a_hundred_card_days_and_counts_equals() -> None:
    def crowd(count: int) -> Any:
        every = [taps((n // 50, ENTER)) for n in range(count)]
        columns = [np.concatenate(column) for column in zip(*(one.columns for one in every), strict=True)]
        columns[0] = np.arange(count)
        return tails(days(rides(Taps(*columns), CLOCK, 0, HOUR_US)), "trips")

    assert np.isnan(crowd(99)).all()
    assert (crowd(100) == 1.0).all()


def test_every_feature_says_what_it_is() -> None:
    assert len(set(NAMES)) == len(FEATURES) == 18
    assert all(feature.unit and len(feature.says) > 10 for feature in FEATURES)


@pytest.mark.parametrize(("gap", "quick"), [(599, 1.0), (600, 0.0)])
def test_a_re_boarding_is_quick_before_ten_minutes_are_over(gap: int, quick: float) -> None:
    found = days(rides(taps((0, ENTER), (300, EXIT), (300 + gap, ENTER)), CLOCK, 0, HOUR_US))
    assert found["quick"].tolist() == [quick]


@pytest.mark.parametrize(("cells", "crowded"), [(10, 2 / 11), (9, 0.0)])
def test_the_fullest_of_ten_cells_is_crowded_and_of_nine_none(cells: int, crowded: float) -> None:
    # A boarding in each of so many hours, and one more in the last.
    every = [(3_600 * hour, ENTER) for hour in range(8, 8 + cells)]
    found = days(rides(taps(*every, (every[-1][0] + 60, ENTER), vehicle=1), CLOCK, 0, HOUR_US))
    assert found["crowded"].tolist() == [pytest.approx(crowded)]
