"""What people do to alerts: kept with who, when and why, or refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertbook import DAY, FACTS, START, Book, finding
from coincide.alerts import service
from coincide.alerts.alert import Decision, Disposition
from coincide.alerts.errors import (
    AlertClosed,
    AlreadyDecided,
    NoSuchAlert,
    NothingToLift,
    ReasonMissing,
    SameAccount,
    SuppressionOver,
    UnknownActor,
    UnknownRule,
)
from coincide.ledger.subject import Subject
from coincide.store import pseudonym


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book.made(tmp_path)


def decide(book: Book, id_: int, disposition: Disposition = "benign", because: str = "a farm", **more: bool) -> None:
    service.decide(book.ledger, id_, disposition, because=because, by="kim", at_us=7, **more)


def suppress(book: Book, rule: str = FACTS.rule, actor: str = "p-one", until: int = START, because: str = "x") -> None:
    service.suppress(book.ledger, rule, actor, until_us=until, because=because, by="kim", at_us=7)


def sealed(name: str) -> dict[str, str | bytes]:
    return {"pseudonym": name, "namespace": "shop", "sealed": b"", "key_id": "k"}


def test_a_decision_is_kept_and_later_hits_open_a_linked_alert(book: Book) -> None:
    book.scan(finding(1, 5))
    decide(book, 1)
    assert book.alert(1).decision == Decision("benign", "kim", 7, "a farm")
    assert book.alert(1).status == "decided"
    (later,) = book.scan(finding(1, 5), finding(6, 9))
    assert (later.id, later.linked_to) == (2, 1)


def test_a_decision_is_replaced_only_when_that_is_said(book: Book) -> None:
    book.scan(finding(1, 5))
    decide(book, 1)
    with pytest.raises(AlreadyDecided, match="was decided benign on 1970-01-01"):
        decide(book, 1, "suspicious")
    decide(book, 1, "suspicious", again=True)
    assert book.alert(1).decision == Decision("suspicious", "kim", 7, "a farm")


def test_a_decision_that_is_tried_is_not_kept(book: Book) -> None:
    book.scan(finding(1, 5))
    decide(book, 1, keep=False)
    assert book.alert(1).status == "open"


def test_a_decision_without_a_reason_is_refused(book: Book) -> None:
    book.scan(finding(1, 5))
    with pytest.raises(ReasonMissing):
        decide(book, 1, because=" ")


def test_an_alert_that_is_not_there_is_said(book: Book) -> None:
    with pytest.raises(NoSuchAlert, match="A-9"):
        decide(book, 9)


def test_a_superseded_alert_points_to_the_one_to_decide(book: Book) -> None:
    book.scan(finding(1, 2), finding(5, 6))
    book.scan(finding(1, 6))
    with pytest.raises(AlertClosed, match=r"A-2 is superseded.*decide A-1"):
        decide(book, 2)
    book.scan()
    with pytest.raises(AlertClosed, match="A-1 is withdrawn"):
        decide(book, 1)


def test_a_suppression_is_kept_replaced_and_lifted(book: Book) -> None:
    book.scan(finding(1, 5))
    suppress(book, until=START + DAY)
    suppress(book, until=START + 2 * DAY, because=" licence seen ")
    with book.database.reading() as connection:
        (kept,) = service.suppressions(connection, FACTS.rule)
        assert service.suppressions(connection, "other") == []
    assert (kept.until, kept.because, kept.by) == (START + 2 * DAY, "licence seen", "kim")
    service.lift(book.ledger, FACTS.rule, "p-one")
    with pytest.raises(NothingToLift):
        service.lift(book.ledger, FACTS.rule, "p-one")


def test_a_suppression_of_a_rule_that_never_ran_is_refused(book: Book) -> None:
    book.scan(finding(1, 5))
    with pytest.raises(UnknownRule, match="did you mean `fertiliser`"):
        suppress(book, rule="fertilizer")


def test_a_suppression_of_an_unknown_actor_does_not_repeat_the_name(book: Book) -> None:
    book.scan(finding(1, 5))
    with pytest.raises(UnknownActor) as caught:
        suppress(book, actor="Ms Smith")
    assert "Smith" not in str(caught.value)


def test_a_suppression_that_would_be_over_is_refused(book: Book) -> None:
    book.scan(finding(1, 5))
    with pytest.raises(SuppressionOver, match="1970"):
        suppress(book, until=7)


def test_a_suppression_without_a_reason_is_refused(book: Book) -> None:
    with pytest.raises(ReasonMissing):
        suppress(book, because="")


def test_accounts_are_separated_each_from_each_once(book: Book) -> None:
    book.scan(finding(1, 5), finding(1, 5, actor="p-two"))
    with book.database.writing() as connection:
        pseudonym.save(connection, [sealed("p-one"), sealed("p-two")])
    cut = [
        service.separate(book.ledger, accounts, because="father and son", by="kim", at_us=7, about=about)
        for accounts, about in (
            (["p-two", "p-one"], []),
            (["p-one", "p-two", "p-three"], [Subject("account", "shop:three", "p-three", sealed("p-three"))]),
        )
    ]
    assert cut == [[("p-one", "p-two")], [("p-one", "p-three"), ("p-three", "p-two")]]
    with book.database.reading() as connection:
        assert service.separations(connection) == [
            ("p-one", "p-three"),
            ("p-one", "p-two"),
            ("p-three", "p-two"),
        ]


@pytest.mark.parametrize("accounts", [["p-one"], ["p-one", "p-one"], []])
def test_an_account_is_not_separated_from_itself(book: Book, accounts: list[str]) -> None:
    with pytest.raises(SameAccount):
        service.separate(book.ledger, accounts, because="x", by="kim", at_us=7)


def test_a_separation_of_an_unknown_account_keeps_nothing(book: Book) -> None:
    book.scan(finding(1, 5))
    with pytest.raises(UnknownActor):
        service.separate(book.ledger, ["p-one", "p-nobody"], because="x", by="kim", at_us=7)
    with pytest.raises(ReasonMissing):
        service.separate(book.ledger, ["p-one", "p-two"], because="", by="kim", at_us=7)
