"""Ratio: more than so many observations of one kind for each of another. DESIGN: "Rules"; ADR 0020.

``seen.carries`` are two: which observations are of the kind that is compared (``of``), and which of the other (``to``).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from coincide.detect.kernel.observations import LISTED, Evidence, Observations, Positions, Truths, collect, spans
from coincide.rules.plan import Ratio

_SAFE = 2**62


def hits(condition: Ratio, seen: Observations) -> Truths:
    """At which observations the window holds enough ``to``, and more than ``more_than`` ``of`` for each."""
    of, to = counts(seen)
    return (to >= condition.at_least) & (of >= needed(condition, to))


def counts(seen: Observations) -> tuple[Positions, Positions]:
    """How many ``of`` and how many ``to`` the window of each observation holds."""
    of, to = (_counted(carries, seen.start) for carries in seen.carries)
    return of, to


def needed(condition: Ratio, to: Positions) -> Positions:
    """The least number of ``of`` that is more than ``more_than`` times these numbers of ``to``.

    Exactly, without a division of what was counted: whole numbers above ``p / q * to`` begin at
    ``floor(p * to / q) + 1``.
    """
    limit = Fraction(condition.more_than)
    if limit.numerator * int(to.max(initial=0)) >= _SAFE:
        # Nobody has so many events: more than can be counted is as good as the true number.
        exactly = [limit.numerator * count // limit.denominator + 1 for count in to.tolist()]
        return np.array([min(count, _SAFE) for count in exactly], dtype=np.int64)
    least: Positions = limit.numerator * to // limit.denominator + 1
    return least


def evidence(condition: Ratio, seen: Observations, at_hits: Positions) -> Evidence:
    """The window's ``of``, and so many of the latest ``to`` as there must be; of each at most ``LISTED``.

    That there are no more ``to`` is proven by no list: all of the window's observations are counted.
    """
    most = (LISTED, min(condition.at_least, LISTED))
    parts = [_latest(carries, seen, at_hits, n) for carries, n in zip(seen.carries, most, strict=True)]
    return collect(parts, at_hits - seen.start[at_hits] + 1)


def _latest(carries: Truths, seen: Observations, at_hits: Positions, most: int) -> tuple[Positions, Positions]:
    """Of each hit's window, the latest observations that carry, at most so many: (hit, position)."""
    carriers = np.flatnonzero(carries)
    last = np.searchsorted(carriers, at_hits, side="right")
    first = np.maximum(np.searchsorted(carriers, seen.start[at_hits], side="left"), last - most)
    owner, place = spans(first, last - 1)
    return owner, carriers[place]


def _counted(carries: Truths, start: Positions) -> Positions:
    running = np.concatenate([[0], np.cumsum(carries, dtype=np.int64)])
    found: Positions = running[1:] - running[start]
    return found
