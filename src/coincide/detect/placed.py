"""Observations as a kernel is to see them: which row, whose it is and when. A scan places them where the rows say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from coincide.detect.evaluate import Surroundings
from coincide.detect.kernel.observations import Positions, Truths
from coincide.detect.rows import Rows
from coincide.detect.there import Incidents, incidents, is_incident, ordinary, pairs, taps
from coincide.detect.unusual import Unusual, unusual
from coincide.rules.plan import Combination, Plan, Presence, Ratio, UnusualDay
from coincide.rules.plan import Sequence as Steps


@dataclass(frozen=True)
class Placed:
    """Observations as a kernel is to see them: rows, whose they are and when, which need not be what the rows say.

    In the strict order by ``(code, at, source, event_id, account)``. A row may stand more than once. ``carries``: see
    ``Observations``. ``frame``: what ``unless`` reads of observations, by their positions; ``None``: what the rows say.
    ``value``: codes of what is counted where that is no field of the row; ``named``: the rows that they stand for.
    ``unusual``: of a rule over days, the card-days and which of them hold.
    """

    row: Positions
    code: Positions
    at: Positions
    carries: tuple[Truths, ...]
    frame: Callable[[Positions], pl.DataFrame] | None = None
    value: Positions | None = None
    named: Positions | None = None
    unusual: Unusual | None = None


def placed(plan: Plan, rows: Rows, keep: Truths, around: Surroundings) -> Placed:
    """The observations of the rows that a rule keeps, in the strict order."""
    if isinstance(plan.condition, Presence):
        return at_incidents(plan, plan.condition, rows, keep, nameable(plan.condition, rows, keep, around))
    found = None
    if isinstance(plan.condition, UnusualDay):
        found = unusual(plan, plan.condition, rows, keep, around)
        keep = keep & ~is_incident(rows)
    code, order = rows.order(plan.by)
    row = order[keep[order]]
    return Placed(row, code[row], rows.at[row], carried(plan, rows, row), unusual=found)


def nameable(condition: Presence, rows: Rows, keep: Truths, around: Surroundings) -> Incidents:
    """The incidents at which accounts may be told: those that a recorded request covers, and no others."""
    reported = incidents(rows, keep, condition.at)
    if around.covered is None or not len(reported):
        return reported.chosen(np.zeros(len(reported), dtype=np.bool_))
    return reported.chosen(around.covered(rows.frame[reported.row]))


def at_incidents(plan: Plan, condition: Presence, rows: Rows, keep: Truths, reported: Incidents) -> Placed:
    """Each tap once for each incident at which it was, unless its account is ordinarily there."""
    seen = taps(rows, keep, reported)
    tap, incident = pairs(seen, reported, condition.margin_us)
    if condition.usual is not None:
        usual = ordinary(seen, reported, tap, incident, condition.margin_us, condition.usual, plan.zone)
        tap, incident = tap[~usual], incident[~usual]
    code, order = rows.order(plan.by)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    row = seen.row[tap]
    place = np.lexsort((incident, rank[row]))
    row = row[place]
    return Placed(row, code[row], rows.at[row], (), value=incident[place], named=reported.row)


def carried(plan: Plan, rows: Rows, row: Positions) -> tuple[Truths, ...]:
    """Of these rows, which carry each component of the plan, or are of each kind of a ratio."""
    match plan.condition:
        case Combination(of=of):
            return tuple(rows.carries((name,))[row] for name, _ in of)
        case Steps(steps=steps):
            return tuple(rows.carries((name,))[row] for name in sorted(set(steps)))
        case Ratio(of=of_kind, to=to_kind):
            kind = rows.frame["kind"][row]
            return tuple((kind == name).to_numpy() for name in (of_kind, to_kind))
        case _:
            return ()
