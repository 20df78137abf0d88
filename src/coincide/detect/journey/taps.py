"""Taps as columns: one row for each time a token was held to a reader, all text as codes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincide.events.event import ACTIONS

Whole = NDArray[np.signedinteger[Any]]
"""Whole numbers of any width: codes are as narrow as their dictionaries allow."""
Positions = NDArray[np.int64]
Truths = NDArray[np.bool_]

MISSING = -1

ENTER, EXIT, TRANSFER, SINGLE = range(len(ACTIONS))
"""Codes of ``action``: the order in which taps of one token and instant are taken."""

BOARDING = (ENTER, TRANSFER, SINGLE)
"""What begins a ride: all but an exit."""


def action_of(text: str | None) -> int:
    """What a tap does, by the text of its action. One that does not say begins a ride; -1: none of ours, and no part
    of riding.
    """
    if not text:
        return ENTER
    return ACTIONS.index(text) if text in ACTIONS else MISSING


@dataclass(frozen=True, eq=False)
class Taps:
    """Columns of equal lengths, in any order of rows. Codes count from 0; -1 is a missing value.

    ``token``: whose tap it is. ``at``: microseconds since 1970 in UTC. ``action``: one of ``ACTIONS``, by position.
    The order of the fields is the order in which taps are compared.
    """

    token: Whole
    at: NDArray[np.int64]
    action: Whole
    place: Whole
    line: Whole
    vehicle: Whole
    device: Whole
    product: Whole

    def __post_init__(self) -> None:
        if len({len(column) for column in self.columns}) != 1:
            raise ValueError("the columns of taps have different lengths")

    @property
    def columns(self) -> tuple[Whole, ...]:
        """All columns, in the order of comparison."""
        return tuple(getattr(self, field.name) for field in fields(self))

    def __len__(self) -> int:
        return len(self.token)

    def take(self, rows: Positions | Truths | slice) -> Taps:
        """The chosen rows."""
        return Taps(*(column[rows] for column in self.columns))
