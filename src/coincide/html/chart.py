"""A chart: what it says in words, and what Vega-Lite draws of it where scripts run.

A chart shows what a table beside it holds. Colours are names of the style sheet, so that a page that turns dark, or is
printed, needs nothing drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Chart:
    """``says``: in words what is to be seen; ``spec``: Vega-Lite, the data within; ``wide``: as wide as the page."""

    id: str
    title: str
    says: str
    spec: dict[str, Any]
    wide: bool = False

    def of(self, whose: str) -> Chart:
        """The same chart as that of one of two documents."""
        return replace(self, id=f"{self.id}-{whose.lower()}", title=f"{whose}: {self.title}")
