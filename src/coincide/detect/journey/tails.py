"""Tail ranks: how few others, or other days of its own, have a figure as high as a card-day has.

Ranks are computed where they are asked for and never kept: they rate a day among the days of one moment, and no
figure attaches to a card (promise 4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey import past
from coincide.detect.journey.days import Days
from coincide.detect.journey.group import Figures, ratio
from coincide.detect.journey.order import begins, order
from coincide.detect.journey.taps import Positions
from coincide.rules.feature import LEAST_ALIKE, LEAST_PAST

_LOW = np.uint64(2**32 - 1)
_SIGN = np.uint32(2**31)


@dataclass(frozen=True, eq=False)
class Alike:
    """Card-days of the same product and service day, side by side: found once for all features.

    ``rows`` of the card-days in that order; ``first``: where each product and day begins.
    """

    rows: Positions
    first: Positions


def alike(days: Days) -> Alike:
    """The card-days that are compared with each other."""
    rows = order(days.product, days.day)
    return Alike(rows, np.flatnonzero(begins(days.product[rows], days.day[rows])))


def tails(days: Days, feature: str, among: Alike | None = None) -> Figures:
    """Of each card-day, the share of those of the same product and service day with a value at least as high.

    It counts itself and its equals. NaN where the feature is missing, or fewer than 100 such card-days have it.
    ``among``: ``alike(days)``, where it is known already.
    """
    among = alike(days) if among is None else among
    values = days[feature][among.rows]
    shares = np.full(len(days), np.nan, dtype=np.float32)
    ends = np.append(among.first[1:], len(days))
    large = ends - among.first >= LEAST_ALIKE
    for low, high in zip(among.first[large].tolist(), ends[large].tolist(), strict=True):
        shares[low:high] = _shares(values[low:high])
    found = np.empty(len(days), dtype=np.float32)
    found[among.rows] = shares
    return found


def own(days: Days, feature: str) -> Figures:
    """Of each card-day, the share of its token's active days of the last 28 with a value at least as high.

    The day itself is none of them. NaN where the feature is missing, or known of fewer than 5 of them.
    """
    values, active = days[feature], past.known(days.token, days.day)
    known = ~np.isnan(values)
    total, at_least = np.zeros((2, len(days)), dtype=np.int64)
    for back in range(1, int(active.max(initial=0)) + 1):
        within = active[back:] >= back
        total[back:] += within & known[:-back]
        at_least[back:] += within & (values[:-back] >= values[back:])
    return np.where(known & (total >= LEAST_PAST), ratio(at_least, total), np.float32(np.nan))


def _shares(values: Figures) -> Figures:
    """Of each value, the share of all that are at least as high; NaN for all where too few are there."""
    found = np.full(len(values), np.nan, dtype=np.float32)
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < LEAST_ALIKE:
        return found
    packed = _sortable(values[known]).astype(np.uint64) << np.uint64(32) | np.arange(len(known), dtype=np.uint64)
    packed.sort()
    fresh = begins(packed >> np.uint64(32))
    # Of equals the first in order: from there to the end all are at least as high.
    lowest = np.maximum.accumulate(np.where(fresh, np.arange(len(known)), 0))
    found[known[(packed & _LOW).astype(np.int64)]] = (len(known) - lowest) / len(known)
    return found


def _sortable(values: Figures) -> NDArray[np.uint32]:
    """Whole numbers in the order of the values: IEEE 754 orders positive ones so, negative ones the other way."""
    bits = (values + np.float32(0)).view(np.uint32)  # -0.0 becomes 0.0
    return np.where(bits >> np.uint32(31) == 1, ~bits, bits | _SIGN)
