"""Errors on the screen: place, line, carets, hint; nothing hostile reaches the terminal."""

from __future__ import annotations

import json

from coincide.cli import render
from coincide.errors import CoincideError, Problems, UsageError, Where


class Wrong(CoincideError):
    """An error with a code, for the tests alone: the last letter and number are nobody's."""

    exit_status = 3


def shown(text: str, column: int, length: int) -> list[str]:
    where = Where("rules/a.yaml", 3, column, length, text)
    return render.text(UsageError("unknown field `quantit`", where=where)).splitlines()


def test_an_error_shows_place_code_sentence_line_carets_and_hint() -> None:
    where = Where("rules/a.yaml", 3, 8, 7, "where: quantit > 0")
    error = UsageError("unknown field `quantit`", where=where, hint="did you mean `quantity`?")
    assert render.text(error) == (
        "rules/a.yaml:3:8: COI-U001 unknown field `quantit`\n"
        "  where: quantit > 0\n"
        "         ^^^^^^^\n"
        "  hint: did you mean `quantity`?"
    )


def test_an_error_without_a_place_is_one_line() -> None:
    assert render.text(UsageError("no")) == "COI-U001 no"


def test_an_error_with_a_line_and_no_column_has_no_carets() -> None:
    error = UsageError("no", where=Where("a.csv", 2, text="x,y"))
    assert render.text(error) == "a.csv:2: COI-U001 no\n  x,y"


def test_carets_stand_under_wide_characters() -> None:
    assert shown("名前: 圧力鍋 x", 5, 3)[1:] == ["  名前: 圧力鍋 x", "        ^^^^^^"]


def test_carets_stand_after_wide_characters() -> None:
    assert shown("圧力鍋: bad", 6, 3)[1:] == ["  圧力鍋: bad", "          ^^^"]


def test_carets_pass_over_combining_characters() -> None:
    assert shown("cafe\u0301: bad", 8, 3)[2] == "        ^^^"


def test_a_tab_is_shown_as_one_column() -> None:
    assert shown("\tbad", 2, 3)[1:] == ["   bad", "   ^^^"]


def test_a_place_at_the_end_of_the_line_has_one_caret() -> None:
    assert shown("abc", 4, 1)[2] == "     ^"


def test_a_length_beyond_the_line_ends_with_it() -> None:
    assert shown("abc", 2, 50)[2] == "   ^^"


def test_a_length_of_zero_has_one_caret() -> None:
    assert shown("abc", 2, 0)[2] == "   ^"


def test_a_long_line_is_cut_around_the_place() -> None:
    lines = shown("a" * 1000 + "BAD" + "b" * 1000, 1001, 3)
    start = lines[2].index("^")
    assert lines[1][start : start + 3] == "BAD"
    assert len(lines[1]) < 130
    assert (lines[1][2], lines[1][-1]) == ("…", "…")


def test_a_long_line_is_not_cut_before_a_place_at_its_start() -> None:
    lines = shown("BAD" + "b" * 1000, 1, 3)
    assert (lines[1][2:5], lines[2]) == ("BAD", "  ^^^")


def test_control_characters_of_a_file_never_reach_the_terminal() -> None:
    where = Where("a\x1b[2J.yaml", 1, 1, 1, "x\x1b]0;title\x07\u202egnp")
    text = render.text(UsageError("unknown `\x1b[31m`", where=where, hint="\x9b1m"))
    assert {"\x1b", "\x07", "\x9b", "\u202e"}.isdisjoint(text)


def test_carets_stay_right_behind_a_replaced_character() -> None:
    assert shown("\x1bbad", 2, 3)[1:] == ["  \ufffdbad", "   ^^^"]


def test_colours_come_only_when_asked_for() -> None:
    where = Where("a.yaml", 1, 1, 1, "x")
    assert "\x1b" not in render.text(UsageError("no", where=where, hint="h"))
    assert "\x1b[1;31mCOI-U001\x1b[0m" in render.text(UsageError("no", where=where, hint="h"), colour=True)


def test_several_problems_are_all_shown_then_counted() -> None:
    problems = Problems([UsageError("b", where=Where("b.yaml", 2)), UsageError("a", where=Where("a.yaml", 9))])
    assert render.text(problems) == "a.yaml:9: COI-U001 a\n\nb.yaml:2: COI-U001 b\n\n2 problems found"


def test_several_problems_end_with_the_gravest_status() -> None:
    assert render.exit_status(Problems([Wrong("x"), UsageError("y")])) == 3


def test_the_document_has_code_message_place_hint_and_status() -> None:
    where = Where("rules/a.yaml", 3, 8, 7, "where: quantit > 0")
    document = json.loads(render.document(UsageError("no", where=where, hint="h")))
    assert document == {
        "errors": [
            {
                "code": "COI-U001",
                "message": "no",
                "where": {"file": "rules/a.yaml", "line": 3, "column": 8, "length": 7},
                "hint": "h",
            }
        ],
        "exit_status": 2,
    }


def test_the_document_of_several_problems_lists_each() -> None:
    document = json.loads(render.document(Problems([Wrong("x"), UsageError("y")])))
    assert [entry["message"] for entry in document["errors"]] == ["x", "y"]
