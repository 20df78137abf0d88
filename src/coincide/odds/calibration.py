"""What made-up rules say of the deals: by how much these expect too little, and how widely harmless rules scatter.

``factor`` is sum of observed by sum of expected over the made-up rules; ``variation`` the extra coefficient of
variation, beyond that of chance, of what is observed around it. A harmless rule that expects E then matches negative
binomially: mean ``factor * E``, size ``1 / variation ** 2``. Shared by all interval and watching parts. DESIGN,
section 8.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

INSIDE = 0.95


@dataclass(frozen=True)
class Calibration:
    """``factor`` above 0 and ``variation`` from 0."""

    factor: float
    variation: float

    def expected(self, dealt: float) -> float:
        """What a harmless rule matches for which the deals expect ``dealt``."""
        return self.factor * dealt

    def range(self, dealt: float, inside: float = INSIDE) -> tuple[int, int]:
        """Between which numbers, both included, ``inside`` of such rules match."""
        mean, tail = self.expected(dealt), (1 - inside) / 2
        return self._least(mean, tail), self._least(mean, 1 - tail)

    def _least(self, mean: float, share: float) -> int:
        """The least number that at least such a share of rules of this mean do not pass."""
        high = 0
        while self._at_most(high, mean) < share:
            high = 2 * high + 1
        # Halved until found: the share never falls with the number.
        return bisect_left(range(high + 1), share, key=lambda number: self._at_most(number, mean))

    def _at_most(self, number: int, mean: float) -> float:
        """The share of rules that match at most so many: of a Poisson law, or a negative binomial one.

        Their distribution functions are incomplete gamma and beta functions (DLMF 8.4.10 and 8.17.5; unchecked).
        """
        if mean <= 0:
            return 1.0
        if self.variation <= 0:
            return float(special.gammaincc(number + 1, mean))
        size = self.variation**-2
        return float(special.betainc(size, number + 1, size / (size + mean)))


def calibration(
    found: NDArray[np.int64], expected: NDArray[np.float64], variance: NDArray[np.float64] | float = 0.0
) -> Calibration | None:
    """Of made-up rules: what each matched, what the deals expect of it, and the Monte Carlo variance of that.

    ``None`` where nothing was expected, or found, of all of them together.
    """
    if not expected.sum() > 0 or not found.sum() > 0:
        return None
    factor = float(found.sum() / expected.sum())
    mean = factor * expected
    # Beyond the scatter of counts, and beyond what few deals leave open of the expectation.
    extra = float(np.mean((found - mean) ** 2 - mean - factor**2 * variance))
    # E is known with an error, so that the mean of its square is too large by that.
    square = float(np.mean(mean**2 - factor**2 * variance))
    return Calibration(factor, float(np.sqrt(max(extra, 0.0) / square)) if square > 0 else 0.0)
