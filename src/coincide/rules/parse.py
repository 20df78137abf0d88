"""Expression text to :class:`~coincide.rules.expression.Expression`, every node with its place.

sqlglot cuts the text into tokens, whose positions are exact; the tokens are read by a small operator-precedence
parser of our own. sqlglot's own parser is not used: it keeps positions for few nodes, repairs what should be
refused (``a 'x'`` becomes an alias), and grows with every release, so that an allow-list checked afterwards
would have to be complete in both directions. Here whatever is not read is refused.

Any text gives an expression or one :class:`~coincide.rules.errors.RuleError` with a place. Types are left to
``types``; which fields exist is left to ``fields``.

Loosest first: ``or``, ``and``, ``not``, comparisons (which do not chain), ``+ -``, ``* /``, unary ``-``.
Spellings of one meaning give one tree: ``!=`` is ``<>``, ``x not in (1)`` is ``not x in (1)``, nested ``and`` and
``or`` are flat, the values of ``in`` are sorted and each there once, ``-`` before a number is part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal as Only
from typing import NoReturn, get_args

from coincide.errors import Where
from coincide.rules import errors
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
    Function,
    In,
    InList,
    IsNull,
    Like,
    Literal,
    Measure,
    Negate,
    Not,
    Operator,
    Or,
    Span,
    children,
)

MAX_LENGTH = 2_000
MAX_DEPTH = 50
MAX_DIGITS = 18
MAX_DECIMALS = 9

FUNCTIONS: frozenset[str] = frozenset(get_args(Function))
MEASURES: frozenset[str] = frozenset(get_args(Measure))

Locate = Callable[[int, int], Where]
"""From code points ``[start, end)`` of an expression to a place in the user's file."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
_COMPARISONS: dict[str, Comparison] = {
    "=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}  # fmt: skip
_OPERATORS: dict[str, tuple[Operator, int]] = {"+": ("+", 1), "-": ("-", 1), "*": ("*", 2), "/": ("/", 2)}
_RESERVED = frozenset({"and", "or", "not", "in", "between", "is", "like", "null", "true", "false", "list"})

# Parts of SQL by the word or sign that starts them, for a sentence that names what was written.
_REFUSED: dict[str, str] = {
    "select": "subqueries are", "with": "subqueries are", "exists": "subqueries are", "union": "subqueries are",
    "any": "subqueries are", "all": "subqueries are", "some": "subqueries are", "values": "subqueries are",
    "case": "CASE is", "when": "CASE is", "then": "CASE is", "else": "CASE is", "end": "CASE is",
    "cast": "casts are", "try_cast": "casts are", "convert": "casts are", "::": "casts are",
    "over": "window functions are", "filter": "window functions are", "ilike": "ILIKE is", "escape": "ESCAPE is",
    "similar": "regular expressions are", "rlike": "regular expressions are", "regexp": "regular expressions are",
    "glob": "GLOB is", "~": "regular expressions and bitwise operators are", "~*": "regular expressions are",
    "!~": "regular expressions are", "interval": "intervals are", "collate": "COLLATE is", "distinct": "DISTINCT is",
    "xor": "XOR is", "div": "DIV is", "mod": "MOD is", "as": "aliases are", "from": "FROM is", "where": "WHERE is",
    "insert": "statements are", "update": "statements are", "delete": "statements are", "drop": "statements are",
    "create": "statements are", "alter": "statements are", "pragma": "statements are", "copy": "statements are",
    "attach": "statements are", ";": "second statements are", "?": "parameters are", ":": "parameters are",
    "@": "parameters are", "$": "parameters are", "#": "bitwise operators are", "&": "bitwise operators are",
    "|": "bitwise operators are", "^": "bitwise operators are", "<<": "bitwise operators are",
    ">>": "bitwise operators are", "%": "the remainder is", "||": "joining texts is", "<=>": "`<=>` is",
    "==": "`==` is", "&&": "`&&` is", "!": "`!` is", "[": "brackets are", "]": "brackets are", "{": "braces are",
    "}": "braces are", "->": "`->` is", "=>": "`=>` is", ":=": "`:=` is", "{{": "templates are", "}}": "templates are",
    "{%": "templates are", "%}": "templates are", "**": "`**` is", "^=": "`^=` is", "`": "backquotes are",
    "\\": "backslashes are",
}  # fmt: skip
_INSTEAD: dict[str, str] = {
    "ilike": "write `lower(field) like 'text%'`",
    "==": "write `=`",
    "<=>": "write `=` or `is null`",
    "&&": "write `and`",
    "!": "write `not` or `<>`",
    "||": "write `or` if that is meant",
    "select": "lists of values go into a managed list: `item in list('name')`",
    ";": "an expression is one condition: join parts with `and`",
    "`": "names need no quotes, texts single ones",
}


def parse(text: str, locate: Locate | None = None) -> Expression:
    """Read ``text``. Raises one ``RuleError`` with the place that ``locate`` gives.

    Without ``locate`` places count in the text itself.
    """

    def in_text(start: int, end: int) -> Where:
        return Where("expression", 1, start + 1, max(end - start, 1), text)

    found = locate or in_text
    if len(text) > MAX_LENGTH:
        raise errors.ExpressionTooLong(len(text), MAX_LENGTH, where=found(0, len(text)))
    expression = _Parser(text, _tokens(text, found), found).all()
    _guard_depth(expression, found)
    return expression


def _guard_depth(expression: Expression, locate: Locate) -> None:
    """Refuse trees deeper than ``MAX_DEPTH``, without recursion: a chain of sums is as deep as it is long."""
    level: list[Expression] = [expression]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in children(node)]
    if level:
        span = level[0].span or Span(0, 1)
        raise errors.ExpressionTooDeep(MAX_DEPTH, where=locate(span.start, span.end))


# --- tokens -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the text, ``[start, end)``. ``word`` is in small letters for words, else as written."""

    kind: Only["word", "quoted", "text", "number", "sign", "end"]
    raw: str
    word: str
    start: int
    end: int

    @property
    def found(self) -> str:
        return "the end of the expression" if self.kind == "end" else f"`{errors.shown(self.raw)}`"


def _tokens(text: str, locate: Locate) -> list[_Token]:
    """The tokens and an end; whatever lies between two tokens must be blank, so nothing goes unread."""
    from sqlglot.errors import SqlglotError
    from sqlglot.tokens import Tokenizer

    try:
        cut = Tokenizer().tokenize(text)
    except SqlglotError:
        start = _unclosed(text)
        raise errors.UnexpectedToken(
            "a closing quote",
            "none",
            where=locate(start, len(text)),
            hint="a quote inside a text is doubled: 'O''Brien'",
        ) from None
    tokens: list[_Token] = []
    at = 0
    for token in cut:
        _guard_gap(text, at, token.start, locate)
        at = token.end + 1
        raw = text[token.start : at]
        kind: Only["word", "quoted", "text", "number", "sign"] = "sign"
        if token.token_type.name == "STRING" and raw[0] == raw[-1] == "'" and len(raw) > 1:
            kind = "text"
        elif token.token_type.name == "IDENTIFIER" and raw[0] == '"':
            kind = "quoted"
        elif _NUMBER.match(raw):
            kind = "number"
        elif _WORD.fullmatch(raw):
            kind = "word"
        tokens.append(_Token(kind, raw, raw.lower() if kind == "word" else raw, token.start, at))
    _guard_gap(text, at, len(text), locate)
    tokens.append(_Token("end", "", "", len(text), len(text)))
    return tokens


def _guard_gap(text: str, start: int, end: int, locate: Locate) -> None:
    gap = text[start:end]
    if gap.strip():
        begin = end - len(gap.lstrip())
        raise errors.NotInTheLanguage(
            "comments are", where=locate(begin, begin + len(gap.strip())), hint="comments go behind `#` in the YAML"
        )


def _unclosed(text: str) -> int:
    """Where the first quote or comment that is not closed starts."""
    for match in re.finditer(r"'(?:[^']|'')*('?)|\"[^\"]*(\"?)|/\*", text):
        if match.group().startswith("/*") or not (match.group(1) or match.group(2)):
            return match.start()
    return 0


# --- the parser -------------------------------------------------------------------------------------------


class _Parser:
    """One pass over the tokens; each method reads one level of precedence and leaves the rest."""

    def __init__(self, text: str, tokens: list[_Token], locate: Locate) -> None:
        self.text = text
        self.tokens = tokens
        self.locate = locate
        self.at = 0
        self.depth = 0

    # Reading tokens.

    @property
    def here(self) -> _Token:
        return self.tokens[self.at]

    @property
    def after(self) -> _Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def take(self) -> _Token:
        token = self.here
        if token.kind != "end":
            self.at += 1
        return token

    def taken(self, *words: str) -> bool:
        """Take these words or signs if they all come now."""
        coming = self.tokens[self.at : self.at + len(words)]
        if tuple(token.word for token in coming) != words or any(t.kind not in ("word", "sign") for t in coming):
            return False
        self.at += len(words)
        return True

    def expect(self, sign: str, says: str | None = None) -> None:
        if not self.taken(sign):
            self.unexpected(says or f"`{sign}`")

    def span(self, start: int) -> Span:
        """From the token numbered ``start`` to the last one taken."""
        return Span(self.tokens[start].start, self.tokens[max(self.at - 1, start)].end)

    def where(self, span: Span) -> Where:
        return self.locate(span.start, span.end)

    def unexpected(self, expected: str, hint: str | None = None) -> NoReturn:
        token = self.here
        where = self.locate(token.start, token.end)
        # sqlglot joins some words into one token: `similar to`.
        first = token.raw.lower().partition(" ")[0]
        part = _REFUSED.get(first) if token.kind in ("word", "sign") else None
        if part is not None:
            raise errors.NotInTheLanguage(part, where=where, hint=_INSTEAD.get(first))
        if token.kind == "word" and token.word == "null":
            raise errors.NullLiteral(where=where)
        if token.kind == "word" and token.word == "list":
            raise errors.MisplacedList(where=where)
        if token.kind == "sign" and token.raw not in "()=<>=<=!=+-*/,.":
            raise errors.NotInTheLanguage(f"{token.found} is", where=where, hint=hint)
        raise errors.UnexpectedToken(expected, token.found, where=where, hint=hint)

    def deeper(self, start: int) -> None:
        """Guards our own recursion; the depth of the tree is checked at the end."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise errors.ExpressionTooDeep(MAX_DEPTH, where=self.where(self.span(start)))

    # Conditions.

    def all(self) -> Expression:
        expression = self.either()
        if self.here.kind != "end":
            self.unexpected("`and`, `or` or the end")
        return expression

    def either(self) -> Expression:
        return self.joined("or", self.both, Or)

    def both(self) -> Expression:
        return self.joined("and", self.negated, And)

    def joined(self, word: str, part: Callable[[], Expression], kind: type[And | Or]) -> Expression:
        start = self.at
        operands: list[Expression] = []
        while not operands or self.taken(word):
            operand = part()
            operands.extend(operand.operands if isinstance(operand, kind) else (operand,))
        return operands[0] if len(operands) == 1 else kind(tuple(operands), span=self.span(start))

    def negated(self) -> Expression:
        start = self.at
        if not self.taken("not"):
            return self.compared()
        self.deeper(start)
        operand = self.negated()
        self.depth -= 1
        return Not(operand, span=self.span(start))

    def compared(self) -> Expression:
        start = self.at
        left = self.sum()
        token = self.here
        if token.kind == "sign" and token.word in _COMPARISONS:
            self.take()
            right = self.sum()
            if self.here.kind == "sign" and self.here.word in _COMPARISONS:
                self.unexpected("`and`, `or` or the end", "comparisons do not chain: write `a < b and b < c`")
            return Compare(_COMPARISONS[token.word], left, right, span=self.span(start))
        if self.taken("is"):
            denied = self.taken("not")
            if not self.taken("null"):
                self.unexpected("`null`", "only `is null` and `is not null` exist")
            return self.denied(denied, IsNull(left, span=self.span(start)))
        denied = self.after.kind == "word" and self.after.word in ("in", "between", "like") and self.taken("not")
        if self.taken("in"):
            return self.denied(denied, self.member(start, left))
        if self.taken("between"):
            low = self.sum()
            self.expect("and")
            return self.denied(denied, Between(left, low, self.sum(), span=self.span(start)))
        if self.taken("like"):
            if self.here.kind != "text":
                self.unexpected("a pattern in single quotes")
            pattern = _unquoted(self.take())
            return self.denied(denied, Like(left, pattern, span=self.span(start)))
        return left

    def denied(self, denied: bool, expression: Expression) -> Expression:
        return Not(expression, span=expression.span) if denied else expression

    def member(self, start: int, left: Expression) -> Expression:
        if self.here.word == "list" and self.here.kind == "word":
            return self.in_list(start, left)
        self.expect("(", "`(` or `list('name')`")
        values: list[Literal] = []
        while not values or self.taken(","):
            values.append(self.literal())
        self.expect(")", "`,` or `)`")
        return In(left, _sorted(values), span=self.span(start))

    def in_list(self, start: int, left: Expression) -> Expression:
        self.take()
        self.expect("(")
        if self.here.kind != "text":
            self.unexpected("the name of a list in single quotes")
        name = self.take()
        self.expect(")")
        if not isinstance(left, Field):
            raise errors.MisplacedList(where=self.where(left.span or self.span(start)))
        return InList(left, _unquoted(name), span=self.span(start))

    # Values.

    def sum(self) -> Expression:
        return self.chained(1, self.product)

    def product(self) -> Expression:
        return self.chained(2, self.signed)

    def chained(self, level: int, part: Callable[[], Expression]) -> Expression:
        start = self.at
        left = part()
        while self.here.kind == "sign" and _OPERATORS.get(self.here.word, ("", 0))[1] == level:
            operator = _OPERATORS[self.take().word][0]
            left = Arithmetic(operator, left, part(), span=self.span(start))
        return left

    def signed(self) -> Expression:
        start = self.at
        if not self.taken("-"):
            return self.primary()
        self.deeper(start)
        operand = self.signed()
        self.depth -= 1
        if isinstance(operand, Literal) and isinstance(operand.value, Decimal):
            return replace(operand, value=-operand.value, span=self.span(start))
        return Negate(operand, span=self.span(start))

    def literal(self) -> Literal:
        start = self.at
        if self.here.kind == "text":
            return Literal(_unquoted(self.take()), span=self.span(start))
        minus = self.taken("-")
        if self.here.kind != "number":
            self.unexpected("a number" if minus else "a number or a text in single quotes")
        number = self.number(self.take())
        return Literal(-number if minus else number, span=self.span(start))

    def number(self, token: _Token) -> Decimal:
        after = self.here
        glued = after.start == token.end and after.kind in ("word", "number")
        match = _NUMBER.fullmatch(token.raw)
        whole = match.group(1).lstrip("0") if match else ""
        decimals = (match.group(2) or "").rstrip("0") if match else ""
        digits = len((whole + decimals).lstrip("0"))
        if glued or match is None or digits > MAX_DIGITS or len(decimals) > MAX_DECIMALS:
            end = after.end if glued else token.end
            raise errors.BadNumber(self.text[token.start : end], where=self.locate(token.start, end))
        return Decimal(f"{whole or '0'}.{decimals}" if decimals else whole or "0")

    def primary(self) -> Expression:
        token = self.here
        if token.kind in ("text", "number"):
            return self.literal()
        if token.kind == "sign" and token.raw == "(":
            return self.parenthesised()
        if token.kind == "quoted":
            self.unexpected("a field or a value", f"a text is put in single quotes: {_as_text(token)}")
        if token.kind != "word" or (token.word in _RESERVED and token.word not in ("true", "false")):
            self.unexpected("a field or a value")
        calls = self.after.kind == "sign" and self.after.raw == "("
        if calls and (token.word in FUNCTIONS or token.word in MEASURES):
            return self.call()
        # `union`, `filter` and the like start no part that we read, and no field of ours is called so.
        if token.word in _REFUSED and (calls or token.word != "distinct"):
            self.unexpected("a field or a value")
        if token.word in ("true", "false"):
            raise errors.NotInTheLanguage(
                f"`{token.raw}` is", where=self.locate(token.start, token.end), hint="no field holds truth values"
            )
        if calls:
            known = FUNCTIONS | MEASURES
            raise errors.UnknownFunction(token.raw, known, where=self.locate(token.start, token.end))
        return self.field()

    def parenthesised(self) -> Expression:
        start = self.at
        self.take()
        self.deeper(start)
        inside = self.either()
        self.depth -= 1
        self.expect(")", "`)`, `and` or `or`")
        return inside

    def field(self) -> Field:
        """``quantity``, ``link.card``, ``attributes.age_group``, ``attributes."age-group"``."""
        start = self.at
        name = self.take().raw
        if self.here.kind == "sign" and self.here.raw == ".":
            self.take()
            part = self.here
            inner = part.raw[1:-1] if part.kind == "quoted" else part.raw
            if part.kind not in ("word", "quoted") or not _NAME.fullmatch(inner):
                self.unexpected("a name of small letters, digits, `_` and `-`")
            self.take()
            name = f"{name}.{inner}"
        return Field(name, span=self.span(start))

    def call(self) -> Expression:
        start = self.at
        name = self.take().word
        self.take()
        self.deeper(start)
        if self.here.kind == "sign" and self.here.raw == ")":
            if name != "count":
                self.take()
                raise errors.WrongArguments(name, self.takes(name), where=self.where(self.span(start)))
            expression: Expression = Aggregate("count")
        elif name in MEASURES:
            expression = Aggregate(name, self.argument(name).name)  # type: ignore[arg-type]  # in MEASURES
            if name == "count":
                raise errors.WrongArguments(name, self.takes(name), where=self.where(self.span(start)))
        else:
            expression = Call(name, self.sum())  # type: ignore[arg-type]  # in FUNCTIONS
        if self.here.kind == "sign" and self.here.raw == ",":
            raise errors.WrongArguments(name, self.takes(name), where=self.where(self.span(start)))
        self.expect(")")
        self.depth -= 1
        return replace(expression, span=self.span(start))

    def argument(self, name: str) -> Field:
        """The field of ``sum`` and ``distinct``."""
        if self.here.kind == "word" and self.here.word not in _RESERVED:
            return self.field()
        raise errors.WrongArguments(name, self.takes(name), where=self.locate(self.here.start, self.here.end))

    @staticmethod
    def takes(name: str) -> str:
        """What stands between the parentheses of a function."""
        if name == "count":
            return "nothing between its parentheses"
        return "one field" if name in MEASURES else "one argument"


def _unquoted(token: _Token) -> str:
    return token.raw[1:-1].replace("''", "'")


def _as_text(token: _Token) -> str:
    return "'" + token.raw[1:-1].replace("'", "''") + "'"


def _sorted(values: list[Literal]) -> tuple[Literal, ...]:
    """Each value once, numbers before texts, in their own order: how a set is written has no meaning."""
    once = {(isinstance(value.value, str), value.value): value for value in reversed(values)}
    numbers = sorted((v for v in once.values() if not isinstance(v.value, str)), key=lambda v: v.value)
    texts = sorted((v for v in once.values() if isinstance(v.value, str)), key=lambda v: str(v.value))
    return (*numbers, *texts)
