"""What is kept of reports about one account: told, in the way of an erasure, and erased, with nothing of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from coincide.alerts.errors import AlertErased
from coincide.reports import register, service
from coincide.reports.beside import GONE
from coincide.reports.errors import ReportErased
from coincide.reports.report import Report
from coincide.store import tables
from coincide.store.rename import PSEUDONYM
from reportshop import ANNA, AT, BERT, CORA, DORA, HOUSEHOLD, PRECURSORS, TRIAL, ReportShop, copied, scanned

BECAUSE = ("--because", "request 7 of 2026", "--purpose", "rights of persons")
OVERRIDE = ("--override", "no claim is to be expected")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scanned(tmp_path_factory.mktemp("first") / "shop")


@pytest.fixture
def shop(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> ReportShop:
    return copied(first, tmp_path / "shop", capsys)


def draft(shop: ReportShop, alert: int, **given: Any) -> Report:
    with shop.database() as database:
        return service.draft(shop.workspace, shop.book(database), alert, **{"by": "kim", "at_us": AT, **given})


def consider(shop: ReportShop, alert: int, because: str = "too much for a household") -> None:
    with shop.database() as database:
        book = shop.book(database)
        service.consider(shop.workspace, book, alert, because=because, by="lee", at_us=AT)


def decide(shop: ReportShop, alert: int) -> None:
    status, _, err = shop.call("alerts", "decide", f"A-{alert}", "suspicious", "--because", "looked into")
    assert status == 0, err


def rows(shop: ReportShop, table: Any = tables.report) -> list[dict[str, Any]]:
    with shop.database() as database, database.reading() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def content(shop: ReportShop) -> bytes:
    """Every byte of the state folder but the ledger's, which keeps what people type as their reasons."""
    files = (path for path in sorted((shop.folder / ".coincide").rglob("*")) if path.is_file())
    return b"".join(path.read_bytes() for path in files if shop.ledger not in path.parents)


# --- told ---------------------------------------------------------------------------------------------------------


def test_each_revision_that_names_an_account_is_told_with_its_own_events_and_those_of_nobody_else(
    shop: ReportShop,
) -> None:
    anna, bert = shop.name(ANNA, "orders"), shop.name(BERT, "orders")
    draft(shop, PRECURSORS)
    consider(shop, PRECURSORS, f"{bert} is in it, too")
    draft(shop, TRIAL)
    for account, name, ids in ((ANNA, anna, ["1", "3"]), (BERT, bert, ["2"])):
        found = shop.json("subject", "show", account, *BECAUSE)
        told = [(one["report"], one["revision"], one["alert"], one["obligation"]) for one in found["reports"]]
        assert told == [("R-1", 1, "A-2", "eu-2019-1148"), ("R-1", 2, "A-2", "eu-2019-1148")]
        # Whether it may be told at all is for the person to ask who answers.
        assert {(one["at"], one["by"], one["notice"]) for one in found["reports"]} == {
            ("2025-04-01T12:00:00Z", "kim", "ask-first")
        }
        assert [[event["event_id"] for event in one["events"]] for one in found["reports"]] == [ids, ids]
        assert "account" not in found["reports"][0]["events"][0]
        said = f"{name} is in it, too" if account == BERT else "another account is in it, too"
        assert found["considerations"] == [
            {
                "alert": "A-2",
                "obligation": "eu-2019-1148",
                "ground": None,
                "at": "2025-04-01T12:00:00Z",
                "by": "lee",
                "because": said,
            }
        ]
        for more in ((), ("--json",)):
            assert set(PSEUDONYM.findall(shop.call("subject", "show", account, *BECAUSE, *more)[1])) == {name}


def test_a_person_reads_them_on_the_terminal(shop: ReportShop) -> None:
    draft(shop, PRECURSORS)
    consider(shop, HOUSEHOLD)
    out = shop.call("subject", "show", BERT, *BECAUSE)[1]
    assert (
        "Reports: 1\n  report R-1, revision 1, alert A-2, obligation eu-2019-1148, at 2025-04-01T12:00:00Z, by kim"
        in out
    )
    assert "\n    source orders, event_id 2, at 2025-03-29T23:30:00+01:00" in out
    assert "Considerations: 0\n" in out
    assert "Considerations: 1\n  alert A-1, obligation voluntary, at" in shop.call("subject", "show", CORA, *BECAUSE)[1]


# --- in the way of an erasure -------------------------------------------------------------------------------------


def test_a_report_that_was_drafted_hinders_the_erasure_with_its_number(shop: ReportShop) -> None:
    draft(shop, PRECURSORS)
    consider(shop, PRECURSORS)
    decide(shop, PRECURSORS)
    before = rows(shop)
    for account in (ANNA, BERT):
        status, _, err = shop.call("subject", "erase", account, *BECAUSE, "--json")
        (error,) = json.loads(err)["errors"]
        assert (status != 0, error["code"]) == (True, "COI-A022")
        assert error["message"].startswith("not erased: the report R-1 is under way (")
    assert rows(shop) == before
    assert shop.entries()[-1].outcome == "refused"
    # Nobody else is hindered by it.
    decide(shop, HOUSEHOLD)
    assert shop.call("subject", "erase", CORA, *BECAUSE)[0] == 0


def test_an_alert_that_was_considered_hinders_the_erasure_before_anything_is_drafted(shop: ReportShop) -> None:
    consider(shop, HOUSEHOLD)
    decide(shop, HOUSEHOLD)
    status, _, err = shop.call("subject", "erase", CORA, *BECAUSE)
    assert status != 0
    assert "COI-A022" in err
    assert "a report of A-1, considered and not drafted, is under way" in err
    dry = shop.json("subject", "erase", CORA, *BECAUSE, "--dry-run")
    assert dry["hindering"] == ["a report of A-1, considered and not drafted, is under way"]
    assert dry["erased"]["considerations"] == 1


# --- erased -------------------------------------------------------------------------------------------------------


def test_with_an_override_the_record_goes_to_the_last_byte_and_number_obligation_and_times_stay(
    shop: ReportShop,
) -> None:
    cora = shop.name(CORA, "orders")
    draft(shop, HOUSEHOLD)
    consider(shop, HOUSEHOLD, f"{cora} bought too much")
    before = rows(shop)
    found = shop.json("subject", "erase", CORA, *BECAUSE, *OVERRIDE)
    assert (found["erased"]["reports"], found["erased"]["considerations"]) == (2, 1)
    assert "reports 2, considerations 1" in shop.entries()[-1].reason
    assert cora.encode() not in content(shop)
    assert b"Steel balls 6 mm" not in content(shop)
    after = rows(shop)
    assert after == [{**row, "document": {}, "erased_at": after[0]["erased_at"]} for row in before]
    assert after[0]["erased_at"] is not None
    (moment,) = rows(shop, tables.consideration)
    assert (moment["by"], moment["at"], moment["because"]) == ("lee", AT, GONE)
    assert shop.json("report", "list")["reports"] == [
        {
            "report": "R-1",
            "revision": 2,
            "alert": "A-1",
            "obligation": "voluntary",
            "status": "erased",
            "drafted_at": "2025-04-01T12:00:00Z",
            "drafted_by": "kim",
        }
    ]
    assert shop.json("subject", "erase", CORA, *BECAUSE)["erased"]["reports"] == 0


def test_a_report_that_was_erased_is_not_shown_and_not_drafted_anew(shop: ReportShop) -> None:
    draft(shop, HOUSEHOLD)
    decide(shop, HOUSEHOLD)
    assert shop.call("subject", "erase", CORA, *BECAUSE, *OVERRIDE)[0] == 0
    for more in ((), ("--revision", "1")):
        status, _, err = shop.call("report", "show", "R-1", "--purpose", "x", *more)
        assert (status != 0, "COI-P008" in err, "R-1 (revision 1) was erased on " in err) == (True, True, True)
    with shop.database() as database, database.reading() as connection:
        with pytest.raises(ReportErased):
            register.find(connection, 1)
        assert register.find(connection, 2) is None
        assert register.under_way(connection, HOUSEHOLD) == []
    # Decided as suspicious, it would be one to report, were it not a tombstone.
    with pytest.raises(AlertErased):
        draft(shop, HOUSEHOLD)
    with pytest.raises(AlertErased):
        consider(shop, HOUSEHOLD)


def test_the_records_of_others_stay_byte_for_byte_and_a_text_loses_the_name_alone(shop: ReportShop) -> None:
    anna, bert = shop.name(ANNA, "orders"), shop.name(BERT, "orders")
    draft(shop, PRECURSORS)
    draft(shop, HOUSEHOLD)
    draft(shop, TRIAL)
    consider(shop, TRIAL, f"as {anna} and {bert}")
    consider(shop, HOUSEHOLD)
    before = {(row["alert"], row["revision"]): row for row in rows(shop)}
    found = shop.json("subject", "erase", ANNA, *BECAUSE, *OVERRIDE)
    assert (found["erased"]["reports"], found["erased"]["considerations"]) == (2, 1)
    after = {(row["alert"], row["revision"]): row for row in rows(shop)}
    # On an event of hers and of another rests one; what is left of the alert can be drafted from.
    assert after[PRECURSORS, 1]["document"] == {}
    for key in ((HOUSEHOLD, 1), (HOUSEHOLD, 2), (TRIAL, 1)):
        assert after[key] == before[key]
    was, now = (one[TRIAL, 2]["document"] for one in (before, after))
    assert now == {**was, "considered": {**was["considered"], "because": f"as an erased account and {bert}"}}
    assert Report.model_validate(now).party.pseudonym == shop.name(DORA, "orders")
    texts = {row["alert"]: row["because"] for row in rows(shop, tables.consideration)}
    assert texts == {TRIAL: f"as an erased account and {bert}", HOUSEHOLD: "too much for a household"}
    assert anna.encode() not in content(shop)


def test_a_revision_before_an_erased_one_can_still_be_named(shop: ReportShop) -> None:
    made = draft(shop, HOUSEHOLD)
    other = made.party.model_copy(update={"accounts": (shop.name(DORA, "orders"),)})
    with shop.database() as database, database.writing() as connection:
        # As if a scan had put the second account into the alert meanwhile.
        joined = made.model_copy(update={"party": other})
        register.keep(connection, joined, HOUSEHOLD)
    assert shop.call("subject", "erase", DORA, *BECAUSE, *OVERRIDE)[0] == 0
    with shop.database() as database, database.reading() as connection:
        assert register.find(connection, 1, 1) == made
        assert register.under_way(connection, HOUSEHOLD) == [made]
        with pytest.raises(ReportErased):
            register.find(connection, 1)
    # The next revision gets the next number.
    assert draft(shop, HOUSEHOLD).revision == 3
