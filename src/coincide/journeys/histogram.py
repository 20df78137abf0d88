"""How many card-days have how much of a feature, in bins that each hold ten or more.

Bins grow where values are skewed: 0, 1, 2, 3, then by twos, fives and tens, which is a logarithmic axis that can be
read. Neighbours are merged until each bin holds enough, so the last one is open: the longest day in the city is
nobody's business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.html.figure import Figure
from coincide.journeys.few import FEWEST

MOST = 20
"""Bins before merging, where values are spread evenly."""
SKEWED = 8
"""From so many times the median on, a tail is drawn on a logarithmic axis."""

Values = NDArray[np.floating]


@dataclass(frozen=True)
class Histogram:
    """``edges``: of the bins, one more than ``counts``; a bin holds its lower edge and not its upper one, the last
    one all above. ``whole``: values are whole numbers.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    whole: bool = False
    logarithmic: bool = False

    @property
    def total(self) -> int:
        """All that was counted."""
        return sum(self.counts)

    def name(self, bin_: int) -> str:
        """What a bin holds, in words: ``2``, ``3 to 4``, ``15 or more``."""
        low, high = self.edges[bin_], self.edges[bin_ + 1]
        if len(self.counts) == 1:
            return "all"
        if bin_ == len(self.counts) - 1:
            return f"{Figure(low).shown} or more"
        if self.whole:
            last = math.ceil(high) - 1
            return Figure(int(low)).shown if last <= low else f"{Figure(int(low)).shown} to {Figure(last).shown}"
        below = f"below {Figure(high).shown}"
        return below if bin_ == 0 else f"{Figure(low).shown} to {below}"

    def tick(self, bin_: int) -> str:
        """The same, as short as an axis needs it: where a bin begins."""
        if self.whole or len(self.counts) == 1:
            return self.name(bin_)
        low = Figure(self.edges[bin_]).shown
        return f"{low} or more" if bin_ == len(self.counts) - 1 else low

    def place(self, value: float) -> float:
        """Where a value lies on an axis on which every bin is one wide: the middle of its bin."""
        if math.isnan(value):
            raise ValueError("what is missing has no place")
        inside = int(np.searchsorted(self.edges, value, side="right")) - 1
        return min(max(inside, 0), len(self.counts) - 1) + 0.5


def histogram(values: Values) -> Histogram | None:
    """Of the values that are there; ``None`` for fewer than ten of them."""
    there = np.asarray(values, dtype=np.float64)
    there = there[np.isfinite(there)]
    if len(there) < FEWEST:
        return None
    whole = bool((there == np.floor(there)).all())
    logarithmic = _skewed(there)
    edges = _growing(there, whole) if logarithmic else _even(there, whole)
    counts = np.bincount(np.searchsorted(edges, there, side="right") - 1, minlength=len(edges))[: len(edges)]
    return _merged(edges, counts.tolist(), whole, logarithmic)


def steps(values: NDArray[np.integer], whose: NDArray[np.integer]) -> Histogram | None:
    """Of whole numbers, one by one as far as ten different ones of ``whose`` have the same.

    ``None`` if fewer than ten have any.
    """
    lows: list[float] = []
    kept: list[int] = []
    waiting = np.zeros(len(values), dtype=np.bool_)
    numbers = np.unique(values).tolist()
    low = float(numbers[0]) if numbers else 0.0
    for number in numbers:
        waiting |= values == number
        if len(np.unique(whose[waiting])) >= FEWEST:
            lows.append(low)
            kept.append(int(waiting.sum()))
            waiting[:] = False
            low = number + 1.0
    if not kept:
        return None
    kept[-1] += int(waiting.sum())
    return Histogram((*lows, math.inf), tuple(kept), whole=True)


def _skewed(values: Values) -> bool:
    median, high = float(np.median(values)), float(values.max())
    # Where half of all are nought, a tail begins at two.
    return float(values.min()) >= 0 and high > SKEWED * max(median, 0.25)


def _growing(values: Values, whole: bool) -> list[float]:
    """0, then 1, 2, 3, 5, 7 of each power of ten; whole numbers up to 5 one by one."""
    positive = values[values > 0]
    high = float(values.max())
    low = max(float(positive.min()), high / 10_000)
    power = math.floor(math.log10(low))
    edges = [0.0]
    while 10.0**power <= high:
        edges += [step * 10.0**power for step in ((1, 2, 3, 4, 5, 7) if whole and power == 0 else (1, 2, 3, 5, 7))]
        power += 1
    first = int(np.searchsorted(edges, float(values.min()), side="right")) - 1
    return [edge for edge in edges[first:] if edge <= high]


def _even(values: Values, whole: bool) -> list[float]:
    """At most ``MOST`` bins, each 1, 2 or 5 wide, or ten times as much or a tenth and so on."""
    low, high = float(values.min()), float(values.max())
    # Differences that figures are not exact to are none.
    width = _width(max((high - low) / MOST, 1e-6 * max(abs(low), abs(high), 1.0)))
    width = max(width, 1.0) if whole else width
    first = math.floor(low / width)
    last = max(math.floor(high / width), first)
    edges = [round(number * width, 12) for number in range(first, last + 1)]
    return [min(edges[0], low), *edges[1:]]


def _width(least: float) -> float:
    power = math.floor(math.log10(least))
    return next(step * 10.0**power for step in (1, 2, 5, 10) if step * 10.0**power >= least * (1 - 1e-9))


def _merged(edges: Sequence[float], counts: Sequence[int], whole: bool, logarithmic: bool) -> Histogram:
    """Neighbours together until each bin holds enough; what is left over at the end goes to the last."""
    lows: list[float] = []
    kept: list[int] = []
    low, waiting = edges[0], 0
    for place, count in enumerate(counts, start=1):
        waiting += count
        if waiting >= FEWEST:
            lows.append(low)
            kept.append(waiting)
            low, waiting = (edges[place] if place < len(edges) else math.inf), 0
    kept[-1] += waiting
    return Histogram((*lows, math.inf), tuple(kept), whole, logarithmic)
