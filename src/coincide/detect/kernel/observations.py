"""What a kernel sees: the observations of one rule as columns, in the strict order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from coincide.detect.exact import Exact

Positions = NDArray[np.int64]
Truths = NDArray[np.bool_]

LISTED = 1_000
"""At most so many observations are listed as evidence; all are counted."""


@dataclass(frozen=True)
class Observations:
    """``n`` observations, sorted by ``(group, occurred_at, source, event_id, account)``.

    ``group``: number of the actor (of the actor's local day for ``per: day``), never decreasing.
    ``at``: microseconds since 1970, never decreasing inside a group.
    ``start``: position of the first observation of each row's window (see ``window.starts``).
    ``carries``: one truth array for each component of the plan, in the plan's order; of a ratio, for each kind.
    ``number``: the summand of a threshold or the quantity of minimum totals.
    ``value``: codes of the field whose distinct values count; -1 is missing.
    """

    group: Positions
    at: Positions
    start: Positions
    carries: tuple[Truths, ...] = ()
    number: Exact | None = None
    value: Positions | None = None

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def latest(self) -> tuple[Positions, ...]:
        """For each component, at each row the last row at or before it that carries it (see ``latest``)."""
        return tuple(latest(carries) for carries in self.carries)


@dataclass(frozen=True)
class Evidence:
    """Positions of observations that prove hits: ``position[i]`` belongs to the hit numbered ``owner[i]``.

    Sorted by ``(owner, position)``, without repetition. ``counted``: for each hit the number it rests on.
    """

    owner: Positions
    position: Positions
    counted: Positions


def collect(parts: list[tuple[Positions, Positions]], counted: Positions) -> Evidence:
    """Join ``(owner, position)`` pairs to evidence in order, each observation once."""
    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return Evidence(empty, empty, counted)
    owner = np.concatenate([part[0] for part in parts])
    position = np.concatenate([part[1] for part in parts])
    order = np.lexsort((position, owner))
    owner, position = owner[order], position[order]
    fresh = np.ones(len(owner), dtype=np.bool_)
    fresh[1:] = (owner[1:] != owner[:-1]) | (position[1:] != position[:-1])
    return Evidence(owner[fresh], position[fresh], counted)


def spans(first: Positions, last: Positions) -> tuple[Positions, Positions]:
    """All positions of the ranges ``first[i] .. last[i]`` (both included), with the number of their range."""
    lengths = np.maximum(last - first + 1, 0)
    owner = np.repeat(np.arange(len(first), dtype=np.int64), lengths)
    before = np.repeat(np.cumsum(lengths) - lengths, lengths)
    return owner, np.arange(len(owner), dtype=np.int64) - before + first[owner]


def latest(carries: Truths) -> Positions:
    """At each row the position of the last row at or before it that carries; -1 before the first.

    Groups are not respected: the caller compares with the start of the window.
    """
    rows = np.arange(len(carries), dtype=np.int64)
    return np.maximum.accumulate(np.where(carries, rows, -1)) if len(rows) else rows
