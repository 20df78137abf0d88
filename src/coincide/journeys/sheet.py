"""A sheet of ground to draw a map on: the lines of the city as its feed draws them. Nothing comes from outside.

North is up, and a kilometre to the east is as long as one to the north.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coincide.journeys.city import City, Point, Way
from coincide.journeys.plane import Plane

WIDE = 640
"""Pixels of the longer side."""
MARGIN = 0.15
"""Of the extent of what is shown, to each side."""
NARROWEST = 1.0
"""Kilometres that are shown at the least, in either direction."""
FLATTEST = 2.5
"""So many times as long as wide is a map at the most."""

Track = list[tuple[float, float]]


@dataclass(frozen=True)
class Sheet:
    """The piece of ground on which some stops lie. ``here``: where each of them is, in kilometres."""

    city: City
    plane: Plane
    here: Mapping[str, tuple[float, float]]
    east: tuple[float, float]
    north: tuple[float, float]

    @classmethod
    def of(cls, city: City, stops: Iterable[str]) -> Sheet | None:
        """The sheet of these stops; ``None`` where none of them has a place."""
        places = {stop: at for stop in stops if (at := city.at(stop)) is not None}
        if not places:
            return None
        plane = Plane.of(list(places.values()))
        here = {stop: plane.km(at) for stop, at in places.items()}
        east, north = _extents([x for x, _ in here.values()], [y for _, y in here.values()])
        return cls(city, plane, here, east, north)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, so that a kilometre is as long in both directions."""
        wide, high = self.east[1] - self.east[0], self.north[1] - self.north[0]
        scale = WIDE / max(wide, high)
        return max(round(wide * scale), 1), max(round(high * scale), 1)

    @property
    def place(self) -> dict[str, Any]:
        """How rows with ``x`` and ``y`` are placed."""
        return {
            "x": {"field": "x", **_axis("km to the east", self.east)},
            "y": {"field": "y", **_axis("km to the north", self.north)},
        }

    def at(self, stop: str) -> dict[str, float]:
        """Where a stop is, as a row has it."""
        x, y = self.here[stop]
        return {"x": _km(x), "y": _km(y)}

    def track(self, way: Way) -> Track:
        """The way of a line on the ground."""
        points: Sequence[Point] = way.shape or tuple(at for stop in way.stops if (at := self.city.at(stop)) is not None)
        return [self.plane.km(point) for point in points]

    def lines(self) -> dict[str, Any]:
        """The layer of all lines that come onto the sheet."""
        ways = _once(self.city.ways)
        pieces = [track for way in ways for track in _inside(self.track(way), self.east, self.north)]
        return self.tracks(pieces, "var(--line)", 1, 0.5)

    def tracks(self, tracks: Iterable[Track], colour: str, size: float, opacity: float = 1) -> dict[str, Any]:
        """A layer of tracks."""
        fine = (self.east[1] - self.east[0]) / self.size[0]
        rows = [
            {"track": number, "step": step, "x": _km(x), "y": _km(y)}
            for number, track in enumerate(tracks)
            for step, (x, y) in enumerate(_thin(track, fine))
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
            "encoding": {
                **self.place,
                "detail": {"field": "track"},
                "order": {"field": "step", "type": "quantitative"},
            },
        }

    def names(self, dots: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The layer of the names of rows that have one."""
        return {
            "data": {"values": [dot for dot in dots if dot["name"]]},
            "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 11, "fontWeight": "normal"},
            "encoding": {**self.place, "text": {"field": "name"}},
        }


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


def _axis(title: str, domain: tuple[float, float]) -> dict[str, Any]:
    scale = {"domain": list(domain), "nice": False, "zero": False}
    return {"type": "quantitative", "title": title, "scale": scale, "axis": {"grid": False, "tickCount": 5}}


def _once(ways: Sequence[Way]) -> Iterator[Way]:
    """Ways of which none before has the same stops, in either direction."""
    seen: set[tuple[str, ...]] = set()
    for way in ways:
        if way.stops not in seen and way.stops[::-1] not in seen:
            seen.add(way.stops)
            yield way


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
