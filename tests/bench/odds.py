"""Odds: do the figures of a backtest say what they claim? Each part prints tables in Markdown, and its bars.

python tests/bench/odds.py coverage      # a shopping year: the deals, and calibrated ranges on held-out sets
python tests/bench/odds.py independent   # logs in which nobody chose together: the deals against the truth
python tests/bench/odds.py scale         # 200 deals of a million observations among five million actors
"""  # fmt: skip

from __future__ import annotations

import argparse
import importlib.util
import resource
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import beta

from coincide.catalog.assortment import load as load_assortment
from coincide.detect.evaluate import Surroundings
from coincide.detect.kernel.observations import Positions
from coincide.detect.rows import Rows
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.load import Feed
from coincide.engines.embedded.run import Task
from coincide.engines.workspace import open_workspace
from coincide.odds import log as logs
from coincide.odds.calibration import calibration
from coincide.odds.control import FEWEST, alike, counted, drawn, results
from coincide.odds.deal import deals
from coincide.odds.hand import Hand, hand, observed
from coincide.odds.population import Population, Trips
from coincide.odds.shelf import Shelf, Shelved, shelf, shelved
from coincide.rules.plan import Combination, Plan, Sliding
from coincide.settings import Assortment
from coincide.simulate.journey import PACKAGE, write_journey

DAY = 86_400_000_000
MONTH = 30 * DAY
FOUR, LEAST = 4, 3
"""Rules of the coverage part: at least three of four."""
WINDOWS = (30, 7)
BANDS = ((0.005, 0.05), (0.0005, 0.005))
"""Household-months that have a type: what is common enough to be counted, and what rules are mostly about."""


# --- coverage: the shopping year ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Year:
    """The purchases of chosen item types, as a rule of this plan would see them."""

    hand: Hand
    shelf: Shelf
    there: Shelved
    share: np.ndarray[Any, Any]
    """Of household-months with any purchase, those with each type."""


def year(folder: Path, days: int) -> Iterator[Year]:
    """One for each band, by the demo's rule with another window."""
    workspace = open_workspace(folder)
    plan = replace(workspace.chosen(())[0].plan, window=Sliding(days * DAY))
    feeds = [Feed(n, workspace.settings.sources[n], r, tuple(r.files())) for n, r in workspace.readers.items()]
    log = logs.read(Task([plan], feeds, workspace.catalog, workspace.lists, workspace.settings))
    section = Assortment(files="products.parquet", item="product_id", type="product_type", family="product_category")
    with connect(workspace.settings) as connection:
        everybody = logs.everybody(log, plan, connection)
        decided = log.decided[plan.rule]
        held = hand(plan, decided.rows, decided.keep, everybody, log.around(plan))
        types = shelf(log, plan, load_assortment(folder, section), connection)
        trips = everybody.trips
        assert trips is not None
        active = len(np.unique(trips.who * 1000 + trips.at // MONTH % 1000))
        for band in BANDS:
            # A type in so many household-months has no fewer lines, and no fewer than a thirteenth of them buyers.
            near = np.flatnonzero((types.lines >= band[0] * active) & (types.buyers <= band[1] * active))
            there = shelved(log, plan, types, near.tolist(), everybody, connection)
            month = there.times[there.at] // MONTH % 1000
            key = np.unique((there.type * len(everybody) + there.who) * 1000 + month)
            share = np.bincount(key // 1000 // len(everybody), minlength=len(types)) / active
            yield Year(held, types, there, share)


def chosen_sets(one: Year, types: Positions, count: int, rng: np.random.Generator) -> Positions:
    """Random sets of four types of four families."""
    return drawn([types] * FOUR, one.shelf, rng, count)


@dataclass
class Held:
    """What is known of held-out sets: what they match, what is expected, and whether that lies in their ranges."""

    found: list[int]
    expected: list[float]
    inside: list[bool]
    above: list[bool]
    dealt: list[bool]
    group: list[int]


def coverage_of(
    one: Year, band: tuple[float, float], rng: np.random.Generator, options: argparse.Namespace
) -> list[str]:
    types = np.flatnonzero((one.share >= band[0]) & (one.share < band[1]))
    sets = chosen_sets(one, types, options.sets, rng)
    plain = results(one.hand, one.there, sets, rng, options.deals)
    found, expected = plain.found.actors, plain.expected
    ratio = found.sum() / expected.sum()
    # Of types of one half of the shelf ranges are learned, and tried on sets of the other half.
    side = rng.permutation(len(types)) % 2 == 0
    learned, tried = types[side], types[~side]
    bouts = counted(one.there, one.hand.plan, len(one.shelf))
    held = Held([], [], [], [], [], [])
    factors, variations, passed_over = [], [], 0
    while len(held.found) < options.held and passed_over < 20 * options.held:
        profile = bouts[chosen_sets(one, tried, 1, rng)[0]]
        beside = drawn(alike([learned] * FOUR, profile, bouts), one.shelf, rng, 200)
        like_it = drawn(alike([tried] * FOUR, profile, bouts), one.shelf, rng, options.each)
        if len(beside) < FEWEST:
            passed_over += 1
            continue
        made_up = results(one.hand, one.there, beside, rng)
        like = results(one.hand, one.there, like_it, rng, options.deals)
        fitted = calibration(made_up.found.actors, made_up.expected, made_up.variance)
        if fitted is None:
            passed_over += 1
            continue
        factors.append(fitted.factor)
        variations.append(fitted.variation)
        columns = (like.found.actors, like.expected, like.variance)
        for number, mean, error in zip(*(column.tolist() for column in columns), strict=True):
            low, high = fitted.range(mean)
            away = 1.96 * (error * options.deals) ** 0.5
            held.found.append(number)
            held.expected.append(mean)
            held.inside.append(low <= number <= high)
            held.above.append(number > high)
            held.dealt.append(mean - away <= number <= mean + away)
            held.group.append(len(factors))
    inside, group = np.array(held.inside), np.array(held.group)
    ends = binomial(int(inside.sum()), len(inside))
    by_group = [inside[group == number].mean() for number in range(1, len(factors) + 1)]
    spread = np.percentile([rng.choice(by_group, len(by_group)).mean() for _ in range(2000)], [2.5, 97.5])
    return [
        f"{band[0]:.2%} to {band[1]:.1%}",
        f"{len(types)}",
        f"{len(sets)}",
        f"{found.sum():,}",
        f"{expected.sum():,.0f}",
        f"{ratio:.2f}",
        f"{np.mean((found - ratio * expected) ** 2) / np.mean(ratio * expected):.2f}" if found.any() else "-",
        f"{len(inside):,} of {len(factors)} profiles ({passed_over} passed over)",
        f"{np.median(held.expected):.1f}",
        f"{np.median(factors):.2f}, {np.median(variations):.2f}",
        f"**{inside.mean():.1%}** ({ends[0]:.1%} to {ends[1]:.1%}; by profile {spread[0]:.1%} to {spread[1]:.1%})",
        f"{np.mean(held.above):.1%}",
        f"{np.mean(held.dealt):.1%}",
    ]


def coverage(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "journey"
        if not (folder / "coincide.toml").exists():
            write_journey(folder)
        if not (folder / "products.parquet").exists():
            (place,) = importlib.util.find_spec(PACKAGE).submodule_search_locations  # type: ignore[union-attr, misc]
            shutil.copy(Path(place) / "data" / "products.parquet", folder)
        lines = []
        for days in options.windows:
            for band, one in zip(BANDS, year(folder, days), strict=True):
                started = time.process_time()
                row = coverage_of(one, band, np.random.default_rng([options.seed, days]), options)
                lines.append([f"{days} days", *row])
                print(f"({days} days, {row[0]}: {time.process_time() - started:.0f} s of processor)", flush=True)
                print(" | ".join(lines[-1]), flush=True)
    print()
    print_table(
        ("window", "in so many household-months", "types", "random sets", "O", "E of deals", "O / E", "dispersion",
         "held-out sets", "median E", "factor, variation", "inside 95 % (binomial)", "above", "inside the deals' own"),
        lines,
    )  # fmt: skip


# --- independent: logs in which nobody chose together -------------------------------------------------------------


@dataclass(frozen=True)
class Shop:
    """Independent by construction: given how busy somebody is, no component knows of another.

    ``buyers``: of each component, how many of the actors have it on average. A busier one is likelier to (by one less
    ``exp`` of a rate that grows with activity), and buys it again so often as a geometric law of mean ``again`` says,
    on trips of their own that are drawn by lines. ``seen``: how busy somebody is, is what they bought, as deals take
    it; else it lies behind it, and few trips show it badly.
    """

    actors: int
    buyers: tuple[int, ...]
    trips: float = 25
    again: float = 2
    days: int = 360
    window: int = 30
    seen: bool = True


def simulated(shop: Shop, rng: np.random.Generator) -> Hand:
    """One log, as the hand of a rule "at least three of four"."""
    busy = rng.lognormal(0, 1, shop.actors)
    visits = rng.poisson(shop.trips * busy) + 1
    who = np.repeat(np.arange(shop.actors), visits)
    at = rng.integers(0, shop.days * DAY, len(who))
    lines = rng.geometric(1 / (3 + 2 * busy[who]))
    order = np.lexsort((at, who))
    at, lines = at[order], lines[order]
    begin = np.concatenate([[0], np.cumsum(visits)])
    total = np.concatenate([[0], np.cumsum(lines)])
    bought = np.add.reduceat(lines, begin[:-1])
    parts = []
    for component, buyers in enumerate(shop.buyers):
        rate = buyers / shop.actors * (bought / bought.mean() if shop.seen else busy)
        for _ in range(30):
            # So that as many as were asked for buy it, on average.
            rate *= buyers / (1 - np.exp(-rate)).sum()
        mine = np.flatnonzero(rng.random(shop.actors) < 1 - np.exp(-rate))
        owner = np.repeat(mine, rng.geometric(1 / shop.again, len(mine)))
        low, high = total[begin[owner]], total[begin[owner + 1]]
        trip = np.searchsorted(total, low + (rng.random(len(owner)) * (high - low)).astype(np.int64), side="right") - 1
        parts.append((owner, at[trip], np.full(len(owner), component)))
    owner, when, unit = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(when, kind="stable")
    owner, when, unit = owner[order], when[order], unit[order]
    names = pl.DataFrame({"namespace": ["shop"] * shop.actors, "account": [f"{n:08}" for n in range(shop.actors)]})
    everybody = Population(names, bought, int(at.min()), int(at.max()), Trips(who, at, lines))
    return handed(everybody, owner, when, unit, len(shop.buyers), shop.window)


def handed(
    everybody: Population, who: Positions, when: Positions, unit: Positions, components: int, window: int
) -> Hand:
    """Observations in order of time as the hand of a rule "at least three" of so many components."""
    of = tuple((f"c{number}", None) for number in range(components))
    plan = Plan(
        "bench", ("purchase",), None, "account", Sliding(window * DAY), "UTC", Combination(LEAST, of), None, None
    )
    frame = pl.DataFrame({"occurred_at": when, "tagset": np.zeros(len(when), dtype=np.uint32)})
    trips = everybody.trips
    times = np.unique(when if trips is None else np.concatenate([when, trips.at]))
    return Hand(
        plan, Rows(frame, (frozenset(),)), Surroundings(), everybody, np.arange(len(when)), who,
        np.searchsorted(times, when), times, unit, np.eye(components, dtype=np.bool_),
    )  # fmt: skip


SHOPS = (
    (Shop(800, (380, 320, 280, 240), again=1.5, seen=False), 1000),
    (Shop(800, (360, 300, 260, 220), trips=8, again=1.5, seen=False), 1000),
    (Shop(800, (360, 310, 260, 220), again=1.5), 700),
    (Shop(800, (340, 290, 240, 200), trips=8, again=1.5), 700),
    (Shop(800, (300, 260, 220, 180), window=7, again=1.5), 400),
    (Shop(800, (150, 130, 110, 90), again=1.5), 400),
    (Shop(800, (80, 70, 60, 50), again=1.5), 400),
)


def independent(options: argparse.Namespace) -> None:
    lines = []
    for number, (shop, logs_of_it) in enumerate(SHOPS):
        if options.only and number not in options.only:
            continue
        rng = np.random.default_rng([options.seed, number])
        found, mean, inside, above, started = [], [], [], [], time.process_time()
        for _ in range(int(logs_of_it * options.share)):
            held = simulated(shop, rng)
            theirs = deals(held, rng, options.deals).actors
            low, high = np.percentile(theirs, [2.5, 97.5])
            found.append(int(observed(held).actors[0]))
            mean.append(theirs.mean())
            inside.append(low <= found[-1] <= high)
            above.append(found[-1] > high)
        wide = np.array(found) - np.array(mean)
        error = wide.std(ddof=1) / len(wide) ** 0.5
        ends = binomial(sum(inside), len(inside))
        lines.append((
            "what was bought" if shop.seen else "behind it", f"{shop.trips:.0f}", ", ".join(map(str, shop.buyers)),
            f"{shop.window} days", f"{len(found):,}",
            f"{np.mean(found):.2f}", f"{np.mean(mean):.2f}", f"{wide.mean():+.2f} ± {1.96 * error:.2f}",
            f"{wide.mean() / np.mean(mean):+.1%}", f"{wide.std(ddof=1) / np.sqrt(np.mean(found)):.2f}",
            f"**{np.mean(inside):.1%}** ({ends[0]:.1%} to {ends[1]:.1%})", f"{np.mean(above):.1%}",
        ))  # fmt: skip
        print(" | ".join(lines[-1]), f"({time.process_time() - started:.0f} s)", flush=True)
    print()
    print_table(
        ("activity is", "trips a year", "buyers of 800", "window", "logs", "mean O: the truth", "mean E",
         "O less E (95 %)", "of E", "sd of O - E by root of O", "O inside the deals' 95 %", "above"),
        lines,
    )  # fmt: skip


# --- scale --------------------------------------------------------------------------------------------------------


def scale(options: argparse.Namespace) -> None:
    rng = np.random.default_rng(options.seed)
    busy = rng.lognormal(0, 1.2, options.actors)
    shares = np.cumsum(busy)
    who = np.searchsorted(shares, rng.random(options.events) * shares[-1])
    when = np.sort(rng.integers(0, 360 * DAY, options.events))
    unit = rng.integers(0, FOUR, options.events)
    numbers = pl.int_range(options.actors, eager=True).cast(pl.String).alias("account")
    names = numbers.to_frame().select(pl.lit("shop").alias("namespace"), "account")
    everybody = Population(names, np.maximum(busy * 20, 1).astype(np.int64), 0, 360 * DAY)
    held = handed(everybody, who, when, unit, FOUR, 30)
    found = int(observed(held).actors[0])
    began, used = time.perf_counter(), time.process_time()
    theirs = deals(held, rng, options.deals).actors
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    bars = (
        (f"{options.deals} deals of {options.events:,} observations among {options.actors:,} actors, kernel included",
         f"{seconds:.0f} s (processor {processor:.0f} s)", "below 200 s", seconds < 200),
        ("peak memory of the process", f"{memory:.1f} GB", "below 4 GB", memory < 4),
    )  # fmt: skip
    low, high = np.percentile(theirs, [2.5, 97.5])
    print(f"O {found:,}; deals {theirs.mean():,.0f} ({low:,.0f} to {high:,.0f})\n")
    print_table(("what", "figure", "bar", "reached"), [(*bar[:3], "yes" if bar[3] else "no") for bar in bars])


def binomial(hits: int, of: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval."""
    low = float(beta.ppf(0.025, hits, of - hits + 1)) if hits else 0.0
    return low, float(beta.ppf(0.975, hits + 1, of - hits)) if hits < of else 1.0


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print(f"| {' | '.join(header)} |")
    print(f"|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(required=True)
    part = parts.add_parser("coverage")
    part.set_defaults(run=coverage)
    part.add_argument("--folder", type=Path, help="a workspace of the year; made if it is not there")
    part.add_argument("--windows", type=int, nargs="+", default=WINDOWS)
    part.add_argument("--sets", type=int, default=400)
    part.add_argument("--held", type=int, default=1000)
    part.add_argument("--each", type=int, default=20)
    part.add_argument("--deals", type=int, default=20)
    part.add_argument("--seed", type=int, default=1)
    part = parts.add_parser("independent")
    part.set_defaults(run=independent)
    part.add_argument("--only", type=int, nargs="*", help="numbers of the sorts of log, from 0")
    part.add_argument("--share", type=float, default=1.0, help="of the logs")
    part.add_argument("--deals", type=int, default=200)
    part.add_argument("--seed", type=int, default=1)
    part = parts.add_parser("scale")
    part.set_defaults(run=scale)
    part.add_argument("--actors", type=int, default=5_000_000)
    part.add_argument("--events", type=int, default=1_000_000)
    part.add_argument("--deals", type=int, default=200)
    part.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
