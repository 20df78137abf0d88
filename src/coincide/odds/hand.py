"""What is dealt out: the observations of a rule, or of a made-up one, in units that stay whole.

A unit is what one of the population has of one component: its whole history goes to one new owner, because who buys a
thing buys it again. Observations that carry the same components are one unit. DESIGN, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coincide.detect.detect import Hits, Placed, carried, decided, runs
from coincide.detect.detect import Cuts
from coincide.detect.evaluate import Surroundings
from coincide.detect.kernel.observations import Positions, Truths
from coincide.detect.rows import Rows
from coincide.odds.population import Population, whose
from coincide.rules.plan import Plan

ACTORS, ALERTS = 0, 1


@dataclass(frozen=True)
class Hand:
    """``n`` observations, in the order of their names (time, source, event id, account).

    ``row``: their rows; ``who``: numbers in the population; ``at``: microseconds; ``unit``: of what history each is a
    part; ``carries[c, u]``: whether the unit ``u`` carries the component ``c`` of the plan.
    """

    plan: Plan
    rows: Rows
    around: Surroundings
    row: Positions
    who: Positions
    at: Positions
    unit: Positions
    carries: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def units(self) -> int:
        """How many kinds of history there are to deal."""
        return self.carries.shape[1]

    @cached_property
    def places(self) -> Positions:
        """The rank of each observation in the order of names, by which equal times of one owner are told apart."""
        return np.arange(len(self), dtype=np.int64)


def hand(plan: Plan, rows: Rows, keep: Truths, everybody: Population, around: Surroundings) -> Hand:
    """The observations of a rule as a scan sees them."""
    row = np.flatnonzero(keep)
    who = everybody.numbers(whose(plan, rows.frame, row))
    row, who = row[who >= 0], who[who >= 0]
    row, who = _in_order(rows, row, who)
    truths = carried(plan, rows, row)
    if not truths:
        # A rule that counts or adds up what carries any of its components: each item's own set is a unit.
        truths = tuple(rows.carries((name,))[row] for name in plan.components or ())
        sets, unit = _units(truths, len(row))
        return Hand(plan, rows, around, row, who, rows.at[row], unit, sets[:0])
    sets, unit = _units(truths, len(row))
    return Hand(plan, rows, around, row, who, rows.at[row], unit, sets)


def _in_order(rows: Rows, row: Positions, who: Positions) -> tuple[Positions, Positions]:
    names = rows.frame.select("occurred_at", "source", "event_id", "account")[row]
    order = names.with_row_index("place").sort("occurred_at", "source", "event_id", "account")["place"].to_numpy()
    return row[order], who[order]


def _units(truths: tuple[Truths, ...], count: int) -> tuple[NDArray[np.bool_], Positions]:
    """The distinct sets of components, as columns, and which of them each observation has."""
    if not truths:
        return np.zeros((0, 1), dtype=np.bool_), np.zeros(count, dtype=np.int64)
    sets, unit = np.unique(np.stack(truths, axis=1), axis=0, return_inverse=True)
    return np.ascontiguousarray(sets.T), unit.reshape(-1).astype(np.int64)
