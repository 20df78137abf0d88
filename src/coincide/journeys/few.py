"""No cell of an overview stands for fewer than ten: what is hidden, and what is hidden with it.

A cell that is hidden alone can be had again by subtraction from the total. So the next smallest goes with it until
what is hidden adds up to ten or more: then a reader of the total learns of a group that is large enough.
"""

from __future__ import annotations

from collections.abc import Sequence

from coincide.html.figure import Cell, Figure, Why

FEWEST = 10
"""k of k-anonymity in all that is shown of a city."""


def shown(counts: Sequence[int]) -> list[int | None]:
    """The counts with ``None`` for those that are not shown; none is nobody, and is shown unless it must go along."""
    if sum(counts) < FEWEST:
        # Nothing can be hidden behind: all of it is one small group.
        return [None] * len(counts) if any(counts) else list(counts)
    hidden = {place for place, count in enumerate(counts) if 0 < count < FEWEST}
    for place in sorted(range(len(counts)), key=lambda place: (counts[place], place)):
        if not hidden or sum(counts[one] for one in hidden) >= FEWEST:
            break
        if counts[place]:
            hidden.add(place)
    return [None if place in hidden else count for place, count in enumerate(counts)]


def cell(count: int | None) -> Cell:
    """A count as it stands in a table: those that are not shown may be fewer than ten, or hide one that is."""
    return Why("not shown") if count is None else Figure(count)
