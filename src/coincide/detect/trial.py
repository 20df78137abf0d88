"""The tests inside a rule, run by the same kernel as everything else.

The events of a test go the way of rows read from files: they may be quarantined, dropped as copies or silenced.
Quantity 1, status completed, the rule's first kind and one account stand where nothing is given; ids follow the
list, times are UTC. Accounts of one test that share a strong identifier are one actor, as in a workspace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from coincide.catalog.catalog import Catalog
from coincide.detect.detect import Cuts, episodes, hits, kept
from coincide.detect.episode import Episode
from coincide.detect.evaluate import ManagedList, Surroundings, all_of
from coincide.detect.fit import NEVER, fit, reasons
from coincide.detect.rows import Rows
from coincide.entities.link import link
from coincide.events.canonical import DTYPES
from coincide.events.mapping import type_of
from coincide.rules.example import Example, Given
from coincide.rules.plan import Plan
from coincide.settings import Settings

_SOURCE = "test"


@dataclass(frozen=True)
class Trial:
    """How a test of a rule went: what it found, and why events that were given could not be used."""

    example: Example
    found: tuple[Episode, ...]
    refused: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the rule found as many alerts as the test expects, in events that could all be used."""
        return len(self.found) == self.example.alerts and not self.refused


def trial(
    plan: Plan,
    example: Example,
    *,
    kind: str,
    catalog: Catalog,
    lists: Mapping[str, ManagedList],
    settings: Settings,
) -> Trial:
    """Run the rule over the events of one of its tests. ``kind``: of events that name none."""
    rows = _rows(plan, example, kind, catalog, settings)
    # The accounts of a test are nobody's: all of its incidents may be asked about.
    around = Surroundings(plan.zone, lists, all_of)
    fitting = fit(plan, rows, around)
    texts = reasons(rows)
    refused = tuple(
        f"event {number}: {texts[rank]}" for number, rank in enumerate(fitting.reason.tolist(), 1) if rank != NEVER
    )
    found = hits(plan, rows, kept(rows, fitting.usable), around)
    return Trial(example, tuple(episodes(found, rows, Cuts())), refused)


def _rows(plan: Plan, example: Example, kind: str, catalog: Catalog, settings: Settings) -> Rows:
    events = [_event(kind, given, number, len(example.given)) for number, given in enumerate(example.given, 1)]
    names = {
        "file",
        "position",
        "source",
        "namespace",
        "event_id",
        "occurred_at",
        "account",
        "kind",
        "item",
        "category",
        "title",
    }
    names |= plan.reads.union(*(event.keys() for event in events))
    schema = {name: _dtype(name, settings) for name in sorted(names)}
    frame = pl.DataFrame([{name: event.get(name) for name in schema} for event in events], schema=schema)
    by_catalog = catalog.tags(frame)
    named = [frozenset(given.components) for given in example.given]
    sets = [mine or by_catalog.sets[code] for mine, code in zip(named, by_catalog.codes.to_list(), strict=True)]
    tagsets = tuple(dict.fromkeys(sets))
    frame = frame.with_columns(tagset=pl.Series([tagsets.index(one) for one in sets], dtype=pl.UInt32))
    return Rows(link(_edges(frame), settings.entities).resolve(frame), tagsets)


def _event(kind: str, given: Given, number: int, count: int) -> dict[str, Any]:
    ordinary: dict[str, Any] = {
        "kind": kind,
        "status": "completed",
        "quantity": Decimal(1),
        "account": "account",
    }
    return {
        **ordinary,
        **given.fields,
        "occurred_at": given.at_us,
        "event_id": str(number).zfill(len(str(count))),
        "source": _SOURCE,
        "namespace": _SOURCE,
        "file": 0,
        "position": number,
    }


def _dtype(name: str, settings: Settings) -> pl.DataType:
    match name:
        case "file":
            return pl.UInt32()
        case "position":
            return pl.Int64()
        case _:
            return DTYPES[type_of(name, settings.attributes)]


def _edges(frame: pl.DataFrame) -> pl.DataFrame:
    def pairs() -> Iterator[pl.DataFrame]:
        for name in frame.columns:
            if name.startswith("link."):
                kind = pl.lit(name.removeprefix("link.")).alias("kind")
                yield frame.select("namespace", "account", kind, pl.col(name).alias("identifier"))

    names = ("namespace", "account", "kind", "identifier")
    return pl.concat([pl.DataFrame(schema=dict.fromkeys(names, pl.String)), *pairs()])
