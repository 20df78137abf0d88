"""Where days of riding that are far in the tail were ridden: counted as boardings are, and nobody told.

By a rule of the kind ``unusual-day``: its features, its tails, and whom its ``where`` and ``unless`` leave out. Whether
a day touches an incident is not asked, for what is wanted is where riding gathers, not who rode. Nothing is stored and
no alert is raised. The whole log is read for the card-days, and a second time for the rides of those that are far out,
so that no ride of all the others is held.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.detect.evaluate import Surroundings, evaluate
from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.order import begins, by_token
from coincide.detect.journey.ride import Rides, rides
from coincide.detect.journey.taps import MISSING, Taps, Truths, Whole
from coincide.detect.unusual import Unusual, clock_of, ranked
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.journeys import Journeys, Pairing, journeys
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.partition import parted
from coincide.engines.embedded.ridership import SIDES, Numbers, Ridership, cell_of, counted
from coincide.engines.embedded.taps import TapLog, read
from coincide.engines.workspace import Workspace
from coincide.entities.actors import ACCOUNT
from coincide.events.event import ACTIONS, EARLIEST_US, LATEST_US, TAP
from coincide.events.source import SourceReader
from coincide.network.coded import InCodes
from coincide.rules.expression import Aggregate, Expression, fields_of, walk
from coincide.rules.plan import Plan, UnusualDay
from coincide.settings import Source

_CODED = ("place", "line", "vehicle", "device", "product")
READ = frozenset(("account", "occurred_at", "action", "kind", *_CODED))
"""The fields of a tap that a rule's conditions can be asked of here."""
_DAY_BITS = 20


@dataclass(frozen=True)
class UnusualRides:
    """``ridership``: of rides on unusual days. ``days``: how many those are, of so many ``cards``; ``compared``: the
    card-days that there were enough others to compare with.
    """

    ridership: Ridership
    days: int
    cards: int
    compared: int


def beyond_reach(plan: Plan) -> tuple[str, ...]:
    """What the rule's conditions ask that cannot be answered here; sorted."""
    asked = [one for one in (plan.where, plan.unless) if one is not None]
    fields = {name for one in asked for name in fields_of(one)} - READ
    windows = {f"{node.measure}()" for one in asked for node in walk(one) if isinstance(node, Aggregate)}
    return tuple(sorted(fields | windows))


def unusual_rides(
    workspace: Workspace,
    plan: Plan,
    cells: ServiceClock,
    between: tuple[int, int] = (EARLIEST_US, LATEST_US),
    progress: Progress = lambda _: None,
) -> UnusualRides:
    """The rides of a span of time, both ends included, on days that are unusual by the rule (see ``beyond_reach``).

    As in a scan the newest day of the log is not over, and none of its days counts. Days before the span are read too,
    for a card's own past. ``cells``: whose hours are counted by. Raises the errors of ``events`` and ``network`` that
    name a file.
    """
    condition, clock = plan.condition, clock_of(plan)
    assert isinstance(condition, UnusualDay)
    counting = _Counting(
        workspace,
        plan,
        Pairing(clock, condition.doubled_us, condition.longest_us),
        Surroundings(plan.zone, workspace.lists),
        cells,
        between,
    )
    network = workspace.network_for([plan])
    with connect(workspace.settings) as connection:
        every = journeys(
            counting.readers,
            counting.pairing,
            connection,
            None if network is None else lambda log: InCodes.of(network, log.texts),
            progress=progress,
            features=condition.of,
            sift=counting.sift,
        )
        newest = int(every.days.day.max(initial=-1))
        found = ranked(clock, condition, every.days, newest, tuple(every.products))
        compared = _compared(found)
        within = (clock.day(np.array(between, dtype=np.int64))).tolist()
        compared &= (every.days.day >= within[0]) & (every.days.day <= within[1])
        return counting.counted(every, found.holds, int(np.count_nonzero(compared)), connection, progress)


def _compared(found: Unusual) -> Truths:
    """Which card-days that are over could be compared with others at all."""
    known = np.any([~np.isnan(share) for share in found.tails.values()], axis=0)
    return np.asarray(known & (found.days.day < found.days.day.max(initial=-1)), dtype=np.bool_)


@dataclass(frozen=True)
class _Counting:
    """What the second reading goes by."""

    workspace: Workspace
    plan: Plan
    pairing: Pairing
    around: Surroundings
    cells: ServiceClock
    between: tuple[int, int]

    @property
    def readers(self) -> list[tuple[SourceReader, Source]]:
        """The sources that may have taps."""
        found = [(reader, self.workspace.settings.sources[name]) for name, reader in self.workspace.readers.items()]
        return [(reader, source) for reader, source in found if source.may_hold(TAP)]

    def sift(self, log: TapLog) -> TapLog:
        """The taps that the rule's ``where`` selects: staff and products that it leaves out count in no tail."""
        where = self.plan.where
        if where is None:
            return log
        chosen = [part.take(self._true(where, log, part)) for part in log.parts]
        return replace(log, parts=tuple(chosen))

    def counted(
        self, every: Journeys, holds: Truths, compared: int, connection: duckdb.DuckDBPyConnection, progress: Progress
    ) -> UnusualRides:
        """The rides of the card-days that hold."""
        wanted = _key(every.days.token[holds], every.days.day[holds])
        tokens = every.tokens.with_row_index("number")
        names: dict[str, dict[str, int]] = {side: {} for side in SIDES}
        parts: list[tuple[NDArray[np.uint64], Truths, Numbers, Numbers, Numbers]] = []
        days = cards = 0
        for log in self._logs(connection, progress) if len(wanted) else ():
            # Codes are of one reading; what they stand for is the same in all.
            known = log.tokens.join(tokens, on=ACCOUNT, how="left", maintain_order="left")["number"]
            number = known.cast(pl.Int64).fill_null(MISSING).to_numpy()
            code = {
                side: np.array([*(names[side].setdefault(text, len(names[side])) for text in log.texts[side]), MISSING])
                for side in SIDES
            }
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                made = pool.map(partial(self._ridden, log, number, wanted), log.parts)
                for ridden in made:
                    token, known_token = number[ridden.token], np.ones(len(ridden), dtype=np.bool_)
                    # Each token has all its rides in one part.
                    card_days = np.unique(_key(token, ridden.day))
                    days += len(card_days)
                    cards += len(np.unique(card_days >> _DAY_BITS))
                    place, line = code["place"][ridden.start], code["line"][ridden.line]
                    cell = cell_of(ridden.begins_us, self.cells)
                    parts.append((token.astype(np.uint64), known_token, place, line, cell))
        return UnusualRides(counted(parts, names), days, cards, compared)

    def _logs(self, connection: duckdb.DuckDBPyConnection, progress: Progress) -> Iterator[TapLog]:
        parts = parted(self.readers)
        for files in [None] if parts is None else parts.values():
            yield self.sift(read(self.readers, connection, progress=progress, files=files))

    def _ridden(self, log: TapLog, number: Numbers, wanted: Numbers, part: Taps) -> Rides:
        """The rides of a part in the span and on days that are wanted and that ``unless`` does not silence."""
        pairing = self.pairing
        part = part.take(np.isin(number[part.token], wanted >> _DAY_BITS))
        found = rides(part, pairing.clock, pairing.doubled_us, pairing.longest_us)
        first, last = self.between
        within = (found.begins_us >= first) & (found.begins_us <= last)
        key = _key(number[found.token], found.day)
        silent = _key(number[part.token], pairing.clock.day(part.at))[self._silenced(log, part)]
        return found.take(within & np.isin(key, wanted) & ~np.isin(key, silent))

    def _silenced(self, log: TapLog, part: Taps) -> Numbers:
        """The last taps of card-days at which ``unless`` is true."""
        unless = self.plan.unless
        if unless is None:
            return np.zeros(0, dtype=np.int64)
        row = by_token(part)
        token, day = part.token[row], self.pairing.clock.day(part.at[row])
        last = np.append(begins(token, day)[1:], True)[: len(row)]
        at: Numbers = row[last]
        silent: Numbers = at[self._true(unless, log, part.take(at))]
        return silent

    def _true(self, condition: Expression, log: TapLog, part: Taps) -> Truths:
        """For which taps the condition is true; a field is the text that its code stands for."""
        texts = {"account": log.tokens["account"], **{name: log.texts[name] for name in _CODED}}
        codes = {"account": part.token, **{name: getattr(part, name) for name in _CODED}}
        frame = {"occurred_at": pl.Series(part.at)}
        for name in fields_of(condition) - {"occurred_at"}:
            if name == "kind":
                frame[name] = pl.repeat(TAP, len(part), eager=True)
            elif name == "action":
                frame[name] = pl.Series(ACTIONS)[part.action]
            else:
                code = pl.Series(codes[name].astype(np.int64))
                frame[name] = texts[name].gather(code.set(code == MISSING, None))
        truth: Truths = evaluate(condition, pl.DataFrame(frame), self.around).fill_null(False).to_numpy()
        return truth


def _key(token: Whole, day: Whole) -> Numbers:
    """One number for each card-day; clocks behind UTC have a day before 1970-01-01."""
    key: Numbers = (token.astype(np.int64) << _DAY_BITS) + day + 1
    return key
