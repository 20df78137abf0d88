"""Which of many rules changed in some days: a p-value a rule, and how many of them one may believe.

What a rule raises in these days has, if nothing changed, a negative binomial distribution: Poisson around a level that
is itself Gamma distributed (``odds.level``). Of 200 rules that did not change, ten have p below 0.05. Benjamini and
Hochberg (1995, J. R. Stat. Soc. B 57:289) call those changed of which at most a share ``q`` did not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from coincide.odds.eprocess import NARROW

Q = 0.05
"""The share of false ones among those called changed."""


def p_value(observed: float, expected: float, variation: float) -> float:
    """How often as many or more, or as few or fewer, come of nothing: twice the smaller of both, at most 1.

    Where alerts come in clumps, ``observed`` and ``expected`` count those, and need not be whole.
    Raises ``ValueError``.
    """
    if not 0 <= expected < math.inf or not 0 <= variation < math.inf or observed < 0:
        raise ValueError("what is observed and expected must be finite and not below 0")
    if expected == 0:
        # Nothing was expected for sure: one alert cannot be, and none is as it should be.
        return 1.0 if observed == 0 else 0.0
    if variation < NARROW:
        fewer, more = special.gammaincc(observed + 1, expected), special.gammainc(observed, expected)
    else:
        # The distribution function of a negative binomial is an incomplete beta function (DLMF 8.17.5).
        size = variation**-2
        fewer = special.betainc(size, observed + 1, size / (size + expected))
        more = special.betainc(observed, size, expected / (size + expected))
    # As many or more as none come always.
    return min(1.0, 2 * min(float(fewer), float(more) if observed else 1.0))


def changed(p_values: Sequence[float], q: float = Q) -> NDArray[np.bool_]:
    """Which of them one may call changed. Raises ``ValueError`` for what is no p-value and no share."""
    found = np.asarray(p_values, np.float64)
    if not ((found >= 0) & (found <= 1)).all() or not 0 < q < 1:
        raise ValueError("p-values and the share of false ones lie between 0 and 1")
    order = np.argsort(found, kind="stable")
    within = np.flatnonzero(found[order] <= q * np.arange(1, len(found) + 1) / max(1, len(found)))
    told = np.zeros(len(found), np.bool_)
    told[order[: within[-1] + 1 if len(within) else 0]] = True
    return told
