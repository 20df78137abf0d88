"""Times of a row: text, dates, timestamps and counts to microseconds since 1970 in UTC.

Text is ISO 8601: ``2025-03-01``, then ``T`` or a space and ``10:15``, ``10:15:30`` or ``10:15:30.123``
(or a comma; digits after the sixth are cut), then ``Z``, ``+hh``, ``+hhmm``, ``+hh:mm`` or nothing. A date alone is
its midnight. With nothing behind it a time is of the source's ``timezone``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.events import zone
from coincide.events.event import EARLIEST_US, LATEST_US

TIME = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:[Tt ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<off_hour>\d\d)(?::?(?P<off_minute>\d\d))?)?)?",
    re.ASCII,
)
UNITS = {"s": (1_000_000, 1), "ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}
"""Of ``time_unit``: what one is worth in microseconds, as a fraction."""

# A longer text is no time, but for the digits of a fraction that are cut anyway.
_LONGEST = 64
_LONG_FRACTION = r"([.,][0-9]{6})[0-9]+"
_MINUTE = 60_000_000
_DAY = 1_440 * _MINUTE


class Read(NamedTuple):
    """``values``: microseconds (NULL where missing or unreadable); ``unreadable``: there, but no usable time;
    ``zoneless``: a time without a zone, for which none was given (its value is NULL).
    """

    values: pl.Series
    unreadable: pl.Series
    zoneless: pl.Series


@dataclass(frozen=True)
class _Parsed:
    """Per text: the clock's microseconds, whether it is a time, and whether it carries a zone (then UTC)."""

    us: NDArray[np.int64]
    good: NDArray[np.bool_]
    zoned: NDArray[np.bool_]


def times(raw: pl.Series, *, timezone: str | None, time_unit: str | None) -> Read:
    """``raw`` (text, dates, timestamps or whole numbers) as microseconds in UTC, 1970 to 2200."""
    there = raw.is_not_null().to_numpy()
    parsed = _parse(raw, time_unit)
    us, good, zoned = parsed.us, parsed.good & there, parsed.zoned
    naive = good & ~zoned
    zoneless = naive if timezone is None else np.zeros(len(raw), np.bool_)
    if timezone is not None and naive.any():
        us = us.copy()
        us[naive] = zone.to_utc(us[naive], timezone)
    usable = good & ~zoneless & (us >= EARLIEST_US) & (us <= LATEST_US)
    values = pl.Series(raw.name, us, dtype=pl.Int64)
    if not usable.all():
        values = values.scatter(np.flatnonzero(~usable), None)
    return Read(values, pl.Series(there & ~usable & ~zoneless), pl.Series(zoneless))


def _parse(raw: pl.Series, time_unit: str | None) -> _Parsed:
    kind = raw.dtype
    if kind == pl.String:
        return _texts(raw, time_unit)
    if kind == pl.Date:
        return _typed(raw.cast(pl.Int64), _DAY, 1, zoned=False)
    if isinstance(kind, pl.Datetime):
        factor, divisor = UNITS[kind.time_unit]
        return _typed(raw.cast(pl.Int64), factor, divisor, zoned=kind.time_zone is not None)
    if kind.is_integer() and time_unit is not None:
        return _counts(raw.cast(pl.Int64, strict=False), time_unit)
    nothing = np.zeros(len(raw), np.bool_)
    return _Parsed(np.zeros(len(raw), np.int64), nothing, nothing)


def _counts(raw: pl.Series, time_unit: str) -> _Parsed:
    return _typed(raw, *UNITS[time_unit], zoned=True)


def _typed(raw: pl.Series, factor: int, divisor: int, *, zoned: bool) -> _Parsed:
    """Counts since 1970; those too large to be multiplied are far outside the usable times."""
    there = raw.is_not_null().to_numpy()
    counts = raw.fill_null(0).to_numpy()
    limit = (LATEST_US + 2 * _DAY) // factor * divisor
    good = there & (counts >= -limit) & (counts <= limit)
    us = np.where(good, counts, 0) * factor // divisor
    return _Parsed(us, good, np.full(len(raw), zoned))


def _texts(raw: pl.Series, time_unit: str | None) -> _Parsed:
    """Texts are read once per shape (all digits taken as one): a log has a handful of shapes."""
    count = len(raw)
    us = np.zeros(count, np.int64)
    good = np.zeros(count, np.bool_)
    zoned = np.zeros(count, np.bool_)
    lengths = raw.str.len_bytes().fill_null(0)
    if count and int(lengths.max()) > _LONGEST:  # type: ignore[arg-type]
        raw = raw.str.replace(_LONG_FRACTION, "$1")
        lengths = raw.str.len_bytes().fill_null(0)
    for length in lengths.unique():
        if not 0 < length <= _LONGEST:
            continue
        rows = (lengths == length).arg_true().to_numpy()
        for chosen, layout, cells in _shapes(raw.gather(rows), length):
            places = rows[chosen]
            parsed = _read(cells, layout)
            us[places], good[places], zoned[places] = parsed.us, parsed.good, parsed.zoned
    if time_unit is not None:
        _digits(raw, time_unit, us, good, zoned)
    return _Parsed(us, good, zoned)


def _digits(
    raw: pl.Series, time_unit: str, us: NDArray[np.int64], good: NDArray[np.bool_], zoned: NDArray[np.bool_]
) -> None:
    """Whole numbers written as text, where the source says what they count."""
    plain = raw.str.contains(r"^-?[0-9]{1,18}$").fill_null(False)
    if not plain.any():
        return
    rows = plain.arg_true().to_numpy()
    parsed = _typed(raw.filter(plain).cast(pl.Int64), *UNITS[time_unit], zoned=True)
    us[rows], good[rows], zoned[rows] = parsed.us, parsed.good, True


# Digits, `t` and space, `z` are taken as one letter each; other bytes stand for themselves.
_LETTER = np.arange(256, dtype=np.uint8)
_LETTER[ord("0") : ord("9") + 1] = ord("0")
_LETTER[[ord("t"), ord(" ")]] = ord("T")
_LETTER[ord("z")] = ord("Z")


def _shapes(texts: pl.Series, length: int) -> Iterator[tuple[NDArray[np.int64], dict[str, slice], NDArray[np.uint8]]]:
    """For each shape among texts of ``length`` bytes: the places of its texts, its layout, its bytes.

    Shapes that are no time are left out.
    """
    data = texts.to_arrow().buffers()[2]
    cells = np.frombuffer(data, np.uint8)[: len(texts) * length].reshape(len(texts), length)
    shapes = _LETTER[cells]
    left = np.arange(len(texts))
    while len(left):
        shape = shapes[left[0]]
        same = (shapes[left] == shape).all(axis=1)
        parts = TIME.fullmatch(shape.tobytes().decode("latin-1"))
        if parts is not None:
            layout = {name: slice(*parts.span(name)) for name, value in parts.groupdict().items() if value}
            chosen = left[same]
            yield chosen, layout, cells[chosen]
        left = left[~same]


def _read(cells: NDArray[np.uint8], layout: dict[str, slice]) -> _Parsed:
    """All texts of one shape, their bytes as rows of ``cells``."""

    def number(name: str) -> NDArray[np.int64]:
        if name not in layout:
            return np.zeros(len(cells), np.int64)
        digits = cells[:, layout[name]].astype(np.int64) - ord("0")
        value = np.zeros(len(cells), np.int64)
        for place in range(digits.shape[1]):
            value = value * 10 + digits[:, place]
        return value

    if "fraction" in layout:
        start, stop = layout["fraction"].start, layout["fraction"].stop
        layout = {**layout, "fraction": slice(start, min(stop, start + 6))}
        cut = 10 ** (6 - (layout["fraction"].stop - start))
    else:
        cut = 1
    year, month, day = number("year"), number("month"), number("day")
    hour, minute, second = number("hour"), number("minute"), number("second")
    off_hour, off_minute = number("off_hour"), number("off_minute")
    good = (month >= 1) & (month <= 12) & (hour <= 23) & (minute <= 59) & (second <= 59)
    good &= (off_hour <= 23) & (off_minute <= 59) & (year >= 1)
    month = np.clip(month, 1, 12)
    good &= (day >= 1) & (day <= _days_in(year, month))
    minutes = _days(year, month, day) * 1_440 + hour * 60 + minute
    if "sign" in layout:
        sign = np.where(cells[:, layout["sign"]][:, 0] == ord("-"), -1, 1)
        minutes -= sign * (off_hour * 60 + off_minute)
    us = minutes * _MINUTE + second * 1_000_000 + number("fraction") * cut
    return _Parsed(us, good, np.full(len(cells), "utc" in layout or "sign" in layout))


def _days(year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Days since 1970-01-01 in the proleptic Gregorian calendar."""
    months = (year - 1970) * 12 + (month - 1)
    first: NDArray[np.int64] = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return first + day - 1


def _days_in(year: NDArray[np.int64], month: NDArray[np.int64]) -> NDArray[np.int64]:
    """Days of the month."""
    lengths: NDArray[np.int64] = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[month]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days: NDArray[np.int64] = lengths + ((month == 2) & leap)
    return days
