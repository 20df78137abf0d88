"""Examples to read: a few typical alerts of a rule, and a few odd ones.

Typical and odd are said of the alerts among each other: how many hits, how many events, how long, of one account or
more. It is a choice of what to read first. No figure of it is shown or kept, both lists are in the order of time, and
nobody is graded: an odd alert is one that looks like few others. DESIGN, promise 6.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coincide.alerts.alert import Finding
from coincide.alerts.compared import shown
from coincide.detect.kernel.observations import Positions

EACH = 10
_DAY_US = 86_400_000_000
FEATURES: dict[str, Callable[[Finding], int]] = {
    "hits": lambda one: one.hits,
    "counted": lambda one: one.counted,
    "days": lambda one: (one.ended_by.occurred_at - one.started_by.occurred_at) // _DAY_US,
    "accounts": lambda one: 1 if one.one_account else 2,
    "evidence": lambda one: len(one.evidence),
}
"""Of the alert, all of them, and in whole numbers."""


@dataclass(frozen=True)
class Examples:
    """No alert is in both; of few alerts, or of such as are all alike, there are fewer, or none that are odd."""

    typical: tuple[Finding, ...]
    odd: tuple[Finding, ...]

    @property
    def document(self) -> dict[str, list[dict[str, Any]]]:
        """As JSON has it."""
        return {"typical": [shown(one) for one in self.typical], "odd": [shown(one) for one in self.odd]}


def examples(findings: Sequence[Finding], each: int = EACH) -> Examples:
    """At most ``each`` of both, of the same findings the same whatever their order."""
    found = sorted(findings, key=lambda one: (one.span, one.actor))
    away = _away(found)
    nearest = np.argsort(away, kind="stable")[: min(each, -(-len(found) // 2))]
    # Farther than all that are typical: where most are alike, the first of them are no odder than the next.
    farther = np.flatnonzero(away > away[nearest].max(initial=0))
    farthest = farther[np.argsort(-away[farther], kind="stable")][:each]
    typical, odd = ([found[place] for place in np.sort(chosen).tolist()] for chosen in (nearest, farthest))
    return Examples(tuple(typical), tuple(odd))


def _away(findings: Sequence[Finding]) -> Positions:
    """Of each, how many are nearer to the median, added up over the features.

    Ranks, not distances: one alert of a thousand hits makes nothing else typical.
    """
    total = np.zeros(len(findings), dtype=np.int64)
    for feature in FEATURES.values():
        values = np.array([feature(one) for one in findings], dtype=np.int64)
        ordered = np.sort(values)
        # Twice everything, since a median can lie between two whole numbers.
        middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
        twice = 2 * middle.sum() // max(len(middle), 1)
        distance = np.abs(2 * values - twice)
        total += np.searchsorted(np.sort(distance), distance, side="left")
    return total
