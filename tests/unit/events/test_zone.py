"""Zones as the standard library has them, for every instant that can be used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.events import zone
from coincide.events.event import EARLIEST_US, LATEST_US

ZONES = [
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Asia/Gaza",
    "America/Scoresbysund",
    "Antarctica/Troll",
    "Europe/Dublin",
]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


def local_of(us: int, name: str) -> int:
    clock = (_EPOCH + us * _US).astimezone(ZoneInfo(name))
    return (clock.replace(tzinfo=UTC) - _EPOCH) // _US


def utc_of(us: int, name: str) -> int:
    clock = (_EPOCH + us * _US).replace(tzinfo=ZoneInfo(name))
    return (clock - _EPOCH) // _US


def agree(instants: list[int], name: str) -> None:
    array = np.array(instants, dtype=np.int64)
    assert zone.local(array, name).tolist() == [local_of(us, name) for us in instants]
    assert zone.to_utc(array, name).tolist() == [utc_of(us, name) for us in instants]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(EARLIEST_US, LATEST_US), max_size=50), st.sampled_from(ZONES))
def test_any_instant_is_as_in_the_standard_library(instants: list[int], name: str) -> None:
    agree(instants, name)


@pytest.mark.parametrize("name", ZONES)
def test_instants_around_every_change_are_as_in_the_standard_library(name: str) -> None:
    offsets = zone.offsets_of(name)
    edges = {int(change) + shift for change in (*offsets.utc, *offsets.wall) for shift in (-1, 0, 1)}
    hour = 3_600_000_000
    edges |= {int(change) + shift for change in offsets.wall for shift in (-hour, -hour - 1, hour, -hour // 2)}
    agree(sorted(us for us in edges if EARLIEST_US <= us <= LATEST_US), name)


def test_no_zone_changes_twice_within_a_day() -> None:
    # The search looks at each day's two ends. The pure-Python twin of zoneinfo shows the changes themselves.
    from zoneinfo._zoneinfo import ZoneInfo as Plain  # type: ignore[import-not-found]

    for name in sorted(available_timezones() - {"localtime"}):
        changes = [second for second in Plain(name)._trans_utc if second >= -2 * 86_400]
        assert all(later - earlier > 86_400 for earlier, later in pairwise(changes)), name


def test_no_times_are_no_times() -> None:
    assert zone.to_utc(np.array([], dtype=np.int64), "Europe/Paris").tolist() == []


@given(st.integers(EARLIEST_US, LATEST_US), st.sampled_from(ZONES))
def test_the_day_of_an_instant_is_the_date_that_its_clocks_show(us: int, name: str) -> None:
    shown = (_EPOCH + us * _US).astimezone(ZoneInfo(name)).date()
    assert zone.day_of(us, name) == (shown - _EPOCH.date()).days


@given(st.integers(1, LATEST_US // 86_400_000_000 - 1), st.sampled_from(ZONES))
def test_a_day_begins_with_the_first_instant_that_is_not_of_the_day_before(day: int, name: str) -> None:
    start = zone.start_of(day, name)
    # A day that a zone leaves out (Samoa, 30 December 2011) begins where the next one does.
    assert zone.day_of(start, name) in (day, day + 1)
    assert zone.day_of(start - 1, name) < day
