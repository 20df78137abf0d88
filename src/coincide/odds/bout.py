"""Bouts: how often somebody had a thing, purchases closer than a rule's window counted as one.

A household buys the same thing again and again, so that lines are far more than occasions; of two components bought by
as many, the one bought again every month meets others more often. So components are compared by bouts.
"""

from __future__ import annotations

import numpy as np

from coincide.detect.kernel.observations import Positions
from coincide.rules.plan import Sliding, Window

_DAY_US = 86_400_000_000


def width_of(window: Window) -> int:
    """Microseconds of a window; of a local day those of most days."""
    return window.width_us if isinstance(window, Sliding) else _DAY_US


def bouts(owner: Positions, at: Positions, width_us: int) -> Positions:
    """Which of these times begin a bout: their places. ``at``: microseconds, in any order.

    A time ``width_us`` or more after the owner's one before it begins a new bout, as a hit begins a new episode.
    """
    order = np.lexsort((at, owner))
    owner, at = owner[order], at[order]
    fresh = np.ones(len(owner), dtype=np.bool_)
    fresh[1:] = (owner[1:] != owner[:-1]) | (at[1:] - at[:-1] >= width_us)
    found: Positions = order[fresh]
    return found
