"""What a field of a tap means, told by the database as it is told of texts in memory."""

from __future__ import annotations

from sqlglot import exp

from coincide.detect.journey.taps import action_of
from coincide.events.event import ACTIONS
from coincide.events.text import NOT_UTF8


def legible(value: exp.Expr) -> exp.Expr:
    """There, not empty, and text."""
    text = exp.cast(value.copy(), "VARCHAR", dialect="duckdb")
    marked = exp.not_(exp.func("CONTAINS", text, exp.Literal.string(NOT_UTF8)))
    return exp.and_(exp.NEQ(this=text.copy(), expression=exp.Literal.string("")), marked)


def action(value: exp.Expr) -> exp.Expr:
    """See ``action_of``."""
    case = exp.case().when(value.copy().is_(exp.null()), _number(action_of(None)))
    for text in ("", *ACTIONS):
        case = case.when(value.copy().eq(exp.Literal.string(text)), _number(action_of(text)))
    return exp.cast(case.else_(_number(action_of("none of ours"))), "TINYINT")


def _number(code: int) -> exp.Expr:
    return exp.convert(code)
