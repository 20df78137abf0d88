"""Times of a row as SQL, for counting by day where rows stay in the database.

The same grammar and the same units as :mod:`coincide.events.instant`, which reads the rows that are kept; a property
test compares the two. What a local clock shows is left as it is: :mod:`coincide.events.zone` turns the few times that
are left after counting into instants, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from coincide.events import zone
from coincide.events.event import EARLIEST_US, LATEST_US
from coincide.events.instant import UNITS

_ZONED = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
_NANOSECONDS = ("TIMESTAMP_NS", "TIMESTAMPTZ_NS")
_CLOCKS = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
_DAY_US = 86_400_000_000

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = r"[Zz]|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?"
_TIME = rf"{_DATE}([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?({_OFFSET})?)?"
_SIGNED = r"[+-][0-9]{2}(:?[0-9]{2})?$"
_COUNT = "^-?[0-9]{1,18}$"


@dataclass(frozen=True)
class Clock:
    """``at``: microseconds since 1970, of UTC where ``zoned`` holds, else of the source's own clock.

    NULL where there is no time that can be read, but not yet bounded: see :func:`usable`.
    """

    at: exp.Expr
    zoned: exp.Expr


def clock(value: exp.Expr, kind: str, time_unit: str | None) -> Clock:
    """The clock of a mapped time, which is of the DuckDB type ``kind``."""
    if kind in _CLOCKS or kind in _ZONED:
        return Clock(_microseconds(value, kind), _truth(kind in _ZONED))
    if kind in _INTEGERS:
        return Clock(_counted(value, time_unit), exp.true())
    text = exp.cast(value.copy(), "VARCHAR", dialect="duckdb")
    written, zoned = _written(text), _matches(text, rf"^.{{16,}}({_OFFSET})$")
    if time_unit is None:
        return Clock(written, zoned)
    digits = _matches(text, _COUNT)
    counted = _counted(_tried(text, "BIGINT"), time_unit)
    return Clock(exp.case().when(digits, counted).else_(written), exp.paren(exp.or_(digits.copy(), zoned)))


def usable(at: exp.Expr) -> exp.Expr:
    """That a time is one of those that can be used. A second step, so that reading it is written once.

    At both ends of these times, the hours that a clock is from UTC are not looked at.
    """
    return exp.Between(this=at.copy(), low=_number(EARLIEST_US), high=_number(LATEST_US))


def since(value: exp.Expr, kind: str, time_unit: str | None, first_us: int) -> exp.Expr | None:
    """That a time is not before ``first_us``, over the column as it stands, so that parts of a file can be passed over.

    It lets through a day too much, for clocks of any zone; ``None`` where a column is not compared so simply.
    """
    first = max(first_us - _DAY_US, EARLIEST_US)
    if kind in _CLOCKS or kind in _ZONED:
        of = "TIMESTAMPTZ" if kind in _ZONED else "TIMESTAMP"
        bound: exp.Expr = exp.cast(exp.func("MAKE_TIMESTAMP", _number(first)), of, dialect="duckdb")
    elif kind in _INTEGERS and time_unit is not None:
        factor, divisor = UNITS[time_unit]
        bound = _number(first * divisor // factor)
    else:
        return None
    return exp.GTE(this=value.copy(), expression=bound)


def instant(clock_us: int, zoned: bool, timezone: str | None) -> int:
    """The instant of one clock's time; of a clock without a zone in ``timezone``, UTC if there is none."""
    import numpy as np

    if zoned or timezone is None:
        return clock_us
    return int(zone.to_utc(np.array([clock_us], dtype=np.int64), timezone)[0])


def _microseconds(value: exp.Expr, kind: str) -> exp.Expr:
    """EPOCH_US would round what is finer."""
    if kind in _NANOSECONDS:
        return exp.IntDiv(this=exp.func("EPOCH_NS", value.copy()), expression=_number(1_000))
    return exp.func("EPOCH_US", value.copy())


def _counted(value: exp.Expr, time_unit: str | None) -> exp.Expr:
    """A count since 1970 in its unit; the bounds come first, so that nothing overflows."""
    if time_unit is None:
        return exp.null()
    factor, divisor = UNITS[time_unit]
    last = LATEST_US * divisor // factor + divisor - 1
    whole = _tried(value, "BIGINT")
    scaled = exp.IntDiv(
        this=exp.paren(exp.Mul(this=whole.copy(), expression=_number(factor))), expression=_number(divisor)
    )
    return exp.case().when(exp.Between(this=whole, low=_number(EARLIEST_US), high=_number(last)), scaled)


def _written(text: exp.Expr) -> exp.Expr:
    """A text of the grammar: the clock it shows, less its offset."""
    day = _function("LEFT", text, _number(10))
    minute = _function("SUBSTRING", text, _number(12), _number(5))
    second = _function("REGEXP_EXTRACT", text, _literal(r"^.{16}:([0-9]{2})"), _number(1))
    fraction = _function("REGEXP_EXTRACT", text, _literal("[.,]([0-9]{1,6})"), _number(1))
    time = _joined(day, _literal(" "), _given(minute, "00:00"), _literal(":"), _given(second, "00"))
    exact = _tried(_joined(time, _literal("."), _given(fraction, "0")), "TIMESTAMP")
    offset = _function("REGEXP_EXTRACT", _function("SUBSTRING", text, _number(17)), _literal(_SIGNED))
    hours = _coalesced(_function("SUBSTRING", offset, _number(2), _number(2)))
    minutes = _coalesced(_function("RIGHT", _function("SUBSTRING", offset, _number(4)), _number(2)))
    total = exp.Add(this=exp.Mul(this=hours, expression=_number(60)), expression=minutes)
    sign = exp.case().when(_function("STARTS_WITH", offset, _literal("-")), exp.Neg(this=_number(1))).else_(_number(1))
    shift = exp.Mul(this=exp.Mul(this=exp.paren(total), expression=exp.paren(sign)), expression=_number(60_000_000))
    shown = exp.Sub(this=exp.func("EPOCH_US", exact), expression=exp.paren(shift))
    return exp.case().when(_matches(text, f"^({_TIME})$"), shown)


def _given(text: exp.Expr, otherwise: str) -> exp.Expr:
    return _function("COALESCE", _function("NULLIF", text, _literal("")), _literal(otherwise))


def _coalesced(text: exp.Expr) -> exp.Expr:
    return _function("COALESCE", _tried(text, "BIGINT"), _number(0))


def _joined(*parts: exp.Expr) -> exp.Expr:
    return exp.func("CONCAT", *(part.copy() for part in parts))


def _matches(text: exp.Expr, pattern: str) -> exp.Expr:
    return _function("REGEXP_MATCHES", text, _literal(pattern))


def _tried(value: exp.Expr, to: str) -> exp.Expr:
    return exp.TryCast(this=value.copy(), to=exp.DataType.build(to, dialect="duckdb"))


def _truth(value: bool) -> exp.Expr:
    return exp.true() if value else exp.false()


def _literal(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _function(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])
