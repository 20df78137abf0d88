"""How far the stations of a line are from each other along its patterns: a table of pairs for each line.

A table is dense over the stations of its line, so that a million pairs are a million look-ups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Call = tuple[int, Codes, NDArray[np.float64]]
"""A pattern: its line, its stations in order, and how many km it is to each from the one before, NaN if unknown."""

_NONE = np.iinfo(np.int16).max
_DENSE = 1 << 25
"""Pairs of line and station up to which each has a cell of its own; more are searched for."""


@dataclass(frozen=True, eq=False)
class Reach:
    """``key`` are the pairs (line, station) that are served, packed and sorted; those of a line stand together.

    ``first`` is where a line's pairs begin, ``size`` how many there are, ``base`` where its table begins in ``fewest``
    and ``shortest``. ``cell`` gives for each pair its position among the pairs, -1 if there is none, or is ``None``
    where that would be too many.
    """

    key: NDArray[np.int64]
    cell: Codes | None
    stations: int
    first: NDArray[np.int64]
    size: NDArray[np.int64]
    base: NDArray[np.int64]
    fewest: NDArray[np.int16]
    shortest: NDArray[np.float64]

    def hops(self, line: Codes, start: Codes, end: Codes) -> NDArray[np.int16]:
        """Fewest stops from one station to another; -1 where no pattern of the line says so."""
        at, known = self._at(line, start, end)
        found = np.where(known, self.fewest[at], np.int16(-1)) if len(self.fewest) else np.full(len(line), -1, np.int16)
        return np.where(found == _NONE, np.int16(-1), found)

    def km(self, line: Codes, start: Codes, end: Codes) -> NDArray[np.float64]:
        """Shortest way from one station to another; NaN where no pattern of the line says so."""
        at, known = self._at(line, start, end)
        if not len(self.shortest):
            return np.full(len(line), np.nan)
        found = np.where(known, self.shortest[at], np.nan)
        return np.where(np.isinf(found), np.nan, found)

    def _at(self, line: Codes, start: Codes, end: Codes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Where the tables speak of each pair, and whether they do."""
        here, there = self._pair(line, start), self._pair(line, end)
        known = (here >= 0) & (there >= 0)
        at = np.where(
            known, self.base[line] + (here - self.first[line]) * self.size[line] + there - self.first[line], 0
        )
        return at, known

    def _pair(self, line: Codes, station: Codes) -> NDArray[np.int64]:
        inside = (line >= 0) & (station >= 0)
        key = np.where(inside, line.astype(np.int64) * self.stations + station, 0)
        if not len(self.key):
            return np.full(len(key), -1, dtype=np.int64)
        if self.cell is not None:
            return np.where(inside, self.cell[key], -1)
        near = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return np.where(inside & (self.key[near] == key), near, -1)


def reach(calls: Sequence[Call], *, lines: int, stations: int) -> Reach:
    """The tables of all lines."""
    keys = [line * np.int64(stations) + stops.astype(np.int64) for line, stops, _ in calls]
    key = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *keys]))
    first = np.searchsorted(key, np.arange(lines, dtype=np.int64) * stations)
    size = np.diff(np.append(first, len(key)))
    base = np.append(0, np.cumsum(size**2))
    fewest = np.full(base[-1], _NONE, dtype=np.int16)
    shortest = np.full(base[-1], np.inf)
    for packed, (line, _, legs) in zip(keys, calls, strict=True):
        own = np.searchsorted(key, packed) - first[line]
        # Each call with itself and with all that come after it.
        before, after = np.triu_indices(len(own))
        at = base[line] + own[before] * size[line] + own[after]
        np.minimum.at(fewest, at, (after - before).astype(np.int16))
        km, unknown = np.nancumsum(legs), np.cumsum(np.isnan(legs))
        way = np.where(unknown[after] == unknown[before], km[after] - km[before], np.inf)
        np.minimum.at(shortest, at, way)
    cell = None
    if lines * stations <= _DENSE:
        cell = np.full(lines * stations, -1, dtype=np.int32)
        cell[key] = np.arange(len(key), dtype=np.int32)
    # A line that is not known looks into a place of its own.
    return Reach(key, cell, stations, np.append(first, 0), np.append(size, 0), base, fewest, shortest)
