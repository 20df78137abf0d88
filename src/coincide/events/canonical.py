"""From selected rows as they come to the canonical frame: every mapped field in its type, or flagged unreadable.

Works on whole columns. ``raw`` has ``file``, ``position`` and the fields of
:func:`coincide.events.mapping.projection` under their names; the result has ``file`` (UInt32), ``position``
(Int64) and every field in its canonical type: text String; number Decimal(38, 9); whole Int64; coordinate
Decimal(38, 17); time Int64, microseconds since 1970 in UTC. Where a cell is there but cannot be read, the value
is NULL and ``!<field>`` is true; such a column is there only if it is true anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from coincide.errors import Where
from coincide.events import currency, instant, number
from coincide.events.errors import NoZone
from coincide.events.event import Type, contract_order
from coincide.events.file import FileStamp
from coincide.events.mapping import AMOUNT, type_of
from coincide.events.text import NOT_UTF8, is_identifier
from coincide.settings import Attribute, LinkFile, Source

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["canonical", "type_of"]

DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "number": pl.Decimal(38, 9),
    "whole": pl.Int64(),
    "coordinate": pl.Decimal(38, 17),
    "time": pl.Int64(),
}
"""What the canonical columns of each type are."""

_PLACE = ("file", "position")
_AMOUNT_MINOR = "amount_minor"


def canonical(
    raw: pa.Table | pl.DataFrame,
    *,
    source: Source | LinkFile,
    attributes: Mapping[str, Attribute] | None = None,
    files: Sequence[FileStamp] = (),
) -> pl.DataFrame:
    """The canonical frame of ``raw``, rows in the same order; columns in contract order, flags last.

    Fields that ``raw`` lacks are left out, but a constant ``kind`` is always there. ``files`` are those of the
    run, for the message of ``NoZone``, which is raised for a time without a zone where none is set.
    """
    rows = raw if isinstance(raw, pl.DataFrame) else _frame(raw)
    types = {field: type_of(field, attributes or {}) for field in rows.columns if field not in (*_PLACE, AMOUNT)}
    values, flags = _texts(rows, [field for field, type_ in types.items() if type_ == "text"])
    for field, type_ in types.items():
        if type_ != "text":
            values[field], flags[field] = _column(rows, field, type_, source, files)
    if AMOUNT in rows.columns:
        code = values.get("currency", pl.Series([None] * len(rows), dtype=pl.String))
        values[_AMOUNT_MINOR], flags[_AMOUNT_MINOR] = _minor(rows[AMOUNT], code)
    if isinstance(source, Source) and source.kind is not None:
        values["kind"] = pl.repeat(source.kind, len(rows), dtype=pl.String, eager=True)
    order = contract_order(values)
    return pl.DataFrame(
        [
            rows["file"].cast(pl.UInt32),
            rows["position"].cast(pl.Int64),
            *(values[field].alias(field) for field in order),
            *(flags[field].alias(f"!{field}") for field in order if field in flags and flags[field].any()),
        ]
    )


def _frame(raw: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(raw)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _column(
    rows: pl.DataFrame,
    field: str,
    type_: Type,
    source: Source | LinkFile,
    files: Sequence[FileStamp],
) -> tuple[pl.Series, pl.Series]:
    """Values of one field that is no text, and where they are unreadable."""
    raw = rows[field]
    if raw.dtype == pl.Null:
        raw = raw.cast(pl.String)
    match type_:
        case "number":
            return _pair(number.decimals(raw, number.NUMBER_SHAPE))
        case "coordinate":
            return _pair(number.decimals(raw, number.COORDINATE_SHAPE))
        case "whole":
            return _pair(number.wholes(raw))
        case _:
            timezone = source.timezone if isinstance(source, Source) else None
            unit = source.time_unit if isinstance(source, Source) else None
            read = instant.times(raw, timezone=timezone, time_unit=unit)
            if read.zoneless.any():
                raise NoZone(field, where=_first(rows.filter(read.zoneless), files))
            return read.values, read.unreadable


def _pair(read: number.Read) -> tuple[pl.Series, pl.Series]:
    return read.values, read.unreadable


def _texts(rows: pl.DataFrame, fields: Sequence[str]) -> tuple[dict[str, pl.Series], dict[str, pl.Series]]:
    """Values of text fields, and where they are unreadable; all in one go, which for few rows costs a tenth."""
    asked = []
    for field in fields:
        text = pl.col(field).cast(pl.String)
        value = pl.when(text != "").then(text) if is_identifier(field) else text
        broken = text.str.contains(NOT_UTF8, literal=True).fill_null(False)
        asked += [value.alias(field), broken.alias(f"!{field}")]
    found = rows.select(asked)
    flags = {field: found[f"!{field}"] for field in fields}
    values = {field: found[field].set(flag, None) if flag.any() else found[field] for field, flag in flags.items()}
    return values, flags


def _minor(amount: pl.Series, code: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Major units to minor ones by the currency's digits, exactly; a part of a minor unit is unreadable.

    Where the currency is missing or unknown the amount is NULL and not unreadable: that the currency is
    unknown is a reason of its own.
    """
    read = number.decimals(amount, number.NUMBER_SHAPE)
    digits = code.replace_strict(
        list(currency.DIGITS), list(currency.DIGITS.values()), default=None, return_dtype=pl.Int8
    )
    frame = pl.DataFrame({"amount": read.values, "digits": digits})
    factor = pl.lit(10, pl.Int64).pow(pl.col("digits"))
    # At most 18 digits, so text moves the point without any rounding or overflow.
    exact = frame.select(minor=pl.col("amount") * factor.cast(pl.Decimal(5, 0)), digits=pl.col("digits")).to_series(0)
    whole = number.wholes(exact.cast(pl.String))
    return whole.values, read.unreadable | whole.unreadable


def _first(rows: pl.DataFrame, files: Sequence[FileStamp]) -> Where | None:
    """The place of the row that comes first in the run."""
    if not files:
        return None
    file, position = rows.sort("file", "position").select("file", "position").row(0)
    if file >= len(files):
        return None
    return Where(files[file].path, position + (1 if files[file].path.endswith(".parquet") else 0))
