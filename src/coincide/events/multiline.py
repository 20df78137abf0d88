"""CSV whose quoted fields may hold ends of line: the whole file through Python's ``csv``, record by record.

Slower than :mod:`coincide.events.delimited`, and a stray quote may cost more than its line: the record reaches
to the next quote. ``position`` is the line on which a record starts.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from coincide.events.batch import BadRecord, Batch
from coincide.events.column import integers, texts
from coincide.events.delimited import Header, check_delimiter, chosen, header
from coincide.events.errors import EmptyFile
from coincide.events.file import FileStamp
from coincide.events.lines import blocks, digest
from coincide.events.text import decode
from coincide.events.view import view

if TYPE_CHECKING:
    import duckdb

_ROWS = 200_000
"""Records held at a time."""


class _Lines:
    """The lines of a file, fed to ``csv`` one by one; remembers those of the record in hand."""

    def __init__(self, folder: Path, file: FileStamp) -> None:
        self._lines = (line for block in blocks(folder, file) for line in BytesIO(block.content))
        self.number = 0
        self.record: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.record.append(line)
        return decode(line)


def record_at(folder: Path, file: FileStamp, position: int, delimiter: str) -> bytes | None:
    """The bytes of the record that starts on the line ``position``; ``None`` if none does."""
    lines = _Lines(folder, file)
    for start, record, _ in _records(lines, csv.reader(lines, delimiter=delimiter, strict=True)):
        if start >= position:
            return record if start == position else None
    return None


def records_at(folder: Path, file: FileStamp, positions: set[int], delimiter: str) -> Iterator[tuple[int, bytes]]:
    """The records that start on these lines, as they stand in the file: line and bytes."""
    lines = _Lines(folder, file)
    left = len(positions)
    for start, record, _ in _records(lines, csv.reader(lines, delimiter=delimiter, strict=True)):
        if start in positions:
            yield start, record
            left -= 1
        if not left:
            return


@dataclass
class _Part:
    """Records read so far and not yet handed out."""

    rows: list[list[str]] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)


def batches(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    file: FileStamp,
    index: int,
    wanted: set[str],
    *,
    delimiter: str,
) -> Iterator[Batch]:
    """The file in batches of ``_ROWS`` records. Raises what :func:`coincide.events.delimited.batches` does."""
    check_delimiter(delimiter)
    lines = _Lines(folder, file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    found = _header(lines, reader, file, delimiter)
    places = chosen(found, wanted, file)
    part = _Part()
    for start, record, fields in _records(lines, reader):
        if fields is None or len(fields) != len(found.names):
            part.bad.append(BadRecord(index, start, digest(record)))
        else:
            part.rows.append([fields[place] for place in places.values()])
            part.positions.append(start)
        if len(part.positions) + len(part.bad) >= _ROWS:
            yield from _view(connection, part, places, file, index, found)
            part = _Part()
    yield from _view(connection, part, places, file, index, found)


def _header(lines: _Lines, reader: Iterator[list[str]], file: FileStamp, delimiter: str) -> Header:
    try:
        next(reader, None)
    except csv.Error:
        # The error is that of the record's first line, told by `header`.
        return header(b"".join(lines.record), file, delimiter)
    if not lines.record:
        raise EmptyFile(file.path)
    return header(b"".join(lines.record), file, delimiter, whole=True)


def _records(lines: _Lines, reader: Iterator[list[str]]) -> Iterator[tuple[int, bytes, list[str] | None]]:
    """Line number, bytes and fields of each record; ``None`` for one that ``csv`` refuses. Blank ones are left out."""
    while True:
        lines.record = []
        start = lines.number + 1
        try:
            fields: list[str] | None = next(reader)
        except StopIteration:
            return
        except csv.Error:
            fields = None
        if fields is None or fields:
            yield start, b"".join(lines.record), fields


def _view(
    connection: duckdb.DuckDBPyConnection,
    part: _Part,
    places: dict[str, int],
    file: FileStamp,
    index: int,
    found: Header,
) -> Iterator[Batch]:
    data = {name: texts([row[place] or None for row in part.rows]) for place, name in enumerate(places)}
    yield from view(
        connection,
        data,
        integers(part.positions),
        files=(file,),
        index=index,
        columns=found.types,
        bad=tuple(part.bad),
    )
