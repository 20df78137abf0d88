"""CSV: blocks of whole lines to Arrow text columns, each line exactly as Python's ``csv`` reads it by itself.

A record is one line: text is cut at ``\\n`` and one ``\\r`` before it is dropped. Blank lines are no records; a
line that ``csv`` refuses in strict mode, or that has another number of fields than the header, is a bad record
and costs no other line. Lines without anything unusual, nearly all, are read by Arrow's parser; lines with
quotes also, if all their quotes stand where they should; only the rest is read by ``csv`` itself.
``position`` is the number of the line, the header being 1. An empty field is NULL. With ``multiline`` the whole
file is read by ``csv`` (:mod:`coincide.events.multiline`).
"""

from __future__ import annotations

import csv
import os
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coincide.events.batch import BadRecord, Batch
from coincide.events.column import integers, table, texts, truths
from coincide.events.errors import BadDelimiter, EmptyFile, NotText, RepeatedColumn, UnknownColumn
from coincide.events.file import FileStamp
from coincide.events.lines import BOM, Block, blocks, digest, stripped
from coincide.events.text import NOT_UTF8, decode, repaired
from coincide.events.view import view

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

FIELD_LIMIT = 131_072
"""Code points of the longest field that Python's ``csv`` reads; a line with a longer one is a bad record."""

BATCH = 64 << 20
"""Bytes of text that a batch is made of, about: enough that what a query costs before its first row is nothing."""

_WORKERS = min(4, os.cpu_count() or 1)
_QUOTE = ord('"')
_RETURN, _NEWLINE = 13, 10
# A pattern that counts fields grows with their number; lines of more go to Python.
_MOST_COUNTED = 200


@dataclass(frozen=True)
class Header:
    """The first line: all names, and the delimiter by which the file is read."""

    names: tuple[str, ...]
    delimiter: str

    @property
    def types(self) -> dict[str, str]:
        """All columns as DuckDB sees them: text."""
        return dict.fromkeys(self.names, "VARCHAR")


def columns(folder: Path, file: FileStamp, delimiter: str) -> dict[str, str]:
    """The names in the first line, all of type VARCHAR. Raises the errors of a file that is no CSV."""
    check_delimiter(delimiter)
    for block in blocks(folder, file, size=1 << 16):
        return header(block.content, file, delimiter).types
    raise EmptyFile(file.path)


def header(content: bytes, file: FileStamp, delimiter: str, *, whole: bool = False) -> Header:
    """The header in the first line of ``content``, or in all of it (``whole``).

    Raises ``EmptyFile``, ``NotText``, ``RepeatedColumn``.
    """
    line = decode(stripped(content if whole else content[: content.find(b"\n") + 1 or None]))
    if NOT_UTF8 in line:
        raise NotText(file.path, "its first line is not UTF-8")
    try:
        names = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise NotText(file.path, f"its first line is no CSV ({error})") from None
    if not any(names):
        raise EmptyFile(file.path)
    seen: set[str] = set()
    for name in names:
        if name and name.lower() in seen:
            raise RepeatedColumn(file.path, name)
        seen.add(name.lower())
    return Header(tuple(names), delimiter)


def batches(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    file: FileStamp,
    index: int,
    wanted: set[str],
    *,
    delimiter: str,
) -> Iterator[Batch]:
    """The file in batches of one block each; ``index`` is its number in the run. Raises ``UnknownColumn``."""
    check_delimiter(delimiter)
    incoming = blocks(folder, file)
    first = next(incoming, None)
    if first is None:
        raise EmptyFile(file.path)
    found = header(first.content, file, delimiter)
    places = chosen(found, wanted, file)
    part: list[Records] = []
    size = 0
    for block, read in _ahead(chain([_behind_header(first)], incoming), found, places):
        part.append(read)
        size += len(block.content)
        if size >= BATCH:
            yield from _view(connection, part, places, file, index, found)
            part, size = [], 0
    if part:
        yield from _view(connection, part, places, file, index, found)


def _ahead(incoming: Iterator[Block], found: Header, places: dict[str, int]) -> Iterator[tuple[Block, Records]]:
    """Blocks and their records, in order, some parsed ahead in threads of our own.

    Arrow's own threads are not used: a process that ends while one of them starts is now and then aborted
    (https://github.com/apache/arrow/issues/34314; seen in 3 of 140 runs on a busy machine).
    """
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="coincide-csv") as pool:
        waiting: deque[tuple[Block, Future[Records]]] = deque()
        for block in incoming:
            waiting.append((block, pool.submit(records, block, found, places)))
            if len(waiting) > _WORKERS:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()


def _view(
    connection: duckdb.DuckDBPyConnection,
    part: list[Records],
    places: dict[str, int],
    file: FileStamp,
    index: int,
    found: Header,
) -> Iterator[Batch]:
    """One batch of what several blocks hold."""
    import pyarrow as pa

    data = {
        name: pa.chunked_array([c for read in part for c in read.columns[name].chunks], pa.string()) for name in places
    }
    yield from view(
        connection,
        data,
        pa.chunked_array([read.positions for read in part], pa.int64()),
        files=(file,),
        index=index,
        columns=found.types,
        bad=tuple(BadRecord(index, position, hash_) for read in part for position, hash_ in read.bad),
    )


def chosen(found: Header, wanted: set[str], file: FileStamp) -> dict[str, int]:
    """The wanted columns and their places, in the order of the file. Raises ``UnknownColumn``."""
    for name in sorted(wanted - set(found.names)):
        raise UnknownColumn(name, known=[name for name in found.names if name], file=file.path)
    return {name: place for place, name in enumerate(found.names) if name in wanted}


@dataclass(frozen=True)
class Records:
    """What a block holds: wanted columns (VARCHAR, empty fields NULL), lines (int64), bad lines with hashes."""

    columns: dict[str, pa.ChunkedArray]
    positions: pa.Array
    bad: tuple[tuple[int, str], ...]


def records(block: Block, found: Header, places: dict[str, int]) -> Records:
    """The records of a block of lines; ``places`` are the wanted columns."""

    content = block.content
    data = np.frombuffer(content, np.uint8)
    if _is_simple(content, data, found.delimiter):
        read = _parse(content, found, places, quoted=False)
        if read is not None and read.num_rows == block.lines:
            positions = integers(np.arange(block.line, block.line + block.lines))
            return Records(dict(zip(places, read.columns, strict=False)), positions, ())
    return _sorted_out(block, data, found, places)


def _is_simple(content: bytes, data: NDArray[np.uint8], delimiter: str) -> bool:
    """Whether no line can be anything but fields between delimiters."""
    if not delimiter.isascii() or b'"' in content or content.startswith(BOM):
        return False
    if b"\r" in content and content.count(b"\r") != content.count(b"\r\n"):
        return False
    # With an end of line in every window of half the limit no field can reach it.
    half = FIELD_LIMIT // 2
    starts = range(0, len(data) - half, half)
    return all(content.find(b"\n", start, start + half) >= 0 for start in starts)


def _sorted_out(block: Block, data: NDArray[np.uint8], found: Header, places: dict[str, int]) -> Records:
    """A block with unusual lines: the usual ones to Arrow's parser, the others one by one to ``csv``."""
    import pyarrow as pa

    starts, stops, ends = _bounds(data)
    numbers = np.arange(block.line, block.line + len(starts))
    easy = _easy(data, starts, stops, found)
    kept = _joined(block.content, starts, ends, easy)
    read = _parse(kept, found, places, quoted=True)
    if read is None or read.num_rows != int(easy.sum()):
        # Arrow saw a line differently: then every line goes to the module that is the measure.
        easy = np.zeros(len(starts), np.bool_)
        read = _parse(b"", found, places, quoted=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    bad: list[tuple[int, str]] = []
    for place in np.flatnonzero(~easy & (stops > starts)).tolist():
        record = block.content[starts[place] : stops[place]]
        fields = _fields(decode(record), found)
        if fields is None:
            bad.append((int(numbers[place]), digest(record)))
        elif fields:
            rows.append(fields)
            lines.append(int(numbers[place]))
    assert read is not None
    columns = {}
    for (name, place), column in zip(places.items(), read.columns, strict=False):
        odd = texts([row[place] or None for row in rows])
        columns[name] = pa.chunked_array([*column.chunks, odd], pa.string())
    positions = np.concatenate([numbers[easy], np.array(lines, np.int64)])
    return Records(columns, integers(positions), tuple(bad))


def _fields(line: str, found: Header) -> list[str] | None:
    """The fields of one line; none if it is blank; ``None`` if it is no record."""
    try:
        fields = next(csv.reader([line], delimiter=found.delimiter, strict=True), [])
    except csv.Error:
        return None
    return fields if not fields or len(fields) == len(found.names) else None


def _bounds(data: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of every line: start, stop without its end of line, end with it."""
    ends = np.flatnonzero(data == _NEWLINE) + 1
    if len(data) and data[-1] != _NEWLINE:
        ends = np.append(ends, len(data))
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)[: len(ends)]
    stops = ends - (data[ends - 1] == _NEWLINE)
    # A blank line has no byte before its stop; the index then points elsewhere and is masked.
    returns = (stops > starts) & (data[np.maximum(stops - 1, 0)] == _RETURN)
    return starts, stops - returns, ends


def _easy(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    found: Header,
) -> NDArray[np.bool_]:
    """Which lines Arrow's parser reads just as ``csv`` does, and have the right number of fields."""
    if not found.delimiter.isascii():
        return np.zeros(len(starts), np.bool_)

    def count(byte: int) -> NDArray[np.int64]:
        places = np.flatnonzero(data == byte)
        found_at: NDArray[np.int64] = np.searchsorted(places, stops) - np.searchsorted(places, starts)
        return found_at

    # Arrow drops a byte order mark; inside a file it is text.
    first = data[np.minimum(np.add.outer(starts, range(len(BOM))), len(data) - 1)]
    marked = (first == np.frombuffer(BOM, np.uint8)).all(axis=1)
    sound = ~marked & (count(_RETURN) == 0) & (stops - starts < FIELD_LIMIT) & (stops > starts)
    quotes = count(_QUOTE)
    easy: NDArray[np.bool_] = sound & (quotes == 0) & (count(ord(found.delimiter)) == len(found.names) - 1)
    quoted = np.flatnonzero(sound & (quotes > 0))
    if len(quoted) and len(found.names) <= _MOST_COUNTED:
        easy[quoted] = _well_quoted(data, starts[quoted], stops[quoted], found)
    return easy


def _well_quoted(
    data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64], found: Header
) -> NDArray[np.bool_]:
    """Which lines are the right number of fields, each without quotes or in quotes from end to end."""
    import polars as pl
    import pyarrow as pa
    import pyarrow.compute as pc

    between = re.escape(found.delimiter)
    one = f'(?:"(?:[^"]|"")*"|[^"{between}]*)'
    pattern = f"^{one}(?:{between}{one}){{{len(found.names) - 1}}}$"
    # Each second slot is a line, those between them are what lies between lines.
    offsets = np.empty(2 * len(starts), np.int64)
    offsets[0::2], offsets[1::2] = starts, stops
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    slots = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(offsets) - 1, buffers)
    fits = pc.match_substring_regex(slots, pattern=f"(?s){pattern}")
    found_well = pl.Series(pl.from_arrow(fits)).to_numpy()[0::2]
    return np.asarray(found_well, np.bool_)


def _joined(
    content: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], kept: NDArray[np.bool_]
) -> bytes | pa.Buffer:
    """The kept lines, with their ends, one behind the other."""
    import pyarrow as pa

    if kept.all():
        return content
    offsets = np.append(starts, ends[-1:] if len(ends) else 0)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    lines = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(starts), buffers)
    chosen_lines = lines.filter(truths(kept))
    buffer = chosen_lines.buffers()[2]
    return b"" if buffer is None else buffer


def _parse(content: bytes | pa.Buffer, found: Header, places: dict[str, int], *, quoted: bool) -> pa.Table | None:
    """Arrow's parser over lines; ``None`` if one of them has a wrong number of fields."""
    import pyarrow as pa
    import pyarrow.csv

    # Names of our own, because those in the file may be empty. Without a wanted column the lines still count.
    names = [str(place) for place in range(len(found.names))]
    include = [str(place) for place in places.values()]
    if not len(content):
        return table({name: texts([]) for name in include})

    def read(kind: pa.DataType) -> pa.Table:
        return pyarrow.csv.read_csv(
            pa.BufferReader(content),
            read_options=pyarrow.csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=found.delimiter,
                quote_char='"' if quoted else False,
                newlines_in_values=False,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, kind),
                include_columns=include or names[:1],
                strings_can_be_null=True,
                null_values=[""],
            ),
        )

    try:
        return read(pa.string())
    except pa.ArrowInvalid:
        pass
    # Either bytes that are not UTF-8 or a line with a wrong number of fields; Arrow does not say which.
    try:
        raw = read(pa.binary())
    except pa.ArrowInvalid:
        return None
    return table({name: repaired(raw.column(name)) for name in raw.column_names})


def _behind_header(block: Block) -> Block:
    stop = block.content.find(b"\n") + 1
    return Block(block.content[stop:] if stop else b"", block.line + 1)


def check_delimiter(delimiter: str) -> None:
    """Raises ``BadDelimiter`` for a quote or an end of line."""
    if delimiter in '"\r\n':
        raise BadDelimiter(delimiter)
