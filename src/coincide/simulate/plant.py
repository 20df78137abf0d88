"""Planted buyers: the combinations that a simulated log is known to hold, with the answer for each.

Every planted buyer buys three different components; times are drawn so that the rule "three of the four within 30
days, by actor" has a known answer:

- ``inside``: the three within the window, every third buyer with first and last one microsecond less than 30 days
  apart. Some buy the fourth as well; some do all of it again 100 days later and so raise two alerts.
- ``outside``: first and last exactly 30 days apart (every other buyer) or up to 15 days more: no alert.
- ``linked``: like ``inside``, but spread over two accounts that pay with one card: one alert for the actor that
  the two are, none for either account by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.simulate.item import COMPONENTS, PER_COMPONENT

DAY_US = 86_400_000_000
WINDOW_US = 30 * DAY_US
AGAIN_US = 100 * DAY_US
"""A second round starts this long after the first: far outside the window, so a second alert."""
LATEST_START_US = 200 * DAY_US
"""Start of a plan, from the start of the log, so that every purchase of it falls into the year."""

INSIDE, OUTSIDE, LINKED = "inside", "outside", "linked"
_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Planted:
    """Planted buyers and their purchases.

    ``buyer``, ``at_us`` (from the start of the log), ``component`` and ``item`` (0-based among the component's
    items) are parallel, one entry a purchase; ``kind`` and ``alerts`` have one entry a buyer. Each ``linked``
    plan is two buyers that follow each other.
    """

    kind: tuple[str, ...]
    alerts: tuple[int, ...]
    buyer: _Ints
    at_us: _Ints
    component: _Ints
    item: _Ints


def counts(size: int) -> tuple[int, int, int]:
    """How many plans of each kind (inside, outside, linked) go into a log of ``size`` rows; at least one each."""
    return max(1, size // 20_000), max(1, size // 20_000), max(1, size // 40_000)


def plant(size: int, rng: np.random.Generator) -> Planted:
    """Draw the planted buyers of a log of ``size`` rows; a few hundred for a million rows, so loops are fine."""
    kinds: list[str] = []
    alerts: list[int] = []
    purchases: list[tuple[int, int, int]] = []
    inside, outside, linked = counts(size)
    for number in range(inside):
        again = number % 5 == 4
        buyer = _buyer(kinds, alerts, INSIDE, 2 if again else 1)
        width = WINDOW_US - 1 if number % 3 == 0 else int(rng.integers(DAY_US, WINDOW_US))
        plan = _plan(rng, width, components=4 if number % 4 == 3 else 3)
        purchases += [(buyer, at, part) for at, part in plan]
        if again:
            purchases += [(buyer, at + AGAIN_US, part) for at, part in plan]
    for number in range(outside):
        buyer = _buyer(kinds, alerts, OUTSIDE, 0)
        width = WINDOW_US if number % 2 == 0 else int(rng.integers(WINDOW_US, WINDOW_US + 15 * DAY_US))
        purchases += [(buyer, at, part) for at, part in _plan(rng, width, components=3)]
    for _ in range(linked):
        pair = _buyer(kinds, alerts, LINKED, 1), _buyer(kinds, alerts, LINKED, 1)
        plan = _plan(rng, int(rng.integers(DAY_US, WINDOW_US)), components=3)
        purchases += [(pair[turn % 2], at, part) for turn, (at, part) in enumerate(plan)]
    columns = np.array(purchases, dtype=np.int64)
    items = rng.integers(0, PER_COMPONENT, len(columns))
    return Planted(tuple(kinds), tuple(alerts), columns[:, 0], columns[:, 1], columns[:, 2], items)


def _buyer(kinds: list[str], alerts: list[int], kind: str, expected: int) -> int:
    kinds.append(kind)
    alerts.append(expected)
    return len(kinds) - 1


def times(rng: np.random.Generator, width_us: int, count: int) -> list[int]:
    """Moments in order, from the start of the log: the first and the last are exactly ``width_us`` apart."""
    start = int(rng.integers(0, LATEST_START_US))
    between = rng.integers(1, width_us, count - 2)
    return sorted([start, start + width_us, *(start + int(offset) for offset in between)])


def _plan(rng: np.random.Generator, width_us: int, *, components: int) -> list[tuple[int, int]]:
    """``(at_us, component)`` in time order: the first and the last are exactly ``width_us`` apart."""
    at = times(rng, width_us, components)
    parts = rng.permutation(len(COMPONENTS))[:components]
    return [(moment, int(part)) for moment, part in zip(at, parts, strict=True)]
