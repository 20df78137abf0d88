"""What ``coincide doctor --history`` shows of sources and rules beside the findings: as a page, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coincide.cli.render import clean
from coincide.watch.heartbeat import Heartbeat
from coincide.watch.look import Look
from coincide.watch.share import Share
from coincide.watch.source import SourceReport, ThenAndNow, iso_day, moment, percent, weekdays
from coincide.watch.volume import Unusual


def page(seen: Look) -> Iterator[str]:
    """The lines for a person: each source, then each rule."""
    for report in seen.sources.values():
        yield from (clean(line) for line in _source(report))
    for beat in seen.rules.values():
        yield clean(_rule(beat))


def document(seen: Look) -> dict[str, Any]:
    """The same for a machine; times are microseconds since 1970 in UTC, days are local days of the source's zone."""
    return {
        "at": seen.at_us,
        "sources": {name: _source_document(report) for name, report in seen.sources.items()},
        "rules": {
            name: {
                "dead": beat.dead,
                "observations": beat.observations,
                "last_day": None if beat.last_day is None else iso_day(beat.last_day),
                "components_unseen": list(beat.unseen),
                "because": list(beat.because),
            }
            for name, beat in seen.rules.items()
        },
    }


def _source(report: SourceReport) -> Iterator[str]:
    history, found = report.history, report.rhythm
    if found is None or history.newest is None:
        yield f"{report.name}: no event up to {moment(history.asked.at_us, history.asked.zone)}"
        return
    newest = moment(history.newest, history.asked.zone)
    if found.judged:
        late = f"{found.missed:,} of these days missed, more than {found.allowed:,} is late"
        rhythm = f"rows are expected {weekdays(found)}; {late}"
    else:
        rhythm = f"too little history to know its rhythm; more than {found.allowed:,} days without a row is late"
    yield f"{report.name}: newest event {newest}; {rhythm}"
    now = history.counted(_recent(report), history.newest_day or 0)
    before = history.counted(_recent(report) - history.asked.past, _recent(report) - 1)
    days = f"{history.asked.recent} days, {before.rows:,} in the {history.asked.past} before them"
    yield f"  rows: {now.rows:,} in the newest {days}"
    yield from _shares("missing", report.missing)
    yield from _shares("unreadable", report.unreadable)
    if report.known is not None:
        yield f"  known to the catalog, of rows: {_then(report.known.rows)}"
        yield f"  known to the catalog, of distinct items: {_then(report.known.items)}"


def _shares(word: str, shares: Mapping[str, ThenAndNow]) -> Iterator[str]:
    """Only of the fields of which there is anything to say."""
    for name, both in shares.items():
        if both.now.part or both.before.part:
            yield f"  {word}: `{name}` {_then(both)}"


def _then(both: ThenAndNow) -> str:
    return f"{percent(both.now)} now, {percent(both.before)} before"


def _rule(beat: Heartbeat) -> str:
    if beat.observations is None:
        said = "not scanned as it is now"
    else:
        said = f"{beat.observations:,} observation{'' if beat.observations == 1 else 's'} of late"
        if beat.last_day is not None:
            said += f", the last on {iso_day(beat.last_day)}"
    if beat.unseen:
        said += f"; no row carries {', '.join(f'`{name}`' for name in beat.unseen)}"
    return f"rule {beat.rule}: {said}"


def _recent(report: SourceReport) -> int:
    newest = report.history.newest_day
    assert newest is not None
    return newest - report.history.asked.recent + 1


def _source_document(report: SourceReport) -> dict[str, Any]:
    history, found = report.history, report.rhythm
    return {
        "zone": history.asked.zone,
        "newest": history.newest,
        "silent": report.silent,
        "rhythm": None
        if found is None
        else {
            "judged": found.judged,
            "weekdays": sorted(found.weekdays),
            "longest_pause": found.pause,
            "missed": found.missed,
            "allowed": found.allowed,
        },
        "files": [
            {
                "path": file.path,
                "rows": file.rows,
                "bad": file.bad,
                "without_time": file.timeless,
                "unreadable_time": file.garbled,
                "oldest": file.oldest,
                "newest": file.newest,
            }
            for file in history.files
        ],
        "days": {iso_day(day): rows for day, rows in sorted(history.rows.items())},
        "too_few": [_unusual(one) for one in report.few],
        "too_many": [_unusual(one) for one in report.many],
        "missing": {name: _both(both) for name, both in report.missing.items()},
        "unreadable": {name: _both(both) for name, both in report.unreadable.items()},
        "columns": None
        if report.columns is None
        else {"came": list(report.columns.came), "went": list(report.columns.went), "file": report.columns.file},
        "catalog": None
        if report.known is None
        else {"rows": _both(report.known.rows), "items": _both(report.known.items)},
    }


def _unusual(one: Unusual) -> dict[str, Any]:
    return {"day": iso_day(one.day), "rows": one.rows, "usual": one.usual}


def _both(both: ThenAndNow) -> dict[str, list[int]]:
    def pair(share: Share) -> list[int]:
        return [share.part, share.whole]

    return {"before": pair(both.before), "now": pair(both.now)}
