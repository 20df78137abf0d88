"""Alerts come back from the database as they went in, with ids for ever and a history."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alertbook import DAY, FACTS, HOUR, START, Book, finding
from coincide.alerts import listing, register, service
from coincide.alerts.reconcile import Cause


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book.made(tmp_path)


def test_an_alert_comes_back_as_it_was_written(book: Book) -> None:
    (written,) = book.scan(finding(1, 5))
    assert (written.id, written.name, written.status) == (1, "A-1", "open")
    assert book.alert(1) == written
    assert written.finding == finding(1, 5)


def test_ids_go_on_where_they_ended_and_are_never_used_again(book: Book) -> None:
    book.scan(finding(1, 2), finding(5, 6))
    book.scan(cause=Cause.FILE_REMOVED)
    (again,) = book.scan(finding(1, 2))
    assert again.id == 3
    assert [book.alert(id_).status for id_ in (1, 2, 3)] == ["withdrawn", "withdrawn", "open"]


def test_a_scan_that_finds_the_same_writes_nothing(book: Book) -> None:
    book.scan(finding(1, 2))
    assert book.scan(finding(1, 2)) == []
    with book.database.reading() as connection:
        assert len(register.history(connection, 1)) == 1


def test_the_history_says_what_changed_when_and_why(book: Book) -> None:
    book.scan(finding(1, 2))
    book.scan(finding(1, 4))
    service.decide(book.ledger, 1, "benign", because="a farm", by="kim", at_us=book.at_us)
    book.scan(cause=Cause.FILE_REMOVED)
    with book.database.reading() as connection:
        entries = register.history(connection, 1)
    assert [(entry.change, entry.scan, entry.by) for entry in entries] == [
        ("opened", 1, None),
        ("extended", 2, None),
        ("decided", None, "kim"),
        ("amended", 3, None),
    ]
    assert entries[1].before["hits"] == 2
    assert entries[1].before["last_at"] == START + 2 * HOUR
    assert "rule" not in entries[1].before
    assert entries[2].before == {
        "status": "open",
        "reason": entries[1].reason,
        "disposition": None,
        "decided_by": None,
        "decided_at": None,
        "decided_because": None,
    }
    assert entries[3].reason == "would be withdrawn: a file was removed"


def test_an_amendment_comes_back_as_it_was_written(book: Book) -> None:
    book.scan(finding(1, 5))
    service.decide(book.ledger, 1, "benign", because="a farm", by="kim", at_us=book.at_us)
    (amended,) = book.scan(finding(1, 4))
    assert book.alert(1) == amended
    assert amended.amendment == (finding(1, 4),)
    (nothing,) = book.scan()
    assert book.alert(1).amendment == nothing.amendment == ()
    assert book.scan() == []


def test_alerts_are_loaded_by_actor_account_and_time(book: Book) -> None:
    book.scan(finding(1, 5), finding(8, 9), finding(2, 3, actor="p-two"))
    renamed = replace(finding(1, 5), actor="p-zero")
    book.scan(renamed, finding(8, 9), finding(2, 3, actor="p-two"), cause=Cause.ENTITIES_CHANGED)

    def ids(**how: object) -> list[int]:
        with book.database.reading() as connection:
            return [alert.id for alert in register.load(connection, FACTS.rule, **how)]  # type: ignore[arg-type]

    # Alerts get their numbers in order of the first hit.
    assert ids() == [1, 2, 3]
    assert ids(actors=["p-two"]) == [2]
    assert ids(actors=["p-one"]) == [1, 3]
    assert ids(actors=["p-zero"]) == [1]
    assert ids(actors=[]) == []
    assert ids(actors={f"p-{n}" for n in range(600)} | {"p-zero"}) == [1]
    assert ids(since_us=START + 6 * HOUR) == [3]
    assert ids(since_us=START + 5 * HOUR) == [1, 3]
    assert ids(until_us=START + 1 * HOUR) == [1]


HOURS = st.lists(st.sets(st.integers(0, 12), max_size=8), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(HOURS)
def test_after_any_scans_the_open_alerts_are_those_of_the_last_one(hours: list[set[int]]) -> None:
    with TemporaryDirectory() as folder:
        book = Book.made(Path(folder))
        for ends in hours:
            ordered = sorted(ends)
            found = [finding(a, b) for a, b in zip(ordered[::2], ordered[1::2], strict=False)]
            book.scan(*found)
            with book.database.reading() as connection:
                page = listing.page(connection, listing.Wanted(), now_us=0)
            assert {alert.finding for alert in page.alerts} == set(found)
            assert book.scan(*found) == []
        book.database.close()


def test_withdrawn_and_superseded_alerts_are_not_loaded_for_a_scan(book: Book) -> None:
    book.scan(finding(1, 2), finding(5, 6))
    book.scan(finding(1, 6))
    with book.database.reading() as connection:
        assert [alert.id for alert in register.load(connection, FACTS.rule)] == [1]
        assert [alert.id for alert in register.referring(connection, 1)] == [2]
        assert register.rules_with_alerts(connection) == [FACTS.rule]
    book.scan(facts=replace(FACTS, fingerprint=""), cause=Cause.RULE_GONE)
    with book.database.reading() as connection:
        assert register.rules_with_alerts(connection) == []


def test_a_rule_that_goes_live_takes_its_open_alerts_along(book: Book) -> None:
    book.scan(finding(1, 2), facts=replace(FACTS, shadow=True))
    service.decide(book.ledger, 1, "benign", because="a farm", by="kim", at_us=book.at_us)
    book.scan(finding(1, 2), finding(3, 4), facts=replace(FACTS, shadow=True))
    book.scan(finding(1, 2), finding(3, 4), facts=replace(FACTS, severity="low"))
    assert [(book.alert(id_).facts.shadow, book.alert(id_).facts.severity) for id_ in (1, 2)] == [
        (True, "high"),
        (False, "low"),
    ]
    assert book.alert(2).reason == "the rule's severity is low now and the rule is live now"
    assert book.alert(2).facts.scan == 2
    assert book.at_us == START + 3 * DAY
