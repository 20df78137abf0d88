"""No cell of an overview is of fewer than ten cards: what is hidden, and what is hidden with it.

What counts are cards, not rides: ten rides may be one person's. A cell that is hidden alone can be had again by
subtraction from the total. So the smallest cell that might be shown goes with what must be hidden: who subtracts then
learns of a group that is large enough, and of no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from coincide.html.figure import Cell, Figure, Why

FEWEST = 10
"""k of k-anonymity in all that is shown of a city."""


def hidden(cards: Sequence[int]) -> list[bool]:
    """Of each cell of a sum, by how many cards it is of, whether it is not shown. Nobody's cell is shown."""
    hide = [0 < count < FEWEST for count in cards]
    if any(hide):
        enough = [place for place, count in enumerate(cards) if count >= FEWEST]
        if enough:
            hide[min(enough, key=lambda place: cards[place])] = True
    return hide


def cell(count: int | None) -> Cell:
    """A count as it stands in a table: those that are not shown may be of fewer than ten, or hide one that is."""
    return Why("not shown") if count is None else Figure(count)
