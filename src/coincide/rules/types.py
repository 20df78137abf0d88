"""Which fields an expression may read, and whether its parts fit together.

Checking goes on after a mistake: what is wrong has no type, and what has no type fits anywhere, so that one
mistake gives one message. DESIGN: "Rules", "Events".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal as Only

from coincide.errors import CoincideError, Where
from coincide.events.event import CORE, KINDS
from coincide.events.event import Type as EventType
from coincide.rules import errors
from coincide.rules.context import Context
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
    Span,
)
from coincide.rules.parse import Locate

Type = Only["text", "number", "time", "truth"]

SPECIAL_WORDS = frozenset(
    {
        "ethnicity", "ethnic", "race", "racial", "religion", "religious", "belief", "beliefs", "faith", "philosophy",
        "philosophical", "politics", "political", "health", "medical", "diagnosis", "disease", "disability",
        "sexuality", "sexual", "orientation", "union", "biometric", "biometrics", "genetic", "genetics",
    }
)  # fmt: skip
"""Words in an attribute's name that make it a special category: Regulation (EU) 2016/679, Article 9(1) (unchecked)."""

JUDGING_WORDS = frozenset(
    {"thief", "pickpocket", "offender", "criminal", "suspect", "fraudster", "recidivism", "score"}
)
"""Words in an attribute's name that make it an assessment of a person: Regulation (EU) 2024/1689, Article 5(1)(d)
(unchecked)."""
JUDGING_NAMES = frozenset({"class", "label", "truth", "risk"})
"""The same as whole names only: goods have classes and labels, too."""

_PARTS = re.compile(r"[_-]+")
_SAYS: dict[Type, str] = {"text": "a text", "number": "a number", "time": "a time", "truth": "a condition"}
_OF_EVENT: dict[EventType, Type] = {
    "text": "text", "number": "number", "whole": "number", "coordinate": "number", "time": "time",
}  # fmt: skip

Add = Callable[[CoincideError], None]


def event_type(name: str, context: Context, where: Where, add: Add) -> EventType | None:
    """The type of the event field ``name``; ``None``, with what is wrong added, if no rule may read it."""
    if name in CORE:
        return CORE[name].type
    head, dot, tail = name.partition(".")
    if dot and head == "link":
        if context.link_kinds is not None and tail not in context.link_kinds:
            add(errors.UnknownLink(tail, context.link_kinds, where=where))
            return None
        return "text"
    if dot and head == "attributes":
        return _attribute(tail, context, where, add)
    known = {*CORE, *(f"attributes.{name}" for name in context.attributes)}
    known |= {f"link.{kind}" for kind in context.link_kinds or ()}
    add(errors.UnknownField(name, known, where=where))
    return None


def _attribute(name: str, context: Context, where: Where, add: Add) -> EventType | None:
    """Special categories first: they are refused whatever was declared or reviewed."""
    special = SPECIAL_WORDS.intersection(_PARTS.split(name.lower()))
    if special:
        add(errors.SpecialCategory(name, min(special), where=where))
        return None
    judging = JUDGING_WORDS.intersection(_PARTS.split(name.lower())) | JUDGING_NAMES.intersection({name.lower()})
    if judging:
        add(errors.JudgesPersons(name, min(judging), where=where))
        return None
    attribute = context.attributes.get(name)
    if attribute is None:
        add(errors.UndeclaredAttribute(name, context.attributes, where=where))
        return None
    if attribute.reviewed_by is None or attribute.reviewed_on is None:
        add(errors.UnreviewedAttribute(name, where=where))
        return None
    return attribute.type


def check_condition(
    expression: Expression, key: Only["where", "unless"], context: Context, locate: Locate, add: Add
) -> None:
    """Add everything that is wrong with the expression of ``where`` or ``unless``."""
    checker = _Checker(context, locate, add, aggregates=key == "unless")
    found = checker.of(expression)
    if found is not None and found != "truth":
        add(errors.NotCondition(key, _SAYS[found], where=checker.where(expression)))


class _Checker:
    """Gives each node its type, or ``None`` after adding what is wrong with it."""

    def __init__(self, context: Context, locate: Locate, add: Add, *, aggregates: bool) -> None:
        self.context = context
        self.locate = locate
        self.add = add
        self.aggregates = aggregates

    def where(self, node: Expression) -> Where:
        span = node.span or Span(0, 1)
        return self.locate(span.start, span.end)

    def of(self, node: Expression) -> Type | None:
        match node:
            case Literal(value):
                return "text" if isinstance(value, str) else "truth" if isinstance(value, bool) else "number"
            case Field(name):
                found = event_type(name, self.context, self.where(node), self.add)
                return _OF_EVENT[found] if found else None
            case And(operands) | Or(operands):
                return self.need("truth", *operands)
            case Not(operand):
                return self.need("truth", operand)
            case Compare(_, left, right):
                return self.alike(left, right)
            case Between(operand, low, high):
                return self.alike(operand, low, high)
            case In(operand, values):
                return self.alike(operand, *values)
            case InList(operand, name):
                return self.in_list(node, operand, name)
            case IsNull(operand):
                return self.is_null(operand)
            case Like(operand, _):
                self.need("text", operand)
                return "truth"
            case Arithmetic(_, left, right):
                return self.need("number", left, right)
            case Negate(operand):
                return self.need("number", operand)
            case Call():
                return self.call(node)
            case Aggregate():
                return self.aggregate(node)
            case _:
                raise TypeError(f"no type for {type(node).__name__}")

    def need(self, type_: Type, *operands: Expression) -> Type:
        """Every operand is of the type, which is the type of the whole."""
        for operand in operands:
            found = self.of(operand)
            if found is not None and found != type_:
                self.mismatch(type_, found, operand)
        return type_

    def alike(self, first: Expression, *others: Expression) -> Type:
        """All operands are of one type, and it is not truth."""
        expected = self.of(first)
        if expected == "truth":
            self.add(errors.TypeMismatch("a value", _SAYS["truth"], where=self.where(first)))
            expected = None
        for other in others:
            found = self.of(other)
            if expected is None:
                expected = found
            elif found is not None and found != expected:
                self.mismatch(expected, found, other)
            elif isinstance(first, Field) and isinstance(other, Literal):
                self.known_kind(first, other)
        return "truth"

    def known_kind(self, field: Field, value: Literal) -> None:
        """``kind = 'tapp'`` would never be true: the kinds are a closed list."""
        if field.name == "kind" and isinstance(value.value, str) and value.value not in KINDS:
            self.add(errors.UnknownKind(value.value, KINDS, where=self.where(value)))

    def mismatch(self, expected: Type, found: Type, node: Expression) -> None:
        hint = None
        if expected == "text" and isinstance(node, Literal) and isinstance(node.value, Decimal):
            hint = f"put it in single quotes: '{node.value}'"
        elif expected == "number" and isinstance(node, Literal):
            hint = "numbers have no quotes"
        elif expected == "time":
            hint = "times compare with times only; parts of a day: `local_hour(occurred_at)`"
        self.add(errors.TypeMismatch(_SAYS[expected], _SAYS[found], where=self.where(node), hint=hint))

    def in_list(self, node: Expression, operand: Field, name: str) -> Type:
        self.need("text", operand)
        if self.context.lists is not None and name not in self.context.lists:
            self.add(errors.UnknownList(name, self.context.lists, where=self.where(node)))
        return "truth"

    def is_null(self, operand: Expression) -> Type:
        if self.of(operand) == "truth":
            self.add(errors.TypeMismatch("a field or a value", _SAYS["truth"], where=self.where(operand)))
        return "truth"

    def call(self, node: Call) -> Type:
        match node.function:
            case "lower":
                return self.need("text", node.argument)
            case "length":
                self.need("text", node.argument)
            case "abs":
                self.need("number", node.argument)
            case "local_hour" | "weekday":
                if not (isinstance(node.argument, Field) and node.argument.name == "occurred_at"):
                    where = self.where(node.argument)
                    self.add(errors.WrongArguments(node.function, "`occurred_at` and nothing else", where=where))
        return "number"

    def aggregate(self, node: Aggregate) -> Type | None:
        if not self.aggregates:
            self.add(errors.AggregateInWhere(node.measure, where=self.where(node)))
            return None
        if node.field is not None:
            found = event_type(node.field, self.context, self.where(node), self.add)
            if node.measure == "sum" and found is not None and found not in ("number", "whole"):
                takes = "a field that holds numbers to add up"
                self.add(errors.WrongArguments("sum", takes, where=self.where(node)))
        return "number"
