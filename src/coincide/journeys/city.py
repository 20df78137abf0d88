"""What a page draws of a network: stops with their places, and the ways of lines through them. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Point = tuple[float, float]
"""Latitude and longitude in degrees, WGS 84."""


@dataclass(frozen=True)
class Stop:
    """A stop by its id. ``at``: ``None`` where the feed has no place for it."""

    id: str
    name: str
    at: Point | None = None


@dataclass(frozen=True)
class Way:
    """One way of a line: its stops in order, and the way on the ground where the feed draws it."""

    line: str
    stops: tuple[str, ...]
    shape: tuple[Point, ...] = ()


@dataclass(frozen=True)
class City:
    """Stops by id, and the ways of lines, of each line the most used first; ``stations``: of platforms, by stop."""

    stops: Mapping[str, Stop] = field(default_factory=dict)
    ways: tuple[Way, ...] = ()
    stations: Mapping[str, str] = field(default_factory=dict)

    def station(self, stop: str | None) -> str | None:
        """The station that a stop belongs to, itself if it belongs to none."""
        return None if stop is None else self.stations.get(stop, stop)

    def name(self, stop: str | None) -> str:
        """What a stop is called; its id where nobody knows a name."""
        if stop is None:
            return "unknown stop"
        known = self.stops.get(stop)
        return known.name if known and known.name else stop

    def at(self, stop: str | None) -> Point | None:
        """Where a stop is."""
        known = self.stops.get(stop) if stop is not None else None
        return known.at if known else None

    def of(self, line: str | None) -> tuple[Way, ...]:
        """The ways of a line."""
        return tuple(way for way in self.ways if way.line == line)
