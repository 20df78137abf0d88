"""How far stops are from each other: against plain loops over the patterns, and where nothing can be said."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coincide.network import reach
from coincide.network.load import load
from coincide.network.network import Network, Pattern
from handfeed import STOPS, written


def network(folder: Path) -> Network:
    return load(written(folder)).network


def codes(*values: int) -> NDArray[np.int32]:
    return np.array(values, dtype=np.int32)


def hops(net: Network, line: str, start: str, end: str) -> int:
    one = [net.line_codes(pl.Series([line])), *(net.stop_codes(pl.Series([stop])) for stop in (start, end))]
    return int(net.hops(*one)[0])


@pytest.mark.parametrize(
    ("line", "start", "end", "stops"),
    [
        ("R1", "a", "c", 2),
        ("R1", "c", "a", 1),
        ("R1", "a", "b1", 1),
        ("R1", "b1", "a", -1),
        ("R1", "a", "a", 0),
        ("R1", "a", "d", -1),
        ("R2", "a", "a", -1),
        ("R2", "b2", "d", 2),
        ("R2", "d", "b2", 1),
        ("R2", "c", "b2", 2),
        ("R9", "a", "c", -1),
        ("R1", "a", "nowhere", -1),
    ],
)
def test_hops_are_the_fewest_along_one_pattern(tmp_path: Path, line: str, start: str, end: str, stops: int) -> None:
    assert hops(network(tmp_path), line, start, end) == stops


def test_who_enters_a_station_enters_at_any_of_its_platforms(tmp_path: Path) -> None:
    net = network(tmp_path)
    assert hops(net, "R1", "a", "b") == hops(net, "R1", "a", "b2") == 1
    assert hops(net, "R2", "b", "c") == hops(net, "R2", "b1", "c") == 1
    assert hops(net, "R2", "b1", "b2") == 0


def test_codes_are_positions_and_unknown_ones_are_none(tmp_path: Path) -> None:
    net = network(tmp_path)
    assert net.stop_codes(pl.Series(["d", None, "a", "x", "a"])).tolist() == [5, -1, 0, -1, 0]
    assert net.line_codes(pl.Series(["R2", None, ""])).tolist() == [1, -1, -1]
    assert net.stop_codes(pl.Series([], dtype=pl.String)).tolist() == []
    assert net.line_codes(pl.Series([None, None])).tolist() == [-1, -1]


def test_a_great_circle_is_as_long_as_it_is(tmp_path: Path) -> None:
    net = network(tmp_path)
    # A degree is 111.195 km on a sphere of the mean radius; along a parallel the cosine of the latitude of it.
    assert net.km(codes(4), codes(5))[0] == pytest.approx(11.1195, abs=1e-3)
    assert net.km(codes(0), codes(4))[0] == pytest.approx(0.2 * 111.195 * math.cos(math.radians(48)), rel=1e-6)
    assert net.km(codes(0), codes(0))[0] == 0
    assert np.isnan(net.km(codes(0, -1, -1), codes(-1, 0, -1))).all()


def test_the_way_along_the_line_is_from_stop_to_stop(tmp_path: Path) -> None:
    net = network(tmp_path)
    two, three, six = 2, 4, 5
    assert net.km_along(codes(1), codes(3), codes(six))[0] == pytest.approx(
        net.km(codes(two), codes(three))[0] + net.km(codes(three), codes(six))[0]
    )
    assert np.isnan(net.km_along(codes(0, 0, -1), codes(0, 2, 0), codes(5, 0, 2))).all()


def test_a_stop_without_a_place_costs_only_the_ways_that_pass_it(tmp_path: Path) -> None:
    net = load(written(tmp_path, stops=STOPS.replace("48.00,2.20", ","))).network
    along = net.km_along(codes(0, 0, 1), codes(0, 0, 5), codes(2, 4, 3))
    assert np.isnan(along).tolist() == [False, True, False]
    assert hops(net, "R1", "a", "c") == 2


def test_nothing_asked_is_nothing_answered(tmp_path: Path) -> None:
    net, none = network(tmp_path), codes()
    assert net.hops(none, none, none).tolist() == []
    assert net.km(none, none).tolist() == []
    assert net.km_along(none, none, none).tolist() == []


@st.composite
def networks(draw: st.DrawFn) -> Network:
    stops = draw(st.integers(1, 7))
    lines = draw(st.integers(1, 3))
    one = st.builds(
        lambda line, served: Pattern(line, -1, tuple(served), 1),
        st.integers(0, lines - 1),
        st.lists(st.integers(0, stops - 1), min_size=1, max_size=8),
    )
    degrees = st.one_of(st.just(math.nan), st.floats(-80, 80))
    lat = np.array(draw(st.lists(degrees, min_size=stops, max_size=stops)))
    lon = np.where(
        np.isnan(lat), np.nan, np.array(draw(st.lists(st.floats(-179, 179), min_size=stops, max_size=stops)))
    )
    station = np.array(draw(st.lists(st.integers(0, stops - 1), min_size=stops, max_size=stops)), dtype=np.int32)
    names = tuple(f"s{number}" for number in range(stops))
    titles = tuple(f"l{number}" for number in range(lines))
    parent = draw(st.sampled_from([station, None]))
    return Network(names, names, lat, lon, titles, tuple(draw(st.lists(one, max_size=5))), parent=parent)


@given(networks(), st.booleans())
def test_distances_are_those_of_plain_loops(net: Network, dense: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach, "_DENSE", 1 << 25 if dense else 0)
        asked = [
            (line, start, end)
            for line in range(-1, len(net.lines))
            for start in range(-1, len(net.stops))
            for end in range(-1, len(net.stops))
        ]
        columns = [codes(*column) for column in zip(*asked, strict=True)]
        found, along = net.hops(*columns), net.km_along(*columns)
    legs = {
        (start, end): float(net.km(codes(start), codes(end))[0])
        for start in range(len(net.stops))
        for end in range(len(net.stops))
    }
    for place, (line, start, end) in enumerate(asked):
        ways: list[tuple[int, float]] = []
        for pattern in net.patterns if min(line, start, end) >= 0 else ():
            for i, here in enumerate(pattern.stops):
                for j in range(i, len(pattern.stops)):
                    same = net.station[here] == net.station[start] and net.station[pattern.stops[j]] == net.station[end]
                    if pattern.line == line and same:
                        steps = zip(pattern.stops[i:j], pattern.stops[i + 1 : j + 1], strict=True)
                        ways.append((j - i, sum(legs[step] for step in steps)))
        assert found[place] == min((stops for stops, _ in ways), default=-1)
        known = [km for _, km in ways if km == km]  # noqa: PLR0124
        if known:
            assert along[place] == pytest.approx(min(known), abs=1e-6)
        else:
            assert np.isnan(along[place])


@given(st.tuples(*(st.floats(-89, 89), st.floats(-179, 179)) * 2))
def test_great_circles_are_those_of_the_haversine(places: tuple[float, ...]) -> None:
    lat1, lon1, lat2, lon2 = map(math.radians, places)
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    lat, lon = np.array(places[::2]), np.array(places[1::2])
    net = Network(("a", "b"), ("a", "b"), lat, lon, (), ())
    expected = 2 * 6371.0088 * math.asin(math.sqrt(half))
    assert net.km(codes(0, 1), codes(1, 0)).tolist() == pytest.approx([expected] * 2, abs=1e-6, rel=1e-6)
