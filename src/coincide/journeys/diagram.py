"""The day as a time-space diagram: stops along the lines on one axis, the clock on the other.

Each line has a band of its own, the stops of its way in order; a ride is a slanted segment in it, a wait a level one,
a walk or change an upright one. A ride without an exit is a point. Time runs in minutes since the service day began, so
that an hour that clocks show twice is drawn twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from coincide.html.chart import Chart
from coincide.html.figure import Figure
from coincide.journeys.axis import named
from coincide.journeys.city import City, Way
from coincide.journeys.day import HOUR, MINUTE, Day, Ride

GAP = 2
"""Between bands, in stops."""
STOP = 14
"""Pixels a stop, and so few that labels can be read."""
LEAST, TALLEST = 160, 900
NO_LINE = "no line given"

Kind = Literal["ride", "wait", "change"]


@dataclass(frozen=True)
class Band:
    """A line, and where each of its stops lies on the axis; ``stops`` in that order."""

    line: str | None
    stops: tuple[str | None, ...]
    first: int

    def at(self, stop: str | None) -> int:
        """Where a stop of the band lies."""
        return self.first + self.stops.index(stop)


@dataclass(frozen=True)
class Leg:
    """A piece of the day, from one time and place on the axes to another."""

    kind: Kind
    begins: float
    start: int
    ends: float
    end: int
    decides: bool = False


@dataclass(frozen=True)
class Open:
    """A tap without an exit."""

    at: float
    stop: int
    decides: bool = False


def bands(rides: Sequence[Ride], city: City) -> tuple[Band, ...]:
    """A band for each line, in the order in which the day met them, cut to the stretch that was travelled."""
    made: list[Band] = []
    first = 0
    for line in dict.fromkeys(ride.line for ride in rides):
        used = list(dict.fromkeys(stop for ride in rides if ride.line == line for stop in _stops(ride)))
        way = _way(used, city.of(line))
        on = [place for place, stop in enumerate(way) if stop in used]
        stretch: list[str | None] = list(dict.fromkeys(way[min(on) : max(on) + 1])) if on else []
        # What the way does not know comes behind it, so that no tap is lost.
        stretch += [stop for stop in used if stop not in stretch]
        made.append(Band(line, tuple(stretch), first))
        first += len(stretch) - 1 + GAP
    return tuple(made)


def legs(day: Day, drawn: Sequence[Band]) -> tuple[list[Leg], list[Open]]:
    """The day piece by piece in order of time, and the taps that no exit follows."""
    by_line = {band.line: band for band in drawn}
    made: list[Leg] = []
    points: list[Open] = []
    here: tuple[float, int] | None = None
    for ride in sorted(day.rides, key=lambda ride: (ride.begins_us, ride.ends_us or ride.begins_us)):
        band = by_line[ride.line]
        begins, start = _minutes(day, ride.begins_us), band.at(ride.start)
        if here is not None and begins >= here[0]:
            made.append(Leg("wait", here[0], here[1], begins, here[1]))
            if here[1] != start:
                made.append(Leg("change", begins, here[1], begins, start))
        if ride.ends_us is None:
            points.append(Open(begins, start, ride.decides))
            here = None
            continue
        here = (_minutes(day, ride.ends_us), band.at(ride.end))
        made.append(Leg("ride", begins, start, *here, ride.decides))
    return made, points


def diagram(id_: str, day: Day) -> Chart:
    """The chart of a day with at least one ride."""
    drawn = bands(day.rides, day.city)
    made, points = legs(day, drawn)
    ends = [instant for ride in day.rides for instant in (ride.begins_us, ride.ends_us) if instant is not None]
    hours = day.hours(ends)
    rows = [
        {"kind": leg.kind, "x": leg.begins, "y": leg.start, "x2": leg.ends, "y2": leg.end, "decides": leg.decides}
        for leg in made
    ]
    stops = drawn[-1].first + len(drawn[-1].stops)
    across = {
        "type": "quantitative",
        "title": f"local time, {day.clock.zone}",
        "scale": {"domain": [hours[0] * 60, hours[-1] * 60], "nice": False, "zero": False},
        "axis": _hours(day, hours),
    }
    up = {
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [-0.5, stops - 0.5], "reverse": True, "nice": False, "zero": False},
        "axis": _labels(drawn, day.city),
    }
    place = {"x": {"field": "x", **across}, "y": {"field": "y", **up}}
    span = {**place, "x2": {"field": "x2"}, "y2": {"field": "y2"}}
    return Chart(
        id_,
        "Where and when",
        _says(day, drawn, points),
        {
            "width": "container",
            "height": min(max(STOP * stops, LEAST), TALLEST),
            "layer": [
                _rule([row for row in rows if row["kind"] == "change"], span, "var(--line)", 1, [2, 3]),
                _rule([row for row in rows if row["kind"] == "wait"], span, "var(--line)", 1, []),
                _rule([row for row in rows if row["kind"] == "ride" and not row["decides"]], span, "var(--bar)", 3, []),
                _rule(
                    [row for row in rows if row["kind"] == "ride" and row["decides"]], span, "var(--observed)", 3, []
                ),
                {
                    "data": {"values": [{"x": one.at, "y": one.stop, "decides": one.decides} for one in points]},
                    "mark": {"type": "point", "size": 40, "strokeWidth": 2, "filled": False},
                    "encoding": {
                        **place,
                        "color": {
                            "condition": {"test": "datum.decides", "value": "var(--observed)"},
                            "value": "var(--bar)",
                        },
                    },
                },
            ],
        },
        wide=True,
    )


def _rule(rows: list[dict[str, Any]], span: dict[str, Any], colour: str, size: int, dash: list[int]) -> dict[str, Any]:
    mark = {"type": "rule", "color": colour, "size": size, "strokeCap": "round", "strokeDash": dash}
    return {"data": {"values": rows}, "mark": mark, "encoding": span}


def _hours(day: Day, hours: range) -> dict[str, Any]:
    """The full hours, with what clocks showed then."""
    values = [hour * 60 for hour in hours]
    names = [day.clock.shown(day.begins_us + hour * HOUR)[:5] for hour in hours]
    return {**named(values, names), "labelOverlap": "greedy", "labelSeparation": 6}


def _labels(drawn: Sequence[Band], city: City) -> dict[str, Any]:
    """The stops by name, and at the first of each band the line."""
    values, names = [], []
    for band in drawn:
        for place, stop in enumerate(band.stops):
            values.append(band.first + place)
            name = city.name(stop)
            names.append(f"{band.line or NO_LINE}: {name}" if place == 0 else name)
    return {**named(values, names), "labelOverlap": "greedy", "labelLimit": 170, "grid": True}


def _says(day: Day, drawn: Sequence[Band], points: Sequence[Open]) -> str:
    rides = len(day.rides)
    lines = Figure(len(drawn)).shown
    missing = f" {Figure(len(points)).shown} without an exit are points." if points else ""
    decisive = sum(ride.decides for ride in day.rides)
    marked = f" {Figure(decisive).shown} in the colour of evidence." if decisive else ""
    return (
        f"{Figure(rides).shown} ride{'s' if rides != 1 else ''} on {lines} line{'s' if len(drawn) != 1 else ''}, each "
        f"line with its stops one below the other: rides slant, waits are level, changes are dotted.{missing}{marked}"
    )


def _minutes(day: Day, at_us: int) -> float:
    return round((at_us - day.begins_us) / MINUTE, 3)


def _stops(ride: Ride) -> tuple[str | None, ...]:
    return (ride.start,) if ride.ends_us is None else (ride.start, ride.end)


def _way(used: Sequence[str | None], ways: Sequence[Way]) -> tuple[str, ...]:
    """The way that knows most of the stops; of several, the most used one."""
    if not ways:
        return ()
    known = Counter({place: len(set(used) & set(way.stops)) for place, way in enumerate(ways)})
    best = max(known.values())
    return next(way.stops for place, way in enumerate(ways) if known[place] == best)
