"""NDJSON: one JSON object a line, read exactly by Python's ``json``: numbers keep their text.

A line that is not one JSON object is a bad record and costs no other line; blank lines are no records. Of a key
given twice the last one counts. ``position`` is the number of the line, from 1. The wanted keys become text
columns: a string is itself, a number its own text, ``true`` and ``false`` their names, ``null`` and an absent
key NULL, an object or list unreadable. In a column that a text field is made of, a number with a fraction or an
exponent is written as the contract writes floats (``1.10`` is ``1.1``, ``1e2`` is ``100.0``), because the same
identifier may be written either way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coincide.events import column
from coincide.events.batch import BadRecord, Batch
from coincide.events.errors import UnknownColumn
from coincide.events.file import FileStamp
from coincide.events.lines import Block, blocks, digest, stripped
from coincide.events.text import NOT_UTF8, decode
from coincide.events.view import view

if TYPE_CHECKING:
    import duckdb

BLOCK = 8 << 20
"""Bytes read at a time; as Python objects they take several times as much."""
SAMPLE = 1_000
"""Records from which the columns of a file are told."""


class _Number(str):
    """A number with a fraction or an exponent, as it is written."""

    __slots__ = ()


def _refuse(name: str) -> Any:
    """``NaN`` and ``Infinity`` are no JSON."""
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_float=_Number, parse_int=str, parse_constant=_refuse)


def columns(folder: Path, file: FileStamp) -> dict[str, str]:
    """The keys of the first ``SAMPLE`` records in order of appearance, all of type VARCHAR."""
    names: dict[str, str] = {}
    seen = 0
    for block in blocks(folder, file, size=1 << 18):
        for _, _, found in _objects(block):
            names.update(dict.fromkeys(found or (), "VARCHAR"))
            seen += 1
        if seen >= SAMPLE:
            break
    return names


def batches(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    file: FileStamp,
    index: int,
    wanted: set[str],
    *,
    texts: frozenset[str] = frozenset(),
) -> Iterator[Batch]:
    """The file in batches of one block each; ``texts`` are the columns that text fields are made of.

    A key need not be in every record, but raises ``UnknownColumn`` if no record of the first batch has it.
    """
    order = sorted(wanted)
    types = dict.fromkeys(order, "VARCHAR")
    for block in blocks(folder, file, size=BLOCK):
        positions: list[int] = []
        rows: list[dict[str, Any]] = []
        bad: list[BadRecord] = []
        for line, record, found in _objects(block):
            if found is None:
                bad.append(BadRecord(index, line, digest(record)))
            else:
                rows.append(found)
                positions.append(line)
        if block.line == 1 and rows:
            _check(rows, order, file)
        data = {name: column.texts(_column(rows, name, name in texts)) for name in order}
        yield from view(
            connection,
            data,
            column.integers(positions),
            files=(file,),
            index=index,
            columns=types,
            bad=tuple(bad),
        )


def _objects(block: Block) -> Iterator[tuple[int, bytes, dict[str, Any] | None]]:
    """Line number, bytes and object of every line that is not blank; ``None`` if it is no object."""
    for line, raw in enumerate(BytesIO(block.content), block.line):
        record = stripped(raw)
        if not record.strip(b" \t\r"):
            continue
        yield line, record, _object(record)


def _object(record: bytes) -> dict[str, Any] | None:
    try:
        found = _DECODER.decode(decode(record))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _column(rows: list[dict[str, Any]], name: str, is_text: bool) -> list[str | None]:
    return [_cell(row.get(name), is_text) for row in rows]


def _cell(value: Any, is_text: bool) -> str | None:
    match value:
        case None:
            return None
        case _Number():
            return _shortest(value) if is_text else str(value)
        case str():
            # A lone surrogate, written as an escape, is no character and has no UTF-8.
            return value if _is_unicode(value) else NOT_UTF8
        case bool():
            return "true" if value else "false"
        case _:
            return NOT_UTF8


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shortest(number: str) -> str:
    value = float(number)
    if value in (float("inf"), float("-inf")):
        return NOT_UTF8
    return format(Decimal(repr(value)), "f")


def _check(rows: list[dict[str, Any]], wanted: list[str], file: FileStamp) -> None:
    """A key that no record of the first batch has is taken for a misspelt one."""
    for name in wanted:
        if not any(name in row for row in rows):
            raise UnknownColumn(name, known=dict.fromkeys(key for row in rows for key in row), file=file.path)


def shown(record: bytes) -> dict[str, str | None]:
    """One line as keys and texts, for a person to look at; one that is no object under ``record``."""
    found = _object(record)
    if found is None:
        return {"record": decode(record)}
    plain = json.loads(decode(record))
    return {
        name: json.dumps(plain[name], ensure_ascii=False) if isinstance(value, dict | list) else _cell(value, False)
        for name, value in found.items()
    }
