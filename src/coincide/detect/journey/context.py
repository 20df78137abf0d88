"""What all rides together say: how full vehicles were, and how long a ride usually takes.

Both are kept as exact counts, so that those of parts can be added up: the outcome is that of all rides at once,
however the tokens were parted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.lookup import Lookup
from coincide.detect.journey.order import Packed, begins, pack
from coincide.detect.journey.ride import Rides
from coincide.detect.journey.taps import MISSING, Positions, Truths, Whole
from coincide.rules.feature import CROWDED_PART, LEAST_RIDES

_DAY_BITS, _HOUR_BITS, _MINUTE_BITS, _STOP_BITS = 17, 5, 15, 22
_MINUTE_US = 60_000_000
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each key was met; keys sorted, each once."""

    key: Packed
    count: Positions

    @classmethod
    def of(cls, keys: Packed) -> Counts:
        """Of keys in any order, which are sorted in place."""
        keys.sort()
        first = np.flatnonzero(begins(keys))
        return cls(keys[first], np.diff(first, append=len(keys)))

    @classmethod
    def total(cls, parts: Sequence[Counts]) -> Counts:
        """The counts of all parts together: keys are sorted as often as they were met, which NumPy is quick at."""
        return cls.of(np.concatenate([np.zeros(0, dtype=np.uint64), *(np.repeat(p.key, p.count) for p in parts)]))

    @classmethod
    def summed(cls, key: Packed, count: Positions) -> Counts:
        """Of keys in any order, some of them perhaps several times."""
        order = np.argsort(key, kind="stable")  # quick where two sorted runs are laid together
        key = key[order]
        first = np.flatnonzero(begins(key))
        return cls(key[first], np.add.reduceat(count[order], first) if len(first) else count[:0])

    def __add__(self, more: Counts) -> Counts:
        return Counts.summed(np.concatenate([self.key, more.key]), np.concatenate([self.count, more.count]))


@dataclass(frozen=True, eq=False)
class Context:
    """The counts of all rides: ``boardings`` by cell, and ``minutes`` by ends, hour and whole minutes."""

    boardings: Counts
    minutes: Counts

    @cached_property
    def _crowded(self) -> Lookup:
        """The crowded cells."""
        full = np.zeros(len(self.boardings.key), dtype=np.bool_)
        for sort in (0, 1):
            places = np.flatnonzero(self.boardings.key >> np.uint64(63) == sort)
            counts = self.boardings.count[places]
            as_many = len(counts) - np.searchsorted(np.sort(counts), counts, side="left")
            full[places] = as_many * CROWDED_PART <= len(counts)
        return Lookup.of(self.boardings.key[full])

    @cached_property
    def _usual(self) -> tuple[Lookup, Positions]:
        """The ends and hours that have rides enough, and their lower median of minutes."""
        cell = self.minutes.key >> np.uint64(_MINUTE_BITS)
        first = np.flatnonzero(begins(cell))
        before = np.concatenate([[0], np.cumsum(self.minutes.count)])
        total = np.diff(before[first], append=before[-1])
        first, total = first[total >= LEAST_RIDES], total[total >= LEAST_RIDES]
        # The place of the median among all rides, then the row of counts that holds it.
        row = np.searchsorted(before, before[first] + (total - 1) // 2, side="right") - 1
        minutes = (self.minutes.key[row] & np.uint64(2**_MINUTE_BITS - 1)).astype(np.int64)
        return Lookup.of(cell[first]), minutes

    def __add__(self, more: Context) -> Context:
        return Context(self.boardings + more.boardings, self.minutes + more.minutes)

    def recoded(self, place: Whole, line: Whole, vehicle: Whole) -> Context:
        """The same under other codes: of each code the new one, none of them twice; the last place is not asked."""
        key, low = self.boardings.key, _DAY_BITS + _HOUR_BITS
        by_line = _bits(key, 63, 1) == 1
        code = _bits(key, low, 63 - low)
        code = np.where(by_line, line[np.where(by_line, code, -1)], vehicle[np.where(by_line, -1, code)])
        cells = pack((by_line, code, _bits(key, 0, low)), (1, 63 - low, low))
        key, low = self.minutes.key, _HOUR_BITS + _MINUTE_BITS
        start, end = (place[_bits(key, at, _STOP_BITS)] for at in (low + _STOP_BITS, low))
        journeys = pack((start, end, _bits(key, 0, low)), (_STOP_BITS, _STOP_BITS, low))
        return Context(Counts.summed(cells, self.boardings.count), Counts.summed(journeys, self.minutes.count))

    def settle(self) -> None:
        """Work out now what is asked later, so that threads find it done."""
        _ = self._crowded, self._usual

    def crowded(self, rides: Rides) -> NDArray[np.int8]:
        """Of each ride, whether its cell is crowded: 1 or 0, -1 if it is in none."""
        key, known = _cells(rides)
        return np.where(known, self._crowded.find(key) != MISSING, UNKNOWN).astype(np.int8)

    def usual(self, rides: Rides) -> Positions:
        """Of each ride, the minutes that one of its ends and hour usually takes; -1 where too few tell."""
        key, known = _journeys(rides)
        lookup, minutes = self._usual
        place = lookup.find(key >> np.uint64(_MINUTE_BITS))
        return np.where(known, np.append(minutes, UNKNOWN)[place], UNKNOWN)


def context(rides: Rides) -> Context:
    """What these rides say."""
    cells, known = _cells(rides)
    journeys, whole = _journeys(rides)
    return Context(Counts.of(cells[known]), Counts.of(journeys[whole]))


def merged(parts: Sequence[Context]) -> Context:
    """What the rides of all parts say together."""
    boardings = Counts.total([part.boardings for part in parts])
    return Context(boardings, Counts.total([part.minutes for part in parts]))


def minutes(rides: Rides) -> Positions:
    """The whole minutes of each ride, at least one; only where its end is known do they mean something."""
    whole: Positions = np.maximum((rides.ends_us - rides.begins_us) // _MINUTE_US, 1)
    return whole


def _bits(key: Packed, low: int, count: int) -> Positions:
    """So many bits of each key, from ``low`` up."""
    return (key >> np.uint64(low) & np.uint64(2**count - 1)).astype(np.int64)


def _cells(rides: Rides) -> tuple[Packed, Truths]:
    """The cell of each ride, and which rides are in one. Vehicles and lines are told apart by the first bit."""
    by_line = rides.vehicle == MISSING
    code = np.where(by_line, rides.line, rides.vehicle)
    known = code != MISSING
    low = _DAY_BITS + _HOUR_BITS
    day = rides.day.astype(np.int64) + 1  # clocks behind UTC have a day before 1970-01-01
    columns = (by_line, np.where(known, code, 0), day, rides.hour)
    return pack(columns, (1, 63 - low, _DAY_BITS, _HOUR_BITS)), known


def _journeys(rides: Rides) -> tuple[Packed, Truths]:
    """Ends, hour and minutes of each ride, and of which rides they are known."""
    known = rides.ended & (rides.start != MISSING) & (rides.end != MISSING)
    for stops in (rides.start, rides.end):
        if stops.max(initial=0) >> _STOP_BITS:
            raise ValueError(f"there are more than {2**_STOP_BITS} stops")
    capped = np.minimum(minutes(rides), 2**_MINUTE_BITS - 1)
    columns = (np.maximum(rides.start, 0), np.maximum(rides.end, 0), rides.hour, capped)
    return pack(columns, (_STOP_BITS, _STOP_BITS, _HOUR_BITS, _MINUTE_BITS)), known
