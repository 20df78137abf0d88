"""Numbers of a row, exact: text, integers, decimals and floats to decimals of a fixed scale.

Grammar of a number as text: a sign or none, ASCII digits with at most one point (a digit at least), an exponent
or none; no spaces, no separators. Floats are read by their shortest decimal form. A number that the field
cannot hold exactly is unreadable: it is never rounded.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

import polars as pl

NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?")

DIGITS, DECIMALS = 18, 9
"""Of a ``number``: significant digits (zeros in front and at the end of the fraction aside) and decimals."""
COORDINATE_DECIMALS = 17
PRECISION = 38
"""Digits of the decimals that hold numbers and coordinates."""

_WHOLE_LIMIT = 1 << 63
# Within this form Polars reads text to a decimal exactly; the rest is read in Python, once per distinct text.
_PLAIN = r"^-?[0-9]{1,9}(\.[0-9]{1,9})?$"
_PLAIN_WHOLE = r"^-?[0-9]{1,18}$"


class Read(NamedTuple):
    """Values (NULL where missing or unreadable) and where they are there but unreadable."""

    values: pl.Series
    unreadable: pl.Series


class Shape(NamedTuple):
    """What a field can hold: all digits, digits of the fraction."""

    digits: int
    decimals: int


NUMBER_SHAPE = Shape(DIGITS, DECIMALS)
COORDINATE_SHAPE = Shape(PRECISION, COORDINATE_DECIMALS)


def exact(text: str, shape: Shape) -> Decimal | None:
    """The number that ``text`` writes, if ``shape`` holds it exactly; else ``None``."""
    parts = NUMBER.fullmatch(text)
    if parts is None or not (parts[2] or parts[3]):
        return None
    sign, whole, fraction, exponent = parts[1], parts[2] or "", parts[3] or "", parts[4] or "0"
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return Decimal(0)
    # More exponent digits than this never fit, whatever the number; int() of a million digits would take long.
    if len(exponent.lstrip("+-").lstrip("0")) > 9:
        return None
    # The value is digits * 10 ** power.
    power = int(exponent) - len(fraction)
    kept = digits.rstrip("0")
    power += len(digits) - len(kept)
    if power > 0:
        if len(kept) + power > shape.digits:
            return None
        kept, power = kept + "0" * power, 0
    # Trailing zeros before the point are digits, behind it they are not.
    if len(kept) > shape.digits or -power > shape.decimals:
        return None
    if len(kept) + power > PRECISION - shape.decimals:
        return None
    return Decimal((1 if sign == "-" else 0, tuple(map(int, kept)), power))


def whole(text: str) -> int | None:
    """The integer that ``text`` writes (``5``, ``5.0``, ``5e2``), if 64 bits hold it; else ``None``."""
    number = exact(text, Shape(19, 0))
    if number is None or not -_WHOLE_LIMIT <= number < _WHOLE_LIMIT:
        return None
    return int(number)


def decimals(raw: pl.Series, shape: Shape) -> Read:
    """``raw`` (text, integers, decimals or floats) as ``Decimal(38, shape.decimals)``."""
    kind = pl.Decimal(PRECISION, shape.decimals)
    texts = _texts(raw)
    plain = texts.str.contains(_PLAIN)
    values = pl.select(pl.when(plain).then(texts)).to_series().cast(kind)
    odd = texts.filter(~plain).unique()
    if len(odd):
        read = [exact(text, shape) for text in odd]
        others = texts.replace_strict(odd, pl.Series(read, dtype=kind), default=None, return_dtype=kind)
        values = pl.select(pl.when(plain).then(values).otherwise(others)).to_series()
    return Read(values.alias(raw.name), raw.is_not_null() & values.is_null())


def wholes(raw: pl.Series) -> Read:
    """``raw`` (text, integers, decimals or floats) as Int64; a fraction is unreadable."""
    if raw.dtype.is_integer():
        values = raw.cast(pl.Int64, strict=False)
        return Read(values, raw.is_not_null() & values.is_null())
    texts = _texts(raw)
    plain = texts.str.contains(_PLAIN_WHOLE)
    values = pl.select(pl.when(plain).then(texts)).to_series().cast(pl.Int64)
    odd = texts.filter(~plain).unique()
    if len(odd):
        read = pl.Series([whole(text) for text in odd], dtype=pl.Int64)
        others = texts.replace_strict(odd, read, default=None, return_dtype=pl.Int64)
        values = pl.select(pl.when(plain).then(values).otherwise(others)).to_series()
    return Read(values.alias(raw.name), raw.is_not_null() & values.is_null())


def _texts(raw: pl.Series) -> pl.Series:
    """``raw`` as text; of floats the shortest decimal form (NaN and infinity become texts of no number)."""
    return raw if raw.dtype == pl.String else raw.cast(pl.String)
