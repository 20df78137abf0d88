"""What made-up rules say of the deals: by how much these expect too little, and how widely harmless rules scatter.

``factor`` is sum of observed by sum of expected over the made-up rules; ``variation`` the extra coefficient of
variation, beyond that of chance, of what is observed around it. A harmless rule that expects E then matches negative
binomially: mean ``factor * E``, size ``1 / variation ** 2``. Shared by all interval and watching parts. DESIGN,
section 8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom, poisson

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
        if mean <= 0:
            return 0, 0
        if self.variation <= 0:
            law = poisson(mean)
        else:
            size = self.variation**-2
            law = nbinom(size, size / (size + mean))
        return int(law.ppf(tail)), int(law.ppf(1 - tail))


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
