"""What is kept of a row that cannot be used: where it stands, why, and a hash; never the row itself.

The row may be about somebody no rule matches, so it is read again from its file when a person asks to see it.
Retrying is the engine's matter: it reads the file again.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coincide.events.delimited import Header, header
from coincide.events.errors import EmptyFile, RowGone
from coincide.events.file import FileStamp
from coincide.events.lines import blocks, digest, stripped
from coincide.events.multiline import record_at, records_at
from coincide.events.text import decode
from coincide.settings import Source

if TYPE_CHECKING:
    from coincide.events.source import SourceReader

REST = "(rest)"
"""Key of the fields that a line has beyond its header."""


@dataclass(frozen=True, slots=True, order=True)
class Quarantined:
    """One row in quarantine. ``file`` and ``position`` as in the canonical frame, ``file`` by its path.

    ``digest`` is a hash of the record's bytes (text), of the row's columns (Parquet) or of the mapped ones of them
    (PostgreSQL), or "" where a row has none (Parquet that cannot be read whole).
    """

    source: str
    file: str
    position: int
    reason: str
    digest: str = ""


def show(reader: SourceReader, row: Quarantined) -> dict[str, str | None]:
    """The row as it stands in its file now: column to text, in the order of the file.

    A record that cannot be read at all comes back as one text under the name ``record``. Raises ``RowGone`` if
    the file has no such row any more, or another one in its place; of PostgreSQL, if no row has its hash.
    """
    if reader.source.files is None:
        return _postgres(reader, row)
    if not (reader.folder / row.file).is_file():
        raise RowGone(row.file, row.position)
    file = FileStamp(row.file, 0, 0, "")
    match reader.format(file):
        case "parquet":
            found = _parquet(reader.folder, file, row)
        case "csv" if reader.multiline:
            found = _multiline(reader, file, row)
        case "csv":
            found = _csv(reader, file, row)
        case "ndjson":
            found = _ndjson(reader.folder, file, row)
    if found is None:
        raise RowGone(row.file, row.position)
    return found


def digests(reader: SourceReader, file: FileStamp, positions: Sequence[int]) -> dict[int, str]:
    """Hashes of the records at these positions of a file; none for PostgreSQL, where rows have no fixed
    places: those come with their hashes.

    One pass, up to the last position. A row of Parquet that cannot be read whole has none.
    """
    if not positions or reader.source.files is None:
        return {}
    if reader.format(file) == "parquet":
        from coincide.events import parquet

        return parquet.digests(reader.folder, file, positions)
    if reader.multiline:
        records = records_at(reader.folder, file, set(positions), reader.delimiter(file))
        return {position: digest(record) for position, record in records}
    found = {}
    waiting = deque(sorted(set(positions)))
    for block in blocks(reader.folder, file):
        end = block.line + block.lines
        if waiting and waiting[0] < end:
            lines = block.content.split(b"\n")
            while waiting and waiting[0] < end:
                position = waiting.popleft()
                found[position] = digest(stripped(lines[position - block.line]))
        if not waiting:
            break
    return found


def _line(folder: Path, file: FileStamp, row: Quarantined) -> bytes | None:
    """The bytes of one line; ``None`` if the file is shorter, or the line is another one by now."""
    for block in blocks(folder, file):
        lines = block.content.count(b"\n") + 1
        if block.line <= row.position < block.line + lines:
            found = block.content.split(b"\n")[row.position - block.line]
            record = stripped(found)
            if record and row.digest in ("", digest(record)):
                return record
    return None


def _csv(reader: SourceReader, file: FileStamp, row: Quarantined) -> dict[str, str | None] | None:
    record = _line(reader.folder, file, row)
    if record is None:
        return None
    return _fields(_header(reader, file), decode(record))


def _multiline(reader: SourceReader, file: FileStamp, row: Quarantined) -> dict[str, str | None] | None:
    names = _header(reader, file)
    record = record_at(reader.folder, file, row.position, names.delimiter)
    if record is None or row.digest not in ("", digest(record)):
        return None
    return _fields(names, decode(record))


def _header(reader: SourceReader, file: FileStamp) -> Header:
    for block in blocks(reader.folder, file):
        return header(block.content, file, reader.delimiter(file))
    raise EmptyFile(file.path)


def _fields(names: Header, record: str) -> dict[str, str | None]:
    try:
        fields = next(csv.reader(record.splitlines(keepends=True), delimiter=names.delimiter, strict=True), [])
    except csv.Error:
        return {"record": record}
    found: dict[str, str | None] = dict.fromkeys(names.names)
    found.update(zip(names.names, fields, strict=False))
    if len(fields) > len(names.names):
        found[REST] = names.delimiter.join(fields[len(names.names) :])
    return found


def _ndjson(folder: Path, file: FileStamp, row: Quarantined) -> dict[str, str | None] | None:
    from coincide.events import ndjson

    record = _line(folder, file, row)
    return None if record is None else ndjson.shown(record)


def _postgres(reader: SourceReader, row: Quarantined) -> dict[str, str | None]:
    from coincide.events import mapping, postgres

    assert isinstance(reader.source, Source)
    assert reader.source.postgres is not None
    wanted = mapping.raw_columns(reader.source)
    found = None
    if row.digest:
        found = postgres.row(reader.source.postgres, wanted, FileStamp(row.file, 0, 0, ""), row.position, row.digest)
    if found is None:
        raise RowGone(row.file, row.position)
    return found


def _parquet(folder: Path, file: FileStamp, row: Quarantined) -> dict[str, str | None] | None:
    from coincide.events import parquet

    return parquet.row(folder, file, row.position, row.digest)
