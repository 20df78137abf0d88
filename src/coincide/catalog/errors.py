"""What can be wrong with a catalog or a managed list, one class per cause."""

from __future__ import annotations

from pathlib import Path

from coincide.errors import CoincideError, Where


class NoSuchFile(CoincideError):
    """No file matches a glob of `[catalog] files`.

    The catalog is what ties items to components; without it no combination can be found. Paths and globs are
    relative to the folder of `coincide.toml`. Mend the glob, or take the section out if no rule names a
    component.
    """

    code = "COI-C001"

    def __init__(self, pattern: str, folder: Path) -> None:
        self.pattern = pattern
        super().__init__(
            f"no file matches `{pattern}`, which [catalog] names, in {folder}",
            hint="globs are relative to the folder of coincide.toml",
        )


class UnreadableFile(CoincideError):
    """A file of the catalog or a managed list cannot be opened.

    The sentence gives the reason of the operating system, such as missing permission. Mend it and run the
    command again.
    """

    code = "COI-C002"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file} cannot be read: {reason}", where=Where(file), hint="check its permissions")


class NotText(CoincideError):
    """A file of the catalog or a managed list is not UTF-8 text.

    The position is that of the first byte that is not UTF-8. Save the file as CSV in UTF-8.
    """

    code = "COI-C003"

    def __init__(self, where: Where) -> None:
        super().__init__("this is not UTF-8 text", where=where, hint="save the file as CSV in UTF-8")


class WrongHeader(CoincideError):
    """The first line of a catalog or managed list does not name the columns it must have.

    A catalog has the columns `match`, `value` and `component`. A managed list has `value`, and may have
    `from` and `until`. The order is free, other columns are refused.
    """

    code = "COI-C004"

    def __init__(self, where: Where, *, found: list[str], needed: tuple[str, ...], allowed: tuple[str, ...]) -> None:
        self.found = found
        columns = ", ".join(needed)
        if optional := [name for name in allowed if name not in needed]:
            columns += f" (and may be {', '.join(optional)})"
        shown = ", ".join(f"`{name}`" for name in found) or "nothing"
        super().__init__(
            f"the columns must be {columns}; the header has {shown}",
            where=where,
            hint="the first line names the columns, separated by commas",
        )


class BrokenLine(CoincideError):
    """A line of a catalog or managed list is not a record of its CSV file.

    A line has as many fields as the header; a field that holds a comma or a quote stands in double quotes,
    and a quote inside it is doubled. A record is one line.
    """

    code = "COI-C005"

    def __init__(self, where: Where, reason: str) -> None:
        super().__init__(
            f"this line cannot be read: {reason}",
            where=where,
            hint='put a field with a comma or a quote into double quotes, such as "nuts, mixed"',
        )


class UnknownMatch(CoincideError):
    """The column `match` of a catalog says none of the ways to match.

    `sku` compares the whole item code, `category` the beginning of the category code. `title` is a pattern that the
    title holds, `title-apart` one that does not count where it only comes along with something else, `title-not` one
    that says what the title is not.
    """

    code = "COI-C006"

    def __init__(self, where: Where, match: str) -> None:
        self.match = match
        super().__init__(
            f"`{match}` is no way to match",
            where=where,
            hint="write `sku`, `category`, `title`, `title-apart` or `title-not`",
        )


class EmptyValue(CoincideError):
    """The column `value` of a catalog or managed list is empty.

    An empty SKU matches no item, and an empty category prefix would match every item; neither can be meant.
    Fill the field in or take the line out.
    """

    code = "COI-C007"

    def __init__(self, where: Where) -> None:
        super().__init__("the value is empty", where=where, hint="fill it in or take the line out")


class BadComponentName(CoincideError):
    """A component's name has letters that names do not have.

    A component's name starts with a small letter and has small letters, digits and `-` only, such as
    `pressure-vessel`.
    """

    code = "COI-C008"

    def __init__(self, where: Where, name: str) -> None:
        self.name = name
        super().__init__(
            f"`{name}` is no name of a component",
            where=where,
            hint="small letters, digits and `-`, a letter first, such as `pressure-vessel`",
        )


class BadTime(CoincideError):
    """A `from` or `until` of a managed list is neither a date nor a time with a zone.

    Write a date (`2025-06-30`, its start in UTC) or an instant with its zone (`2025-06-30T12:00:00+02:00`,
    `2025-06-30T10:00:00Z`). Empty means without bound.
    """

    code = "COI-C009"

    def __init__(self, where: Where, text: str) -> None:
        self.text = text
        super().__init__(
            f"`{text}` is neither a date nor a time with a zone",
            where=where,
            hint="write 2025-06-30 or 2025-06-30T10:00:00Z",
        )


class EndsBeforeStart(CoincideError):
    """A line of a managed list ends before it starts, so it never holds.

    A value holds from `from` up to but not including `until`. Exchange the two or mend one.
    """

    code = "COI-C010"

    def __init__(self, where: Where) -> None:
        super().__init__(
            "`until` is not after `from`, so this line never holds",
            where=where,
            hint="a value holds from `from` up to but not including `until`",
        )


class TwoListsOfOneName(CoincideError):
    """Two files would be the managed list of one name.

    A list is named after its file without the ending: `lists/licences.csv` is `list('licences')`. Rename one.
    """

    code = "COI-C011"

    def __init__(self, where: Where, name: str, other: str) -> None:
        self.name = name
        super().__init__(
            f"the list `{name}` is already {other}",
            where=where,
            hint="a list is named after its file; rename one",
        )


class EmptyPattern(CoincideError):
    """Nothing is left of a title pattern once it is in the form in which titles are compared.

    A pattern of signs alone, such as `***` or a dash, would be found in every title. Write the words that a title
    holds; `*` stands in front or behind only, for a beginning or an end that may be anything.
    """

    code = "COI-C012"

    def __init__(self, where: Where, pattern: str) -> None:
        self.pattern = pattern
        super().__init__(
            f"nothing is left of the pattern `{pattern}` without its signs",
            where=where,
            hint="write the words that a title holds, such as `pressure cooker*`",
        )


class InnerStar(CoincideError):
    """A title pattern has a `*` inside.

    `*` stands at the start of a pattern, at its end, or both: words may be parted and joined in titles anyway. What
    stands on both sides of something else is two patterns, or one with three dots: `garnek* ... ciśnieniow*`.
    """

    code = "COI-C013"

    def __init__(self, where: Where, pattern: str) -> None:
        self.pattern = pattern
        super().__init__(
            f"the pattern `{pattern}` has a `*` inside", where=where, hint="`*` stands in front or behind only"
        )


class ConflictingRows(CoincideError):
    """Two rows of a catalog say of one pattern and component what cannot both hold.

    A pattern makes a title a component (`title`), does so unless it comes along (`title-apart`), or keeps it from being
    one (`title-not`). Patterns are compared in the form of titles, so `Timer` and `timer` are one. Take one row out.
    """

    code = "COI-C014"

    def __init__(self, where: Where, pattern: str, component: str, other: str) -> None:
        self.pattern = pattern
        self.component = component
        super().__init__(
            f"another row says something else of `{pattern}` and the component `{component}`: {other}",
            where=where,
            hint="take one of the two out",
        )


class GreedyPattern(CoincideError):
    """A title pattern tags a larger share of all titles than a catalog may.

    A component is something that few things are; a pattern that fits a fifth of everything is mostly a word that means
    nothing by itself. Make it longer, or raise `most` in the section `[catalog]` of the settings if it is meant.
    """

    code = "COI-C015"

    def __init__(self, pattern: str, component: str, count: int, seen: int, most: float) -> None:
        self.pattern = pattern
        self.count = count
        super().__init__(
            f"the pattern `{pattern}` makes {count:,} of {seen:,} different titles `{component}`,"
            f" and at most {most:.0%} is allowed",
            hint="make the pattern longer, or raise `most` in [catalog]",
        )


class NoCatalogFile(CoincideError):
    """A decision is to be written down, and the workspace has no catalog file.

    Decisions are rows of a file that `[catalog] files` names. Make one with the header `match,value,component` and name
    it in coincide.toml.
    """

    code = "COI-C016"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"the workspace {folder} has no catalog file to write into",
            hint='make catalog.csv with the line match,value,component, and add [catalog] files = "catalog.csv"',
        )


class WrongLabels(CoincideError):
    """A file of labelled titles cannot be read as one.

    It is a CSV in UTF-8 with a header that names the columns `title` and `components`; the components of a title are
    joined by `|`, and empty where it has none. Other columns are passed over.
    """

    code = "COI-C017"

    def __init__(self, where: Where, reason: str) -> None:
        super().__init__(
            f"this is no file of labelled titles: {reason}",
            where=where,
            hint="a header with `title` and `components`, several components joined by `|`",
        )


class NoAssortmentFile(CoincideError):
    """No file matches a glob of `[assortment] files`.

    The assortment says of which type each item is. Paths and globs are relative to the folder of `coincide.toml`. Mend
    the glob, or take the section out: types are then taken from the categories of the events, or from their items.
    """

    code = "COI-C018"

    def __init__(self, pattern: str, folder: Path) -> None:
        self.pattern = pattern
        super().__init__(
            f"no file matches `{pattern}`, which [assortment] names, in {folder}",
            hint="globs are relative to the folder of coincide.toml",
        )


class NoAssortmentColumn(CoincideError):
    """A file of the assortment lacks a column that `[assortment]` names.

    Each of the files has the columns that `item` and `type` name, and `family` where that is set. Names are compared
    letter by letter. Mend the name in coincide.toml, or the file.
    """

    code = "COI-C019"

    def __init__(self, file: str, setting: str, column: str, found: list[str]) -> None:
        self.column = column
        there = ", ".join(f"`{name}`" for name in found[:20]) or "nothing"
        super().__init__(
            f"[assortment] {setting} is the column `{column}`, and this file has none of that name; it has {there}",
            where=Where(file),
            hint="mend the name in coincide.toml, or the file",
        )


class UnreadableAssortment(CoincideError):
    """A file of the assortment cannot be read as CSV, NDJSON or Parquet.

    How a file is read is told by the end of its name: `.csv`, `.tsv`, `.ndjson`, `.jsonl` or `.parquet`, the texts also
    with `.gz`. CSV is UTF-8 with a header, and what is read is text or numbers, not lists.
    """

    code = "COI-C020"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(
            f"this file of the assortment cannot be read: {reason}",
            where=Where(file),
            hint="CSV in UTF-8 with a header, NDJSON or Parquet",
        )


class SeveralTypes(CoincideError):
    """The assortment says of one item that it is of two types, or that it is of two families.

    What is counted by type would be counted twice. An item that stands in several lines says the same in each. Take the
    lines out that are not meant.
    """

    code = "COI-C021"

    def __init__(self, item: str, one: str, other: str, more: int) -> None:
        self.item = item
        others = f", and {more:,} more item{'s' * (more != 1)} so" if more else ""
        super().__init__(
            f"the item `{item}` is `{one}` in one line of the assortment and `{other}` in another{others}",
            hint="let each item be of one type and one family",
        )
