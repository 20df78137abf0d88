"""What the simulated marketplace sells: ordinary items, and a few that can play a component's role.

The item table is the same for every seed, so that a catalog written once fits every simulated log. Half of the
component items are known to the catalog by their SKU, half by the prefix of their category, so that both ways of
matching are used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

COMPONENTS = ("pressure-vessel", "timer", "energetic", "steel-balls")
ORDINARY = 5_000
"""Number of ordinary items."""
PER_COMPONENT = 6
"""Number of items of each component; the first half is in the catalog by SKU, the rest by category."""

_AISLES = (
    "books", "clothes", "garden", "grocery", "home", "kitchen", "music", "office", "pets", "sports", "tools", "toys",
)  # fmt: skip
_SHELVES = 8
_SELLERS = 200
_COMPONENT_CATEGORY = {
    "pressure-vessel": "kitchen/pressure-cookers",
    "timer": "home/timers",
    "energetic": "garden/fertiliser-special",
    "steel-balls": "tools/ball-bearings",
}


@dataclass(frozen=True)
class Items:
    """Parallel columns of the item table; the rows of component ``c`` start at ``first_of[c]``."""

    sku: pl.Series
    category: pl.Series
    seller: pl.Series
    price_minor: NDArray[np.int64]
    first_of: NDArray[np.int64]


def items() -> Items:
    """The item table: ``ORDINARY`` rows, then ``PER_COMPONENT`` rows for each of ``COMPONENTS`` in order."""
    numbers = np.arange(ORDINARY + PER_COMPONENT * len(COMPONENTS))
    categories = [
        f"{_AISLES[number % len(_AISLES)]}/shelf-{number // len(_AISLES) % _SHELVES + 1}" for number in range(ORDINARY)
    ]
    for component in COMPONENTS:
        aisle = _COMPONENT_CATEGORY[component]
        by_sku = PER_COMPONENT // 2
        # Items that the catalog knows by SKU stand on an ordinary shelf of the same aisle.
        categories += [f"{aisle.split('/')[0]}/shelf-1"] * by_sku
        categories += [f"{aisle}/{number + 1}" for number in range(PER_COMPONENT - by_sku)]
    return Items(
        sku=pl.Series("sku", [_sku(number) for number in numbers.tolist()]),
        category=pl.Series("category", categories),
        seller=pl.Series("seller", [f"S{number * 7919 % _SELLERS:04d}" for number in numbers]),
        # 1.99 to 199.99 by a fixed scatter over the item numbers.
        price_minor=(numbers * 7919 % 199 * 100 + 199).astype(np.int64),
        first_of=ORDINARY + PER_COMPONENT * np.arange(len(COMPONENTS)),
    )


def catalog_rows() -> list[tuple[str, str, str]]:
    """The rows ``(match, value, component)`` of the catalog that knows every component item and no other."""
    rows = []
    for index, component in enumerate(COMPONENTS):
        first = ORDINARY + PER_COMPONENT * index
        rows += [("sku", _sku(first + number), component) for number in range(PER_COMPONENT // 2)]
        rows.append(("category", _COMPONENT_CATEGORY[component], component))
    return rows


def _sku(number: int) -> str:
    return f"SKU-{number:06d}"
