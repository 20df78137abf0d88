"""Expressions: one tree for one meaning, a place for every mistake, and nothing else for any text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coincide.errors import Where
from coincide.rules.errors import RuleError
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
    text_of,
    walk,
)
from coincide.rules.parse import MAX_DEPTH, MAX_LENGTH, parse


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("quantity != 3", "quantity <> 3"),
        ("QUANTITY_ = 1 AND b = 2 OR c = 3", "(QUANTITY_ = 1 and b = 2) or c = 3"),
        ("a = 1 and (b = 2 and c = 3)", "a = 1 and b = 2 and c = 3"),
        ("(a = 1 or b = 2) or c = 3", "a = 1 or b = 2 or c = 3"),
        ("item not in ('a')", "not item in ('a')"),
        ("item not like 'a%'", "not item like 'a%'"),
        ("quantity not between 1 and 2", "not (quantity between 1 and 2)"),
        ("item is not null", "not item is null"),
        ("item not in list('l')", "not item in list('l')"),
        ("item in ('b', 'a', 'b')", "item in ('a', 'b')"),
        ("quantity in (10, 9.0, 9)", "quantity in (9, 10)"),
        ("not a = 1 and b = 2", "(not (a = 1)) and b = 2"),
        ("a + b * c - d", "(a + (b * c)) - d"),
        ("a - b - c", "(a - b) - c"),
        ("-a * b", "(-a) * b"),
        ("quantity = -3", "quantity = (-(3))"),
        ("quantity = - -3", "quantity = 3"),
        ("quantity = 1.50", "quantity = 01.5"),
        ("LOWER(item) = 'a'", "lower(item) = 'a'"),
        ('attributes."size" = 1', "attributes.size = 1"),
        ("a between 1 and 2 and b = 3", "(a between 1 and 2) and b = 3"),
        ("\t a\u00a0=  1 ", "a = 1"),
    ],
)
def test_spellings_of_one_meaning_give_one_tree(one: str, other: str) -> None:
    assert parse(one) == parse(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1 or b = 2 and c = 3", "(a = 1 or b = 2) and c = 3"),
        ("a - (b - c)", "a - b - c"),
        ("item = 'A'", "item = 'a'"),
        ("not a = 1 or b = 2", "not (a = 1 or b = 2)"),
        ("quantity = 1", "quantity = '1'"),
    ],
)
def test_different_meanings_give_different_trees(one: str, other: str) -> None:
    assert parse(one) != parse(other)


def test_every_node_knows_its_part_of_the_text() -> None:
    text = "not (quantity + 2) * 3 > abs(amount_minor) and item in ('é', 'b') and title like '圧%' or link.card is null"
    spans = {}
    for node in walk(parse(text)):
        assert node.span is not None
        spans[text[node.span.start : node.span.end]] = type(node)
    assert spans["(quantity + 2) * 3 > abs(amount_minor)"] is Compare
    assert spans["(quantity + 2) * 3"] is Arithmetic
    assert spans["quantity + 2"] is Arithmetic
    assert spans["abs(amount_minor)"] is Call
    assert spans["item in ('é', 'b')"] is In
    assert spans["'é'"] is Literal
    assert spans["link.card is null"] is IsNull
    assert spans["link.card"] is Field
    assert spans[text] is Or


def test_a_place_counts_code_points_and_goes_through_the_callers_map() -> None:
    def locate(start: int, end: int) -> Where:
        return Where("rule.yaml", 7, start + 10, end - start)

    with pytest.raises(RuleError) as caught:
        parse("title = '圧力鍋' and ?", locate)
    assert str(caught.value.where) == "rule.yaml:7:28"


@pytest.mark.parametrize(
    ("text", "code", "underlined"),
    [
        ("quantity = 1234567890.1234567890", "COI-R034", "1234567890.1234567890"),
        ("quantity = 1234567890123456789", "COI-R034", "1234567890123456789"),
        ("quantity = 1_000", "COI-R034", "1_000"),
        ("quantity = 0x1F", "COI-R034", "0x1F"),
        ("quantity = 5.", "COI-R034", "5."),
        ("quantity = 1e3", "COI-R034", "1e3"),
        ("quantity = .5", "COI-R050", "."),
        ("item in ()", "COI-R050", ")"),
        ("item in ('a',)", "COI-R050", ")"),
        ("item in (other)", "COI-R050", "other"),
        ("item = 'a' 'b'", "COI-R050", "'b'"),
        ("a.b.c = 1", "COI-R050", "."),
        ("attributes.Size = 1", "COI-R050", "Size"),
        ("item like other", "COI-R050", "other"),
        ("item like lower('a')", "COI-R050", "lower"),
        ("exists (select 1)", "COI-R051", "exists"),
        ("item = any ('a')", "COI-R051", "any"),
        ("cast(item as int) = 1", "COI-R051", "cast"),
        ("item = N'x'", "COI-R051", "N'x'"),
        ("item = $$x$$", "COI-R051", "$$x$$"),
        ("quantity = :x", "COI-R051", ":"),
        ("quantity = @x", "COI-R051", "@"),
        ("item || 'a' = 'b'", "COI-R051", "||"),
        ("quantity % 2 = 1", "COI-R051", "%"),
        ("item similar to 'a'", "COI-R051", "similar to"),
        ("item collate x = 'a'", "COI-R051", "collate"),
        ("/* a */ quantity = 1", "COI-R051", "/* a */"),
        ("quantity = 1 # a", "COI-R051", "#"),
        ("{{ quantity }} = 1", "COI-R051", "{"),
        ("sum(quantity) filter (where quantity > 0) > 1", "COI-R051", "filter"),
        ("item in (null)", "COI-R060", "null"),
        ("null = item", "COI-R060", "null"),
        ("item in list(licences)", "COI-R050", "licences"),
        ("abs() = 1", "COI-R059", "abs()"),
        ("lower(item, title) = 'a'", "COI-R059", "lower(item"),
        ("sum() > 1", "COI-R059", "sum()"),
        ("sum(quantity * 2) > 1", "COI-R050", "*"),
        ("sum(distinct quantity) > 1", "COI-R050", "quantity"),
        ("", "COI-R050", ""),
        ("   ", "COI-R050", ""),
    ],
)
def test_what_is_not_in_the_language_is_refused_at_its_letter(text: str, code: str, underlined: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text)
    where = caught.value.where
    assert where is not None
    assert where.column is not None
    assert caught.value.code == code
    assert text[where.column - 1 : where.column - 1 + where.length] == underlined


def test_an_expression_may_have_as_many_characters_as_the_limit() -> None:
    text = "quantity = 1".ljust(MAX_LENGTH)
    assert parse(text) == parse("quantity = 1")
    with pytest.raises(RuleError) as caught:
        parse(text + " ")
    assert caught.value.code == "COI-R053"


@pytest.mark.parametrize("shape", ["({})", "not {}", "abs({})", "- {}", "{} + 1"])
def test_nesting_is_read_to_the_limit_and_refused_beyond(shape: str) -> None:
    text = "quantity"
    for _ in range(MAX_DEPTH - 1):
        text = shape.replace("{}", text)
    parse(text)
    text = shape.replace("{}", shape.replace("{}", text))
    with pytest.raises(RuleError) as caught:
        parse(text)
    assert caught.value.code == "COI-R054"


# --- random trees -----------------------------------------------------------------------------------------

FIELDS = st.sampled_from(
    ["quantity", "title", "kind", "link.card", "attributes.size", "attributes.age-group", "attributes.order"]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
NUMBERS = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=3) | st.integers(-5, 5).map(
    Decimal
)
FIELD = st.builds(Field, FIELDS)
NUMBER = st.builds(Literal, NUMBERS.map(lambda number: number or Decimal(0)))
LITERAL = NUMBER | st.builds(Literal, TEXTS)
AGGREGATE = st.just(Aggregate("count")) | st.builds(Aggregate, st.sampled_from(["sum", "distinct"]), FIELDS)


def _values(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return (
        st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner)
        | st.builds(Negate, inner.filter(lambda node: not isinstance(node, Literal)))
        | st.builds(Call, st.sampled_from(["abs", "lower", "length", "local_hour", "weekday"]), inner)
    )


VALUE: st.SearchStrategy[Expression] = st.recursive(FIELD | LITERAL | AGGREGATE, _values, max_leaves=5)


def _set(values: list[Literal]) -> tuple[Literal, ...]:
    return tuple(sorted(set(values), key=lambda v: (isinstance(v.value, str), v.value)))


TEST: st.SearchStrategy[Expression] = (
    st.builds(Compare, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), VALUE, VALUE)
    | st.builds(Between, VALUE, VALUE, VALUE)
    | st.builds(In, VALUE, st.lists(LITERAL, min_size=1, max_size=4).map(_set))
    | st.builds(InList, FIELD, TEXTS)
    | st.builds(IsNull, VALUE)
    | st.builds(Like, VALUE, TEXTS)
)


def _flat(kind: type[And] | type[Or], parts: list[Expression]) -> Expression:
    operands: list[Expression] = []
    for part in parts:
        operands.extend(part.operands if isinstance(part, kind) else [part])
    return kind(tuple(operands))


def _conditions(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3)
    return (
        st.builds(Not, inner)
        | several.map(lambda parts: _flat(And, parts))
        | several.map(lambda parts: _flat(Or, parts))
    )


CONDITION = st.recursive(TEST, _conditions, max_leaves=6)


@given(CONDITION)
def test_an_expression_written_out_and_read_again_is_the_same(expression: Expression) -> None:
    text = text_of(expression)
    assert parse(text) == expression
    assert text_of(parse(text)) == text


SIGNS = "= <> != <=> < > ( ) , ' \" - -- + * / /* */ ; :: : ? @ { {{ [ ] . \\ $ $$ # ` | ~ é \u2028"
WORDS = "quantity title link.card attributes. 'a' 1 2.5 0x 1e x'1' e'a' true null"
MORE = "and or not in between is like list count sum abs lower case cast select over filter distinct union"
JOINED = (" ", "\x00", "order by", "is not null", "similar to")
PIECES = st.sampled_from([*SIGNS.split(" "), *WORDS.split(), *MORE.split(), *JOINED])


@given(st.lists(PIECES, max_size=25).map(" ".join) | st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60))
@example("a" * MAX_LENGTH)
@example("(" * MAX_LENGTH)
@example("not " * 400)
@example("1+" * 900 + "1 > 2")
@example("'" * 1999)
@example("\ud800 = 1")
def test_any_text_gives_an_expression_or_one_error_with_a_place(text: str) -> None:
    try:
        expression = parse(text)
    except RuleError as error:
        where = error.where
        assert where is not None
        assert where.column is not None
        assert 1 <= where.column <= len(text) + 1
        assert where.column - 1 + where.length <= max(len(text), where.column)
    else:
        for node in walk(expression):
            assert node.span is not None
            assert 0 <= node.span.start < node.span.end <= len(text)
