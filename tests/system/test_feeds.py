"""Feeds that cities publish are read whole: Cairns (buses) and a part of New York's subway."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from coincide.network.load import Counts, load
from system.feeds import fetched

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def feeds() -> Path:
    return fetched()


def test_cairns_is_read_whole(feeds: Path) -> None:
    loaded = load(feeds / "cairns_gtfs.zip")
    assert loaded.counts == Counts(416, 22, 1_339, 37_790, 22_784, 22, 47)
    assert loaded.findings == ()
    assert sum(pattern.trips for pattern in loaded.network.patterns) == 1_339
    assert all(pattern.shape is not None for pattern in loaded.network.patterns)


def test_lines_of_cairns_may_go_by_their_numbers(feeds: Path) -> None:
    network = load(feeds / "cairns_gtfs.zip", "route_short_name").network
    assert {"110", "110N"} < set(network.lines)


def test_new_yorks_subway_is_read_whole_and_goes_by_stations(feeds: Path) -> None:
    loaded = load(feeds / "nyc_subway_gtfs.zip")
    assert (loaded.counts.stops, loaded.counts.routes, loaded.counts.trips) == (273, 2, 1_990)
    assert loaded.counts.stop_times == 86_150
    network = loaded.network
    # From Van Cortlandt Park-242 St to 238 St, from either platform, as the map on the wall has it.
    stops = network.stop_codes(pl.Series(["101", "101N", "101S", "103"]))
    line = network.line_codes(pl.Series(["1"] * 3))
    assert network.hops(line, stops[:3], stops[[3, 3, 3]]).tolist() == [1, 1, 1]
    assert network.km(stops[:1], stops[3:])[0] == pytest.approx(0.6, abs=0.1)


@pytest.mark.parametrize("name", ["cairns_gtfs.zip", "nyc_subway_gtfs.zip"])
def test_ways_are_never_shorter_than_the_great_circle_and_grow_by_stops(feeds: Path, name: str) -> None:
    network = load(feeds / name).network
    for pattern in network.patterns:
        stops = np.array(pattern.stops, dtype=np.int32)
        line = np.full(len(stops), pattern.line, dtype=np.int32)
        start = np.full(len(stops), stops[0], dtype=np.int32)
        hops, along = network.hops(line, start, stops), network.km_along(line, start, stops)
        assert (hops >= 0).all()
        assert (hops <= np.arange(len(stops))).all()
        assert (along >= network.km(start, stops) - 1e-9).all()
