"""The titles of what is read, each looked at once, and those with a component as a table of the connection."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import polars as pl
from sqlglot import exp

from coincide.catalog.catalog import Catalog
from coincide.detect.select import TAGS, TITLE, TITLES
from coincide.engines.embedded.database import keep, query
from coincide.rules.plan import Plan

_TABLE = {TITLE: pl.String(), TAGS: pl.List(pl.String())}


class TitleTable:
    """What a SELECT joins where rules name components that titles can be."""

    def __init__(self, catalog: Catalog, plans: Sequence[Plan], connection: duckdb.DuckDBPyConnection) -> None:
        self._catalog = catalog
        self._connection = connection
        self._events = {
            kind for plan in plans if not catalog.titled.isdisjoint(plan.tagged or ()) for kind in plan.events
        }
        if self._events:
            self._write()

    def take(self, table: exp.Expr, title: exp.Expr, kind: exp.Expr | str, only: exp.Expr | None) -> None:
        """Look at the titles of a batch that are new, as far as rules look at its rows.

        ``kind``: of all rows, or the expression for it. ``only``: a further condition on rows.
        """
        if not self._events or (isinstance(kind, str) and kind not in self._events):
            return
        asked = exp.select(title.copy().as_(TITLE)).distinct().from_(table.copy())
        if not isinstance(kind, str):
            asked = asked.where(kind.copy().isin(*(exp.Literal.string(name) for name in sorted(self._events))))
        if only is not None:
            asked = asked.where(only)
        titles = pl.Series(values=query(self._connection, asked).column(TITLE), dtype=pl.String)
        if self._catalog.titles.learn(titles):
            self._write()

    def _write(self) -> None:
        tagged = self._catalog.titles
        lists = [sorted(names) for names in tagged.sets]
        sets = pl.DataFrame({"code": range(len(lists)), TAGS: lists}, {"code": pl.UInt32, TAGS: _TABLE[TAGS]})
        rows = tagged.table.join(sets, on="code").select(pl.col("title").alias(TITLE), TAGS)
        keep(self._connection, TITLES, rows.to_arrow())
