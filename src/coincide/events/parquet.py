"""Parquet: many files in one batch, read by DuckDB itself; what it refuses is read by Arrow and repaired.

Row counts come from the footers; nothing is decoded to make a batch. ``position`` is the row's number in its
file, from 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from coincide.events.batch import Batch
from coincide.events.column import integers
from coincide.events.errors import BrokenParquet, RepeatedColumn, UnknownColumn, UnreadableFile
from coincide.events.file import FileStamp, reason
from coincide.events.text import repaired

if TYPE_CHECKING:
    import duckdb
    import pyarrow.parquet as pq

VIRTUAL = frozenset({"file_index", "file_row_number"})
"""Columns that DuckDB adds by itself; a file that has one of its own is read by Arrow."""

_GLOB = frozenset("*?[]{}")
# Rows that the slower reader holds at a time.
_SLICE = 1 << 18


def columns(folder: Path, file: FileStamp) -> dict[str, str]:
    """The columns of one file with their DuckDB types. Raises ``BrokenParquet``, ``UnreadableFile``."""
    import duckdb

    with duckdb.connect() as connection:
        return _types(connection, folder, file, _open(folder, file))


def row(folder: Path, file: FileStamp, position: int) -> dict[str, str | None] | None:
    """One row as column and text, for a person to look at; ``None`` if the file is shorter."""
    import pyarrow as pa

    opened = _open(folder, file)
    start = 0
    for group in range(opened.num_row_groups):
        rows = opened.metadata.row_group(group).num_rows
        if position < start + rows:
            try:
                table = opened.read_row_group(group, use_threads=False).slice(position - start, 1)
            except (pa.ArrowException, OSError) as error:
                raise BrokenParquet(file.path, _short(error)) from None
            values = {name: repaired(table.column(name)).to_pylist()[0] for name in table.column_names}
            return {name: None if value is None else str(value) for name, value in values.items()}
        start += rows
    return None


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


def _short(error: Exception) -> str:
    """The first line of what a library said, without its own frame."""
    line = str(error).strip().splitlines()[0] if str(error).strip() else "it ends too early"
    return line.removeprefix("Invalid Input Error: ").rstrip(".")
