"""Sorting rows by several columns of whole numbers.

NumPy sorts plain 64-bit numbers several times faster than it finds the order of rows. So columns are packed into one
number a row where they fit, and a row's own number is packed below them where its place is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.taps import Positions, Taps, Truths, Whole

Packed = NDArray[np.uint64]

_BITS = 64


def begins(*columns: NDArray[Any]) -> Truths:
    """At which rows at least one of the columns differs from the row before; the first row always does."""
    fresh = np.zeros(len(columns[0]), dtype=np.bool_)
    fresh[:1] = True
    for column in columns:
        fresh[1:] |= column[1:] != column[:-1]
    return fresh


def width(most: int) -> int:
    """How many bits the numbers from 0 to ``most`` need."""
    return max(most, 0).bit_length()


def order(*columns: Whole) -> Positions:
    """The rows in the order of the columns, the first column first; equal rows stay as they stand."""
    shifted = _from_zero(columns)
    widths = [width(int(column.max(initial=0))) for column in shifted]
    low = width(len(columns[0]))
    if sum(widths) + low > _BITS:
        return np.lexsort(columns[::-1])
    packed = pack(shifted, widths) << np.uint64(low) | np.arange(len(columns[0]), dtype=np.uint64)
    packed.sort()
    return (packed & np.uint64(2**low - 1)).astype(np.int64)


def pack(columns: Sequence[Whole], widths: Sequence[int]) -> Packed:
    """One number a row, of columns that hold nothing negative and fit their widths: sorts as the columns do."""
    if sum(widths) > _BITS:
        raise ValueError(f"{sum(widths)} bits do not fit into {_BITS}")
    packed = columns[0].astype(np.int64)
    for column, bits in zip(columns[1:], widths[1:], strict=True):
        packed <<= bits
        packed |= column
    return packed.view(np.uint64)


def within(group: Whole, values: Whole) -> Whole:
    """The values sorted within each group; the groups, codes from 0, stand in order already."""
    low = width(int(values.max(initial=0)))
    if int(values.min(initial=0)) < 0 or width(int(group.max(initial=0))) + low > _BITS:
        return values[np.lexsort((values, group))]
    packed = pack((group, values), (_BITS - low, low))
    packed.sort()
    return (packed & np.uint64(2**low - 1)).view(np.int64)


def by_token(taps: Taps) -> Positions:
    """The rows by token, time, then all other columns: arrival and place in a file decide nothing.

    Time is packed as fine as it fits; the few rows that stand together then are looked at in all columns.
    """
    token, at = _from_zero((taps.token, taps.at))
    low = width(len(taps))
    high = width(int(token.max(initial=0)))
    spare = width(int(at.max(initial=0))) - max(0, _BITS - high - low)
    if high + low > _BITS:
        return np.lexsort(taps.columns[::-1])
    coarse = at >> max(0, spare)
    packed = pack((token, coarse), (high, _BITS - high - low)) << np.uint64(low)
    packed |= np.arange(len(taps), dtype=np.uint64)
    packed.sort()
    rows = (packed & np.uint64(2**low - 1)).astype(np.int64)
    key = packed >> np.uint64(low)
    tied = np.zeros(len(rows), dtype=np.bool_)
    same = key[1:] == key[:-1]
    tied[1:] |= same
    tied[:-1] |= same
    places = np.flatnonzero(tied)
    if len(places):
        among = taps.take(rows[places])
        rows[places] = rows[places][np.lexsort(among.columns[::-1])]
    return rows


def _from_zero(columns: Sequence[Whole]) -> list[Whole]:
    """The columns less their least values, so that they take few bits."""
    return [np.subtract(column, column.min(), dtype=np.int64) if len(column) else column for column in columns]
