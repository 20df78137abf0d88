"""The city in counts: when people ride, how often in a day, and what a count alone would flag. No token is in it.

Nothing is shown of fewer than ten cards, in no cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincide.journeys.few import FEWEST, hidden
from coincide.journeys.histogram import Histogram, steps

LADDER = (5, 8, 10, 12, 15, 20)
"""Counts that people think of first, beside those of the workspace's rules."""

Whole = NDArray[np.integer]


@dataclass(frozen=True)
class Counted:
    """A rule that counts: at how many in a day it would flag. ``taps``: it counts taps of any action, not boardings."""

    rule: str
    at_least: int
    taps: bool = False


@dataclass(frozen=True)
class Threshold:
    """What at least so many rides in a service day would flag; ``None``: of fewer than ten cards, and not shown."""

    at_least: int
    rules: tuple[Counted, ...]
    card_days: int | None
    cards: int | None


@dataclass(frozen=True)
class Product:
    """Card-days of a fare product, ``None`` those without one; of several that are too small to be shown apart."""

    names: tuple[str | None, ...]
    card_days: int | None
    rides: int | None
    missing_exits: int | None


@dataclass(frozen=True)
class Overview:
    """``by_hour``: boardings in each hour of the local clock, from that in which a service day begins.

    ``share_missing``: of rides, the part without an exit. ``doubled``: taps that a reader took twice, counted once.
    """

    first_day: str
    last_day: str
    zone: str
    begins: str
    taps: int
    doubled: int | None
    cards: int
    card_days: int
    rides: int
    missing_exits: int | None
    by_hour: tuple[tuple[int, int | None], ...]
    rides_per_day: Histogram | None
    thresholds: tuple[Threshold, ...]
    products: tuple[Product, ...]

    @property
    def document(self) -> dict[str, Any]:
        """As JSON; ``null`` is a count that is not shown."""
        per_day = self.rides_per_day
        return {
            "coincide": "journeys/1",
            "days": {"from": self.first_day, "to": self.last_day, "zone": self.zone, "begins": self.begins},
            "taps": self.taps,
            "doubled_taps": self.doubled,
            "cards": self.cards,
            "card_days": self.card_days,
            "rides": self.rides,
            "missing_exits": self.missing_exits,
            "by_hour": [{"hour": hour, "boardings": count} for hour, count in self.by_hour],
            "rides_per_card_day": []
            if per_day is None
            else [
                {"from": int(per_day.edges[bin_]), "name": per_day.name(bin_), "card_days": count}
                for bin_, count in enumerate(per_day.counts)
            ],
            "thresholds": [
                {
                    "at_least": one.at_least,
                    "rules": [rule.rule for rule in one.rules],
                    "card_days": one.card_days,
                    "cards": one.cards,
                }
                for one in self.thresholds
            ],
            "products": [
                {
                    "products": list(one.names),
                    "card_days": one.card_days,
                    "rides": one.rides,
                    "missing_exits": one.missing_exits,
                }
                for one in self.products
            ],
        }


def enough(count: int) -> int | None:
    """A count that may be shown, of what nobody knows the cards of: none, or ten and more."""
    return count if count == 0 or count >= FEWEST else None


def by_hour(boardings: Whole, riders: Whole, first: int) -> tuple[tuple[int, int | None], ...]:
    """Boardings in each of the 24 hours of the local clock, from the hour ``first`` on; ``riders``: cards in each."""
    order = [(first + step) % 24 for step in range(24)]
    hide = hidden([int(riders[hour]) for hour in order])
    return tuple((hour, None if closed else int(boardings[hour])) for hour, closed in zip(order, hide, strict=True))


def thresholds(token: Whole, trips: Whole, rules: Sequence[Counted]) -> tuple[Threshold, ...]:
    """What each count would flag, in order. ``token`` and ``trips``: of each card-day."""
    made = []
    for at_least in sorted({*LADDER, *(rule.at_least for rule in rules)}):
        flagged = trips >= at_least
        cards = len(np.unique(token[flagged]))
        named = tuple(rule for rule in rules if rule.at_least == at_least)
        few = 0 < cards < FEWEST
        made.append(Threshold(at_least, named, None if few else int(flagged.sum()), None if few else cards))
    return tuple(made)


def products(product: Whole, token: Whole, trips: Whole, missing: Whole, names: Sequence[str]) -> tuple[Product, ...]:
    """Card-days by product, most first; ``product``: codes, -1 for none. ``missing``: rides without an exit.

    Those of too few cards are counted with the next larger one, so that the total stays what it is.
    """
    card_days = np.bincount(product + 1, minlength=len(names) + 1)
    known = [None, *names]
    order = sorted(np.flatnonzero(card_days).tolist(), key=lambda code: (int(card_days[code]), known[code] or ""))
    together: list[list[int]] = []
    small: list[int] = []
    for code in order:
        small.insert(0, code)
        if len(np.unique(token[np.isin(product + 1, small)])) >= FEWEST:
            together.insert(0, small)
            small = []
    together[:1] = [small + together[0] if together else small]
    made = []
    for codes in together:
        here = np.isin(product + 1, codes)
        closed = len(np.unique(token[here])) < FEWEST
        counts = [None if closed else int(count) for count in (here.sum(), trips[here].sum(), missing[here].sum())]
        made.append(Product(tuple(known[code] for code in codes), *counts))
    return tuple(sorted(made, key=lambda one: -(one.card_days or 0)))


def per_day(trips: Whole, token: Whole) -> Histogram | None:
    """Card-days by how many rides they have, each bin of ten cards or more."""
    return steps(trips, token)
