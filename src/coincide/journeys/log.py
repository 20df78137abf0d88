"""All taps of a workspace paired to rides, with the features of every card-day: what a day or a city is seen against.

Read from the files as they are; nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.days import Days, days
from coincide.detect.journey.ride import Rides, rides
from coincide.detect.journey.taps import Whole
from coincide.detect.rows import Rows
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.load import Feed, load
from coincide.engines.embedded.run import Task, prepared
from coincide.engines.workspace import Workspace
from coincide.journeys.coded import Coded, Codes, coded
from coincide.network.network import Network
from coincide.rules.plan import Plan, Sliding, Velocity

Progress = Callable[[int], None]

_TAPS = Plan(
    rule="taps",
    events=("tap",),
    where=None,
    by="account",
    window=Sliding(1),
    zone="UTC",
    condition=Velocity(1),
    components=None,
    unless=None,
)
"""A plan that selects every tap."""


@dataclass(frozen=True)
class Log:
    """``coded``: the taps, and what codes stand for. ``days`` are sorted by token and service day."""

    coded: Coded
    rides: Rides
    days: Days


def log(workspace: Workspace, progress: Progress = lambda _: None) -> Log:
    """The journeys of a workspace. Raises what is wrong with files, mapping or feed."""
    every = coded(_rows(workspace, progress))
    settings = workspace.settings.journeys
    clock = ServiceClock(settings.zone, settings.service_day_us)
    ridden = rides(every.taps, clock, settings.doubled_seconds * 1_000_000, settings.longest_ride_minutes * 60_000_000)
    return Log(every, ridden, days(ridden, _network(workspace, every)))


@dataclass(frozen=True)
class InCodes:
    """A network as it is asked in the codes of a log; what the feed does not have is -1, as what is missing is."""

    network: Network
    stop: Codes
    line: Codes

    @classmethod
    def of(cls, network: Network, every: Coded) -> InCodes:
        """The network for these codes."""
        stops = network.stop_codes(pl.Series(every.places, dtype=pl.String))
        lines = network.line_codes(pl.Series(every.lines, dtype=pl.String))
        # At the end stands what code -1 looks up.
        return cls(network, np.append(stops, np.int32(-1)), np.append(lines, np.int32(-1)))

    def hops(self, line: Whole, start: Whole, end: Whole) -> NDArray[np.int16]:
        """As ``Network.hops``."""
        return self.network.hops(self.line[line], self.stop[start], self.stop[end])

    def km(self, start: Whole, end: Whole) -> NDArray[np.float64]:
        """As ``Network.km``."""
        return self.network.km(self.stop[start], self.stop[end])


def _network(workspace: Workspace, every: Coded) -> InCodes | None:
    loaded = workspace.network
    return None if loaded is None else InCodes.of(loaded.network, every)


def _rows(workspace: Workspace, progress: Progress) -> Rows:
    settings = workspace.settings
    feeds = [
        Feed(name, settings.sources[name], reader, tuple(reader.files()))
        for name, reader in workspace.readers.items()
        if settings.sources[name].kind in (None, "tap")
    ]
    task = Task([_TAPS], feeds, workspace.catalog, workspace.lists, settings)
    with connect(settings) as connection:
        loaded = load(
            feeds, task.plans, workspace.catalog, None, connection, settings.attributes, progress, whole=False
        )
    return prepared(loaded.frame, task, None)
