"""What stands in a cell: a number with its reading, a range, or the sentence that says why there is none.

All numbers of a page are written here. The number itself goes beside what is read (``<data value>``), so that nothing
is lost by rounding; what is not finite cannot be shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

DIGITS = 3
"""Significant digits of what is no whole number: more would claim what some hundred deals cannot know."""
MINUS = "\N{MINUS SIGN}"

Form = Literal["number", "share"]
"""``share``: of one, read in per cent; its differences in points."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the document, and how it is read."""

    value: int | float
    form: Form = "number"

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"{self.value} is no figure")

    @property
    def shown(self) -> str:
        """In full if it is a whole number, else with three significant digits; never in powers of ten."""
        return f"{_digits(self.value * 100)} %" if self.form == "share" else _digits(self.value)

    def to(self, other: Figure) -> Change:
        """The difference from this to ``other``."""
        # Of 0.3 and 0.1 it is 0.2, not 0.19999999999999998.
        return Change(round(other.value - self.value, 12), self.form)


@dataclass(frozen=True, slots=True)
class Change(Figure):
    """A difference, with its sign."""

    @property
    def shown(self) -> str:
        """As a figure; of shares in points, because per cent of per cent is read in two ways."""
        sign = "+" if self.value > 0 else ""
        return f"{sign}{_digits(self.value * 100)} points" if self.form == "share" else f"{sign}{_digits(self.value)}"


@dataclass(frozen=True, slots=True)
class Span:
    """From one figure to another, both included."""

    low: Figure
    high: Figure


@dataclass(frozen=True, slots=True)
class Why:
    """The sentence in place of a figure that cannot be had."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, as the document has it."""

    at: str


Cell = Figure | Span | Why | Moment | str | None


def cell(value: Any, form: Form | Literal["time"] = "number") -> Cell:
    """What a member of the document is in a table: a number, a pair of numbers, text, nothing, or ``why_not``."""
    if isinstance(value, str):
        return Moment(value) if form == "time" else value
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return Why(str(value["why_not"]))
    assert form != "time", "a time is text"
    if isinstance(value, int | float):
        return Figure(value, form)
    low, high = value
    return Span(Figure(low, form), Figure(high, form))


def _digits(value: int | float) -> str:
    if value == int(value):
        text = f"{int(value):,}"
    else:
        # Rounded first, because 9.996 has one digit before the point and is read as 10.
        value = float(f"{value:.{DIGITS}g}") if abs(value) < 10**DIGITS else value
        decimals = max(0, DIGITS - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:,.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if decimals else text
    return text.replace("-", MINUS)
