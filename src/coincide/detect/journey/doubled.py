"""Taps that a reader took twice: counted once."""

from __future__ import annotations

import numpy as np

from coincide.detect.journey.order import begins
from coincide.detect.journey.taps import MISSING, Positions, Taps, Truths, Whole


def single(taps: Taps, rows: Positions, doubled_us: int) -> Positions:
    """Those of ``rows``, which are sorted by token and time, that count.

    A tap is a double if the last tap *that counts* of the same token, reader and action was less than ``doubled_us``
    before it, so that of a tap every five seconds every second counts if the limit is ten. The reader is the device;
    where none is given the vehicle; where neither is, the place. Where nothing tells the reader, no tap is a double.
    """
    token, at = taps.token[rows], taps.at[rows]
    near = np.zeros(len(rows), dtype=np.bool_)
    near[1:] = (token[1:] == token[:-1]) & (at[1:] - at[:-1] < doubled_us)
    # A double stands in a run of taps of its token, each near the one before: only these few are looked at.
    close = near.copy()
    close[:-1] |= near[1:]
    place = np.flatnonzero(close)
    if not len(place):
        return rows
    run = np.cumsum(~near)[place]
    kind, reader = _reader(taps, rows[place])
    told = kind >= 0
    place, run, kind, reader = place[told], run[told], kind[told], reader[told]
    group = (run, kind, reader, taps.action[rows[place]])
    sorting = np.lexsort((place, *group[::-1]))
    fresh = begins(*(column[sorting] for column in group))
    counts = np.ones(len(rows), dtype=np.bool_)
    counts[place[sorting]] = _spaced(at[place[sorting]], fresh, doubled_us)
    return rows[counts]


def _reader(taps: Taps, rows: Positions) -> tuple[Whole, Whole]:
    """What tells the reader (0 device, 1 vehicle, 2 place, -1 nothing) and its code."""
    device, vehicle, place = (column[rows].astype(np.int64) for column in (taps.device, taps.vehicle, taps.place))
    known = [device != MISSING, vehicle != MISSING, place != MISSING]
    return np.select(known, [0, 1, 2], -1), np.select(known, [device, vehicle, place], MISSING)


def _spaced(at: Positions, fresh: Truths, least_us: int) -> Truths:
    """From the first of each group, again and again the next that is at least so long after.

    Where one step leads is known for all rows at once; which rows are reached is found by doubling the steps.
    """
    count = len(at)
    # Groups laid end to end, a step apart: one increasing line. A step out of a group ends at the first of the next,
    # which counts anyway.
    gaps = np.zeros(count, dtype=np.int64)
    gaps[1:] = np.where(fresh[1:], least_us, at[1:] - at[:-1])
    line = np.cumsum(gaps)
    leads = np.append(np.searchsorted(line, line + least_us, side="left"), count)
    reached = np.append(fresh, True)
    while True:
        ahead = reached.copy()
        ahead[leads[reached]] = True
        if np.array_equal(ahead, reached):
            return reached[:count]
        reached, leads = ahead, leads[leads]
