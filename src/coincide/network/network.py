"""A network: stops, lines and the sequences of stops that trips of a line serve; and how far it is between stops.

Codes are positions in ``stops`` and ``lines``, -1 what is not known. All arrays are read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.network.reach import Reach, reach

Codes = NDArray[np.int32]
Number = TypeVar("Number", bound=np.generic)

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""
_BLOCK = 1 << 17


@dataclass(frozen=True, eq=False)
class Pattern:
    """A sequence of stops that ``trips`` trips of a line serve. ``direction`` is GTFS's 0 or 1, -1 if not said.

    ``shape``: the way on the map, one row a point, latitude and longitude; ``None`` where the feed draws none.
    """

    line: int
    direction: int
    stops: tuple[int, ...]
    trips: int
    shape: NDArray[np.float64] | None = None
    headsign: str = ""


@dataclass(frozen=True, eq=False)
class Network:
    """``stops`` and ``lines`` are sorted by code point. ``patterns`` stand by line, those of the most trips first.

    Where the feed has no coordinates of a stop, ``lat`` and ``lon`` are NaN. ``titles`` are the lines' long names, as
    passengers know them. ``parent`` is the code of the station that a stop belongs to, its own where it belongs to
    none (``None``: that is so of all).
    """

    stops: tuple[str, ...]
    names: tuple[str, ...]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    lines: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    titles: tuple[str, ...] = ()
    parent: Codes | None = None

    @cached_property
    def station(self) -> Codes:
        """The code of each stop's station: who enters there enters at any of its platforms, so stops are counted
        between stations."""
        return np.arange(len(self.stops), dtype=np.int32) if self.parent is None else self.parent

    def stop_codes(self, ids: pl.Series) -> Codes:
        """The codes of stop ids; -1 for one that is missing or that the feed does not have."""
        return _codes(ids, self.stops)

    def line_codes(self, ids: pl.Series) -> Codes:
        """The codes of lines; -1 for one that is missing or that the feed does not have."""
        return _codes(ids, self.lines)

    def hops(self, line: Codes, start: Codes, end: Codes) -> NDArray[np.int16]:
        """The fewest stops travelled from ``start`` to ``end`` along one pattern of the line; -1 where none says so.

        From a stop to itself it is 0, if the line serves it. Where a pattern serves a stop twice, the nearest call
        counts. Nobody travels beyond the last stop of a pattern, not even round a circle.
        """
        return _by_block(lambda k, a, b: self._reach.hops(k, self._stations(a), self._stations(b)), line, start, end)

    def km_along(self, line: Codes, start: Codes, end: Codes) -> NDArray[np.float64]:
        """The shortest way from ``start`` to ``end`` along one pattern of the line, straight from stop to stop.

        NaN where no pattern says so, or a stop on the way has no coordinates.
        """
        return _by_block(lambda k, a, b: self._reach.km(k, self._stations(a), self._stations(b)), line, start, end)

    def km(self, start: Codes, end: Codes) -> NDArray[np.float64]:
        """Great circle between two stops; NaN where the place of one is not known."""
        return _by_block(self._great_circle, start, end)

    def _great_circle(self, start: Codes, end: Codes) -> NDArray[np.float64]:
        # Half the chord gives the angle without loss for stops that are near each other; code -1 is the NaN at the end.
        chord = np.sqrt(((self._units[start] - self._units[end]) ** 2).sum(axis=1))
        found: NDArray[np.float64] = 2 * EARTH_KM * np.arcsin(np.minimum(chord / 2, 1.0))
        return found

    def _stations(self, stops: Codes) -> Codes:
        found: Codes = self._station_or_none[stops]
        return found

    @cached_property
    def _station_or_none(self) -> Codes:
        """``station`` with -1 at the end, where code -1 looks."""
        return np.append(self.station, np.int32(-1))

    @cached_property
    def _units(self) -> NDArray[np.float64]:
        """Each stop as a point on the unit sphere, and NaN at the end, where code -1 looks."""
        lat, lon = np.radians(np.append(self.lat, np.nan)), np.radians(np.append(self.lon, np.nan))
        return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)

    @cached_property
    def _reach(self) -> Reach:
        calls = []
        for one in self.patterns:
            stops = np.array(one.stops, dtype=np.int32)
            calls.append((one.line, self.station[stops], np.append(0.0, self.km(stops[:-1], stops[1:]))))
        return reach(calls, lines=len(self.lines), stations=len(self.stops))


def _by_block(made: Callable[..., NDArray[Number]], *columns: Codes) -> NDArray[Number]:
    """What ``made`` gives for the columns, in parts that stay in a processor's cache: half the time for millions."""
    length = max(len(columns[0]), 1)
    parts = (slice(first, first + _BLOCK) for first in range(0, length, _BLOCK))
    return np.concatenate([made(*(column[part] for column in columns)) for part in parts])


def _codes(ids: pl.Series, known: tuple[str, ...]) -> Codes:
    """Each text's position in ``known``, found once for each distinct text."""
    table = pl.DataFrame({"id": pl.Series(known, dtype=pl.String)}).with_row_index("code")
    asked = pl.DataFrame({"id": ids.cast(pl.String)})
    joined = asked.join(table, on="id", how="left", maintain_order="left")
    return joined["code"].cast(pl.Int32).fill_null(-1).to_numpy().copy()
