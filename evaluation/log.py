"""A simulated city as the detectors' columns: taps, card-days with features, reports, and the truth beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.detect.journey import context as around
from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.days import Days, days, joined
from coincide.detect.journey.ride import Rides, rides
from coincide.detect.journey.taps import Taps
from coincide.network.load import load
from coincide.network.network import Network
from coincide.simulate.city import City
from coincide.simulate.city.incident import Incidents
from coincide.simulate.city.made import FIRST_DAY
from coincide.simulate.city.rider import CLASS_NAMES

DOUBLED_US = 10_000_000
LONGEST_US = 180 * 60_000_000
SERVICE_US = 4 * 3_600_000_000
EPOCH_DAY = (FIRST_DAY - date(1970, 1, 1)).days
THIEF = CLASS_NAMES.index("thief")
STAFF = CLASS_NAMES.index("inspector")
_PER_PART = 1_500_000
"""Taps whose features are found at once: small enough to leave memory to others."""


@dataclass(frozen=True)
class Reports:
    """Reports in order of time: ``begins_us``, ``ends_us``, ``stop`` (-1: not said), ``line``, in the network's codes;
    ``thief``: the token that caused it, -1 if none of the simulated."""

    begins_us: NDArray[np.int64]
    ends_us: NDArray[np.int64]
    stop: NDArray[np.int32]
    line: NDArray[np.int32]
    thief: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.begins_us)

    def take(self, rows: NDArray[np.int64]) -> Reports:
        """The chosen reports."""
        return Reports(self.begins_us[rows], self.ends_us[rows], self.stop[rows], self.line[rows], self.thief[rows])


@dataclass(frozen=True)
class Log:
    """What a city left behind: ``taps`` by token, ``reports``, and on how many days each token ``stole``."""

    city: City
    network: Network
    taps: Taps
    reports: Reports
    stole: NDArray[np.int32]

    @property
    def token_class(self) -> NDArray[np.int32]:
        """By token: its place in ``CLASS_NAMES``."""
        return self.city.riders.token_class

    @property
    def clock(self) -> ServiceClock:
        """The clock of the city's operator."""
        return ServiceClock(self.city.lines.zone, SERVICE_US)

    def rides_by_part(self) -> Iterator[Rides]:
        """The rides, tokens by tokens."""
        token = self.taps.token
        cuts = [0]
        while cuts[-1] < len(token):
            target = min(cuts[-1] + _PER_PART, len(token))
            # A token is never cut in two.
            cuts.append(len(token) if target == len(token) else int(np.searchsorted(token, token[target], "left")))
        for low, high in pairwise(cuts):
            rows = np.arange(low, high)
            yield rides(self.taps.take(rows), self.clock, DOUBLED_US, LONGEST_US)

    def card_days(self) -> Days:
        """All card-days with all features."""
        parts = list(self.rides_by_part())
        context = around.merged([around.context(part) for part in parts])
        return joined([days(part, self.network, context) for part in parts])


def log(city: City, feed: Path) -> Log:
    """The log of a city that rides on ``feed``."""
    network = load(feed).network
    stops = network.stop_codes(pl.Series(city.lines.stops))
    lines = network.line_codes(pl.Series(city.lines.lines)).astype(np.int16)
    made, told, stole = [], [], np.zeros(city.size, dtype=np.int32)
    for part in city.parts():
        taps, stole = part.taps, stole + part.stole
        told.append(part.incidents)
        made.append((
            taps.token, city.at_us(taps.wall_s), taps.action, stops[taps.stop], lines[taps.line],
            taps.vehicle.astype(np.int16), taps.device, taps.product.astype(np.int8),
        ))  # fmt: skip
    columns = [np.concatenate(column) for column in zip(*made, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    taps_by_token = Taps(*(column[order] for column in columns))
    return Log(city, network, taps_by_token, _coded(city, network, told), stole)


def reports_of(city: City, network: Network) -> Reports:
    """What is reported in a city, without its taps."""
    return _coded(city, network, list(city.reports()))


def _coded(city: City, network: Network, told: list[Incidents]) -> Reports:
    # Where no stop is said, the code is the last: none.
    stops = np.append(network.stop_codes(pl.Series(city.lines.stops)), np.int32(-1))
    lines = network.line_codes(pl.Series(city.lines.lines))
    parts = [
        (city.at_us(one.begins_s), city.at_us(one.ends_s), stops[one.stop], lines[one.line], one.token) for one in told
    ]
    every = Reports(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    return every.take(np.argsort(every.begins_us, kind="stable"))
