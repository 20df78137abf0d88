"""Threshold: the exact sum of a number over the window passes a limit. DESIGN: "Rules"."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincide.detect.exact import Exact
from coincide.detect.kernel.observations import LISTED, Evidence, Observations, Positions, Truths, collect, spans
from coincide.rules.plan import Threshold


def hits(condition: Threshold, seen: Observations) -> Truths:
    """At which observations the window's sum passes the limit."""
    number = _number(seen)
    return number.passes(sums(seen), condition.limit, inclusive=condition.inclusive)


def sums(seen: Observations) -> NDArray[Any]:
    """The window's sum at each observation, scaled like ``seen.number``."""
    running = _number(seen).running()
    return np.asarray(running[1:] - running[seen.start])


def evidence(condition: Threshold, seen: Observations, at_hits: Positions) -> Evidence:  # noqa: ARG001
    """The window's observations, the latest ``LISTED`` of them."""
    first = seen.start[at_hits]
    return collect([spans(np.maximum(first, at_hits - LISTED + 1), at_hits)], at_hits - first + 1)


def _number(seen: Observations) -> Exact:
    if seen.number is None:
        raise ValueError("a threshold needs the numbers it sums")
    return seen.number
