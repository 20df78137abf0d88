"""Discover on the shopping year: its time, and windows of four things that hardly ever meet, planted and looked for.

Run ``python tests/bench/discover.py [--seeds 4]``. Bars: the whole command in 10 s; area under the curve of 50 planted
windows at least 0.85 hidden among 8 to 60 other types and 0.95 among 8 to 15 (mean over the seeds, every seed printed);
every planted pair that meets less than by chance is in the full list. Planted are four types of 1 to 10 % of months
whose pairs are in the lowest 15 % of lift; choosing them so flatters every method, therefore also four types drawn at
random, without a bar.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import year
from numpy.typing import NDArray
from scipy.stats import rankdata

from coincide.engines.embedded.incidence import Incidence
from coincide.odds.discover import discover
from coincide.odds.discovery import ACTORS
from coincide.odds.pair import information, pairs
from coincide.odds.quadruple import quadruples

PLANTED = 50


def common(marks: Incidence) -> Incidence:
    """The marks of the types that enough bought."""
    bought = np.unique(marks.owner[marks.window] * len(marks.names) + marks.type) % len(marks.names)
    chosen = np.flatnonzero(np.bincount(bought, minlength=len(marks.names)) >= ACTORS)
    place = np.full(len(marks.names), -1)
    place[chosen] = np.arange(len(chosen))
    keep = place[marks.type] >= 0
    names = tuple(marks.names[one] for one in chosen)
    families = tuple(marks.families[one] for one in chosen)
    return replace(marks, window=marks.window[keep], type=place[marks.type[keep]], names=names, families=families)


def area(inside: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
    """The chance that a planted window lies above another one."""
    ranks = rankdata(np.concatenate([inside, outside]))
    return float((ranks[: len(inside)].mean() - (len(inside) + 1) / 2) / len(outside))


def planted(marks: Incidence, low: int, high: int, apart: bool, seed: int) -> dict[str, Any]:
    """Plant, look, and say what was found. ``apart``: pairs of the lowest lift; else any four types."""
    dice = np.random.default_rng(seed)
    types = len(marks.names)
    before = pairs(marks.window, marks.type, marks.windows, types)
    share = before.spread / marks.windows
    able = np.flatnonzero((share >= 0.01) & (share <= 0.10))
    lift = (before.met / (np.outer(before.spread, before.spread) / marks.windows))[np.ix_(able, able)]
    fits = lift <= np.quantile(lift[np.triu_indices(len(able), 1)], 0.15) if apart else np.ones_like(lift, dtype=bool)
    np.fill_diagonal(fits, False)
    sizes = np.bincount(marks.window, minlength=marks.windows)
    windows = dice.choice(np.flatnonzero((sizes >= low) & (sizes <= high)), PLANTED, replace=False)
    there = set(zip(marks.window.tolist(), marks.type.tolist(), strict=True))
    fours, more = [], []
    for window in windows.tolist():
        four: list[int] = []
        while len(four) < 4:
            left = np.flatnonzero(fits[four].all(axis=0))
            four = [*four, int(dice.choice(left))] if len(left) else []
        fours.append(sorted(able[four].tolist()))
        more += [(window, one) for one in fours[-1] if (window, one) not in there]
    window = np.concatenate([marks.window, [one for one, _ in more]])
    type_ = np.concatenate([marks.type, [one for _, one in more]])
    after = pairs(window, type_, marks.windows, types)
    found = quadruples(window, type_, marks.windows, after.content)
    exact = quadruples(window, type_, marks.windows, information(after.met, after.expected))
    inside = np.isin(found.window, windows)
    top = np.argsort(-found.apart, kind="stable")[:500]
    wanted = {pair for four in fours for pair in itertools.combinations(four, 2)}
    listed = discover(replace(marks, window=window, type=type_), 30, 1_000_000).pairs
    number = {name: place for place, name in enumerate(marks.names)}
    order = {tuple(number[kind.name] for kind in one.kinds): place for place, one in enumerate(listed, 1)}
    below = {pair for pair in wanted if after.content[pair] < 0}
    places = sorted(order[pair] for pair in wanted if pair in order)
    by_window = dict(zip(windows.tolist(), fours, strict=True))
    same = sum(found.types[row].tolist() == by_window[found.window[row]] for row in np.flatnonzero(inside).tolist())
    return {
        "seed": seed,
        "area": round(area(found.apart[inside], found.apart[~inside]), 3),
        "area_with_true_counts": round(area(exact.apart[inside], exact.apart[~inside]), 3),
        "planted_in_top_500": int(inside[top].sum()),
        "worst_four_is_the_planted_one": same,
        "planted_pairs": len(wanted),
        "below_chance": len(below),
        "named": len(places),
        "all_below_chance_named": below <= set(order),
        "listed": len(listed),
        "places": [int(np.quantile(places, part)) for part in (0, 0.25, 0.5, 0.75, 1)] if places else [],
        "named_in_first_1000": sum(place <= 1_000 for place in places),
    }


def main() -> int:
    """Print the figures as JSON; 1 if a bar is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "year"
        year.write(folder)
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            command = [sys.executable, "-m", "coincide", "discover", "-w", str(folder), "--json"]
            subprocess.run(command, check=True, capture_output=True)
            seconds.append(round(time.perf_counter() - started, 2))
        marks = common(year.marks(folder, 30))
    tables: dict[str, list[dict[str, Any]]] = {}
    means = {}
    for what, apart in (("low lift", True), ("any", False)):
        for low, high in ((8, 60), (8, 15)):
            key = f"{what}, {low} to {high}"
            tables[key] = [planted(marks, low, high, apart, seed) for seed in range(asked.seeds)]
            means[key] = round(float(np.mean([one["area"] for one in tables[key]])), 3)
    print(json.dumps({"seconds": seconds, "types": len(marks.names), "mean_area": means, "planted": tables}, indent=2))
    named = all(one["all_below_chance_named"] for found in tables.values() for one in found)
    reached = means["low lift, 8 to 60"] >= 0.85 and means["low lift, 8 to 15"] >= 0.95
    return 0 if min(seconds) < 10 and reached and named else 1


if __name__ == "__main__":
    sys.exit(main())
