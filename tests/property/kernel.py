"""The meaning alone: ``coincide.detect`` over rows that the judge has read, without files, DuckDB or linking.

Quick enough for many examples, and what differs here is the kernel's doing and not that of reading or linking.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl

from coincide.alerts.granted import granted
from coincide.catalog import catalog as catalogs
from coincide.catalog.managed_list import ManagedList
from coincide.detect.attendance import attendance
from coincide.detect.detect import Cuts, episodes, hits, kept
from coincide.detect.episode import Episode
from coincide.detect.evaluate import Surroundings
from coincide.detect.fit import NEVER, fit, reasons
from coincide.detect.rows import Rows
from coincide.events.event import EventName
from coincide.requests.request import Act, Asked, Request, Span
from coincide.rules.load import Context, load_text
from coincide.rules.plan import Presence
from coincide.settings import Attribute, Boundaries, Journeys
from property.agreement import Found
from property.workspace import anywhere, rule_text, service_day
from reference.actor import actors
from reference.event import FIELDS, Event, read
from reference.world import Bad, World

_TYPES: dict[str, Any] = {
    "text": pl.String(),
    "number": pl.Decimal(38, 9),
    "whole": pl.Int64(),
    "coordinate": pl.Decimal(38, 17),
    "time": pl.Int64(),
}


def run_kernel(world: World) -> Found:
    """What ``detect`` makes of the readable records of a world; broken records are counted as the judge does."""
    events = events_of(world)
    broken = sum(isinstance(row, Bad) for source in world.sources.values() for row in source.rows)
    rows, lists = rows_of(world, events), lists_of(world)
    reason = np.full(len(rows), NEVER, dtype=np.int16)
    accepted, selected = np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.bool_)
    alerts: list[dict[str, Any]] = []
    observations, counts = {}, {}
    said: dict[tuple[str, tuple[str, str], int], str] = {}
    for rule in world.rules:
        if rule.status not in ("live", "shadow"):
            continue
        (loaded,) = load_text(rule_text(rule), context=context(world))
        around = Surroundings(loaded.plan.zone, lists, granted(requests_of(world)))
        fitting = fit(loaded.plan, rows, around)
        keep = kept(rows, fitting.usable)
        np.minimum(reason, fitting.reason, out=reason)
        accepted |= keep
        selected |= fitting.usable
        observations[rule.id] = int(keep.sum())
        if isinstance(loaded.plan.condition, Presence):
            counts[rule.id] = list(attendance(loaded.plan, loaded.plan.condition, rows, keep, around).accounts)
        made = episodes(hits(loaded.plan, rows, keep, around), rows, Cuts())
        alerts += [told(episode) for episode in made]
        said |= {(rule.id, episode.actor, episode.first_at): episode.because for episode in made}
    refused = reason != NEVER
    texts = reasons(rows)
    return {
        "rows": {
            "read": len(events) + broken,
            "unmatched": int((~selected & ~refused).sum()),
            "accepted": int((accepted & ~refused).sum()),
            "duplicates": int((selected & ~accepted & ~refused).sum()),
            "quarantined": int(refused.sum()) + broken,
        },
        "quarantined": sorted(
            (events[row].source, events[row].number, texts[reason[row]]) for row in np.flatnonzero(refused).tolist()
        ),
        "observations": observations,
        "alerts": alerts,
        "attendance": counts,
        "because": said,
    }


def requests_of(world: World) -> list[Request]:
    """What the world says to be covered, as requests that two people made."""
    act = Act("kim", "kim", 0)
    return [
        Request(
            number,
            Asked("authority", "7/25", "theft", "a law", tuple(places), tuple(lines), tuple(map(Span._make, spans))),
            act,
            2**62,
            "confirmed",
            act,
        )
        for number, (places, lines, spans) in enumerate(world.covered, 1)
    ]


def events_of(world: World) -> list[Event]:
    """The records that can be read."""
    return [
        read(name, source, number, row, world.attributes)
        for name, source in world.sources.items()
        for number, row in enumerate(source.rows)
        if not isinstance(row, Bad)
    ]


def rows_of(world: World, events: list[Event]) -> Rows:
    """The rows of these events with their component tags and actors."""
    frame = _frame(world, events)
    tags = catalogs.of(world.catalog).tags(frame)
    return Rows(frame.with_columns(tags.codes.alias("tagset")), tags.sets)


def lists_of(world: World) -> dict[str, ManagedList]:
    """The managed lists of a world."""
    return {name: _managed(name, entries) for name, entries in world.lists.items()}


def told(episode: Episode) -> dict[str, Any]:
    """An episode in the form of ``agreement``, identifiers as given."""

    def name(event: EventName) -> tuple[Any, ...]:
        return (event.occurred_at, event.source, event.event_id, event.account)

    return {
        "rule": episode.rule,
        "actor": episode.actor,
        "started_by": name(episode.started_by),
        "ended_by": name(episode.ended_by),
        "hits": episode.hits,
        "silenced": episode.silenced,
        "counted": episode.counted,
        "one_account": episode.one_account,
        "evidence": sorted(map(name, episode.evidence)),
        "latest_evidence": sorted(map(name, episode.latest_evidence)),
    }


def context(world: World) -> Context:
    """What the rules of a world are checked against."""
    reviewed = {"reviewed_by": "data protection officer", "reviewed_on": date(2025, 1, 1)}
    begins = service_day(world.rules)
    return Context(
        boundaries=Boundaries(purpose="a test", law="none", dpia="none") if anywhere(world.rules) else None,
        journeys=Journeys() if begins is None else Journeys(service_day=begins),
        attributes={
            name: Attribute.model_validate({"type": type_, **reviewed}) for name, type_ in world.attributes.items()
        },
    )


def _frame(world: World, events: list[Event]) -> pl.DataFrame:
    """The canonical frame with the columns of bookkeeping."""
    named = actors(world, events)
    types = {name: _TYPES[type_] for name, type_ in FIELDS.items()}
    kinds = {kind for source in world.sources.values() for kind in source.links} | {"card"}
    types |= {f"link.{kind}": _TYPES["text"] for kind in kinds}
    types |= {f"attributes.{name}": _TYPES[type_] for name, type_ in world.attributes.items()}
    columns: list[pl.Series] = []
    for name, type_ in types.items():
        # A field that no source maps is missing everywhere.
        values = [_canonical(event.values.get(name), type_) for event in events]
        columns.append(pl.Series(name, values, dtype=type_))
        unreadable = [name in event.unreadable for event in events]
        if any(unreadable):
            columns.append(pl.Series(f"!{name}", unreadable))
    owners = [named.get((event.namespace, str(event.values.get("account"))), (None, None)) for event in events]
    return pl.DataFrame(columns).with_columns(
        pl.Series("file", [0] * len(events), dtype=pl.UInt32),
        pl.Series("position", [event.number for event in events], dtype=pl.Int64),
        pl.Series("source", [event.source for event in events], dtype=pl.String),
        pl.Series("namespace", [event.namespace for event in events], dtype=pl.String),
        pl.Series("actor_namespace", [owner[0] for owner in owners], dtype=pl.String),
        pl.Series("actor_account", [owner[1] for owner in owners], dtype=pl.String),
    )


def _canonical(value: Any, type_: Any) -> Any:
    if isinstance(value, Fraction):
        return int(value) if type_ == pl.Int64() else Decimal(value.numerator) / Decimal(value.denominator)
    return value


def _managed(name: str, entries: list[tuple[str, str | None, str | None]]) -> ManagedList:
    def midnight(day: str | None, otherwise: int) -> int:
        return otherwise if day is None else (date.fromisoformat(day) - date(1970, 1, 1)).days * 86_400_000_000

    table = [(value, midnight(start, -(2**63)), midnight(end, 2**63 - 1)) for value, start, end in entries]
    schema = {"value": pl.String, "from": pl.Int64, "until": pl.Int64}
    return ManagedList(name, pl.DataFrame(table, schema=schema, orient="row"), "")
