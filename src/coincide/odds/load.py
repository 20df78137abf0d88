"""How much there is to read: a rule's alerts a day and those of the other rules, beside what the analysts can read.

As often as in the log, by the day; what tomorrow brings nobody knows. DESIGN, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WhyNot = dict[str, str]
"""Stands where a figure cannot be had: ``{"why_not": a sentence}``."""
_TOO_SHORT = "the log is shorter than a day"
_NOT_STATED = "no capacity is stated"
_NOBODY = "the capacity is zero: nobody is there to read an alert"


def per_day(alerts: int, days: float) -> float | WhyNot:
    """Alerts a day; of a log of less than a day there is no saying."""
    return alerts / days if days >= 1 else {"why_not": _TOO_SHORT}


@dataclass(frozen=True)
class Load:
    """``alerts`` of the rule, and of the ``others`` together, of which there are ``rules``, in so many ``days``.

    ``capacity``: alerts that the analysts can read in a day, from 0; ``None``: it is not stated.
    """

    alerts: int
    others: int
    rules: int
    days: float
    capacity: float | None = None

    def __post_init__(self) -> None:
        if self.capacity is not None and not self.capacity >= 0:
            raise ValueError("a capacity is a number from 0")

    @property
    def share(self) -> float | WhyNot:
        """What all of them take of the capacity; 1 is all of it."""
        rate = per_day(self.alerts + self.others, self.days)
        if isinstance(rate, dict):
            return rate
        if self.capacity is None:
            return {"why_not": _NOT_STATED}
        return rate / self.capacity if self.capacity else {"why_not": _NOBODY}

    @property
    def says(self) -> str:
        """The same in one sentence or two."""
        if isinstance(per_day(self.alerts, self.days), dict):
            return f"How many alerts a day that is cannot be said: {_TOO_SHORT}."
        mine = f"{self._often(self.alerts)} of this rule"
        if self.rules:
            rules = "the other rule" if self.rules == 1 else f"the {self.rules:,} other rules"
            mine += f", and {self._often(self.others)} of {rules}"
        return f"{mine[0].upper()}{mine[1:]}: {self._beside()}"

    @property
    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "alerts_per_day": per_day(self.alerts, self.days),
            "others_per_day": per_day(self.others, self.days),
            "capacity": self.capacity,
            "share": self.share,
            "says": self.says,
        }

    def _beside(self) -> str:
        together = self.alerts + self.others
        if self.capacity is None:
            return f"{_NOT_STATED}."
        if not self.capacity:
            return f"{_NOBODY}." if together else "none to read, and a capacity of zero."
        share = together / self.days / self.capacity
        if share > 1:
            return f"more than the {_number(self.capacity)} a day that the analysts can read."
        return f"{_percent(share)} of the {_number(self.capacity)} a day that the analysts can read."

    def _often(self, alerts: int) -> str:
        if not alerts:
            return "no alert"
        rate = alerts / self.days
        if rate < 0.95:
            return f"one alert in {_number(1 / rate)} days"
        return f"{_number(rate)} {'alert' if _number(rate) == '1' else 'alerts'} a day"


def _percent(share: float) -> str:
    return "less than 1 %" if 0 < share < 0.01 else f"{share:.0%}".replace("%", " %")


def _number(value: float) -> str:
    """Two digits of small numbers, whole ones from 10."""
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")
