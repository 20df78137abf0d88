"""Observed over expected, shrunk, with its interval; and the interval of a share.

The plain ratio is never told: one observed where 0.004 were expected would be called "250 times". With half an event
added on both sides it is 3.0 (0.2 to 9.3), and where observed or expected is below ``ENOUGH`` there is no ratio at all.

Norén, Hopstadius, Bate: Shrinkage observed-to-expected ratios for robust and transparent large-scale pattern
discovery. Statistical Methods in Medical Research 2013, DOI 10.1177/0962280211403604. Jeffreys's interval: Brown, Cai,
DasGupta: Interval estimation for a binomial proportion. Statistical Science 2001, DOI 10.1214/ss/1009213286.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy import special

ENOUGH = 5
"""With fewer observed or expected there is no ratio."""
SHRINK = 0.5
"""Added to observed and to expected."""
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What was observed beside what was expected.

    ``ratio`` is (O + 1/2) / (E + 1/2) and ``information`` its logarithm to the base 2; ``low`` and ``high`` bound the
    ratio, ``information_low`` is the logarithm of ``low``. ``why_not``: why there is no ratio; the interval stands.
    """

    observed: int
    expected: float
    low: float
    high: float
    ratio: float | None = None
    information: float | None = None
    information_low: float | None = None
    why_not: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """As JSON; ``why_not`` stands in the place of the ratio."""
        bounds = {"observed": self.observed, "expected": self.expected, "low": self.low, "high": self.high}
        if self.why_not is not None:
            return {**bounds, "why_not": self.why_not}
        return {
            **bounds,
            "ratio": self.ratio,
            "information": self.information,
            "information_low": self.information_low,
        }


def shrunk(observed: int, expected: float, level: float = LEVEL) -> Shrunk:
    """Observed over expected, with the quantiles of Gamma(O + 1/2, rate E + 1/2).

    Raises ``ValueError`` for what no count and no expectation can be.
    """
    shape, rate = count(observed) + SHRINK, expectation(expected) + SHRINK
    low, high = (float(special.gammaincinv(shape, at)) / rate for at in ends(level))
    if observed < ENOUGH or expected < ENOUGH:
        fewer = " and ".join(
            name for name, number in (("observed", observed), ("expected", expected)) if number < ENOUGH
        )
        return Shrunk(observed, expected, low, high, why_not=f"fewer than {ENOUGH} {fewer}: no ratio can be told")
    ratio = shape / rate
    return Shrunk(observed, expected, low, high, ratio, math.log2(ratio), math.log2(low))


def share(some: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Jeffreys's interval of a share: quantiles of Beta(1/2 + some, 1/2 + the others).

    Raises ``ValueError`` unless ``0 <= some <= of`` and ``of > 0``.
    """
    if not 0 <= count(some) <= count(of) or of == 0:
        raise ValueError(f"{some} of {of} is no share")
    shapes = some + 0.5, of - some + 0.5
    at_low, at_high = ends(level)
    # None of them and all of them: the interval reaches the end, or it would never hold 0 and 1 (section 4.1.2).
    low = 0.0 if some == 0 else float(special.betaincinv(*shapes, at_low))
    high = 1.0 if some == of else float(special.betaincinv(*shapes, at_high))
    return low, high


def count(number: int) -> int:
    """The number if it is a count. Raises ``ValueError``."""
    if not 0 <= number < math.inf or number != int(number):
        raise ValueError(f"{number!r} is no count")
    return int(number)


def expectation(number: float) -> float:
    """The number if so many can be expected. Raises ``ValueError``."""
    if not 0 <= number < math.inf:
        raise ValueError(f"{number!r} is no expectation")
    return number


def ends(level: float) -> tuple[float, float]:
    """Where the two ends of an interval cut."""
    if not 0 < level < 1:
        raise ValueError(f"{level!r} is no level")
    return (1 - level) / 2, (1 + level) / 2
