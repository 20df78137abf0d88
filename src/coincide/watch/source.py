"""A source over time: its counts against its own past, and what of that is a finding. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from coincide.catalog.catalog import Catalog
from coincide.engines.embedded.history import History
from coincide.errors import Where
from coincide.events import zone
from coincide.settings import Doctor
from coincide.watch.columns import Changed, changed
from coincide.watch.errors import (
    CatalogKnowsLess,
    ColumnsChanged,
    Finding,
    MoreMissing,
    MoreUnreadable,
    SilentSource,
    TooFewRows,
    TooManyRows,
)
from coincide.watch.rhythm import WEEK, Rhythm, rhythm
from coincide.watch.share import Share, fell, grew
from coincide.watch.volume import Unusual, unusual

TIME, RECORD = "occurred_at", "record"
"""Of these it is told by file how many cannot be read: they belong to no day."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ThenAndNow:
    """A share in the weeks before, and in the newest days."""

    before: Share
    now: Share


@dataclass(frozen=True)
class Known:
    """What the catalog knows: of the rows with an item, and of the distinct items themselves.

    Distinct items are told and not judged: in a week there are fewer rare ones than in eight.
    """

    rows: ThenAndNow
    items: ThenAndNow


@dataclass(frozen=True)
class SourceReport:
    """What was found out of a source. ``rhythm`` is ``None`` if it has no event at all."""

    name: str
    history: History
    rhythm: Rhythm | None
    few: tuple[Unusual, ...] = ()
    many: tuple[Unusual, ...] = ()
    missing: Mapping[str, ThenAndNow] = field(default_factory=dict)
    unreadable: Mapping[str, ThenAndNow] = field(default_factory=dict)
    columns: Changed | None = None
    known: Known | None = None

    @property
    def silent(self) -> bool:
        """Whether the source has stopped."""
        return self.rhythm is None or self.rhythm.late


def judge(name: str, history: History, catalog: Catalog | None, limits: Doctor) -> SourceReport:
    """Compare the newest days of a source with the weeks before them."""
    newest = history.newest_day
    if newest is None:
        return SourceReport(name, history, None)
    rows, recent = history.rows, newest - history.asked.recent + 1
    few, many = unusual(rows, recent, newest, weeks=limits.weeks, fewer=limits.fewer_percent, more=limits.more_percent)
    grace = limits.grace.get(name, limits.grace_days)
    found = rhythm(
        [day for day, count in rows.items() if count],
        history.asked.today,
        weeks=limits.weeks,
        grace=grace,
        least=limits.least_days,
    )
    start = zone.start_of(recent, history.asked.zone)
    near = zone.start_of(recent - history.asked.recent, history.asked.zone)
    timed = [(file.newest, file.path, file.columns) for file in history.files if file.newest is not None]
    before, now = history.counted(recent - history.asked.past, recent - 1), history.counted(recent, newest)
    fields = [name for name in history.fields if name != TIME]
    missing = {
        name: ThenAndNow(Share(before.missing.get(name, 0), before.rows), Share(now.missing.get(name, 0), now.rows))
        for name in fields
    }
    unreadable = {
        name: ThenAndNow(
            Share(before.unreadable.get(name, 0), before.rows), Share(now.unreadable.get(name, 0), now.rows)
        )
        for name in fields
    }
    return SourceReport(
        name,
        history,
        found,
        tuple(few),
        tuple(many),
        missing,
        {**unreadable, **_by_file(history, start)},
        changed(timed, start, near),
        None if catalog is None or history.items.is_empty() else _known(history.items, catalog),
    )


def _by_file(history: History, start: int) -> dict[str, ThenAndNow]:
    """Records and times that cannot be read: of the files that reach into the newest days or have no readable time at
    all, against the others."""
    new = [file for file in history.files if file.newest is None or file.newest >= start]
    old = [file for file in history.files if file.newest is not None and file.newest < start]
    return {
        RECORD: ThenAndNow(*(Share(sum(f.bad for f in files), sum(f.rows for f in files)) for files in (old, new))),
        TIME: ThenAndNow(
            *(Share(sum(f.timeless + f.garbled for f in files), sum(f.rows for f in files)) for files in (old, new))
        ),
    }


def _known(items: pl.DataFrame, catalog: Catalog) -> Known | None:
    named = items.filter(pl.any_horizontal(pl.col("item", "category", "title").is_not_null()))
    tagged = named.with_columns(known=catalog.tags(named).codes > 0)
    shares = []
    for recent in (False, True):
        part = tagged.filter(pl.col("recent") == recent)
        distinct = part.select("item", "category", "title", "known").unique()
        shares.append(
            (
                Share(int(part.filter("known")["rows"].sum()), int(part["rows"].sum())),
                Share(int(distinct["known"].sum()), distinct.height),
            )
        )
    (rows_before, items_before), (rows_now, items_now) = shares
    return Known(ThenAndNow(rows_before, rows_now), ThenAndNow(items_before, items_now))


# --- findings ---------------------------------------------------------------------------------------------


def findings(report: SourceReport, limits: Doctor, where: Where | None) -> Iterator[Finding]:
    """What is out of order; that a source is silent comes first."""
    name, zone_ = report.name, report.history.asked.zone
    if report.silent:
        newest = report.history.newest
        yield SilentSource(
            name,
            newest=None if newest is None else moment(newest, zone_),
            gap=gap(report, limits),
            timeless=_timeless(report.history),
            where=where,
        )
    if report.few:
        yield TooFewRows(name, days=[_day(one) for one in report.few], where=where)
    if report.many:
        yield TooManyRows(name, days=[_day(one) for one in report.many], where=where)
    for field_, shares in report.missing.items():
        if grew(shares.before, shares.now, limits.missing_points):
            yield MoreMissing(name, field_, before=percent(shares.before), now=percent(shares.now), where=where)
    for field_, shares in report.unreadable.items():
        if grew(shares.before, shares.now, limits.unreadable_points):
            what = "the record itself" if field_ == RECORD else f"`{field_}`"
            yield MoreUnreadable(name, what, before=percent(shares.before), now=percent(shares.now), where=where)
    if report.columns is not None:
        came, went = report.columns.came, report.columns.went
        yield ColumnsChanged(name, came=came, went=went, file=report.columns.file, where=where)
    if report.known is not None and fell(report.known.rows.before, report.known.rows.now, limits.catalog_percent):
        before, now = percent(report.known.rows.before), percent(report.known.rows.now)
        yield CatalogKnowsLess(name, before=before, now=now, where=where)


def gap(report: SourceReport, limits: Doctor) -> str:
    """How long there has been nothing, beside how long there is nothing at times."""
    if report.rhythm is None:
        return ""
    found = report.rhythm
    if not found.judged:
        return f"{_days(found.missed, '')} without a row, and too little history to know its rhythm"
    return (
        f"{_days(found.missed, 'expected ')} without a row (rows are expected {weekdays(found)}), "
        f"and its longest pause in {limits.weeks} weeks was {found.pause:,}"
    )


def weekdays(found: Rhythm) -> str:
    """The expected days of the week."""
    return (
        "every day"
        if len(found.weekdays) == WEEK
        else "on " + ", ".join(_WEEKDAYS[day] for day in sorted(found.weekdays))
    )


def moment(at_us: int, zone_: str) -> str:
    """An instant on the clocks of a zone, to the minute."""
    return (_EPOCH + timedelta(microseconds=at_us)).astimezone(ZoneInfo(zone_)).isoformat(" ", "minutes")


def iso_day(day: int) -> str:
    """A day as it is written."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def percent(share: Share) -> str:
    """A share and what it is of."""
    shown = f"{share.percent:.1f}" if share.percent >= 0.05 or not share.part else "<0.1"
    return f"{shown} % ({share.part:,} of {share.whole:,})"


def _day(one: Unusual) -> str:
    return f"{_WEEKDAYS[(one.day + 3) % WEEK]} {iso_day(one.day)} ({one.rows:,}, usually {one.usual:,.0f})"


def _days(count: int, kind: str) -> str:
    return f"{count:,} {kind}day{'' if count == 1 else 's'}"


def _timeless(history: History) -> int:
    """Rows without a readable time in files that have hardly others: that is why there seems to be nothing new."""
    lost = [file.timeless + file.garbled for file in history.files if 2 * (file.timeless + file.garbled) > file.rows]
    return sum(lost)
