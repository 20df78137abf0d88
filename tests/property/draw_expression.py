"""Random expressions of the rule language, and how they are written down."""

from __future__ import annotations

from property.choice import Choice
from reference.world import Expression

NAMES = ["Timer Book", "таймер timer", "STRASSE", "straße timer", "book"]
"""Titles of several words, of which some make components."""
TEXTS = {
    "title": [
        "Timer",
        "ΣΑΣ",
        "İstanbul",
        "straße",
        "ТАЙМЕР",
        "مؤقت",
        "定时器",
        'a "b", c',
        "O'Brien",
        "Å",
        " ",
        "",
        *NAMES,
    ],
    "place": ["p1", "p2", "P1", "é"],
    "organisation": ["o1", "o2", "Ünï"],
    "country": ["FR", "DE"],
    "item": ["A", "B", "C", "KIT", "Z"],
    "payment_method": ["card", "cash"],
    "attributes.colour": ["red", "rot", "Красный"],
    "link.card": ["k1", "k2"],
    "event_id": ["1", "2"],
    "account": ["x", "y"],
}
NUMBERS = {
    "quantity": ["1", "2", "0", "-1", "0.5", "1.5", "3"],
    "content": ["0.5", "1", "2.25"],
    "amount_minor": ["100", "250", "-50", "0"],
    "attributes.grade": ["1", "2.5"],
    "riders": ["1", "2"],
}
LISTS = ["licensed", "watched"]
_PATTERNS = ["T%", "%ér%", "_ΣΑ%", "%а%", "定%", "p_", "%", "", "_", "%ß%", "o1"]


def condition(choice: Choice, *, aggregates: bool = False, depth: int = 2) -> Expression:
    """Something that is true, false or unknown. ``aggregates``: what only ``unless`` may use."""
    if depth > 0 and choice.percent(35):
        what = choice.of(["and", "or", "not"])
        if what == "not":
            return ("not", condition(choice, aggregates=aggregates, depth=depth - 1))
        return (what, [condition(choice, aggregates=aggregates, depth=depth - 1) for _ in range(2)])
    what = choice.of(["number", "text", "number", "text", "null", "in", "like", "list", "clock", "between"])
    if what == "number":
        return ("compare", _operator(choice), _number(choice, aggregates, 2), _number_or_literal(choice, aggregates))
    if what == "text":
        field, values = _text_field(choice)
        left: Expression = ("field", field)
        right: Expression = ("text", choice.of(values))
        if choice.percent(40):
            left = ("call", "lower", left)
            right = ("text", "".join(letter.lower() for letter in right[1])) if choice.percent(70) else right
        elif choice.percent(15):
            right = ("field", _text_field(choice)[0])
        return ("compare", _operator(choice), left, right)
    if what == "null":
        fields = [*TEXTS, *NUMBERS]
        inner: Expression = ("field", choice.of(fields))
        if choice.percent(30):
            inner = ("arithmetic", "/", _number(choice, aggregates, 0), _number(choice, aggregates, 0))
        asked: Expression = ("is-null", inner)
        return ("not", asked) if choice.percent(50) else asked
    if what == "in":
        if choice.percent(50):
            field, values = _text_field(choice)
            return ("in", ("field", field), [("text", choice.of(values)) for _ in range(1 + choice.below(3))])
        field = choice.of(list(NUMBERS))
        numbers = NUMBERS[field]
        return ("in", ("field", field), [("number", choice.of(numbers)) for _ in range(1 + choice.below(3))])
    if what == "like":
        field = choice.of(["title", "place", "organisation"])
        operand: Expression = ("field", field)
        return ("like", ("call", "lower", operand) if choice.percent(30) else operand, choice.of(_PATTERNS))
    if what == "list":
        return ("in-list", ("field", choice.of(["account", "organisation", "item", "place"])), choice.of(LISTS))
    if what == "clock":
        function = choice.of(["local_hour", "weekday"])
        clock: Expression = ("call", function, ("field", "occurred_at"))
        most = 24 if function == "local_hour" else 8
        return ("compare", _operator(choice), clock, ("number", str(choice.below(most))))
    field = choice.of(list(NUMBERS))
    low, high = choice.of(NUMBERS[field]), choice.of(NUMBERS[field])
    return ("between", ("field", field), ("number", low), ("number", high))


def uses_clock(expression: Expression | None) -> bool:
    """Whether the expression reads the clock on the wall, and so needs a zone."""
    if expression is None:
        return False
    if expression[0] == "call" and expression[1] in ("local_hour", "weekday"):
        return True
    parts = [p for part in expression[1:] for p in (part if isinstance(part, list) else [part])]
    return any(uses_clock(part) for part in parts if isinstance(part, tuple))


def _operator(choice: Choice) -> str:
    return choice.of([">", "=", "<>", "<", "<=", ">="])


def _text_field(choice: Choice) -> tuple[str, list[str]]:
    field = choice.of(list(TEXTS))
    return field, TEXTS[field]


def _number_or_literal(choice: Choice, aggregates: bool) -> Expression:
    if choice.percent(25):
        return _number(choice, aggregates, 1)
    return ("number", choice.of(["1", "0", "2", "0.5", "-1", "100", "3", "0.333333333"]))


def _number(choice: Choice, aggregates: bool, depth: int) -> Expression:
    if aggregates and choice.percent(50):
        return choice.of(
            [("count",), ("sum", "quantity"), ("distinct", "place"), ("distinct", "account"), ("sum", "amount_minor")]
        )
    if depth > 0 and choice.percent(30):
        what = choice.of(["arithmetic", "abs", "negate", "length"])
        if what == "arithmetic":
            operator = choice.of(["+", "-", "*", "/", "/"])
            return ("arithmetic", operator, _number(choice, aggregates, depth - 1), _number_or_literal(choice, False))
        if what == "abs":
            return ("call", "abs", _number(choice, aggregates, depth - 1))
        if what == "negate":
            return ("negate", _number(choice, aggregates, depth - 1))
        return ("call", "length", ("field", choice.of(["title", "place", "organisation"])))
    return ("field", choice.of(["quantity", "quantity", *NUMBERS]))


def spelled(expression: Expression) -> str:
    """The expression as a rule author writes it, with brackets wherever they could matter."""
    what = expression[0]
    if what == "text":
        return "'" + str(expression[1]).replace("'", "''") + "'"
    if what in ("number", "field"):
        return str(expression[1])
    if what == "not":
        return f"not ({spelled(expression[1])})"
    if what in ("and", "or"):
        return f" {what} ".join(f"({spelled(part)})" for part in expression[1])
    if what == "compare":
        return f"{_operand(expression[2])} {expression[1]} {_operand(expression[3])}"
    if what == "between":
        return f"{_operand(expression[1])} between {_operand(expression[2])} and {_operand(expression[3])}"
    if what == "in":
        return f"{_operand(expression[1])} in ({', '.join(spelled(literal) for literal in expression[2])})"
    if what == "in-list":
        return f"{spelled(expression[1])} in list('{expression[2]}')"
    if what == "is-null":
        return f"{_operand(expression[1])} is null"
    if what == "like":
        return f"{_operand(expression[1])} like {spelled(('text', expression[2]))}"
    if what == "arithmetic":
        return f"{_operand(expression[2])} {expression[1]} {_operand(expression[3])}"
    if what == "negate":
        return f"-{_operand(expression[1])}"
    if what == "call":
        return f"{expression[1]}({spelled(expression[2])})"
    if what == "count":
        return "count()"
    if what in ("sum", "distinct"):
        return f"{what}({expression[1]})"
    raise ValueError(what)


def _operand(expression: Expression) -> str:
    text = spelled(expression)
    return f"({text})" if expression[0] in ("arithmetic", "negate") else text
