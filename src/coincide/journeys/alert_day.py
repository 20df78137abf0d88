"""The card-days of an alert over taps: the files read again, as for its timeline, and paired to rides.

A card-day is shown if a tap of it is evidence: of the first hit, or of the latest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from coincide.alerts.alert import Alert
from coincide.alerts.observed import Found
from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.ride import Rides, rides
from coincide.engines.workspace import Workspace
from coincide.errors import CoincideError
from coincide.events.event import TAP
from coincide.journeys.cards import Account, Cards, cards
from coincide.journeys.city import City
from coincide.journeys.day import Clock, Day, Ride
from coincide.journeys.ground import city_of
from coincide.journeys.log import pairing

NO_FEED = "No map, and stops stand in the order in which the day met them: `[network]` of the settings names no feed."


def over_taps(there: Found) -> bool:
    """Whether what the rule of an alert looks at are taps."""
    return TAP in there.rule.plan.events


def card_days(there: Found, alert: Alert, workspace: Workspace) -> list[tuple[Account, Day]]:
    """The card-days of the evidence, in order, with whose they are. Raises what is wrong with the feed's file."""
    every = cards(there.read.rows, there.read.mine)
    settings = workspace.settings.journeys
    paired = pairing(settings)
    clock = paired.clock
    ridden = rides(every.taps, clock, paired.doubled_us, paired.longest_us)
    names = dict(zip(every.accounts, there.made.names(every.accounts), strict=True))
    evidence = _evidence(alert, every, names)
    city, why_not = _city(workspace)
    tap_day = clock.day(every.taps.at)
    made = []
    for number, token in _days(evidence, ridden, clock):
        here = (ridden.token == token) & (ridden.day == number)
        product = ridden.product[here]
        day = Day(
            number=number,
            clock=Clock(settings.zone, settings.service_day_us),
            rides=tuple(_rides(ridden.take(here), every, city, evidence)),
            taps=int(((every.taps.token == token) & (tap_day == number)).sum()),
            product=None if not len(product) or product[0] < 0 else every.texts["product"][int(product[0])],
            city=city,
            card=names[every.accounts[token]],
            city_why_not=why_not,
        )
        made.append((every.accounts[token], day))
    return made


def _evidence(alert: Alert, every: Cards, names: dict[Account, str]) -> set[tuple[int, int]]:
    """Codes and instants of the taps that decide."""
    finding = alert.finding
    codes = {names[account]: code for code, account in enumerate(every.accounts)}
    told = {finding.started_by, finding.ended_by, *finding.evidence, *finding.latest_evidence}
    return {(codes[one.account], one.occurred_at) for one in told if one.account in codes}


def _days(evidence: set[tuple[int, int]], ridden: Rides, clock: ServiceClock) -> list[tuple[int, int]]:
    """Service days and codes of the card-days that hold a deciding tap; an exit belongs to the day of its ride."""
    columns = (ridden.token, ridden.begins_us, ridden.ends_us, ridden.day)
    boarded: dict[tuple[int, int], int] = {}
    for token, begins, ends, day in zip(*(one.tolist() for one in columns), strict=True):
        boarded[token, begins] = day
        boarded.setdefault((token, ends), day)
    told = sorted(evidence)
    by_clock = clock.day(np.array([at for _, at in told], dtype=np.int64)).tolist()
    return sorted({(boarded.get(tap, day), tap[0]) for tap, day in zip(told, by_clock, strict=True)})


def _city(workspace: Workspace) -> tuple[City, str | None]:
    try:
        loaded = workspace.network
    except CoincideError as error:
        return City(), f"No map: {error.message}"
    return (City(), NO_FEED) if loaded is None else (city_of(loaded.network), None)


def _rides(ridden: Rides, every: Cards, city: City, evidence: set[tuple[int, int]]) -> Iterator[Ride]:
    columns = (ridden.token, ridden.begins_us, ridden.ends_us, ridden.start, ridden.end, ridden.line, ridden.vehicle)
    for token, begins, ends, start, end, line, vehicle in zip(*(one.tolist() for one in columns), strict=True):
        yield Ride(
            begins,
            None if ends < 0 else ends,
            city.station(_text(every.texts["place"], start)),
            city.station(_text(every.texts["place"], end)),
            _text(every.texts["line"], line),
            _text(every.texts["vehicle"], vehicle),
            (token, begins) in evidence or (token, ends) in evidence,
        )


def _text(texts: pl.Series, code: int) -> str | None:
    return None if code < 0 else texts[code]
