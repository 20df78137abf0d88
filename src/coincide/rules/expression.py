"""Expressions of the rule language as frozen values: what ``where`` and ``unless`` say.

The nodes know nothing of text, SQL or frames: ``parse`` makes them, ``check`` types them, ``detect.evaluate``
gives them their meaning, ``detect.select`` makes SQL from them that may only select too much. Two expressions
are equal when they mean the same text apart from positions: ``span`` never takes part in comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal as Only

Comparison = Only["=", "<>", "<", "<=", ">", ">="]
Operator = Only["+", "-", "*", "/"]
Function = Only["abs", "lower", "length", "local_hour", "weekday"]
Measure = Only["count", "sum", "distinct"]


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
