"""Which vehicles have a clock that is off: told from riders who change between them. Pure functions over columns.

Somebody who taps in one vehicle and soon after in another shows how far the clocks of the two are apart. Over all
vehicles, the times between taps of one token in different vehicles have a peak at some minutes: people change. A
vehicle whose clock is off has that peak at another place, by as much as it is off. *When* a vehicle runs says nothing
of its clock, so one that runs in the peaks alone is as good as any.

Two things must come together before a clock is called off: the peak is missing where it should be, and one stands
where the other vehicles have none; each by more than chance explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Counts = NDArray[np.float64]

BIN_US = 300_000_000
"""Five minutes."""
FURTHEST = 144
"""Bins to either side: twelve hours."""
LAGS = 8
"""So many taps onward of the same token are compared with each tap."""
NEAR = 6
"""Bins to either side within which people change: half an hour."""
LEAST_SHIFT, LARGEST_SHIFT = 6, 124
"""From half an hour to ten hours and twenty minutes, where all that is beside a place is still counted."""
CLEAR = 0.6
"""Another peak that is so large a part of the largest one leaves open which of them it is."""
LEAST_PAIRS = 40
"""A vehicle with fewer pairs of taps is not judged."""
CERTAIN = 4.0
"""Standard deviations by which a peak stands out."""
FLAT = 0.9
"""What is so high is as good as the highest place of a peak."""
_BINS = 2 * FURTHEST + 1
_SPREAD = 0.02
"""Share of pairs that may fall anywhere: nothing is impossible."""


@dataclass(frozen=True)
class Off:
    """A vehicle's clock that is ahead by ``minutes`` (behind where negative), as ``pairs`` of taps show.

    ``None``: off it is, but by how much cannot be told.
    """

    unit: int
    minutes: int | None
    pairs: int


@dataclass(frozen=True)
class Clocks:
    """What was found: clocks that are ``off``, how many vehicles were ``judged`` and how many had too few pairs."""

    off: tuple[Off, ...]
    judged: int
    unjudged: int


def clocks(token: NDArray[np.uint64], at: Numbers, unit: Numbers) -> Clocks:
    """Judge the clocks of all vehicles. ``unit``: code of the vehicle of each tap, from 0, -1 if it is not known.

    ``at``: microseconds. Taps in any order.
    """
    known = unit >= 0
    count = int(unit.max(initial=-1)) + 1
    pairs = _pairs(token[known], at[known], unit[known], count)
    enough = pairs.sum(axis=1) >= LEAST_PAIRS
    off: dict[int, Off] = {}
    # A clock that is far off blurs the peak of all others: it is left out once found, and they are looked at again.
    while True:
        sound = enough & ~np.isin(np.arange(count), list(off))
        found = _off(pairs, np.flatnonzero(sound))
        if not found:
            break
        off |= {one.unit: one for one in found}
    return Clocks(tuple(off[one] for one in sorted(off)), int(enough.sum()), count - int(enough.sum()))


def _pairs(token: NDArray[np.uint64], at: Numbers, unit: Numbers, count: int) -> Counts:
    """By vehicle, how often a tap in it was how many bins after one of the same token in another vehicle."""
    order = np.lexsort((unit, at, token))
    token, at, unit = token[order], at[order], unit[order]
    found = np.zeros(count * _BINS)
    for lag in range(1, LAGS + 1):
        apart = at[lag:] - at[:-lag]
        near = (token[lag:] == token[:-lag]) & (unit[lag:] != unit[:-lag]) & (apart <= FURTHEST * BIN_US)
        if not near.any():
            continue
        bins = apart[near] // BIN_US
        later, earlier = unit[lag:][near], unit[:-lag][near]
        # Seen from the later tap the time is positive, from the earlier one negative.
        found += np.bincount(later * _BINS + FURTHEST + bins, minlength=count * _BINS)
        found += np.bincount(earlier * _BINS + FURTHEST - bins, minlength=count * _BINS)
    return found.reshape(count, _BINS)


def _off(pairs: Counts, units: Numbers) -> Sequence[Off]:
    """Those of ``units`` whose clock is off, by the distribution that all of these units have together."""
    if not len(units):
        return ()
    own = pairs[units]
    every = own.sum(axis=0)
    result = []
    for unit, counts in zip(units.tolist(), own, strict=True):
        found = _shift(counts, every - counts)
        if found is not None:
            minutes = found * BIN_US // 60_000_000
            result.append(Off(unit, minutes or None, int(counts.sum())))
    return result


def _shift(counts: Counts, others: Counts) -> int | None:
    """By how many bins the times of one vehicle are moved against those of the others; ``None`` if they are not.

    0 if they are, and it is not clear how far.
    """
    if others.sum() < LEAST_PAIRS:
        return None
    usual, total = _smooth(others), counts.sum()
    expected = _peak(usual)[FURTHEST]
    own, elsewhere = _peak(counts) / total, _peak(usual)
    # What the counts on a place and beside it may differ by chance.
    chance = CERTAIN * np.sqrt(np.convolve(counts, np.ones(6 * NEAR + 3), mode="same") + 1) / total
    if own[FURTHEST] >= min(expected / 2, expected - chance[FURTHEST]):
        return None
    places = np.arange(_BINS) - FURTHEST
    apart = (np.abs(places) >= LEAST_SHIFT) & (np.abs(places) <= LARGEST_SHIFT)
    peaks = apart & (own > expected / 2) & (own > 2 * elsewhere) & (own > chance)
    if not peaks.any():
        return None
    height = np.where(peaks, own - np.maximum(elsewhere, 0), 0)
    best = int(np.argmax(height))
    beside = np.abs(places - places[best]) <= 2 * NEAR
    if height[~beside].max() >= CLEAR * height[best]:
        return 0
    # Those who change do so some minutes before or after: the peak is flat, and its middle is meant.
    return round(float(places[beside & (height >= FLAT * height[best])].mean()))


def _peak(counts: Counts) -> Counts:
    """At every place, what lies within half an hour of it above what lies as wide on both sides of that."""
    inner, outer = np.ones(2 * NEAR + 1), np.ones(6 * NEAR + 3)
    within = np.convolve(counts, inner, mode="same")
    around = np.convolve(counts, outer, mode="same") - within
    found: Counts = within - around / 2
    return found


def _smooth(counts: Counts) -> Counts:
    """A density: a moving mean of three bins, and a small chance of everything."""
    mean = np.convolve(np.pad(counts, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    density: Counts = (1 - _SPREAD) * mean / mean.sum() + _SPREAD / _BINS
    return density
