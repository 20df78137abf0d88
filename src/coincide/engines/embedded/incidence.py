"""Which types of items were bought in which windows of whose: counted in memory over rows that no rule selects.

Windows are fixed: so many days each, side by side from the first day of the log. What comes out has no name and no
date: a window is a number, and nothing tells whose it is or when it was. Accounts are hashed inside the database, so
that no identifier but those that link accounts leaves it; nothing reaches a disk (DESIGN, promise 5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlglot import exp

from coincide.catalog.assortment import Assortment
from coincide.engines.embedded.database import connect, keep, query
from coincide.engines.embedded.history import AT, Asked, Reading
from coincide.engines.embedded.links import gathered
from coincide.engines.embedded.load import Progress
from coincide.engines.workspace import Workspace
from coincide.entities.actors import ACCOUNT, ACTOR, Actors
from coincide.events.batch import Batch
from coincide.events.event import EARLIEST_US, LATEST_US
from coincide.events.mapping import check, mapped, raw_columns
from coincide.events.text import NOT_UTF8

KIND = "purchase"
_DAY_US = 86_400_000_000
_TYPES, _GROUPED = "coincide types", "coincide grouped"
_SCHEMA = {"owner": pl.UInt64, "window": pl.Int64, "type": pl.String}
_ASKED = Asked(at_us=LATEST_US, zone="UTC", recent=1, past=1, lately=1)

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Incidence:
    """A table of windows and types in which a mark says that the type was bought in the window.

    Mark ``i`` is of window ``window[i]`` and type ``type[i]``, each pair once. ``windows``: how many there are with any
    mark at all, numbered from 0. ``owner[w]``: a number for whose window ``w`` is, that means nothing outside.
    ``names`` and ``families`` (or ``None``): of each type, in order of name. ``days``: whole days of the log;
    ``by``: ``item type``, ``category`` or ``item``: what a type is here.
    """

    window: Numbers
    type: Numbers
    owner: Numbers
    names: tuple[str, ...]
    families: tuple[str | None, ...]
    days: int
    by: str

    @property
    def windows(self) -> int:
        """How many windows have a mark."""
        return len(self.owner)


def incidence(
    workspace: Workspace,
    assortment: Assortment | None,
    width: int,
    link: Callable[[pl.DataFrame], Actors] | None,
    progress: Progress = lambda _: None,
) -> Incidence:
    """The purchases of all sources, in windows of ``width`` days, by actor (without ``link``, by account).

    A window that the log ends in is left out. Types are those of the assortment; without it the category, and where no
    source has one, the item. Attempted and refused purchases are none. Raises the errors of ``events`` that name a
    file.
    """
    by, field = _field(workspace, assortment)
    with connect(workspace.settings) as connection:
        readings = [*_readings(workspace, field, connection, progress)]
        first, days = _extent(readings)
        if assortment is not None:
            keep(connection, _TYPES, assortment.frame.select("item", "type").to_arrow())
        frames = [pl.DataFrame(schema=_SCHEMA)]
        for namespace, reading in readings if days >= width else ():
            asked = partial(_marks, reading, namespace, field, assortment is not None, (first, width, days // width))
            for batch in reading.batches(reading.reader.files(), _columns(reading, "account", field)):
                frames += reading.ask(batch, ("marks", namespace), asked)
        marks = pl.concat(frames)
        if link is not None and marks.height:
            marks = _by_actor(marks, link(gathered(workspace, connection)), connection)
    return _numbered(marks.unique(), assortment, days, by)


def _field(workspace: Workspace, assortment: Assortment | None) -> tuple[str, str]:
    """What a type is, and the field of events that tells it."""
    if assortment is not None:
        return "item type", "item"
    there = {name for source in workspace.settings.sources.values() for name in mapped(source)}
    return ("category", "category") if "category" in there else ("item", "item")


def _readings(
    workspace: Workspace, field: str, connection: duckdb.DuckDBPyConnection, progress: Progress
) -> Iterator[tuple[str, Reading]]:
    """The sources that have purchases with this field, each with the namespace of its accounts."""
    for reader, source in workspace.readers_of(KIND):
        check(source)
        if field in mapped(source):
            yield source.namespace(reader.name), Reading(reader, source, _ASKED, connection, progress)


def _extent(readings: Sequence[tuple[str, Reading]]) -> tuple[int, int]:
    """The first day with a purchase, on the clocks of the sources, and how many days there are to the last."""
    ends: list[int] = []
    for _, reading in readings:
        for batch in reading.batches(reading.reader.files(), _columns(reading)):
            for found in reading.ask(batch, "ends", partial(_ends, reading)):
                ends += [day for day in found.row(0) if day is not None]
    return (min(ends), max(ends) - min(ends) + 1) if ends else (0, 0)


def _columns(reading: Reading, *names: str) -> set[str]:
    return raw_columns(reading.source, ("occurred_at", *_conditions(reading), *names))


def _conditions(reading: Reading) -> tuple[str, ...]:
    """The fields that say whether a row is a purchase that was made."""
    there = mapped(reading.source)
    return tuple(name for name in ("kind", "status") if name in there)


def _rows(reading: Reading, batch: Batch, *names: str) -> exp.Select:
    """The rows of purchases, with their times and these fields."""
    fields = tuple(dict.fromkeys((*names, *_conditions(reading))))
    rows = exp.select("*").from_(reading.rows(batch, fields, EARLIEST_US).subquery("rows"))
    if "kind" in fields:
        rows = rows.where(_column("kind").eq(exp.Literal.string(KIND)))
    if "status" in fields:
        rows = rows.where(exp.or_(_column("status").is_(exp.null()), _column("status").eq(_text("completed"))))
    return rows


def _ends(reading: Reading, batch: Batch) -> exp.Query:
    day = _day()
    return exp.select(exp.Min(this=day), exp.Max(this=day.copy())).from_(_rows(reading, batch).subquery("dated"))


def _marks(
    reading: Reading, namespace: str, field: str, typed: bool, windows: tuple[int, int, int], batch: Batch
) -> exp.Query:
    """``owner``, ``window`` and ``type`` of the purchases, each once. ``windows``: first day, width and how many."""
    first, width, count = windows
    since = exp.paren(exp.Sub(this=_day(), expression=_number(first)))
    window = exp.IntDiv(this=since, expression=_number(width))
    rows = _rows(reading, batch, "account", field)
    there = [_legible("account"), _legible(field), exp.LT(this=window.copy(), expression=_number(count))]
    rows = rows.where(*there)
    # As text, whatever the column holds: an account, or an item, is the same in every source that names it.
    account, item = (_as_text(exp.column(name, table="bought", quoted=True)) for name in ("account", field))
    kind: exp.Expr = exp.column("type", table="types", quoted=True) if typed else item.copy()
    found = (
        exp.select(_hashed(_text(namespace), account).as_("owner"))
        .select(exp.cast(_of("bought", window), "BIGINT").as_("window"), kind.as_("type", quoted=True))
        .distinct()
        .from_(rows.subquery("bought"))
    )
    if not typed:
        return found
    of_type = exp.Table(this=exp.to_identifier(_TYPES, quoted=True)).as_("types")
    return found.join(of_type, on=item.eq(exp.column("item", table="types", quoted=True)))


def _by_actor(marks: pl.DataFrame, actors: Actors, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The marks of the accounts of an actor as those of its first account."""
    if not actors.members.height:
        return marks
    keep(connection, _GROUPED, actors.members.select(*ACCOUNT, *ACTOR).to_arrow())
    account, actor = ([_column(name) for name in names] for names in (ACCOUNT, ACTOR))
    grouped = exp.Table(this=exp.to_identifier(_GROUPED, quoted=True))
    asked = exp.select(_hashed(*account).as_("owner"), _hashed(*actor).as_("actor")).from_(grouped)
    named = pl.from_arrow(query(connection, asked))
    assert isinstance(named, pl.DataFrame)
    joined = marks.join(named, on="owner", how="left")
    return joined.select(pl.coalesce("actor", "owner").alias("owner"), "window", "type")


def _numbered(marks: pl.DataFrame, assortment: Assortment | None, days: int, by: str) -> Incidence:
    """Windows and types as numbers. What the numbers are depends on the marks alone, not on the order of rows."""
    names = marks["type"].unique().sort()
    families: dict[str, str | None] = {}
    if assortment is not None:
        families = dict(assortment.frame.select("type", "family").unique().iter_rows())
    windows = marks.select("owner", "window").unique().sort("owner", "window").with_row_index("row")
    types = names.to_frame("type").with_row_index("column")
    placed = marks.join(windows, on=["owner", "window"]).join(types, on="type").sort("row", "column")
    return Incidence(
        window=placed["row"].cast(pl.Int64).to_numpy(),
        type=placed["column"].cast(pl.Int64).to_numpy(),
        owner=windows["owner"].rank("dense").cast(pl.Int64).to_numpy() - 1,
        names=tuple(names.to_list()),
        families=tuple(families.get(name) for name in names),
        days=days,
        by=by,
    )


def _day() -> exp.Expr:
    return exp.IntDiv(this=_column(AT), expression=_number(_DAY_US))


def _of(table: str, expression: exp.Expr) -> exp.Expr:
    """The expression with its columns taken from ``table``."""
    found = expression.copy()
    for column in found.find_all(exp.Column):
        column.set("table", exp.to_identifier(table))
    return found


def _legible(name: str) -> exp.Expr:
    """There, not empty, and text."""
    text = _as_text(_column(name))
    marked = exp.not_(exp.func("CONTAINS", text, _text(NOT_UTF8)))
    return exp.and_(exp.NEQ(this=text.copy(), expression=_text("")), marked)


def _as_text(value: exp.Expr) -> exp.Expr:
    return exp.cast(value, "VARCHAR", dialect="duckdb")


def _hashed(*values: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="hash", expressions=list(values))


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


def _text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)
