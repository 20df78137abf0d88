"""Journeys as plain loops: which rides there were, what a day of a card looked like, and how rare that is.

Standard library only; shares no code with the package. A missing value is ``None``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

Code = int | None
Figure = Fraction | float | None


class Tap(NamedTuple):
    """One tap; ``at`` in microseconds since 1970, ``action`` 0 enter, 1 exit, 2 transfer, 3 single."""

    token: int
    at: int
    action: int
    place: Code
    line: Code
    vehicle: Code
    device: Code
    product: Code


class Ride(NamedTuple):
    """One ride; ``left`` and ``to`` are unknown where nothing says where the rider got off."""

    token: int
    boarded: int
    left: Code
    origin: Code
    to: Code
    line: Code
    vehicle: Code
    product: Code


class Clock(NamedTuple):
    """The operator's zone and when its day begins."""

    zone: str
    start: timedelta

    def shown(self, at: int) -> datetime:
        """What the local clock shows."""
        utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
        return utc.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    def day(self, at: int) -> int:
        """The service day, counted from 1970."""
        return ((self.shown(at) - self.start).date() - date(1970, 1, 1)).days

    def hour(self, at: int) -> int:
        """The local hour."""
        return self.shown(at).hour


class Network(NamedTuple):
    """What is known of lines and stops."""

    hops: Callable[[Code, Code, Code], Code]
    km: Callable[[Code, Code], float | None]


def _place(tap: Tap) -> tuple[object, ...]:
    """A tap as something to sort by: missing before all codes."""
    return tuple(-1 if value is None else value for value in tap)


def rides(taps: list[Tap], doubled: int, longest: int) -> tuple[list[Ride], list[Tap], int]:
    """Rides, exits that end none, and how many taps were counted twice."""
    made: list[Ride] = []
    alone: list[Tap] = []
    dropped = 0
    for token in sorted({tap.token for tap in taps}):
        counted: list[Tap] = []
        for tap in sorted((tap for tap in taps if tap.token == token), key=_place):
            near = []
            for other in reversed(counted):
                if tap.at - other.at >= doubled:
                    break
                near.append(other)
            if any(_same_reader(tap, other) for other in near):
                dropped += 1
            else:
                counted.append(tap)
        for number, tap in enumerate(counted):
            before = counted[number - 1] if number > 0 else None
            after = counted[number + 1] if number + 1 < len(counted) else None
            if tap.action == 1:
                if before is None or before.action == 1 or tap.at - before.at > longest:
                    alone.append(tap)
                continue
            ends = after is not None and after.action in (1, 2) and after.at - tap.at <= longest
            left, to = (after.at, after.place) if ends and after is not None else (None, None)
            made.append(Ride(token, tap.at, left, tap.place, to, tap.line, tap.vehicle, tap.product))
    return made, alone, dropped


def _same_reader(one: Tap, other: Tap) -> bool:
    if one.action != other.action:
        return False
    for name in ("device", "vehicle", "place"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine is not None or theirs is not None:
            return bool(mine == theirs)
    return False


def days(made: list[Ride], alone: list[Tap], clock: Clock, network: Network | None) -> dict[tuple[int, int], Day]:
    """Every card-day with its features."""
    of: dict[tuple[int, int], list[Ride]] = {}
    for ride in made:
        of.setdefault((ride.token, clock.day(ride.boarded)), []).append(ride)
    visits: dict[tuple[int, int], Counter[int]] = {}
    for key, its in of.items():
        visits[key] = Counter(stop for ride in its for stop in (ride.origin, ride.to) if stop is not None)
    for tap in alone:
        key = (tap.token, clock.day(tap.at))
        if key in visits and tap.place is not None:
            visits[key][tap.place] += 1
    full, usual = _crowded(made, clock), _usual(made, clock)
    found = {}
    for key, its in of.items():
        token, day = key
        past = [(token, other) for other in range(day - 28, day) if (token, other) in of]
        figures: dict[str, Figure] = {}
        figures["trips"] = Fraction(len(its))
        figures["missing_exits"] = Fraction(sum(ride.left is None for ride in its), len(its))
        figures.update(_stops(visits[key], len(its), [visits[other] for other in past]))
        figures.update(_lines_and_lengths(its, network))
        figures.update(_again(its))
        last = max(max(ride.boarded, ride.left or 0) for ride in its)
        figures["span_hours"] = Fraction(last - its[0].boarded, 3_600_000_000)
        judged = [cell in full for ride in its if (cell := _cell(ride, clock)) is not None]
        figures["crowded"] = _share(judged)
        against = [(_minutes(ride), usual[_way(ride, clock)]) for ride in its if _way(ride, clock) in usual]
        figures["detour"] = Fraction(sum(a for a, _ in against), sum(b for _, b in against)) if against else None
        figures["trips_z"] = _score(len(its), [len(of[other]) for other in past])
        found[key] = Day(its[0].product, figures)
    return found


class Day(NamedTuple):
    """One card-day."""

    product: Code
    features: dict[str, Figure]


def _share(judged: list[bool]) -> Figure:
    return Fraction(sum(judged), len(judged)) if judged else None


def _stops(visits: Counter[int], trips: int, past: list[Counter[int]]) -> dict[str, Figure]:
    if not visits:
        return dict.fromkeys(("distinct_stops", "stops_per_trip", "entropy", "most_visits", "new_stops"))
    total = sum(visits.values())
    seen = {stop for day in past for stop in day}
    return {
        "distinct_stops": Fraction(len(visits)),
        "stops_per_trip": Fraction(len(visits), trips),
        "entropy": -sum(count / total * math.log2(count / total) for count in visits.values()) + 0.0,
        "most_visits": Fraction(max(visits.values())),
        "new_stops": Fraction(len(set(visits) - seen)) if past else None,
    }


def _lines_and_lengths(its: list[Ride], network: Network | None) -> dict[str, Figure]:
    lines = {ride.line for ride in its if ride.line is not None}
    short = []
    metres = []
    for ride in its:
        hops = network.hops(ride.line, ride.origin, ride.to) if network else None
        if hops is not None or ride.left is not None:
            quick = ride.left is not None and ride.left - ride.boarded <= 6 * 60_000_000
            short.append(quick or (hops is not None and hops <= 3))
        km = network.km(ride.origin, ride.to) if network else None
        if km is not None:
            metres.append(round(km * 1000))
    stops = [stop for ride in its for stop in (ride.origin, ride.to) if stop is not None]
    apart = network.km(stops[0], stops[-1]) if network and stops else None
    wander = Fraction(sum(metres), max(round(apart * 1000), 300)) if metres and apart is not None else None
    return {
        "distinct_lines": Fraction(len(lines)) if lines else None,
        "short_share": _share(short),
        "wander": wander,
    }


def _again(its: list[Ride]) -> dict[str, Figure]:
    pairs = list(pairwise(its))
    gaps = [later.boarded - ride.left for ride, later in pairs if ride.left is not None]
    lines = [ride.line == later.line for ride, later in pairs if None not in (ride.line, later.line)]
    backs = [later.to == ride.origin for ride, later in pairs if None not in (later.to, ride.origin)]
    middle = _lower_median(gaps)
    return {
        "quick": _share([gap < 10 * 60_000_000 for gap in gaps]),
        "same_line": _share(lines),
        "back": _share(backs),
        "median_gap": None if middle is None else Fraction(middle, 60_000_000),
    }


def _lower_median(values: list[int]) -> int | None:
    return sorted(values)[(len(values) - 1) // 2] if values else None


def _score(trips: int, past: list[int]) -> Figure:
    middle = _lower_median(past)
    if len(past) < 5 or middle is None:
        return None
    spread = _lower_median([abs(other - middle) for other in past])
    assert spread is not None
    return (trips - middle) / max(1.4826 * spread, 1.0)


Cell = tuple[str, int, int, int]
Way = tuple[int, int, int]


def _cell(ride: Ride, clock: Clock) -> Cell | None:
    when = (clock.hour(ride.boarded), clock.day(ride.boarded))
    if ride.vehicle is not None:
        return ("vehicle", ride.vehicle, *when)
    return None if ride.line is None else ("line", ride.line, *when)


def _crowded(made: list[Ride], clock: Clock) -> set[Cell]:
    cells = Counter(cell for ride in made if (cell := _cell(ride, clock)) is not None)
    found = set()
    for cell, count in cells.items():
        alike = [other for name, other in cells.items() if name[0] == cell[0]]
        if sum(other >= count for other in alike) * 10 <= len(alike):
            found.add(cell)
    return found


def _minutes(ride: Ride) -> int:
    assert ride.left is not None
    return max(1, (ride.left - ride.boarded) // 60_000_000)


def _way(ride: Ride, clock: Clock) -> Way | None:
    if ride.left is None or ride.origin is None or ride.to is None:
        return None
    return (ride.origin, ride.to, clock.hour(ride.boarded))


def _usual(made: list[Ride], clock: Clock) -> dict[Way | None, int]:
    all_minutes: dict[Way | None, list[int]] = {}
    for ride in made:
        if (way := _way(ride, clock)) is not None:
            all_minutes.setdefault(way, []).append(_minutes(ride))
    return {way: sorted(its)[(len(its) - 1) // 2] for way, its in all_minutes.items() if len(its) >= 5}


def tail(every: dict[tuple[int, int], Day], key: tuple[int, int], feature: str, least: int = 100) -> Fraction | None:
    """The share of card-days of the same product and day whose value is at least this one's."""
    mine = every[key].features[feature]
    if mine is None:
        return None
    others = [
        other.features[feature]
        for (_, day), other in every.items()
        if day == key[1] and other.product == every[key].product and other.features[feature] is not None
    ]
    return Fraction(sum(other >= mine for other in others), len(others)) if len(others) >= least else None  # type: ignore[operator]


def own_tail(every: dict[tuple[int, int], Day], key: tuple[int, int], feature: str) -> Fraction | None:
    """The share of the token's days of the last 28 whose value is at least this one's."""
    mine = every[key].features[feature]
    others = [every[key[0], day].features[feature] for day in range(key[1] - 28, key[1]) if (key[0], day) in every]
    known = [other for other in others if other is not None]
    if mine is None or len(known) < 5:
        return None
    return Fraction(sum(other >= mine for other in known), len(known))
