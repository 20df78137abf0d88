"""Pairing, features and tail ranks of journeys against the judge, in any order and any partitioning."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.detect.journey import context as surroundings
from coincide.detect.journey import days as card_days
from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.ride import Rides, rides
from coincide.detect.journey.tails import own, tails
from coincide.detect.journey.taps import MISSING, Taps
from coincide.rules.feature import NAMES
from reference import journeys as judge
from reference.journeys import Tap

Array = npt.NDArray[Any]

HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
SECOND_US = 1_000_000
PLACES = 6
LINES = 3
# Stops on a line of 800 m steps; the last has no coordinates.
KILOMETRES = {(a, b): abs(a - b) * 0.8123 for a, b in product(range(PLACES - 1), repeat=2)}
PATTERNS: dict[int, list[tuple[int, ...]]] = {0: [(0, 1, 2, 3, 4, 5)], 1: [(5, 3, 1), (0, 2, 4, 0)], 2: []}


def day(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_US


STARTS = (day("2025-03-28"), day("2025-03-30"), day("2025-10-25"), day("2025-06-01"))
"""Days around both changes of the clock in Paris, and an ordinary one."""


def hops_between(line: int | None, start: int | None, end: int | None) -> int | None:
    found = [
        j - i
        for pattern in PATTERNS.get(-1 if line is None else line, [])
        for i, j in product(range(len(pattern)), repeat=2)
        if i < j and pattern[i] == start and pattern[j] == end
    ]
    return min(found) if found else None


def km_between(start: int | None, end: int | None) -> float | None:
    return None if start is None or end is None else KILOMETRES.get((start, end))


class Handmade:
    """A network of tables, as arrays."""

    def hops(self, line: Array, start: Array, end: Array) -> Array:
        table = np.full((LINES + 1, PLACES + 1, PLACES + 1), -1, dtype=np.int16)
        for one, a, b in product(range(LINES), range(PLACES), range(PLACES)):
            found = hops_between(one, a, b)
            table[one, a, b] = -1 if found is None else found
        hops: Array = table[line, start, end]
        return hops

    def km(self, start: Array, end: Array) -> Array:
        table = np.full((PLACES + 1, PLACES + 1), np.nan)
        for (a, b), km in KILOMETRES.items():
            table[a, b] = km
        between: Array = table[start, end]
        return between


def columns(taps: Sequence[Tap]) -> Taps:
    rows = [[MISSING if value is None else value for value in tap] for tap in taps]
    table = np.array(rows, dtype=np.int64).reshape(len(rows), len(Tap._fields))
    narrow = (np.int32, np.int64, np.int8, np.int16, np.int16, np.int32, np.int32, np.int8)
    return Taps(*(table[:, number].astype(kind) for number, kind in enumerate(narrow)))


def code(most: int) -> st.SearchStrategy[int | None]:
    return st.one_of(st.none(), st.integers(0, most - 1), st.integers(0, most - 1))


@st.composite
def logs(draw: st.DrawFn) -> list[Tap]:
    """Taps of few tokens, close together, with ties and copies; some over weeks."""
    start = draw(st.sampled_from(STARTS))
    gap = st.one_of(
        st.sampled_from((0, 1, 9 * SECOND_US, 10 * SECOND_US, 6 * MINUTE_US, 10 * MINUTE_US, 3 * HOUR_US)),
        st.integers(0, 15 * MINUTE_US),
        st.integers(0, 30 * HOUR_US),
    )
    taps: list[Tap] = []
    for token in range(draw(st.integers(0, 3))):
        at = start + draw(st.integers(0, 30)) * HOUR_US
        for _ in range(draw(st.integers(0, 25))):
            at += draw(gap)
            taps.append(
                Tap(
                    token,
                    at,
                    draw(st.sampled_from((0, 1, 1, 2, 3))),
                    draw(code(PLACES)),
                    draw(code(LINES)),
                    draw(code(2)),
                    draw(code(2)),
                    draw(code(2)),
                )
            )
    copies = draw(st.lists(st.sampled_from(taps), max_size=3)) if taps else []
    return draw(st.permutations(taps + copies))


@st.composite
def habits(draw: st.DrawFn) -> list[Tap]:
    """Many card-days of few rides each, so that days before and usual minutes say something."""
    start = draw(st.sampled_from(STARTS))
    taps = []
    for token in range(draw(st.integers(1, 4))):
        for number in draw(st.sets(st.integers(0, 70), min_size=1, max_size=25)):
            at = start + number * 24 * HOUR_US + draw(st.integers(0, 3)) * HOUR_US
            for _ in range(draw(st.integers(1, 3))):
                origin, to, line = draw(st.integers(0, 2)), draw(st.integers(0, 2)), draw(st.integers(0, 1))
                at += draw(st.integers(1, 9)) * MINUTE_US
                taps.append(Tap(token, at, 0, origin, line, None, None, token % 2))
                at += draw(st.integers(0, 4)) * MINUTE_US
                taps.append(Tap(token, at, 1, to, line, None, None, None))
    return taps


clocks = st.builds(
    judge.Clock,
    st.sampled_from(("Europe/Paris", "UTC", "America/New_York", "Asia/Kolkata")),
    st.sampled_from((timedelta(hours=4), timedelta(0), timedelta(hours=2, minutes=30), timedelta(hours=23))),
)


def clock_of(clock: judge.Clock) -> ServiceClock:
    return ServiceClock(clock.zone, clock.start // timedelta(microseconds=1))


DOUBLED, LONGEST = 10 * SECOND_US, 3 * HOUR_US


def paired(found: Rides) -> list[judge.Ride]:
    names = ("token", "begins_us", "ends_us", "start", "end", "line", "vehicle", "product")
    every: list[list[Any]] = [getattr(found, name).tolist() for name in names]
    rows = [[None if value == MISSING else value for value in row] for row in zip(*every, strict=True)]
    return [judge.Ride._make(row) for row in rows]


@settings(max_examples=300)
@given(logs(), clocks, st.sampled_from((0, 1, DOUBLED)), st.sampled_from((0, 6 * MINUTE_US, LONGEST)))
@example([Tap(0, day("2025-06-01"), 0, 1, 1, 1, 1, 1)], judge.Clock("UTC", timedelta(0)), DOUBLED, LONGEST)
def test_rides_and_exits_are_those_of_the_judge(
    taps: list[Tap], clock: judge.Clock, doubled: int, longest: int
) -> None:
    found = rides(columns(taps), clock_of(clock), doubled, longest)
    made, alone, dropped = judge.rides(taps, doubled, longest)
    assert paired(found) == made
    assert found.day.tolist() == [clock.day(ride.boarded) for ride in made]
    assert found.hour.tolist() == [clock.hour(ride.boarded) for ride in made]
    exits = found.unpaired
    assert list(
        zip(exits.token.tolist(), exits.at.tolist(), exits.place.tolist(), exits.day.tolist(), strict=True)
    ) == [(tap.token, tap.at, MISSING if tap.place is None else tap.place, clock.day(tap.at)) for tap in alone]
    assert found.doubled == dropped


@settings(max_examples=300)
@given(st.one_of(logs(), habits()), clocks, st.booleans())
def test_every_feature_of_every_day_is_that_of_the_judge(
    taps: list[Tap], clock: judge.Clock, with_network: bool
) -> None:
    compare(taps, clock, with_network)


def compare(taps: list[Tap], clock: judge.Clock, with_network: bool = True) -> None:
    found = card_days.days(
        rides(columns(taps), clock_of(clock), DOUBLED, LONGEST), Handmade() if with_network else None
    )
    made, alone, _ = judge.rides(taps, DOUBLED, LONGEST)
    right = judge.days(made, alone, clock, judge.Network(hops_between, km_between) if with_network else None)
    keys = list(zip(found.token.tolist(), found.day.tolist(), strict=True))
    assert keys == sorted(right)
    assert [None if code == MISSING else code for code in found.product.tolist()] == [
        right[key].product for key in keys
    ]
    assert tuple(found.features) == NAMES
    for name in NAMES:
        figures = found[name]
        assert figures.dtype == np.float32
        for key, figure in zip(keys, figures.tolist(), strict=True):
            expected = right[key].features[name]
            if expected is None:
                assert math.isnan(figure), (name, key, figure)
            elif isinstance(expected, Fraction):
                assert figure == float(np.float32(float(expected))), (name, key, figure, expected)
            else:
                assert figure == pytest.approx(expected, abs=2e-6, rel=1e-6), (name, key, figure, expected)


def test_ten_thousand_taps_on_one_day_are_as_the_judge_has_them() -> None:
    start = day("2025-06-01") + 6 * HOUR_US
    taps = [
        Tap(0, start + number * 5 * SECOND_US, (0, 0, 1)[number % 3], number % 5, number % 2, 0, number % 2, 0)
        for number in range(10_000)
    ]
    compare(taps, judge.Clock("Europe/Paris", timedelta(hours=4)))


def same(one: card_days.Days, other: card_days.Days) -> None:
    for name in ("token", "day", "product"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name in NAMES:
        assert one[name].tobytes() == other[name].tobytes(), name


def crowd(tokens: int, taps: int, seed: int) -> Taps:
    """Many tokens on a few stops, some of whose devices and exits are missing."""
    draw = np.random.default_rng(seed)

    def codes(most: int, missing: float) -> Array:
        return np.where(draw.random(taps) < missing, MISSING, draw.integers(0, most, taps)).astype(np.int32)

    at = STARTS[2] + draw.integers(0, 40 * 24 * 60, taps) * MINUTE_US
    return Taps(
        draw.integers(0, tokens, taps).astype(np.int32),
        at,
        draw.choice(4, taps, p=(0.45, 0.45, 0.05, 0.05)).astype(np.int8),
        codes(5, 0.05),
        codes(2, 0.1),
        codes(3, 0.5),
        codes(4, 0.5),
        codes(2, 0.0),
    )


CLOCK = ServiceClock("Europe/Paris", 4 * HOUR_US)


@pytest.mark.parametrize("parts", [1, 16, 160])
def test_any_partitioning_by_token_gives_the_same_days_to_the_bit(parts: int) -> None:
    taps = crowd(300, 60_000, 1)
    whole = card_days.days(rides(taps, CLOCK, DOUBLED, LONGEST), Handmade())
    split = [rides(taps.take(taps.token % parts == part), CLOCK, DOUBLED, LONGEST) for part in range(parts)]
    around = surroundings.merged([surroundings.context(part) for part in split])
    pieces = card_days.joined([card_days.days(part, Handmade(), around) for part in split])
    same(whole, pieces.take(np.lexsort((pieces.day, pieces.token))))


def test_the_order_of_rows_and_the_width_of_codes_have_no_effect() -> None:
    taps = crowd(50, 5_000, 2)
    whole = card_days.days(rides(taps, CLOCK, DOUBLED, LONGEST), Handmade())
    mixed = taps.take(np.random.default_rng(3).permutation(len(taps)))
    wide = Taps(*(getattr(mixed, field.name).astype(np.int64) for field in fields(mixed)))
    same(whole, card_days.days(rides(wide, CLOCK, DOUBLED, LONGEST), Handmade()))


def spread(days: card_days.Days, name: str) -> dict[tuple[int, int], judge.Day]:
    rows = zip(*(column.tolist() for column in (days.token, days.day, days.product, days[name])), strict=True)
    return {
        (token, on): judge.Day(code, {name: None if math.isnan(figure) else figure}) for token, on, code, figure in rows
    }


def agree(found: Array, right: Callable[[tuple[int, int]], Fraction | None], days: card_days.Days) -> None:
    for token, on, share in zip(days.token.tolist(), days.day.tolist(), found.tolist(), strict=True):
        expected = right((token, on))
        if expected is None:
            assert math.isnan(share)
        else:
            assert share == float(np.float32(float(expected)))


@pytest.mark.parametrize("name", ["trips", "quick", "trips_z", "wander"])
def test_tail_ranks_are_those_of_the_judge(name: str) -> None:
    taps = crowd(230, 4_000, 4)
    days = card_days.days(rides(taps, CLOCK, DOUBLED, LONGEST), Handmade())
    days = card_days.Days(days.token, days.day // 8, days.product, days.features).take(
        np.unique(np.stack([days.token, days.day // 8]), axis=1, return_index=True)[1]
    )
    every = spread(days, name)
    found = tails(days, name)
    agree(found, lambda key: judge.tail(every, key, name), days)
    if name == "trips":
        assert 0 < np.isnan(found).mean() < 1


@settings(max_examples=50)
@given(habits(), st.sampled_from(("trips", "quick", "trips_z", "entropy", "back")))
def test_own_tail_ranks_are_those_of_the_judge(taps: list[Tap], name: str) -> None:
    days = card_days.days(rides(columns(taps), CLOCK, DOUBLED, LONGEST))
    every = spread(days, name)
    agree(own(days, name), lambda key: judge.own_tail(every, key, name), days)
