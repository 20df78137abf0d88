"""Sequence: the last step is the hit, the earlier steps are earlier observations in order. DESIGN: "Rules".

For each step, ``begins[j]`` is the latest first step of a chain that ends in observation ``j`` as that step, or -1
where no chain does. It never decreases among the observations where a chain ends: a later one either reaches
the same predecessor or a later one. So the latest predecessor that ends a chain is always the best one, one
forward fill a step finds it, and no search is needed, although plain greedy choice (the latest predecessor,
chain or not) would be wrong with a ``gap``.
"""

from __future__ import annotations

import numpy as np

from coincide.detect.kernel.observations import Evidence, Observations, Positions, Truths, collect, latest
from coincide.detect.kernel.window import group_starts, starts
from coincide.rules.plan import Sequence


def hits(condition: Sequence, seen: Observations) -> Truths:
    """At which observations the sequence is completed inside their window."""
    begins, _ = _chains(condition, seen)
    return (begins >= 0) & (begins >= seen.start)


def evidence(condition: Sequence, seen: Observations, at_hits: Positions) -> Evidence:
    """The latest possible observation for each step, from the last backwards."""
    _, links = _chains(condition, seen)
    position = at_hits
    owner = np.arange(len(at_hits), dtype=np.int64)
    parts = [(owner, position)]
    for link in reversed(links):
        position = link[position]
        parts.append((owner, position))
    return collect(parts, at_hits - seen.start[at_hits] + 1)


def _chains(condition: Sequence, seen: Observations) -> tuple[Positions, list[Positions]]:
    """``begins`` of the last step, and for each step after the first the predecessor of each observation."""
    names = sorted(set(condition.steps))
    carries = [seen.carries[names.index(step)] for step in condition.steps]
    reach = (
        group_starts(seen.group)
        if condition.gap_us is None
        else starts(seen.group, seen.at, condition.gap_us + 1)  # at most `gap` after: closed at the old end
    )
    rows = np.arange(len(seen), dtype=np.int64)
    begins = np.where(carries[0], rows, -1)
    links: list[Positions] = []
    for step in carries[1:]:
        ends = latest(begins >= 0)
        before = np.concatenate([[-1], ends[:-1]]) if len(ends) else ends  # strictly earlier
        linked = step & (before >= reach)
        links.append(np.where(linked, before, -1))
        begins = np.where(linked, begins[before], -1)
    return begins, links
