"""Velocity: at least n observations in the window, or n distinct values of a field. DESIGN: "Rules"."""

from __future__ import annotations

import numpy as np

from coincide.detect.kernel.observations import Evidence, Observations, Positions, Truths, collect, spans
from coincide.detect.kernel.window import distinct
from coincide.rules.plan import Velocity


def hits(condition: Velocity, seen: Observations) -> Truths:
    """At which observations the window holds at least ``at_least`` observations or distinct values."""
    rows = np.arange(len(seen), dtype=np.int64)
    many = rows - seen.start + 1 >= condition.at_least
    if condition.distinct is None:
        return many
    candidates = np.flatnonzero(many)
    many[candidates] = distinct(_value(seen), seen.start, candidates) >= condition.at_least
    return many


def evidence(condition: Velocity, seen: Observations, at_hits: Positions) -> Evidence:
    """The n latest observations; with ``distinct``, the latest of each of the n latest-seen values."""
    if condition.distinct is None:
        counted = at_hits - seen.start[at_hits] + 1
        return collect([spans(at_hits - condition.at_least + 1, at_hits)], counted)
    value = _value(seen)
    counted = distinct(value, seen.start, at_hits)
    owner, position = spans(seen.start[at_hits], at_hits)
    owner, position = owner[value[position] >= 0], position[value[position] >= 0]
    # The last position of each (hit, value), then of these the n latest of each hit.
    order = np.lexsort((position, value[position], owner))
    owner, position = owner[order], position[order]
    last = np.ones(len(owner), dtype=np.bool_)
    last[:-1] = (owner[1:] != owner[:-1]) | (value[position[1:]] != value[position[:-1]])
    owner, position = owner[last], position[last]
    order = np.lexsort((-position, owner))
    owner, position = owner[order], position[order]
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner, side="left")
    return collect([(owner[rank < condition.at_least], position[rank < condition.at_least])], counted)


def _value(seen: Observations) -> Positions:
    if seen.value is None:
        raise ValueError("a velocity of distinct values needs their codes")
    return seen.value
