"""Parquet: many files in one batch, read by DuckDB itself; what it refuses is read by Arrow and repaired.

Row counts come from the footers; nothing is decoded to make a batch. ``position`` is the row's number in its
file, from 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlglot import exp

from coincide.events.batch import Batch
from coincide.events.column import integers, texts
from coincide.events.errors import BrokenParquet, RepeatedColumn, UnknownColumn, UnreadableFile
from coincide.events.file import FileStamp, reason, stamp
from coincide.events.lines import digest as hashed
from coincide.events.text import repaired

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

VIRTUAL = frozenset({"file_index", "file_row_number"})
"""Columns that DuckDB adds by itself; a file that has one of its own is read by Arrow."""

_GLOB = frozenset("*?[]{}")
# Rows that the slower reader holds at a time, and rows whose columns are all hashed at a time.
_SLICE = 1 << 18
_PART = 1 << 16


def columns(folder: Path, file: FileStamp) -> dict[str, str]:
    """The columns of one file with their DuckDB types. Raises ``BrokenParquet``, ``UnreadableFile``."""
    import duckdb

    with duckdb.connect() as connection:
        return _types(connection, folder, file, _open(folder, file))


def row(folder: Path, file: FileStamp, position: int, digest: str = "") -> dict[str, str | None] | None:
    """One row as column and text, for a person to look at; ``None`` if the file is shorter.

    With a ``digest`` of :func:`digests`, ``None`` also if it is not the row that was hashed. Raises
    ``BrokenParquet``, ``UnreadableFile``.
    """
    import pyarrow as pa

    try:
        for _, table in _picked(_open(folder, file), [position]):
            if digest and _hashes(table) != [digest]:
                return None
            return {name: _shown(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    except (pa.ArrowException, EOFError, OSError) as error:
        raise BrokenParquet(file.path, _short(error)) from None
    return None


def digests(folder: Path, file: FileStamp, positions: Sequence[int]) -> dict[int, str]:
    """Hashes of the rows at these positions, over all their columns: BLAKE2b, 32 hexadecimal digits.

    Rows that cannot be read whole are left out, and all rows if the file is no longer the one of the stamp. Only
    row groups with such rows are read, a part at a time.
    """
    import pyarrow as pa

    found: dict[int, str] = {}
    # A column that no rule needs may be damaged: that costs hashes, not the scan.
    with suppress(pa.ArrowException, EOFError, OSError, BrokenParquet, UnreadableFile):
        for places, table in _picked(_open(folder, file), sorted(set(positions))):
            found.update(zip(places, _hashes(table), strict=True))
    with suppress(UnreadableFile):
        if stamp(folder, file.path) == file:
            return found
    return {}


def rows(folder: Path, file: FileStamp) -> int:
    """The number of rows, from the footer. Raises ``BrokenParquet``, ``UnreadableFile``."""
    return int(_open(folder, file).metadata.num_rows)


def batches(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    files: Sequence[tuple[int, FileStamp]],
    wanted: set[str],
) -> Iterator[Batch]:
    """One batch for each schema among ``files``, which come with their numbers in the run."""
    groups: dict[bytes, list[tuple[int, FileStamp, int]]] = {}
    types: dict[bytes, dict[str, str]] = {}
    for index, file in files:
        opened = _open(folder, file)
        schema = opened.schema_arrow.remove_metadata()
        odd = bool(_GLOB.intersection(str(folder / file.path))) or any(name.lower() in VIRTUAL for name in schema.names)
        key = schema.serialize().to_pybytes() + (str(index).encode() if odd else b"")
        if key not in groups:
            types[key] = _types(connection, folder, file, opened)
        for name in sorted(wanted - types[key].keys()):
            raise UnknownColumn(name, known=types[key], file=file.path)
        if odd:
            yield from _slices(connection, folder, index, file, wanted, types[key])
        else:
            groups.setdefault(key, []).append((index, file, opened.metadata.num_rows))
    for key, group in groups.items():
        yield _batch(connection, folder, group, wanted, types[key])


def _batch(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    group: list[tuple[int, FileStamp, int]],
    wanted: set[str],
    types: dict[str, str],
) -> Batch:
    indices = tuple(index for index, _, _ in group)
    files = tuple(file for _, file, _ in group)

    def again() -> Iterator[Batch]:
        for index, file in zip(indices, files, strict=True):
            yield from _slices(connection, folder, index, file, wanted, types)

    return Batch(
        files=files,
        indices=indices,
        table=_read([str(folder / file.path) for file in files]),
        columns=types,
        position=exp.column("file_row_number", quoted=True),
        file=_number(indices),
        counts=tuple(rows for _, _, rows in group),
        again=again,
    )


def _read(paths: list[str]) -> exp.Expression:
    """``read_parquet([...], hive_partitioning = false)``: the file's own columns and no others."""
    partitioning = exp.EQ(this=exp.column("hive_partitioning"), expression=exp.false())
    return exp.Anonymous(
        this="read_parquet",
        expressions=[exp.Array(expressions=[exp.Literal.string(path) for path in paths]), partitioning],
    )


def _number(indices: tuple[int, ...]) -> exp.Expression:
    """The file's number in the run from its place in the list of paths."""
    place = exp.column("file_index", quoted=True)
    first = indices[0]
    if indices == tuple(range(first, first + len(indices))):
        number: exp.Expression = exp.Add(this=place, expression=exp.Literal.number(first))
    else:
        numbers = exp.Array(expressions=[exp.Literal.number(index) for index in indices])
        number = exp.Anonymous(
            this="list_extract", expressions=[numbers, exp.Add(this=place, expression=exp.Literal.number(1))]
        )
    return exp.cast(number, "UINTEGER", dialect="duckdb")


def _open(folder: Path, file: FileStamp) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(folder / file.path)
    except (pa.ArrowException, EOFError) as error:
        raise BrokenParquet(file.path, _short(error)) from None
    except OSError as error:
        if error.errno is None:
            raise BrokenParquet(file.path, _short(error)) from None
        raise UnreadableFile(file.path, reason(error)) from None


def _types(
    connection: duckdb.DuckDBPyConnection, folder: Path, file: FileStamp, opened: pq.ParquetFile
) -> dict[str, str]:
    import duckdb

    seen: set[str] = set()
    for name in opened.schema_arrow.names:
        if name.lower() in seen:
            raise RepeatedColumn(file.path, name)
        seen.add(name.lower())
    path = str(folder / file.path)
    if _GLOB.intersection(path) or VIRTUAL & seen:
        # DuckDB tells the types of an empty table as well as those of the file.
        table: Any = opened.schema_arrow.empty_table()
        rows = connection.from_arrow(table)
        return {name: str(kind) for name, kind in zip(rows.columns, rows.types, strict=True)}
    query = exp.select("*").from_(_read([path]))
    try:
        rows = connection.sql(query.sql(dialect="duckdb"))
    except duckdb.Error as error:
        raise BrokenParquet(file.path, _short(error)) from None
    return {name: str(kind) for name, kind in zip(rows.columns, rows.types, strict=True)}


def _slices(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    index: int,
    file: FileStamp,
    wanted: set[str],
    types: dict[str, str],
) -> Iterator[Batch]:
    """The rows of one file by Arrow's reader, text that is not UTF-8 repaired with the noncharacter."""
    import pyarrow as pa

    from coincide.events.view import view

    opened = _open(folder, file)
    order = [name for name in types if name in wanted]
    # An empty file is one batch of no rows, so that whoever counts files meets it.
    read = 0
    try:
        for part in opened.iter_batches(batch_size=_SLICE, columns=order, use_threads=False):
            table = pa.Table.from_batches([part])
            texts = {name: repaired(table.column(name)) for name in order}
            positions = integers(range(read, read + part.num_rows))
            read += part.num_rows
            yield from view(connection, texts, positions, files=(file,), index=index, columns=types)
    except (pa.ArrowException, EOFError) as error:
        raise BrokenParquet(file.path, _short(error)) from None
    except OSError as error:
        raise BrokenParquet(file.path, _short(error)) from None


def _picked(opened: pq.ParquetFile, positions: Sequence[int]) -> Iterator[tuple[list[int], pa.Table]]:
    """The rows at these positions, which ascend, with all columns: slice by slice, those of each with their places."""
    import pyarrow as pa

    wanted = np.asarray(positions, dtype=np.int64)
    start = 0
    for group in range(opened.num_row_groups):
        end = start + opened.metadata.row_group(group).num_rows
        low, high = np.searchsorted(wanted, (start, end))
        if low < high:
            for part in opened.iter_batches(batch_size=_PART, row_groups=[group], use_threads=False):
                there = wanted[slice(*np.searchsorted(wanted, (start, start + part.num_rows)))]
                if len(there):
                    yield there.tolist(), pa.Table.from_batches([part]).take(integers(there - start))
                start += part.num_rows
                if start > wanted[high - 1]:
                    break
        start = end


def _hashes(table: pa.Table) -> list[str]:
    """A hash of each row: of the columns by name, each as name, kind and value with their lengths before them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    colon, none = texts([":", ""]).view(pa.binary())
    parts = []
    for name, column in sorted(zip(table.column_names, table.columns, strict=True), key=lambda one: one[0]):
        kind, values = _bytes(column.combine_chunks())
        head = "".join(f"{len(part.encode())}:{part}" for part in (name, kind))
        start, missing = texts([head, f"{head}-"]).view(pa.binary())
        lengths = pc.binary_length(values).cast(pa.string()).view(pa.binary())
        parts.append(pc.fill_null(pc.binary_join_element_wise(start, lengths, colon, values, none), missing))
    return [hashed(one) for one in pc.binary_join_element_wise(*parts, none).to_pylist()]


def _bytes(values: pa.Array) -> tuple[str, pa.Array]:
    """What the values are and the bytes of each, which no version of a library writes in another way."""
    import pyarrow as pa

    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_null(kind):
        return "null", values.cast(pa.binary())
    if pa.types.is_boolean(kind):
        return "bool", values.cast(pa.uint8()).view(pa.binary(1)).cast(pa.binary())
    if pa.types.is_string(kind):
        return "bytes", values.view(pa.binary())
    if pa.types.is_large_string(kind):
        return "bytes", values.view(pa.large_binary()).cast(pa.binary())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return "bytes", values.cast(pa.binary())
    if pa.types.is_primitive(kind) or pa.types.is_decimal(kind):
        return str(kind), values.view(pa.binary(kind.bit_width // 8)).cast(pa.binary())
    return "text", texts([_text(value) for value in values]).view(pa.binary())


def _text(value: pa.Scalar) -> str | None:
    """A list or a structure as Python writes it."""
    try:
        found = value.as_py()
    except (ValueError, OverflowError):
        # Text that is not UTF-8 or a time beyond Python's years, somewhere inside.
        return "?"
    return None if found is None else str(found)


def _shown(column: pa.ChunkedArray) -> str | None:
    """The first value for a person to read."""
    import pyarrow as pa

    if column.null_count:
        return None
    try:
        return str(repaired(column)[0].as_py())
    except (ValueError, OverflowError):
        pass
    try:
        # A time beyond Python's years.
        return str(column.cast(pa.string())[0].as_py())
    except pa.ArrowException:
        return "(cannot be shown)"


def _short(error: Exception) -> str:
    """The first line of what a library said, without its own frame."""
    line = str(error).strip().splitlines()[0] if str(error).strip() else "it ends too early"
    return line.removeprefix("Invalid Input Error: ").rstrip(".")
