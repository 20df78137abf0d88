"""The map of a day: the lines of the city as its feed draws them, and the rides on them. Nothing comes from outside.

North is up, and a kilometre to the east is as long as one to the north.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from coincide.html.chart import Chart
from coincide.html.figure import Figure
from coincide.html.frame import visible
from coincide.journeys.city import City, Way
from coincide.journeys.day import Day, Ride
from coincide.journeys.plane import Plane

WIDE = 640
"""Pixels of the longer side."""
MARGIN = 0.15
"""Of the extent of the rides, to each side."""
NARROWEST = 1.0
"""Kilometres that are shown at the least, in either direction."""
FLATTEST = 2.5
"""So many times as long as wide is a map at the most."""
LABELS = 12
"""Stops with their names, the most visited ones."""

Track = list[tuple[float, float]]


def map_of(id_: str, day: Day) -> Chart | None:
    """The chart; ``None`` where no stop of the day has a place."""
    visits = _visits(day)
    places = {stop: at for stop in visits if (at := day.city.at(stop)) is not None}
    if not places:
        return None
    plane = Plane.of(list(places.values()))
    here = {stop: plane.km(at) for stop, at in places.items()}
    east, north = _extents([x for x, _ in here.values()], [y for _, y in here.values()])
    width, height = _size(east, north)
    fine = (east[1] - east[0]) / width
    lines = [track for way in _once(day.city.ways) for track in _inside(_track(way, day.city, plane), east, north)]
    rides = [(ride, _ridden(ride, day.city, plane)) for ride in day.rides if ride.ends_us is not None]
    across = _axis("km to the east", east)
    up = _axis("km to the north", north)
    named = sorted(here, key=lambda stop: (-visits[stop], stop))
    dots = [
        {
            "x": _km(here[stop][0]),
            "y": _km(here[stop][1]),
            "name": visible(day.city.name(stop)) if place < LABELS else "",
        }
        for place, stop in enumerate(named)
    ]
    place = {"x": {"field": "x", **across}, "y": {"field": "y", **up}}
    drawn = [(track, ride.decides) for ride, track in rides if len(track) > 1]
    return Chart(
        id_,
        "Where on the map",
        _says(day, here),
        {
            "width": width,
            "height": height,
            "layer": [
                _tracks([_thin(track, fine) for track in lines], place, "var(--line)", 1, 0.5),
                _tracks([_thin(track, fine) for track, decides in drawn if not decides], place, "var(--bar)", 3),
                _tracks([_thin(track, fine) for track, decides in drawn if decides], place, "var(--observed)", 3),
                {
                    "data": {"values": dots},
                    "mark": {"type": "circle", "size": 40, "color": "var(--ink)"},
                    "encoding": place,
                },
                {
                    "data": {"values": [dot for dot in dots if dot["name"]]},
                    "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 11, "fontWeight": "normal"},
                    "encoding": {**place, "text": {"field": "name"}},
                },
            ],
        },
        wide=True,
    )


def _visits(day: Day) -> dict[str, int]:
    visits: dict[str, int] = {}
    for ride in day.rides:
        for stop in (ride.start, ride.end):
            if stop is not None:
                visits[stop] = visits.get(stop, 0) + 1
    return visits


def _extents(xs: Sequence[float], ys: Sequence[float]) -> tuple[tuple[float, float], tuple[float, float]]:
    """What is shown, west to east and south to north: all of these with a margin, and no narrower than can be read."""
    longest = max(max(xs) - min(xs), max(ys) - min(ys))
    made = []
    for values in (xs, ys):
        low, high = min(values), max(values)
        least = max((high - low) * (1 + 2 * MARGIN), longest * (1 + 2 * MARGIN) / FLATTEST, NARROWEST)
        more = (least - (high - low)) / 2
        made.append((low - more, high + more))
    return made[0], made[1]


def _size(east: tuple[float, float], north: tuple[float, float]) -> tuple[int, int]:
    """Pixels, so that a kilometre is as long in both directions."""
    wide, high = east[1] - east[0], north[1] - north[0]
    scale = WIDE / max(wide, high)
    return max(round(wide * scale), 1), max(round(high * scale), 1)


def _axis(title: str, domain: tuple[float, float]) -> dict[str, Any]:
    scale = {"domain": list(domain), "nice": False, "zero": False}
    return {"type": "quantitative", "title": title, "scale": scale, "axis": {"grid": False, "tickCount": 5}}


def _tracks(
    tracks: Iterable[Track], at: dict[str, Any], colour: str, size: float, opacity: float = 1
) -> dict[str, Any]:
    rows = [
        {"track": number, "step": step, "x": _km(x), "y": _km(y)}
        for number, track in enumerate(tracks)
        for step, (x, y) in enumerate(track)
    ]
    return {
        "data": {"values": rows},
        "mark": {
            "type": "line",
            "clip": True,
            "color": colour,
            "opacity": opacity,
            "strokeWidth": size,
            "strokeJoin": "round",
        },
        "encoding": {**at, "detail": {"field": "track"}, "order": {"field": "step", "type": "quantitative"}},
    }


def _once(ways: Sequence[Way]) -> Iterator[Way]:
    """Ways of which none before has the same stops, in either direction."""
    seen: set[tuple[str, ...]] = set()
    for way in ways:
        if way.stops not in seen and way.stops[::-1] not in seen:
            seen.add(way.stops)
            yield way


def _track(way: Way, city: City, plane: Plane) -> Track:
    points = way.shape or tuple(at for stop in way.stops if (at := city.at(stop)) is not None)
    return [plane.km(point) for point in points]


def _ridden(ride: Ride, city: City, plane: Plane) -> Track:
    """The stretch of the line's way between the two stops; straight where no way knows both."""
    start, end = city.at(ride.start), city.at(ride.end)
    if start is None or end is None:
        return []
    for way in city.of(ride.line):
        if ride.start in way.stops and ride.end in way.stops:
            track = _track(way, city, plane)
            first, last = (_nearest(track, plane.km(point)) for point in (start, end))
            stretch = track[first : last + 1] if first <= last else track[last : first + 1][::-1]
            return [plane.km(start), *stretch, plane.km(end)]
    return [plane.km(start), plane.km(end)]


def _nearest(track: Track, point: tuple[float, float]) -> int:
    return min(range(len(track)), key=lambda place: math.dist(track[place], point), default=0)


def _inside(track: Track, east: tuple[float, float], north: tuple[float, float]) -> Iterator[Track]:
    """The pieces of a track with a point on the map, each with one point beyond."""
    piece: Track = []
    before: tuple[float, float] | None = None
    for point in track:
        if east[0] <= point[0] <= east[1] and north[0] <= point[1] <= north[1]:
            if not piece and before is not None:
                piece.append(before)
            piece.append(point)
        elif piece:
            yield [*piece, point]
            piece = []
        before = point
    if len(piece) > 1:
        yield piece


def _thin(track: Track, fine: float) -> Track:
    """Without the points that are nearer than a pixel to the one before; the ends stay."""
    kept = track[:1]
    for point in track[1:-1]:
        if math.dist(point, kept[-1]) >= fine:
            kept.append(point)
    return kept + track[-1:] if len(track) > 1 else kept


def _km(value: float) -> float:
    return round(value, 4)


def _says(day: Day, here: dict[str, tuple[float, float]]) -> str:
    stops = Figure(len(here)).shown
    lost = len(_visits(day)) - len(here)
    unknown = f" {Figure(lost).shown} more have no place in the feed." if lost else ""
    return (
        f"The {stops} stop{'s' if len(here) != 1 else ''} of the day and the rides between them, on the lines of the "
        f"city. North is up; a kilometre is as long in each direction.{unknown}"
    )
