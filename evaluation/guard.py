"""The guard of the simulator: how far any single feature tells thieves from all others.

A feature of a card is the largest and the 90th percentile of its days, high or low. If one of these alone had an
average precision above one half, the city would give its thieves away, and whatever is measured on it would be worth
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.days import Days
from coincide.rules.feature import NAMES
from evaluation.measure import average_precision

MOST = 0.5
"""What no single feature may pass."""


def per_card(days: Days, name: str, size: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Of each token (NaN for one that never rode) the largest and the 90th percentile over its days."""
    values = days[name]
    known = ~np.isnan(values)
    token, values = days.token[known].astype(np.int64), values[known]
    order = np.lexsort((values, token))
    token, values = token[order], values[order]
    count = np.bincount(token, minlength=size)
    ends = np.cumsum(count)
    has = np.flatnonzero(count)
    for statistic, place in (("max", ends - 1), ("q90", ends - count + np.ceil(0.9 * count).astype(np.int64) - 1)):
        found = np.full(size, np.nan, dtype=np.float32)
        found[has] = values[place[has]]
        yield statistic, found


def single_features(days: Days, thief: NDArray[np.bool_], left_out: NDArray[np.bool_]) -> dict[str, float]:
    """The average precision of each feature by itself, without the tokens ``left_out``, the better of high and low."""
    kept = ~left_out
    found = {}
    for name in NAMES:
        for statistic, values in per_card(days, name, len(thief)):
            high = average_precision(values[kept], thief[kept])
            low = average_precision(-values[kept], thief[kept])
            found[f"{name} ({statistic})"] = max(high, low)
    return found
