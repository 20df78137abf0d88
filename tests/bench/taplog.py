"""The benchmark's log of taps: deterministic, as large as wanted, in little memory.

Fifty days of a city: 1,000 stops on 100 lines, cards that travel on some days, one to fifty rides a day, most one or
two; exits missing now and then; taps doubled now and then, once and at once, so that plain SQL finds them beside each
other. All ids are text, times whole seconds of UTC, rows in order of day and time. It has no labels and claims nothing
about real riders: it is there to be counted.

    python tests/bench/taplog.py FOLDER --size 20_000_000 [--format csv]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

VERSION = 2
SEED = 20_260_101
DAYS = 50
STOPS, LINES, VEHICLES = 1_000, 100, 2_000
TAPS_PER_CARD = 99
ROW_GROUP = 250_000
RIDES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 22, 35, 50)
SHARES = (0.43, 0.21, 0.14, 0.09, 0.05, 0.03, 0.02, 0.014, 0.0093, 0.003, 0.002, 0.001, 0.0005, 0.0002)
START_S = int(datetime(2025, 3, 1, tzinfo=UTC).timestamp())
PRODUCTS = ("single", "day", "month", "pupil", "staff")


def make(folder: Path, size: int, *, format: str = "parquet") -> Path:
    """The folder of the log's files, one a day, made unless it is there."""
    made = folder / f"taps-{format}-{size}-v{VERSION}"
    marker = made / "log.json"
    if marker.is_file():
        return made
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    rows = 0
    for number, frame in enumerate(days(size)):
        path = made / f"taps-{number:02d}.{format}"
        if format == "parquet":
            frame.write_parquet(path, compression="zstd", row_group_size=ROW_GROUP)
        else:
            frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%SZ")
        rows += len(frame)
        print(f"\rtaps: {rows:,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    marker.write_text(json.dumps({"rows": rows}), encoding="utf-8")
    return made


def days(size: int, seed: int = SEED) -> Iterator[pl.DataFrame]:
    """The taps of each day; about ``size`` in all."""
    draw = np.random.default_rng(seed)
    cards = max(100, size // TAPS_PER_CARD)
    names = "card-" + pl.Series(np.arange(cards) * 7919 % cards).cast(pl.String).str.zfill(8)
    home = draw.integers(0, LINES, cards)
    product = draw.choice(len(PRODUCTS), cards, p=(0.3, 0.1, 0.4, 0.19, 0.01))
    busy = draw.random(cards)
    texts = {
        "stop": pl.Series([f"stop-{number:04d}" for number in range(STOPS)]),
        "line": pl.Series([f"line-{number:02d}" for number in range(LINES)]),
        "vehicle": pl.Series([f"v{number:04d}" for number in range(VEHICLES)]),
        "device": pl.Series([f"d{number:05d}" for number in range(2 * VEHICLES)]),
        "product": pl.Series(PRODUCTS),
        "action": pl.Series(["enter", "exit"]),
    }
    numbered = 0
    shares = np.array(SHARES) / sum(SHARES)
    for day in range(DAYS):
        out = np.flatnonzero(draw.random(cards) < 0.2 + 0.42 * busy)
        rides = draw.choice(RIDES, len(out), p=shares)
        card = np.repeat(out, rides)
        count = len(card)
        first = np.cumsum(rides) - rides
        gap = draw.integers(60, 4 * 3600, count)
        # Of those who ride much the gaps are short, so that all fit into a day.
        gap //= np.maximum(1, np.repeat(rides, rides) // 4)
        ridden = draw.integers(90, 2700, count) // np.maximum(1, np.repeat(rides, rides) // 8)
        gap[first] = draw.integers(5 * 3600, 16 * 3600, len(out)) // np.maximum(1, rides // 8)
        step = gap.copy()
        step[1:] += ridden[:-1]
        step[first] = gap[first]
        total = np.cumsum(step)
        begins = total - np.repeat(total[first] - step[first], rides)
        # No ride reaches into the next day, so that an exit always has its boarding just before it.
        whole = begins + ridden < 86_400
        card, begins, ridden, count = card[whole], begins[whole], ridden[whole], int(whole.sum())
        line = np.where(draw.random(count) < 0.6, home[card], draw.integers(0, LINES, count))
        start = draw.integers(0, 20, count)
        end = np.minimum(start + 1 + draw.integers(0, 8, count), 24)
        vehicle = line * (VEHICLES // LINES) + draw.integers(0, VEHICLES // LINES, count)
        left = draw.random(count) >= 0.04
        both = np.concatenate([np.arange(count), np.flatnonzero(left)])
        exits = np.arange(len(both)) >= count
        at = START_S + day * 86_400 + begins[both] + np.where(exits, ridden[both], 0)
        stop = (line[both] * 7 + np.where(exits, end[both], start[both]) * 13) % STOPS
        doubled = draw.choice(len(both), len(both) // 200, replace=False)
        at = np.concatenate([at, at[doubled] + draw.integers(0, 4, len(doubled))])
        both, exits, stop = (np.concatenate([column, column[doubled]]) for column in (both, exits, stop))
        order = np.argsort(at, kind="stable")
        at, both, exits, stop = at[order], both[order], exits[order], stop[order]
        codes = {
            "stop": stop,
            "line": line[both],
            "vehicle": vehicle[both],
            "device": 2 * vehicle[both] + exits,
            "product": product[card[both]],
            "action": exits.astype(np.int64),
        }
        number = pl.Series(np.arange(numbered, numbered + len(both)))
        yield pl.DataFrame(
            {
                "id": "T" + number.cast(pl.String).str.zfill(10),
                "when": pl.Series(at * 1_000_000).cast(pl.Datetime("us", "UTC")),
                "card": names.gather(card[both]),
                **{name: texts[name].gather(code) for name, code in codes.items()},
            }
        )
        numbered += len(both)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the benchmark's log of taps.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    options = parser.parse_args()
    print(make(options.folder, options.size, format=options.format))
