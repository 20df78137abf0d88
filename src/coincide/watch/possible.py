"""Which truth values a condition can still have when some fields are missing everywhere and some lists hold nothing.

What is not known may be anything; so a condition is called impossible only where it surely is.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import reduce

from coincide.rules.expression import And, Compare, Expression, In, InList, IsNull, Like, Not, Or, fields_of

Truth = bool | None
"""``None``: unknown, as with missing values."""

ANY: frozenset[Truth] = frozenset({True, False, None})
UNKNOWN: frozenset[Truth] = frozenset({None})


def can_hold(expression: Expression, *, missing: Collection[str] = (), empty: Collection[str] = ()) -> bool:
    """Whether the expression can be true of any row; ``missing`` are fields, ``empty`` names of managed lists."""
    return True in possible(expression, missing, empty)


def possible(expression: Expression, missing: Collection[str], empty: Collection[str]) -> frozenset[Truth]:
    """The truth values that are not ruled out."""
    match expression:
        case Not(operand):
            return frozenset(None if value is None else not value for value in possible(operand, missing, empty))
        case And(operands):
            return reduce(_both, (possible(operand, missing, empty) for operand in operands))
        case Or(operands):
            return reduce(_either, (possible(operand, missing, empty) for operand in operands))
        case InList(operand, name):
            if operand.name in missing:
                return UNKNOWN
            return frozenset({False, None}) if name in empty else ANY
        case IsNull(operand):
            return frozenset({True}) if _read(operand, missing) else frozenset({True, False})
        case Compare() | In() | Like():
            # A text or a number that is made of something missing is missing itself.
            return UNKNOWN if _read(expression, missing) else ANY
        case _:
            return ANY


def _read(expression: Expression, missing: Collection[str]) -> bool:
    return not fields_of(expression).isdisjoint(missing)


def _both(one: frozenset[Truth], other: frozenset[Truth]) -> frozenset[Truth]:
    return frozenset(
        False if a is False or b is False else None if a is None or b is None else True for a in one for b in other
    )


def _either(one: frozenset[Truth], other: frozenset[Truth]) -> frozenset[Truth]:
    return frozenset(
        True if a is True or b is True else None if a is None or b is None else False for a in one for b in other
    )
