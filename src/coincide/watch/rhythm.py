"""The rhythm of a source: on which days rows are to be expected, and whether they have been missing too long.

Days are numbers since 1970-01-01. Expected are days of a weekday on which there were rows at least every second time;
if there is no such weekday, all days. A source is late once more expected days in a row have gone by than its longest
pause and half of that again; the last days before the day of looking are left out, because files come after the fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

WEEK = 7


@dataclass(frozen=True)
class Rhythm:
    """``weekdays``: expected ones, Monday being 0. ``pause``: the longest run of expected days without rows in the
    past. ``missed``: expected days without rows since the newest; ``allowed``: how many may be.

    ``judged``: whether there was enough of a past; if not, every day counts as expected.
    """

    weekdays: frozenset[int]
    pause: int
    missed: int
    allowed: int
    judged: bool

    @property
    def late(self) -> bool:
        """Whether rows have been missing for longer than is usual."""
        return self.missed > self.allowed


def rhythm(days: Collection[int], today: int, *, weeks: int, grace: int, least: int) -> Rhythm:
    """The rhythm of a source that had rows on ``days`` (one at least), none after ``today``, a day that is not over.

    ``weeks`` of the past are looked at; ``grace`` days before ``today`` are never late; with a past of fewer than
    ``least`` days the source is not judged, and only late after that long.
    """
    newest = max(days)
    first = max(min(days), newest - weeks * WEEK + 1)
    past = frozenset(day for day in days if day >= first)
    since = range(newest + 1, today - grace)
    if newest - first + 1 < least:
        return Rhythm(frozenset(range(WEEK)), 0, len(since), least, judged=False)
    usual = frozenset(weekday for weekday in range(WEEK) if _usual(weekday, past, range(first, newest + 1)))
    weekdays = usual or frozenset(range(WEEK))
    pause = longest(day in past for day in range(first, newest + 1) if weekday_of(day) in weekdays)
    missed = sum(weekday_of(day) in weekdays for day in since)
    return Rhythm(weekdays, pause, missed, pause + -(-pause // 2), judged=True)


def weekday_of(day: int) -> int:
    """Monday 0 to Sunday 6; 1970-01-01 was a Thursday."""
    return (day + 3) % WEEK


def longest(there: Iterable[bool]) -> int:
    """The longest run of false ones."""
    best = run = 0
    for one in there:
        run = 0 if one else run + 1
        best = max(best, run)
    return best


def _usual(weekday: int, past: frozenset[int], days: range) -> bool:
    all_of_it = [day for day in days if weekday_of(day) == weekday]
    return 2 * sum(day in past for day in all_of_it) >= len(all_of_it) > 0
