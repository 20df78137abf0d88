"""Rows that lie in memory, as a view that DuckDB selects from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

from sqlglot import exp

from coincide.events.batch import BadRecord, Batch
from coincide.events.column import table
from coincide.events.file import FileStamp

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
_NAMES = count()


def view(
    connection: duckdb.DuckDBPyConnection,
    data: dict[str, pa.ChunkedArray | pa.Array],
    positions: pa.Array,
    *,
    files: tuple[FileStamp, ...],
    index: int,
    columns: dict[str, str],
    bad: tuple[BadRecord, ...] = (),
    digest: exp.Expression | None = None,
) -> Iterator[Batch]:
    """One batch over ``data`` (raw column to values) and ``positions`` (int64), registered until resumed."""
    name = f"coincide rows {next(_NAMES)}"
    place = "position"
    while place.lower() in {column.lower() for column in data}:
        place += "!"
    rows = table({**data, place: positions})
    connection.register(name, rows)
    try:
        yield Batch(
            files=files,
            indices=(index,),
            table=exp.Table(this=exp.to_identifier(name, quoted=True)),
            columns=columns,
            position=exp.column(place, quoted=True),
            file=exp.cast(exp.Literal.number(index), "UINTEGER", dialect="duckdb"),
            counts=(rows.num_rows,),
            bad=bad,
            digest=digest,
            raw=rows,
        )
    finally:
        connection.unregister(name)
