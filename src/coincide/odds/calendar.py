"""Alerts by week: the weeks of ISO 8601, by the local days of the rule's zone, those without an alert too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from coincide.detect.kernel.observations import Positions
from coincide.events import zone as zones

_DAY_US = 86_400_000_000
_THURSDAY = 3
"""1970-01-01 was one: so many days after a Monday."""
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Week:
    """``days``: how many of its days the log has; the first and the last week are seldom whole."""

    name: str
    begins: date
    days: int
    alerts: int

    @property
    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"week": self.name, "begins": self.begins.isoformat(), "days": self.days, "alerts": self.alerts}


def calendar(alerts: Positions, first_us: int, last_us: int, zone: str) -> tuple[Week, ...]:
    """From the first event of the log to its last, where both are counted. ``alerts``: when each had its first hit."""
    ends = np.array([first_us, last_us], dtype=np.int64)
    first, last = (zones.local(ends, zone) // _DAY_US).tolist()
    week = (zones.local(alerts, zone) // _DAY_US + _THURSDAY) // 7
    low, high = (first + _THURSDAY) // 7, (last + _THURSDAY) // 7
    if len(week) and not low <= week.min() <= week.max() <= high:
        raise ValueError("an alert lies outside the log")
    counts = np.bincount(week - low, minlength=high - low + 1).tolist()
    return tuple(_week(low + place, count, first, last) for place, count in enumerate(counts))


def _week(number: int, alerts: int, first: int, last: int) -> Week:
    """The week of this number since that of 1970-01-01."""
    monday = number * 7 - _THURSDAY
    begins = _EPOCH + timedelta(days=monday)
    year, week, _ = begins.isocalendar()
    days = min(last, monday + 6) - max(first, monday) + 1
    return Week(f"{year}-W{week:02d}", begins, days, alerts)
