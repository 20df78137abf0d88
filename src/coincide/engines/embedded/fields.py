"""Rows as columns of the contract, each distinct text looked at once, and why a row cannot be used.

The same as :mod:`coincide.events.canonical` says of each value, for whole logs: texts keep dictionaries, and of other
fields that come as text it is the dictionary that is read.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from coincide.detect.journey.taps import Truths
from coincide.events.canonical import canonical, type_of
from coincide.events.event import contract_order
from coincide.events.mapping import AMOUNT
from coincide.events.reason import NO_ACCOUNT, NO_EVENT_ID, NO_TIME, unreadable
from coincide.events.text import NOT_UTF8, is_identifier
from coincide.settings import Attribute, Source

TIME = pa.timestamp("us", "UTC")
_NEEDED = {"event_id": NO_EVENT_ID, "account": NO_ACCOUNT, "occurred_at": NO_TIME}
_MINOR = "amount_minor"


def fields(
    rows: Mapping[str, pa.Array], source: Source, attributes: Mapping[str, Attribute]
) -> tuple[dict[str, pa.Array], dict[str, Truths]]:
    """The columns of mapped fields, in contract order, and the rows that each reason of quarantine is true of.

    ``rows``: fields as ``mapping.projection`` makes them. Texts come back with dictionaries, but for ``event_id``.
    Raises ``NoZone``.
    """
    found: dict[str, pa.Array] = {}
    wrong: dict[str, Truths] = {}
    for name, column in rows.items():
        if name == AMOUNT:
            continue
        if name == "event_id":
            found[name], broken = _plain(column)
        elif type_of(name, attributes) == "text":
            found[name], broken = _text(name, column)
        else:
            found[name], broken = _typed(name, column, source, attributes)
        _note(wrong, unreadable(name), broken)
    if AMOUNT in rows:
        found[_MINOR], broken = _amount(rows, source)
        _note(wrong, unreadable(_MINOR), broken)
    for name, reason in _NEEDED.items():
        if name in found:
            _note(wrong, reason.name, found[name].is_null().to_numpy(zero_copy_only=False))
    # What is there and cannot be read is not missing.
    for name in _NEEDED.keys() & found.keys():
        if unreadable(name) in wrong and _NEEDED[name].name in wrong:
            wrong[_NEEDED[name].name] &= ~wrong[unreadable(name)]
    return {name: found[name] for name in contract_order(found)}, wrong


def _note(wrong: dict[str, Truths], reason: str, rows: Truths | None) -> None:
    if rows is not None and rows.any():
        wrong[reason] = rows


def _plain(column: pa.Array) -> tuple[pa.Array, Truths | None]:
    """Texts of which hardly two are equal, missing where empty. Offsets of 64 bits: parts may be laid together."""
    texts = column.cast(pa.large_string())
    gone = pc.equal(pc.binary_length(texts), 0)
    broken = None
    # Nearly never: all bytes at once are looked through many times faster than text by text.
    if NOT_UTF8.encode() in bytes(texts.buffers()[2] or b""):
        broken = pc.match_substring(texts, NOT_UTF8)
        gone = pc.or_(gone, broken)
    if pc.any(gone).as_py():
        texts = pc.if_else(gone, pa.scalar(None, texts.type), texts)
    return texts, None if broken is None else _truths(broken)


def _text(name: str, column: pa.Array) -> tuple[pa.DictionaryArray, Truths | None]:
    coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    texts = coded.dictionary
    broken = pc.match_substring(texts, NOT_UTF8)
    gone = pc.or_(broken, pc.equal(pc.binary_length(texts), 0)) if is_identifier(name) else broken
    if not pc.any(gone).as_py():
        return coded, None
    places = np.append(np.where(_truths(gone), -1, np.arange(len(texts))), -1)
    bad = np.append(_truths(broken), False)
    codes = coded.indices.fill_null(len(texts)).to_numpy()
    indices = pa.array(places[codes].astype(np.int32), mask=places[codes] < 0)
    return pa.DictionaryArray.from_arrays(indices, texts), bad[codes]


def _typed(
    name: str, column: pa.Array, source: Source, attributes: Mapping[str, Attribute]
) -> tuple[pa.Array, Truths | None]:
    if not pa.types.is_string(column.type):
        return _canonical(name, column, source, attributes)
    coded = pc.dictionary_encode(column)
    values, broken = _canonical(name, coded.dictionary, source, attributes)
    if broken is not None:
        broken = np.append(broken, False)[coded.indices.fill_null(len(broken)).to_numpy()]
    return values.take(coded.indices), broken


def _canonical(
    name: str, values: pa.Array, source: Source, attributes: Mapping[str, Attribute]
) -> tuple[pa.Array, Truths | None]:
    frame = canonical(_frame({name: values}), source=source, attributes=attributes)
    found = frame[name].to_arrow()
    return (found.cast(TIME) if type_of(name, attributes) == "time" else found), _flag(frame, name)


def _amount(rows: Mapping[str, pa.Array], source: Source) -> tuple[pa.Array, Truths | None]:
    frame = canonical(_frame({name: rows[name] for name in (AMOUNT, "currency")}), source=source)
    return frame[_MINOR].to_arrow(), _flag(frame, _MINOR)


def _frame(columns: Mapping[str, pa.Array]) -> pl.DataFrame:
    made = {name: pl.Series(name, values) for name, values in columns.items()}
    zero = pl.repeat(0, len(next(iter(made.values()))), eager=True)
    return pl.DataFrame({"file": zero, "position": zero, **made})


def _flag(frame: pl.DataFrame, name: str) -> Truths | None:
    return frame[f"!{name}"].to_numpy() if f"!{name}" in frame.columns else None


def _truths(found: pa.Array) -> Truths:
    truths: Truths = found.fill_null(False).to_numpy(zero_copy_only=False)
    return truths
