"""Whether a part of a rule's ``where`` held for any row of late: to say what keeps a silent rule silent.

The values that the part reads are taken once each, not the rows, and judged as a scan judges them. A part that reads
whose event it is, or when it was, is not asked: no identity leaves the database, and times are as many as rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sqlglot import exp

from coincide.catalog.catalog import Catalog
from coincide.detect.evaluate import Surroundings, evaluate
from coincide.detect.select import tagged
from coincide.engines.embedded.history import Reading
from coincide.engines.embedded.load import wanted_of
from coincide.events import zone
from coincide.events.batch import Batch
from coincide.events.canonical import canonical
from coincide.events.mapping import AMOUNT, mapped, raw_columns
from coincide.events.text import is_identifier
from coincide.rules.expression import Expression, fields_of
from coincide.rules.plan import Plan

MOST = 100_000
"""Combinations of values that are looked at."""
_ITEM = ("item", "category")


def held(reading: Reading, plan: Plan, part: Expression, catalog: Catalog, around: Surroundings) -> bool | None:
    """Whether ``part`` held for any row that fits the rule's kinds and components; ``None`` if that cannot be told."""
    asked = fields_of(part)
    if any(is_identifier(name) or name in ("occurred_at", "organisation") for name in asked):
        return None
    every = mapped(reading.source)
    names = [name for name in every if name in asked]
    if "amount_minor" in asked and AMOUNT in every:
        names += [name for name in (AMOUNT, "currency") if name not in names]
    beside = [name for name in ("kind", *_ITEM) if name in every and name not in names]
    start = zone.start_of(reading.asked.today - reading.asked.lately, reading.asked.zone)
    columns = raw_columns(reading.source, (*names, *beside, "occurred_at"))
    attributes = reading.reader.attributes
    for batch in reading.batches(reading.reader.files(), columns):
        for raw in reading.ask(batch, lambda batch: _distinct(reading, batch, plan, names, beside, start, catalog)):
            if raw.height > MOST:
                return None
            frame = canonical(
                raw.with_columns(file=pl.lit(0), position=pl.lit(0)), source=reading.source, attributes=attributes
            )
            if frame.height and evaluate(part, frame, around).fill_null(False).any():
                return True
    return False


def _distinct(
    reading: Reading,
    batch: Batch,
    plan: Plan,
    names: Sequence[str],
    beside: Sequence[str],
    start: int,
    catalog: Catalog,
) -> exp.Query:
    there = {name: exp.column(name, quoted=True) for name in (*names, *beside)}
    values: list[exp.Expr] = [there[name].copy() for name in names]
    statement = exp.select(*(values or [exp.true().as_("nothing")])).distinct()
    statement = statement.from_(reading.rows(batch, (*names, *beside), start).subquery("rows")).limit(MOST + 1)
    if reading.source.kind is None:
        statement = statement.where(there["kind"].copy().isin(*(exp.Literal.string(kind) for kind in plan.events)))
    if plan.tagged is None:
        return statement
    return statement.where(tagged(wanted_of([plan], catalog, reading.connection)[plan.tagged], there))
