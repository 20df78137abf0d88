"""What windows of activity would hold if nothing tied types of items together: the bipartite configuration model.

Of all ways to fill a table of windows and types at random, the one of maximum entropy that keeps on average how many
types each window has and in how many windows each type is (Saracco et al. 2015, 10.1038/srep10595). A window of degree
*d* holds a type of degree *K* with probability ``x_d y_K / (1 + x_d y_K)``. Only distinct degrees matter, so that
millions of windows cost what some hundreds of degrees cost.

Busy windows hold more of everything, and this model knows it: the product of prevalences does not, and expects too
little, several times over (DESIGN section 8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]

ROUNDS = 2_000
"""More are not tried. A year of shopping takes some fifty; degrees that leave little choice take long."""
CLOSE = 1e-9
"""Where no margin is off by more than this share, the fit is done."""


@dataclass(frozen=True, eq=False)
class Bicm:
    """The fitted model.

    ``windows[i]`` windows have the degree ``sizes[i]``, ``types[j]`` types the degree ``spreads[j]``; both ascend.
    ``q[i, j]`` is the probability that such a window holds such a type. ``error`` is the largest difference between a
    degree and its expectation, as a share of the degree.
    """

    sizes: Counts
    windows: Counts
    spreads: Counts
    types: Counts
    q: Numbers
    error: float

    def of_types(self, spreads: Sequence[int] | Counts) -> Numbers:
        """``q`` for types of these degrees: one row a distinct window size, one column a type.

        Raises ``ValueError`` for a degree that no type of the fit has.
        """
        asked = np.asarray(spreads, dtype=np.int64)
        place = np.searchsorted(self.spreads, asked)
        known = place < len(self.spreads)
        if not known.all() or (self.spreads[place] != asked).any():
            raise ValueError("a degree that no type of the fit has")
        return self.q[:, place]

    def at_least(self, k: int, spreads: Sequence[int] | Counts) -> float:
        """The windows expected to hold at least ``k`` of types with these degrees."""
        return float(self.windows @ tail(self.of_types(spreads), k))

    def pairs(self, spreads: Sequence[int] | Counts) -> Numbers:
        """The windows expected to hold both of two types, for all pairs of types with these degrees.

        A type with itself is what two types of its degree would be. One product over classes of degrees, whatever the
        number of windows.
        """
        classes = self.q.T @ (self.q * self.windows[:, None])
        place = np.searchsorted(self.spreads, np.asarray(spreads, dtype=np.int64))
        return classes[np.ix_(place, place)]


def fit(sizes: Counts, spreads: Counts, rounds: int = ROUNDS) -> Bicm:
    """The model that keeps on average how many types each window has and in how many windows each type is.

    ``sizes``: the degree of each window; ``spreads``: the degree of each type. Both sums are the number of marks in the
    table. Raises ``ValueError`` where there is no such table.
    """
    distinct_sizes, windows = np.unique(np.asarray(sizes, dtype=np.int64), return_counts=True)
    distinct_spreads, types = np.unique(np.asarray(spreads, dtype=np.int64), return_counts=True)
    _check(distinct_sizes, windows, distinct_spreads, types)
    q = np.zeros((len(distinct_sizes), len(distinct_spreads)))
    open_sizes, open_spreads, size, spread = _forced(q, distinct_sizes, windows, distinct_spreads, types)
    if open_sizes.any():
        free = np.ix_(open_sizes, open_spreads)
        q[free] = _balanced(
            size[open_sizes], windows[open_sizes], spread[open_spreads], types[open_spreads], rounds=rounds
        )
    off = np.concatenate([_off(q @ types, distinct_sizes), _off(windows @ q, distinct_spreads)])
    return Bicm(distinct_sizes, windows, distinct_spreads, types, q, float(off.max(initial=0.0)))


def tail(q: Numbers, k: int) -> Numbers:
    """The probability that at least ``k`` of independent events happen: one row a case, one column an event.

    The Poisson-binomial distribution, by convolution of one event after another.
    """
    cases, events = q.shape
    exactly = np.zeros((cases, events + 1))
    exactly[:, 0] = 1.0
    for event in range(events):
        chance = q[:, event, None]
        before = exactly[:, : event + 1].copy()
        exactly[:, : event + 1] = before * (1.0 - chance)
        exactly[:, 1 : event + 2] += before * chance
    found: Numbers = exactly[:, max(0, k) :].sum(axis=1)
    return found


def _check(sizes: Counts, windows: Counts, spreads: Counts, types: Counts) -> None:
    if (sizes < 0).any() or (spreads < 0).any():
        raise ValueError("degrees are not negative")
    if int(sizes @ windows) != int(spreads @ types):
        raise ValueError("windows and types have not the same number of marks")
    if (sizes > types.sum()).any() or (spreads > windows.sum()).any():
        raise ValueError("a degree is more than there are")


def _forced(
    q: Numbers, sizes: Counts, windows: Counts, spreads: Counts, types: Counts
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Counts, Counts]:
    """Marks that the degrees leave no choice about, written into ``q``: of windows and types with none, or with all.

    What is left: which windows and types are open, and their degrees among these.
    """
    size, spread = sizes.copy(), spreads.copy()
    open_sizes, open_spreads = np.ones(len(sizes), dtype=np.bool_), np.ones(len(spreads), dtype=np.bool_)
    while True:
        all_types, all_windows = int(types[open_spreads].sum()), int(windows[open_sizes].sum())
        full = open_sizes & (size == all_types) & (all_types > 0)
        q[np.ix_(full, open_spreads)] = 1.0
        spread[open_spreads] -= int(windows[full].sum())
        empty = open_sizes & (size == 0)
        open_sizes &= ~(full | empty)
        all_windows = int(windows[open_sizes].sum())
        held = open_spreads & (spread == all_windows) & (all_windows > 0)
        q[np.ix_(open_sizes, held)] = 1.0
        size[open_sizes] -= int(types[held].sum())
        nowhere = open_spreads & (spread == 0)
        open_spreads &= ~(held | nowhere)
        if not (full | empty).any() and not (held | nowhere).any():
            return open_sizes, open_spreads, size, spread
        if not open_sizes.any() or not open_spreads.any():
            nothing = np.zeros_like(open_sizes), np.zeros_like(open_spreads)
            return *nothing, size, spread


def _balanced(size: Counts, windows: Counts, spread: Counts, types: Counts, *, rounds: int) -> Numbers:
    """``q`` where every degree leaves a choice: x <- n / (M y), y <- K / (M' x), M = 1 / (1 + x y)."""
    marks = float(size @ windows)
    x, y = size / np.sqrt(marks), spread / np.sqrt(marks)
    for _ in range(rounds):
        x = size / ((1.0 / (1.0 + np.outer(x, y))) @ (types * y))
        ratio = 1.0 / (1.0 + np.outer(x, y))
        y = spread / ((windows * x) @ ratio)
        product = np.outer(x, y)
        q = product / (1.0 + product)
        # The degrees of types were just set by the old ratio: both margins are looked at.
        if max(_off(q @ types, size).max(), _off(windows @ q, spread).max()) < CLOSE:
            break
    return q


def _off(expected: Numbers, degree: Counts) -> Numbers:
    return np.abs(expected - degree) / np.maximum(1, degree)
