"""Conditions in words: ``quantity > 0`` is "quantity is above 0"."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from coincide.rules.expression import (
    Aggregate,
    And,
    Arithmetic,
    Between,
    Call,
    Compare,
    Comparison,
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
)

_COMPARED: dict[Comparison, str] = {
    "=": "is", "<>": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least",
}  # fmt: skip
_CALLED = {
    "abs": "the absolute value of {}",
    "lower": "{} in small letters",
    "length": "the length of {}",
    "local_hour": "the local hour of {}",
    "weekday": "the weekday (Monday is 1) of {}",
}


def words(expression: Expression) -> str:
    """A condition, or a part of one, in words."""
    match expression:
        case And(operands):
            return " and ".join(_grouped(operand) for operand in operands)
        case Or(operands):
            return " or ".join(_grouped(operand) for operand in operands)
        case Not(operand):
            return _not(operand)
        case Compare(operator, left, right):
            return f"{words(left)} {_COMPARED[operator]} {words(right)}"
        case In() | InList() | Between() | Like() | IsNull():
            return _asked(expression, "")
        case _:
            return _value(expression)


def _grouped(operand: Expression) -> str:
    return f"({words(operand)})" if isinstance(operand, And | Or) else words(operand)


def _not(operand: Expression) -> str:
    match operand:
        case IsNull(inner):
            return f"{words(inner)} is given"
        case In() | InList() | Between() | Like():
            return _asked(operand, "not ")
        case _:
            return f"it is not so that {_grouped(operand)}"


def _asked(expression: Expression, denied: str) -> str:
    match expression:
        case In(operand, values):
            return f"{words(operand)} is {denied}{either([words(value) for value in values])}"
        case InList(operand, name):
            return f"{words(operand)} is {denied}on the list '{name}'"
        case Between(operand, low, high):
            return f"{words(operand)} is {denied}between {words(low)} and {words(high)}"
        case Like(operand, pattern):
            return f"{words(operand)} is {denied}like {_quoted(pattern)}"
        case IsNull(operand):
            return f"{words(operand)} is missing"
        case _:
            raise TypeError(f"no words for {type(expression).__name__}")


def _value(expression: Expression) -> str:
    match expression:
        case Field(name):
            return _field(name)
        case Literal(bool() as value):
            return str(value).lower()
        case Literal(str() as value):
            return _quoted(value)
        case Literal(Decimal() as value):
            return number(value)
        case Arithmetic(operator, left, right):
            return f"{_operand(left)} {operator} {_operand(right)}"
        case Negate(operand):
            return f"-{_operand(operand)}"
        case Call(function, argument):
            return _CALLED[function].format(words(argument))
        case Aggregate("count", _):
            return "the number of observations in the window"
        case Aggregate("sum", str(name)):
            return f"the sum of {_field(name)} in the window"
        case Aggregate(_, str(name)):
            return f"the number of different values of {_field(name)} in the window"
        case _:
            raise TypeError(f"no words for {type(expression).__name__}")


def _operand(expression: Expression) -> str:
    text = words(expression)
    return text if isinstance(expression, Field | Literal) else f"({text})"


def _field(name: str) -> str:
    head, dot, tail = name.partition(".")
    if not dot:
        return name
    return f"the {tail} link" if head == "link" else f"the attribute {tail}"


def number(value: Decimal) -> str:
    """Exact, without an exponent or zeros that say nothing: ``1,234.5``."""
    text = format(value, ",f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def either(names: Iterable[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``; of at least one name."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _quoted(text: str) -> str:
    return f"'{text}'"
