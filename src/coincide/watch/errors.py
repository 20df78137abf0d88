"""What watching finds: each a sentence, where it is set, and what to do. They are shown, not raised."""

from __future__ import annotations

from collections.abc import Sequence

from coincide.errors import CoincideError, Where

SHOWN = 7
"""Days, columns and rules that one sentence names."""


class Finding(CoincideError):
    """The root of what ``coincide doctor --history`` finds."""

    exit_status = 1


class SilentSource(Finding):
    """A source has given no event for longer than its own rhythm explains: rules see nothing of it.

    This is the commonest way in which detection dies, so it is said first. Rhythm: the weekdays on which the source had
    rows at least every second time in the last weeks; it is late when more of such days in a row have gone by without
    any than in its longest pause and half of that again. A source with too little history is late after
    `doctor.least_days`. Look at the export, at its files and their names (`files`), and at rows whose time cannot be
    read. If the source delivers late by nature, say so in `[doctor.grace]`.
    """

    code = "COI-W001"

    def __init__(self, source: str, *, newest: str | None, gap: str, timeless: int, where: Where | None) -> None:
        since = f"since {newest}: {gap}" if newest is not None else "at all"
        lost = f"; {_rows(timeless)} no time that can be read" if timeless else ""
        super().__init__(
            f"SILENT: `{source}` has given no event {since}{lost}. What happens there is not looked at by any rule",
            where=where,
            hint="look at the export and its files; if it is late by nature, set `[doctor.grace]`",
        )


class TooFewRows(Finding):
    """A source had days with no rows, or far fewer than that weekday had in the weeks before.

    Compared is with the median of the same weekday; half of it or less (`doctor.fewer_percent`) is a finding where
    chance would hardly do it. Mostly a part of the export is missing: a shop, a file, the hours after a restart.
    """

    code = "COI-W002"

    def __init__(self, source: str, *, days: Sequence[str], where: Where | None) -> None:
        super().__init__(
            f"`{source}` had too few rows on {_some(days)}",
            where=where,
            hint="look whether a part of the export is missing; deliver the days again",
        )


class TooManyRows(Finding):
    """A source had days with far more rows than that weekday had in the weeks before.

    Twice the median of the same weekday or more (`doctor.more_percent`). It may be a real rush. If it is none, mostly
    days were exported twice under other ids, or another kind of rows came into the export.
    """

    code = "COI-W003"

    def __init__(self, source: str, *, days: Sequence[str], where: Where | None) -> None:
        super().__init__(
            f"`{source}` had too many rows on {_some(days)}",
            where=where,
            hint="if it was no rush, look whether days were exported twice",
        )


class MoreMissing(Finding):
    """A mapped column is missing in many more rows than in the weeks before (`doctor.missing_points`).

    A rule that reads the field sees NULL there: its `where` is unknown, its sum counts nothing. Ask who changed the
    export.
    """

    code = "COI-W004"

    def __init__(self, source: str, field: str, *, before: str, now: str, where: Where | None) -> None:
        super().__init__(
            f"`{field}` of `{source}` is missing in {now} of the newest rows, {before} before",
            where=where,
            hint="ask what changed in the export, or map the column that has the values now",
        )


class MoreUnreadable(Finding):
    """More values of a column, more times or more records cannot be read than before (`doctor.unreadable_points`).

    Rows that a rule selects and cannot use go to quarantine. Mostly a format changed: a comma for a point, another
    encoding, times without a zone. Rows without a readable time belong to no day, so they are counted by file: those of
    the newest files against the others.
    """

    code = "COI-W005"

    def __init__(self, source: str, what: str, *, before: str, now: str, where: Where | None) -> None:
        super().__init__(
            f"{what} of `{source}` cannot be read in {now} of the newest rows, {before} before",
            where=where,
            hint="look at the newest file; `coincide doctor` names the first such rows",
        )


class ColumnsChanged(Finding):
    """The newest files of a source have other columns than the files before them.

    Nothing is wrong yet if no mapped column went. A column that came may be what another one was renamed to, or
    personal data that should not be there at all.
    """

    code = "COI-W006"

    def __init__(
        self, source: str, *, came: Sequence[str], went: Sequence[str], file: str, where: Where | None
    ) -> None:
        parts = [
            f"{words} {_some([f'`{name}`' for name in names])}"
            for words, names in (("there are new columns", came), ("columns are gone", went))
            if names
        ]
        super().__init__(
            f"`{source}` changed its shape with `{file}`: {'; '.join(parts)}",
            where=where,
            hint="ask what changed in the export",
        )


class CatalogKnowsLess(Finding):
    """The catalog knows far fewer of the rows of a source than in the weeks before (`doctor.catalog_percent`).

    Rules over components look only at items that the catalog knows. Mostly the shop changed its numbers, or the export
    writes them in another way (`0012` is not `12`).
    """

    code = "COI-W007"

    def __init__(self, source: str, *, before: str, now: str, where: Where | None) -> None:
        super().__init__(
            f"the catalog knows the item of {now} of the newest rows of `{source}`, {before} before",
            where=where,
            hint="compare item numbers of the newest file with the catalog",
        )


class SilentRule(Finding):
    """A rule cannot have matched anything in the last days (`doctor.heartbeat_days`).

    No row was an observation of it, or too few of its components came at all. The sentence names what is to blame where
    that can be told: a kind of events without rows, a column without values, a component that no row carries, a part of
    `where` that cannot hold because a column or a managed list is empty, or that held for no row. A rule for something
    rare may be silent and right; then its tests are what proves it.
    """

    code = "COI-W008"

    def __init__(self, rule: str, *, days: int, because: Sequence[str], last: str | None, where: Where | None) -> None:
        ever = f" (the last time: {last})" if last is not None else ""
        super().__init__(
            f"rule `{rule}` can have matched nothing in {days} days{ever}: {'; '.join(because)}",
            where=where,
            hint="mend what is to blame; if the rule looks for something rare, this may be right",
        )


class NotScanned(Finding):
    """No scan ran these rules, as they are now, in the last days (`doctor.heartbeat_days`): nobody looks.

    Sources may be in order all the same. Run `coincide scan`, and see to it that it is run daily (a timer, cron). A
    rule that was edited counts as not scanned until the next scan.
    """

    code = "COI-W009"

    def __init__(self, rules: Sequence[str], *, days: int, last: str | None, where: Where | None) -> None:
        newest = f"the last scan was {last}" if last is not None else "there was no scan at all"
        many = len(rules) > 1
        super().__init__(
            f"no scan in {days} days ran rule{'s' if many else ''} {_some([f'`{rule}`' for rule in rules])} as "
            f"{'they are' if many else 'it is'} now; {newest}",
            where=where,
            hint="run `coincide scan`, daily",
        )


def _some(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest:,} more" if rest > 0 else "")


def _rows(count: int) -> str:
    return "1 row has" if count == 1 else f"{count:,} rows have"
