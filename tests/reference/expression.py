"""What an expression says of an event: true, false or unknown (``None``). DESIGN: "Rules".

Numbers are fractions, so nothing is rounded; texts compare by code point, as Python's own do.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from reference.event import Event, Value
from reference.world import Expression, World


def truth(expression: Expression, event: Event, window: list[Event], zone: str, world: World) -> bool | None:
    """Whether the expression holds at ``event``; ``window`` is what ``count``, ``sum``, ``distinct`` look at."""
    what = expression[0]

    def also(part: Expression) -> bool | None:
        return truth(part, event, window, zone, world)

    def value(part: Expression) -> Value:
        return worth(part, event, window, zone)

    if what == "not":
        inner = also(expression[1])
        return None if inner is None else not inner
    if what == "and":
        return _all([also(part) for part in expression[1]])
    if what == "or":
        answers = [also(part) for part in expression[1]]
        if True in answers:
            return True
        return None if None in answers else False
    if what == "compare":
        return _compare(expression[1], value(expression[2]), value(expression[3]))
    if what == "between":
        middle = value(expression[1])
        return _all(
            [
                _compare("<=", value(expression[2]), middle),
                _compare("<=", middle, value(expression[3])),
            ]
        )
    if what == "in":
        member = value(expression[1])
        if member is None:
            return None
        return any(member == value(literal) for literal in expression[2])
    if what == "in-list":
        return _on_list(value(expression[1]), event.values.get("occurred_at"), world.lists[expression[2]])
    if what == "is-null":
        return value(expression[1]) is None
    if what == "like":
        text = value(expression[1])
        return None if text is None else _like(str(text), expression[2])
    raise ValueError(what)


def worth(expression: Expression, event: Event, window: list[Event], zone: str) -> Value:
    """The text or number that the expression stands for at ``event``; ``None`` is NULL."""
    what = expression[0]
    if what == "text":
        return str(expression[1])
    if what == "number":
        return Fraction(expression[1])
    if what == "field":
        return event.values.get(expression[1])
    if what == "count":
        return Fraction(len(window))
    if what == "sum":
        total = Fraction(0)
        for other in window:
            # "a missing number counts as nothing in a sum"
            total += Fraction(other.values.get(expression[1]) or 0)
        return total
    if what == "distinct":
        # A missing value is not a value. Equal identifiers of two namespaces are two accounts.
        apart = expression[1] == "account"
        there = [other for other in window if other.values.get(expression[1]) is not None]
        return Fraction(len({(other.namespace if apart else "", other.values[expression[1]]) for other in there}))
    if what == "negate":
        inner: Any = worth(expression[1], event, window, zone)
        return None if inner is None else -inner
    if what == "arithmetic":
        left: Any = worth(expression[2], event, window, zone)
        right: Any = worth(expression[3], event, window, zone)
        return _calculate(expression[1], left, right)
    if what == "call":
        return _call(expression[1], worth(expression[2], event, window, zone), zone)
    raise ValueError(what)


def fields_of(expression: Expression | None) -> set[str]:
    """The fields that the expression reads. A list is judged at the event's time, so it reads that too."""
    if expression is None:
        return set()
    if expression[0] in ("field", "sum", "distinct"):
        return {expression[1]}
    names = {"occurred_at"} if expression[0] == "in-list" else set()
    for part in expression[1:]:
        if isinstance(part, tuple):
            names |= fields_of(part)
        elif isinstance(part, list):
            for one in part:
                names |= fields_of(one)
    return names


def _all(answers: list[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _compare(operator: str, left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        # "NULL is unknown"
        return None
    if operator == "=":
        return bool(left == right)
    if operator == "<>":
        return bool(left != right)
    if operator == "<":
        return bool(left < right)
    if operator == "<=":
        return bool(left <= right)
    if operator == ">":
        return bool(left > right)
    if operator == ">=":
        return bool(left >= right)
    raise ValueError(operator)


def _calculate(operator: str, left: Any, right: Any) -> Fraction | None:
    if left is None or right is None:
        return None
    if operator == "+":
        return Fraction(left + right)
    if operator == "-":
        return Fraction(left - right)
    if operator == "*":
        return Fraction(left * right)
    if operator == "/":
        # "x/0 is NULL"
        return None if right == 0 else Fraction(left) / Fraction(right)
    raise ValueError(operator)


def _call(function: str, value: Any, zone: str) -> Value:
    if value is None:
        return None
    if function == "abs":
        return Fraction(abs(value))
    if function == "lower":
        # One code point at a time: no rule depends on the neighbours of a letter.
        return "".join(letter.lower() for letter in value)
    if function == "length":
        return Fraction(len(value))
    if function == "local_hour":
        return Fraction(local(int(value), zone).hour)
    if function == "weekday":
        # "Monday = 1"
        return Fraction(local(int(value), zone).isoweekday())
    raise ValueError(function)


def local(at_us: int, zone: str) -> datetime:
    """What the clock on the wall of ``zone`` shows at a time."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(ZoneInfo(zone))


def _on_list(value: Value, at_us: Value, entries: list[tuple[str, str | None, str | None]]) -> bool | None:
    """ "validity judged at the event's time": from the start of the day ``from`` to the start of ``until`` (UTC)."""
    if value is None or at_us is None:
        return None
    for entry, valid_from, valid_until in entries:
        begun = valid_from is None or _midnight(valid_from) <= int(str(at_us))
        ended = valid_until is not None and _midnight(valid_until) <= int(str(at_us))
        if entry == value and begun and not ended:
            return True
    return False


def _midnight(day: str) -> int:
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * 86_400_000_000


def _like(text: str, pattern: str) -> bool:
    """``%`` is any run of code points, ``_`` exactly one, anything else itself."""
    if pattern == "":
        return text == ""
    if pattern[0] == "%":
        return any(_like(text[start:], pattern[1:]) for start in range(len(text) + 1))
    if text == "":
        return False
    return pattern[0] in ("_", text[0]) and _like(text[1:], pattern[1:])
