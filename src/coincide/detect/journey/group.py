"""Rides gathered to card-days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.order import begins, order
from coincide.detect.journey.ride import Rides
from coincide.detect.journey.taps import Positions, Truths

Figures = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Group:
    """``rides`` sorted by token and day, ``of`` the card-day of each, ``first`` the first ride of each card-day."""

    rides: Rides
    of: Positions
    first: Positions

    def __len__(self) -> int:
        return len(self.first)

    @property
    def count(self) -> Positions:
        """How many rides each card-day has."""
        return np.diff(self.first, append=len(self.rides))

    def sum(self, values: Positions | Truths) -> Positions:
        """Whole numbers of the rides, added up by card-day."""
        total = np.zeros(len(values) + 1, dtype=np.int64)
        np.cumsum(values, dtype=np.int64, out=total[1:])
        return np.diff(total[self.first], append=total[-1])

    def share(self, chosen: Truths, among: Truths) -> Figures:
        """The share of the chosen rides among those of ``among``, by card-day."""
        return ratio(self.sum(chosen & among), self.sum(among))

    def again(self, chosen: Truths, among: Truths) -> Figures:
        """The same, of re-boardings: row ``i`` is of ride ``i + 1``, and counts if ride ``i`` is of its card-day."""
        counts = among & (self.of[1:] == self.of[:-1])
        late = np.zeros((2, len(self.rides)), dtype=np.bool_)
        late[0, 1:], late[1, 1:] = chosen & counts, counts
        return ratio(self.sum(late[0]), self.sum(late[1]))


def group(rides: Rides) -> Group:
    """The card-days of rides that are sorted by token and time."""
    earlier = (rides.token[1:] == rides.token[:-1]) & (rides.day[1:] < rides.day[:-1])
    if earlier.any():
        # A service day that begins in the hour that clocks are set back by: the clock shows its start twice.
        rides = rides.take(order(rides.token, rides.day))
    fresh = begins(rides.token, rides.day)
    return Group(rides, np.cumsum(fresh) - 1, np.flatnonzero(fresh))


def ratio(part: Positions, whole: Positions) -> Figures:
    """One by the other, NaN where there is nothing to divide by: both are whole numbers, so one rounding."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan).astype(np.float32)
