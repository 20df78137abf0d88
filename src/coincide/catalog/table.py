"""Small CSV files read with positions: how the catalog and the managed lists see their lines.

A record is one line, so that a stray quote costs that line and not the rest of the file. What is wrong with a
line is collected, never raised here; what the cells mean is for the caller.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from coincide.catalog.errors import BrokenLine, NotText, UnreadableFile, WrongHeader
from coincide.errors import CoincideError, Where


def files_of(folder: Path, pattern: str) -> list[Path]:
    """The files that match one glob, relative to ``folder`` unless absolute, in the order of their names."""
    path = Path(pattern)
    if path.is_absolute():
        base, pattern = Path(path.anchor), str(path.relative_to(path.anchor))
    else:
        base = folder
    try:
        return sorted(found for found in base.glob(pattern) if found.is_file())
    except (ValueError, IndexError):
        # What pathlib does not take as a glob ("", "a**b", "/") matches nothing.
        return []


def shown(path: Path, folder: Path) -> str:
    """The path as a user would write it: relative to the workspace where it lies inside."""
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


class Row(NamedTuple):
    """One record: its cells by column name, a column that the header lacks reading as empty text."""

    file: str
    number: int
    """Line from 1; the header is the first line that is not blank."""
    text: str
    columns: tuple[str, ...]
    cells: tuple[str, ...]

    def get(self, column: str) -> str:
        """The cell of a column."""
        return self.cells[self.columns.index(column)] if column in self.columns else ""

    def where(self, column: str) -> Where:
        """The place of a cell: where the line begins if the column is not there."""
        if column not in self.columns:
            return Where(self.file, self.number, 1, max(1, len(self.text)), self.text)
        start, length = _span(self.text, self.columns.index(column))
        return Where(self.file, self.number, start + 1, max(1, length), self.text)


@dataclass(slots=True)
class Table:
    """One file, opened lazily by :meth:`rows`; ``problems`` grows while the rows are read."""

    path: Path
    file: str
    needed: tuple[str, ...]
    allowed: tuple[str, ...]
    problems: list[CoincideError] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """The readable records in the order of the file; none if the file or its header is wrong."""
        lines = self._lines()
        header = next(lines, None)
        if header is None:
            return
        number, text = header
        columns = self._fields(number, text)
        if columns is None:
            return
        if not self._fits(columns):
            where = Where(self.file, number, 1, max(1, len(text)), text)
            self.problems.append(WrongHeader(where, found=list(columns), needed=self.needed, allowed=self.allowed))
            return
        for number, text in lines:
            cells = self._fields(number, text)
            if cells is None:
                continue
            if len(cells) != len(columns):
                reason = f"it has {len(cells)} field{'s' * (len(cells) != 1)} and the header has {len(columns)}"
                self._broken(number, text, reason)
                continue
            yield Row(self.file, number, text, columns, cells)

    def _fits(self, columns: tuple[str, ...]) -> bool:
        names = set(columns)
        return len(names) == len(columns) and names.issuperset(self.needed) and names.issubset(self.allowed)

    def _fields(self, number: int, text: str) -> tuple[str, ...] | None:
        if '"' not in text:
            return tuple(text.split(","))
        try:
            records = list(csv.reader([text], strict=True))
        except csv.Error as error:
            self._broken(number, text, str(error))
            return None
        return tuple(records[0])

    def _broken(self, number: int, text: str, reason: str) -> None:
        self.problems.append(BrokenLine(Where(self.file, number, 1, max(1, len(text)), text), reason))

    def _lines(self) -> Iterator[tuple[int, str]]:
        try:
            content = self.path.read_bytes()
        except OSError as error:
            self.problems.append(UnreadableFile(self.file, error.strerror or str(error)))
            return
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            before = content[: error.start]
            line = before.count(b"\n") + 1
            column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
            self.problems.append(NotText(Where(self.file, line, column)))
            return
        blank = True
        for number, ended in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
            if record := ended.removesuffix("\r"):
                blank = False
                yield number, record
        if blank:
            where = Where(self.file, 1, 1)
            self.problems.append(WrongHeader(where, found=[], needed=self.needed, allowed=self.allowed))


def _span(text: str, wanted: int) -> tuple[int, int]:
    """Start and length, in code points from 0, of the cell ``wanted`` of a line that could be read."""
    start, cell, quoted = 0, 0, False
    for position, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            if cell == wanted:
                return start, position - start
            start, cell = position + 1, cell + 1
    return start, len(text) - start
