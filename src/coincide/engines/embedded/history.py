"""What a source gave over time, in counts: its files, rows by day, values missing and unreadable, items.

Rows stay in the database: what comes out is grouped by file, by day and by item. No identifier is read but to see
whether it is there. A first look takes the times alone; then the days that are asked for are counted, in the files that
have any of them. What the counts mean is the matter of :mod:`coincide.watch`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import duckdb
import numpy as np
import polars as pl
from sqlglot import exp

from coincide.engines.embedded.database import query, view
from coincide.engines.embedded.load import Progress, Told
from coincide.events import zone
from coincide.events.clock import clock, instant, since, usable
from coincide.events.event import KINDS
from coincide.events.file import FileStamp
from coincide.events.legible import missing, unreadable
from coincide.events.mapping import check, mapped, projection, raw_columns
from coincide.events.source import Batch, SourceReader
from coincide.settings import Source

_TIME = "occurred_at"
_QUARTER_US = 900_000_000
"""What is counted together before days are told: every zone is whole quarters of an hour from UTC."""
_DAY_US = 86_400_000_000
_ITEM = ("item", "category", "title")
"""What the catalog knows an item by."""
_ITEMS = {"kind": pl.String, **dict.fromkeys(_ITEM, pl.String), "recent": pl.Boolean, "lately": pl.Boolean}

BATCH = "coincide batch"
"""View of the batch that is being read."""
_FILE, AT, ZONED = "?file", "?at", "?zoned"
"""Beside the fields of the contract, whose names hold no question mark."""

Day = int
"""Days since 1970 of the local calendar."""


@dataclass(frozen=True)
class FileCount:
    """A file, its columns, its records up to the time of looking, and its first and last time (microseconds, UTC).

    ``bad``: records that cannot be read at all; ``timeless`` and ``garbled``: rows whose time is missing or unreadable.
    """

    path: str
    columns: tuple[str, ...]
    rows: int
    bad: int = 0
    timeless: int = 0
    garbled: int = 0
    oldest: int | None = None
    newest: int | None = None


@dataclass(frozen=True)
class Count:
    """Rows, and how many of them lack a field, or have a value of it that cannot be read."""

    rows: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    unreadable: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Count) -> Count:
        return Count(self.rows + other.rows, _sum(self.missing, other.missing), _sum(self.unreadable, other.unreadable))


@dataclass(frozen=True)
class Asked:
    """The time of looking (microseconds), the zone whose days are counted, and how far back.

    ``recent``: newest days of the source that are compared with the ``past`` days before them; ``lately``: days before
    the time of looking in which rules are to match.
    """

    at_us: int
    zone: str
    recent: int
    past: int
    lately: int

    @property
    def today(self) -> Day:
        """The day of looking, which is not over."""
        return zone.day_of(self.at_us, self.zone)


@dataclass(frozen=True)
class History:
    """What a source gave up to the time of looking.

    ``fields``: those mapped, in contract order. ``days``: rows by day and kind, from the day before ``past`` begins.
    ``items``: rows by kind, item, category and title, whether of the recent days, and whether of late.
    """

    asked: Asked
    fields: tuple[str, ...]
    files: tuple[FileCount, ...]
    newest: int | None
    days: Mapping[Day, Mapping[str, Count]] = field(default_factory=dict)
    items: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={**_ITEMS, "rows": pl.Int64}))

    @property
    def newest_day(self) -> Day | None:
        """The day of the newest event."""
        return None if self.newest is None else zone.day_of(self.newest, self.asked.zone)

    @property
    def rows(self) -> dict[Day, int]:
        """Rows by day, of all kinds."""
        return {day: sum(count.rows for count in kinds.values()) for day, kinds in self.days.items()}

    def counted(self, first: Day, last: Day, kinds: Sequence[str] | None = None) -> Count:
        """The sum over the days from ``first`` to ``last``, of these kinds or of all."""
        chosen = [
            count
            for day, found in self.days.items()
            if first <= day <= last
            for kind, count in found.items()
            if kinds is None or kind in kinds
        ]
        return sum(chosen, Count())


@dataclass(frozen=True)
class Reading:
    """A source that is being read, for what, and by which connection."""

    reader: SourceReader
    source: Source
    asked: Asked
    connection: duckdb.DuckDBPyConnection
    progress: Progress
    texts: dict[Hashable, str] = field(default_factory=dict)
    """Statements that were asked: a log may be a thousand files of one shape."""

    def batches(self, stamps: Sequence[FileStamp], columns: set[str]) -> Iterator[Batch]:
        """The rows of these files."""
        return self.reader.batches(self.connection, stamps, columns)

    def ask(self, batch: Batch, what: Hashable, statement: Callable[[Batch], exp.Query]) -> Iterator[pl.DataFrame]:
        """What a statement over the batch gives; what DuckDB refuses is read by the slower reader.

        ``what`` tells statements over batches of the same columns apart.
        """
        told = Told(self.progress, batch.rows)
        asked = (what, *batch.columns.items())
        if asked not in self.texts:
            self.texts[asked] = statement(batch).sql(dialect="duckdb")
        rows = exp.select(exp.Star(), batch.file.copy().as_(_file_of(batch), quoted=True)).from_(batch.table.copy())
        try:
            view(self.connection, BATCH, rows)
            found = pl.from_arrow(query(self.connection, self.texts[asked], told.share))
        except duckdb.Error:
            if batch.again is None:
                raise
            for slower in batch.again():
                yield from self.ask(slower, what, statement)
            return
        assert isinstance(found, pl.DataFrame)
        told.share(1.0)
        yield found

    def rows(self, batch: Batch, names: Sequence[str], start: int | None = None) -> exp.Select:
        """``FROM`` the rows of the batch with these fields under their names, beside them ``?at`` and ``?zoned``.

        ``?at`` is NULL where there is no usable time. With ``start``, those from then to the time of looking. A query
        in a query: so each time is read once.
        """
        fields = projection(self.source, batch.columns, self.reader.attributes, only={*names, _TIME})
        time = fields[_TIME]
        kind = batch.columns.get(time.name, "VARCHAR")
        clock_ = clock(time, kind, self.source.time_unit)
        read = exp.select(
            *(fields[name].copy().as_(name, quoted=True) for name in names),
            _column(_file_of(batch)).as_(_FILE, quoted=True),
            clock_.at.as_(AT, quoted=True),
            clock_.zoned.as_(ZONED, quoted=True),
        ).from_(exp.Table(this=exp.to_identifier(BATCH, quoted=True)))
        at, zoned = _column(AT), _column(ZONED)
        if start is None:
            kept = exp.case().when(usable(at), at.copy()).as_(AT, quoted=True)
            given = (*(_column(name) for name in (*names, _FILE)), kept, zoned)
            return exp.select(*given).from_(read.subquery("read"))
        coarse = since(time, kind, self.source.time_unit, start)
        read = read if coarse is None else read.where(coarse)
        inside = exp.Between(this=at, low=self.shown(start), high=self.shown(self.asked.at_us))
        return exp.select("*").from_(read.subquery("read")).where(inside)

    def shown(self, at_us: int) -> exp.Expr:
        """An instant as the clock of a row shows it."""
        own = self.source.timezone
        wall = at_us if own is None else int(zone.local(np.array([at_us], dtype=np.int64), own)[0])
        if wall == at_us:
            return exp.Literal.number(at_us)
        zoned = exp.case().when(_column(ZONED), exp.Literal.number(at_us))
        return exp.paren(zoned.else_(exp.Literal.number(wall)))


def history(reading: Reading) -> History:
    """Count a source as it was at the time of looking.

    Raises what is wrong with its files and its mapping (:mod:`coincide.events.errors`).
    """
    source, asked = reading.source, reading.asked
    check(source)
    stamps = reading.reader.files()
    files = _looked(reading, stamps)
    newest = max((file.newest for file in files if file.newest is not None), default=None)
    fields = tuple(mapped(source))
    if newest is None:
        return History(asked, fields, files, None)
    recent = zone.day_of(newest, asked.zone) - asked.recent + 1
    first = min(recent - asked.past, asked.today - asked.lately)
    start = zone.start_of(first, asked.zone)
    chosen = [
        stamp for stamp, file in zip(stamps, files, strict=True) if file.newest is not None and file.newest >= start
    ]
    days, items = _counted(reading, chosen, start, recent)
    return History(asked, fields, files, newest, days, items)


# --- the first look: times alone --------------------------------------------------------------------------


def _looked(reading: Reading, stamps: Sequence[FileStamp]) -> tuple[FileCount, ...]:
    """Every file with its records and its first and last time."""
    records, bad = dict.fromkeys(range(len(stamps)), 0), dict.fromkeys(range(len(stamps)), 0)
    frames: list[pl.DataFrame] = []
    for batch in reading.batches(stamps, raw_columns(reading.source, (_TIME,))):
        for number, rows in zip(batch.indices, batch.counts, strict=True):
            records[number] += rows
        for record in batch.bad:
            bad[record.file] += 1
        frames += reading.ask(batch, "times", partial(_extent, reading))
    found: dict[int, list[tuple[bool, int, int, int | None, int | None]]] = {}
    for number, *rest in pl.concat(frames).iter_rows() if frames else ():
        found.setdefault(number, []).append(tuple(rest))
    return tuple(
        _file(reading, stamp, records[number] + bad[number], bad[number], found.get(number, []))
        for number, stamp in enumerate(stamps)
    )


def _extent(reading: Reading, batch: Batch) -> exp.Query:
    at, value = _column(AT), _column(_TIME)
    past = exp.LTE(this=at.copy(), expression=reading.shown(reading.asked.at_us))
    return (
        exp.select(
            _column(_FILE),
            _column(ZONED),
            _count(missing(value)).as_("timeless"),
            _count(exp.and_(exp.not_(missing(value)), missing(at))).as_("garbled"),
            exp.Filter(this=exp.Min(this=at.copy()), expression=exp.Where(this=past.copy())).as_("oldest"),
            exp.Filter(this=exp.Max(this=at.copy()), expression=exp.Where(this=past.copy())).as_("newest"),
        )
        .from_(reading.rows(batch, (_TIME,)).subquery("rows"))
        .group_by("1", "2")
    )


def _file(
    reading: Reading,
    stamp: FileStamp,
    rows: int,
    bad: int,
    found: Sequence[tuple[bool, int, int, int | None, int | None]],
) -> FileCount:
    own = reading.source.timezone
    oldest = [instant(first, zoned, own) for zoned, _, _, first, _ in found if first is not None]
    newest = [instant(last, zoned, own) for zoned, _, _, _, last in found if last is not None]
    table = reading.source.files is None
    return FileCount(
        stamp.path,
        tuple(reading.reader.columns() if table else reading.reader.columns_of(stamp)),
        rows,
        bad,
        sum(timeless for _, timeless, _, _, _ in found),
        sum(garbled for _, _, garbled, _, _ in found),
        min(oldest, default=None),
        max(newest, default=None),
    )


# --- the days asked for -----------------------------------------------------------------------------------


def _counted(
    reading: Reading, stamps: Sequence[FileStamp], start: int, recent: Day
) -> tuple[dict[Day, dict[str, Count]], pl.DataFrame]:
    names = tuple(name for name in mapped(reading.source) if name != _TIME)
    with_items = any(name in names for name in _ITEM)
    days: list[pl.DataFrame] = []
    items: list[pl.DataFrame] = []
    for batch in reading.batches(stamps, raw_columns(reading.source)) if stamps else ():
        days += reading.ask(batch, "days", partial(_by_quarter, reading, names, start))
        if with_items:
            items += reading.ask(batch, "items", partial(_by_item, reading, start, recent))
    found = pl.concat(items) if items else pl.DataFrame(schema={**_ITEMS, "rows": pl.Int64})
    return _by_day(reading, days, names), found.group_by(*_ITEMS).agg(pl.col("rows").sum())


def _by_quarter(reading: Reading, names: Sequence[str], start: int, batch: Batch) -> exp.Query:
    mapped_to = projection(reading.source, batch.columns, reading.reader.attributes)
    counts = []
    for place, name in enumerate(names):
        # Whether a value can be read depends on the type of its column, and is asked of it under the field's name.
        value, kind = _column(name), _kind_of(mapped_to[name], batch)
        counts.append(_count(missing(value)).as_(f"missing{place}"))
        garbled = unreadable(reading.source, name, value, {name: kind}, reading.reader.attributes)
        counts.append(_count(garbled).as_(f"unreadable{place}"))
    quarter = exp.IntDiv(this=_column(AT), expression=exp.Literal.number(_QUARTER_US))
    return (
        exp.select(
            _kind(reading.source).as_("kind"),
            _column(ZONED).as_("zoned"),
            quarter.as_("quarter"),
            exp.Count(this=exp.Star()).as_("rows"),
            *counts,
        )
        .from_(reading.rows(batch, names, start).subquery("rows"))
        .group_by("1", "2", "3")
    )


def _by_item(reading: Reading, start: int, recent: Day, batch: Batch) -> exp.Query:
    asked = reading.asked
    there = [name for name in _ITEM if name in mapped(reading.source)]

    def later(day: Day) -> exp.Expr:
        return exp.GTE(this=_column(AT), expression=reading.shown(zone.start_of(day, asked.zone)))

    names = (*there, *(("kind",) if reading.source.kind is None else ()))
    return (
        exp.select(
            _kind(reading.source).as_("kind"),
            *(_column(name) if name in there else exp.cast(exp.null(), "VARCHAR").as_(name) for name in _ITEM),
            later(recent).as_("recent"),
            later(asked.today - asked.lately).as_("lately"),
            exp.Count(this=exp.Star()).as_("rows"),
        )
        .from_(reading.rows(batch, names, start).subquery("rows"))
        .group_by("1", "2", "3", "4", "5", "6")
    )


def _kind(source: Source) -> exp.Expr:
    """The kind of a row; one that is none of ours, or missing, is empty."""
    if source.kind is not None:
        return exp.Literal.string(source.kind)
    known = _column("kind").isin(*(exp.Literal.string(name) for name in KINDS))
    return exp.case().when(known, _column("kind")).else_(exp.Literal.string(""))


def _kind_of(value: exp.Expr, batch: Batch) -> str:
    """The DuckDB type of a mapped field; one that is made of several columns, or made text, is text."""
    return batch.columns.get(value.name, "VARCHAR") if isinstance(value, exp.Column) else "VARCHAR"


def _by_day(reading: Reading, frames: Sequence[pl.DataFrame], names: Sequence[str]) -> dict[Day, dict[str, Count]]:
    if not frames:
        return {}
    frame = pl.concat(frames)
    at = frame["quarter"].to_numpy() * _QUARTER_US
    own = reading.source.timezone
    if own is not None:
        at = np.where(frame["zoned"].to_numpy(), at, zone.to_utc(at, own))
    day = pl.Series("day", zone.local(at, reading.asked.zone) // _DAY_US)
    summed = frame.drop("zoned", "quarter").with_columns(day).group_by("day", "kind").sum()
    days: dict[Day, dict[str, Count]] = {}
    for row in summed.sort("day", "kind").iter_rows(named=True):
        days.setdefault(row["day"], {})[row["kind"]] = Count(
            row["rows"],
            {name: row[f"missing{place}"] for place, name in enumerate(names)},
            {name: row[f"unreadable{place}"] for place, name in enumerate(names)},
        )
    return days


def _file_of(batch: Batch) -> str:
    """What the file's number is called beside the raw columns."""
    called = _FILE
    while called.lower() in {column.lower() for column in batch.columns}:
        called += "?"
    return called


def _count(condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition))


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}
