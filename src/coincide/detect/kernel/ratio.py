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
    """At which observations the window holds enough ``to``, and more than ``more_than`` times as many ``of``."""
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


def evidence(condition: Ratio, seen: Observations, at_hits: Positions) -> Evidence:  # noqa: ARG001
    """The window's observations of the kind that is compared, the latest ``LISTED``; both kinds are counted.

    That there are no more of the other kind is proven by no list, so it is counted and not listed.
    """
    compared = np.flatnonzero(seen.carries[0])
    start = seen.start[at_hits]
    last = np.searchsorted(compared, at_hits, side="right")
    first = np.maximum(np.searchsorted(compared, start, side="left"), last - LISTED)
    owner, place = spans(first, last - 1)
    return collect([(owner, compared[place])], at_hits - start + 1)


def _counted(carries: Truths, start: Positions) -> Positions:
    running = np.concatenate([[0], np.cumsum(carries, dtype=np.int64)])
    found: Positions = running[1:] - running[start]
    return found
