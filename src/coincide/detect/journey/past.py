"""The days before a card-day: those of the same token within the last 28 service days."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.feature import PAST_DAYS
from coincide.detect.journey.taps import Positions, Whole

Figures = NDArray[np.float32]

_PIECE = 1 << 12
"""Card-days looked at together: what is gathered of so many fits the processor's cache."""


def known(token: Whole, day: Whole) -> Positions:
    """How many days within the last 28 each card-day's token has; card-days are sorted by token and day.

    These days are the rows just before it, for no two card-days of a token are of one day.
    """
    count = np.zeros(len(token), dtype=np.int64)
    for back in range(1, PAST_DAYS + 1):
        near = (token[back:] == token[:-back]) & (day[back:] - day[:-back] <= PAST_DAYS)
        if not near.any():
            break
        count[back:] += near
    return count


def median(values: Figures, length: Positions) -> tuple[Figures, Figures]:
    """Of the values of so many rows just before each: the lower median, and that of the distances from it.

    They are infinite where there are none.
    """
    middle, spread = np.empty((2, len(values)), dtype=np.float32)
    for piece, columns in _windows(values, length):
        place = np.maximum(length[piece] - 1, 0) // 2
        of = np.arange(len(place))
        middle[piece] = m = _sorted(columns)[place, of]
        m = np.where(np.isinf(m), np.float32(0), m)
        spread[piece] = _sorted(np.abs(columns - m))[place, of]
    return middle, spread


def _windows(values: Figures, length: Positions) -> Iterator[tuple[slice, Figures]]:
    """Pieces, and of each the values before its rows, one line for each step back; infinite where there is none."""
    padded = np.concatenate([np.full(PAST_DAYS, np.inf, dtype=np.float32), values])
    for low in range(0, len(values), _PIECE):
        piece = slice(low, min(low + _PIECE, len(values)))
        deep = max(1, int(length[piece].max()))
        lines = np.full((deep, piece.stop - low), np.inf, dtype=np.float32)
        for back in range(1, deep + 1):
            shifted = padded[low + PAST_DAYS - back : piece.stop + PAST_DAYS - back]
            np.copyto(lines[back - 1], shifted, where=length[piece] >= back)
        yield piece, lines


def _sorted(lines: Figures) -> Figures:
    """Each column sorted, in place: comparisons of whole lines, which is many times faster than column by column."""
    lower = np.empty(lines.shape[1], dtype=np.float32)
    for one, other in _network(len(lines)):
        np.minimum(lines[one], lines[other], out=lower)
        np.maximum(lines[one], lines[other], out=lines[other])
        lines[one] = lower
    return lines


@lru_cache(maxsize=PAST_DAYS)
def _network(count: int) -> tuple[tuple[int, int], ...]:
    """Which two places to put in order, one after another, so that any ``count`` numbers are sorted in the end.

    Batcher's odd-even merge exchange: Knuth, The Art of Computer Programming 3, section 5.2.2, algorithm M.
    """
    pairs = []
    top = 1 << max(0, (count - 1).bit_length() - 1)
    p = top
    while p:
        q, r, d = top, 0, p
        while True:
            pairs += [(i, i + d) for i in range(count - d) if i & p == r]
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2
    return tuple(pairs)
