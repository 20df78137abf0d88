"""The map: kilometres are kilometres, in both directions, and a ride follows its line."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citydays import CITY, busy, day, ride
from coincide.journeys.city import City, Stop, Way
from coincide.journeys.map import map_of
from coincide.journeys.plane import RADIUS, Plane

LATS, LONS = st.floats(-70, 70), st.floats(-179.9, 179.9)
NEAR = st.floats(-0.1, 0.1)


def great_circle(one: tuple[float, float], other: tuple[float, float]) -> float:
    """By the haversine, which is exact on a sphere."""
    (lat, lon), (lat2, lon2) = ([math.radians(value) for value in point] for point in (one, other))
    half = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * RADIUS * math.asin(math.sqrt(half))


@given(LATS, LONS, NEAR, NEAR)
def test_near_the_middle_distances_are_those_on_the_ground(lat: float, lon: float, north: float, east: float) -> None:
    plane = Plane((lat, lon))
    point = (lat + north, lon + east)
    x, y = plane.km(point)
    assert math.hypot(x, y) == pytest.approx(great_circle((lat, lon), point), rel=0.006, abs=1e-6)
    assert x * east >= 0 and y * north >= -1e-9


def test_a_degree_to_the_east_is_half_one_to_the_north_at_sixty_degrees() -> None:
    plane = Plane((60.0, 10.0))
    assert plane.km((61.0, 10.0)) == pytest.approx((0, math.radians(1) * RADIUS))
    assert plane.km((60.0, 11.0)) == pytest.approx((math.radians(1) * RADIUS / 2, 0))


def test_over_the_date_line_the_way_is_the_short_one() -> None:
    assert Plane((0.0, 179.9)).km((0.0, -179.9))[0] == pytest.approx(0.2 * math.radians(1) * RADIUS)


def spec(city: City = CITY) -> dict[str, Any]:
    drawn = map_of("m", day(busy(), city))
    assert drawn is not None
    return drawn.spec


def test_a_kilometre_has_as_many_pixels_to_the_east_as_to_the_north_and_north_is_up() -> None:
    made = spec()
    encoding = made["layer"][0]["encoding"]
    (west, east), (south, north) = (encoding[axis]["scale"]["domain"] for axis in ("x", "y"))
    assert west < east and south < north and "reverse" not in encoding["y"]["scale"]
    across, up = made["width"] / (east - west), made["height"] / (north - south)
    assert across == pytest.approx(up, rel=0.01)


def test_a_ride_follows_the_shape_of_its_line_and_its_stops_where_there_is_none() -> None:
    # The blue line goes by way of School; nobody draws its shape.
    drawn = map_of("m", day([ride(0, 9, "blue", "r2", "r5"), ride(20, 9, "red", "r0", "r7")]))
    assert drawn is not None
    rows = drawn.spec["layer"][1]["data"]["values"]
    blue, red = ([(row["x"], row["y"]) for row in rows if row["track"] == track] for track in (0, 1))
    plane = Plane.of([CITY.stops[stop].at or (0, 0) for stop in ("r2", "r5", "r0", "r7")])
    through = dict.fromkeys(blue)
    for stop in ("r2", "b3", "r5"):
        at = CITY.stops[stop].at
        assert at is not None
        assert any(plane.km(at) == pytest.approx(point, abs=1e-3) for point in through)
    assert len(through) == 3
    assert len(red) > 8, "the shape has a point at every eighth of the way between stops"


def test_a_stop_without_a_place_is_told_and_a_day_without_any_has_no_map() -> None:
    drawn = map_of("m", day([ride(0, 9, "blue", "b0", "b5")]))
    assert drawn is not None
    assert "1 more have no place in the feed" in drawn.says
    assert map_of("m", day([ride(0, 9, "blue", "b5", "b5")])) is None
    assert map_of("m", day(busy(), City())) is None


def test_of_lines_elsewhere_nothing_is_drawn() -> None:
    far = Way("far", ("f0", "f1"))
    stops = {**CITY.stops, "f0": Stop("f0", "F", (10.0, 10.0)), "f1": Stop("f1", "G", (10.1, 10.0))}
    with_far = spec(City(stops, (*CITY.ways, far)))
    assert with_far["layer"][0]["data"] == spec()["layer"][0]["data"]


@given(st.integers(0, 7), st.integers(0, 7))
def test_a_ride_runs_from_where_it_was_boarded_to_where_it_was_left_without_going_back(start: int, end: int) -> None:
    """The red line runs from south-west to north-east: a ride on it only ever goes one of the two ways."""
    drawn = map_of("m", day([ride(0, 9, "red", f"r{start}", f"r{end}")]))
    assert drawn is not None
    track = [(row["x"], row["y"]) for row in drawn.spec["layer"][1]["data"]["values"]]
    assert track[0] == pytest.approx(place(f"r{start}", track_of := [f"r{start}", f"r{end}"]), abs=1e-3)
    assert track[-1] == pytest.approx(place(f"r{end}", track_of), abs=1e-3)
    steps = [after[0] - before[0] for before, after in pairwise(track)]
    assert all(step * (end - start) >= -1e-3 for step in steps)


def place(stop: str, day_stops: list[str]) -> tuple[float, float]:
    """Kilometres of a stop on the map of a day with these stops."""
    at = {name: CITY.stops[name].at or (0.0, 0.0) for name in day_stops}
    return Plane.of(list(at.values())).km(at[stop])


def test_a_line_there_and_back_is_drawn_once() -> None:
    tracks = {row["track"] for row in spec()["layer"][0]["data"]["values"]}
    assert len(tracks) == 2, "red and blue"
