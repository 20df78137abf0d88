"""How busy everybody was, and who bought which sort of thing: counted in memory over rows that no rule selects.

What comes out are counts, of one who is looked at each: lines, lines at a time (a trip), lines of a type of item. It
lives as long as the question that it was counted for, and nothing of it reaches a disk (DESIGN, promise 5).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import duckdb
import numpy as np
import polars as pl
from sqlglot import exp

from coincide.engines.embedded.database import keep
from coincide.engines.embedded.history import AT, ZONED, Asked, Reading
from coincide.engines.embedded.load import Feed, Progress
from coincide.events import zone
from coincide.events.batch import Batch
from coincide.events.event import EARLIEST_US, LATEST_US
from coincide.events.mapping import mapped, raw_columns
from coincide.events.text import NOT_UTF8
from coincide.rules.plan import Plan

_TYPES = "coincide types"
WHO = ("namespace", "account")
"""Whose a line is; of a rule by another field, an empty namespace and the field's value."""


@dataclass(frozen=True)
class Question:
    """What is counted: lines of the kinds that ``plan`` looks at, by its ``by``, at times in ``[first, last)``."""

    plan: Plan
    between: tuple[int, int] | None = None

    @property
    def ends(self) -> tuple[int, int]:
        """The first and the last time that count, both included."""
        return (EARLIEST_US, LATEST_US) if self.between is None else (self.between[0], self.between[1] - 1)

    @property
    def field(self) -> str:
        """The field that says whose a line is, before accounts become actors."""
        return "account" if self.plan.by in ("actor", "account") else self.plan.by


def lines(
    feeds: Sequence[Feed],
    question: Question,
    connection: duckdb.DuckDBPyConnection,
    progress: Progress = lambda _: None,
    *,
    trips: bool,
) -> pl.DataFrame:
    """``namespace``, ``account``, ``at`` and ``lines``: one row for each time, microseconds.

    Without ``trips``: ``first``, ``last`` and ``lines``, one row for each of whom they are.
    """
    counted = partial(_lines, trips=trips)
    found = list(_found(feeds, question, connection, counted, ("lines", trips), progress=progress))
    times = ("at",) if trips else ("first", "last")
    schema = {**dict.fromkeys(WHO, pl.String), **dict.fromkeys((*times, "lines"), pl.Int64)}
    every = pl.concat([pl.DataFrame(schema=schema), *(_placed(*one, question).select(*schema) for one in found)])
    if trips:
        return every.group_by(*WHO, "at").agg(pl.col("lines").sum())
    return every.group_by(WHO).agg(pl.col("first").min(), pl.col("last").max(), pl.col("lines").sum())


def types(
    feeds: Sequence[Feed],
    question: Question,
    connection: duckdb.DuckDBPyConnection,
    items: pl.DataFrame,
    field: str,
    *,
    one_in: int = 1,
) -> pl.DataFrame:
    """Who bought which type, and in how many lines: ``namespace``, ``account``, ``type`` (UInt32), ``lines``.

    ``items``: ``value`` of the event field ``field``, and its ``type``. ``one_in``: of so many who are looked at, one
    (by hash), where all would be too many to hold.
    """
    keep(connection, _TYPES, items.select("value", pl.col("type").cast(pl.UInt32)).to_arrow())
    counted = partial(_bought, field=field, one_in=one_in)
    found = list(_found(feeds, question, connection, counted, ("types", field, one_in), field))
    keys = {**dict.fromkeys(WHO, pl.String), "type": pl.UInt32}
    schema = {**keys, "lines": pl.Int64}
    every = pl.concat([pl.DataFrame(schema=schema), *(_placed(*one, question).select(*schema) for one in found)])
    return every.group_by(*keys).agg(pl.col("lines").sum())


def values(feeds: Sequence[Feed], question: Question, connection: duckdb.DuckDBPyConnection, field: str) -> pl.Series:
    """The distinct values of a text field of the events that count, sorted."""
    counted = partial(_values, field=field)
    found = [frame[field] for _, frame in _found(feeds, question, connection, counted, ("values", field), field)]
    return pl.concat([pl.Series(field, [], dtype=pl.String), *found]).drop_nulls().unique().sort()


Counted = Callable[[exp.Select], exp.Query]
"""From the rows that count to what is counted of them."""


def _found(
    feeds: Sequence[Feed],
    question: Question,
    connection: duckdb.DuckDBPyConnection,
    counted: Counted,
    what: Hashable,
    *more: str,
    progress: Progress = lambda _: None,
) -> Iterator[tuple[Feed, pl.DataFrame]]:
    """What is counted of each batch of each feed that has the fields it takes; ``more``: beside those of all."""
    asked = Asked(at_us=question.ends[1], zone="UTC", recent=1, past=1, lately=1)
    for feed in feeds:
        there, kinds = mapped(feed.source), question.plan.events
        if not feed.source.may_hold(*kinds) or not {question.field, *more} <= there.keys():
            continue
        reading = Reading(feed.reader, feed.source, asked, connection, progress)
        kind = ("kind",) if feed.source.kind is None else ()
        columns = raw_columns(feed.source, ("occurred_at", question.field, *kind, *more))

        def statement(batch: Batch, reading: Reading = reading, feed: Feed = feed) -> exp.Query:
            return counted(_rows(feed, reading, question, batch, *more))

        for batch in reading.batches(feed.decided, columns) if feed.decided else ():
            for frame in reading.ask(batch, what, statement):
                yield feed, frame


def _rows(feed: Feed, reading: Reading, question: Question, batch: Batch, *more: str) -> exp.Select:
    """``who``, the fields of ``more`` and the times of the rows that count."""
    kind = ("kind",) if feed.source.kind is None else ()
    rows = reading.rows(batch, tuple(dict.fromkeys((question.field, *kind, *more))), question.ends[0])
    who = exp.column(question.field, quoted=True)
    readable = exp.not_(exp.func("CONTAINS", who.copy(), exp.Literal.string(NOT_UTF8)))
    times = [exp.column(name, quoted=True) for name in (AT, ZONED)]
    others = [exp.column(name, quoted=True) for name in more if name != question.field]
    found = exp.select(who.copy().as_("who", quoted=True), *others, *times).from_(rows.subquery("rows")).where(readable)
    if kind:
        chosen = (exp.Literal.string(name) for name in question.plan.events)
        found = found.where(exp.column("kind", quoted=True).isin(*chosen))
    return found


def _lines(rows: exp.Select, *, trips: bool) -> exp.Query:
    at = exp.column(AT, quoted=True)
    keys = [exp.column(name, quoted=True) for name in (("who", ZONED, AT) if trips else ("who", ZONED))]
    ends = () if trips else (exp.Min(this=at.copy()).as_("first"), exp.Max(this=at.copy()).as_("last"))
    counted = exp.Count(this=exp.Star()).as_("lines")
    found = exp.select(*keys, *ends, counted).from_(rows.subquery("counted"))
    return found.group_by(*(str(n + 1) for n in range(len(keys))))


def _values(rows: exp.Select, *, field: str) -> exp.Query:
    return exp.select(exp.column(field, quoted=True)).distinct().from_(rows.subquery("valued"))


def _bought(rows: exp.Select, *, field: str, one_in: int) -> exp.Query:
    who = exp.column("who", table="bought", quoted=True)
    of_type = exp.Table(this=exp.to_identifier(_TYPES, quoted=True)).as_("types")
    same = exp.column(field, table="bought", quoted=True).eq(exp.column("value", table="types"))
    counted = exp.Count(this=exp.Star()).as_("lines")
    found = exp.select(who.copy(), exp.column("type", table="types"), counted).from_(rows.subquery("bought"))
    found = found.join(of_type, on=same).group_by("1", "2")
    if one_in > 1:
        part = exp.Mod(this=exp.Anonymous(this="hash", expressions=[who.copy()]), expression=exp.Literal.number(one_in))
        found = found.where(exp.paren(part).eq(exp.Literal.number(0)))
    return found


def _placed(feed: Feed, found: pl.DataFrame, question: Question) -> pl.DataFrame:
    """The counts with the names of whose they are, and times of a local clock as instants."""
    namespace = feed.namespace if question.field == "account" else ""
    named = found.rename({"who": "account", AT: "at"}, strict=False).with_columns(namespace=pl.lit(namespace))
    own, times = feed.source.timezone, [name for name in ("at", "first", "last") if name in named.columns]
    if own is None or not times:
        return named
    zoned = named[ZONED].to_numpy()
    instants = [np.where(zoned, named[name].to_numpy(), zone.to_utc(named[name].to_numpy(), own)) for name in times]
    return named.with_columns(pl.Series(name, at, dtype=pl.Int64) for name, at in zip(times, instants, strict=True))
