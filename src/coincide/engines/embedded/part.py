"""Whether a part of a rule's ``where`` held for any row of late: to say what keeps a silent rule silent.

The values that the part reads are taken once each, not the rows, and judged as a scan judges them. A part that reads
whose event it is, or when it was, is not asked: no identity leaves the database, and times are as many as rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import polars as pl
from sqlglot import exp

from coincide.catalog.catalog import Catalog
from coincide.detect.evaluate import Surroundings, evaluate
from coincide.detect.select import tagged, with_titles
from coincide.engines.embedded.history import History, Reading
from coincide.engines.embedded.load import wanted_of
from coincide.engines.embedded.titles import TitleTable
from coincide.events import zone
from coincide.events.batch import Batch
from coincide.events.canonical import canonical
from coincide.events.mapping import AMOUNT, mapped, raw_columns
from coincide.events.text import is_identifier
from coincide.rules.expression import Expression, fields_of
from coincide.rules.plan import Plan
from coincide.settings import Source

MOST = 100_000
"""Combinations of values that are looked at."""
_ITEM = ("item", "category", "title")


def held(
    reading: Reading,
    history: History,
    plan: Plan,
    parts: Sequence[Expression],
    catalog: Catalog,
    around: Surroundings,
) -> list[bool | None]:
    """Of each part, whether it held for any row of late that fits the rule's kinds and components.

    ``None``: it cannot be told. ``history`` is what was counted of the source: files without late rows are left out.
    """
    source, start = reading.source, zone.start_of(reading.asked.today - reading.asked.lately, reading.asked.zone)
    asked = [None if _of_whom_or_when(part) else _names(part, source) for part in parts]
    found: list[bool | None] = [None if names is None else False for names in asked]
    beside = tuple(name for name in ("kind", *_ITEM) if name in mapped(source))
    columns = raw_columns(source, {*beside, "occurred_at", *(name for names in asked if names for name in names)})
    late = {file.path for file in history.files if file.newest is not None and file.newest >= start}
    stamps = [stamp for stamp in reading.reader.files() if stamp.path in late or source.files is None]
    for batch in reading.batches(stamps, columns) if stamps else ():
        for place, names in enumerate(asked):
            if names is None or found[place] is not False:
                continue
            for raw in reading.ask(
                batch, (plan.rule, place), partial(_distinct, reading, plan, names, beside, start, catalog)
            ):
                if raw.height > MOST:
                    found[place] = None
                elif raw.height and _true(parts[place], raw, reading, around):
                    found[place] = True
    return found


def _of_whom_or_when(part: Expression) -> bool:
    return any(is_identifier(name) or name in ("occurred_at", "organisation") for name in fields_of(part))


def _names(part: Expression, source: Source) -> tuple[str, ...]:
    """The mapped fields that a part reads."""
    every, wanted = mapped(source), set(fields_of(part))
    if "amount_minor" in wanted and AMOUNT in every:
        wanted |= {AMOUNT, "currency"}
    return tuple(name for name in every if name in wanted)


def _true(part: Expression, raw: pl.DataFrame, reading: Reading, around: Surroundings) -> bool:
    """Whether the part is true of any of these values."""
    placed = raw.with_columns(file=pl.lit(0), position=pl.lit(0))
    frame = canonical(placed, source=reading.source, attributes=reading.reader.attributes)
    return bool(evaluate(part, frame, around).fill_null(False).any())


def _distinct(
    reading: Reading,
    plan: Plan,
    names: Sequence[str],
    beside: Sequence[str],
    start: int,
    catalog: Catalog,
    batch: Batch,
) -> exp.Query:
    there: dict[str, exp.Expr] = {name: exp.column(name, quoted=True) for name in dict.fromkeys((*names, *beside))}
    values: list[exp.Expr] = [there[name].copy() for name in names]
    statement = exp.select(*(values or [exp.true().as_("nothing")])).distinct()
    statement = statement.from_(reading.rows(batch, tuple(there), start).subquery("rows")).limit(MOST + 1)
    if reading.source.kind is None:
        statement = statement.where(there["kind"].copy().isin(*(exp.Literal.string(kind) for kind in plan.events)))
    if plan.tagged is None:
        return statement
    wanted = wanted_of([plan], catalog, reading.connection)[plan.tagged]
    if wanted.titled and "title" in there:
        # The titles of late rows were looked at when the items were counted.
        TitleTable(catalog, [plan], reading.connection)
        statement = with_titles(statement, there["title"])
    return statement.where(tagged(wanted, there))
