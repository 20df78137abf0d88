"""How far a change of some files reaches: the times whose hits must be decided again, rule by rule.

A row at ``t`` touches the windows of hits in ``[t, t + W)``; a hit that comes or goes can lengthen, join or split
the episodes it is closer to than ``W``. So the changed times grow by the window, then by every stored alert that
they could join, until nothing more is reached. Outside, everything stays as it is. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from coincide.detect.detect import Region
from coincide.rules.plan import Plan, Sliding

_DAY_US = 86_400_000_000
LOCAL_DAY_US = 2 * _DAY_US
"""No local day and its neighbours' edges reach further than this."""


def width(plan: Plan) -> int:
    """The rule's window in microseconds; for local days a safe upper bound."""
    return plan.window.width_us if isinstance(plan.window, Sliding) else LOCAL_DAY_US


def region(plan: Plan, first: int, last: int, spans: Iterable[tuple[int, int]]) -> Region:
    """The times whose hits a change between ``first`` and ``last`` (both included) can move.

    ``spans``: first and last hit of the stored alerts that could be concerned.
    """
    reach = width(plan)
    low, high = first - (0 if isinstance(plan.window, Sliding) else reach), last + reach
    # Sorted by their ends, the spans that can be joined below come in one sweep each way.
    ordered = sorted(spans)
    for begin, end in sorted(ordered, key=lambda span: -span[1]):
        if end > low - reach and begin < high + reach:
            low = min(low, begin)
    for begin, end in ordered:
        if begin < high + reach and end > low - reach:
            high = max(high, end)
    return Region(low, high)


def reading(plan: Plan, decided: Region) -> tuple[int, int]:
    """The times whose rows are needed to decide the hits of a region, both ends included."""
    return decided.first - width(plan), decided.last
