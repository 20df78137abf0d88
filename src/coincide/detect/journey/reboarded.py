"""Re-boardings of a card-day: how soon, on which line, and back to where."""

from __future__ import annotations

import numpy as np

from coincide.detect.journey.group import Figures, Group
from coincide.detect.journey.order import begins, within
from coincide.detect.journey.taps import MISSING, Positions
from coincide.rules.feature import QUICK_US

_MINUTE_US = 60_000_000


def reboarded(days: Group) -> dict[str, Figures]:
    """The features of re-boardings. What is compared stands in two rows, one after the other."""
    rides = days.rides
    gap = rides.begins_us[1:] - rides.ends_us[:-1]
    told = rides.ended[:-1]
    line, start, end = rides.line, rides.start, rides.end
    lines = (line[1:] != MISSING) & (line[:-1] != MISSING)
    stops = (end[1:] != MISSING) & (start[:-1] != MISSING)
    same_day = days.of[1:] == days.of[:-1]
    return {
        "quick": days.again(gap < QUICK_US, told),
        "same_line": days.again(line[1:] == line[:-1], lines),
        "back": days.again(end[1:] == start[:-1], stops),
        "median_gap": _median(days.of[1:][told & same_day], gap[told & same_day], len(days)),
    }


def _median(of: Positions, gap: Positions, count: int) -> Figures:
    """The lower median of the gaps of each card-day, in minutes."""
    found = np.full(count, np.nan, dtype=np.float32)
    if not len(of):
        return found
    ordered = within(of, gap)
    first = np.flatnonzero(begins(of))
    number = np.diff(first, append=len(of))
    found[of[first]] = ordered[first + (number - 1) // 2] / _MINUTE_US
    return found
