"""The four types of a window that meet least: which windows hold what hardly ever comes together.

Windows are compared with others of like size, because a window of many types has its worst four among many. What is
found of a window stays inside: only types leave, never a window.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]

FOUR = 4
BANDS = 60
"""Of windows of like size, each with as many windows."""
_CELLS = 4_000_000
"""Pairs of types that are looked at together, so that large windows take little memory."""


@dataclass(frozen=True, eq=False)
class Quadruples:
    """Of each window with at least four types, the four that meet least.

    ``window``: its number; ``types``: the four, ascending; ``size``: how many types it has; ``oddness``: less the sum
    of the information contents of the six pairs; ``apart``: how many spreads (interquartile ranges) its oddness lies
    above the median of windows of like size. A property of the table, and no figure of anybody.
    """

    window: Numbers
    types: Numbers
    size: Numbers
    oddness: Floats
    apart: Floats


def quadruples(window: Numbers, type_: Numbers, windows: int, content: Floats) -> Quadruples:
    """The worst four types of each window, greedily from its worst pair. ``content``: information content of pairs."""
    order = np.lexsort((type_, window))
    type_ = type_[order]
    sizes = np.bincount(window, minlength=windows)
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    chosen = np.flatnonzero(sizes >= FOUR)
    types = np.zeros((windows, FOUR), dtype=np.int64)
    oddness = np.zeros(windows)
    alone = content.copy()
    np.fill_diagonal(alone, np.inf)
    for together in _of_one_size(chosen, sizes):
        held = type_[starts[together, None] + np.arange(sizes[together[0]])]
        types[together], oddness[together] = _worst(held, alone)
    apart = _apart(sizes[chosen], oddness[chosen])
    return Quadruples(chosen, np.sort(types[chosen], axis=1), sizes[chosen], oddness[chosen], apart)


def _of_one_size(chosen: Numbers, sizes: Numbers) -> Iterator[Numbers]:
    """Windows of one size at a time, as many as memory takes well."""
    for size in np.unique(sizes[chosen]):
        alike = chosen[sizes[chosen] == size]
        step = max(1, _CELLS // int(size) ** 2)
        for start in range(0, len(alike), step):
            yield alike[start : start + step]


def _worst(held: Numbers, content: Floats) -> tuple[Numbers, Floats]:
    """The worst four of each row of types, and less the sum of their six contents.

    The diagonal of ``content`` is infinite. Where two are equally bad, the first one in the order of types is taken.
    """
    rows, size = held.shape
    each = np.arange(rows)
    among = content[held[:, :, None], held[:, None, :]]
    first, second = np.divmod(among.reshape(rows, -1).argmin(axis=1), size)
    total = among[each, first, second]
    picked = [first, second]
    # What each type of the window would add; those that are in it already add infinity, by the diagonal.
    adds = among[each, first] + among[each, second]
    while len(picked) < FOUR:
        next_ = adds.argmin(axis=1)
        total = total + adds[each, next_]
        adds = adds + among[each, next_]
        picked.append(next_)
    return held[each[:, None], np.stack(picked, axis=1)], -total


def _apart(sizes: Numbers, oddness: Floats) -> Floats:
    """How many interquartile ranges above the median of windows of like size; 0 where all of these are alike."""
    apart = np.zeros(len(sizes))
    order = np.argsort(sizes, kind="stable")
    for band in np.array_split(order, min(BANDS, max(1, len(order)))):
        if not len(band):
            continue
        low, middle, high = np.quantile(oddness[band], [0.25, 0.5, 0.75])
        if high > low:
            apart[band] = (oddness[band] - middle) / (high - low)
    return apart
