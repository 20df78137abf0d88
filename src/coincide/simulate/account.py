"""Accounts of a simulated log: their names, cards and households, and which of them are planted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.simulate.plant import LINKED

ROWS_PER_ACCOUNT = 20

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Accounts:
    """Account number -> texts, household, and whether it is a planted buyer's."""

    customer: pl.Series
    card_no: pl.Series
    household: _Ints
    planted: NDArray[np.bool_]
    of_buyer: _Ints
    """Planted buyer -> account number."""


def accounts(size: int, planted: Sequence[str]) -> Accounts:
    """Ordinary accounts and one for each of ``planted``, its kind; ``linked`` ones follow each other in pairs.

    All are in one series of numbers, so that nothing in a name tells them apart.
    """
    buyers = len(planted)
    ordinary = max(20, size // ROWS_PER_ACCOUNT)
    total = ordinary + buyers
    number = np.arange(total, dtype=np.int64)
    # Every tenth pair of ordinary accounts is one household with one card.
    household = np.where((number // 2 % 10 == 0) & (number < ordinary), number - number % 2, number)
    # Planted buyers stand behind the ordinary ones in number, i.e. among those who buy least.
    of_buyer = ordinary + np.arange(buyers, dtype=np.int64)
    linked = np.flatnonzero(np.array([kind == LINKED for kind in planted]))
    household[of_buyer[linked[1::2]]] = of_buyer[linked[::2]]
    pays_by_card = household % 8 != 7
    pays_by_card[of_buyer[linked]] = True
    card = pl.Series("card_no", _scattered(household, total)).cast(pl.String).str.zfill(8)
    return Accounts(
        customer=("C" + pl.Series("customer", _scattered(number, total)).cast(pl.String).str.zfill(8)),
        card_no=("4000" + card).set(~pl.Series(pays_by_card), None),
        household=household,
        planted=number >= ordinary,
        of_buyer=of_buyer,
    )


def _scattered(number: _Ints, total: int) -> _Ints:
    """Each number below ``total`` to another one below it, one to one: a multiplication without common factor."""
    factor = int(total * 0.618) | 1
    while math.gcd(factor, total) != 1:
        factor += 2
    return number * factor % total


def skewed(rng: np.random.Generator, count: int, below: int) -> _Ints:
    """Whole numbers in ``[0, below)``: number ``n`` with a probability that falls with the root of ``n``."""
    uniform = rng.random(count)
    return (uniform * uniform * below).astype(np.int64)
