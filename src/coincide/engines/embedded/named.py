"""Which stops and lines the taps of a workspace name, and which of them its network knows. Counts alone, of no card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import polars as pl
from sqlglot import exp

from coincide.engines.embedded.database import connect
from coincide.engines.embedded.history import Asked, Reading
from coincide.engines.embedded.load import Progress
from coincide.engines.workspace import Workspace
from coincide.events.batch import Batch
from coincide.events.event import LATEST_US, TAP
from coincide.events.mapping import check, mapped, raw_columns
from coincide.network.network import Network

FIELDS = ("place", "line")
_ASKED = Asked(at_us=LATEST_US, zone="UTC", recent=1, past=1, lately=1)


@dataclass(frozen=True)
class Named:
    """One field of one source: ``taps`` altogether, those that are ``missing`` a value, ``known`` distinct values that
    the network has, and ``unknown`` ones with their taps, those of the most taps first.
    """

    source: str
    field: str
    taps: int
    missing: int
    known: int
    unknown: tuple[tuple[str, int], ...]

    @property
    def taps_unknown(self) -> int:
        """Taps that name what the network does not have."""
        return sum(taps for _, taps in self.unknown)


def named(workspace: Workspace, progress: Progress = lambda _: None) -> list[Named]:
    """What the taps of each source name, by source and field; nothing without a network."""
    loaded = workspace.network
    if loaded is None:
        return []
    return list(_named(workspace, loaded.network, progress))


def _named(workspace: Workspace, network: Network, progress: Progress) -> Iterator[Named]:
    with connect(workspace.settings) as connection:
        for reader, source in workspace.readers_of(TAP):
            check(source)
            reading = Reading(reader, source, _ASKED, connection, progress)
            for field in FIELDS:
                if field in mapped(source):
                    counted = _counted(reading, field)
                    codes = network.stop_codes if field == "place" else network.line_codes
                    yield _told(reader.name, field, counted.with_columns(code=pl.Series(codes(counted["value"]))))


def _counted(reading: Reading, field: str) -> pl.DataFrame:
    """``value`` and ``taps`` of each distinct value."""
    kind = ("kind",) if reading.source.kind is None else ()
    found = [pl.DataFrame(schema={"value": pl.String, "taps": pl.Int64})]
    for batch in reading.batches(reading.reader.files(), raw_columns(reading.source, ("occurred_at", field, *kind))):
        found += reading.ask(batch, field, partial(_by_value, reading, field, kind))
    return pl.concat(found).group_by("value").agg(pl.col("taps").sum())


def _by_value(reading: Reading, field: str, kind: tuple[str, ...], batch: Batch) -> exp.Query:
    statement = (
        exp.select(exp.column(field, quoted=True).as_("value"), exp.Count(this=exp.Star()).as_("taps"))
        .from_(reading.rows(batch, (field, *kind)).subquery("rows"))
        .group_by("1")
    )
    return statement.where(exp.column("kind", quoted=True).eq(exp.Literal.string(TAP))) if kind else statement


def _told(source: str, field: str, counted: pl.DataFrame) -> Named:
    missing = counted.filter(pl.col("value").is_null())
    there = counted.filter(pl.col("value").is_not_null())
    unknown = there.filter(pl.col("code") < 0).sort("taps", "value", descending=[True, False])
    return Named(
        source,
        field,
        int(counted["taps"].sum()),
        int(missing["taps"].sum()),
        int((there["code"] >= 0).sum()),
        tuple(unknown.select("value", "taps").iter_rows()),
    )
