"""Windows: where each observation's window begins, and how many distinct values it holds."""

from __future__ import annotations

import itertools

import numpy as np

from coincide.detect.kernel.observations import Positions

_SAFE = 2.0**61


def starts(group: Positions, at: Positions, width_us: int) -> Positions:
    """First position of each row's window ``(at - width, at]`` inside its group: half-open at the old end.

    Gaps longer than the window are shortened to exactly the window, which changes no answer; then the times of
    all groups, laid end to end, are one increasing line on which one binary search serves all rows.
    """
    if len(at) == 0:
        return np.zeros(0, dtype=np.int64)
    steps = np.empty(len(at), dtype=np.int64)
    steps[0] = 0
    np.subtract(at[1:], at[:-1], out=steps[1:])
    np.minimum(steps, width_us, out=steps)
    steps[1:][group[1:] != group[:-1]] = width_us
    if float(len(at)) * width_us < _SAFE or np.sum(steps, dtype=np.float64) < _SAFE:
        line = np.cumsum(steps)
        first: Positions = np.searchsorted(line, line - width_us, side="right").astype(np.int64, copy=False)
        return first
    return _pieces(group, at, width_us, steps)


def _pieces(group: Positions, at: Positions, width_us: int, steps: Positions) -> Positions:
    """The same where the line would leave 64 bits: cut between groups and laid anew (a group spans < 2**53)."""
    length = np.cumsum(steps, dtype=np.float64)
    first = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    piece = (length[first] // (_SAFE / 4)).astype(np.int64)
    cuts = [*first[np.flatnonzero(np.r_[True, piece[1:] != piece[:-1]])].tolist(), len(at)]
    parts = []
    for low, high in itertools.pairwise(cuts):
        line = np.cumsum(steps[low:high]) - steps[low]
        parts.append(np.searchsorted(line, line - width_us, side="right") + low)
    joined: Positions = np.concatenate(parts).astype(np.int64, copy=False)
    return joined


def group_starts(group: Positions) -> Positions:
    """First position of each row's group."""
    rows = np.arange(len(group), dtype=np.int64)
    if len(rows) == 0:
        return rows
    fresh = np.r_[True, group[1:] != group[:-1]]
    return np.maximum.accumulate(np.where(fresh, rows, 0))


def distinct(value: Positions, start: Positions, at_rows: Positions) -> Positions:
    """Distinct values (codes, -1 missing and not counted) in ``start[e] .. e`` for each ``e`` of ``at_rows``.

    A value counts at its first appearance in the window: where the previous row with the same code lies before the
    window. Counting those is a dominance count, answered for all rows at once by a wavelet matrix. Codes of
    different groups may be equal: a row of another group lies before every window.
    """
    n = len(value)
    if n == 0 or len(at_rows) == 0:
        return np.zeros(len(at_rows), dtype=np.int64)
    present = value >= 0
    # Shifted by one: 0 = appears for the first time; missing values lie above every threshold.
    before = np.where(present, _previous(value) + 1, n + 1)
    counted = np.concatenate([[0], np.cumsum(present)])
    first = start[at_rows]
    counts: Positions = _below(before, at_rows + 1, first + 1) - counted[first]
    return counts


def _previous(value: Positions) -> Positions:
    order = np.argsort(value, kind="stable")
    previous = np.full(len(value), -1, dtype=np.int64)
    same = value[order[1:]] == value[order[:-1]]
    previous[order[1:][same]] = order[:-1][same]
    return previous


def _below(values: Positions, ends: Positions, thresholds: Positions) -> Positions:
    """For each query, how many of ``values[:end]`` are below its threshold. Values are 0 .. n + 1."""
    counts = np.zeros(len(ends), dtype=np.int64)
    low, high = np.zeros(len(ends), dtype=np.int64), ends.copy()
    for bit in range(int(len(values) + 1).bit_length() - 1, -1, -1):
        ones = (values >> bit) & 1 == 1
        zeros = np.concatenate([[0], np.cumsum(~ones)])
        boundary = zeros[-1]
        zero_low, zero_high = zeros[low], zeros[high]
        upper = (thresholds >> bit) & 1 == 1
        counts += np.where(upper, zero_high - zero_low, 0)
        low = np.where(upper, boundary + low - zero_low, zero_low)
        high = np.where(upper, boundary + high - zero_high, zero_high)
        values = np.concatenate([values[~ones], values[ones]])
    return counts
