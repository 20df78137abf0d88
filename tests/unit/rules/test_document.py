"""YAML with places: what is read, what is refused, and that nothing else can happen."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.errors import CoincideError
from coincide.rules.document import MAX_DEPTH, Items, Mapping, Scalar, Text, decode, documents, offsets, one_line
from coincide.rules.errors import RuleError


def only(text: str) -> Mapping:
    found, problems = documents(Text("rule.yaml", text))
    assert not problems
    assert len(found) == 1
    return found[0]


def value(text: str) -> object:
    entry = only(f"key: {text}\n").entry("key")
    assert entry is not None
    assert isinstance(entry.value, Scalar)
    return entry.value.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.5", Decimal("2.5")),
        ("0.1", Decimal("0.1")),
        ("-3", Decimal(-3)),
        ("1e3", Decimal(1000)),
        ("2025-03-01", "2025-03-01"),
        ("14:30", "14:30"),
        ("'2.5'", "2.5"),
        ('"true"', "true"),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("NO", "NO"),
        ("null", None),
        ("~", None),
        ("", None),
        (".inf", ".inf"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_a_scalar_is_what_yaml_1_2_makes_of_it_with_exact_numbers(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_keys_and_values_know_their_line_and_column_in_code_points() -> None:
    source = Text("rule.yaml", "# 圧力鍋\ntitle: 圧力鍋, größer\nof: [timer, 'steel-balls']\n")
    (document,), _ = documents(source)
    of = document.entry("of")
    assert of is not None
    assert isinstance(of.value, Items)
    where = source.where(of.value.items[1].start, of.value.items[1].end)
    assert (where.line, where.column, where.length, where.text) == (3, 13, 13, "of: [timer, 'steel-balls']")
    title = document.entry("title")
    assert title is not None
    assert source.where(title.value.start, title.value.end).length == len("圧力鍋, größer")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(end: str) -> None:
    source = Text("rule.yaml", end.join(["a: 1", "", "b: x", ""]))
    (document,), _ = documents(source)
    entry = document.entry("b")
    assert entry is not None
    where = source.where(entry.value.start, entry.value.end)
    assert (where.line, where.column, where.text) == (3, 4, "b: x")


def test_each_character_of_a_quoted_text_has_its_place() -> None:
    source = Text("rule.yaml", 'a: \'it\'\'s "x"\'\nb: "\\u00e9\\"\\ty"\n')
    (document,), _ = documents(source)
    for key, text in (("a", 'it\'s "x"'), ("b", 'é"\ty')):
        entry = document.entry(key)
        assert entry is not None
        assert isinstance(entry.value, Scalar)
        assert entry.value.text == text
        places = offsets(source, entry.value)
        assert len(places) == len(text) + 1
        assert source.text[places[text.index(text[-1])]] == text[-1]
        assert places == sorted(places)


def test_a_text_of_several_lines_is_known_as_such() -> None:
    source = Text("rule.yaml", "a: one\n  two\nb: |\n  one\nc: one\n")
    (document,), _ = documents(source)
    found = [one_line(source, entry.value) for entry in document.entries if isinstance(entry.value, Scalar)]
    assert found == [False, False, True]


def test_several_documents_are_several_rules_and_empty_ones_are_passed_over() -> None:
    found, problems = documents(Text("rule.yaml", "---\na: 1\n---\n---\nb: 2\n...\n"))
    assert not problems
    assert [document.entries[0].key.text for document in found] == ["a", "b"]


def test_documents_before_a_syntax_error_are_still_read() -> None:
    found, problems = documents(Text("rule.yaml", "a: 1\n---\nb: [\n"))
    assert [document.entries[0].key.text for document in found] == ["a"]
    assert [problem.code for problem in problems] == ["COI-R004"]


def test_a_bomb_of_merge_keys_is_refused_at_once() -> None:
    lines = ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 30))]
    _, problems = documents(Text("rule.yaml", "\n".join(lines)))
    assert [problem.code for problem in problems] == ["COI-R005"]


def test_nesting_is_read_to_the_limit_and_refused_beyond() -> None:
    inside = MAX_DEPTH - 1
    only("a: " + "[" * inside + "]" * inside)
    _, problems = documents(Text("rule.yaml", "a: " + "[" * (inside + 1) + "]" * (inside + 1)))
    assert [problem.code for problem in problems] == ["COI-R006"]


def test_ten_thousand_open_brackets_are_refused_quickly() -> None:
    _, problems = documents(Text("rule.yaml", "a: " + "[" * 10_000))
    assert [problem.code for problem in problems] == ["COI-R006"]


def test_a_byte_order_mark_is_dropped() -> None:
    source = decode("rule.yaml", b"\xef\xbb\xbfrule: a\n")
    assert source.text == "rule: a\n"


def test_text_that_is_not_utf8_is_refused_at_its_byte() -> None:
    with pytest.raises(RuleError) as caught:
        decode("rule.yaml", "title: ä\nwhy: ".encode() + b"\xff\xfe\n")
    assert caught.value.code == "COI-R002"
    assert str(caught.value.where) == "rule.yaml:2:6"


def test_more_than_a_megabyte_is_refused() -> None:
    decode("rule.yaml", b"#" * 1_000_000)
    with pytest.raises(RuleError) as caught:
        decode("rule.yaml", b"#" * 1_000_001)
    assert caught.value.code == "COI-R003"


def test_a_control_character_is_refused_where_it_stands() -> None:
    _, problems = documents(Text("rule.yaml", "a: 1\nb: x\x07y\n"))
    assert [(problem.code, str(problem.where)) for problem in problems] == [("COI-R004", "rule.yaml:2:5")]


SIGNS = "a [ ] { } ' \" | > # ~ 1.5 @ ` = - \\ \\u00 é"
JOINED = ("b: ", "- ", "\n", "  ", ", ", ": ", "&x ", "*x", "!t ", "<<: ", "? ", "---\n", "...\n", "%YAML 1.2\n", "\t")
PIECES = st.sampled_from([*SIGNS.split(), *JOINED, "\u2028", "\x85", "\r"])


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_gives_documents_or_problems_with_a_place(text: str) -> None:
    found, problems = documents(Text("rule.yaml", text))
    assert found or problems
    for problem in problems:
        assert isinstance(problem, CoincideError)
        assert problem.code
        assert problem.where is not None
        assert problem.where.line is not None
        assert problem.where.text is not None
        assert 1 <= (problem.where.column or 0) <= len(problem.where.text) + 1


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused_with_a_place(data: bytes) -> None:
    try:
        decode("rule.yaml", data)
    except RuleError as error:
        assert error.code == "COI-R002"
        assert error.where is not None
        assert error.where.line is not None
