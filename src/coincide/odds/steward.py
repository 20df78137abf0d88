"""Places in words, for whoever sends stewards: as lines, and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from coincide.detect.base_rate import SENTENCE
from coincide.odds.interval import Shrunk, shrunk
from coincide.odds.places import K, Places, Side, Table

WHY = (
    "Places come first: a steward at a stop is there for everybody, and to send one takes nobody's journeys. No person "
    "was looked at for this."
)
"""Stands above all that is told of places."""


TABLES = ("names", "hours", "cells")
"""What each of a side's tables is of."""
TITLES = {
    "place": ("Stops", "Hours, at all stops", "Stops by hour"),
    "line": ("Lines", "Hours, on all lines", "Lines by hour"),
}


def lines(found: Places, most: int, called: Mapping[str, str]) -> Iterator[str]:
    """All that is told, ``most`` rows a table. ``called``: names of stops, where a network has them."""
    yield WHY
    for side in found.sides.values():
        for title, table in zip(TITLES[side.side], side.tables, strict=True):
            yield ""
            yield title
            for row in _rows(side, table, most, called):
                yield f"  {sentence(side.side, row)}"
                told = advice(side.side, row)
                if told is not None:
                    yield f"    {told}"
            left = table.rows.height - most
            if left > 0:
                yield f"  and {left:,} more: --most {table.rows.height}"
            yield from (f"  {line}" for line in chance(table))
        yield from (f"  {line}" for line in closed(side))
    yield ""
    yield found.riding.says
    for side in found.sides.values():
        for title, odd in zip(TITLES[side.side], side.unusual, strict=True):
            if odd.height:
                yield ""
                yield f"{title}: unusual riding"
                yield from (f"  {ridden(side.side, row)}" for row in named(side.side, odd, most, called))
                if odd.height > most:
                    yield f"  and {odd.height - most:,} more: --most {odd.height}"
        yield from (f"  {line}" for line in untold(side))
    yield ""
    yield from beside(found)


def document(found: Places, most: int, called: Mapping[str, str]) -> dict[str, Any]:
    """The same for a machine."""
    sides = {f"{side.side}s": _document(side, most, called) for side in found.sides.values()}
    return {
        "why": WHY,
        "incidents": found.incidents,
        "nowhere": found.nowhere,
        "hour_guessed": found.long,
        "least_riders": K,
        "unusual_riding": {
            "says": found.riding.says,
            "rule": found.riding.rule,
            "card_days": found.riding.days,
            "compared": found.riding.compared,
        },
        **sides,
        "base_rate": SENTENCE,
    }


def sentence(side: str, row: Mapping[str, Any]) -> str:
    """A row in words: what was reported there, and what as many boardings would let one expect."""
    one = odds(row)
    ratio = f"{one.ratio:.1f} times as many" if one.ratio is not None else "too few to say how many times"
    incidents = "incident" if one.observed == 1 else "incidents"
    told = (
        f"{cell(side, row)}: {one.observed} {incidents}, {_number(one.expected)} expected of the boardings; {ratio} "
        f"({_number(one.low)} to {_number(one.high)})"
    )
    return told if row["unusual"] is None else f"{told}; unusual rides: {row['unusual']}"


def ridden(side: str, row: Mapping[str, Any]) -> str:
    """A row of unusual rides in words."""
    odd, every = row["unusual"], row["boardings"]
    return (
        f"{cell(side, row)}: {odd:,} of {every:,} boardings were on unusual days ({_number(100 * odd / every)} %); "
        f"{_number(row['expected'])} expected of the boardings"
    )


def untold(side: Side) -> list[str]:
    """Unusual rides that are not told."""
    if not side.untold:
        return []
    cells = "stops and hours" if side.side == "place" else "lines and hours"
    return [
        f"At {side.untold:,} {cells} unusual rides are not told: fewer than {K} different riders had them, or rode "
        "there beside them, or these could be worked out."
    ]


def advice(side: str, row: Mapping[str, Any]) -> str | None:
    """Where a steward should go, where incidents are more than boardings explain; else nothing."""
    if row["low"] <= 1:
        return None
    where = "" if row["name"] is None else f" at {row['called']}" if side == "place" else f" on line {row['called']}"
    when = "" if row["hour"] is None else f" from {clock(row)}, {row['days']},"
    return f"A steward{where}{when} would be where more is reported than its riders explain."


def cell(side: str, row: Mapping[str, Any]) -> str:
    """Which stop or line, and when."""
    name = None if row["name"] is None else row["called"] if side == "place" else f"line {row['called']}"
    when = None if row["hour"] is None else f"{row['days']}, {clock(row)}"
    return ", ".join(part for part in (name, when) if part is not None)


def odds(row: Mapping[str, Any]) -> Shrunk:
    """Observed over expected of a row."""
    return shrunk(row["observed"], row["expected"])


def chance(table: Table) -> list[str]:
    """How many rows stand out, and how many would by chance."""
    if not table.count:
        return ["Nothing can be shown."]
    return [
        f"{table.above:,} of {table.count:,} have more incidents than their boardings explain; if boardings explained "
        f"all, {_number(table.by_chance)} would."
    ]


def closed(side: Side) -> list[str]:
    """What is not shown."""
    cells = "stops and hours" if side.side == "place" else "lines and hours"
    lines = []
    if side.few:
        are = "is" if side.beside == 1 else "are"
        beside = f"; nor {are} {side.beside:,} more, from which these could be worked out" if side.beside else ""
        lines.append(f"{side.few:,} {cells} had fewer than {K} different riders and are not shown{beside}.")
    if side.named > side.incidents:
        lines.append(f"{side.named - side.incidents:,} of {side.named:,} incidents were at {cells} that are not shown.")
    return lines


def beside(found: Places) -> Iterator[str]:
    """What holds for stops and lines, the last sentence being how rare is rare."""
    if found.nowhere:
        yield f"{found.nowhere:,} of {found.incidents:,} incidents name neither a stop nor a line."
    if found.long:
        yield f"{found.long:,} of {found.incidents:,} incidents span more than two hours; their middle is taken."
    yield SENTENCE


def named(side: str, rows: pl.DataFrame, most: int, called: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The first rows, with what a stop is called."""
    for row in rows.head(most).iter_rows(named=True):
        name = called.get(row["name"]) if side == "place" else None
        yield {**row, "called": row["name"] if name is None else f"{name} ({row['name']})"}


def _document(side: Side, most: int, called: Mapping[str, str]) -> dict[str, Any]:
    return {
        "boardings": side.boardings,
        "incidents": side.incidents,
        "incidents_not_shown": side.named - side.incidents,
        "closed": side.few,
        "closed_beside": side.beside,
        **{
            name: {
                "count": table.count,
                "above": table.above,
                "above_by_chance": table.by_chance,
                "rows": [_row(side, row) for row in _rows(side, table, most, called)],
            }
            for name, table in zip(TABLES, side.tables, strict=True)
        },
        "unusual_rides": {
            "cells_not_told": side.untold,
            **{
                name: [_ridden_row(side, row) for row in named(side.side, table, most, called)]
                for name, table in zip(TABLES, side.unusual, strict=True)
            },
        },
    }


def _cell(side: Side, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        side.side: row["name"],
        "called": row["called"],
        "days": row["days"],
        "hour": row["hour"],
        "boardings": row["boardings"],
    }


def _ridden_row(side: Side, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_cell(side, row),
        "rides": row["unusual"],
        "expected": row["expected"],
        "says": ridden(side.side, row),
    }


def _row(side: Side, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_cell(side, row),
        "riders_at_least": row["riders"],
        "odds": odds(row).document,
        "unusual_rides": row["unusual"],
        "says": sentence(side.side, row),
        "advice": advice(side.side, row),
    }


def _rows(side: Side, table: Table, most: int, called: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    return named(side.side, table.rows, most, called)


def clock(row: Mapping[str, Any]) -> str:
    """The hour of a row."""
    return f"{row['hour']:02}:00 to {row['hour'] + 1:02}:00"


def _number(number: float) -> str:
    return f"{number:,.1f}" if number >= 1 or number == 0 else f"{number:.2g}"
