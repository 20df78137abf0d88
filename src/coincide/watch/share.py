"""Shares of rows, then and now: whether one grew or fell by more than is permitted and than chance would do."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

FAR = 4.0
"""Standard deviations of the difference of two shares that were one."""


@dataclass(frozen=True)
class Share:
    """``part`` of ``whole`` rows."""

    part: int
    whole: int

    @property
    def percent(self) -> float:
        """Hundred times the share; 0 of nothing."""
        return 100 * self.part / self.whole if self.whole else 0.0


def grew(before: Share, now: Share, points: int) -> bool:
    """Whether the share is greater by at least ``points`` of percent; of nothing, nothing is said."""
    # In whole numbers, so that a border is a border.
    difference = now.part * before.whole - before.part * now.whole
    return (
        bool(before.whole and now.whole)
        and _apart(before, now)
        and (100 * difference >= points * before.whole * now.whole)
    )


def fell(before: Share, now: Share, percent: int) -> bool:
    """Whether the share is ``percent`` or less of what it was."""
    return (
        bool(before.part and now.whole)
        and _apart(before, now)
        and (100 * now.part * before.whole <= percent * before.part * now.whole)
    )


def _apart(before: Share, now: Share) -> bool:
    """The test of two proportions with their common share."""
    common = (before.part + now.part) / (before.whole + now.whole)
    scatter = sqrt(common * (1 - common) * (1 / before.whole + 1 / now.whole))
    difference = abs(now.part / now.whole - before.part / before.whole)
    return difference > FAR * scatter if scatter else difference > 0
