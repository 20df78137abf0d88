"""Exact numbers as scaled integers, so that sums over windows are integer sums.

A column of ``Decimal(38, s)`` or ``Int64`` becomes an integer array and a scale; the array is ``int64`` where every
partial sum is certain to fit, and an array of Python integers (slower, never wrong) where it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

_SAFE = 2**62


@dataclass(frozen=True)
class Exact:
    """``values[i] / 10**scale`` for each row; missing numbers count as nothing (0)."""

    values: NDArray[Any]
    scale: int

    def take(self, rows: NDArray[np.int64]) -> Exact:
        """The numbers of these rows, in this order."""
        return Exact(self.values[rows], self.scale)

    def running(self) -> NDArray[Any]:
        """Sums before each position and after the last: ``n + 1`` values, the first is 0."""
        total = np.zeros(len(self.values) + 1, dtype=self.values.dtype)
        np.cumsum(self.values, out=total[1:])
        return total

    def passes(self, sums: NDArray[Any], limit: Decimal, *, inclusive: bool) -> NDArray[np.bool_]:
        """Which sums (scaled like this) are ``>=`` the limit, or ``>`` if not inclusive."""
        scaled = Fraction(limit) * 10**self.scale
        bound = ceil(scaled) if inclusive else floor(scaled) + 1
        if sums.dtype != object and not -_SAFE <= bound <= _SAFE:
            return np.full(len(sums), bound < 0)
        return np.asarray(sums >= bound, dtype=np.bool_)

    def decimal(self, scaled: int) -> Decimal:
        """A sum as a decimal number."""
        return Decimal(int(scaled)).scaleb(-self.scale)


def exact(column: pl.Series) -> Exact:
    """A number column (``Decimal`` or whole) as scaled integers; missing is 0."""
    if column.dtype == pl.Int64:
        return _fitting(column.fill_null(0), 0)
    scale = column.dtype.scale if isinstance(column.dtype, pl.Decimal) else 0
    digits = column.to_physical().cast(pl.Int128).fill_null(0)
    # Whole quantities are the rule: without their nine zeros they fit a machine word far longer.
    if scale:
        one = pl.lit(10**scale, dtype=pl.Int128)
        parts = (
            digits.alias("n").to_frame().select((pl.col("n") // one).alias("whole"), (pl.col("n") % one).alias("rest"))
        )
        if not parts.select((pl.col("rest") != 0).any()).item():
            return _fitting(parts["whole"], 0)
    return _fitting(digits, scale)


def product(left: Exact, right: Exact) -> Exact:
    """Row by row, exactly."""
    values = left.values.astype(object) * right.values.astype(object)
    return Exact(_narrow(values), left.scale + right.scale)


def _fitting(digits: pl.Series, scale: int) -> Exact:
    widest = max((abs(end) for end in (digits.min(), digits.max()) if isinstance(end, int)), default=0)
    if widest * max(len(digits), 1) < _SAFE:
        return Exact(digits.cast(pl.Int64).to_numpy(), scale)
    return Exact(np.array([int(value) for value in digits.to_list()], dtype=object), scale)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    widest = max((abs(value) for value in values), default=0)
    return values.astype(np.int64) if widest * max(len(values), 1) < _SAFE else values
