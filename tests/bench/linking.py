"""Linking accounts to actors: 10 million accounts over 15 million links, made with numpy from one seed.

Run ``python tests/bench/linking.py [--accounts N]``. Six of ten accounts' worth of people have one or more
accounts each; every link is one of a person's two identifiers, a thousandth are generic ones such as a
kiosk's card. Printed are the graph part (whole numbers in, components out; the bar is 5 s), the whole of
``link`` (text in), an ``Actors.resolve`` of a million rows, and the peak memory of the process, the input
included.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import polars as pl

from coincide import settings
from coincide.entities import graph
from coincide.entities.link import link

LINKS_PER_ACCOUNT = 1.5
PEOPLE_PER_ACCOUNT = 0.6
GENERIC_SHARE = 0.001
GENERIC_IDENTIFIERS = 50


def numbers(accounts: int, seed: int) -> tuple[graph.Codes, graph.Codes, int]:
    """Links as numbers: account, identifier (even ones are cards, odd ones devices), and how many identifiers."""
    random = np.random.default_rng(seed)
    people = int(accounts * PEOPLE_PER_ACCOUNT)
    person = random.integers(0, people, accounts, dtype=np.uint32)
    more = random.integers(0, accounts, int(accounts * (LINKS_PER_ACCOUNT - 1)), dtype=np.uint32)
    account = np.concatenate([np.arange(accounts, dtype=np.uint32), more])
    identifier = person[account] * np.uint32(2) + random.integers(0, 2, len(account), dtype=np.uint32)
    generic = random.random(len(account)) < GENERIC_SHARE
    drawn = random.integers(0, GENERIC_IDENTIFIERS, int(generic.sum()), dtype=np.uint32)
    identifier[generic] = np.uint32(2 * people) + drawn
    return account, identifier, 2 * people + GENERIC_IDENTIFIERS


def texts(account: graph.Codes, identifier: graph.Codes) -> pl.DataFrame:
    """The same links as a source gives them."""
    return pl.DataFrame({"account": account, "identifier": identifier}).select(
        namespace=pl.lit("purchases"),
        account=pl.format("customer-{}", pl.col("account").cast(pl.String).str.zfill(9)),
        kind=pl.when(pl.col("identifier") % 2 == 0).then(pl.lit("card")).otherwise(pl.lit("device")),
        identifier=pl.format("id-{}", pl.col("identifier").cast(pl.String).str.zfill(9)),
    )


def peak() -> float:
    """Peak memory of this process in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Make the links, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    account, identifier, count = numbers(given.accounts, given.seed)
    print(f"accounts {given.accounts:,}, links {len(account):,}")

    started = time.perf_counter()
    hubs = graph.hubs(account, identifier, count)
    degrees = hubs.degrees
    label = graph.components(hubs.only((degrees >= 2) & (degrees <= 10)), given.accounts)
    print(f"graph part {time.perf_counter() - started:.2f} s, {len(np.unique(label)):,} components")
    del hubs, degrees, label

    edges = texts(account, identifier)
    del account, identifier
    print(f"text made, peak memory so far {peak():.2f} GB")
    started = time.perf_counter()
    actors = link(edges, settings.Entities())
    print(f"link, text in {time.perf_counter() - started:.2f} s, {actors.members.height:,} accounts in groups")
    print(f"left single {actors.left.height:,}, generic identifiers {actors.generic.height:,}")

    frame = edges.select("namespace", "account").head(1_000_000)
    started = time.perf_counter()
    actors.resolve(frame)
    print(f"resolve of {frame.height:,} rows {time.perf_counter() - started:.2f} s")
    print(f"peak memory {peak():.2f} GB")


if __name__ == "__main__":
    main()
