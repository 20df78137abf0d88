"""Hand-made days of a small city: values for pages, without a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coincide.alerts.account import Account
from coincide.alerts.alert import Alert, Facts, Finding
from coincide.alerts.register import Entry
from coincide.alerts.timeline import FIRST, PROOF, Step
from coincide.detect.journey.clock import ServiceClock
from coincide.engines.embedded.ridership import CLASSES, SIDES, Reported, Ridership, counted
from coincide.events.event import EventName
from coincide.journeys.city import City, Stop, Way
from coincide.journeys.day import Clock, Day, Ride, Standing
from coincide.journeys.histogram import histogram
from coincide.journeys.overview import Counted, Overview, by_hour, enough, per_day, products, thresholds
from coincide.odds.places import Places, places
from coincide.odds.riding import Riding
from coincide.store.rule import RuleVersion

CLOCK = Clock("Europe/Paris", 4 * 3_600_000_000)
NUMBER = 20_160
"""2025-03-13."""
BEGINS = CLOCK.begins(NUMBER)
MINUTE = 60_000_000

_NAMES = ("Harbour", "Market", "Bridge", "Museum", "Park", "Station", "Hospital", "Airport")
RED = tuple(f"r{number}" for number in range(8))
BLUE = ("b0", "b1", "r2", "b3", "r5", "b5")
CITY = City(
    {
        **{
            stop: Stop(stop, name, (48.85 + 0.004 * number, 2.30 + 0.011 * number))
            for number, (stop, name) in enumerate(zip(RED, _NAMES, strict=True))
        },
        "b0": Stop("b0", "North Gate", (48.90, 2.31)),
        "b1": Stop("b1", "Brewery", (48.885, 2.315)),
        "b3": Stop("b3", "School", (48.86, 2.345)),
        "b5": Stop("b5", "Depot"),
    },
    (
        Way("red", RED, tuple((48.85 + 0.0005 * step, 2.30 + 0.011 * step / 8) for step in range(57))),
        Way("red", RED[::-1]),
        Way("blue", BLUE),
    ),
)


def ride(minute: float, lasts: float | None, line: str | None, start: str | None, end: str | None = None) -> Ride:
    begins = BEGINS + int(minute * MINUTE)
    return Ride(begins, None if lasts is None else begins + int(lasts * MINUTE), start, end, line)


def day(rides: Sequence[Ride], city: City = CITY, standings: Sequence[Standing] = (), group: int = 0) -> Day:
    return Day(NUMBER, CLOCK, tuple(rides), 2 * len(rides), "day-ticket", city, "p-aaaa", tuple(standings), group)


def busy() -> list[Ride]:
    """A day of short rides to and fro, with one exit that is missing."""
    rides = []
    for number in range(12):
        back = number % 2 == 1
        start, end = ("r4", "r2") if back else ("r2", "r4")
        rides.append(ride(240 + 17 * number, 8, "red", start, end))
    rides.append(ride(470, None, "blue", "r2"))
    rides.append(ride(500, 14, "blue", "b0", "r5"))
    return [replace(one, decides=number < 10) for number, one in enumerate(rides)]


def standings() -> tuple[Standing, ...]:
    chance = np.random.default_rng(7)
    trips = chance.geometric(0.45, 5_000).astype(np.float64)
    short = chance.beta(1, 4, 5_000)
    trips[0], short[0] = 14, 0.857
    return (
        Standing("trips", "rides", "rides begun", 14, float((trips >= 14).mean()), histogram(trips)),
        Standing(
            "short_share", "share of rides", "short ones", 0.857, float((short >= 0.857).mean()), histogram(short)
        ),
        Standing("new_stops", "stops", "not seen before", 2, None, None),
    )


def account(title: str = "Many rides in a day", *, events: int = 6) -> Account:
    names = [
        EventName(BEGINS + (240 + 17 * number) * MINUTE, "taps", f"t{number}", "p-aaaa") for number in range(events)
    ]
    finding = Finding(
        "p-aaaa", names[0], names[-1], 3, 0, events, True, tuple(names), (), "12 rides on one day, at least 10."
    )
    facts = Facts("many-rides", "v1-00", "actor", "low", title, False, 1, {"catalog": "c1"})
    steps = tuple(
        Step(name, {"kind": "tap", "line": "red", "place": "r2"}, (FIRST,) if name == names[0] else (PROOF,))
        for name in names
    )
    sentence = "At least 10 taps of one card on one service day."
    rule = RuleVersion("many-rides", "v1-00", "rule: many-rides", sentence, ("a courier", "an inspector"), 0)
    return Account(Alert(1, facts, finding), steps, rule, (Entry(1, None, BEGINS, "opened", "found", {}),), (), ())


RULES = (Counted("many-rides", 10), Counted("many-taps", 24, taps=True))


def overview(card_days: int = 20_000) -> Overview:
    """A city of chance: half of its rides at the peaks, few at night, a product of seven card-days."""
    chance = np.random.default_rng(3)
    token = chance.integers(0, max(card_days // 4, 1), card_days)
    trips = np.minimum(chance.geometric(0.45, card_days), 30)
    trips[:40] = chance.integers(8, 31, 40) if card_days >= 40 else 1
    missing = chance.binomial(trips, 0.2)
    product = chance.choice(3, card_days, p=[0.7, 0.25, 0.05]) - 1
    product[:7] = 2
    hours = chance.choice([7, 8, 9, 12, 17, 18, 23], int(trips.sum()))
    hours[:4] = 3
    return Overview(
        first_day="2025-03-03",
        last_day="2025-03-30",
        zone="Europe/Paris",
        begins="04:00",
        taps=int(2 * trips.sum() - missing.sum()),
        doubled=enough(int(trips.sum()) // 100),
        cards=len(np.unique(token)),
        card_days=card_days,
        rides=int(trips.sum()),
        missing_exits=enough(int(missing.sum())),
        by_hour=by_hour(np.bincount(hours, minlength=24), np.bincount(hours, minlength=24), 4),
        rides_per_day=per_day(trips, token),
        thresholds=thresholds(token, trips, RULES),
        products=products(product, token, trips, missing, ("day-ticket", "season", "staff")),
    )


_GATHERED = {"r0": 40, "r1": 60, "r2": 30, "b3": 25, "b5": 90, "r7": 9}
"""Cards that board at each stop from eight to nine."""


def gathered(text: str = "") -> Places:
    """Most incidents at the market, most unusual rides at the museum's neighbour; ``text``: behind names and words."""
    stops = [stop + text for stop in _GATHERED]
    reported = [stops[1]] * 24 + [stops[4]] * 3 + [stops[0]] * 2 + [stops[5]]
    at = np.full(len(reported), BEGINS + 240 * MINUTE, dtype=np.int64)
    odd = _boarded({"r0": 12, "r1": 10, "r2": 20}, text)
    return places(
        _boarded(_GATHERED, text),
        Reported(tuple(reported), ("red" + text,) * len(reported), at, at),
        ServiceClock(CLOCK.zone, 4 * 3_600_000_000),
        Riding("Unusual riding, by a rule" + text, "odd", odd, 42, 254),
    )


def _boarded(cards: dict[str, int], text: str) -> Ridership:
    names = {
        side: {name + text: code for code, name in enumerate(of)}
        for side, of in zip(SIDES, (cards, ("red",)), strict=True)
    }
    place = np.repeat(np.arange(len(cards)), list(cards.values()))
    token = np.arange(len(place), dtype=np.uint64)
    line, cell = np.zeros(len(place), dtype=np.int64), np.full(len(place), 8 * CLASSES)
    return counted([(token, np.ones(len(place), dtype=np.bool_), place, line, cell)], names)
