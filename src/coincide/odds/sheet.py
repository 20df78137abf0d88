"""A table that a person filled in: CSV with a header and a column ``disposition``.

Spreadsheets put a byte order mark in front, and semicolons where a comma divides decimals: both are understood. All
else is told with its line, and nothing is counted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coincide.alerts.alert import DISPOSITIONS, Disposition
from coincide.errors import Where
from coincide.odds.errors import SheetUnreadable, UnknownDisposition

COLUMN = "disposition"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: the cells that were asked for, and what was decided; ``None`` if nothing was yet."""

    where: Where
    cells: Mapping[str, str]
    disposition: Disposition | None


def lines(path: Path, columns: Sequence[str]) -> list[Line]:
    """The lines of a file, with the cells of these columns. Empty lines are none.

    Raises ``SheetUnreadable``, ``UnknownDisposition``.
    """
    needed = [*columns, COLUMN]
    whole = Where(str(path))
    try:
        # With the mark of byte order that spreadsheets write, or without.
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SheetUnreadable(f"cannot be read: {(error.strerror or 'no such file').lower()}", whole, needed) from None
    except UnicodeDecodeError:
        raise SheetUnreadable("is no text in UTF-8", whole, needed) from None
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head and "," not in head else ",")
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise SheetUnreadable(f"is no CSV: {error}", Where(str(path), reader.line_num), needed) from None
    names = [name.lower() for name in rows[0][1]] if rows else []
    missing = [name for name in needed if name not in names]
    if missing:
        raise SheetUnreadable(f"has no column `{missing[0]}`", Where(str(path), 1), needed)
    places = {name: names.index(name) for name in needed}
    return [_line(Where(str(path), number), row, places, needed) for number, row in rows[1:] if any(row)]


def _line(where: Where, row: Sequence[str], places: Mapping[str, int], needed: Sequence[str]) -> Line:
    if len(row) <= max(places.values()):
        raise SheetUnreadable("has a line with too few cells", where, needed)
    cells = {name: row[place] for name, place in places.items()}
    word = cells.pop(COLUMN)
    known = next((name for name in DISPOSITIONS if name == word.lower()), None)
    if word and known is None:
        raise UnknownDisposition(word, where)
    return Line(where, cells, known)
