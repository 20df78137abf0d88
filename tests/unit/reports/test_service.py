"""Drafting and considering: what is kept, what is refused, and what the ledger gets, in which order."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from coincide.alerts import service as alerts
from coincide.alerts.alert import iso
from coincide.alerts.errors import NoSuchAlert, NotAsFound, ReasonMissing
from coincide.alerts.rotation import rotate
from coincide.errors import CoincideError
from coincide.ledger.errors import PurposeMissing
from coincide.obligations.errors import UnknownGround, UnknownObligation
from coincide.reports import register, service
from coincide.reports.errors import (
    ChangedMeanwhile,
    DecidedBenign,
    NoSuchReport,
    NotAboutSuchGoods,
    NothingToReport,
)
from coincide.reports.report import Report
from coincide.reports.service import Considered
from coincide.store import tables
from reportshop import (
    ANNA,
    AT,
    BERT,
    CARD,
    CORA,
    HEAD,
    HOUSEHOLD,
    PRECURSORS,
    ROWS,
    RULES,
    TRIAL,
    ReportShop,
    copied,
    scanned,
)

HOUR = 3_600_000_000


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scanned(tmp_path_factory.mktemp("first") / "shop")


@pytest.fixture
def shop(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> ReportShop:
    return copied(first, tmp_path / "shop", capsys)


def draft(shop: ReportShop, alert: int, **given: Any) -> Report:
    with shop.database() as database:
        return service.draft(shop.workspace, shop.book(database), alert, **{"by": "kim", "at_us": AT, **given})


def consider(shop: ReportShop, alert: int, **given: Any) -> Considered:
    asked = {"by": "lee", "at_us": AT, "because": "too much for a household", **given}
    with shop.database() as database:
        return service.consider(shop.workspace, shop.book(database), alert, **asked)


def rows(shop: ReportShop, table: Any = tables.report) -> list[dict[str, Any]]:
    with shop.database() as database, database.reading() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def acts(shop: ReportShop) -> list[tuple[str, str]]:
    """The entries behind that of the scan."""
    return [(one.act, one.object) for one in shop.entries()[1:]]


# --- the draft ----------------------------------------------------------------------------------------------------


def test_a_draft_holds_what_the_sources_say_of_the_evidence_and_names_nobody(shop: ReportShop) -> None:
    made = draft(shop, PRECURSORS)
    assert (made.report, made.revision, made.status, made.due) == ("R-1", 1, "draft", None)
    assert (made.drafted.at, made.drafted.by) == ("2025-04-01T12:00:00Z", "kim")
    assert [(event.event_id, event.item, event.quantity, event.content, event.unit) for event in made.events] == [
        ("1", "AC-5", "3", "5", "l"),
        ("2", "HP-12", "2.5", "1", "l"),
        ("3", "AC-5", "1", "25", "l"),
    ]
    assert [event.title for event in made.events][:2] == ['Aceton <b>rein</b> & "techn."', "過氧化氫 12%"]
    assert [event.status for event in made.events] == ["completed", "attempted", "refused"]
    assert [event.concentration for event in made.events] == ["99 %", "12 %", None]
    assert [event.payment_method for event in made.events] == ["cash", "cash", "card"]
    # The clocks of Paris went forward between the second and the third.
    assert [(event.at, event.zone) for event in made.events] == [
        ("2025-03-01T10:00:00+01:00", "Europe/Paris"),
        ("2025-03-29T23:30:00+01:00", "Europe/Paris"),
        ("2025-03-30T03:30:00+02:00", "Europe/Paris"),
    ]
    assert [[(good.name, good.annex) for good in event.goods] for event in made.events] == [
        [("acetone", "Annex II")],
        [("hydrogen peroxide", "Annex I")],
        [("acetone", "Annex II")],
    ]
    assert made.events[0].account == made.party.pseudonym == shop.name(ANNA, "orders")
    assert made.party.accounts == tuple(sorted((shop.name(ANNA, "orders"), shop.name(BERT, "orders"))))
    assert made.party.customer_types == ("consumer",)
    text = made.model_dump_json()
    assert not any(identifier in text for identifier in (ANNA, BERT, CARD))
    assert "severity" not in text


def test_what_the_source_does_not_give_is_null_and_without_goods_of_the_law_any_item_will_do(shop: ReportShop) -> None:
    made = draft(shop, HOUSEHOLD)
    assert made.obligation.id == "voluntary"
    timer = made.events[0]
    assert (timer.title, timer.quantity) == ("مؤقت مطبخ", "1")
    given = (timer.content, timer.unit, timer.status, timer.customer_type, timer.payment_method, timer.concentration)
    assert given == (None,) * 6
    assert timer.goods == ()
    assert [(ground.letter, ground.shown, ground.events) for ground in made.grounds] == [("a", "by the data", (1, 2))]


def test_only_the_grounds_that_the_rule_names_are_shown(shop: ReportShop) -> None:
    made = draft(shop, PRECURSORS)
    shown = {ground.letter: (ground.shown, ground.events, ground.by is None) for ground in made.grounds}
    blank = ("not shown by the data", (), True)
    assert shown == {"a": blank, "b": blank, "c": ("by the data", (1, 2, 3), False), "d": blank, "e": blank}


def test_a_ground_rests_on_the_events_of_the_law_s_goods_alone_and_a_trial_says_that_it_is_one(
    shop: ReportShop,
) -> None:
    made = draft(shop, TRIAL)
    assert made.obligation.id == "eu-2019-1148", "the law of the rule's basis names it"
    assert made.rests_on.shadow
    assert [bool(event.goods) for event in made.events] == [True, False]
    assert {ground.letter: ground.events for ground in made.grounds if ground.shown == "by the data"} == {"e": (1,)}


def test_under_an_obligation_that_the_rule_does_not_name_no_ground_is_claimed(shop: ReportShop) -> None:
    made = draft(shop, PRECURSORS, obligation="eu-2022-2065-18")
    assert {ground.shown for ground in made.grounds} == {"not shown by the data"}
    assert made.obligation.hours is None


def test_without_an_evidenced_item_of_the_annexes_the_duty_on_precursors_is_refused_with_its_article(
    shop: ReportShop,
) -> None:
    with pytest.raises(NotAboutSuchGoods, match=r"Regulation \(EU\) 2019/1148, Article 9\(1\)"):
        draft(shop, HOUSEHOLD, obligation="eu-2019-1148")
    assert rows(shop) == []


def test_the_evidence_is_in_the_ledger_before_it_is_read_and_the_draft_with_it(shop: ReportShop) -> None:
    seen: list[list[tuple[str, str]]] = []
    draft(shop, PRECURSORS, progress=lambda _: seen.append(acts(shop)))
    assert seen[0] == [("alert:evidence", "A-2")]
    assert acts(shop) == [("alert:evidence", "A-2"), ("report:draft", "A-2")]
    asked, drafted = shop.entries()[1:]
    assert (asked.outcome, asked.purpose, asked.basis) == ("allowed", "a test", "Regulation (EU) 2019/1148, Article 9")
    assert (drafted.outcome, drafted.reason) == ("done", "eu-2019-1148")


def test_without_a_purpose_nothing_is_read(shop: ReportShop) -> None:
    with shop.database() as database, pytest.raises(PurposeMissing):
        service.draft(shop.workspace, shop.book(database, purpose=""), PRECURSORS, by="kim", at_us=AT)
    assert (acts(shop), rows(shop)) == ([], [])


def test_drafting_again_is_a_new_revision_and_the_first_one_stays(shop: ReportShop) -> None:
    one = draft(shop, PRECURSORS)
    before = rows(shop)
    two = draft(shop, PRECURSORS, by="lee", at_us=AT + HOUR)
    other = draft(shop, PRECURSORS, obligation="voluntary")
    assert [(made.report, made.revision) for made in (one, two, other)] == [("R-1", 1), ("R-1", 2), ("R-2", 1)]
    assert rows(shop)[:1] == before
    with shop.database() as database, database.reading() as connection:
        assert register.find(connection, 1, 1) == one
        assert register.find(connection, 1) == two
        assert register.find(connection, 1, 3) is None
        listed = [
            (row.id, row.revision, row.alert, row.obligation, row.drafted_by) for row in register.listed(connection)
        ]
    assert listed == [(1, 2, 2, "eu-2019-1148", "lee"), (2, 1, 2, "voluntary", "kim")]
    assert [row["drafted_at"] for row in rows(shop)] == [AT, AT + HOUR, AT]


def test_a_dry_run_keeps_nothing_but_the_entry_of_the_look(shop: ReportShop) -> None:
    assert draft(shop, PRECURSORS, keep=False).report == "R-1"
    assert rows(shop) == []
    assert acts(shop) == [("alert:evidence", "A-2")]
    assert consider(shop, PRECURSORS, keep=False).due == iso(AT + 24 * HOUR)
    assert rows(shop, tables.consideration) == []


def refused(shop: ReportShop, alert: int, kind: type[CoincideError], **given: Any) -> CoincideError:
    """What is raised; nothing is kept, and no evidence was read."""
    with pytest.raises(kind) as caught:
        draft(shop, alert, **given)
    with pytest.raises(kind):
        consider(shop, alert, **given)
    assert (rows(shop), rows(shop, tables.consideration), acts(shop)) == ([], [], [])
    return caught.value


def test_no_alert_and_no_obligation_of_that_name(shop: ReportShop) -> None:
    refused(shop, 99, NoSuchAlert)
    refused(shop, PRECURSORS, UnknownObligation, obligation="eu-2019-1149")


def test_a_withdrawn_alert_is_refused_and_what_was_drafted_before_stays(shop: ReportShop) -> None:
    made = draft(shop, HOUSEHOLD)
    shop.write("orders/a.csv", HEAD + "".join(line for line in ROWS.splitlines(True) if CORA not in line))
    assert shop.call("scan")[0] == 0
    for attempt in (draft, consider):
        with pytest.raises(NothingToReport, match="A-1 is withdrawn"):
            attempt(shop, HOUSEHOLD)
    with shop.database() as database:
        assert service.show(shop.book(database), 1) == made


def pairs(shop: ReportShop, name: str, *days: str) -> None:
    """A file in which somebody buys a timer on one of the days, steel balls on the next, and so on; and a scan."""
    goods = ("TM-1", "SB-6")
    lines = [f"{day},{day}T09:00:00,eve@shop.example,{goods[n % 2]},T,1,,,,,,,\n" for n, day in enumerate(days)]
    shop.write(name, HEAD + "".join(lines))
    assert shop.call("scan")[0] == 0


def test_a_superseded_alert_names_the_one_that_goes_on(shop: ReportShop) -> None:
    # Two runs of hits far apart become one when the events between them come.
    pairs(shop, "orders/b.csv", "2025-05-10", "2025-05-11", "2025-07-10", "2025-07-11")
    pairs(shop, "orders/c.csv", "2025-06-05", "2025-06-20")
    closed = [shop.alert(id_) for id_ in (4, 5) if shop.alert(id_).status == "superseded"]
    assert len(closed) == 1
    with pytest.raises(NothingToReport, match=f"take A-{closed[0].superseded_by}"):
        draft(shop, closed[0].id)


def test_an_alert_that_was_decided_benign_is_refused_and_a_suspicious_one_is_drafted(shop: ReportShop) -> None:
    with shop.database() as database:
        alerts.decide(shop.book(database), PRECURSORS, "benign", because="a lab", by="kim", at_us=AT)
    for attempt in (draft, consider):
        with pytest.raises(DecidedBenign, match="--again"):
            attempt(shop, PRECURSORS)
    with shop.database() as database:
        alerts.decide(shop.book(database), PRECURSORS, "suspicious", because="no lab", by="kim", at_us=AT, again=True)
    assert draft(shop, PRECURSORS).revision == 1


def test_an_alert_that_changed_while_its_evidence_was_read_is_not_drafted_from(shop: ReportShop) -> None:
    before = shop.alert(PRECURSORS)
    made = draft(shop, PRECURSORS, keep=False)
    with shop.database() as database:
        alerts.decide(shop.book(database), PRECURSORS, "inconclusive", because="?", by="kim", at_us=AT)
        with pytest.raises(ChangedMeanwhile, match="A-2 changed"):
            service.kept(shop.book(database), before, made)
        assert rows(shop) == []
        assert service.kept(shop.book(database), shop.alert(PRECURSORS), made).report == "R-1"


def test_evidence_that_is_not_in_the_files_any_more_is_not_drafted_from(shop: ReportShop) -> None:
    shop.write("orders/a.csv", HEAD)
    with pytest.raises(NotAsFound):
        draft(shop, PRECURSORS)
    assert rows(shop) == []


def test_where_the_rule_means_something_else_by_now_a_person_can_consider_but_nothing_is_drafted(
    shop: ReportShop,
) -> None:
    shop.write("rules/precursors.yaml", RULES["precursors"].replace("at_least: 2", "at_least: 1"))
    refused(shop, PRECURSORS, NotAsFound)
    assert consider(shop, PRECURSORS, obligation="eu-2019-1148").due == "2025-04-02T12:00:00Z"


# --- the human moment ---------------------------------------------------------------------------------------------


def test_the_deadline_runs_from_the_moment_at_which_a_person_considered_the_alert(shop: ReportShop) -> None:
    found = consider(shop, PRECURSORS, ground="c", because="  too much  ")
    assert (found.again, found.due, found.revised) == (False, "2025-04-02T12:00:00Z", ())
    moment = found.first
    assert (moment.at, moment.by, moment.because) == ("2025-04-01T12:00:00Z", "lee", "too much")
    assert (moment.obligation, moment.ground) == ("eu-2019-1148", "c")
    (entry,) = shop.entries()[1:]
    assert (entry.act, entry.object, entry.outcome, entry.reason) == ("report:consider", "A-2", "done", "too much")
    made = draft(shop, PRECURSORS, at_us=AT + HOUR)
    assert (made.considered, made.due) == (moment, "2025-04-02T12:00:00Z")


def test_24_hours_are_24_hours_whatever_the_clocks_of_a_place_do(shop: ReportShop) -> None:
    night = 1_743_289_200_000_000  # 2025-03-29T23:00:00Z: midnight in Paris, before a day of 23 hours
    found = consider(shop, PRECURSORS, at_us=night)
    assert found.due is not None
    assert datetime.fromisoformat(found.due) - datetime.fromisoformat(found.first.at) == timedelta(hours=24)


def test_drafts_that_are_there_get_the_moment_in_a_new_revision(shop: ReportShop) -> None:
    one, two = draft(shop, PRECURSORS), draft(shop, PRECURSORS, obligation="voluntary")
    found = consider(shop, PRECURSORS, obligation="eu-2019-1148")
    assert [(made.report, made.revision, made.due) for made in found.revised] == [
        ("R-1", 2, "2025-04-02T12:00:00Z"),
        ("R-2", 2, None),
    ]
    assert found.revised[0] == one.considered_by(found.first).numbered(1, 2)
    assert found.revised[1].considered == found.first
    assert [row["document"]["considered"] for row in rows(shop) if row["revision"] == 1] == [None, None]
    assert two.considered is None


def test_a_second_consideration_keeps_the_first_moment_and_is_recorded_all_the_same(shop: ReportShop) -> None:
    draft(shop, PRECURSORS)
    first = consider(shop, PRECURSORS, ground="c").first
    again = consider(shop, PRECURSORS, ground="e", by="max", because="cash as well", at_us=AT + 5 * HOUR)
    assert (again.again, again.first, again.due, again.revised) == (True, first, "2025-04-02T12:00:00Z", ())
    kept = [(row["by"], row["ground"], row["because"], row["at"]) for row in rows(shop, tables.consideration)]
    assert kept == [("lee", "c", "too much for a household", AT), ("max", "e", "cash as well", AT + 5 * HOUR)]
    assert [act for act, _ in acts(shop)] == ["alert:evidence", "report:draft", "report:consider", "report:consider"]
    assert [row["revision"] for row in rows(shop)] == [1, 2]


def test_the_first_moment_counts_under_whatever_obligation_it_was_said(shop: ReportShop) -> None:
    assert consider(shop, PRECURSORS, obligation="voluntary").due is None
    assert consider(shop, PRECURSORS, obligation="eu-2019-1148", at_us=AT + HOUR).due == "2025-04-02T12:00:00Z"


def test_the_obligation_is_that_of_the_draft_under_way_before_that_of_the_rule(shop: ReportShop) -> None:
    draft(shop, PRECURSORS, obligation="voluntary")
    assert consider(shop, PRECURSORS).obligation.obligation == "voluntary"
    assert consider(shop, TRIAL).obligation.obligation == "eu-2019-1148"
    assert consider(shop, HOUSEHOLD).obligation.obligation == "voluntary"


def test_a_ground_that_the_obligation_does_not_have_and_an_empty_reason_are_refused(shop: ReportShop) -> None:
    with pytest.raises(UnknownGround, match="a, b, c, d, e"):
        consider(shop, PRECURSORS, ground="f")
    with pytest.raises(ReasonMissing):
        consider(shop, PRECURSORS, because="  ")
    assert consider(shop, PRECURSORS, ground="a").first.ground == "a", "a person may see what no data can show"
    assert len(rows(shop, tables.consideration)) == 1


# --- to show --------------------------------------------------------------------------------------------------------


def test_to_show_a_report_is_entered_first_and_an_unknown_one_is_not(shop: ReportShop) -> None:
    made = draft(shop, PRECURSORS)
    consider(shop, PRECURSORS)
    with shop.database() as database:
        book = shop.book(database)
        assert service.show(book, 1, 1) == made
        assert service.show(book, 1).revision == 2
        for id_, revision in ((2, None), (1, 3)):
            with pytest.raises(NoSuchReport, match=f"R-{id_}"):
                service.show(book, id_, revision)
        with pytest.raises(PurposeMissing):
            service.show(shop.book(database, purpose=""), 1)
    assert acts(shop)[-2:] == [("report:show", "R-1 revision 1"), ("report:show", "R-1 revision 2")]


def test_a_new_key_renames_the_parties_of_kept_reports_and_nothing_else(shop: ReportShop) -> None:
    made = draft(shop, PRECURSORS)
    old = [shop.name(account, "orders") for account in (ANNA, BERT)]
    with shop.database() as database:
        rotate(shop.workspace, shop.book(database), now_us=AT)
    new = [shop.name(account, "orders") for account in (ANNA, BERT)]
    with shop.database() as database:
        after = service.show(shop.book(database), 1).model_dump_json()
    assert not any(name in after for name in old)
    expected = made.model_dump_json()
    for before, behind in zip(old, new, strict=True):
        expected = expected.replace(before, behind)
    assert after == expected
