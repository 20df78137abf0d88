"""Combination: the window's observations cover at least k of the named components. DESIGN: "Rules"."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from coincide.detect.exact import Exact
from coincide.detect.kernel.observations import (
    Evidence,
    Observations,
    Positions,
    Truths,
    collect,
    spans,
)
from coincide.rules.plan import Combination


def hits(condition: Combination, seen: Observations) -> Truths:
    """At which observations at least ``at_least`` components are covered."""
    covered = np.zeros(len(seen), dtype=np.int16)
    for component in range(len(condition.of)):
        covered += _covered(condition, seen, component)
    return covered >= condition.at_least


def covers(condition: Combination, seen: Observations, at_hits: Positions) -> list[Truths]:
    """For each component, at which of the hits it is covered."""
    return [_covered(condition, seen, component)[at_hits] for component in range(len(condition.of))]


def evidence(condition: Combination, seen: Observations, at_hits: Positions) -> Evidence:
    """For each covered component its latest observation, or the latest until its minimum total is reached."""
    parts: list[tuple[Positions, Positions]] = []
    for component, covered in enumerate(covers(condition, seen, at_hits)):
        _, minimum = condition.of[component]
        owner = np.flatnonzero(covered)
        rows = at_hits[owner]
        if minimum is None:
            parts.append((owner, seen.latest[component][rows]))
        elif len(owner):
            within, position = _until_reached(seen.carries[component], _quantity(seen), minimum, seen.start[rows], rows)
            parts.append((owner[within], position))
    return collect(parts, at_hits - seen.start[at_hits] + 1)


def _covered(condition: Combination, seen: Observations, component: int) -> Truths:
    _, minimum = condition.of[component]
    present = seen.latest[component] >= seen.start
    if minimum is None:
        return present
    number = _quantity(seen)
    running = Exact(np.where(seen.carries[component], number.values, 0), number.scale).running()
    sums = running[1:] - running[seen.start]
    return present & number.passes(sums, minimum, inclusive=True)


def _until_reached(
    carries: Truths, number: Exact, minimum: Decimal, start: Positions, rows: Positions
) -> tuple[Positions, Positions]:
    """Carrying observations from each row backwards until their sum reaches the minimum: (query, position)."""
    carriers = np.flatnonzero(carries)
    running = number.take(carriers).running()
    last = np.searchsorted(carriers, rows, side="right")  # carriers[:last] lie at or before the row
    first = np.searchsorted(carriers, start, side="left")
    begin = last.copy()
    open_ = np.arange(len(rows))
    # One step back for all queries at once; a query leaves when its sum is reached, at the latest at its window's
    # start, where the whole window's sum reaches the minimum because the component is covered.
    while len(open_):
        begin[open_] -= 1
        reached = number.passes(running[last[open_]] - running[begin[open_]], minimum, inclusive=True)
        open_ = open_[~(reached | (begin[open_] <= first[open_]))]
    owner, position = spans(begin, last - 1)
    return owner, carriers[position]


def _quantity(seen: Observations) -> Exact:
    if seen.number is None:
        raise ValueError("a combination with minimum totals needs the quantities")
    return seen.number
