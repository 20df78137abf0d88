"""What rides are made on: the lines of a GTFS feed as numbered *nodes*, a node being one stop of one line's course.

From a node one rides some nodes further; where one alights, one may board again at the same node (on), at the node
opposite (back), or at one of another line within a short walk (change). All of this is found once, as arrays, so that
a million rides are some gathers. How a feed is read, and how one is refused, is a matter of ``coincide.network``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from coincide.network.table import Feed, open_feed
from coincide.network.table import read as read_table
from coincide.simulate.city.errors import NoLines

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

KERNELS = ("short", "some", "whole", "usual")
"""Ways to choose how far to ride; ``Lines.hops`` has one table for each."""
CHOICES = 64
"""Equally likely outcomes of each choice of a table."""
_WALK_KM = 0.32
_RAIL = (0, 1, 2, 12)
_DAY_S = 24 * 3600
_SERVICE_S = 20 * 3600
_RAIL_WEIGHT = 7.0
"""How many more people begin at a stop of a rail line than at one of a bus line. Assumption."""


@dataclass(frozen=True)
class Lines:
    """Nodes, patterns, stops and lines of a network, all numbered from 0.

    By node: ``stop``, ``pattern``, ``after`` (stops that follow), ``seconds`` (from the start of the course), ``back``
    (the node opposite), ``weight`` (how many begin there), ``hops`` (kernel, node, choice: how many nodes further),
    ``changes`` (node, choice: where to board another line). By pattern: ``line``, ``direction``, ``headway`` (seconds),
    ``rail``, ``vehicles`` of its line and the number of the first.
    """

    zone: str
    stops: tuple[str, ...]
    lines: tuple[str, ...]
    stop: Ints
    pattern: Ints
    after: Ints
    seconds: Ints
    back: Ints
    weight: Floats
    hops: NDArray[np.uint8]
    changes: Ints
    near: Ints
    """By stop: the next stop of a line that serves it, for reports that name the wrong one."""
    line: Ints
    direction: Ints
    headway: Ints
    rail: NDArray[np.bool_]
    vehicles: Ints
    first_vehicle: Ints


def read(feed: Path, ride_minutes: float) -> Lines:
    """The lines of a feed (zip or folder).

    Raises ``NoLines`` if nothing in it can be ridden, and what :mod:`coincide.network.errors` has for broken feeds.
    """
    opened = open_feed(feed)
    zone = read_table(opened, "agency.txt", ("agency_timezone",))["agency_timezone"][0]
    courses = _courses(opened)
    stops = sorted({stop for course in courses["stops"].to_list() for stop in course})
    lines = sorted(set(courses["route_id"]))
    code = {stop: number for number, stop in enumerate(stops)}
    lengths = courses["stops"].list.len().to_numpy().astype(np.int32)
    begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    stop = np.array([code[one] for course in courses["stops"].to_list() for one in course], dtype=np.int32)
    pattern = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    position = np.arange(len(stop), dtype=np.int32) - begins[pattern]
    after = lengths[pattern] - 1 - position
    seconds = np.array([one for course in courses["seconds"].to_list() for one in course], dtype=np.int32)
    line = np.array([lines.index(one) for one in courses["route_id"]], dtype=np.int32)
    direction = courses["direction"].to_numpy().astype(np.int32)
    headway = np.clip(_SERVICE_S // courses["trips"].to_numpy(), 240, 3600).astype(np.int32)
    rail = courses["route_type"].is_in(_RAIL).to_numpy()
    at = _positions(read_table(opened, "stops.txt", ("stop_id", "stop_lat", "stop_lon")), stops)
    back = _back(stop, begins, line, direction, at)
    changes, busy = _changes(stop, pattern, line, after, at, back)
    served = np.where(rail[pattern], _RAIL_WEIGHT, 1.0) / np.maximum(headway[pattern] / 600, 0.5)
    vehicles, first = _vehicles(line, headway, seconds[begins[1:] - 1], len(lines))
    nearest = np.arange(len(stops), dtype=np.int32)
    inner = np.flatnonzero(after > 0)
    nearest[stop[inner]] = stop[inner + 1]
    return Lines(
        zone, tuple(stops), tuple(lines), stop, pattern, after.astype(np.int32), seconds, back,
        np.where(after >= 2, served * np.sqrt(after), 0.0), _hops(seconds, after, busy, ride_minutes), changes, nearest,
        line, direction, headway, rail, vehicles, first,
    )  # fmt: skip


def _courses(feed: Feed) -> pl.DataFrame:
    """The distinct courses of each line and direction that run often enough, with the seconds from their start."""
    clock = pl.col("arrival_time").str.split(":").list
    times = (
        read_table(feed, "stop_times.txt", ("trip_id", "stop_id", "stop_sequence", "arrival_time"))
        .drop_nulls()
        .with_columns(
            order=pl.col("stop_sequence").cast(pl.Int64),
            at=sum(clock.get(place).cast(pl.Int64) * seconds for place, seconds in enumerate((3600, 60, 1))),
        )
        .sort("trip_id", "order")
        .group_by("trip_id", maintain_order=True)
        .agg(stops="stop_id", seconds=pl.col("at") - pl.col("at").first())
    )  # fmt: skip
    trips = read_table(feed, "trips.txt", ("trip_id", "route_id"), ("direction_id",))
    routes = read_table(feed, "routes.txt", ("route_id", "route_type")).select("route_id", "route_type")
    courses = (
        times.join(trips, on="trip_id")
        .join(routes, on="route_id")
        .with_columns(
            pl.col("route_type").cast(pl.Int64), direction=pl.col("direction_id").fill_null("0").cast(pl.Int64)
        )
        .filter(pl.col("stops").list.len() >= 4)
        .with_columns(course=pl.col("stops").list.join("\n"))
        .group_by("route_id", "direction", "course")
        .agg(
            pl.col("stops").first(), pl.col("route_type").first(), pl.len().alias("trips"),
            # The run of the trip whose length is in the middle stands for all of the course.
            pl.col("seconds").sort_by(pl.col("seconds").list.last(), "trip_id").get(pl.len() // 2),
        )
        .filter(pl.col("trips") * 8 >= pl.col("trips").max().over("route_id", "direction"))
        .sort("route_id", "direction", "trips", "course", descending=[False, False, True, False])
    )  # fmt: skip
    if not len(courses):
        raise NoLines(feed.shown)
    return courses


def _positions(table: pl.DataFrame, stops: list[str]) -> Floats:
    """East and north in km by stop; a stop without coordinates lies far from all others, where nobody changes."""
    known = {
        stop: (float(lat), float(lon))
        for stop, lat, lon in table.select("stop_id", "stop_lat", "stop_lon").iter_rows()
        if lat and lon
    }
    lost = np.array([(1e6 + 10 * n, 0.0) for n in range(len(stops))])
    if not known:
        return lost
    middle = np.cos(np.radians(np.mean([lat for lat, _ in known.values()])))
    at = np.array([known.get(stop, (np.nan, np.nan)) for stop in stops]) * 111.32
    placed = np.stack([at[:, 1] * middle, at[:, 0]], axis=1)
    return np.where(np.isnan(placed), lost, placed)


def _back(stop: Ints, begins: Ints, line: Ints, direction: Ints, at: Floats) -> Ints:
    """By node: the nearest one of the line's other direction from which one can ride; of its own course if none."""
    back = np.empty(len(stop), dtype=np.int32)
    for one in range(len(line)):
        opposite = np.flatnonzero((line == line[one]) & (direction != direction[one]))
        other = int(opposite[0]) if len(opposite) else one
        nodes = np.arange(begins[other], begins[other + 1] - 1)
        mine = np.arange(begins[one], begins[one + 1])
        apart = np.hypot(*(at[stop[mine]][:, None] - at[stop[nodes]][None]).transpose(2, 0, 1))
        back[mine] = nodes[np.argmin(apart, axis=1)]
    return back


def _changes(stop: Ints, pattern: Ints, line: Ints, after: Ints, at: Floats, back: Ints) -> tuple[Ints, Floats]:
    """By node: ``CHOICES`` nodes of other lines within a walk, and how many nodes one can board there."""
    boarding = np.flatnonzero(after >= 1)
    by_stop: list[list[int]] = [[] for _ in range(len(at))]
    for node in boarding.tolist():
        by_stop[stop[node]].append(node)
    near = cKDTree(at).query_ball_point(at, _WALK_KM)
    here = [np.array(sorted(node for other in others for node in by_stop[other]), dtype=np.int32) for others in near]
    line_of = line[pattern]
    changes = np.empty((len(stop), CHOICES), dtype=np.int32)
    spread = np.arange(CHOICES)
    for node in range(len(stop)):
        there = here[stop[node]]
        others = there[line_of[there] != line_of[node]]
        one_of = others if len(others) else np.array([back[node]], dtype=np.int32)
        changes[node] = one_of[spread * len(one_of) // CHOICES]
    return changes, np.array([max(1, len(here[one])) for one in stop], dtype=np.float64)


def _hops(seconds: Ints, after: Ints, busy: Floats, ride_minutes: float) -> NDArray[np.uint8]:
    """By kernel, node and choice: how many nodes further one rides; 0 at the end of a course."""
    tables = np.zeros((len(KERNELS), len(seconds), CHOICES), dtype=np.uint8)
    pick = (np.arange(CHOICES) + 0.5) / CHOICES
    for node in np.flatnonzero(after > 0).tolist():
        far = min(int(after[node]), 255)
        ahead = np.arange(1, far + 1)
        minutes = np.maximum(seconds[node + 1 : node + 1 + far] - seconds[node], 30) / 60
        usual = minutes / ride_minutes
        weights = (
            np.where(ahead <= 3, 1.0, 0.0),
            np.exp(-(((ahead - 5) / 2.2) ** 2)),
            np.where(ahead >= max(1, 0.7 * far), 1.0, 0.0),
            # Rides of about the asked length, to busy stops rather than to others.
            usual**2.4 * np.exp(-1.8 * usual) * busy[node + 1 : node + 1 + far] ** 0.6,
        )
        for kernel, weight in enumerate(weights):
            until = np.cumsum(weight)
            tables[kernel, node] = 1 + np.minimum(np.searchsorted(until / until[-1], pick), far - 1)
    return tables


def _vehicles(line: Ints, headway: Ints, run_s: Ints, lines: int) -> tuple[Ints, Ints]:
    """By pattern: how many vehicles its line needs, and the number of the first of them."""
    needed = np.zeros(lines, dtype=np.int64)
    np.maximum.at(needed, line, 2 + 2 * run_s.astype(np.int64) // headway)
    first = np.concatenate([[0], np.cumsum(needed)])[:-1]
    return needed[line].astype(np.int32), first[line].astype(np.int32)
