"""Parts that are measured alone: linking, keyed pseudonyms, the simulator. Each prints one JSON document.

python tests/bench/part.py links FOLDER --accounts 10_000_000     # make the links that `linking` reads
python tests/bench/part.py linking FOLDER --accounts 10_000_000   # reading and linking, seconds
python tests/bench/part.py graph --accounts 10_000_000            # the graph part alone, seconds
python tests/bench/part.py pseudonyms --ids 1_000_000             # distinct ids a second
python tests/bench/part.py simulator --rows 5_000_000             # rows a second, Parquet included
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from linking import numbers, texts

from coincide import settings
from coincide.entities import graph
from coincide.entities.key import LENGTH, Key
from coincide.entities.link import link
from coincide.entities.pseudonym import pseudonyms
from coincide.simulate.shop import Shop
from coincide.simulate.workspace import write_shop

SEED = 1
CAP = 10
ROWS_PER_FILE = 2_500_000


def links_folder(folder: Path, accounts: int) -> Path:
    """Where the links of so many accounts lie."""
    return folder / f"links-{accounts}"


def make_links(folder: Path, accounts: int) -> dict[str, Any]:
    """Write the links as Parquet, unless they are there."""
    place = links_folder(folder, accounts)
    if not place.is_dir():
        unfinished = place.with_suffix(".unfinished")
        unfinished.mkdir(parents=True, exist_ok=True)
        account, identifier, _ = numbers(accounts, SEED)
        for start in range(0, len(account), ROWS_PER_FILE):
            rows = slice(start, start + ROWS_PER_FILE)
            texts(account[rows], identifier[rows]).write_parquet(unfinished / f"{start:010d}.parquet")
        unfinished.rename(place)
    return {"folder": str(place)}


def linking(folder: Path, accounts: int) -> dict[str, Any]:
    """From files to actors."""
    started = time.perf_counter()
    edges = pl.read_parquet(links_folder(folder, accounts) / "*.parquet")
    read = time.perf_counter() - started
    actors = link(edges, settings.Entities())
    return {"seconds": time.perf_counter() - started, "read": read, "links": len(edges), "linked": len(actors.members)}


def graph_part(accounts: int) -> dict[str, Any]:
    """From links as numbers to components, generic identifiers left out."""
    account, identifier, count = numbers(accounts, SEED)
    started = time.perf_counter()
    hubs = graph.hubs(account, identifier, count)
    degrees = hubs.degrees
    label = graph.components(hubs.only((degrees >= 2) & (degrees <= CAP)), accounts)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "links": len(account), "components": len(np.unique(label))}


def hashing(ids: int) -> dict[str, Any]:
    """Distinct identifiers to pseudonyms."""
    identifiers = [f"customer-{number:09d}" for number in range(ids)]
    started = time.perf_counter()
    made = pseudonyms("purchases", identifiers, Key(bytes(LENGTH)))
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "distinct": len(set(made)), "per_second": ids / seconds}


def simulator(rows: int) -> dict[str, Any]:
    """A simulated shop, from nothing to a workspace on disk."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        write_shop(Path(folder), Shop(rows, SEED))
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "rows": rows, "per_second": rows / seconds}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure a part.")
    parser.add_argument("part", choices=["links", "linking", "graph", "pseudonyms", "simulator"])
    parser.add_argument("folder", type=Path, nargs="?", default=Path(".bench"))
    parser.add_argument("--accounts", type=int, default=10_000_000)
    parser.add_argument("--ids", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=5_000_000)
    options = parser.parse_args()
    match options.part:
        case "links":
            found = make_links(options.folder, options.accounts)
        case "linking":
            found = linking(options.folder, options.accounts)
        case "graph":
            found = graph_part(options.accounts)
        case "simulator":
            found = simulator(options.rows)
        case _:
            found = hashing(options.ids)
    print(json.dumps(found))
