"""At what level a rule is expected to raise alerts from now on, and how far it may be from it for no reason.

Known is what the rule raised in its history, and what the same purchases dealt out again gave. What a deal expects is
wrong by a factor that is the same for all rules (``factor``) and by one that is each rule's own (``variation``): the
controls tell both. So before anything is observed of the rule, its level is Gamma distributed around
``factor * expected`` with the coefficient of variation ``variation``; its own history then counts as so many
observations, as ever with a Gamma. Without deals or controls its own history alone speaks (Jeffreys's prior).

Later days are not those of the history: seasons, more customers. By how much such a level moves, the controls tell as
well (``drift``). Both variations together are the one that ``eprocess`` needs. And alerts come in clumps, of which each
counts as one (``clumps``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.odds.eprocess import LEAST, NARROW
from coincide.odds.interval import count, expectation

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Level:
    """Alerts a day that are expected, and the coefficient of variation of the rule's true level around that."""

    per_day: float
    variation: float

    def drifting(self, drift: float) -> Level:
        """The same for other days, to which levels drift with this coefficient of variation: both multiply."""
        both = (1 + self.variation**2) * (1 + _variation(drift) ** 2) - 1
        return Level(self.per_day, math.sqrt(both))


def calibrated(
    observed: int, expected: float, days: float, *, factor: float, variation: float, clumping: float = 1.0
) -> Level:
    """The level of a rule that raised ``observed`` in ``days`` where its deals expected ``expected``.

    Raises ``ValueError`` for a history without days, and where nothing can be expected of it.
    """
    if not 0 <= factor < math.inf:
        raise ValueError(f"{factor!r} is no factor")
    mean = factor * expectation(expected)
    if mean < LEAST:
        # No deal ever matched: what the controls know does not help.
        return own(observed, days, clumping)
    if _variation(variation) < NARROW:
        return Level(mean / _days(days), 0.0)
    shape = variation**-2
    rate = shape / mean
    shape, rate = shape + count(observed) / _clumping(clumping), rate + 1 / clumping
    return Level(shape / rate / _days(days), shape**-0.5)


def own(observed: int, days: float, clumping: float = 1.0) -> Level:
    """The level of a rule by its own history alone. Raises ``ValueError`` for a history without days."""
    shape = count(observed) / _clumping(clumping) + 0.5
    return Level(shape * clumping / _days(days), shape**-0.5)


def clumps(weeks: Counts) -> float:
    """How many alerts count as one, since they come in clumps: the variance over weeks in parts of the mean.

    Poisson has 1, which is the least that is told. A sale brings many alerts in a week; so does one actor with many. To
    count a clump as one makes the variance that of Poisson again. Raises ``ValueError``.
    """
    if (weeks < 0).any():
        raise ValueError("counts must not be below 0")
    mean = float(weeks.mean()) if len(weeks) else 0.0
    return max(1.0, float(weeks.var(ddof=1)) / mean) if len(weeks) > 1 and mean else 1.0


def drift(before: Counts, after: Counts, days: float = 1.0) -> float:
    """By how much levels move between two times, as a coefficient of variation, from controls counted in both.

    ``days``: those of ``after`` in parts of those of ``before``. A common move counts like each control's own: of the
    next one nobody knows the direction. By moments: the square of a difference has Poisson's part of both times, and
    beyond it the drift of a level whose square is ``before * (before - 1)`` on average. 0 where no control was counted
    twice before. Raises ``ValueError``.
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} controls were counted before and {len(after)} after")
    if (before < 0).any() or (after < 0).any() or not 0 < days < math.inf:
        raise ValueError("counts must not be below 0, and both times must have days")
    first, second = before.astype(np.float64) * days, after.astype(np.float64)
    squares = float((first * (first - days)).sum())
    if squares == 0:
        return 0.0
    beyond = float(((second - first) ** 2 - second - first * days).sum())
    return math.sqrt(max(0.0, beyond / squares))


def _clumping(clumping: float) -> float:
    if not 1 <= clumping < math.inf:
        raise ValueError(f"{clumping!r} alerts cannot count as one")
    return clumping


def _days(days: float) -> float:
    if not 0 < days < math.inf:
        raise ValueError(f"a history of {days!r} days tells no level")
    return days


def _variation(variation: float) -> float:
    if not 0 <= variation < math.inf:
        raise ValueError(f"{variation!r} is no coefficient of variation")
    return variation
