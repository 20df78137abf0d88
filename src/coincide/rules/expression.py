"""Expressions of the rule language as frozen values: what ``where`` and ``unless`` say.

The nodes know nothing of text, SQL or frames: ``parse`` makes them, ``check`` types them, ``detect.evaluate``
gives them their meaning, ``detect.select`` makes SQL from them that may only select too much. Two expressions
are equal when they mean the same text apart from positions: ``span`` never takes part in comparison.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal as Only

Comparison = Only["=", "<>", "<", "<=", ">", ">="]
Operator = Only["+", "-", "*", "/"]
Function = Only["abs", "lower", "length", "local_hour", "weekday"]
Measure = Only["count", "sum", "distinct"]

_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Span:
    """Where a node stands inside its expression: code points ``[start, end)`` from the expression's start."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """The base of all nodes."""

    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Field(Expression):
    """A field of the event: a core field (``quantity``), ``link.<kind>`` or ``attributes.<name>``."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A text, an exact number, or a truth value."""

    value: str | Decimal | bool


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """True where ``operand`` is false; unknown where it is unknown."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class And(Expression):
    """False where one operand is false, else unknown where one is unknown."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or(Expression):
    """True where one operand is true, else unknown where one is unknown."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Compare(Expression):
    """``left operator right``; texts compare by code point, numbers exactly; unknown where one side is NULL."""

    operator: Comparison
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Between(Expression):
    """``low <= operand AND operand <= high`` in three-valued logic."""

    operand: Expression
    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class In(Expression):
    """``operand`` equals one of ``values`` (literals)."""

    operand: Expression
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class InList(Expression):
    """``field in list('name')``: the text is on the managed list, valid at the event's time; unknown if NULL."""

    operand: Field
    list: str


@dataclass(frozen=True, slots=True)
class IsNull(Expression):
    """True where ``operand`` is missing (or NULL by a division by zero), false elsewhere; never unknown."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Like(Expression):
    """SQL ``LIKE``: ``%`` any run of code points, ``_`` exactly one; case counts; no escape character."""

    operand: Expression
    pattern: str


@dataclass(frozen=True, slots=True)
class Arithmetic(Expression):
    """Exact arithmetic; ``x / 0`` is NULL."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negate(Expression):
    """``-operand``."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """One of the listed functions. ``local_hour`` and ``weekday`` take ``occurred_at`` and use the rule's zone."""

    function: Function
    argument: Expression


@dataclass(frozen=True, slots=True)
class Aggregate(Expression):
    """``count()``, ``sum(field)``, ``distinct(field)`` over the hit's window; in ``unless`` only.

    ``distinct`` counts values that are not missing; ``sum`` of no values is 0.
    """

    measure: Measure
    field: str | None = None


def children(expression: Expression) -> tuple[Expression, ...]:
    """The direct operands of a node, left to right."""
    match expression:
        case Not(operand) | IsNull(operand) | Like(operand) | Negate(operand) | InList(operand):
            return (operand,)
        case Call(argument=argument):
            return (argument,)
        case And(operands) | Or(operands):
            return operands
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            return (left, right)
        case Between(operand, low, high):
            return (operand, low, high)
        case In(operand, values):
            return (operand, *values)
        case _:
            return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """Every node of the tree, parents first."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def fields_of(expression: Expression | None) -> frozenset[str]:
    """The names of the event fields that the expression reads, those of aggregates and lists included."""
    if expression is None:
        return frozenset()
    names = set()
    for node in walk(expression):
        if isinstance(node, Field):
            names.add(node.name)
        elif isinstance(node, InList):
            names.add("occurred_at")  # the list is judged at the event's time
        elif isinstance(node, Aggregate) and node.field is not None:
            names.add(node.field)
    return frozenset(names)


_LEVEL: dict[type[Expression], int] = {
    Or: 0,
    And: 1,
    Not: 2,
    Compare: 3,
    Between: 3,
    In: 3,
    InList: 3,
    IsNull: 3,
    Like: 3,
}
"""How tightly a node binds, loosest first; sums are 4, products 5, a minus 6, the rest 7."""


def text_of(expression: Expression) -> str:
    """The expression as an author would write it: reading it again gives an equal expression."""
    match expression:
        case Field(name):
            return _name(name)
        case Literal(value):
            return _literal(value)
        case Not(In() | InList() | Between() | Like() | IsNull() as operand):
            return _asked(operand, "not ")
        case Not(operand):
            return f"not {_inside(operand, 2)}"
        case And(operands):
            return " and ".join(_inside(operand, 2) for operand in operands)
        case Or(operands):
            return " or ".join(_inside(operand, 1) for operand in operands)
        case Compare(operator, left, right):
            return f"{_inside(left, 4)} {operator} {_inside(right, 4)}"
        case Arithmetic(operator, left, right):
            level = 4 if operator in "+-" else 5
            return f"{_inside(left, level)} {operator} {_inside(right, level + 1)}"
        case Negate(operand):
            # Two signs in a row would start a comment.
            return f"- {text_of(operand)}" if isinstance(operand, Negate) else f"-{_inside(operand, 7)}"
        case Call(function, argument):
            return f"{function}({_inside(argument, 4)})"
        case Aggregate(measure, field):
            return f"{measure}({_name(field) if field else ''})"
        case _:
            return _asked(expression, "")


def _asked(expression: Expression, denied: str) -> str:
    """The forms that have a ``not`` of their own."""
    match expression:
        case In(operand, values):
            listed = ", ".join(_literal(value.value) for value in values)
            return f"{_inside(operand, 4)} {denied}in ({listed})"
        case InList(operand, name):
            return f"{_inside(operand, 4)} {denied}in list({_literal(name)})"
        case Between(operand, low, high):
            return f"{_inside(operand, 4)} {denied}between {_inside(low, 4)} and {_inside(high, 4)}"
        case Like(operand, pattern):
            return f"{_inside(operand, 4)} {denied}like {_literal(pattern)}"
        case IsNull(operand):
            return f"{_inside(operand, 4)} is {denied}null"
        case _:
            raise TypeError(f"no text for {type(expression).__name__}")


def _inside(expression: Expression, level: int) -> str:
    """In parentheses where it binds looser than ``level``."""
    if isinstance(expression, Arithmetic):
        binds = 4 if expression.operator in "+-" else 5
    elif isinstance(expression, Negate):
        binds = 6
    else:
        binds = _LEVEL.get(type(expression), 7)
    text = text_of(expression)
    return f"({text})" if binds < level else text


def _literal(value: str | Decimal | bool) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else format(value.normalize(), "f")


def _name(name: str) -> str:
    """Quoted after the dot where a name holds more than a plain word: ``attributes."age-group"``."""
    head, dot, tail = name.partition(".")
    return f'{head}."{tail}"' if dot and not _PLAIN_NAME.fullmatch(tail) else name
