"""The entropy model against a curveball sampler over the shopping year, and the time of its fit.

Run ``python tests/bench/bicm.py [--draws 20] [--sets 400]``. Bars: correlation over the sets above 0.97, totals within
5 %. Sets are four types of 0.5 to 5 % of the months, of four families, with at least 3 of them in a month.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import year
from numpy.typing import NDArray
from scipy import sparse

from coincide.odds.bicm import fit
from curveball import draws

Numbers = NDArray[np.int64]


def main() -> int:
    """Print the figures as JSON; 1 if a bar is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--sets", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        year.write(Path(name) / "year")
        marks = year.marks(Path(name) / "year", 30)
    sizes = np.bincount(marks.window, minlength=marks.windows)
    spreads = np.bincount(marks.type, minlength=len(marks.names))
    started = time.perf_counter()
    model = fit(sizes, spreads)
    fitted = time.perf_counter() - started
    dice = random.Random(asked.seed)
    share = spreads / marks.windows
    common = np.flatnonzero((share >= 0.005) & (share <= 0.05)).tolist()
    sets: list[list[int]] = []
    while len(sets) < asked.sets:
        chosen = dice.sample(common, 4)
        if len({marks.families[one] for one in chosen}) == 4:
            sets.append(chosen)
    started = time.perf_counter()
    entropy = np.array([model.at_least(3, spreads[chosen]) for chosen in sets])
    asked_ms = 1000 * (time.perf_counter() - started) / len(sets)
    member = np.zeros((len(marks.names), len(sets)), dtype=np.int32)
    for place, chosen in enumerate(sets):
        member[chosen, place] = 1

    def matched(window: Numbers, type_: list[int]) -> Numbers:
        shape = (marks.windows, len(marks.names))
        table = sparse.csr_array((np.ones(len(window), dtype=np.int32), (window, type_)), shape=shape)
        return np.asarray((table @ member >= 3).sum(axis=0), dtype=np.int64)

    order = np.argsort(marks.window, kind="stable")
    rows = [set(part.tolist()) for part in np.split(marks.type[order], np.cumsum(sizes)[:-1])]
    sampled = np.zeros(len(sets))
    for table in draws(rows, asked.draws, dice, burn=8, apart=2):
        sampled += matched(np.repeat(np.arange(marks.windows), sizes), [one for row in table for one in row])
    sampled /= asked.draws
    observed = matched(marks.window, marks.type.tolist())
    correlation = float(np.corrcoef(entropy, sampled)[0, 1])
    ratio = float(entropy.sum() / sampled.sum())
    figures = {
        "windows": marks.windows,
        "types": len(marks.names),
        "fit_seconds": round(fitted, 3),
        "largest_error_of_a_margin": model.error,
        "milliseconds_a_set": round(asked_ms, 2),
        "sets": len(sets),
        "draws": asked.draws,
        "observed": int(observed.sum()),
        "entropy_model": round(float(entropy.sum()), 1),
        "curveball": round(float(sampled.sum()), 1),
        "correlation": round(correlation, 4),
        "model_over_curveball": round(ratio, 4),
        "observed_over_model": round(float(observed.sum() / entropy.sum()), 3),
    }
    print(json.dumps(figures, indent=2))
    return 0 if correlation > 0.97 and abs(ratio - 1) < 0.05 else 1


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main())
