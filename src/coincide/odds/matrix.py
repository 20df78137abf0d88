"""What hardly ever meets as a page: lists, and the matrix of the types in them. It runs nothing and loads nothing.

The shade of a cell says again what its text says, so that nothing is told by colour alone (WCAG 2.2, 1.4.1).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Template

from coincide.html import frame
from coincide.odds import discovery, meeting
from coincide.odds.discovery import MEANING, Discovery
from coincide.odds.meeting import Meeting
from coincide.odds.pair import FEW

FOLDER = Path(__file__).with_name("templates")
SHADES = (-3.0, -2.0, -1.0)
"""Information contents at which a cell gets a darker shade: an eighth, a quarter, half of what chance has."""


def page(found: Discovery) -> str:
    """The page of what was found, HTML."""
    template, style = _template()
    return template.render(
        found=found,
        about=[*discovery.about(found)],
        compared=[discovery.compared(four, found) for four in found.fours],
        span=meeting.span(found.width),
        rule=discovery.proposal(found),
        meaning=MEANING,
        style=style,
        policy=f"default-src 'none'; style-src {frame.digest(style)}; base-uri 'none'; form-action 'none'",
    )


@cache
def _template() -> tuple[Template, str]:
    own = frame.environment(FOLDER)
    own.filters |= {
        "percent": meeting.percent,
        "figure": meeting.figure,
        "met": _met,
        "shade": _shade,
        "information": lambda value: f"{value:+.2f}",
    }
    own.globals |= {"sentence": meeting.sentence}
    style = frame.style() + (FOLDER / "discover.css").read_text(encoding="utf-8")
    return own.get_template("discover.html"), style


def _met(count: int | None) -> str:
    return f"<{FEW}" if count is None else f"{count:,}"


def _shade(cell: Meeting) -> str:
    """The class of a cell: `least` meets least."""
    for name, bound in zip(("least", "little", "less"), SHADES, strict=True):
        if cell.information <= bound:
            return name
    return "even"
