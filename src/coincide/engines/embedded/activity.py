"""How busy everybody was, and who bought which sort of thing: counted in memory over rows that no rule selects.

What comes out are counts, of one who is looked at each: lines, lines at a time (a trip), lines of a type of item. It
lives as long as the question that it was counted for, and nothing of it reaches a disk (DESIGN, promise 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """``namespace``, ``account`` and ``lines``; with ``trips`` also ``at``, microseconds, one row for each time."""
    whole = ("lines", "at") if trips else ("lines",)
    frames = [pl.DataFrame(schema={**dict.fromkeys(WHO, pl.String), **dict.fromkeys(whole, pl.Int64)})]
    for feed, reading in _readings(feeds, question, connection, progress):
        for batch in reading.batches(feed.decided, _columns(feed, question)):
            for found in reading.ask(batch, ("lines", trips), partial(_lines, feed, reading, question, trips)):
                frames.append(_placed(found, feed, question, trips=trips).select(*WHO, *whole))
    keys = [*WHO, "at"] if trips else [*WHO]
    return pl.concat(frames).group_by(keys).agg(pl.col("lines").sum())


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
    schema = {**dict.fromkeys(WHO, pl.String), "type": pl.UInt32, "lines": pl.Int64}
    frames = [pl.DataFrame(schema=schema)]
    keep(connection, _TYPES, items.select("value", pl.col("type").cast(pl.UInt32)).to_arrow())
    for feed, reading in _readings(feeds, question, connection, lambda _: None):
        if field not in mapped(feed.source):
            continue
        for batch in reading.batches(feed.decided, _columns(feed, question, field)):
            asked = partial(_bought, feed, reading, question, field, one_in)
            for found in reading.ask(batch, ("types", field, one_in), asked):
                frames.append(_placed(found, feed, question, trips=False).select(schema.keys()))
    return pl.concat(frames).group_by(*WHO, "type").agg(pl.col("lines").sum())


def values(
    feeds: Sequence[Feed], question: Question, connection: duckdb.DuckDBPyConnection, field: str
) -> pl.Series:
    """The distinct values of a text field of the events that count, sorted."""
    found = [pl.Series(field, [], dtype=pl.String)]
    for feed, reading in _readings(feeds, question, connection, lambda _: None):
        if field not in mapped(feed.source):
            continue
        for batch in reading.batches(feed.decided, _columns(feed, question, field)):
            for frame in reading.ask(batch, ("values", field), partial(_values, feed, reading, question, field)):
                found.append(frame[field])
    return pl.concat(found).drop_nulls().unique().sort()


def _readings(
    feeds: Sequence[Feed], question: Question, connection: duckdb.DuckDBPyConnection, progress: Progress
) -> Iterator[tuple[Feed, Reading]]:
    asked = Asked(at_us=question.ends[1], zone="UTC", recent=1, past=1, lately=1)
    for feed in feeds:
        there = mapped(feed.source)
        looked_at = feed.source.kind is None or feed.source.kind in question.plan.events
        if looked_at and question.field in there and feed.decided:
            yield feed, Reading(feed.reader, feed.source, asked, connection, progress)


def _columns(feed: Feed, question: Question, *more: str) -> set[str]:
    kind = ("kind",) if feed.source.kind is None else ()
    return raw_columns(feed.source, ("occurred_at", question.field, *kind, *more))


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


def _lines(feed: Feed, reading: Reading, question: Question, trips: bool, batch: Batch) -> exp.Query:
    keys = [exp.column("who", quoted=True)]
    if trips:
        keys += [exp.column(AT, quoted=True), exp.column(ZONED, quoted=True)]
    counted = exp.Count(this=exp.Star()).as_("lines")
    rows = _rows(feed, reading, question, batch)
    return exp.select(*keys, counted).from_(rows.subquery("counted")).group_by(*(str(n + 1) for n in range(len(keys))))


def _values(feed: Feed, reading: Reading, question: Question, field: str, batch: Batch) -> exp.Query:
    rows = _rows(feed, reading, question, batch, field).subquery("valued")
    return exp.select(exp.column(field, quoted=True)).distinct().from_(rows)


def _bought(
    feed: Feed, reading: Reading, question: Question, field: str, one_in: int, batch: Batch
) -> exp.Query:
    rows = _rows(feed, reading, question, batch, field).subquery("bought")
    who = exp.column("who", table="bought", quoted=True)
    of_type = exp.Table(this=exp.to_identifier(_TYPES, quoted=True)).as_("types")
    same = exp.column(field, table="bought", quoted=True).eq(exp.column("value", table="types"))
    counted = exp.Count(this=exp.Star()).as_("lines")
    found = exp.select(who.copy(), exp.column("type", table="types"), counted).from_(rows).join(of_type, on=same)
    found = found.group_by("1", "2")
    if one_in > 1:
        part = exp.Mod(this=exp.Anonymous(this="hash", expressions=[who.copy()]), expression=exp.Literal.number(one_in))
        found = found.where(exp.paren(part).eq(exp.Literal.number(0)))
    return found


def _placed(found: pl.DataFrame, feed: Feed, question: Question, *, trips: bool) -> pl.DataFrame:
    """The counts with the names of whose they are; with ``trips``, times of a local clock as instants."""
    namespace = feed.namespace if question.field == "account" else ""
    named = found.rename({"who": "account"}).with_columns(namespace=pl.lit(namespace))
    if not trips:
        return named
    at, own = named[AT].to_numpy(), feed.source.timezone
    if own is not None:
        at = np.where(named[ZONED].to_numpy(), at, zone.to_utc(at, own))
    return named.with_columns(pl.Series("at", at, dtype=pl.Int64))
