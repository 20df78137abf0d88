"""How many would match by ordinary activity alone, in closed form: for a quick answer while a rule is written.

Each component comes to each actor at random times, at a rate that is their share of all lines; what one buys again
within the window counts once (``bout``), so that loyalty is not taken for many buyers. Then "at least k of n within W"
is a formula. It takes milliseconds, and is off by what :data:`BIAS` says; the deals are not. DESIGN, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.odds.bicm import tail

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]

BINS = 200
"""Groups of equally busy actors, each so many times busier than the one before: a few who buy a hundred times as much
as others have most matches, and groups of equal numbers of actors would hide them in one."""
_SMALL = 10_000_000
POINTS = 24
"""Times of the first window at which the rate is looked at (Gauss-Legendre); from then on it is constant."""
BIAS = (
    "This quick figure knows how busy everybody is, but not when they go shopping or what they are loyal to: "
    "on a year of grocery shopping it was 1.3 times too low for windows of 30 days and 2.1 times for 7 days, "
    "over 240 harmless rules; where purchases are independent and each is a trip of its own it is within 5 %."
)
"""Measured: ``tests/bench/closed.py``, and DESIGN, section 8."""
MINIMUM_TOTALS = (
    "the quick figure knows whether a component was bought, not how much of it: of components with a minimum total it "
    "can say nothing; leave out --quick"
)
TOO_MANY = "the quick figure is for at most 64 components"
MOST = 64


@dataclass(frozen=True)
class Closed:
    """Actors expected to match at least once, and in which way that is off."""

    expected: float
    bias: str = BIAS


@dataclass(frozen=True)
class WhyNot:
    """Why there is no quick figure, in words."""

    why_not: str


@dataclass(frozen=True, eq=False)
class Busy:
    """Actors in groups of like activity: ``actors`` of them, who buy ``lines`` each on average."""

    actors: Floats
    lines: Floats

    @property
    def total(self) -> float:
        """The lines of all."""
        return float(self.actors @ self.lines)


def busy(lines: Numbers) -> Busy:
    """Actors in 200 geometric groups by the lines they bought; those of none match nothing and are left out."""
    value, actors = _counted(lines)
    if not len(value):
        return Busy(np.zeros(0), np.zeros(0))
    logs = np.log(value)
    low, high = logs[0], logs[-1]
    step = (high - low) / BINS
    group = np.zeros(len(value), dtype=np.int64) if step == 0 else ((logs - low) / step).astype(np.int64)
    group = np.minimum(group, BINS - 1)
    of_group = np.bincount(group, weights=actors).astype(np.float64)
    total = np.bincount(group, weights=actors * value).astype(np.float64)
    there = of_group > 0
    return Busy(of_group[there], total[there] / of_group[there])


def _counted(lines: Numbers) -> tuple[Floats, Floats]:
    """The distinct numbers of lines above zero, ascending, and how many actors have each."""
    if int(lines.max(initial=0)) <= _SMALL:
        # Lines are small numbers: counting them takes a tenth of the time of sorting or of five million logarithms.
        all_counts = np.bincount(lines, minlength=1)
        value = np.flatnonzero(all_counts[1:]) + 1
        counts = all_counts[value]
    else:
        value, counts = np.unique(lines[lines > 0], return_counts=True)
    return value.astype(np.float64), counts.astype(np.float64)


def closed(
    counts: Numbers, activity: Busy, *, span: float, width: float, at_least: int, totals: bool = False
) -> Closed | WhyNot:
    """Actors expected to have at least ``at_least`` of the components within ``width``, once or more in ``span``.

    ``counts``: bouts of each component; ``span`` and ``width`` in the same unit. ``totals``: whether a component asks a
    minimum total.
    """
    if totals:
        return WhyNot(MINIMUM_TOTALS)
    if len(counts) > MOST:
        return WhyNot(TOO_MANY)
    if span <= 0 or activity.total <= 0:
        return WhyNot("not enough: nobody bought anything")
    if span < width:
        return WhyNot("not enough: the log is shorter than the window")
    if at_least <= 0:
        return WhyNot("a rule that asks for no component matches everybody")
    if at_least > len(counts) or at_least > int((counts > 0).sum()):
        return Closed(0.0)
    # lambda_ic = B_c a_i / (T sum a)
    rate = np.outer(activity.lines, counts) / (span * activity.total)
    points, weights = np.polynomial.legendre.leggauss(POINTS)
    times = (points + 1.0) * (width / 2.0)
    inside = np.stack([_entering(rate, time, at_least) for time in times])
    met = (weights * (width / 2.0)) @ inside + (span - width) * _entering(rate, width, at_least)
    return Closed(float(activity.actors @ -np.expm1(-met)))


def _entering(rate: Floats, time: float, at_least: int) -> Floats:
    """The rate at which each group comes to have ``at_least`` components on: one row a group, one column a component.

    A component is on if it was bought within the window: with probability ``1 - exp(-rate * time)``.
    r(t) = sum over c of rate_c (1 - p_c) P(exactly k - 1 of the others on)
    """
    on = -np.expm1(-rate * time)
    total = np.zeros(len(rate))
    for component in range(rate.shape[1]):
        others = np.delete(on, component, axis=1)
        exactly = tail(others, at_least - 1) - tail(others, at_least)
        total += rate[:, component] * (1.0 - on[:, component]) * exactly
    return total
