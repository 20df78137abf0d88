"""Card-days: what a token did on one service day, in named figures. Their meanings stand in ``feature.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey import past
from coincide.detect.journey.context import Context, context
from coincide.detect.journey.group import Figures, group
from coincide.detect.journey.reboarded import reboarded
from coincide.detect.journey.ridden import Network, ridden
from coincide.detect.journey.ride import Rides
from coincide.detect.journey.taps import Positions, Truths, Whole
from coincide.detect.journey.visited import visited
from coincide.rules.feature import LEAST_PAST, NAMES

_STEADY = 1.4826
"""The median distance from the median, times this, is the standard deviation where figures scatter normally."""


@dataclass(frozen=True, eq=False)
class Days:
    """One row a card-day, sorted by token and day.

    ``product``: that of the first ride. ``features``: by name, all that ``feature.FEATURES`` lists; NaN is missing.
    """

    token: Whole
    day: NDArray[np.int32]
    product: Whole
    features: Mapping[str, Figures]

    def __len__(self) -> int:
        return len(self.token)

    def __getitem__(self, name: str) -> Figures:
        return self.features[name]

    def take(self, rows: Positions | Truths) -> Days:
        """The chosen card-days."""
        features = {name: figures[rows] for name, figures in self.features.items()}
        return Days(self.token[rows], self.day[rows], self.product[rows], features)


def days(rides: Rides, network: Network | None = None, around: Context | None = None) -> Days:
    """All features of all card-days of these rides.

    ``around``: what the rides of all tokens say, where these are only a part of them. Every other figure is of one
    token, so that all its rides must be here.
    """
    of = group(rides)
    token, day, trips = of.rides.token[of.first], of.rides.day[of.first], of.count
    active = past.known(token, day)
    figures = {
        "trips": trips.astype(np.float32),
        "missing_exits": of.share(~of.rides.ended, np.ones(len(rides), dtype=np.bool_)),
        **visited(of, active),
        **reboarded(of),
        **ridden(of, network, context(rides) if around is None else around),
        "trips_z": _against_past(trips, active),
    }
    return Days(token, day, of.rides.product[of.first], {name: figures[name] for name in NAMES})


def joined(parts: Sequence[Days]) -> Days:
    """The card-days of parts of which each has tokens of its own, in the order of the parts."""
    token, day, product = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("token", "day", "product")
    )
    return Days(
        token, day, product, {name: np.concatenate([part[name] for part in parts]) for name in parts[0].features}
    )


def _against_past(trips: Positions, active: Positions) -> Figures:
    middle, spread = past.median(trips, np.where(active >= LEAST_PAST, active, 0))
    score = (trips - middle) / np.maximum(_STEADY * spread, 1.0)
    return np.where(active >= LEAST_PAST, score, np.nan).astype(np.float32)
