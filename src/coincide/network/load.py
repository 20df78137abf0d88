"""From the tables of a GTFS feed to a network, checked on the way.

Six tables of the GTFS Schedule Reference are read: stops, routes, trips and stop_times, which there must be, shapes
and feed_info (else agency), which there may be. What makes the network wrong is refused; what leaves a part of it
empty is a finding in words. Calendars, fares and frequencies are not read: which stops a line serves is all that taps
ask for. Times over 24:00 are as they should be on a service day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.errors import CoincideError, Problems
from coincide.network.errors import DuplicateId, EmptyTable, MissingId, NotANumber, UnknownReference
from coincide.network.network import Network, Pattern
from coincide.network.table import RECORD, Feed, open_feed, read

LineColumn = Literal["route_id", "route_short_name"]
"""Which column of routes.txt the line of a tap holds."""

_NAMED = 3
"""So many examples a finding gives."""
_DECIMAL = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_WHOLE = r"^\d{1,9}$"
_CLOCK = r"^(\d{1,3}):([0-5]\d):([0-5]\d)$"
_SHORTEST = 2
"""Stops of a trip that goes anywhere."""
_ON_DEMAND = ("location_id", "location_group_id")


MADE_OF = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt", "shapes.txt")
"""The tables that a network is made of."""


@dataclass(frozen=True)
class Counts:
    """Records of the feed, and what became of them."""

    stops: int
    routes: int
    trips: int
    stop_times: int
    shapes: int
    lines: int
    patterns: int


@dataclass(frozen=True)
class Loaded:
    """A network, what is odd about its feed in words, and who published it (``about``, empty if the feed is silent)."""

    network: Network
    findings: tuple[str, ...]
    counts: Counts
    about: str


def version(path: Path, line: LineColumn = "route_id", *, shown: str | None = None) -> str:
    """Tells whether ``load`` would find another network, without it: another version is another feed, or the same one
    written anew. Raises ``NoFeed``, ``UnreadableFeed``.
    """
    return f"{line} {open_feed(path, shown).version(MADE_OF)}"


def load(path: Path, line: LineColumn = "route_id", *, shown: str | None = None) -> Loaded:
    """The network of the feed at ``path``, a zip file or a folder; ``shown`` is how messages call it.

    ``line`` says which column of routes.txt names a line; routes of the same name are one line. Raises what is in
    :mod:`coincide.network.errors`, several as ``Problems``.
    """
    feed = open_feed(path, shown)
    findings: list[str] = []
    stops = read(
        feed, "stops.txt", ("stop_id",), ("stop_name", "stop_lat", "stop_lon", "location_type", "parent_station")
    )
    short = ("route_id",) if line == "route_id" else ("route_id", "route_short_name")
    routes = read(
        feed,
        "routes.txt",
        short,
        ("route_short_name", "route_long_name") if line == "route_id" else ("route_long_name",),
    )
    trips = read(feed, "trips.txt", ("trip_id", "route_id"), ("direction_id", "trip_headsign", "shape_id"))
    times = read(
        feed,
        "stop_times.txt",
        ("trip_id", "stop_id", "stop_sequence"),
        ("arrival_time", "departure_time", *_ON_DEMAND),
    )
    on_demand = pl.col("stop_id").is_null() & pl.any_horizontal(pl.col(name).is_not_null() for name in _ON_DEMAND)
    calls = times.filter(~on_demand)
    if len(calls) < len(times):
        findings.append(f"{_counted(len(times) - len(calls), 'stop time')} of service on demand, which have no stop")
    problems = [
        *_empty(feed, stops, routes, trips, calls),
        *_ids(feed, stops, routes, trips, calls),
        *_coordinates(feed, stops),
        *_numbers(feed, "stop_times.txt", calls, "stop_sequence", _WHOLE, "a whole number from 0 up"),
        *_references(feed, stops, routes, trips, calls),
    ]
    if problems:
        raise problems[0] if len(problems) == 1 else Problems(problems)
    shapes, points = _shapes(feed, findings)
    network = _network(stops, _lines(routes, line, findings), trips, calls, shapes, findings)
    findings += _odd(stops, routes, trips, calls, network)
    counts = Counts(len(stops), len(routes), len(trips), len(times), points, len(network.lines), len(network.patterns))
    return Loaded(network, tuple(findings), counts, _about(feed))


# --- what makes a feed unusable -----------------------------------------------------------------------------


def _empty(
    feed: Feed, stops: pl.DataFrame, routes: pl.DataFrame, trips: pl.DataFrame, calls: pl.DataFrame
) -> Iterable[CoincideError]:
    tables = (("stops", stops), ("routes", routes), ("trips", trips), ("stop_times", calls))
    for name, rows in tables:
        if rows.is_empty():
            yield EmptyTable(feed.place(f"{name}.txt"), name.replace("_", " "))


def _ids(
    feed: Feed, stops: pl.DataFrame, routes: pl.DataFrame, trips: pl.DataFrame, calls: pl.DataFrame
) -> Iterable[CoincideError]:
    """Ids are there and unique: "Field Types: ID" and the primary keys of the reference."""
    tables = (("stops", stops, "stop_id"), ("routes", routes, "route_id"), ("trips", trips, "trip_id"))
    for name, rows, key in tables:
        file = feed.place(f"{name}.txt")
        yield from _missing(file, rows, key)
        twice = rows.filter(pl.col(key).is_not_null() & pl.col(key).is_duplicated())
        if len(twice):
            yield DuplicateId(file, key, twice[key][0], twice[key].n_unique())
    yield from _missing(feed.place("trips.txt"), trips, "route_id")
    file = feed.place("stop_times.txt")
    for key in ("trip_id", "stop_id", "stop_sequence"):
        yield from _missing(file, calls, key)
    places = calls.select("trip_id", number=pl.col("stop_sequence").cast(pl.Int64, strict=False)).drop_nulls()
    again = places.filter(places.is_duplicated())
    if len(again):
        trip, number = again.row(0)
        yield DuplicateId(file, f"stop_sequence {number} of trip_id", trip, again.n_unique())


def _missing(file: str, rows: pl.DataFrame, column: str) -> Iterable[CoincideError]:
    lacking = rows.filter(pl.col(column).is_null())
    if len(lacking):
        yield MissingId(file, column, lacking[RECORD][0], len(lacking))


def _coordinates(feed: Feed, stops: pl.DataFrame) -> Iterable[CoincideError]:
    for column, most in (("stop_lat", 90), ("stop_lon", 180)):
        wanted = f"a number from -{most} to {most}"
        yield from _numbers(feed, "stops.txt", stops, column, _DECIMAL, wanted, most)


def _numbers(
    feed: Feed, name: str, rows: pl.DataFrame, column: str, pattern: str, wanted: str, most: float | None = None
) -> Iterable[CoincideError]:
    value = pl.col(column)
    wrong = ~value.str.contains(pattern)
    if most is not None:
        wrong = wrong | (value.cast(pl.Float64, strict=False).abs() > most).fill_null(False)
    found = rows.filter(value.is_not_null() & wrong)
    if len(found):
        yield NotANumber(feed.place(name), column, found[RECORD][0], found[column][0], wanted, len(found))


def _references(
    feed: Feed, stops: pl.DataFrame, routes: pl.DataFrame, trips: pl.DataFrame, calls: pl.DataFrame
) -> Iterable[CoincideError]:
    pairs = (
        ("trips", trips, "route_id", "routes", routes),
        ("stop_times", calls, "trip_id", "trips", trips),
        ("stop_times", calls, "stop_id", "stops", stops),
    )
    for name, rows, key, table, others in pairs:
        lost = rows.filter(pl.col(key).is_not_null()).join(others, on=key, how="anti", maintain_order="left")
        if len(lost) and len(others):
            yield UnknownReference(
                feed.place(f"{name}.txt"), key, lost[RECORD][0], lost[key][0], f"{table}.txt", len(lost)
            )


# --- what there is ------------------------------------------------------------------------------------------


def _lines(routes: pl.DataFrame, line: LineColumn, findings: list[str]) -> pl.DataFrame:
    """``route_id``, ``line`` and ``title``. A route without the name that is asked for is named by its id."""
    nameless = routes.filter(pl.col(line).is_null())
    if len(nameless):
        findings.append(
            f"{_counted(len(nameless), 'route')} without {line}, named by the id: {_some(nameless['route_id'])}"
        )
    return routes.select(
        "route_id",
        line=pl.coalesce(line, "route_id"),
        title=pl.coalesce("route_long_name", "route_short_name", "route_id"),
    )


def _shapes(feed: Feed, findings: list[str]) -> tuple[dict[str, NDArray[np.float64]], int]:
    """Shapes by id, and how many points there are. They are only drawn: a broken table is a finding."""
    if "shapes.txt" not in feed.names:
        return {}, 0
    columns = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
    try:
        rows = read(feed, "shapes.txt", columns)
    except CoincideError as error:
        findings.append(f"lines are drawn straight from stop to stop, because of shapes.txt: {error.message}")
        return {}, 0
    points = rows.select(
        "shape_id",
        *(pl.col(name).cast(pl.Float64, strict=False).alias(name) for name in columns[1:]),
    )
    sound = points.filter(
        pl.col("shape_id").is_not_null()
        & (pl.col("shape_pt_lat").abs() <= 90)
        & (pl.col("shape_pt_lon").abs() <= 180)
        & pl.col("shape_pt_sequence").is_finite()
    )
    if len(sound) < len(rows):
        findings.append(f"{_counted(len(rows) - len(sound), 'point')} of shapes.txt that cannot be read, left out")
    shapes = {}
    for (name,), part in sound.sort("shape_id", "shape_pt_sequence").group_by("shape_id", maintain_order=True):
        shapes[str(name)] = _fixed(part.select("shape_pt_lat", "shape_pt_lon").to_numpy())
    return shapes, len(rows)


def _network(
    stops: pl.DataFrame,
    routes: pl.DataFrame,
    trips: pl.DataFrame,
    calls: pl.DataFrame,
    shapes: dict[str, NDArray[np.float64]],
    findings: list[str],
) -> Network:
    ordered = stops.sort("stop_id").with_row_index("stop")
    lat, lon = (
        ordered[name].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().copy()
        for name in ("stop_lat", "stop_lon")
    )
    # A place off Africa where no bus stops is what an empty field became somewhere.
    nowhere = np.isnan(lat) | np.isnan(lon) | ((lat == 0) & (lon == 0))
    lat[nowhere], lon[nowhere] = np.nan, np.nan
    lines = routes.group_by("line").agg(pl.col("title").sort_by("route_id").first()).sort("line").with_row_index("code")
    return Network(
        stops=tuple(ordered["stop_id"]),
        names=tuple(ordered["stop_name"].fill_null(ordered["stop_id"])),
        lat=_fixed(lat),
        lon=_fixed(lon),
        parent=_fixed(_stations(ordered, findings)),
        lines=tuple(lines["line"]),
        titles=tuple(lines["title"]),
        patterns=_patterns(ordered, routes.join(lines, on="line"), trips, calls, shapes),
    )


def _stations(ordered: pl.DataFrame, findings: list[str]) -> NDArray[np.int32]:
    """The topmost parent of each stop: a boarding area belongs to a platform, a platform to a station."""
    up = ordered.join(
        ordered.select(parent_station="stop_id", parent="stop"), on="parent_station", how="left", maintain_order="left"
    )
    lost = up.filter(pl.col("parent_station").is_not_null() & pl.col("parent").is_null())
    if len(lost):
        findings.append(
            f"{_counted(len(lost), 'stop')} of a parent station that the feed lacks: {_some(lost['stop_id'])}"
        )
    own = np.arange(len(ordered), dtype=np.int32)
    parent = up["parent"].cast(pl.Int32).fill_null(-1).to_numpy()
    parent = np.where(parent < 0, own, parent).astype(np.int32)
    # "stops.txt, parent_station": three levels at most; whoever goes on is in a circle and stands for itself.
    top = parent[parent[parent]]
    circling = parent[top] != top
    if circling.any():
        named = ordered.filter(pl.Series(circling))["stop_id"]
        findings.append(
            f"{_counted(int(circling.sum()), 'stop')} whose parent stations go round in a circle: {_some(named)}"
        )
    return np.where(circling, own, top).astype(np.int32)


def _patterns(
    ordered: pl.DataFrame,
    routes: pl.DataFrame,
    trips: pl.DataFrame,
    calls: pl.DataFrame,
    shapes: dict[str, NDArray[np.float64]],
) -> tuple[Pattern, ...]:
    served = (
        calls.select("trip_id", "stop_id", number=pl.col("stop_sequence").cast(pl.Int64))
        .join(ordered.select("stop_id", "stop"), on="stop_id")
        .sort("trip_id", "number")
        .group_by("trip_id", maintain_order=True)
        .agg("stop")
    )
    known = trips.join(routes.select("route_id", "code"), on="route_id").select(
        "trip_id",
        "trip_headsign",
        "shape_id",
        line="code",
        direction=pl.col("direction_id").replace_strict({"0": 0, "1": 1}, default=-1, return_dtype=pl.Int8),
    )
    alike = (
        served.join(known, on="trip_id")
        .group_by("line", "direction", "stop")
        .agg(
            trips=pl.len(),
            # The most frequent one, the first by code point among equals.
            headsign=pl.col("trip_headsign").drop_nulls().sort().mode().min(),
            shape=pl.col("shape_id").drop_nulls().sort().mode().min(),
        )
        .with_columns(order=pl.col("stop").list.eval(pl.element().cast(pl.String).str.zfill(9)).list.join(" "))
        .sort("line", "trips", "direction", "order", descending=[False, True, False, False])
    )
    return tuple(
        Pattern(line, direction, tuple(stop), count, shapes.get(shape or ""), headsign or "")
        for line, direction, stop, count, headsign, shape in alike.select(
            "line", "direction", "stop", "trips", "headsign", "shape"
        ).iter_rows()
    )


# --- what is odd --------------------------------------------------------------------------------------------


def _odd(
    stops: pl.DataFrame, routes: pl.DataFrame, trips: pl.DataFrame, calls: pl.DataFrame, network: Network
) -> Iterable[str]:
    placeless = [network.stops[code] for code in np.flatnonzero(np.isnan(network.lat))]
    if placeless:
        yield f"{_counted(len(placeless), 'stop')} without coordinates, so no distances: {_some(placeless)}"
    unserved = _unserved(stops, calls)
    if len(unserved):
        yield f"{_counted(len(unserved), 'stop')} that no trip serves: {_some(unserved)}"
    empty = trips.join(calls, on="trip_id", how="anti", maintain_order="left")
    if len(empty):
        yield f"{_counted(len(empty), 'trip')} without stop times: {_some(empty['trip_id'])}"
    idle = routes.join(trips, on="route_id", how="anti", maintain_order="left")
    if len(idle):
        yield f"{_counted(len(idle), 'route')} without trips: {_some(idle['route_id'])}"
    short = sum(one.trips for one in network.patterns if len(one.stops) < _SHORTEST)
    if short:
        yield f"{_counted(short, 'trip')} with a single stop, which go nowhere"
    yield from _times(calls)


def _unserved(stops: pl.DataFrame, calls: pl.DataFrame) -> list[str]:
    """Stops where passengers board; stations, entrances, nodes and boarding areas (location_type) have no trips."""
    boards = pl.col("location_type").is_null() | (pl.col("location_type") == "0")
    return list(stops.filter(boards).join(calls, on="stop_id", how="anti", maintain_order="left")["stop_id"])


def _times(calls: pl.DataFrame) -> Iterable[str]:
    given = [pl.col(name) for name in ("arrival_time", "departure_time")]
    wrong = calls.filter(pl.any_horizontal(value.is_not_null() & ~value.str.contains(_CLOCK) for value in given))
    if len(wrong):
        first = wrong[RECORD][0]
        yield f"{_counted(len(wrong), 'stop time')} whose time is not as 7:05:00, the first in record {first:,}"


def _about(feed: Feed) -> str:
    """Publisher and version of feed_info.txt, else the agencies. What cannot be read says nothing."""
    try:
        if "feed_info.txt" in feed.names:
            rows = read(feed, "feed_info.txt", ("feed_publisher_name",), ("feed_version",))
            told = [
                " ".join(text for text in row if text)
                for row in rows.select("feed_publisher_name", "feed_version").iter_rows()
            ]
            if any(told):
                return ", ".join(told)
        if "agency.txt" in feed.names:
            names = read(feed, "agency.txt", ("agency_name",))["agency_name"].drop_nulls()
            return ", ".join(names.unique(maintain_order=True))
    except CoincideError:
        pass
    return ""


def _some(values: Iterable[str]) -> str:
    """The first few, and that there are more."""
    listed = list(values)
    shown = ", ".join(listed[:_NAMED])
    return f"{shown} and others" if len(listed) > _NAMED else shown


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


Numbers = TypeVar("Numbers", bound=np.generic)


def _fixed(array: NDArray[Numbers]) -> NDArray[Numbers]:
    """The array, which nobody can change."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array
