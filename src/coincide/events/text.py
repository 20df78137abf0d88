"""Text of a row: what counts as missing, and how bytes that are not UTF-8 pass through Arrow unlost.

Arrow and Polars hold only valid UTF-8. A reader that meets other bytes puts the noncharacter U+FDD1 in their
place, and :mod:`coincide.events.canonical` takes a text that holds it as unreadable. U+FDD1 is reserved by
Unicode for such internal use and never stands for a letter; a file that really holds it is read the same way.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from coincide.events.column import texts

if TYPE_CHECKING:
    import pyarrow as pa

NOT_UTF8 = "\ufdd1"
"""Stands for bytes that are not UTF-8, and for a JSON value that is no text."""

IDENTIFIERS = ("event_id", "account")
"""Fields in which an empty text is missing, as it is in links."""


def _replace(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return NOT_UTF8, error.end
    raise error


codecs.register_error("coincide-noncharacter", _replace)


def decode(content: bytes) -> str:
    """The text of UTF-8 bytes, each run of invalid bytes as U+FDD1."""
    return content.decode("utf-8", "coincide-noncharacter")


def is_identifier(field: str) -> bool:
    """Whether an empty text in ``field`` counts as missing: event_id, account and links."""
    return field in IDENTIFIERS or field.startswith("link.")


def repaired(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of text or bytes as valid text; columns of other types come back as they are."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            pass
        else:
            return column
    elif not pa.types.is_binary(kind):
        return column
    binary = pa.large_binary() if pa.types.is_large_string(kind) else pa.binary()
    values = (value for chunk in column.chunks for value in chunk.view(binary).to_pylist())
    return pa.chunked_array([texts([None if value is None else decode(value) for value in values])])
