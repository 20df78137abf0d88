"""Figures of a list that has the most suspicious first: average precision, precision at so many, recall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Truths = NDArray[np.bool_]
Values = NDArray[np.floating]


def average_precision(values: Values, right: Truths) -> float:
    """The mean of the precisions at each right one, of a list by falling ``values``; equals are one step together.

    A missing value (NaN) comes last.
    """
    if not right.any():
        return float("nan")
    known = np.where(np.isnan(values), -np.inf, values)
    order = np.argsort(-known, kind="stable")
    known, hit = known[order], right[order]
    last = np.append(known[1:] != known[:-1], True)
    hits, listed = np.cumsum(hit)[last], np.flatnonzero(last) + 1
    gained = np.diff(hits, prepend=0)
    return float((hits / listed * gained).sum() / right.sum())


def precision_at(values: Values, right: Truths, many: int) -> float:
    """The share of right ones among the first ``many``; of equals at the border their mean."""
    known = np.where(np.isnan(values), -np.inf, values)
    many = min(many, len(known))
    border = np.partition(known, len(known) - many)[len(known) - many]
    above, at = known > border, known == border
    hits = right[above].sum() + (many - above.sum()) * right[at].mean()
    return float(hits / many)


def interval(values: list[float]) -> tuple[float, float, float]:
    """Mean, and the bounds of its 95 % interval by Student's t over the seeds."""
    from scipy.stats import t

    got = np.array([value for value in values if not np.isnan(value)])
    if len(got) < 2:
        mean = float(got.mean()) if len(got) else float("nan")
        return mean, float("nan"), float("nan")
    half = t.ppf(0.975, len(got) - 1) * got.std(ddof=1) / np.sqrt(len(got))
    return float(got.mean()), float(got.mean() - half), float(got.mean() + half)
