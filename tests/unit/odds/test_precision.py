"""Precision by rule and meaning: what was decided in the workspace or stands in a table, and tables that are wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alertbook import FACTS, Book, finding
from coincide.alerts import service
from coincide.alerts.reconcile import Cause
from coincide.errors import CoincideError
from coincide.odds.errors import NamedTwice, SheetUnreadable, UnknownAlert, UnknownDisposition
from coincide.odds.precision import Precision, of_file, of_store

OTHER = replace(FACTS, rule="many", fingerprint="v1-many")
VERSION, MANY = (FACTS.rule, FACTS.fingerprint), ("many", "v1-many")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Alerts A-1 to A-4 of a rule, A-5 and A-6 of another, and A-7, which was withdrawn."""
    made = Book.made(tmp_path)
    found = [finding(at * 100, at * 100 + 1, actor=f"p-{at}") for at in range(1, 5)]
    made.scan(*found)
    made.scan(finding(1, 2), finding(100, 101), facts=OTHER)
    late = finding(900, 901)
    made.scan(*found, late)
    made.scan(*found, cause=Cause.FILE_REMOVED)
    return made


def decide(book: Book, number: int, disposition: str) -> None:
    service.decide(book.ledger, number, disposition, because="seen", by="kim", at_us=book.at_us)  # type: ignore[arg-type]


def stored(book: Book) -> dict[tuple[str, str], Precision]:
    with book.database.reading() as connection:
        return of_store(connection)


def said(book: Book, text: str | bytes) -> dict[tuple[str, str], Precision]:
    file = book.workspace / "said.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with book.database.reading() as connection:
        return of_file(connection, file)


def test_decisions_are_counted_by_rule_and_meaning_and_withdrawn_alerts_not_at_all(book: Book) -> None:
    for number, disposition in ((1, "benign"), (2, "suspicious"), (3, "inconclusive"), (5, "benign")):
        decide(book, number, disposition)
    assert stored(book) == {VERSION: Precision(1, 1, 1, 1), MANY: Precision(0, 1, 0, 1)}


def test_what_was_decided_of_a_rule_as_it_was_says_nothing_of_it_as_it_is(book: Book) -> None:
    decide(book, 1, "suspicious")
    found = [finding(at * 100, at * 100 + 1, actor=f"p-{at}") for at in range(1, 5)]
    book.scan(*found[1:], facts=replace(FACTS, fingerprint="v1-new"), cause=Cause.RULE_CHANGED)
    told = stored(book)
    assert told[VERSION] == Precision(suspicious=1)
    assert told[FACTS.rule, "v1-new"] == Precision(undecided=3)


def test_a_table_speaks_in_the_place_of_the_workspace(book: Book) -> None:
    decide(book, 4, "suspicious")
    told = said(book, "alert,disposition\nA-1,benign\n2,SUSPICIOUS\na-3,inconclusive\nA-6,\n")
    assert told == {VERSION: Precision(1, 1, 1, 1), MANY: Precision(undecided=2)}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffalert,disposition\r\nA-1,benign\r\n\r\n",
        "alert;disposition\nA-1;benign\n",
        'note,Disposition,ALERT\n"a, b",benign , A-1\n',
        'alert,note,disposition\nA-1,"two\nlines",benign',
    ],
)
def test_tables_as_spreadsheets_write_them_are_understood(book: Book, text: str) -> None:
    assert said(book, text)[VERSION] == Precision(benign=1, undecided=3)


@pytest.mark.parametrize(
    ("text", "error", "line"),
    [
        ("", SheetUnreadable, 1),
        ("alert\nA-1\n", SheetUnreadable, 1),
        ("id,disposition\nA-1,benign\n", SheetUnreadable, 1),
        ("alert,disposition\nA-1\n", SheetUnreadable, 2),
        (b"alert,disposition\nA-1,\xff\n", SheetUnreadable, None),
        ("alert,disposition\nA-1,benign\nA-2,guilty\n", UnknownDisposition, 3),
        ('alert,note,disposition\nA-1,"a\nb",benign\nA-2,,guilty\n', UnknownDisposition, 4),
        ("alert,disposition\nA-99,benign\n", UnknownAlert, 2),
        ("alert,disposition\nA-7,benign\n", UnknownAlert, 2),
        ("alert,disposition\nB-1,benign\n", UnknownAlert, 2),
        ("alert,disposition\n,benign\n", UnknownAlert, 2),
        ("alert,disposition\nA-99999999999999999999,benign\n", UnknownAlert, 2),
        ("alert,disposition\nA-1,benign\nA-2,\n1,benign\n", NamedTwice, 4),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_its_line(
    book: Book, text: str | bytes, error: type[CoincideError], line: int | None
) -> None:
    with pytest.raises(error) as raised:
        said(book, text)
    assert raised.value.where is not None
    assert raised.value.where.line == line
    assert raised.value.where.file.endswith("said.csv")


def test_a_table_that_is_not_there_is_told(book: Book) -> None:
    with book.database.reading() as connection, pytest.raises(SheetUnreadable, match="cannot be read: no such file"):
        of_file(connection, book.workspace / "none.csv")


def test_the_document_has_the_share_of_those_that_were_decided_with_its_bounds() -> None:
    told = Precision(3, 37, 5, 12).document
    assert (told["suspicious"], told["benign"], told["inconclusive"], told["undecided"]) == (3, 37, 5, 12)
    assert told["share"] == 0.075
    assert [round(told["low"], 3), round(told["high"], 3)] == [0.022, 0.187]


@pytest.mark.parametrize("counts", [Precision(), Precision(inconclusive=3), Precision(undecided=9)])
def test_where_nothing_was_decided_a_sentence_stands_in_the_place_of_the_share(counts: Precision) -> None:
    assert counts.document["why_not"] == "no alert was decided to be benign or suspicious"
    assert "share" not in counts.document


def test_an_empty_workspace_has_no_precision(tmp_path: Path) -> None:
    assert stored(Book.made(tmp_path)) == {}
