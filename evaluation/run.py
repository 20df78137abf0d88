"""The evaluation: simulate, split, learn, test; figures into a JSON file from which ``page`` makes the page.

python -m evaluation.run            full size: 200,000 cards, 50 days, 5 seeds, 3 assumptions
python -m evaluation.run --small    to see that it runs
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.days import Days
from coincide.detect.there import Incidents, Taps, pairs
from coincide.simulate.city import City, Parameters, digest, lines
from coincide.simulate.city.feed import write
from coincide.simulate.city.rider import CLASS_NAMES
from evaluation.guard import single_features
from evaluation.log import EPOCH_DAY, STAFF, Log, Reports, log, reports_of
from evaluation.measure import average_precision, precision_at
from evaluation.method import UnusualDays, ecod, flagged_by_class, forest, hbos, most_trips, table, two_steps
from evaluation.presence import FORMS, Form, Presence, seen_of
from evaluation.split import Split, split

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
NEAR_US = 3_600_000_000
DAYS = 50
FIRST_ASSUMPTION = "assumed"

ASSUMPTIONS: dict[str, tuple[str, Parameters]] = {
    "assumed": ("as the parameters say", Parameters()),
    "hidden": (
        "thieves ride half as much on their rounds, one theft in ten is reported, and two more reports for each",
        Parameters(thief_rides=0.5, reported=0.1, background=2.0),
    ),
    "look-alikes": ("three times as many couriers, carers, gig workers, fans and others", Parameters(look_alikes=3.0)),
}
KNOWN = (20, 50, 100, 200, 500)
RATES = (0.1, 0.3, 0.9)
ERRORS: dict[str, dict[str, Any]] = {
    "exact": {"minutes_off": 0.0, "place_off": 0.0, "place_missing": 0.0},
    "assumed": {},
    "rough": {"minutes_off": 30.0, "place_off": 0.4, "place_missing": 0.3},
}
FIRST = 100
"""Length of the list at which false alarms are counted by class."""


def main() -> None:
    """Run it all, or a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--size", type=int, default=200_000, help="cards")
    parser.add_argument("--each", type=int, default=1, help="make one in so many innocents, who stands for them")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--to", type=Path, help="file of the figures; default: that of the page, none if --small")
    parser.add_argument("--gtfs", type=Path, help="feed to ride on; default: the made-up one")
    given = parser.parse_args()
    # A small one has as many thieves as a city of 150,000, so that there is one of each style.
    to = given.to or (None if given.small else RESULTS)
    size, each, seeds = (150_000, 25, 2) if given.small else (given.size, given.each, given.seeds)
    with tempfile.TemporaryDirectory() as folder:
        feed = given.gtfs or Path(folder) / "feed.zip"
        if given.gtfs is None:
            write(feed)
        result: dict[str, Any] = {
            "digest": digest(),
            "size": size,
            "days": DAYS,
            "feed": given.gtfs.name if given.gtfs else "made up",
            "each": each,
            "assumptions": {name: says for name, (says, _) in ASSUMPTIONS.items()},
            "numpy": np.__version__,
            "runs": [],
        }
        # Written after each, so that what is done is done.
        for seed in range(1, seeds + 1):
            for name in ASSUMPTIONS:
                result["runs"].append(evaluated(feed, size, seed, name, each, _told))
                if to is not None:
                    to.write_text(written(result), encoding="utf-8")


def written(result: Mapping[str, Any]) -> str:
    """The figures as JSON with a line for each run, so that a difference shows which of them changed."""
    head = json.dumps({key: value for key, value in result.items() if key != "runs"}, indent=1).removesuffix("\n}")
    runs = ",\n".join(f"  {json.dumps(run, separators=(',', ':'))}" for run in result["runs"])
    return f'{head},\n "runs": [\n{runs}\n ]\n}}\n'


def _told(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, flush=True)


def evaluated(
    feed: Path, size: int, seed: int, assumption: str, each: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """All figures of one assumption and seed; of the first assumption also the sweeps and the guard.

    With ``each``, all thieves and reports of a city of ``size`` are made, but only one in so many of the innocent; each
    stands for so many in all figures. How often one of them is somewhere by chance does not depend on how many others
    there are.
    """
    parameters = ASSUMPTIONS[assumption][1]
    parameters = replace(parameters, thieves=parameters.thieves * each)
    made = _one(feed, size // each, seed, parameters, each, first=assumption == FIRST_ASSUMPTION, say=say)
    say(f"{assumption}, seed {seed}: " + ", ".join(f"{k} {v['ap']:.4f}" for k, v in made["methods"].items()))
    return {"assumption": assumption, "seed": seed, **made}


def _one(
    feed: Path, size: int, seed: int, parameters: Parameters, each: int, *, first: bool, say: Callable[[str], None]
) -> dict[str, Any]:
    # As many reports as can be had: lower rates are drawn from them, so that the same people ride.
    reported = parameters.reported
    city = City(lines.read(feed, parameters.ride_minutes), size, DAYS, seed, replace(parameters, reported=0.9))
    started = time.monotonic()
    made = log(city, feed)
    say(f"{len(made.taps):,} taps, {len(made.reports):,} reports at most, {time.monotonic() - started:.0f} s")
    every = made.card_days()
    say(f"{len(every):,} card-days, {time.monotonic() - started:.0f} s")
    parts = split(made, seed, each)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = _methods(made, every, parts, seed, reported)
        form = found.pop("form")
        if first:
            found["guard"] = _guard(made, every, parts)
            found["sweep"] = _sweep(made, parts, city, form, seed, say)
    found["distribution"] = _distribution(every)
    found["taps"], found["card_days"] = len(made.taps), len(every)
    say(f"done after {time.monotonic() - started:.0f} s")
    return found


def _methods(made: Log, every: Days, parts: Split, seed: int, reported: float) -> dict[str, Any]:
    size = made.city.size
    early, late = every.day < parts.cut, every.day >= parts.cut
    before, after = every.take(np.flatnonzero(early)), every.take(np.flatnonzero(late))
    lists: dict[str, NDArray[np.float64]] = {"most trips": most_trips(after, size)}
    asked, learnt = table(after, size), table(before, size)
    lists["Isolation Forest"] = forest(asked, parts.test, seed)
    lists["ECOD"] = ecod(asked, parts.test)
    lists["HBOS"] = hbos(asked, parts.test)
    lists |= two_steps(learnt, asked, ecod(learnt, parts.train), lists["ECOD"], parts, seed)
    # At the rate that the assumption says.
    told = _thinned(made.reports, reported / 0.9, seed)
    seen = seen_of(made)
    unusual = UnusualDays(every, _touching(made, every, told, seen))
    chosen = {}
    for name, touching in (("unusual-day", False), ("unusual-day at incidents", True)):
        choice = unusual.chosen(size, early, parts, touching)
        chosen[name] = {"of": list(choice.of), "at_least": choice.at_least, "own": choice.own}
        lists[name] = unusual.values(choice, size, late, touching)
    presence = Presence(made, told, seen)
    day = made.clock.day(told.begins_us)
    then, now = np.flatnonzero(day < parts.cut), np.flatnonzero(day >= parts.cut)
    kept = parts.train
    form = max(FORMS, key=lambda one: average_precision(presence.counts(one, then)[kept], parts.thief[kept]))
    chosen["presence"] = {"at": form.at, "usual": None if form.usual is None else str(form.usual), "known": len(now)}
    lists["presence"] = presence.counts(form, now)
    return {
        "tested": list(parts.tested),
        "cards": len(parts.listed),
        "thieves": int((parts.test & parts.thief).sum()),
        "chosen": chosen,
        "form": form,
        "methods": {name: _figures(values, made, parts) for name, values in lists.items()},
        "counts": {str(n): _of_number(lists["most trips"] >= n, made, parts) for n in range(5, 21)},
        "presence": {str(k): _of_number(lists["presence"] >= k, made, parts) for k in range(1, 11)},
    }


def _figures(values: NDArray[np.float64], made: Log, parts: Split) -> dict[str, Any]:
    chosen, thief = values[parts.listed], parts.thief[parts.listed]
    at = {many: precision_at(chosen, thief, many) for many in (50, 100, 500)}
    total = int(thief.sum())
    found = at[500] * min(500, len(chosen))
    return {
        "ap": average_precision(chosen, thief),
        "p50": at[50],
        "p100": at[100],
        "p500": at[500],
        "recall500": found / total,
        "innocents_per_hit500": (min(500, len(chosen)) - found) / found if found else None,
        "flagged": flagged_by_class(chosen, made.token_class[parts.listed], min(FIRST, len(chosen)), CLASS_NAMES),
    }


def _of_number(flagged: NDArray[np.bool_], made: Log, parts: Split) -> dict[str, Any]:
    """What a fixed number in a rule gives: cards, hits, and of each class the share that is flagged."""
    listed = parts.listed
    hits = int(flagged[parts.test & parts.thief].sum())
    total = np.bincount(made.token_class[listed], minlength=len(CLASS_NAMES))
    of = np.bincount(made.token_class[listed[flagged[listed]]], minlength=len(CLASS_NAMES))
    return {
        "cards": int(flagged[listed].sum()),
        "hits": hits,
        "recall": hits / max(1, int((parts.test & parts.thief).sum())),
        "flagged": {name: float(of[n] / total[n]) if total[n] else 0.0 for n, name in enumerate(CLASS_NAMES)},
    }


def _thinned(reports: Reports, share: float, seed: int) -> Reports:
    rng = np.random.Generator(np.random.PCG64([seed, 78]))
    return reports.take(np.flatnonzero(rng.random(len(reports)) < share))


def _touching(made: Log, every: Days, told: Reports, seen: Taps) -> NDArray[np.bool_]:
    """Which card-days have a tap at a report, or within an hour of it, as the rule ``unusual-day`` asks by default."""
    numbers = np.arange(len(told), dtype=np.int64)
    stop, line = told.stop.astype(np.int64), told.line.astype(np.int64)
    tap, _ = pairs(seen, Incidents(numbers, told.begins_us, told.ends_us, stop, line, (), ()), NEAR_US)
    day = made.clock.day(seen.at[tap]).astype(np.int64) - EPOCH_DAY
    touched = np.unique(seen.account[tap] * 1_000 + day)
    return np.isin(every.token.astype(np.int64) * 1_000 + every.day - EPOCH_DAY, touched)


def _guard(made: Log, every: Days, parts: Split) -> dict[str, Any]:
    staff = made.token_class == STAFF
    found = {}
    for name, left_out in (("all", np.zeros_like(staff)), ("without staff", staff)):
        best = sorted(single_features(every, parts.thief, left_out).items(), key=lambda one: -one[1])[:3]
        found[name] = dict(best)
    return found


def _sweep(
    made: Log, parts: Split, city: City, form: Form, seed: int, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """``presence`` by the number of reports that are known, by reporting rate, and by how far reports err."""
    found: list[dict[str, Any]] = []
    thief = parts.thief[parts.listed]
    rng = np.random.Generator(np.random.PCG64([seed, 79]))
    seen = seen_of(made)
    for error, changes in ERRORS.items():
        reports = made.reports if not changes else reports_of(replace_city(city, changes), made.network)
        presence = Presence(made, reports, seen)
        now = np.flatnonzero(made.clock.day(reports.begins_us) >= parts.cut)
        shuffled = rng.permutation(now)
        cuts: list[tuple[str, float, NDArray[np.int64]]] = [
            ("known", many, shuffled[:many]) for many in KNOWN if many <= len(now)
        ]
        cuts += [("rate", rate, shuffled[: round(len(now) * rate / 0.9)]) for rate in RATES]
        for kind, value, known in cuts:
            counts = presence.counts(form, known)
            ap = average_precision(counts[parts.listed], thief)
            found.append({
                "error": error, "kind": kind, "value": value, "known": len(known),
                "of_tested_thieves": int((parts.test[reports.thief[known]] & (reports.thief[known] >= 0)).sum()),
                "ap": ap, "p50": precision_at(counts[parts.listed], thief, 50),
            })  # fmt: skip
        say(f"presence, {error} reports: " + ", ".join(f"{o['known']}: {o['ap']:.4f}" for o in found[-len(cuts) :]))
    return found


def replace_city(city: City, changes: dict[str, Any]) -> City:
    """The same people and rides, with other errors in what is reported."""
    return replace(city, parameters=replace(city.parameters, **changes))


def _distribution(every: Days) -> dict[str, float]:
    trips = every["trips"]
    return {
        "1": float((trips == 1).mean()),
        "2": float((trips == 2).mean()),
        "3-9": float(((trips > 2) & (trips < 10)).mean()),
        "10+": float((trips >= 10).mean()),
        "p99": float(np.quantile(trips, 0.99)),
        "p99.9": float(np.quantile(trips, 0.999)),
        "max": float(trips.max()),
    }


if __name__ == "__main__":
    main()
