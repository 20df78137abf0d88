"""Attendance: how many accounts were at how many reported incidents. Counts alone, of nobody in particular."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from coincide.detect.detect import observations
from coincide.detect.evaluate import Surroundings
from coincide.detect.kernel import presence
from coincide.detect.kernel.observations import Positions, Truths
from coincide.detect.placed import at_incidents, nameable
from coincide.detect.rows import Rows
from coincide.detect.there import incidents
from coincide.rules.plan import Plan, Presence


@dataclass(frozen=True)
class Attendance:
    """Of ``incidents`` reported ones, ``covered`` by a recorded request.

    ``accounts[k - 1]``: how many accounts were at ``k`` or more of them within one window, incidents at which they
    ordinarily are not counted; as long as there are any. ``examined``: accounts with a tap at all.
    """

    incidents: int
    covered: int
    examined: int
    accounts: tuple[int, ...]

    def __add__(self, others: Attendance) -> Attendance:
        """With that of other accounts at the same incidents."""
        both = zip_longest(self.accounts, others.accounts, fillvalue=0)
        return replace(self, examined=self.examined + others.examined, accounts=tuple(map(sum, both)))

    @property
    def document(self) -> dict[str, object]:
        """As JSON values."""
        return {
            "incidents": self.incidents,
            "covered": self.covered,
            "examined": self.examined,
            "accounts": list(self.accounts),
        }


def attendance(plan: Plan, condition: Presence, rows: Rows, keep: Truths, around: Surroundings) -> Attendance:
    """Count. No request is needed, since no account is told."""
    reported = incidents(rows, keep, condition.at)
    placed = at_incidents(plan, condition, rows, keep, reported)
    place, seen = observations(plan, rows, placed)
    most = most_at(placed.code[place], presence.counts(seen, np.arange(len(seen), dtype=np.int64)))
    taps = keep.copy()
    taps[reported.row] = False
    examined = len(np.unique(rows.account[taps]))
    return Attendance(len(reported), len(nameable(condition, rows, keep, around)), examined, told(most))


def most_at(code: Positions, counts: Positions) -> Positions:
    """The largest count of each code that is there; codes in any order."""
    most = np.zeros(int(code.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(most, code, counts)
    return most[most > 0]


def told(most: Positions) -> tuple[int, ...]:
    """How many have at least 1, 2, 3, ... of what each has at most."""
    counts: Sequence[int] = np.bincount(most)[1:][::-1].cumsum()[::-1].tolist() if len(most) else []
    return tuple(counts)
