"""Rows by day against the same weekday of the weeks before.

Usual is the median of that weekday. A day is a finding if it has half of that or less, or twice as much or more
(settings say how much), and if chance alone would hardly do it. Rows scatter like a Poisson count, or as wide as that
weekday did (median absolute deviation), whichever is wider; the distance is taken between square roots, where such
counts scatter alike (F. J. Anscombe, "The transformation of Poisson, binomial and negative-binomial data",
Biometrika 35, 1948). A small shop has quiet days: less than seven usual rows can never be missed by this test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import median

from coincide.watch.rhythm import WEEK

FAR = 4.0
"""Standard deviations: one day in about ten thousand by chance, with what estimating from a few weeks adds."""
LEAST = 4
"""Days of a weekday from which its median is taken, at least."""
_MAD_TO_SIGMA = 1.4826
_ANSCOMBE = 3 / 8


@dataclass(frozen=True)
class Unusual:
    """A day with its rows, and how many that weekday usually has."""

    day: int
    rows: int
    usual: float


def usual(rows: Mapping[int, int], day: int, before: int, weeks: int) -> list[int]:
    """The rows of the same weekday in the ``weeks`` before the day ``before``; a day without any counts as 0.

    The source's very first day is left out: it need not be a whole one.
    """
    begin = max(before - weeks * WEEK, min(rows, default=before) + 1)
    return [rows.get(past, 0) for past in range(day - WEEK, begin - 1, -WEEK) if past < before]


def unusual(
    rows: Mapping[int, int], first: int, newest: int, *, weeks: int, fewer: int, more: int
) -> tuple[list[Unusual], list[Unusual]]:
    """The days from ``first`` to ``newest`` with too few rows and with too many; ``fewer``, ``more`` in percent.

    The newest day may be cut short, so it can have too many only. Days whose weekday has too little past are passed
    over.
    """
    low, high = [], []
    for day in range(first, newest + 1):
        past = usual(rows, day, first, weeks)
        if len(past) < LEAST:
            continue
        found = Unusual(day, rows.get(day, 0), float(median(past)))
        far = distance(found.rows, past)
        if far < -FAR and found.rows * 100 <= found.usual * fewer and day < newest:
            low.append(found)
        elif far > FAR and found.rows * 100 >= found.usual * more:
            high.append(found)
    return low, high


def distance(rows: int, past: list[int]) -> float:
    """How many standard deviations ``rows`` lie from the median of ``past``."""
    middle = float(median(past))
    wide = _MAD_TO_SIGMA * float(median(abs(count - middle) for count in past))
    scatter = max(1.0, wide * wide / middle) if middle else 1.0
    return 2 * (sqrt(rows + _ANSCOMBE) - sqrt(middle + _ANSCOMBE)) / sqrt(scatter)
