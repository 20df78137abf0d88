"""The benchmark's log: deterministic, as large as wanted, in little memory.

A year of purchases: accounts with a heavy-tailed number of lines (20 on average), 200,000 items, one line in a
hundred of an item that a rule looks for, one line in two hundred a copy of an earlier one that was delivered
again, now and then a burst of fifteen lines by one account. Ids, accounts, cards and SKUs are text; times are
UTC with microseconds and practically never equal. Every account has one card; every tenth pair of accounts
shares it.

Unlike ``coincide simulate shop``, which knows the answer for one rule, this log has no labels: here the
yardsticks are the answer. Whole columns are drawn from one spawned random stream per purpose.

    python tests/bench/log.py FOLDER --size 10_000_000 [--format csv]
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

VERSION = 1
"""Counts up when the same size and seed give another log; part of the marker of a finished log."""
SEED = 20_250_101
CHUNK = 500_000
ROWS_PER_FILE = 2_500_000
ROW_GROUP = 250_000
LINES_PER_ACCOUNT = 20
ITEMS = 200_000
COMPONENTS = ("pressure-vessel", "timer", "energetic", "steel-balls")
ITEMS_PER_COMPONENT = 50
MATCHED_SHARE = 0.01
COPIES = CHUNK // 200
BURSTS = 2
BURST_LINES = 15
START_US = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
YEAR_US = 365 * 86_400_000_000

_Ints = NDArray[np.int64]


def catalog() -> list[tuple[str, str]]:
    """``(sku, component)`` of every item that a rule looks for: the first items of the table."""
    return [
        (_sku(ITEMS_PER_COMPONENT * index + number), component)
        for index, component in enumerate(COMPONENTS)
        for number in range(ITEMS_PER_COMPONENT)
    ]


def make(folder: Path, size: int, *, format: str = "parquet") -> Path:
    """The folder of the log's files, made unless it is there: ``FOLDER/<format>-<size>-v<VERSION>``."""
    made = folder / f"{format}-{size}-v{VERSION}"
    marker = made / "log.json"
    if marker.is_file():
        return made
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    started = time.monotonic()
    pending: list[pl.DataFrame] = []
    rows = files = 0
    for chunk in chunks(size):
        pending.append(chunk)
        rows += len(chunk)
        if rows == size or sum(map(len, pending)) >= ROWS_PER_FILE:
            files += 1
            _write(pl.concat(pending), made / f"purchases-{files:04d}.{format}", format)
            pending = []
            print(f"\rlog: {rows:,} of {size:,} rows", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    seconds = time.monotonic() - started
    marker.write_text(json.dumps({"rows": rows, "files": files, "seconds": seconds}), encoding="utf-8")
    return made


def chunks(size: int, seed: int = SEED) -> Iterator[pl.DataFrame]:
    """The log in frames of at most ``CHUNK`` rows, in order of delivery: by time, but for the copies."""
    who, what, when, quantity, copy = (
        np.random.Generator(np.random.PCG64(stream)) for stream in np.random.SeedSequence(seed).spawn(5)
    )
    accounts = max(100, size // LINES_PER_ACCOUNT)
    customer, card = _accounts(accounts)
    sku = pl.Series([_sku(number) for number in range(ITEMS)])
    seller = pl.Series([f"S{number * 7919 % 5_000:05d}" for number in range(ITEMS)])
    matched = ITEMS_PER_COMPONENT * len(COMPONENTS)
    before: pl.DataFrame | None = None
    for start in range(0, size, CHUNK):
        count = min(CHUNK, size - start)
        copies = 0 if before is None else min(COPIES, count // 200)
        fresh = count - copies
        low_us, high_us = YEAR_US * start // size, YEAR_US * (start + count) // size
        at = low_us + (when.random(fresh) * (high_us - low_us)).astype(np.int64)
        at.sort()
        uniform = who.random(fresh)
        account = (uniform * uniform * accounts).astype(np.int64)
        for first in who.integers(0, max(1, fresh - BURST_LINES), BURSTS):
            account[first : first + BURST_LINES] = account[first]
        uniform = what.random(fresh)
        item = matched + (uniform * uniform * (ITEMS - matched)).astype(np.int64)
        looked_for = np.flatnonzero(what.random(fresh) < MATCHED_SHARE)
        item[looked_for] = what.integers(0, matched, len(looked_for))
        frame = pl.select(
            id=pl.lit("L") + pl.lit(pl.Series(np.arange(start, start + fresh))).cast(pl.String).str.zfill(10),
            when=pl.lit(pl.Series(START_US + at)).cast(pl.Datetime("us", "UTC")),
            customer=pl.lit(customer).gather(pl.lit(pl.Series(account))),
            card_no=pl.lit(card).gather(pl.lit(pl.Series(account))),
            sku=pl.lit(sku).gather(pl.lit(pl.Series(item))),
            qty=pl.lit(pl.Series((1 + quantity.random(fresh) ** 2 * 3).astype(np.int32))),
            price_minor=pl.lit(pl.Series(item * 7919 % 20_000 + 99)),
            seller=pl.lit(seller).gather(pl.lit(pl.Series(item))),
        )
        if before is not None and copies:
            again = pl.Series(copy.integers(0, len(before), copies))
            yield pl.concat([frame, before[again.unique()], before[again].head(copies - again.n_unique())])
        else:
            yield frame
        before = frame


def _accounts(count: int) -> tuple[pl.Series, pl.Series]:
    """Account number -> customer and card; a multiplication without common factor scatters the busy ones."""
    number = np.arange(count, dtype=np.int64)
    factor = int(count * 0.618) | 1
    while math.gcd(factor, count) != 1:
        factor += 2
    household = np.where(number // 2 % 10 == 0, number - number % 2, number)
    customer = "C" + pl.Series(number * factor % count).cast(pl.String).str.zfill(8)
    card = "4000" + pl.Series(household * factor % count).cast(pl.String).str.zfill(8)
    return customer, card


def _sku(number: int) -> str:
    return f"SKU-{number:06d}"


def _write(frame: pl.DataFrame, path: Path, format: str) -> None:
    if format == "parquet":
        frame.write_parquet(path, compression="zstd", row_group_size=ROW_GROUP)
    else:
        frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the benchmark's log.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    options = parser.parse_args()
    print(make(options.folder, options.size, format=options.format))
