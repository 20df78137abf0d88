"""Whether a mapped value is there and can be read, as SQL, for counting where rows stay in the database.

:mod:`coincide.events.canonical` decides it for the rows that are kept. What is called unreadable here is so there;
but a number that is written well and has more digits than its field holds passes here. A property test says both.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from coincide.events.clock import clock, usable
from coincide.events.event import Type
from coincide.events.mapping import type_of
from coincide.events.text import NOT_UTF8
from coincide.settings import Attribute, LinkFile, Source

_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_TEXT = ("VARCHAR", '"NULL"')
_FLOATS = ("DOUBLE", "FLOAT")
_LARGEST: dict[Type, int] = {"number": 10**18, "whole": 1 << 63}


def missing(value: exp.Expr) -> exp.Expr:
    """Where the value is not there."""
    return value.copy().is_(exp.null())


def unreadable(
    source: Source | LinkFile,
    field: str,
    value: exp.Expr,
    columns: Mapping[str, str],
    attributes: Mapping[str, Attribute],
) -> exp.Expr:
    """Where the value of ``field`` is there and cannot be read as its type.

    ``value`` is the field's expression of :func:`~coincide.events.mapping.projection` over ``columns``.
    """
    kind = columns.get(value.name, "VARCHAR") if isinstance(value, exp.Column) else "VARCHAR"
    match type_of(field, attributes):
        case "text":
            return _function("COALESCE", _function("CONTAINS", value, exp.Literal.string(NOT_UTF8)), exp.false())
        case "time":
            unit = source.time_unit if isinstance(source, Source) else None
            read = exp.func("COALESCE", usable(clock(value, kind, unit).at), exp.false())
            return exp.and_(exp.not_(missing(value)), exp.not_(read))
        case type_:
            return _function("COALESCE", _no_number(value, kind, type_), exp.false())


def _no_number(value: exp.Expr, kind: str, type_: Type) -> exp.Expr:
    largest = _LARGEST.get(type_)
    if kind not in (*_TEXT, *_FLOATS) and not kind.startswith("DECIMAL"):
        return exp.false()
    number = exp.TryCast(this=value.copy(), to=exp.DataType.build("DOUBLE", dialect="duckdb"))
    parts: list[exp.Expr] = []
    if kind in _TEXT:
        # A text that DuckDB cannot hold as a number is one of more digits than any field has.
        parts.append(exp.not_(_function("REGEXP_MATCHES", value, exp.Literal.string(_NUMBER))))
    if kind in _FLOATS:
        parts.append(exp.not_(_function("ISFINITE", value)))
    if largest is not None:
        parts.append(exp.GT(this=exp.func("ABS", number.copy()), expression=exp.Literal.number(largest)))
    if type_ == "whole":
        parts.append(exp.NEQ(this=number.copy(), expression=_function("TRUNC", number)))
    return exp.paren(exp.or_(*parts))


def _function(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])
