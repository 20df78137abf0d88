"""The columns of a data file and the first values in them, for ``coincide init``: a look, not a reading.

Whether each row can be used is the matter of ``coincide.events`` and ``coincide doctor``.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from coincide.cli.errors import UnreadableFile

Format = Literal["csv", "ndjson", "parquet"]

FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
}
ROWS = 20
"""Rows that are looked at."""
_BYTES = 1 << 20
"""Text that is read at most: a first megabyte holds more than twenty rows of any log."""


@dataclass(frozen=True)
class Preview:
    """``columns`` in the order of the file; ``values`` maps each to the first values that are there."""

    file: Path
    format: Format
    columns: list[str]
    values: dict[str, list[Any]]
    delimiter: str = ","


def format_of(file: Path) -> Format | None:
    """The format by the end of the name; ``None`` if it is none of ours."""
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
        return FORMATS.get(suffixes[-1]) if suffixes and suffixes[-1] != ".parquet" else None
    return FORMATS.get(suffixes[-1]) if suffixes else None


def preview(file: Path) -> Preview:
    """A look at ``file``. Raises ``UnreadableFile``, also for a format that is not ours and an empty file."""
    format_ = format_of(file)
    if format_ is None:
        raise UnreadableFile(str(file), f"its name does not end in one of {', '.join(FORMATS)}")
    try:
        if format_ == "parquet":
            return _parquet(file)
        text = _head(file)
    except (OSError, EOFError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "it is damaged"
        raise UnreadableFile(str(file), reason.lower()) from None
    except UnicodeDecodeError:
        raise UnreadableFile(str(file), "it is not UTF-8 text") from None
    except ValueError:  # pyarrow's ArrowInvalid is one
        raise UnreadableFile(str(file), f"it is not {format_}") from None
    found = _csv(file, text) if format_ == "csv" else _ndjson(file, text)
    if not found.columns:
        raise UnreadableFile(str(file), "it is empty")
    return found


def _head(file: Path) -> str:
    """The whole lines of the first megabyte."""
    with file.open("rb") as raw, gzip.open(raw) if file.suffix == ".gz" else raw as stream:
        content = stream.read(_BYTES)
    if len(content) == _BYTES:
        content = content[: content.rfind(b"\n") + 1]
    return content.decode("utf-8-sig")


def _csv(file: Path, text: str) -> Preview:
    if "\0" in text:
        raise UnreadableFile(str(file), "it is not text")
    header = text.partition("\n")[0]
    delimiter = max(",;\t|", key=header.count)
    try:
        rows = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), ROWS + 1))
    except csv.Error:
        raise UnreadableFile(str(file), "it is not csv") from None
    columns = rows[0] if rows else []
    records = [dict(zip(columns, row, strict=False)) for row in rows[1:]]
    return Preview(file, "csv", columns, _values(columns, records), delimiter)


def _ndjson(file: Path, text: str) -> Preview:
    records = []
    for line in islice((line for line in text.split("\n") if line.strip()), ROWS):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            records.append(record)
    if text.strip() and not records:
        raise UnreadableFile(str(file), "its first lines are no JSON objects")
    columns = list(dict.fromkeys(name for record in records for name in record))
    return Preview(file, "ndjson", columns, _values(columns, records))


def _parquet(file: Path) -> Preview:
    # Imported here: most logs are looked at without it.
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as opened:
        columns = list(opened.schema_arrow.names)
        batch = next(opened.iter_batches(batch_size=ROWS), None)
        records = batch.to_pylist() if batch is not None else []
    return Preview(file, "parquet", columns, _values(columns, records))


def _values(columns: list[str], records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    there = {column: [record.get(column) for record in records] for column in columns}
    return {column: [value for value in values if value not in (None, "")] for column, values in there.items()}
