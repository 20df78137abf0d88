"""How many a rule matches: what is left of a decision once only numbers of it are asked for.

Taken while the run lasts, rule by rule, so that memory holds the windows and hits of one rule at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coincide.detect.detect import Cuts, runs
from coincide.detect.kernel.observations import Positions
from coincide.engines.embedded.run import Decided
from coincide.rules.plan import Plan


@dataclass(frozen=True)
class Matched:
    """``who``: codes of those who matched, ascending, each once; rules of one run and one ``by`` share the codes."""

    plan: Plan
    who: Positions
    alerts: int


def matched(decided: Decided) -> Matched:
    """The counts of what a scan without earlier decisions would raise."""
    found = decided.hits
    first, _, _ = runs(found, decided.rows, Cuts())
    return Matched(decided.plan, np.unique(found.code[found.hit]), len(first))
