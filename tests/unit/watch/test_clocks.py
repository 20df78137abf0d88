"""A clock that is off is found from riders who change; when a vehicle runs is no reason to doubt its clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincide.watch.clocks import Clocks, clocks

UNITS, RIDERS, DAYS = 48, 1_500, 14
PEAKS, EVENING, MIDDAY = range(24, 32), range(32, 37), range(37, 42)
MINUTE_US = 60_000_000


def city(
    seed: int, off: dict[int, int] | None = None
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Commuters with working days of their own; a third of all trips has a change. Vehicles run at their hours only.

    ``off``: minutes by which the clock of a vehicle is ahead.
    """
    draw = np.random.default_rng(seed)
    rider = np.repeat(np.arange(RIDERS), DAYS)
    day = np.tile(np.arange(DAYS), RIDERS)
    morning = draw.normal(7.9, 0.7, RIDERS)[rider] + draw.normal(0, 0.15, len(rider))
    evening = morning + draw.normal(8.5, 1, RIDERS)[rider] + draw.normal(0, 0.3, len(rider))
    other = draw.uniform(6, 23, len(rider))
    goes = draw.random(len(rider)) < 0.6
    trips = [
        np.column_stack([rider, day, hour])[chosen]
        for hour, chosen in ((morning, goes), (evening, goes), (other, draw.random(len(rider)) < 0.2))
    ]
    first = np.concatenate(trips)
    changes = first[draw.random(len(first)) < 0.33]
    changes[:, 2] += draw.gamma(3, 6, len(changes)) / 60 + 0.1
    taps = np.concatenate([first, changes])
    unit = np.zeros(len(taps), dtype=np.int64)
    hour = np.minimum(taps[:, 2].astype(np.int64), 26)
    for one in range(27):
        there = np.flatnonzero(hour == one)
        unit[there] = draw.choice(_running(one), len(there))
    ahead = np.array([(off or {}).get(one, 0) for one in range(UNITS)])
    minutes = (taps[:, 1] * 24 + taps[:, 2]) * 60 + ahead[unit]
    return taps[:, 0].astype(np.uint64), (minutes * MINUTE_US).astype(np.int64), unit


def _running(hour: int) -> list[int]:
    asleep = set() if hour in (6, 7, 8, 16, 17, 18) else set(PEAKS)
    asleep |= set() if hour >= 18 else set(EVENING)
    asleep |= set() if 10 <= hour < 15 else set(MIDDAY)
    return [unit for unit in range(UNITS) if unit not in asleep]


def called(found: Clocks) -> dict[int, int]:
    """Minutes by vehicle; 0 where it is not clear how many."""
    return {one.unit: one.minutes or 0 for one in found.off}


@pytest.mark.parametrize("seed", range(4))
def test_no_honest_vehicle_is_called_off_whatever_hours_it_runs(seed: int) -> None:
    found = clocks(*city(seed))
    assert called(found) == {}
    assert found.judged > UNITS * 0.9


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("unit", "minutes"), [(3, 180), (24, 180), (3, -180), (3, 60), (3, -45), (3, 600)])
def test_a_clock_that_is_off_is_found_and_no_other(seed: int, unit: int, minutes: int) -> None:
    found = called(clocks(*city(seed, {unit: minutes})))
    assert found.keys() == {unit}
    assert abs(found[unit] - minutes) <= 10


def test_several_clocks_that_are_off_do_not_hide_each_other() -> None:
    off = {1: 180, 5: -90, 9: 240, 25: 180}
    found = called(clocks(*city(9, off)))
    assert found.keys() == off.keys()
    assert all(abs(found[unit] - minutes) <= 10 for unit, minutes in off.items())


def test_a_clock_that_is_off_by_a_few_minutes_is_let_be() -> None:
    assert called(clocks(*city(2, {3: 10}))) == {}


@pytest.mark.parametrize("days", [0, 400, -400])
def test_when_it_was_and_in_which_order_taps_come_means_nothing(days: int) -> None:
    token, at, unit = city(1, {3: 180})
    mixed = np.random.default_rng(0).permutation(len(at))
    moved = at + days * 1_440 * MINUTE_US
    assert clocks(token[mixed], moved[mixed], unit[mixed]) == clocks(token, at, unit)


def test_vehicles_with_few_riders_who_change_are_counted_and_not_judged() -> None:
    token, at, unit = city(1, {3: 180})
    few = slice(0, 60)
    found = clocks(token[few], at[few], unit[few])
    assert (found.off, found.judged) == ((), 0)
    assert found.unjudged == unit[few].max() + 1


def test_without_taps_or_known_vehicles_nothing_is_judged() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert clocks(none.astype(np.uint64), none, none) == Clocks((), 0, 0)
    token, at, unit = city(1)
    assert clocks(token, at, np.full_like(unit, -1)) == Clocks((), 0, 0)


taps = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**12), st.integers(-1, 4)), max_size=60)


@given(taps)
def test_whatever_the_taps_a_few_of_them_accuse_nobody(given_: list[tuple[int, int, int]]) -> None:
    columns = np.array(given_, dtype=np.int64).reshape(-1, 3)
    found = clocks(columns[:, 0].astype(np.uint64), columns[:, 1], columns[:, 2])
    assert found.judged + found.unjudged == columns[:, 2].max(initial=-1) + 1
