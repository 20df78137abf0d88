"""The time-space diagram: time runs one way, every tap is on it, and a stop lies where its line has it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from citydays import BEGINS, BLUE, CITY, CLOCK, MINUTE, NUMBER, RED, busy, day, ride
from coincide.detect.journey.clock import ServiceClock
from coincide.journeys.city import City
from coincide.journeys.day import DAY, HOUR, Clock, Ride
from coincide.journeys.diagram import bands, diagram, legs

STOPS = st.sampled_from([*RED, "b0", "b1", "b3", "elsewhere", None])
LINES = st.sampled_from(["red", "blue", "unknown", None])


@st.composite
def days(draw: st.DrawFn) -> list[Ride]:
    """Rides one after the other, as pairing makes them: none begins before the one before it has ended."""
    rides, at = [], BEGINS
    for _ in range(draw(st.integers(1, 12))):
        at += draw(st.integers(0, 90)) * MINUTE
        begins = at
        ended = draw(st.booleans())
        at += draw(st.integers(0, 60)) * MINUTE if ended else 0
        end = draw(STOPS) if ended else None
        rides.append(Ride(begins, at if ended else None, draw(STOPS), end, draw(LINES)))
    return rides


@given(days(), st.sampled_from([CITY, City()]))
def test_time_runs_one_way_along_the_pieces_of_a_day(rides: list[Ride], city: City) -> None:
    shown = day(rides, city)
    made, points = legs(shown, bands(rides, city))
    before = 0.0
    for leg in made:
        assert before <= leg.begins <= leg.ends
        before = leg.ends
    assert all(leg.begins == leg.ends for leg in made if leg.kind == "change")
    assert all(leg.start == leg.end for leg in made if leg.kind == "wait")
    rode = [leg for leg in made if leg.kind == "ride"]
    assert [round(leg.begins) for leg in rode] == [
        (one.begins_us - BEGINS) // MINUTE for one in rides if one.ends_us is not None
    ]
    assert len(points) == sum(one.ends_us is None for one in rides)


@given(days(), st.sampled_from([CITY, City()]))
def test_every_stop_of_the_day_has_a_place_of_its_own_in_the_band_of_its_line(rides: list[Ride], city: City) -> None:
    drawn = bands(rides, city)
    places = [band.first + place for band in drawn for place in range(len(band.stops))]
    assert places == sorted(set(places))
    for one in rides:
        band = next(band for band in drawn if band.line == one.line)
        assert band.stops[band.at(one.start) - band.first] == one.start
        if one.ends_us is not None:
            assert band.stops[band.at(one.end) - band.first] == one.end
    assert len({band.line for band in drawn}) == len(drawn)


def test_stops_stand_in_the_order_of_the_way_cut_to_the_stretch_that_was_travelled() -> None:
    drawn = bands([ride(0, 5, "red", "r5", "r2"), ride(9, 5, "blue", "r2", "b0")], CITY)
    assert [band.stops for band in drawn] == [RED[2:6], BLUE[:3]]
    assert drawn[1].first == drawn[0].first + len(drawn[0].stops) + 1


def test_a_stop_that_the_way_does_not_know_comes_behind_it() -> None:
    (band,) = bands([ride(0, 5, "red", "r0", "r1"), ride(9, 5, "red", "far", "r1")], CITY)
    assert band.stops == ("r0", "r1", "far")


def test_without_an_exit_there_is_no_wait_and_the_next_ride_begins_anew() -> None:
    shown = day([ride(0, None, "red", "r0"), ride(30, 5, "red", "r1", "r2"), ride(50, 5, "red", "r2", "r1")])
    made, points = legs(shown, bands(shown.rides, CITY))
    assert [leg.kind for leg in made] == ["ride", "wait", "ride"]
    assert [(point.at, point.stop) for point in points] == [(0.0, 0)]


def test_the_chart_says_in_words_what_it_shows() -> None:
    says = diagram("d", day(busy())).says
    assert says.startswith("14 rides on 2 lines,")
    assert "1 without an exit are points." in says
    assert "10 in the colour of evidence." in says


def test_hours_are_named_by_what_clocks_showed_and_an_hour_that_came_twice_is_named_twice() -> None:
    # 2025-10-26 in Paris: at 3 clocks go back to 2. The service day of the 25th has 25 hours.
    clock = Clock("Europe/Paris", 4 * HOUR)
    number = 20_386
    begins = clock.begins(number)
    assert clock.begins(number + 1) - begins == 25 * HOUR
    assert [clock.shown(begins + hour * HOUR) for hour in (21, 22, 23)] == ["01:00:00", "02:00:00", "02:00:00"]
    assert {clock.day(begins), clock.day(begins + 25 * HOUR - 1)} == {number}
    assert clock.day(begins + 25 * HOUR) == number + 1


def test_the_day_of_these_tests_begins_at_four_in_paris() -> None:
    assert CLOCK.shown(BEGINS) == "04:00:00"
    assert CLOCK.wall(BEGINS) == NUMBER * DAY + 4 * HOUR
    assert day(busy()).date == "2025-03-13"


@given(
    st.integers(0, 2_000_000_000), st.sampled_from(["Europe/Paris", "America/Los_Angeles", "Pacific/Chatham", "UTC"])
)
def test_the_clock_of_a_page_is_that_of_the_journeys(second: int, zone: str) -> None:
    at = second * 1_000_000
    clock = Clock(zone, 4 * HOUR)
    day, hour = ServiceClock(zone, 4 * HOUR).day_and_hour(np.array([at]))
    assert clock.day(at) == day[0]
    assert clock.shown(at)[:2] == f"{hour[0]:02}"
    assert clock.begins(clock.day(at)) <= at < clock.begins(clock.day(at) + 1)
