"""How many boarded where and when, and what was reported there: counted in memory over rows that no rule selects.

One pass over the taps. Tokens are hashed inside the database and are numbers without meaning here; what comes out are
counts alone, and nothing reaches a disk (DESIGN, promise 5). How many different tokens there are is counted, never
estimated. Which of the counts may be shown is the matter of ``odds.places``.

A boarding is a tap that begins a ride: no exit, and none whose action is none of ours. Rows stand as they are: a tap
that came twice counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlglot import exp

from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.taps import BOARDING
from coincide.engines.embedded.database import connect, keep
from coincide.engines.embedded.history import AT, ZONED, Asked, Reading
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.meant import action, legible
from coincide.engines.workspace import Workspace
from coincide.events import zone
from coincide.events.batch import Batch
from coincide.events.event import EARLIEST_US, INCIDENT, LATEST_US, TAP
from coincide.events.instant import times
from coincide.events.mapping import check, mapped, raw_columns
from coincide.events.text import NOT_UTF8
from coincide.settings import Source

Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]

SIDES = ("place", "line")
HOURS, CLASSES = 24, 2
"""A cell is an hour of the local clock, of days of service from Monday to Friday (0) or of the others (1)."""

_MINUTE_US = 60_000_000
_THURSDAY, _SATURDAY = 3, 5
"""1970-01-01 was a Thursday; Monday is 0."""
_NAMES = {name: f"coincide {name}s" for name in SIDES}
_WHO, _WHEN = "?who", "?minute"


@dataclass(frozen=True)
class Counts:
    """One row for each name and cell: ``name`` is a position among the names of the side, ``riders`` are the different
    tokens.
    """

    name: Numbers
    cell: Numbers
    boardings: Numbers
    riders: Numbers


@dataclass(frozen=True)
class Ridership:
    """``names``: of each side, sorted. ``counts``: by side, of boardings with that name. ``links``: which place and
    line (positions) had boardings together in which cell, each triple once; of boardings with both.
    """

    names: dict[str, tuple[str, ...]]
    counts: dict[str, Counts]
    links: tuple[Numbers, Numbers, Numbers]


@dataclass(frozen=True)
class Reported:
    """Incidents: name of place and line (or ``None``), first and last moment."""

    place: tuple[str | None, ...]
    line: tuple[str | None, ...]
    begins_us: Numbers
    ends_us: Numbers

    def __len__(self) -> int:
        return len(self.place)


def ridership(
    workspace: Workspace,
    clock: ServiceClock,
    between: tuple[int, int] = (EARLIEST_US, LATEST_US),
    progress: Progress = lambda _: None,
) -> Ridership:
    """The boardings of all sources of taps in a span of time, both ends included.

    Needs 28 bytes a boarding, and some hundred megabytes for millions. Raises the errors of ``events`` that name a
    file.
    """
    names: dict[str, dict[str, int]] = {side: {} for side in SIDES}
    parts: list[tuple[Words, NDArray[np.bool_], Numbers, Numbers, Numbers]] = []
    with connect(workspace.settings) as connection:
        for namespace, reading in _readings(workspace, TAP, connection, between, progress):
            there = [side for side in SIDES if side in mapped(reading.source)]
            columns = _columns(reading, "account", "action", *there)
            for batch in reading.batches(reading.reader.files(), columns) if there else ():
                for side in there:
                    for frame in reading.ask(batch, ("names", side), partial(_distinct, reading, between, side)):
                        for name in frame[side].to_list():
                            names[side].setdefault(name, len(names[side]))
                    _keep_names(connection, side, names[side])
                taps = reading.ask(batch, ("taps", namespace), partial(_taps, reading, between, namespace))
                parts += [_part(frame, reading.source, clock) for frame in taps]
    return counted(parts, names)


def reported(
    workspace: Workspace,
    between: tuple[int, int] = (EARLIEST_US, LATEST_US),
    progress: Progress = lambda _: None,
) -> Reported:
    """The incidents of all sources that begin in a span of time; copies of one count once. An end that is missing or
    before the beginning is the beginning.
    """
    schema = {"id": pl.String, "place": pl.String, "line": pl.String, "begins": pl.Int64, "ends": pl.Int64}
    found = [pl.DataFrame(schema={"source": pl.String, **schema})]
    with connect(workspace.settings) as connection:
        for name, reading in _readings(workspace, INCIDENT, connection, between, progress):
            there = [field for field in ("event_id", "place", "line", "ends_at") if field in mapped(reading.source)]
            for batch in reading.batches(reading.reader.files(), _columns(reading, *there)):
                rows = reading.ask(batch, "incidents", partial(_incident_rows, reading, between, there))
                found += [_incidents(frame, reading.source, name, schema) for frame in rows]
    every = pl.concat(found).sort("begins", "source", "id", "ends", "place", "line")
    every = every.unique(["source", "id", "begins"], keep="first", maintain_order=True)
    begins = every["begins"].to_numpy().astype(np.int64)
    ends = np.maximum(begins, every["ends"].fill_null(every["begins"]).to_numpy().astype(np.int64))
    return Reported(tuple(every["place"].to_list()), tuple(every["line"].to_list()), begins, ends)


def cell_of(at_us: Numbers, clock: ServiceClock) -> Numbers:
    """The cell of each instant: twice its local hour, and one more on days of service of a weekend."""
    day, hour = clock.day_and_hour(at_us)
    weekend = (day.astype(np.int64) + _THURSDAY) % 7 >= _SATURDAY
    return hour.astype(np.int64) * CLASSES + weekend


# --- what is asked of the database --------------------------------------------------------------------------------


def _readings(
    workspace: Workspace,
    kind: str,
    connection: duckdb.DuckDBPyConnection,
    between: tuple[int, int],
    progress: Progress,
) -> Iterator[tuple[str, Reading]]:
    """The sources that may have events of a kind, each with the namespace of its accounts (of incidents: its name)."""
    asked = Asked(at_us=between[1], zone="UTC", recent=1, past=1, lately=1)
    for reader, source in workspace.readers_of(kind):
        check(source)
        namespace = source.namespace(reader.name) if kind == TAP else reader.name
        yield namespace, Reading(reader, source, asked, connection, progress)


def _columns(reading: Reading, *names: str) -> set[str]:
    return raw_columns(
        reading.source, ("occurred_at", *(name for name in (*names, "kind") if name in mapped(reading.source)))
    )


def _rows(reading: Reading, batch: Batch, between: tuple[int, int], *names: str, kind: str) -> exp.Select:
    """The rows of a kind in the span, with these fields and their times."""
    more = ("kind",) if reading.source.kind is None else ()
    rows = reading.rows(batch, (*names, *more), between[0])
    found = exp.select("*").from_(rows.subquery("rows"))
    return found.where(_column("kind").eq(exp.Literal.string(kind))) if more else found


def _boarded(reading: Reading, batch: Batch, between: tuple[int, int], *names: str) -> exp.Select:
    """The rows of boardings."""
    if "action" not in mapped(reading.source):
        return _rows(reading, batch, between, *names, kind=TAP)
    rows = exp.select("*").from_(_rows(reading, batch, between, *names, "action", kind=TAP).subquery("acted"))
    boards = action(_column("action")).isin(*(exp.convert(code) for code in BOARDING))
    return rows.where(boards)


def _distinct(reading: Reading, between: tuple[int, int], side: str, batch: Batch) -> exp.Query:
    rows = _boarded(reading, batch, between, side)
    return exp.select(_column(side)).distinct().from_(rows.subquery("named")).where(legible(_column(side)))


def _taps(reading: Reading, between: tuple[int, int], namespace: str, batch: Batch) -> exp.Query:
    """Of each boarding: its token as a number or NULL, its minute (twice, one more where it is an instant), and the
    numbers of its place and line or NULL.
    """
    there = [side for side in SIDES if side in mapped(reading.source)]
    rows = _boarded(reading, batch, between, "account", *there)
    account = exp.column("account", table="taps", quoted=True)
    hashed = exp.Anonymous(this="hash", expressions=[exp.Literal.string(namespace), account.copy()])
    minute = exp.paren(
        exp.IntDiv(this=exp.column(AT, table="taps", quoted=True), expression=exp.Literal.number(_MINUTE_US))
    )
    zoned = exp.cast(exp.column(ZONED, table="taps", quoted=True), "BIGINT")
    when = exp.Add(this=exp.Mul(this=minute, expression=exp.Literal.number(2)), expression=zoned)
    found = exp.select(
        exp.case().when(legible(account), hashed).as_(_WHO, quoted=True),
        exp.cast(exp.paren(when), "INTEGER").as_(_WHEN, quoted=True),
    ).from_(rows.subquery("taps"))
    for side in SIDES:
        if side not in there:
            found = found.select(exp.cast(exp.null(), "INTEGER").as_(side, quoted=True))
            continue
        numbered = exp.Table(this=exp.to_identifier(_NAMES[side], quoted=True)).as_(f"{side}s")
        same = exp.column(side, table="taps", quoted=True).eq(exp.column("name", table=f"{side}s", quoted=True))
        found = found.join(numbered, on=same, join_type="left")
        found = found.select(exp.column("number", table=f"{side}s", quoted=True).as_(side, quoted=True))
    return found


def _incident_rows(reading: Reading, between: tuple[int, int], there: Sequence[str], batch: Batch) -> exp.Query:
    return _rows(reading, batch, between, *there, kind=INCIDENT)


def _keep_names(connection: duckdb.DuckDBPyConnection, side: str, names: dict[str, int]) -> None:
    schema = {"name": pl.String, "number": pl.Int32}
    frame = pl.DataFrame({"name": list(names), "number": list(names.values())}, schema=schema)
    keep(connection, f'"{_NAMES[side]}"', frame.to_arrow())


# --- what is made of it -------------------------------------------------------------------------------------------


def _part(
    frame: pl.DataFrame, source: Source, clock: ServiceClock
) -> tuple[Words, NDArray[np.bool_], Numbers, Numbers, Numbers]:
    """Tokens, whether there is one, and the numbers of places, lines and cells of boardings."""
    when = frame[_WHEN].to_numpy()
    known = ~frame[_WHO].is_null().to_numpy()
    token = frame[_WHO].fill_null(0).cast(pl.UInt64).to_numpy()
    place, line = (frame[side].fill_null(-1).to_numpy() for side in SIDES)
    if not len(when):
        return token, known, place, line, np.zeros(0, dtype=np.int64)
    # Few minutes, many taps: each minute is told once.
    first = int(when.min())
    every = np.arange(first, int(when.max()) + 1, dtype=np.int64)
    at = _instants(every // 2 * _MINUTE_US, every % 2 == 1, source)
    return token, known, place, line, cell_of(at, clock).astype(np.int8)[when - first]


def _incidents(frame: pl.DataFrame, source: Source, name: str, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    begins = _instants(frame[AT].to_numpy().astype(np.int64), frame[ZONED].to_numpy(), source)
    given: dict[str, pl.Series] = {"begins": pl.Series(begins, dtype=pl.Int64)}
    if "ends_at" in frame.columns:
        given["ends"] = times(frame["ends_at"], timezone=source.timezone, time_unit=source.time_unit).values
    for field, called in (("event_id", "id"), ("place", "place"), ("line", "line")):
        if field in frame.columns:
            value = frame[field]
            legible = (value != "") & ~value.str.contains(NOT_UTF8, literal=True)
            given[called] = pl.select(pl.when(legible).then(value)).to_series() if frame.height else value
    nothing = pl.Series([None] * frame.height)
    columns = {called: given.get(called, nothing).cast(kind) for called, kind in schema.items()}
    return pl.DataFrame({"source": pl.Series([name] * frame.height, dtype=pl.String), **columns})


def _instants(wall: Numbers, zoned: NDArray[np.bool_], source: Source) -> Numbers:
    own = source.timezone
    return wall if own is None else np.where(zoned, wall, zone.to_utc(wall, own))


def counted(
    parts: Iterable[tuple[Words, NDArray[np.bool_], Numbers, Numbers, Numbers]], found: dict[str, dict[str, int]]
) -> Ridership:
    """Names in their order, whatever the order of rows, and the counts of each.

    ``parts``: of boardings the token, whether there is one, and the numbers of place, line (-1: none) and cell;
    ``found``: by side, the number of each name.
    """
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] or [np.zeros(0, dtype=np.int64)] * 5
    token, known, place, line, cell = columns
    cell = cell.astype(np.int64)
    names, numbers = {}, {}
    for side, given in zip(SIDES, (place, line), strict=True):
        names[side] = tuple(sorted(found[side]))
        position = np.empty(len(names[side]) + 1, dtype=np.int64)
        position[-1] = -1
        for at, name in enumerate(names[side]):
            position[found[side][name]] = at
        numbers[side] = position[given]
    rider = _dense(token)
    counts = {
        side: _side(numbers[side] * (HOURS * CLASSES) + cell, numbers[side] >= 0, rider, known.astype(np.bool_))
        for side in SIDES
    }
    both = (numbers["place"] >= 0) & (numbers["line"] >= 0)
    cells = len(names["line"]) * HOURS * CLASSES or 1
    triple = np.sort(numbers["place"][both] * cells + numbers["line"][both] * (HOURS * CLASSES) + cell[both])
    at_place, rest = np.divmod(triple[_changes(triple)], cells)
    at_line, cell = np.divmod(rest, HOURS * CLASSES)
    return Ridership(names, counts, (at_place, at_line, cell))


def _side(place_and_cell: Numbers, named: NDArray[np.bool_], rider: Numbers, known: NDArray[np.bool_]) -> Counts:
    key = place_and_cell[named]
    boardings = np.bincount(key)
    there = np.flatnonzero(boardings)
    # A cell and a rider fit one number; sorted, each rider of a cell is where the number changes.
    pairs = np.sort((key << 32 | rider[named])[known[named]])
    riders = np.bincount(pairs[_changes(pairs)] >> 32, minlength=len(boardings))
    name, cell = np.divmod(there, HOURS * CLASSES)
    return Counts(name, cell, boardings[there], riders[there])


def _dense(token: Words) -> Numbers:
    """The tokens as numbers from 0 up. A join is three times as fast as a binary search."""
    ordered = np.sort(token)
    numbered = pl.DataFrame({"token": ordered[_changes(ordered)]}).with_row_index("number")
    found = pl.DataFrame({"token": token}).join(numbered, on="token", how="left", maintain_order="left")
    return found["number"].cast(pl.Int64).to_numpy()


def _changes(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a value stands for the first time."""
    first = np.ones(len(ordered), dtype=np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return first


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)
