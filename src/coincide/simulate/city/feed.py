"""A made-up city as a GTFS feed: metro lines through the middle, a ring, and buses along and around.

It lies in the Atlantic, where no city is. The same file, byte for byte, each time. Real feeds are read by ``lines``
as this one is.
"""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

ZONE = "Europe/Paris"
LAT, LON = 45.0, -30.0
STEP_KM = 1.55
"""Between two metro stations."""
SPOKES, RINGS = 12, 12
RING = 5
"""The ring of stations that the ring metro serves."""
METRO, BUS = 1, 3
"""GTFS route_type."""
_FIRST_S, _LAST_S = 5 * 3600, 25 * 3600
_KM = 111.32
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FRONT = ("Alder", "Amber", "Anchor", "Arrow", "Bell", "Birch", "Bridge", "Castle", "Cedar", "Clover", "Copper",
    "Crane", "Dove", "Eagle", "Elm", "Fern", "Garden", "Harbour", "Hazel", "Heron", "Ivory", "Juniper", "Lantern",
    "Linden", "Maple", "Mill", "Orchard", "Poplar", "Quarry", "Raven", "River", "Silver",
    "Spring", "Station", "Stone", "Summer", "Tower", "Walnut", "Willow", "Winter")  # fmt: skip
_BACK = ("Avenue", "Bank", "Barn", "Close", "Corner", "Court", "Cross", "Dale", "Down", "End", "Field", "Ford", "Gate",
    "Green", "Grove", "Heath", "Hill", "House", "Lane", "Lodge", "Market", "Mead", "Park", "Place", "Point", "Reach",
    "Rise", "Road", "Row", "Side", "Square", "Yard")  # fmt: skip


@dataclass(frozen=True)
class Course:
    """A line to lay: name, route type, stops as (id, east km, north km), minutes between trips, whether a circle."""

    name: str
    type: int
    stops: tuple[tuple[str, float, float], ...]
    headway: int
    circle: bool = False


def write(path: Path) -> None:
    """Write the feed as a zip."""
    courses = _courses()
    tables = _tables(courses)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, frame in tables.items():
            text = io.BytesIO()
            frame.write_csv(text)
            # A fixed time, so that the same city is the same file.
            archive.writestr(zipfile.ZipInfo(f"{name}.txt", (2025, 1, 1, 0, 0, 0)), text.getvalue(), 8, 6)


def _at(spoke: float, ring: float) -> tuple[float, float]:
    turn = 2 * math.pi * spoke / SPOKES
    return ring * STEP_KM * math.sin(turn), ring * STEP_KM * math.cos(turn)


def _station(spoke: int, ring: int) -> tuple[str, float, float]:
    spoke %= SPOKES
    return ("M0000", 0.0, 0.0) if ring == 0 else (f"M{spoke:02d}{ring:02d}", *_at(spoke, ring))


def _stop(spoke: float, ring: float) -> tuple[str, float, float]:
    spoke %= SPOKES
    # Ids by place, so that lines that cross share a stop.
    return (f"B{round(spoke * 100):04d}{round(ring * 10):03d}", *_at(spoke, ring))


def _courses() -> list[Course]:
    made = []
    for number in range(SPOKES // 2):
        inward = [_station(number, ring) for ring in range(RINGS, 0, -1)]
        outward = [_station(number + SPOKES // 2, ring) for ring in range(1, RINGS + 1)]
        made.append(Course(f"M{number + 1}", METRO, (*inward, _station(0, 0), *outward), 6))
    ring = []
    for spoke in range(SPOKES):
        east, north = _at(spoke + 0.5, RING)
        ring += [_station(spoke, RING), (f"M{spoke:02d}50", east, north)]
    made.append(Course("M7", METRO, (*ring, ring[0]), 7, circle=True))
    for spoke in range(SPOKES):
        stops = tuple(_stop(spoke + 0.5, ring / 2) for ring in range(2 * RINGS, 1, -1))
        made.append(Course(f"{spoke + 1}", BUS, stops, 12))
    number = 20
    for at in (2, 4, 6, 8, 10, 12):
        # Six arcs of a ring, each over three spokes, so that neighbours share a third.
        for begin in range(0, SPOKES, 2):
            pieces = max(8, min(26, round(2 * math.pi * at * STEP_KM / SPOKES * 3 / 0.75)))
            stops = tuple(_stop(begin + 3 * piece / pieces, at + 0.05) for piece in range(pieces + 1))
            made.append(Course(f"{number}", BUS, stops, 15))
            number += 1
    return made


def _tables(courses: list[Course]) -> dict[str, pl.DataFrame]:
    stops: dict[str, tuple[float, float]] = {}
    for course in courses:
        stops.update({name: (east, north) for name, east, north in course.stops})
    ids = sorted(stops)
    # 7 has no factor in common with the number of names: each stop has one of its own.
    there_are = len(_FRONT) * len(_BACK)
    names = [f"{_FRONT[n * 7 % there_are // len(_BACK)]} {_BACK[n * 7 % len(_BACK)]}" for n in range(len(ids))]
    lat = [round(LAT + stops[one][1] / _KM, 6) for one in ids]
    lon = [round(LON + stops[one][0] / (_KM * math.cos(math.radians(LAT))), 6) for one in ids]
    times, trips, shapes = [], [], []
    for course in courses:
        for direction in (0, 1):
            run = course.stops if direction == 0 else course.stops[::-1]
            key = f"{course.name}-{direction}"
            times.append(_times(course, key, run))
            starts = range(_FIRST_S, _LAST_S, course.headway * 60)
            trips += [(course.name, "daily", f"{key}-{n:03d}", direction, key) for n in range(len(starts))]
            shapes += [(key, lat[ids.index(stop)], lon[ids.index(stop)], n) for n, (stop, _, _) in enumerate(run)]
    return {
        "agency": pl.DataFrame(
            {
                "agency_id": ["made-up"],
                "agency_name": ["A made-up city"],
                "agency_url": ["https://example.org"],
                "agency_timezone": [ZONE],
            }
        ),
        "calendar": pl.DataFrame(
            {
                "service_id": ["daily"],
                **{day: [1] for day in _WEEK},
                "start_date": ["20250101"],
                "end_date": ["20271231"],
            }
        ),
        "stops": pl.DataFrame({"stop_id": ids, "stop_name": names, "stop_lat": lat, "stop_lon": lon}),
        "routes": pl.DataFrame(
            [(course.name, "made-up", course.name, course.type) for course in courses],
            ["route_id", "agency_id", "route_short_name", "route_type"],
            orient="row",
        ),
        "trips": pl.DataFrame(trips, ["route_id", "service_id", "trip_id", "direction_id", "shape_id"], orient="row"),
        "stop_times": pl.concat(times),
        "shapes": pl.DataFrame(shapes, ["shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"], orient="row"),
    }


def _times(course: Course, key: str, run: tuple[tuple[str, float, float], ...]) -> pl.DataFrame:
    """The stop times of all trips of a direction: as long between two stops as they are apart."""
    speed_kmh, dwell_s = (36.0, 30) if course.type == METRO else (19.0, 20)
    at = np.array([(east, north) for _, east, north in run])
    apart = np.hypot(*np.diff(at, axis=0).T)
    seconds = np.concatenate([[0], np.cumsum(np.round(apart / speed_kmh * 3600) + dwell_s)]).astype(np.int64)
    starts = np.arange(_FIRST_S, _LAST_S, course.headway * 60)
    number = np.repeat(np.arange(len(starts)), len(run))
    at_s = pl.Series((starts[:, None] + seconds[None, :]).ravel())
    clock = pl.select(
        pl.concat_str(
            [(at_s // 3600).cast(pl.String).str.zfill(2), (at_s // 60 % 60).cast(pl.String).str.zfill(2),
             (at_s % 60).cast(pl.String).str.zfill(2)], separator=":"
        )
    ).to_series()  # fmt: skip
    return pl.DataFrame(
        {
            "trip_id": f"{key}-" + pl.Series(number).cast(pl.String).str.zfill(3),
            "arrival_time": clock,
            "departure_time": clock,
            "stop_id": pl.Series([stop for stop, _, _ in run] * len(starts)),
            "stop_sequence": np.tile(np.arange(1, len(run) + 1), len(starts)),
        }
    )
