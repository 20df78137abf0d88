"""Erasing one account: nothing of it is left in any byte, and what is of others is as it was, byte for byte."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, Text, insert, select

from alertbook import DAY, FACTS, HOUR, START, Book
from coincide.alerts import erasure, register, service
from coincide.alerts.alert import ERASED, Alert, Finding, iso
from coincide.alerts.errors import AlertErased
from coincide.alerts.reconcile import Cause
from coincide.entities.key import Key
from coincide.entities.pseudonym import pseudonym, seal
from coincide.events.event import EventName
from coincide.reports import register as reports
from coincide.reports.beside import BESIDE, GONE
from coincide.reports.report import Consideration, Report
from coincide.store import entity, outbox, rename, tables
from coincide.store import pseudonym as pseudonym_store
from coincide.store.rename import naming

KEY = Key(b"k" * 32)
RECORD = Report.model_validate_json((Path(__file__).parents[2] / "golden/reports/household.json").read_bytes())
ACCOUNTS = ("ann-1", "ben-2", "cem-3", "dan-4")
NAMES = {account: pseudonym("shop", account, KEY) for account in ACCOUNTS}
ANN = NAMES["ann-1"]
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Told:
    """An alert of a world: its actor, the accounts of its hits in order, what became of it."""

    actor: str
    accounts: tuple[str, ...]
    end: str


@dataclass(frozen=True)
class World:
    """``groups``: accounts that are one actor each. ``reported``: alerts by their place, considered and drafted from,
    and whom the reason for it names.
    """

    groups: tuple[tuple[str, ...], ...]
    alerts: tuple[Told, ...]
    suppressed: tuple[str, ...]
    separated: tuple[tuple[str, str], ...]
    looked_at: tuple[str, ...]
    reported: tuple[tuple[int, str], ...]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    order = draw(st.permutations(sorted(NAMES.values())))
    cut = sorted(draw(st.sets(st.integers(1, 3), max_size=3)))
    groups = tuple(tuple(order[a:b]) for a, b in zip([0, *cut], [*cut, 4], strict=True))
    told = []
    for group in groups:
        for _ in range(draw(st.integers(0, 2))):
            accounts = tuple(draw(st.lists(st.sampled_from(group), min_size=1, max_size=4)))
            end = draw(st.sampled_from(("open", "decided", "amended", "withdrawn", "moved")))
            told.append(Told(group[0], accounts, end))
    names = st.sampled_from(order)
    return World(
        groups,
        tuple(told),
        tuple(sorted(draw(st.sets(names)))),
        tuple(sorted(draw(st.sets(st.sampled_from(list(combinations(sorted(order), 2))), max_size=3)))),
        tuple(sorted(draw(st.lists(names, max_size=4)))),
        tuple(draw(st.lists(st.tuples(st.sampled_from(range(len(told))), names), max_size=4)) if told else ()),
    )


def _finding(number: int, told: Told, others: Sequence[str]) -> Finding:
    events = tuple(
        EventName(START + number * 10 * DAY + hour * HOUR + 7, "shop", f"e{number}-{hour}", account)
        for hour, account in enumerate(told.accounts)
    )
    one = len({*told.accounts}) == 1
    because = f"{told.actor} bought 6 kg in a day, {others} did not."
    return Finding(told.actor, events[0], events[-1], len(events), 0, len(events), one, events, events[-1:], because)


def _found_anew(finding: Finding, told: Told) -> Finding:
    """As the second scan finds it."""
    if told.end == "moved":
        # Of another actor by now, whose name it has, and its history the old one's.
        return replace(finding, actor=told.accounts[-1])
    return replace(finding, counted=9) if told.end == "amended" else finding


def _report(told: Told, moment: Consideration) -> Report:
    """A draft that rests on an event of each hit."""
    event = RECORD.events[0]
    events = [event.model_copy(update={"number": n, "account": one}) for n, one in enumerate(told.accounts, 1)]
    party = RECORD.party.model_copy(update={"pseudonym": told.actor, "accounts": tuple(sorted({*told.accounts}))})
    return RECORD.model_copy(update={"party": party, "events": tuple(events)}).considered_by(moment)


@contextmanager
def made(world: World) -> Iterator[Book]:
    """The world in a database, each pseudonym that stands somewhere with its seal."""
    with tempfile.TemporaryDirectory() as folder:
        book = Book.made(Path(folder))
        found = [_finding(number, told, ()) for number, told in enumerate(world.alerts)]
        book.scan(*found)
        for number, told in enumerate(world.alerts, 1):
            if told.end in ("decided", "amended"):
                service.decide(book.ledger, number, "benign", because="a farm", by="kim", at_us=1)
        left = [
            _found_anew(one, told) for one, told in zip(found, world.alerts, strict=True) if told.end != "withdrawn"
        ]
        book.scan(*left, cause=Cause.ENTITIES_CHANGED)
        with book.database.writing() as connection:
            entity.add(connection, 1, "d", 1)
            members = {account: group[0] for group in world.groups for account in group}
            entity.save_memberships(connection, 1, members)
            erasure.companions(connection)
            for actor in world.suppressed:
                row = {"rule": "fertiliser", "actor": actor, "until": 9, "because": "x", "by": "kim", "at": 1}
                connection.execute(insert(tables.suppression), row)
            for a, b in world.separated:
                row = {"account_a": a, "account_b": b, "because": "x", "by": "kim", "at": 1}
                connection.execute(insert(tables.separation), row)
            outbox.keep_salts(
                connection,
                [
                    {"commitment": f"c{number}", "salt": b"s" * 32, "pseudonym": name, "at": 1}
                    for number, name in enumerate(world.looked_at)
                ],
            )
            for place, name in world.reported:
                moment = Consideration(at=iso(1), by="lee", because=f"as {name}.", obligation="voluntary", ground=None)
                reports.consider(connection, place + 1, moment, 1)
                reports.keep(connection, _report(world.alerts[place], moment), place + 1)
            for account, name in NAMES.items():
                if rename.held(connection, [name]):
                    sealed = seal(account, KEY, b"n" * 12, pseudonym=name)
                    row = {"pseudonym": name, "namespace": "shop", "sealed": sealed, "key_id": KEY.id}
                    pseudonym_store.save(connection, [row])
        yield book
        book.database.close()


def everything(book: Book) -> Rows:
    with book.database.reading() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in tables.metadata.sorted_tables
        }


def alerts(book: Book) -> list[Alert]:
    with book.database.reading() as connection:
        return list(register.alerts_of(connection, select(tables.alert).order_by(tables.alert.c.id)))


def erased(book: Book, name: str, heir: str | None) -> erasure.Erasure:
    with book.database.writing() as connection:
        done = erasure.take_out(connection, name, heir, by="kim", at_us=START, beside=BESIDE)
    book.database.compact()
    return done


SEPARATED = World(
    groups=tuple((name,) for name in NAMES.values()),
    alerts=(),
    suppressed=(),
    separated=((min(ANN, NAMES["ben-2"]), max(ANN, NAMES["ben-2"])),),
    looked_at=(),
    reported=(),
)
"""Of the other one nothing is stored but that a person told the two apart."""


def _heir(world: World) -> str | None:
    group = next(group for group in world.groups if ANN in group)
    return next((name for name in group if name != ANN), None)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
@example(SEPARATED)
def test_nothing_of_an_erased_account_is_left_and_others_are_as_they_were(world: World) -> None:
    with made(world) as book:
        before, were = everything(book), alerts(book)
        done = erased(book, ANN, _heir(world))
        after, are = everything(book), alerts(book)
        _assert_gone(book, after)
        _assert_others_stay(world, before, after)
        _assert_reports(before, after, done)
        for old, new in zip(were, are, strict=True):
            _assert_alert(old, new)
        _assert_counted(before, done)
        # Nothing is left to erase.
        assert erased(book, ANN, None).total == 0
        assert everything(book) == after
        book.database.close()


def _assert_gone(book: Book, after: Rows) -> None:
    for table in tables.metadata.sorted_tables:
        if any(isinstance(column.type, Text | JSON) for column in table.c):
            with book.database.reading() as connection:
                assert not connection.execute(select(table).where(naming(table, ANN))).all()
    assert ANN not in str(after)
    for path in (book.workspace / ".coincide").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert ANN.encode() not in content
            assert b"ann-1" not in content
    # A seal that stands beside a name that nobody uses would be a way back to somebody of whom nothing is stored.
    with book.database.reading() as connection:
        sealed = {row["pseudonym"] for row in after["pseudonym"]}
        assert rename.held(connection, sealed) == sealed


def _assert_others_stay(world: World, before: Rows, after: Rows) -> None:
    """Rows that did not name the account are there as they were, and but for the history no new one."""
    mine = {name for group in world.groups if ANN in group for name in group}
    buried = {row["id"] for row in after["alert"] if row["erased_at"]}
    for table, rows in before.items():
        others = [row for row in rows if ANN not in str(row)]
        if table in ("alert_change", "report", "consideration"):
            # The history of an alert about that account alone is its own, and what was made of it too.
            others = [row for row in others if row["alert"] not in buried]
        if table == "membership":
            # The companions go with the alert that they are known for.
            others = [row for row in others if row["account"] not in mine]
            assert all(row in after[table] for row in others)
            continue
        if table == "pseudonym":
            # Who stood beside the account alone, as in a separation, stands nowhere then, and has no seal.
            left = str({name: after[name] for name in after if name != table})
            others = [row for row in others if row["pseudonym"] in left]
        assert [row for row in after[table] if row in others] == others, table
        if table not in ("alert", "alert_change", "report", "consideration"):
            assert after[table] == others, table


def _assert_alert(old: Alert, new: Alert) -> None:
    assert (new.id, new.facts) == (old.id, old.facts)
    if ANN not in str(old):
        assert new == old
        return
    theirs = old.finding.accounts - {ANN}
    assert (new.finding.hits, new.finding.counted, new.finding.one_account) == (
        old.finding.hits,
        old.finding.counted,
        old.finding.one_account,
    )
    assert (new.decision and new.decision.disposition) == (old.decision and old.decision.disposition)
    if theirs:
        assert new.status == old.status
        assert new.erased_at is None
        assert new.finding.evidence == tuple(one for one in old.finding.evidence if one.account != ANN)
        assert new.finding.latest_evidence == tuple(one for one in old.finding.latest_evidence if one.account != ANN)
        assert (
            new.finding.actor == old.finding.actor if old.finding.actor != ANN else new.finding.actor in NAMES.values()
        )
        for left, was in (
            (new.finding.started_by, old.finding.started_by),
            (new.finding.ended_by, old.finding.ended_by),
        ):
            assert left == was if was.account != ANN else (left.event_id, left.account) == (ERASED, ERASED)
        assert new.first_account in theirs | {new.finding.actor}
    else:
        assert new.erased_at == START
        assert new.status == ("withdrawn" if old.status == "open" else old.status)
        assert (new.finding.actor, new.finding.evidence, new.finding.latest_evidence) == (ERASED, (), ())
        assert {new.finding.started_by.event_id, new.finding.ended_by.event_id} == {ERASED}
        # No more than the day.
        assert new.finding.started_by.occurred_at % DAY == 0
        assert 0 <= old.finding.started_by.occurred_at - new.finding.started_by.occurred_at < DAY
        assert new.decision is None or new.decision.because == ERASED


def _assert_reports(before: Rows, after: Rows, done: erasure.Erasure) -> None:
    """A record that rests on an event of the account goes whole, or goes with its alert; others lose the name alone."""
    buried = {row["id"] for row in after["alert"] if row["erased_at"]}
    for old, new in zip(before["report"], after["report"], strict=True):
        if old["alert"] in buried or ANN in old["document"]["party"]["accounts"]:
            assert new == {**old, "document": {}, "erased_at": START}
        else:
            assert str(new) == str(old).replace(ANN, "an erased account")
            Report.model_validate(new["document"])
    for old, new in zip(before["consideration"], after["consideration"], strict=True):
        kept = GONE if old["alert"] in buried else old["because"].replace(ANN, "an erased account")
        assert new == {**old, "because": kept}
    for table, noun in (("report", "reports"), ("consideration", "considerations")):
        pairs = zip(before[table], after[table], strict=True)
        assert done.counts[noun] == sum(old != new for old, new in pairs)


def _assert_counted(before: Rows, done: erasure.Erasure) -> None:
    def naming_ann(table: str) -> list[dict[str, Any]]:
        return [row for row in before[table] if ANN in str(row)]

    assert done.counts["alerts"] + done.counts["alerts_redacted"] == len(naming_ann("alert"))
    assert len(done.tombstones) == done.counts["alerts"]
    assert done.counts["separations"] == len(naming_ann("separation"))
    assert done.counts["suppressions"] == len(naming_ann("suppression"))
    assert done.counts["commitments"] == len(naming_ann("ledger_salt"))
    assert (done.counts["seals"] > 0) == bool(naming_ann("pseudonym"))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A decided alert of ann alone, and an open one of ben."""
    book = Book.made(tmp_path)
    told = (Told(ANN, (ANN, ANN), "decided"), Told(NAMES["ben-2"], (NAMES["ben-2"],) * 2, "open"))
    book.scan(*(_finding(number, one, ()) for number, one in enumerate(told)))
    service.decide(book.ledger, 1, "suspicious", because="ann-1 again", by="kim", at_us=1)
    yield book
    book.database.close()


def test_what_people_wrote_of_an_erased_alert_goes_and_that_they_decided_stays(book: Book) -> None:
    erased(book, ANN, None)
    after = book.alert(1)
    assert after.decision is not None
    assert (after.decision.disposition, after.decision.by, after.decision.because) == ("suspicious", "kim", "")
    with book.database.reading() as connection:
        told = [(one.change, one.reason, one.before) for one in register.history(connection, 1)]
    assert told == [("opened", "", {}), ("decided", "", {}), ("erased", erasure.REASON, {})]


def test_a_scan_that_still_finds_it_opens_another_alert_and_leaves_the_tombstone(book: Book) -> None:
    erased(book, ANN, None)
    tombstone = book.alert(1)
    again = _finding(0, Told(ANN, (ANN, ANN), ""), ())
    (new,) = book.scan(again, book.alert(2).finding)
    assert (new.id, new.status, new.finding) == (3, "open", again)
    assert book.alert(1) == tombstone


def test_a_scan_that_finds_nothing_more_leaves_the_tombstone(book: Book) -> None:
    erased(book, ANN, None)
    tombstone = book.alert(1)
    assert book.scan(book.alert(2).finding) == []
    assert book.scan(cause=Cause.RULE_GONE, facts=FACTS)[0].id == 2
    assert book.alert(1) == tombstone


def test_an_erased_alert_cannot_be_decided_anew(book: Book) -> None:
    erased(book, ANN, None)
    with pytest.raises(AlertErased, match="A-1 was erased on 2025-03-01"):
        service.decide(book.ledger, 1, "benign", because="x", by="kim", at_us=2, again=True)


def test_a_seal_that_nothing_needs_is_of_the_erased_account_or_waits_for_its_age(book: Book) -> None:
    dan = NAMES["dan-4"]
    with book.database.writing() as connection:
        for account in ("ann-1", "dan-4"):
            sealed = seal(account, KEY, b"n" * 12, pseudonym=NAMES[account])
            row = {"pseudonym": NAMES[account], "namespace": "shop", "sealed": sealed, "key_id": KEY.id}
            pseudonym_store.save(connection, [row])
    # Of whom nothing is stored, nothing is counted.
    assert erased(book, NAMES["cem-3"], None).total == 0
    assert erased(book, ANN, None).counts["seals"] == 1
    assert [row["pseudonym"] for row in everything(book)["pseudonym"]] == [dan]
    assert erased(book, dan, None).counts["seals"] == 1


def test_open_alerts_hinder_and_closed_ones_do_not(book: Book) -> None:
    with book.database.reading() as connection:
        assert erasure.unfinished(connection, ANN) == []
        assert erasure.unfinished(connection, NAMES["ben-2"]) == ["the alert A-2 is undecided"]
        assert erasure.unfinished(connection, NAMES["dan-4"]) == []


@pytest.mark.parametrize("shared", [False, True])
def test_a_card_that_an_alert_is_called_after_goes_with_the_last_account_on_it(tmp_path: Path, shared: bool) -> None:
    book = Book.made(tmp_path)
    card = pseudonym("@link.card", "4539", KEY)
    ben = NAMES["ben-2"]
    book.scan(_finding(0, Told(card, (ANN, ben if shared else ANN), "open"), ()), facts=replace(FACTS, by="link.card"))
    with book.database.writing() as connection:
        for namespace, given_, name in (("@link.card", "4539", card), ("shop", "ann-1", ANN), ("shop", "ben-2", ben)):
            if rename.held(connection, [name]):
                sealed = seal(given_, KEY, b"n" * 12, pseudonym=name)
                row = {"pseudonym": name, "namespace": namespace, "sealed": sealed, "key_id": KEY.id}
                pseudonym_store.save(connection, [row])
    done = erased(book, ANN, None)
    left = everything(book)
    assert {row["pseudonym"] for row in left["pseudonym"]} == ({card, ben} if shared else set())
    assert (card in str(left)) == shared
    assert done.counts["seals"] == (1 if shared else 2)
    after = book.alert(1)
    assert (after.erased_at is None, after.finding.actor) == ((True, card) if shared else (False, ERASED))
    # The card itself may be what is asked about: nothing is left of an alert that is called after it.
    erased(book, card, None)
    assert card not in str(everything(book))
    assert ben not in str(everything(book)["alert"])
    book.database.close()
