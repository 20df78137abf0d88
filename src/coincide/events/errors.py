"""What can be wrong with sources: their files, their mappings, their servers. Single rows go to quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from coincide.errors import CoincideError, Where


def _near(name: str, known: Iterable[str]) -> str:
    """The hint for a name that does not exist: the nearest one, else all that exist."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    near = near or [other for other in names if other.lower() == name.lower()]
    if near:
        return f"did you mean `{near[0]}`?"
    return "there are: " + ", ".join(f"`{other}`" for other in names) if names else "there are none"


class NoFiles(CoincideError):
    """A glob of a source matches no file.

    Globs are relative to the workspace; `**` crosses folders. Correct the glob in `coincide.toml`, or put the
    files where it points. A source that may be empty for now is better left out of the workspace.
    """

    code = "COI-E001"

    def __init__(self, glob: str, folder: str) -> None:
        super().__init__(
            f"`{glob}` matches no file in `{folder}`",
            hint="correct `files` in coincide.toml, or put the files there; globs are relative to the workspace",
        )


class UnreadableFile(CoincideError):
    """A file of a source is there but cannot be read: no permission, a failing disk, removed meanwhile.

    Make the file readable to the user that runs Coincide and run the command again.
    """

    code = "COI-E002"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"cannot read `{file}`: {reason}", hint="make it a file that you may read")


class EmptyFile(CoincideError):
    """A CSV file is empty: it has not even a line with the names of its columns.

    A file without rows still needs its first line. Remove the file, or write it again with a header.
    """

    code = "COI-E003"

    def __init__(self, file: str) -> None:
        super().__init__(
            f"`{file}` is empty: the first line must name the columns",
            hint="remove the file, or write it again with its header",
        )


class RepeatedColumn(CoincideError):
    """A file has two columns of one name (capital and small letters are not told apart).

    Which of them is meant cannot be known. Rename one of them where the file is made.
    """

    code = "COI-E004"

    def __init__(self, file: str, column: str) -> None:
        super().__init__(
            f"`{file}` has more than one column `{column}`",
            where=Where(file, 1),
            hint="rename one of them; capital and small letters are not told apart",
        )


class NotText(CoincideError):
    """A file that should be CSV or NDJSON is not UTF-8 text: a binary file, an archive, or text in UTF-16.

    Check that `files` points at the right files and that `format` fits them; store text as UTF-8.
    """

    code = "COI-E005"

    def __init__(self, file: str, found: str) -> None:
        super().__init__(
            f"`{file}` is not a text file in UTF-8: {found}",
            hint="check `files` and `format` of the source, or store the file as UTF-8",
        )


class UnknownColumn(CoincideError):
    """A mapping of a source names a column that its file or table does not have.

    Names are taken letter by letter, capitals included. Correct the name in `coincide.toml`; `coincide doctor`
    lists the columns there are. If all of them are in one name, the fields of the file are separated by another
    character than `delimiter` says.
    """

    code = "COI-E006"

    def __init__(self, column: str, *, known: Iterable[str], file: str | None = None) -> None:
        place = f"`{file}` has no column `{column}`" if file else f"there is no column `{column}`"
        names = list(known)
        # One column whose name holds the usual marks between fields: the file was read by another one.
        marks = [mark for mark in ";\t|," if len(names) == 1 and mark in names[0]]
        hint = f"its fields seem to be separated otherwise: delimiter = {json.dumps(marks[0])}" if marks else None
        super().__init__(place, where=Where(file) if file else None, hint=hint or _near(column, names))


class UnknownField(CoincideError):
    """`columns` of a source maps a field that the event contract does not have.

    The reference page of events lists all fields. Data of your own are mapped under `attributes`, identifiers
    that tie accounts together under `links`.
    """

    code = "COI-E007"

    def __init__(self, field: str, *, known: Iterable[str]) -> None:
        super().__init__(f"`columns.{field}`: an event has no field `{field}`", hint=_near(field, known))


class NoZone(CoincideError):
    """A time carries no zone and the source names none, so what instant it means cannot be known.

    Set `timezone = "Europe/Paris"` (the zone in which the times were written; `"UTC"` if they are in UTC) in
    the source's section of `coincide.toml`. It holds only for times without a zone of their own.
    """

    code = "COI-E008"

    def __init__(self, field: str, *, where: Where | None = None) -> None:
        super().__init__(
            f"the time in `{field}` has no zone",
            where=where,
            hint='set `timezone`, such as "UTC" or "Europe/Paris", in the section of the source',
        )


class NoTimeUnit(CoincideError):
    """A time is mapped from a column of whole numbers, and the source does not say what they count.

    Set `time_unit` to `"s"`, `"ms"`, `"us"` or `"ns"`: the unit in which the column counts since 1970 in UTC.
    """

    code = "COI-E009"

    def __init__(self, field: str, column: str) -> None:
        super().__init__(
            f"`{field}` is mapped from `{column}`, which holds whole numbers of an unknown unit",
            hint='set `time_unit` to "s", "ms", "us" or "ns" in the section of the source',
        )


class UnfitColumn(CoincideError):
    """A field is mapped from a column whose type cannot hold it: an identifier from binary data or a list.

    Map another column, or change the column's type where the data come from. Identifiers may not be 32-bit
    floating-point numbers, because these hold no more than seven digits.
    """

    code = "COI-E010"

    def __init__(self, field: str, column: str, *, type: str, wanted: str) -> None:
        super().__init__(
            f"`{field}` is {wanted}, but is mapped from `{column}`, which is {type}",
            hint="map another column, or change its type where the data come from",
        )


class BrokenParquet(CoincideError):
    """A Parquet file cannot be read: it is cut off, damaged, encrypted, or no Parquet file at all.

    Copy or write the file again. Nothing of the run was kept.
    """

    code = "COI-E011"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(
            f"`{file}` cannot be read as Parquet: {reason}",
            hint="copy or write the file again, or check `files` and `format` of the source",
        )


class UnknownFormat(CoincideError):
    """The end of a file's name does not tell its format.

    Known ends are .parquet, .csv, .tsv, .ndjson and .jsonl, the text formats also with .gz behind. Set
    `format` in the section of the source, or rename the file.
    """

    code = "COI-E012"

    def __init__(self, file: str) -> None:
        super().__init__(
            f"the format of `{file}` is not known from its name",
            hint='set `format` to "parquet", "csv" or "ndjson" in the section of the source',
        )


class UnclearAmount(CoincideError):
    """The mapping of an amount of money leaves open what it is.

    Map either `amount` (major units, such as 12.50) or `amount_minor` (minor units, such as 1250), not both;
    `amount` needs a mapped `currency`, because the currency says how many minor units one major unit has.
    """

    code = "COI-E013"

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason, hint="map `amount_minor`, or `amount` together with `currency`, in the source's `columns`"
        )


class BadDelimiter(CoincideError):
    """The delimiter of a CSV source cannot separate fields: a quote or an end of line.

    Set `delimiter` to the character between the fields, such as `","`, `";"` or a tab.
    """

    code = "COI-E014"

    def __init__(self, delimiter: str) -> None:
        super().__init__(f"`delimiter` cannot be {delimiter!r}", hint='give one character such as ",", ";" or "\\t"')


class MissingMapping(CoincideError):
    """A source does not map a field that every event needs: `event_id`, `occurred_at` or `account`.

    Name the columns in `[sources.NAME.columns]` of `coincide.toml`. Where no single column names an event,
    give `event_id` a list of columns that do so together.
    """

    code = "COI-E015"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"`columns` does not map `{field}`",
            hint=f'add `{field} = "your column"` to the `columns` of the source',
        )


class BrokenGzip(CoincideError):
    """A .gz file cannot be unpacked: it is cut off, damaged, or not packed by gzip.

    Copy or pack the file again. Nothing of the run was kept.
    """

    code = "COI-E016"

    def __init__(self, file: str) -> None:
        super().__init__(f"`{file}` cannot be unpacked by gzip", hint="copy or pack the file again")


class NoPostgresDriver(CoincideError):
    """A source is in PostgreSQL, and the driver for it is not installed.

    Install it with `pip install "coincide[postgres]"`.
    """

    code = "COI-E017"

    def __init__(self) -> None:
        super().__init__(
            "the PostgreSQL driver is not installed", hint='install it with `pip install "coincide[postgres]"`'
        )


class NoConnection(CoincideError):
    """The PostgreSQL server of a source cannot be reached, or does not let us in.

    Check the URI, that the server runs, and the password; `uri_env` names the environment variable that holds
    the URI. Passwords are never shown.
    """

    code = "COI-E018"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"cannot connect to PostgreSQL: {reason}",
            hint="check the URI of the source and that the server runs",
        )


class FailedQuery(CoincideError):
    """The PostgreSQL server refused the table or query of a source.

    Check `table` or `query` in the section of the source, and that the user may read it. A query is one SELECT.
    """

    code = "COI-E019"

    def __init__(self, reason: str) -> None:
        super().__init__(f"PostgreSQL refused: {reason}", hint="check `table` or `query` of the source")


class NoUri(CoincideError):
    """The environment variable that should hold the URI of a PostgreSQL source is not set.

    `uri_env` in the section of the source names the variable. Set it, such as
    `postgresql://user:password@host/database`.
    """

    code = "COI-E020"

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"the environment variable {variable} is not set",
            hint="set it to the URI of the server, such as postgresql://user:password@host/database",
        )


class RowGone(CoincideError):
    """A quarantined row cannot be shown, because its file is no longer there or has changed since.

    Coincide keeps where the row stood, not the row. Scan again: the file's rows are then taken anew.
    """

    code = "COI-E021"

    def __init__(self, file: str, position: int) -> None:
        super().__init__(
            f"row {position} is no longer in `{file}`",
            hint="the file was changed or removed; run `coincide scan` to read it anew",
        )


class UnfitValues(CoincideError):
    """The `values` of a source cannot be used: they are of a field that has none, or give values that are not ours.

    `values` belong to mapped fields of text that name no one: `action`, `product`, `direction` and others, not
    `event_id`, `account` or links. `kind`, `status` and `action` have closed sets of values, listed on the page of
    event fields.
    """

    code = "COI-E022"

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason, hint='write `values = {action = {"your value" = "enter"}}` in the section of the source'
        )


class Nowhere(CoincideError):
    """A source of incidents maps neither `place` nor `line`, so its incidents happen nowhere.

    An incident needs an id, a time, and a stop or a line. Map at least one of the two.
    """

    code = "COI-E023"

    def __init__(self) -> None:
        super().__init__(
            "`columns` of a source of incidents maps neither `place` nor `line`",
            hint='add `place = "your column"` or `line = "your column"` to the `columns` of the source',
        )


class UnfitFirst(CoincideError):
    """`first_of` of a source names a field that is not mapped from several columns of text, or one that names somebody.

    Give the field a list in `columns`, in the order in which the columns are asked: `product = ["fare", "rider"]`.
    """

    code = "COI-E024"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"`first_of` names `{field}`, which is no field of text with a list of columns",
            hint=f'write `{field} = ["one column", "another"]` in the `columns` of the source',
        )


class NoToken(CoincideError):
    """A rule works by account or actor, and the taps it would read have no token, so nothing ties them together.

    Files of taps may come without the number of the card (`token_id` is optional in TIDES fare_transactions). Places
    and hours can be counted in such files; a rule about what one card did cannot. Ask for an export with a token, or
    map `account` to the column that holds it. A keyed pseudonym of the card's number is as good as the number.
    """

    code = "COI-T020"

    def __init__(self, source: str, rule: str, *, where: Where | None = None) -> None:
        super().__init__(
            f"rule `{rule}` looks at what each card did, and the taps of `{source}` have no `account` (token)",
            where=where,
            hint="ask for an export with a token of the card, and map it to `account`",
        )


class SharedToken(CoincideError):
    """One account has so many taps that it cannot be one card: it looks like an anonymous ticket.

    A ticket without a number of its own is often written as `0000`, or with the number of the reader or the batch. A
    rule about what one card did would find many riders in it. Refused are more taps of one account on a day (UTC) than
    `most_taps` of the source (1,000), and more than 5 % of at least 10,000 taps. Look at the row that is named. If the
    account stands for nobody in particular, list it in `anonymous` of the source: its taps are then counted and passed
    over. If it is a card after all, set `most_taps` higher, or to 0, and it is judged like any other.
    """

    code = "COI-T021"

    def __init__(self, source: str, *, says: str, example: tuple[str, int] | None, where: Where | None = None) -> None:
        at = where if example is None else Where(*example)
        super().__init__(
            f"`{source}` looks as if it had an anonymous ticket: {says}",
            where=at,
            hint="list it in `anonymous` of the source; if it is one card after all, raise `most_taps`",
        )


class EmptyToken(CoincideError):
    """Nearly all taps of a source have no account, so nothing can be said of cards.

    The column that `account` is mapped from is empty: in an export without tokens, or because the token stands in
    another column. Map that column. Taps without an account, such as those paid in cash, are put into quarantine where
    a rule selects them; here they are 95 % or more of at least 1,000 taps.
    """

    code = "COI-T022"

    def __init__(self, source: str, *, empty: int, taps: int, where: Where | None = None) -> None:
        super().__init__(
            f"{empty:,} of {taps:,} taps of `{source}` have no account: they look like anonymous tickets",
            where=where,
            hint="map `account` to the column that holds the token, or ask for an export that has it",
        )


class ClockOff(CoincideError):
    """The clock of a vehicle, or of a reader at a stop, seems to be off by half an hour or more.

    Told from riders who change: somebody who taps in one vehicle and soon after in another shows how far their clocks
    are apart. Compared are the times between taps of the same card in this vehicle and in others with those of all
    vehicles; when a vehicle runs does not matter. A clock that is off by whole days, or by less than half an hour, is
    not found, nor that of a vehicle with few riders who change. Ask for the times to be corrected where the data come
    from. Rides and incidents in such a vehicle are otherwise placed wrongly.
    """

    code = "COI-T023"
    exit_status = 1

    def __init__(self, source: str, *, clocks: Sequence[str], where: Where | None) -> None:
        many = f"{len(clocks):,} clocks of `{source}` seem" if len(clocks) > 1 else f"a clock of `{source}` seems"
        super().__init__(
            f"{many} to be off: {', '.join(clocks)}",
            where=where,
            hint="have the times corrected where the data come from, and deliver them again",
        )
