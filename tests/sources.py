"""Reading a source the way a scan does, without rules: every row of it, canonical."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from sqlglot import exp

from coincide.events import mapping
from coincide.events.canonical import canonical
from coincide.events.file import FileStamp
from coincide.events.source import BadRecord, Batch, SourceReader
from coincide.settings import Attribute, Source

COLUMNS = {"event_id": "id", "occurred_at": "at", "account": "who"}


@dataclass(frozen=True)
class Taken:
    """All of a source: canonical rows in order of file and position, bad records, batches met."""

    frame: pl.DataFrame
    bad: tuple[BadRecord, ...]
    files: tuple[FileStamp, ...]
    rows: int
    batches: int

    def column(self, name: str) -> list[Any]:
        """The values of one field."""
        return self.frame[name].to_list()


def source(files: str | list[str], columns: dict[str, Any] | None = None, **more: Any) -> Source:
    """A source of purchases in UTC with the three fields that every source maps, unless told otherwise."""
    given: dict[str, Any] = {"kind": "purchase", "timezone": "UTC", "columns": {**COLUMNS, **(columns or {})}}
    return Source.model_validate({**given, "files": files, **more})


def take(
    folder: Path, given: Source, attributes: dict[str, Attribute] | None = None, *, repaired: bool = False
) -> Taken:
    """Read the source; ``repaired``: by the slower reader where there is one."""
    reader = SourceReader("shop", given, folder, attributes or {})
    files = reader.files()
    connection = duckdb.connect()
    frames: list[pl.DataFrame] = []
    bad: list[BadRecord] = []
    rows = batches = 0
    for batch in reader.batches(connection, files, mapping.raw_columns(given)):
        rows += batch.rows
        bad.extend(batch.bad)
        again = list(_frames(connection, batch, given, files, attributes, repaired))
        batches += 1
        frames.extend(again)
    frame = pl.concat(frames, how="diagonal").sort("file", "position") if frames else pl.DataFrame()
    assert len(frame) == rows
    return Taken(frame, tuple(bad), tuple(files), rows, batches)


def _frames(
    connection: duckdb.DuckDBPyConnection,
    batch: Batch,
    given: Source,
    files: list[FileStamp],
    attributes: dict[str, Attribute] | None,
    repaired: bool,
) -> list[pl.DataFrame]:
    if repaired and batch.again is not None:
        return [
            frame for slower in batch.again() for frame in _frames(connection, slower, given, files, attributes, False)
        ]
    fields = mapping.projection(given, batch.columns, attributes)
    query = exp.select(
        batch.file.as_("file"),
        batch.position.as_("position"),
        *(field.as_(name, quoted=True) for name, field in fields.items()),
    ).from_(batch.table)
    try:
        rows = connection.sql(query.sql(dialect="duckdb")).to_arrow_table()
    except duckdb.Error:
        if batch.again is None:
            raise
        return _frames(connection, batch, given, files, attributes, True)
    return [canonical(rows, source=given, attributes=attributes, files=files)]
