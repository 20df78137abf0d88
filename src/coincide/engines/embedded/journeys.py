"""Card-days of all taps of a workspace, from its files: read to codes, paired, and counted part by part.

The parts hold tokens of their own and are worked on by as many threads as there are processors: NumPy lets them run
side by side. What needs all tokens, how full vehicles were and how long rides usually take, is added up in between.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import partial, reduce
from operator import add

import duckdb
import numpy as np
import polars as pl
from sqlglot import exp

from coincide.detect.journey import context as surroundings
from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.days import Days, days, joined
from coincide.detect.journey.ridden import Network
from coincide.detect.journey.ride import Rides, rides
from coincide.detect.journey.taps import MISSING, Positions, Taps
from coincide.detect.journey.taps import Whole as Codes
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.partition import Files, Part, check, parted
from coincide.engines.embedded.taps import Ended, TapLog, narrow, read
from coincide.events.event import TAP
from coincide.events.source import SourceReader
from coincide.rules.feature import NAMES
from coincide.settings import Source

Sift = Callable[[TapLog], TapLog]
"""A log without some of its taps; what codes stand for stays."""


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


@dataclass(frozen=True)
class Tally:
    """What is counted of rides by the way; see :class:`Journeys`."""

    hours: Positions
    riders: Positions
    rides: int
    doubled: int
    unpaired: int

    @classmethod
    def of(cls, rides: Sequence[Rides]) -> Tally:
        """Of rides in parts of which each has tokens of its own."""
        hours, riders = (sum(column) for column in zip(*map(_by_hour, rides), strict=True))
        counts = [(len(part), part.doubled, len(part.unpaired)) for part in rides]
        return cls(hours, riders, *(sum(column) for column in zip(*counts, strict=True)))

    def __add__(self, more: Tally) -> Tally:
        return Tally(*(getattr(self, one.name) + getattr(more, one.name) for one in fields(self)))


@dataclass(frozen=True)
class Whole:
    """What was told of all parts together, in the words of :class:`Journeys`."""

    products: pl.Series
    ended: dict[str, Ended]
    tally: Tally


def journeys(
    readers: Sequence[tuple[SourceReader, Source]],
    pairing: Pairing,
    connection: duckdb.DuckDBPyConnection,
    network: Callable[[TapLog], Network] | None = None,
    keep: exp.Expr | None = None,
    progress: Progress = lambda _: None,
    features: Sequence[str] = NAMES,
    sift: Sift = lambda log: log,
) -> Journeys:
    """All card-days of the taps of these sources, with these features.

    ``network``: of the texts that were read, the network asked in their codes. ``keep``: see :func:`taps.read`.
    ``sift``: what is left of a log that was read. Files of an import are read one part after another, and twice, so
    that memory is that of a part and of what comes out.
    """
    parts = parted([(reader, source) for reader, source in readers if source.may_hold(TAP)])
    if parts is not None and len(parts) > 1:
        collected = _Collected(features)
        whole = each(readings(readers, parts, connection, keep, sift), pairing, collected, network, progress)
        return _told(*collected.days(), whole)
    log = sift(read(readers, connection, keep, progress))
    known = None if network is None else network(log)
    taps = list(log.parts)
    texts, tokens, ended = log.texts, log.tokens, log.ended
    del log
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        every = _ridden(taps, pairing, pool)
        around = surroundings.merged(list(pool.map(surroundings.context, every)))
        tally = Tally.of(every)
        found = joined(_counted(every, known, around, pool))
    slim = replace(found, features={name: found[name] for name in features})
    return _told(slim, tokens, Whole(texts["product"], ended, tally))


Reading = Callable[[Progress], TapLog]
"""Gives all taps of some tokens, as often as it is asked for them."""


def readings(
    readers: Sequence[tuple[SourceReader, Source]],
    parts: Mapping[Part, Files],
    connection: duckdb.DuckDBPyConnection,
    keep: exp.Expr | None = None,
    sift: Sift = lambda log: log,
) -> list[Reading]:
    """Of each part of an import. Reading raises ``ForeignToken``, and what is wrong with files."""
    return [partial(_of_part, readers, connection, keep, sift, part, files) for part, files in parts.items()]


def each(
    readings: Sequence[Reading],
    pairing: Pairing,
    use: Callable[[Days, pl.DataFrame], None],
    network: Callable[[TapLog], Network] | None = None,
    progress: Progress = lambda _: None,
) -> Whole:
    """The card-days of each reading, and its tokens by code, handed to ``use`` one after another.

    What all rides say together is counted before, so everything is read twice. Raises what the readings raise.
    """
    grown = {name: _Texts() for name in _SHARED}
    around: surroundings.Context | None = None
    ended: dict[str, Ended] = {}
    tallies: list[Tally] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for reading in readings:
            log = reading(progress)
            ended |= {name: ended.get(name, Ended()) + count for name, count in log.ended.items()}
            codes = {name: texts.codes(log.texts[name]) for name, texts in grown.items()}
            taps = list(log.parts)
            del log
            every = _ridden(taps, pairing, pool)
            tallies.append(Tally.of(every))
            here = surroundings.merged(list(pool.map(surroundings.context, every)))
            here = here.recoded(codes["place"], codes["line"], codes["vehicle"])
            around = here if around is None else around + here
            del every, here
        assert around is not None
        # Texts are in order now, as they are where all are read at once: nothing depends on which part came first.
        places = {name: texts.places() for name, texts in grown.items()}
        around = around.recoded(places["place"], places["line"], places["vehicle"])
        whole = Whole(grown["product"].sorted("product"), ended, reduce(add, tallies))
        known = None
        if network is not None:
            known = network(TapLog((), _NOBODY, {name: texts.sorted(name) for name, texts in grown.items()}, ended))
        for reading in readings:
            log = reading(_nobody_told)
            code = {name: places[name][texts.codes(log.texts[name])] for name, texts in grown.items()}
            taps = [replace(one, **{name: code[name][getattr(one, name)] for name in _SHARED}) for one in log.parts]
            tokens = log.tokens
            del log
            found = _counted(_ridden(taps, pairing, pool), known, around, pool)
            use(joined(found), tokens)
    return whole


def _of_part(
    readers: Sequence[tuple[SourceReader, Source]],
    connection: duckdb.DuckDBPyConnection,
    keep: exp.Expr | None,
    sift: Sift,
    part: Part,
    files: Files,
    progress: Progress,
) -> TapLog:
    log = read(readers, connection, keep, progress, files)
    check(part, files, log.tokens["account"].to_list())
    return sift(log)


def _nobody_told(_: int) -> None:
    """Progress of what was read before."""


def _ridden(taps: list[Taps], pairing: Pairing, pool: Executor) -> list[Rides]:
    """The rides of each part; its taps are let go of when they are there."""

    def ridden(number: int) -> Rides:
        part, taps[number] = taps[number], _NO_TAPS
        return rides(part, pairing.clock, pairing.doubled_us, pairing.longest_us)

    return list(pool.map(ridden, range(len(taps))))


def _counted(every: list[Rides], network: Network | None, around: surroundings.Context, pool: Executor) -> list[Days]:
    """The card-days of each part; its rides are let go of when they are there."""
    around.settle()

    def counted(number: int) -> Days:
        part, every[number] = every[number], _NO_RIDES
        return days(part, network, around)

    return list(pool.map(counted, range(len(every))))


class _Texts:
    """Texts of one field in the order in which they were met, and their places when all are."""

    def __init__(self) -> None:
        self._place: dict[str, int] = {}

    def codes(self, texts: pl.Series) -> Positions:
        """The place of each; behind them stands that of what is missing."""
        return np.array([*(self._place.setdefault(text, len(self._place)) for text in texts), MISSING], dtype=np.int64)

    def places(self) -> Codes:
        """The place of each among all in order; behind them stands that of what is missing."""
        rank = {text: number for number, text in enumerate(sorted(self._place))}
        return np.array([*map(rank.__getitem__, self._place), MISSING], dtype=narrow(len(rank)))

    def sorted(self, name: str) -> pl.Series:
        """All of them, by code point."""
        return pl.Series(name, sorted(self._place), dtype=pl.String)


class _Collected:
    """The card-days of parts as they come, laid together as if all tokens had been read at once."""

    def __init__(self, features: Sequence[str]) -> None:
        self._features = features
        self._days: list[Days] = []
        self._tokens: list[pl.DataFrame] = []

    def __call__(self, days: Days, tokens: pl.DataFrame) -> None:
        self._days.append(replace(days, features={name: days[name] for name in self._features}))
        self._tokens.append(tokens)

    def days(self) -> tuple[Days, pl.DataFrame]:
        """All card-days by token and day, and all tokens."""
        tokens = pl.concat(self._tokens).with_row_index("?place").sort("namespace", "account")
        rank = np.empty(len(tokens), dtype=np.int32)
        rank[tokens["?place"].to_numpy()] = np.arange(len(tokens), dtype=np.int32)
        begin = np.cumsum([0, *(len(one) for one in self._tokens)]).tolist()
        token = [rank[first:][days.token] for days, first in zip(self._days, begin, strict=False)]
        found = replace(joined(self._days), token=np.concatenate(token))
        self._days.clear()
        return found.take(np.argsort(found.token, kind="stable")), tokens.drop("?place")


def _told(days: Days, tokens: pl.DataFrame, whole: Whole) -> Journeys:
    tally = whole.tally
    rest = (tally.hours, tally.riders, tally.rides, tally.doubled, tally.unpaired)
    return Journeys(days, tokens, whole.products, whole.ended, *rest)


def _by_hour(part: Rides) -> tuple[Positions, Positions]:
    """Rides, and different tokens, in each hour."""
    both = np.unique(part.token.astype(np.int64) * 24 + part.hour)
    return np.bincount(part.hour, minlength=24), np.bincount(both % 24, minlength=24)


_SHARED = ("place", "line", "vehicle", "product")
"""Fields whose codes must be the same in all parts."""
_NOBODY = pl.DataFrame(schema={"namespace": pl.String, "account": pl.String})
_NO_TAPS = Taps(*(np.zeros(0, dtype=np.int64) for _ in range(8)))
_NO_RIDES = rides(_NO_TAPS, ServiceClock("UTC", 0), 0, 0)
