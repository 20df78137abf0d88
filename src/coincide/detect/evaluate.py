"""The one exact meaning of expressions, over a canonical frame of selected rows.

Texts compare by code point (UTF-8 bytes order the same way), NULL is unknown, numbers are exact. Linear
comparisons run as integer arithmetic over whole columns; what needs products, quotients or window aggregates
is evaluated with fractions on the *distinct* combinations of the values it reads and taken back to the rows,
so that nothing overflows and nothing is rounded. ``lower`` is one pinned Unicode table. DESIGN: "Rules".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl

from coincide.detect.kernel.observations import Positions, Truths
from coincide.detect.lowercase import lower
from coincide.events import zone as zones
from coincide.network.network import Network
from coincide.rules.expression import (
    Aggregate,
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Expression,
    Field,
    In,
    InList,
    IsNull,
    Like,
    Literal,
    Negate,
    Not,
    Or,
    walk,
)

if TYPE_CHECKING:
    from coincide.detect.unusual import OfLog

_SCALE = 17
"""Linear arithmetic happens in integers of 10**-17: coordinates have 17 decimals, quantities 9."""
_WIDEST = 10**18
"""Numbers of at most 18 digits before the point: scaled, 64 of them add up inside 128 bits."""
_TERMS = 64
_DAY_US = 86_400_000_000
_HOUR_US = 3_600_000_000


class ManagedList(Protocol):
    """Values with expiry; see ``catalog.managed_list``."""

    def holds(self, values: pl.Series, at_us: pl.Series) -> pl.Series:
        """Which values are on the list at their time; null where the value is null."""
        ...


Covered = Callable[[pl.DataFrame], Truths]


def all_of(frame: pl.DataFrame) -> Truths:
    """Covers every incident: for counts, and for the made-up accounts of tests."""
    return np.ones(frame.height, dtype=np.bool_)


@dataclass(frozen=True)
class Surroundings:
    """What an expression may read beside its row: the rule's zone and the managed lists.

    ``covered``: which incidents (rows of a canonical frame) a recorded request covers, so that it may be told who was
    there; ``None``: of none. ``network``: where stops are and which follow which, for days of riding.
    ``now_us``: when one looks, after which no incident can be known; ``None`` where nobody minds. ``days``: for a rule
    over days, those of all accounts of a log of which some are at hand.
    """

    zone: str = "UTC"
    lists: Mapping[str, ManagedList] = field(default_factory=dict)
    covered: Covered | None = None
    network: Network | None = None
    now_us: int | None = None
    days: OfLog | None = None


def aggregate_column(node: Aggregate) -> str:
    """The column in which the caller gives the value of a window aggregate."""
    return f"@{node.measure}:{node.field or ''}"


def evaluate(expression: Expression, frame: pl.DataFrame, around: Surroundings) -> pl.Series:
    """True, false or null for each row of ``frame``.

    ``frame`` has the canonical columns (a field without a column is missing everywhere) and, for each aggregate
    of the expression, its ``aggregate_column`` with exact numbers.
    """
    work = _prepared(expression, frame, around)
    return work.with_columns(_truth(expression, work.columns).alias("~truth"))["~truth"]


def _prepared(expression: Expression, frame: pl.DataFrame, around: Surroundings) -> pl.DataFrame:
    """The columns the truth expression reads: scaled integers, texts, and each hard leaf already decided."""
    columns: dict[str, pl.Series] = {"~row": _constant(True, pl.Boolean, frame.height)}
    for node in walk(expression):
        if isinstance(node, InList):
            columns[_key(node)] = _on_list(node, frame, around)
        elif _hard(node, frame):
            columns[_key(node)] = _distinctly(node, frame, around)
        elif isinstance(node, Field):
            columns[node.name] = _values(node.name, frame)
        elif isinstance(node, Call) and node.function in ("local_hour", "weekday"):
            columns[_key(node)] = _clock(node, frame, around)
        elif isinstance(node, Call) and node.function == "lower":
            columns[_key(node)] = _lowered(node, frame, around)
    return pl.DataFrame([series.alias(name) for name, series in columns.items()])


def _key(node: Expression) -> str:
    return f"~{node!r}"


def _values(name: str, frame: pl.DataFrame) -> pl.Series:
    """A field as text or as scaled integers; nothing but nulls where the source does not map it."""
    if name not in frame.columns:
        return _constant(None, pl.Int128, frame.height)
    column = frame[name]
    return column if column.dtype == pl.String else _scaled(column)


def _constant(value: str | bool | None, dtype: type[pl.DataType], height: int) -> pl.Series:
    return pl.Series([value], dtype=dtype).new_from_index(0, height)


def _scaled(column: pl.Series) -> pl.Series:
    scale = column.dtype.scale if isinstance(column.dtype, pl.Decimal) else 0
    factor = pl.lit(10 ** (_SCALE - scale), dtype=pl.Int128)
    return column.to_physical().cast(pl.Int128).alias("~n").to_frame().select(pl.col("~n") * factor).to_series()


def _truth(node: Expression, known: list[str]) -> pl.Expr:
    """The Polars expression of a truth-valued node (three-valued logic as in SQL)."""
    if _key(node) in known:
        return pl.col(_key(node))
    match node:
        case And(operands):
            return reduce(lambda left, right: left & right, (_truth(part, known) for part in operands))
        case Or(operands):
            return reduce(lambda left, right: left | right, (_truth(part, known) for part in operands))
        case Not(operand):
            return ~_truth(operand, known)
        case Compare(operator, left, right):
            return _compared(operator, _operand(left, known), _operand(right, known))
        case Between(operand, low, high):
            value = _operand(operand, known)
            return (value >= _operand(low, known)) & (value <= _operand(high, known))
        case In(operand, values):
            value = _operand(operand, known)
            return reduce(lambda left, right: left | right, (value == _operand(one, known) for one in values))
        case IsNull(operand):
            return _operand(operand, known).is_null()
        case Like(operand, pattern):
            return _operand(operand, known).str.contains(like_pattern(pattern))
        case _:
            raise TypeError(f"{type(node).__name__} has no truth")


def _compared(operator: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    match operator:
        case "=":
            return left == right
        case "<>":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right


def _operand(node: Expression, known: list[str]) -> pl.Expr:
    if _key(node) in known:
        return pl.col(_key(node))
    match node:
        case Field(name):
            return pl.col(name)
        case Literal(value):
            if isinstance(value, Decimal):
                return pl.lit(int(value.scaleb(_SCALE)), dtype=pl.Int128)
            return pl.lit(value)
        case Negate(operand):
            return pl.lit(0, dtype=pl.Int128) - _operand(operand, known)
        case Arithmetic("+", left, right):
            return _operand(left, known) + _operand(right, known)
        case Arithmetic("-", left, right):
            return _operand(left, known) - _operand(right, known)
        case Call("abs", argument):
            return _operand(argument, known).abs()
        case Call("length", argument):
            return _operand(argument, known).str.len_chars().cast(pl.Int128) * pl.lit(10**_SCALE, dtype=pl.Int128)
        case _:
            raise TypeError(f"{type(node).__name__} is no operand of linear arithmetic")


def like_pattern(pattern: str) -> str:
    """``LIKE`` as a regular expression over code points, anchored at both ends."""
    parts = {"%": ".*", "_": "."}
    return "(?s)^" + "".join(parts.get(letter) or re.escape(letter) for letter in pattern) + "$"


def _on_list(node: InList, frame: pl.DataFrame, around: Surroundings) -> pl.Series:
    name = node.operand.name
    values = frame[name] if name in frame.columns else _constant(None, pl.String, frame.height)
    return around.lists[node.list].holds(values, frame["occurred_at"])


def _clock(node: Call, frame: pl.DataFrame, around: Surroundings) -> pl.Series:
    """``local_hour`` (0-23) or ``weekday`` (Monday = 1) in the rule's zone, scaled."""
    at = frame["occurred_at"]
    local = zones.local(at.fill_null(0).to_numpy(), around.zone)
    answer = local // _HOUR_US % 24 if node.function == "local_hour" else _weekday(local)
    known = pl.DataFrame({"value": answer, "at": at})
    return _scaled(known.select(pl.when(pl.col("at").is_not_null()).then(pl.col("value"))).to_series())


def _weekday(local_us: Positions) -> Positions:
    return (local_us // _DAY_US + 3) % 7 + 1  # 1970-01-01 was a Thursday; Monday is 1


def _lowered(node: Call, frame: pl.DataFrame, around: Surroundings) -> pl.Series:
    texts = _text(node.argument, frame, around).alias("~text").to_frame()
    small = texts.unique().with_columns(pl.col("~text").map_elements(lower, return_dtype=pl.String).alias("~small"))
    return texts.join(small, on="~text", how="left", maintain_order="left", nulls_equal=True)["~small"]


def _text(node: Expression, frame: pl.DataFrame, around: Surroundings) -> pl.Series:
    match node:
        case Field(name) if name in frame.columns:
            return frame[name]
        case Literal(str(value)):
            return _constant(value, pl.String, frame.height)
        case Call("lower"):
            return _lowered(node, frame, around)
        case _:
            return _constant(None, pl.String, frame.height)


def _hard(node: Expression, frame: pl.DataFrame) -> bool:
    """Whether a comparing node needs fractions: products, quotients, aggregates, huge numbers, many terms."""
    if not isinstance(node, Compare | Between | In | IsNull):
        return False
    terms = 0
    for part in walk(node):
        match part:
            case Arithmetic("*" | "/") | Aggregate():
                return True
            case Field(name):
                terms += 1
                if name in frame.columns and _wide(frame[name]):
                    return True
            case Literal():
                terms += 1
            case _:
                pass
    return terms > _TERMS


def _wide(column: pl.Series) -> bool:
    """Whether a number of the column has more than 18 digits before its point (only whole ones can)."""
    if column.dtype != pl.Int64:
        return False
    ends = (column.min(), column.max())
    return any(isinstance(end, int) and abs(end) > _WIDEST for end in ends)


def _distinctly(node: Expression, frame: pl.DataFrame, around: Surroundings) -> pl.Series:
    """The node's truth on each distinct combination of what it reads, taken back to the rows."""
    reads = sorted({n for n in _reads(node) if n in frame.columns})
    if not reads:
        return _constant(_decide(node, {}, around), pl.Boolean, frame.height)
    numbered = frame.select(reads).with_row_index("~i")
    groups = numbered.group_by(reads, maintain_order=True).agg(pl.col("~i"))
    truths = [_decide(node, row, around) for row in groups.select(reads).iter_rows(named=True)]
    return (
        groups.select("~i")
        .with_columns(pl.Series("~truth", truths, dtype=pl.Boolean))
        .explode("~i")
        .sort("~i")["~truth"]
    )


def _reads(node: Expression) -> set[str]:
    names: set[str] = set()
    for part in walk(node):
        match part:
            case Field(name):
                names.add(name)
            case Aggregate():
                names.add(aggregate_column(part))
            case Call("local_hour" | "weekday"):
                names.add("occurred_at")
            case _:
                pass
    return names


def _decide(node: Expression, row: Mapping[str, Any], around: Surroundings) -> bool | None:
    """The truth of a comparing node for one combination of values, with fractions."""
    match node:
        case Compare(operator, left, right):
            return _ordered(operator, _value(left, row, around), _value(right, row, around))
        case Between(operand, low, high):
            value = _value(operand, row, around)
            above = _ordered(">=", value, _value(low, row, around))
            below = _ordered("<=", value, _value(high, row, around))
            if above is False or below is False:
                return False
            return None if above is None or below is None else True
        case In(operand, values):
            value = _value(operand, row, around)
            return None if value is None else any(value == _value(one, row, around) for one in values)
        case IsNull(operand):
            return _value(operand, row, around) is None
        case _:
            raise TypeError(f"{type(node).__name__} compares nothing")


def _ordered(operator: str, left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        return None
    outcomes: dict[str, bool] = {
        "=": left == right,
        "<>": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }
    return outcomes[operator]


def _value(node: Expression, row: Mapping[str, Any], around: Surroundings) -> Fraction | str | None:
    match node:
        case Literal(value):
            return Fraction(value) if isinstance(value, Decimal) else str(value)
        case Field(name):
            return _exactly(row.get(name))
        case Aggregate():
            return _exactly(row.get(aggregate_column(node)))
        case Negate(operand):
            inner = _value(operand, row, around)
            return None if inner is None else -inner  # type: ignore[operator]
        case Arithmetic(operator, left, right):
            return _calculated(operator, _value(left, row, around), _value(right, row, around))
        case Call(function, argument):
            return _called(function, argument, row, around)
        case _:
            raise TypeError(f"{type(node).__name__} has no value")


def _exactly(value: Any) -> Fraction | str | None:
    return value if value is None or isinstance(value, str) else Fraction(value)


def _calculated(operator: str, left: Any, right: Any) -> Fraction | None:
    if left is None or right is None or (operator == "/" and right == 0):
        return None
    match operator:
        case "+":
            result = left + right
        case "-":
            result = left - right
        case "*":
            result = left * right
        case _:
            result = left / right
    return Fraction(result)


def _called(function: str, argument: Expression, row: Mapping[str, Any], around: Surroundings) -> Fraction | str | None:
    value = _value(argument, row, around)
    if value is None:
        return None
    if isinstance(value, str):
        return lower(value) if function == "lower" else Fraction(len(value))
    if function == "abs":
        return abs(value)
    local = zones.local(np.array([int(value)], dtype=np.int64), around.zone)
    return Fraction(int((local // _HOUR_US % 24 if function == "local_hour" else _weekday(local))[0]))
