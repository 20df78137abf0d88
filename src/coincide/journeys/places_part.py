"""The parts of the page of places: where incidents gather, and unusual riding, as tables and on a map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coincide.html.chart import Chart
from coincide.html.figure import Cell, Figure, Span, Why
from coincide.html.frame import visible
from coincide.html.part import Part
from coincide.html.table import Table
from coincide.journeys.city import City
from coincide.journeys.sheet import Sheet
from coincide.odds.places import Places, Side
from coincide.odds.steward import TABLES, TITLES, beside, chance, clock, closed, named, odds, untold

MOST = 200
"""Rows of a table on the page, if no more are asked for."""
LABELS = 12
"""Stops with their names on a map, the first ones."""
SMALLEST, LARGEST = 30, 900
"""Square pixels of a circle."""
NO_FEED = "No map: `[network]` of the settings names no feed."


def places_parts(found: Places, city: City | None, most: int = MOST) -> tuple[Part, ...]:
    """The parts; ``city``: ``None`` where the settings name no feed. ``most``: rows of each table."""
    called = {} if city is None else {id_: stop.name for id_, stop in city.stops.items()}
    counts = Part("counts", "What was read", says=list(beside(found)))
    rows: list[tuple[Cell, ...]] = [("incidents", Figure(found.incidents))]
    for side in found.sides.values():
        cells = TITLES[side.side][2].lower()
        rows.append((f"incidents that name a {_one(side)}", Figure(side.named)))
        rows.append((f"of these, in {cells} that are shown", Figure(side.incidents)))
        rows.append((f"boardings in {cells} that are shown", Figure(side.boardings)))
    counts.tables.append(Table("counts-all", "Counts", ("Count", "Value"), tuple(rows)))
    sides = (_incidents(side, city, called, most) for side in found.sides.values())
    return counts, *sides, _riding(found, city, called, most)


def _incidents(side: Side, city: City | None, called: Mapping[str, str], most: int) -> Part:
    part = Part(f"{side.side}s", TITLES[side.side][0])
    if side.side == "place":
        _mapped(part, "incidents", [*named("place", side.names.rows, most, called)], "observed", city)
    for name, title, table in zip(TABLES, TITLES[side.side], side.tables, strict=True):
        heads = (*_heads(side, name), "Boardings", "Incidents", "Expected", "Times as many", "Between", "A steward")
        rows = [(*_where(name, row), *_told(row)) for row in named(side.side, table.rows, most, called)]
        part.says += [f"{title}: {line}" for line in chance(table)]
        if rows:
            part.tables.append(_table(f"{side.side}s-{name}-all", title, name, heads, rows))
    part.says += closed(side)
    return part


def _riding(found: Places, city: City | None, called: Mapping[str, str], most: int) -> Part:
    part = Part("riding", "Unusual riding", says=[found.riding.says])
    if found.riding.ridership is None:
        return part
    for side in found.sides.values():
        if side.side == "place":
            _mapped(part, "riding", [*named("place", side.unusual[0], most, called)], "unusual", city)
        for name, title, table in zip(TABLES, TITLES[side.side], side.unusual, strict=True):
            heads = (*_heads(side, name), "Boardings", "On unusual days", "Share", "Expected")
            rows = [(*_where(name, row), *_ridden(row)) for row in named(side.side, table, most, called)]
            if rows:
                part.tables.append(
                    _table(f"riding-{side.side}s-{name}-all", f"{title}: unusual riding", name, heads, rows)
                )
        part.says += untold(side)
    return part


def _told(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    one = odds(row)
    ratio = Why("too few to say") if one.ratio is None else Figure(one.ratio)
    between = Span(Figure(one.low), Figure(one.high))
    return (
        Figure(row["boardings"]),
        Figure(one.observed),
        Figure(one.expected),
        ratio,
        between,
        "yes" if row["low"] > 1 else "",
    )


def _ridden(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    share = Figure(row["unusual"] / row["boardings"], "share")
    return Figure(row["boardings"]), Figure(row["unusual"]), share, Figure(row["expected"])


def _heads(side: Side, name: str) -> tuple[str, ...]:
    who, when = (_one(side).capitalize(),), ("Days", "Hour")
    return {"names": who, "hours": when, "cells": (*who, *when)}[name]


def _where(name: str, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    who: tuple[Cell, ...] = () if name == "hours" else (row["called"],)
    return who if name == "names" else (*who, row["days"], clock(row))


def _table(id_: str, title: str, name: str, heads: tuple[str, ...], rows: list[tuple[Cell, ...]]) -> Table:
    names = {"names": 1, "hours": 2, "cells": 3}[name]
    return Table(id_, title, heads, tuple(rows), names=names, folded=name == "cells")


def _one(side: Side) -> str:
    return "stop" if side.side == "place" else "line"


# --- the map --------------------------------------------------------------------------------------------------------


def _mapped(part: Part, id_: str, rows: list[dict[str, Any]], count: str, city: City | None) -> None:
    """Adds the map of these stops, or says why there is none."""
    if city is None:
        part.lacks(NO_FEED)
        return
    sheet = Sheet.of(city, [row["name"] for row in rows])
    if sheet is None:
        part.lacks("no map: no stop that is shown has coordinates in the feed")
        return
    part.charts.append(_map(id_, rows, count, sheet))


def _map(id_: str, rows: list[dict[str, Any]], count: str, sheet: Sheet) -> Chart:
    there = [row for row in rows if row["name"] in sheet.here]
    most = max(row[count] for row in there)
    dots = [
        {
            **sheet.at(row["name"]),
            "name": visible(row["called"]) if place < LABELS else "",
            "count": row[count],
            "size": SMALLEST + (LARGEST - SMALLEST) * row[count] / most,
            "above": _above(row, count),
        }
        for place, row in enumerate(there)
    ]
    what = "incidents were reported" if count == "observed" else "rides on unusual days began"
    beyond = "they are more than boardings explain" if count == "observed" else "they are more than expected"
    lost = len(rows) - len(there)
    unknown = f" {Figure(lost).shown} more have no place in the feed." if lost else ""
    width, height = sheet.size
    return Chart(
        f"{id_}-map",
        "On the map",
        f"The {Figure(len(there)).shown} stop{'s' if len(there) != 1 else ''} at which {what}, on the lines of the "
        f"city: the larger a circle, the more; dark where {beyond}. North is up.{unknown}",
        {
            "width": width,
            "height": height,
            "layer": [sheet.lines(), *_circles(dots, sheet), sheet.names(dots)],
        },
        wide=True,
    )


def _circles(dots: list[dict[str, Any]], sheet: Sheet) -> Iterator[dict[str, Any]]:
    """Those that stand out are drawn last, over the others."""
    for above, colour in ((False, "var(--bar)"), (True, "var(--observed)")):
        yield {
            "data": {"values": [dot for dot in dots if dot["above"] is above]},
            "mark": {"type": "circle", "opacity": 0.75, "color": colour},
            "encoding": {
                **sheet.place,
                "size": {"field": "size", "type": "quantitative", "scale": None, "legend": None},
            },
        }


def _above(row: Mapping[str, Any], count: str) -> bool:
    return bool(row["low"] > 1 if count == "observed" else row["unusual"] > row["expected"])
