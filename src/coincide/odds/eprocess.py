"""Whether a rule raises more or fewer alerts than expected, looked at every day, as often as one likes.

Under what is expected ("nothing special") the alerts until now are Poisson with a mean of ``r * E``: ``E`` were
expected, and ``r``, the rule's own level, is Gamma distributed around 1 with the coefficient of variation that the
controls have (``odds.level``); with none, ``r`` is 1. Against it stands a wide mixture,
``r`` from Gamma(1/2, rate 1/2). Both give the observed counts a probability, whatever the days between:

    log m(a, b; O, E) = a ln b - lnG(a) + lnG(a + O) - (a + O) ln(b + E)      (up to what both have in common)

Their ratio ``M`` is a martingale under "nothing special", so it ever reaches ``1 / alpha`` in at most a share ``alpha``
of rules (Ville's inequality): there is no schedule to keep, and a look every day costs nothing. A check of each day
against a 95 % range of Poisson has no such bound: it cries wolf in a third of the years. ``M`` is the plain e-process
of one Poisson rate when the variation is 0. Where alerts come in clumps, each counts as one (``odds.level``): that
gives the counts the mean and the variance that ``M`` takes them to have, and the bound holds nearly, not to the letter.
Robbins 1970, DOI 10.1214/aoms/1177696786; Ramdas et al. 2023, DOI 10.1214/23-STS894.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

ALPHA = 0.05
"""The share of rules that may ever raise an alarm although nothing is special."""
WIDE = 0.5
"""Shape and rate of the wide mixture."""
NARROW = 1e-4
"""A coefficient of variation below this is none."""
LEAST = 1e-9
"""Where fewer are expected in all, nothing is."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of a rule until a day: sums since the first one, and the first day of alarm, from 0; if any."""

    observed: NDArray[np.int64]
    expected: Floats
    evidence: Floats
    alarm: int | None


def watched(
    counts: NDArray[np.int64], expected: Floats, variation: float, *, clumping: float = 1.0, alpha: float = ALPHA
) -> Watched:
    """The path over days: ``counts`` observed on each and ``expected``; evidence is ln M at the end of each.

    ``variation``: the coefficient of variation of a rule's level around what is expected of it. ``clumping``: so many
    alerts count as one, on both sides. Raises ``ValueError``.
    """
    if not 1 <= clumping < math.inf:
        raise ValueError(f"{clumping!r} alerts cannot count as one")
    if len(counts) != len(expected):
        raise ValueError(f"{len(counts)} days were observed and {len(expected)} expected")
    observed, sums = np.cumsum(counts, dtype=np.int64), np.cumsum(expected, dtype=np.float64)
    told = evidence(observed / clumping, sums / clumping, variation)
    over = np.flatnonzero(told >= -math.log(_share(alpha)))
    return Watched(observed, sums, told, int(over[0]) if len(over) else None)


def evidence(observed: Floats | NDArray[np.int64], expected: Floats, variation: float) -> Floats:
    """ln M where ``observed`` were seen in all and ``expected`` expected, of each pair. Raises ``ValueError``."""
    counts, means = np.asarray(observed, np.float64), np.asarray(expected, np.float64)
    if not (np.isfinite(counts) & (counts >= 0)).all() or not (np.isfinite(means) & (means >= 0)).all():
        raise ValueError("what is observed and expected must be finite and not below 0")
    return _mixture(WIDE, counts, means) - _nothing_special(counts, means, variation)


def interval(observed: float, expected: float, alpha: float = ALPHA) -> tuple[float, float]:
    """Bounds of the rule's level in parts of what was expected, good at any time, however often one looks.

    They hold all levels against which the wide mixture has not reached ``1 / alpha``: a level that stays as it is ever
    falls outside in at most a share ``alpha`` of rules. Raises ``ValueError`` where nothing was expected.
    """
    if not LEAST <= expected < math.inf or not 0 <= observed < math.inf:
        raise ValueError(f"no level can be told of {observed!r} observed and {expected!r} expected")
    # ln of the likelihood of a mean, O ln(mean) - mean, is above this for all means of the interval.
    bar = float(_mixture(WIDE, np.float64(observed), np.float64(expected)))
    bar += observed * math.log(expected) + math.log(_share(alpha))

    def above(log_mean: float) -> float:
        return observed * log_mean - math.exp(log_mean) - bar

    top = math.log(max(observed, WIDE))
    low = 0.0 if observed == 0 else math.exp(_crossing(above, top, -1.0))
    return low / expected, math.exp(_crossing(above, top, 1.0)) / expected


def _crossing(above: Callable[[float], float], top: float, step: float) -> float:
    """Where the likelihood crosses the bar on one side of its top; it falls without end on both.

    By halving: ``scipy.optimize`` would cost every start of the command half a second.
    """
    while above(top + step) > 0:
        step *= 2
    inside, outside = top, top + step
    while (middle := (inside + outside) / 2) not in (inside, outside):
        inside, outside = (middle, outside) if above(middle) > 0 else (inside, middle)
    return middle


def _mixture(shape: float, observed: Floats | np.float64, expected: Floats | np.float64) -> Floats:
    """ln m of levels around 1 from Gamma(shape, rate shape)."""
    total = shape + observed
    told = shape * math.log(shape) - special.gammaln(shape) + special.gammaln(total)
    return np.asarray(told - total * np.log(shape + expected))


def _nothing_special(observed: Floats, expected: Floats, variation: float) -> Floats:
    """ln of the probability under what is expected, in the same units as ``_mixture``."""
    if not 0 <= variation < math.inf:
        raise ValueError(f"{variation!r} is no coefficient of variation")
    # So narrow a Gamma is one level, and its terms would cancel to nothing.
    if variation < NARROW:
        return -expected
    # Whoever expects anything is surprised by nothing: as wide as the other mixture, and M stays at 1.
    return _mixture(max(variation**-2, WIDE), observed, expected)


def _share(alpha: float) -> float:
    if not 0 < alpha < 1:
        raise ValueError(f"{alpha!r} is no share of false alarms")
    return alpha
