"""There: which taps were at which reported incidents, and which of these say anything.

An incident is an event with a place, or a line, or both, from ``occurred_at`` to ``ends_at``. A tap is there at its
place, or on its line, or both where it names both, from the margin before it begins to the margin after it ends. Pure;
vectorised over all taps and all incidents.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

import numpy as np
import polars as pl

from coincide.detect.kernel.observations import Positions, Truths, spans
from coincide.detect.rows import Rows
from coincide.events import zone as zones
from coincide.events.event import INCIDENT
from coincide.rules.feature import PAST_DAYS
from coincide.rules.plan import Where

_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Incidents:
    """Reported incidents in the order of time, source and id: their rows, and when and where they were.

    ``place``, ``line``: numbers of those that any incident names; -1: it names none. Times in microseconds, both ends
    included.
    """

    row: Positions
    begins: Positions
    ends: Positions
    place: Positions
    line: Positions
    places: tuple[str, ...]
    lines: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.row)

    def chosen(self, truths: Truths) -> Incidents:
        """Some of them."""
        row, begins, ends = self.row[truths], self.begins[truths], self.ends[truths]
        return replace(self, row=row, begins=begins, ends=ends, place=self.place[truths], line=self.line[truths])


@dataclass(frozen=True)
class Taps:
    """Taps at places and on lines that some incident names: their rows, accounts and times, in any order."""

    row: Positions
    account: Positions
    at: Positions
    place: Positions
    line: Positions

    @cached_property
    def by_place(self) -> Sorted:
        """The taps place by place."""
        return Sorted.of(self.place, self.at)

    @cached_property
    def by_line(self) -> Sorted:
        """The taps line by line."""
        return Sorted.of(self.line, self.at)


@dataclass(frozen=True)
class Sorted:
    """Taps sorted by a code and then by time: ``tap`` is where each stands, ``at`` when, ``first`` where codes begin.

    Sorted once for all incidents and all days that these are asked of.
    """

    tap: Positions
    at: Positions
    first: Positions

    @classmethod
    def of(cls, code: Positions, at: Positions) -> Sorted:
        """Those with a code."""
        tap = np.flatnonzero(code >= 0)
        tap = tap[np.lexsort((at[tap], code[tap]))]
        first = np.searchsorted(code[tap], np.arange(int(code.max(initial=-1)) + 2))
        return cls(tap, at[tap], first.astype(np.int64))

    def within(self, code: Positions, low: Positions, high: Positions) -> tuple[Positions, Positions]:
        """Of each span of time, both ends in it, at a code: the number of the span, and the tap."""
        begin, end = np.zeros(len(code), dtype=np.int64), np.zeros(len(code), dtype=np.int64)
        for one in np.unique(code).tolist():
            if one + 1 < len(self.first):
                spans_here = np.flatnonzero(code == one)
                start, stop = self.first[one], self.first[one + 1]
                times = self.at[start:stop]
                begin[spans_here] = start + np.searchsorted(times, low[spans_here], side="left")
                end[spans_here] = start + np.searchsorted(times, high[spans_here], side="right")
        owner, place = spans(begin, end - 1)
        return owner, self.tap[place]


def is_incident(rows: Rows) -> Truths:
    """Which rows are reported incidents."""
    return (rows.frame["kind"] == INCIDENT).fill_null(False).to_numpy()


def incidents(rows: Rows, keep: Truths, at: Where = "both") -> Incidents:
    """The incidents among the rows that a rule keeps. An end that is missing is the beginning.

    ``at``: which of the two is taken of those that name a place and a line.
    """
    row = np.flatnonzero(keep & is_incident(rows))
    frame = (
        rows.frame.select("occurred_at", "source", "event_id", "place", "line", "ends_at")[row]
        .with_columns(pl.Series("~row", row))
        .sort("occurred_at", "source", "event_id")
    )
    begins = frame["occurred_at"].to_numpy().astype(np.int64)
    ends = frame["ends_at"].fill_null(frame["occurred_at"]).to_numpy().astype(np.int64)
    if at == "line":
        frame = frame.with_columns(place=pl.when(pl.col("line").is_null()).then("place"))
    elif at == "place":
        frame = frame.with_columns(line=pl.when(pl.col("place").is_null()).then("line"))
    places, lines = (tuple(sorted(frame[name].drop_nulls().unique().to_list())) for name in ("place", "line"))
    return Incidents(
        frame["~row"].to_numpy().astype(np.int64),
        begins,
        np.maximum(begins, ends),
        _codes(frame["place"], places),
        _codes(frame["line"], lines),
        places,
        lines,
    )


def taps(rows: Rows, keep: Truths, reported: Incidents) -> Taps:
    """The taps that could be at one of the incidents, by place or line."""
    row = np.flatnonzero(keep & ~is_incident(rows))
    place = _codes(rows.frame["place"][row], reported.places)
    line = _codes(rows.frame["line"][row], reported.lines)
    near = (place >= 0) | (line >= 0)
    row = row[near]
    return Taps(row, rows.account[row], rows.at[row], place[near], line[near])


def pairs(seen: Taps, reported: Incidents, margin_us: int) -> tuple[Positions, Positions]:
    """Which tap was at which incident: positions among ``seen`` and among ``reported``."""
    named = reported.line >= 0
    found = [
        _within(seen.by_line, reported.line, reported, np.flatnonzero(named), margin_us),
        _within(seen.by_place, reported.place, reported, np.flatnonzero(~named & (reported.place >= 0)), margin_us),
    ]
    tap, incident = (np.concatenate(parts) for parts in zip(*found, strict=True))
    # Of one that names both, the tap must be at both.
    wanted = reported.place[incident]
    fits = (wanted < 0) | (seen.place[tap] == wanted)
    return tap[fits], incident[fits]


def ordinary(
    seen: Taps, reported: Incidents, tap: Positions, incident: Positions, margin_us: int, usual: Decimal, zone: str
) -> Truths:
    """Of these pairs, those whose account is there on more than ``usual`` percent of the ``PAST_DAYS`` days before."""
    days = _days_there(seen, reported, tap, incident, margin_us, zone)
    return np.asarray(days * 100 > float(usual) * PAST_DAYS, dtype=np.bool_)


def _days_there(
    seen: Taps, reported: Incidents, tap: Positions, incident: Positions, margin_us: int, zone: str
) -> Positions:
    """For each pair, on how many of the days before its account was there at the incident's time of day."""
    if not len(tap):
        return np.zeros(0, dtype=np.int64)
    key = _key(seen.account[tap], incident, len(reported))
    asked = np.unique(key)
    days = np.zeros(len(asked), dtype=np.int64)
    for back in range(1, PAST_DAYS + 1):
        there, then = pairs(seen, shifted(reported, -back, zone), margin_us)
        found = np.unique(_key(seen.account[there], then, len(reported)))
        place = np.searchsorted(asked, found)
        inside = place < len(asked)
        place, found = place[inside], found[inside]
        days[place[asked[place] == found]] += 1
    return days[np.searchsorted(asked, key)]


def shifted(reported: Incidents, days: int | Positions, zone: str) -> Incidents:
    """The same incidents so many local days later: at the same time on the clock, however long the days between."""

    def moved(at: Positions) -> Positions:
        return zones.to_utc(zones.local(at, zone) + days * _DAY_US, zone)

    begins = moved(reported.begins)
    return replace(reported, begins=begins, ends=begins + (reported.ends - reported.begins))


def _key(account: Positions, incident: Positions, count: int) -> Positions:
    return account * count + incident


def _within(
    found: Sorted, named: Positions, reported: Incidents, chosen: Positions, margin_us: int
) -> tuple[Positions, Positions]:
    """Taps with the same code as a chosen incident, inside its time and margin."""
    low, high = reported.begins[chosen] - margin_us, reported.ends[chosen] + margin_us
    owner, tap = found.within(named[chosen], low, high)
    return tap, chosen[owner]


def _codes(column: pl.Series, names: tuple[str, ...]) -> Positions:
    """The number of each value among the sorted names; -1 where it is none of them."""
    table = pl.DataFrame({"name": names, "code": range(len(names))}, schema={"name": pl.String, "code": pl.Int64})
    joined = column.alias("name").to_frame().join(table, on="name", how="left", maintain_order="left")
    return joined["code"].fill_null(-1).to_numpy()
