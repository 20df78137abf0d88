"""Presence: so many different incidents at which the account was there. DESIGN: "Rules"; ADR 0031.

An observation is a tap at an incident. A tap at several stands once for each, one after the other, and holds as the
last of them does. ``seen.value``: which incident it is.
"""

from __future__ import annotations

import numpy as np

from coincide.detect.kernel import velocity
from coincide.detect.kernel.observations import Evidence, Observations, Positions, Truths, collect
from coincide.detect.kernel.window import distinct
from coincide.rules.plan import Presence, Velocity


def hits(condition: Presence, seen: Observations, row: Positions) -> Truths:
    """At which observations the window has enough incidents; ``row``: of which tap each is."""
    truth = velocity.hits(_different(condition), seen)
    return truth & _last(row)


def counts(seen: Observations, at: Positions) -> Positions:
    """How many different incidents the window of each of these observations has."""
    assert seen.value is not None
    return distinct(seen.value, seen.start, at)


def evidence(condition: Presence, seen: Observations, at_hits: Positions, row: Positions) -> Evidence:
    """Of each of the latest-seen incidents, as many as must be, the latest tap; each tap once."""
    found = velocity.evidence(_different(condition), seen, at_hits)
    rows = np.arange(len(row), dtype=np.int64)
    # All that stand for one tap have one place: that of the last.
    last = np.flatnonzero(_last(row))
    place = last[np.searchsorted(last, rows)] if len(rows) else rows
    return collect([(found.owner, place[found.position])], found.counted)


def _different(condition: Presence) -> Velocity:
    return Velocity(condition.at_least, "incident")


def _last(row: Positions) -> Truths:
    """Which observations are the last of their tap: no other of it follows."""
    last = np.ones(len(row), dtype=np.bool_)
    last[:-1] = row[1:] != row[:-1]
    return last
