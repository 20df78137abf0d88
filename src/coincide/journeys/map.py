"""The map of a day: the lines of the city as its feed draws them, and the rides on them. Nothing comes from outside."""

from __future__ import annotations

import math

from coincide.html.chart import Chart
from coincide.html.figure import Figure
from coincide.html.frame import visible
from coincide.journeys.day import Day, Ride
from coincide.journeys.sheet import Sheet, Track

LABELS = 12
"""Stops with their names, the most visited ones."""


def map_of(id_: str, day: Day) -> Chart | None:
    """The chart; ``None`` where no stop of the day has a place."""
    visits = _visits(day)
    sheet = Sheet.of(day.city, visits)
    if sheet is None:
        return None
    named = sorted(sheet.here, key=lambda stop: (-visits[stop], stop))
    dots = [
        {**sheet.at(stop), "name": visible(day.city.name(stop)) if place < LABELS else ""}
        for place, stop in enumerate(named)
    ]
    rides = [(ride, _ridden(ride, sheet)) for ride in day.rides if ride.ends_us is not None]
    drawn = [(track, ride.decides) for ride, track in rides if len(track) > 1]
    width, height = sheet.size
    return Chart(
        id_,
        "Where on the map",
        _says(day, len(sheet.here)),
        {
            "width": width,
            "height": height,
            "layer": [
                sheet.lines(),
                sheet.tracks([track for track, decides in drawn if not decides], "var(--bar)", 3),
                sheet.tracks([track for track, decides in drawn if decides], "var(--observed)", 3),
                {
                    "data": {"values": dots},
                    "mark": {"type": "circle", "size": 40, "color": "var(--ink)"},
                    "encoding": sheet.place,
                },
                sheet.names(dots),
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


def _ridden(ride: Ride, sheet: Sheet) -> Track:
    """The stretch of the line's way between the two stops; straight where no way knows both."""
    city, plane = sheet.city, sheet.plane
    start, end = city.at(ride.start), city.at(ride.end)
    if start is None or end is None:
        return []
    for way in city.of(ride.line):
        if ride.start in way.stops and ride.end in way.stops:
            track = sheet.track(way)
            first, last = (_nearest(track, plane.km(point)) for point in (start, end))
            stretch = track[first : last + 1] if first <= last else track[last : first + 1][::-1]
            return [plane.km(start), *stretch, plane.km(end)]
    return [plane.km(start), plane.km(end)]


def _nearest(track: Track, point: tuple[float, float]) -> int:
    return min(range(len(track)), key=lambda place: math.dist(track[place], point), default=0)


def _says(day: Day, here: int) -> str:
    stops = Figure(here).shown
    lost = len(_visits(day)) - here
    unknown = f" {Figure(lost).shown} more have no place in the feed." if lost else ""
    return (
        f"The {stops} stop{'s' if here != 1 else ''} of the day and the rides between them, on the lines of the "
        f"city. North is up; a kilometre is as long in each direction.{unknown}"
    )
