"""The days before a card-day: those of the same token within the last 28 service days."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from coincide.detect.journey.taps import Positions, Whole
from coincide.rules.feature import PAST_DAYS

_PIECE = 1 << 13
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


def median(values: Positions, length: Positions) -> tuple[Positions, Positions]:
    """Of the values of so many rows just before each: the lower median, and that of the distances from it.

    Values are whole and not negative. Where there are no rows before, both mean nothing.
    """
    most = int(values.max(initial=0))
    # As narrow as may be, so that a processor compares many at once; beyond all values and distances from them is
    # what stands for none.
    kind = next(kind for kind in (np.int16, np.int32, np.int64) if most < np.iinfo(kind).max // 2)
    middle, spread = np.empty((2, len(values)), dtype=kind)
    for piece, lines in _windows(values.astype(kind), length):
        place = (np.maximum(length[piece] - 1, 0) // 2, np.arange(lines.shape[1]))
        ordered = _sorted(lines)
        middle[piece] = m = ordered[place]
        spread[piece] = _sorted(np.abs(ordered - np.where(length[piece] > 0, m, kind(0))))[place]
    return middle.astype(np.int64), spread.astype(np.int64)


def _windows(values: Whole, length: Positions) -> Iterator[tuple[slice, Whole]]:
    """Pieces, and of each the values before its rows, one line for each step back."""
    nothing = np.iinfo(values.dtype).max
    padded = np.concatenate([np.full(PAST_DAYS, nothing, dtype=values.dtype), values])
    for low in range(0, len(values), _PIECE):
        piece = slice(low, min(low + _PIECE, len(values)))
        deep = max(1, int(length[piece].max()))
        lines = np.full((deep, piece.stop - low), nothing, dtype=values.dtype)
        for back in range(1, deep + 1):
            shifted = padded[low + PAST_DAYS - back : piece.stop + PAST_DAYS - back]
            np.copyto(lines[back - 1], shifted, where=length[piece] >= back)
        yield piece, lines


def _sorted(lines: Whole) -> Whole:
    """Each column sorted: comparisons of whole lines, which is many times faster than column by column."""
    rows = list(lines)
    spare = np.empty_like(lines[0])
    for one, other in _network(len(rows)):
        np.minimum(rows[one], rows[other], out=spare)
        np.maximum(rows[one], rows[other], out=rows[other])
        rows[one], spare = spare, rows[one]
    return np.stack(rows)


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
