"""Finding many keys among fewer chosen ones: several times faster than a binary search for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.order import Packed, width
from coincide.detect.journey.taps import MISSING, Positions

_MIX = np.uint64(0x9E3779B97F4A7C15)
"""2**64 by the golden ratio: the high bits of a product with it are well spread, whatever the keys share."""


@dataclass(frozen=True, eq=False)
class Lookup:
    """A table with open places: a key stands at its own place or, where that is taken, at one of the next.

    ``keys``: the chosen ones, each once. ``table``: which of them stands at each place, -1 for none.
    """

    keys: Packed
    table: NDArray[np.int32]

    @classmethod
    def of(cls, keys: Packed) -> Lookup:
        """A table of these keys, at most half full."""
        table = np.full(2 << width(len(keys)), MISSING, dtype=np.int32)
        waiting = np.arange(len(keys), dtype=np.int32)
        place = _home(keys, len(table))
        while len(waiting):
            free = table[place] == MISSING
            table[place[free]] = waiting[free]
            # Of several that came to a free place, the last stands there.
            left = table[place] != waiting
            waiting, place = waiting[left], place[left] + 1 & len(table) - 1
        return cls(keys, table)

    def find(self, keys: Packed) -> Positions:
        """Which of the chosen keys each is, -1 where it is none."""
        found = np.full(len(keys), MISSING, dtype=np.int64)
        if not len(self.keys):
            return found
        place = _home(keys, len(self.table))
        asking = np.arange(len(keys), dtype=np.int64)
        while len(asking):
            candidate = self.table[place]
            same = (candidate != MISSING) & (self.keys[candidate] == keys)
            found[asking[same]] = candidate[same]
            ahead = (candidate != MISSING) & ~same
            asking, keys, place = asking[ahead], keys[ahead], place[ahead] + 1 & len(self.table) - 1
        return found


def _home(keys: Packed, size: int) -> Positions:
    return (keys * _MIX >> np.uint64(64 - width(size - 1))).astype(np.int64)
