"""The closed form: its time at five million actors, against the truth of a synthetic log, and on the shopping year.

Run ``python tests/bench/closed.py [--actors 5_000_000]``. Bar: 0.3 s after the counts. What it is off by is
printed, and said with every figure (``coincide.odds.closed.BIAS``).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import year
from numpy.typing import NDArray

from coincide.catalog.assortment import load
from coincide.engines.workspace import open_workspace
from coincide.odds.bout import bouts
from coincide.odds.closed import Closed, busy, closed

Numbers = NDArray[np.int64]
DAY = 86_400_000_000


def matched(owner: Numbers, at: Numbers, component: Numbers, width: int, k: int, components: int) -> int:
    """Actors with at least ``k`` components within ``width``: the last time of each component, carried forward."""
    order = np.lexsort((at, owner))
    owner, at, component = owner[order], at[order], component[order]
    first = np.r_[True, owner[1:] != owner[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(owner)), 0))
    on = np.zeros(len(owner), dtype=np.int64)
    for one in range(components):
        last = np.maximum.accumulate(np.where(component == one, np.arange(len(owner)), -1))
        on += (last >= start) & (at - at[np.maximum(last, 0)] < width)
    return len(np.unique(owner[on >= k]))


def synthetic(actors: int, seed: int) -> dict[str, Any]:
    """A log that is independent by construction: what is true, what is said, and how long it takes to say it."""
    dice = np.random.default_rng(seed)
    lines = np.exp(dice.normal(3.0, 1.1, actors)).astype(np.int64) + 1
    counts = np.array([actors // 16] * 4)
    owner, at, component = [], [], []
    share = lines / lines.sum()
    for one, count in enumerate(counts.tolist()):
        drawn = dice.poisson(count * share)
        whose = np.repeat(np.arange(actors), drawn)
        owner.append(whose)
        at.append(dice.integers(0, 360 * DAY, len(whose)))
        component.append(np.full(len(whose), one))
    events = np.concatenate(owner), np.concatenate(at), np.concatenate(component)
    true = matched(*events, 30 * DAY, 3, 4)
    held = np.array([len(bouts(owner[one], at[one], 30 * DAY)) for one in range(4)])
    started = time.perf_counter()
    said = closed(held, busy(lines), span=360, width=30, at_least=3)
    seconds = time.perf_counter() - started
    assert isinstance(said, Closed)
    return {
        "actors": actors,
        "events": len(events[0]),
        "true": true,
        "said": round(said.expected, 1),
        "said_over_true": round(said.expected / true, 4),
        "seconds": round(seconds, 3),
    }


def on_the_year(folder: Path, width: int, sets: int, seed: int) -> dict[str, Any]:
    """Random four-sets of types bought in 0.5 to 5 % of months, sliding windows: sum of observed over sum of said."""
    opened = open_workspace(folder)
    goods = load(folder, opened.settings.assortment)
    assert goods is not None
    log = pl.read_parquet(folder / "purchases" / "transactions.parquet")
    whole = log.group_by("household_id").len().sort("household_id")
    number = whole.select("household_id").with_row_index("owner")
    types = goods.frame.select("type", "family").unique().sort("type").with_row_index("kind")
    joined = (
        log.select("household_id", pl.col("product_id").cast(pl.String).alias("item"), "transaction_timestamp")
        .join(goods.frame.select("item", "type"), on="item")
        .join(types, on="type")
        .join(number, on="household_id")
        .with_columns(at=pl.col("transaction_timestamp").dt.epoch("us"))
        .select("kind", "owner", "at")
        .sort("kind")
    )
    kind, owner, at = (joined[name].cast(pl.Int64).to_numpy() for name in ("kind", "owner", "at"))
    ends = np.searchsorted(kind, np.arange(types.height + 1))
    month = (at - at.min()) // (30 * DAY)
    months = np.bincount(np.unique(kind * 10**6 + owner * 100 + month) // 10**6, minlength=types.height)
    share = months / len(np.unique(owner * 100 + month))
    common = np.flatnonzero((share >= 0.005) & (share <= 0.05))
    families = types["family"].to_list()
    dice = np.random.default_rng(seed)
    groups, span = busy(whole["len"].cast(pl.Int64).to_numpy()), float(at.max() - at.min())
    seen, said = 0, 0.0
    done = 0
    while done < sets:
        chosen = dice.choice(common, 4, replace=False).tolist()
        if len({families[one] for one in chosen}) < 4:
            continue
        done += 1
        rows = [slice(ends[one], ends[one + 1]) for one in chosen]
        held = np.array([len(bouts(owner[row], at[row], width * DAY)) for row in rows])
        found = closed(held, groups, span=span, width=width * DAY, at_least=3)
        assert isinstance(found, Closed)
        said += found.expected
        component = np.concatenate([np.full(row.stop - row.start, place) for place, row in enumerate(rows)])
        events = (np.concatenate([values[row] for row in rows]) for values in (owner, at))
        whose, when = events
        seen += matched(whose, when, component, width * DAY, 3, 4)
    return {
        "days": width,
        "sets": sets,
        "observed": seen,
        "said": round(said, 1),
        "observed_over_said": round(seen / said, 3),
    }


def main() -> int:
    """Print the figures as JSON; 1 if the bar is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--actors", type=int, default=5_000_000)
    parser.add_argument("--sets", type=int, default=240)
    asked = parser.parse_args()
    large = synthetic(asked.actors, 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "year"
        year.write(folder)
        years = [on_the_year(folder, width, asked.sets, 1) for width in (30, 7)]
    print(json.dumps({"synthetic": large, "year": years}, indent=2))
    return 0 if large["seconds"] < 0.3 else 1


if __name__ == "__main__":
    sys.exit(main())
