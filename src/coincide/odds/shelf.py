"""The types of item that made-up rules are made of: which there are, and who bought them.

A type is what the workspace's assortment says an item is; without one, the category that events carry. What is counted
of it is in memory and ends with the question (promise 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import polars as pl

from coincide.catalog import catalog as catalogs
from coincide.catalog.assortment import Assortment
from coincide.detect.detect import kept
from coincide.detect.fit import fit
from coincide.detect.kernel.observations import Positions
from coincide.detect.rows import Rows
from coincide.engines.embedded import activity
from coincide.engines.embedded.activity import Question
from coincide.engines.embedded.load import load
from coincide.engines.embedded.run import prepared
from coincide.odds.hand import placed
from coincide.odds.log import Log
from coincide.odds.population import Population, resolver
from coincide.rules.plan import Combination, Plan, Threshold, Velocity
from coincide.rules.plan import Sequence as Steps

COUNTED = 20_000_000
"""Records up to which everybody's purchases are counted by type; of more, those of a part of the accounts."""
_ANY = "of-any-type"
"""The one component that all wanted items are given while their rows are read."""


@dataclass(frozen=True)
class Shelf:
    """``items``: String ``value`` of the event field ``field`` and ``type``, a number; ``families``: of each number.

    ``buyers`` and ``lines``: of each type, how many bought it and in how many lines; estimates where records are many.
    """

    items: pl.DataFrame
    field: str
    families: pl.Series
    buyers: Positions
    lines: Positions

    def __len__(self) -> int:
        return len(self.families)

    def of(self, values: pl.Series) -> Positions:
        """The type of each value; -1 where it is of none."""
        joined = values.alias("value").to_frame().join(self.items, on="value", how="left", maintain_order="left")
        return joined["type"].cast(pl.Int64).fill_null(-1).to_numpy()


@dataclass(frozen=True)
class Shelved:
    """Rows of chosen types that the rule would keep if they were its components, in the order of their names.

    ``row`` of ``rows``; ``who``, ``at`` and ``times`` as in a hand; ``type``: number of each.
    """

    rows: Rows
    row: Positions
    who: Positions
    at: Positions
    times: Positions
    type: Positions


def shelf(log: Log, plan: Plan, assortment: Assortment | None, connection: duckdb.DuckDBPyConnection) -> Shelf:
    """All types, with who bought them."""
    question = Question(plan, log.task.between)
    if assortment is not None:
        field, named = "item", assortment.frame.rename({"item": "value", "type": "name"})
    else:
        field = "category"
        found = activity.values(log.task.feeds, question, connection, field)
        named = pl.DataFrame({"value": found, "name": found, "family": found})
    types = named.group_by("name").agg(pl.col("family").first()).sort("name").with_row_index("type")
    items = named.join(types.select("name", "type"), on="name").select("value", "type")
    one_in = -(-log.found.read // COUNTED) or 1
    bought = activity.types(log.task.feeds, question, connection, items, field, one_in=one_in)
    resolved = resolver(plan, log.found.actors)(bought)
    counted = resolved.group_by("type").agg(
        pl.struct("namespace", "account").n_unique().alias("buyers"), pl.col("lines").sum()
    )
    counts = types.select("type").join(counted, on="type", how="left", maintain_order="left").fill_null(0)
    families = types["family"].fill_null(types["name"])
    buyers, lines = (counts[name].cast(pl.Int64).to_numpy() * one_in for name in ("buyers", "lines"))
    return Shelf(items, field, families, buyers, lines)


def shelved(
    log: Log,
    plan: Plan,
    shelf: Shelf,
    types: Sequence[int],
    everybody: Population,
    connection: duckdb.DuckDBPyConnection,
) -> Shelved:
    """The rows of these types, selected and judged fit as the rule's own are."""
    task = log.task
    wanted = shelf.items.filter(pl.col("type").is_in(list(types)))
    match = "sku" if shelf.field == "item" else "category"
    catalog = catalogs.of((match, value, _ANY) for value in wanted["value"])
    asked = over(plan, _ANY)
    loaded = load(task.feeds, [asked], catalog, None, connection, task.settings.attributes, lambda _: None, whole=True)
    rows = prepared(loaded.frame, replace(task, catalog=catalog), log.found.actors)
    usable = fit(asked, rows, log.around(asked)).usable
    keep = kept(rows, usable) & np.isin(shelf.of(rows.frame[shelf.field]), list(types))
    row, who, at, times = placed(plan, rows, keep, everybody)
    return Shelved(rows, row, who, at, times, shelf.of(rows.frame[shelf.field][row]))


def over(plan: Plan, component: str) -> Plan:
    """The plan with all its components replaced by one, so that it selects and needs the same of other items."""
    match plan.condition:
        case Combination(of=of):
            least = next((minimum for _, minimum in of if minimum is not None), None)
            return replace(plan, condition=Combination(1, ((component, least),)))
        case Steps():
            return replace(plan, condition=Steps((component, component)))
        case Threshold() | Velocity():
            return replace(plan, components=(component,))
        case _:
            raise ValueError("the rule has no components to deal")
