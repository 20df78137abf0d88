"""Card-days of all taps of a workspace, from its files: read to codes, paired, and counted part by part.

The parts hold tokens of their own and are worked on by as many threads as there are processors: NumPy lets them run
side by side. What needs all tokens, how full vehicles were and how long rides usually take, is added up in between.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
from sqlglot import exp

from coincide.detect.journey import context as surroundings
from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.days import Days, days, joined
from coincide.detect.journey.ridden import Network
from coincide.detect.journey.ride import Rides, rides
from coincide.detect.journey.taps import Positions, Taps
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.taps import Ended, TapLog, read
from coincide.events.source import SourceReader
from coincide.settings import Source


@dataclass(frozen=True)
class Pairing:
    """How taps become rides: which clock, and up to when taps are doubled and rides end."""

    clock: ServiceClock
    doubled_us: int
    longest_us: int


@dataclass(frozen=True)
class Journeys:
    """The card-days of all tokens, and what their codes stand for.

    ``tokens``: ``namespace`` and ``account`` by code; ``products``: by code. ``ended``: how the records of each source
    ended. ``hours``, ``riders``: rides begun in each local hour,
    and tokens that begin one then. ``doubled``: taps left out because a reader took them
    twice; ``unpaired``: exits that end no ride.
    """

    days: Days
    tokens: pl.DataFrame
    products: pl.Series
    ended: dict[str, Ended]
    hours: Positions
    riders: Positions
    rides: int
    doubled: int
    unpaired: int


def journeys(
    readers: Sequence[tuple[SourceReader, Source]],
    pairing: Pairing,
    connection: duckdb.DuckDBPyConnection,
    network: Callable[[TapLog], Network] | None = None,
    keep: exp.Expr | None = None,
    progress: Progress = lambda _: None,
) -> Journeys:
    """All card-days of the taps of these sources.

    ``network``: of the texts that were read, the network asked in their codes. ``keep``: see :func:`taps.read`.
    """
    log = read(readers, connection, keep, progress)
    known = None if network is None else network(log)
    parts = list(log.parts)
    texts, tokens, ended = log.texts, log.tokens, log.ended
    del log
    with ThreadPoolExecutor(os.cpu_count()) as pool:

        def ridden(number: int) -> tuple[Rides, surroundings.Context]:
            # Taps of a part are let go when its rides are there.
            part, parts[number] = parts[number], _NO_TAPS
            found = rides(part, pairing.clock, pairing.doubled_us, pairing.longest_us)
            return found, surroundings.context(found)

        paired = list(pool.map(ridden, range(len(parts))))
        around = surroundings.merged([context for _, context in paired])
        every = [found for found, _ in paired]
        del paired
        hours, riders = (sum(column) for column in zip(*map(_by_hour, every), strict=True))
        counts = [(len(part), part.doubled, len(part.unpaired)) for part in every]

        def counted(number: int) -> Days:
            part, every[number] = every[number], _NO_RIDES
            return days(part, known, around)

        found = joined(list(pool.map(counted, range(len(every)))))
    total = [sum(column) for column in zip(*counts, strict=True)]
    return Journeys(found, tokens, texts["product"], ended, hours, riders, *total)


def _by_hour(part: Rides) -> tuple[Positions, Positions]:
    """Rides, and different tokens, in each hour."""
    both = np.unique(part.token.astype(np.int64) * 24 + part.hour)
    return np.bincount(part.hour, minlength=24), np.bincount(both % 24, minlength=24)


_NO_TAPS = Taps(*(np.zeros(0, dtype=np.int64) for _ in range(8)))
_NO_RIDES = rides(_NO_TAPS, ServiceClock("UTC", 0), 0, 0)
