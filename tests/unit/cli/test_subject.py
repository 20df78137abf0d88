"""``coincide subject``: what is stored about one account is told, and nothing of others; and it is erased."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coincide.cli.book import VARIABLE
from coincide.store.rename import PSEUDONYM
from kinshop import HEAD, LINKED
from ledgershop import WHO, LedgerShop, copied, scanned

# Long, so that they are nowhere by chance.
ANNA, BERT, CORA = "anna.petrova@shop.example", "bert.olsen@shop.example", "cora.diaz@shop.example"
ROWS = LINKED.replace("anna", ANNA).replace("bert", BERT).replace("cora", CORA)
BECAUSE = ("--because", "request 7 of 2026", "--purpose", "rights of persons")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scanned(tmp_path_factory.mktemp("first") / "shop", ROWS)


@pytest.fixture
def shop(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> LedgerShop:
    monkeypatch.delenv(VARIABLE)
    return copied(first, tmp_path / "shop", capsys)


def decided(shop: LedgerShop, number: int) -> None:
    """A person's word on the alert."""
    status, _, err = shop.call("alerts", "decide", f"A-{number}", "benign", "--because", "a hobby")
    assert status == 0, err


def content(shop: LedgerShop) -> bytes:
    """Every byte of the state folder."""
    return b"".join(path.read_bytes() for path in sorted((shop.folder / ".coincide").rglob("*")) if path.is_file())


# --- show ---------------------------------------------------------------------------------------------------------


def test_all_that_is_stored_about_an_account_is_told(shop: LedgerShop) -> None:
    decided(shop, 2)
    found = shop.json("subject", "show", CORA, *BECAUSE)
    (alert,) = found["alerts"]
    assert (found["account"], found["namespace"], found["pseudonym"]) == (CORA, "purchases", shop.name(CORA))
    assert (found["stored"], found["sealed_identifier"]) == (True, True)
    # Alone: stored is only who is linked.
    assert found["memberships"] == []
    assert (alert["id"], alert["role"], alert["status"], alert["other_accounts"]) == ("A-2", "actor", "decided", 0)
    assert [one["event_id"] for one in alert["events"]] == ["3", "4"]
    assert (alert["decision"]["disposition"], alert["decision"]["because"]) == ("benign", "a hobby")
    assert [one["change"] for one in alert["history"]] == ["opened", "decided"]
    assert "2 of 2 components" in alert["sentence"]
    assert found["quarantine"] == {"rows_of_the_workspace_kept_by_place_alone": 1}
    # The one before this answer; the answer itself is one more by then.
    assert found["ledger"] == {"provable_entries": 0, "this_answer": 1}
    assert shop.json("subject", "show", CORA, *BECAUSE)["ledger"]["provable_entries"] == 1


def test_of_linked_accounts_it_is_told_that_there_are_others_and_not_which(shop: LedgerShop) -> None:
    anna, bert, cora = (shop.name(account) for account in (ANNA, BERT, CORA))
    for a, b in ((anna, cora), (bert, cora)):
        assert shop.call("entities", "separate", a, b, "--because", f"not {cora}, said {bert}")[0] == 0
    until = ("--until", "2199-01-01", "--because", f"{bert} is her brother")
    assert shop.call("alerts", "suppress", "two-things", anna, *until)[0] == 0
    for arguments in (("--json",), ()):
        status, out, err = shop.call("subject", "show", ANNA, *BECAUSE, *arguments)
        assert status == 0, err
        assert not {BERT, CORA} & set(re.findall(r"[\w.@-]+", out))
        assert set(PSEUDONYM.findall(out)) == {anna}
        assert WHO not in re.findall(r"\w+", out) or WHO in ANNA
    found = shop.json("subject", "show", ANNA, *BECAUSE)
    assert found["memberships"] == [{"entity_version": 1, "other_accounts": 1}]
    (alert,) = found["alerts"]
    assert (alert["other_accounts"], alert["sentence"]) == (1, None)
    assert [one["event_id"] for one in alert["events"]] == ["1"]
    assert found["suppressions"][0]["because"] == "another account is her brother"
    assert found["separations"][0]["because"] == "not another account, said another account"
    bert_s = shop.json("subject", "show", BERT, *BECAUSE)["alerts"][0]
    assert (bert_s["role"], [one["event_id"] for one in bert_s["events"]]) == ("account in evidence", ["2"])


def test_of_whom_nothing_is_stored_it_is_told_that_the_answer_itself_stores_something(shop: LedgerShop) -> None:
    _, out, _ = shop.call("subject", "show", "nobody", *BECAUSE)
    assert "Before this answer nothing that names this account was stored." in out
    found = shop.json("subject", "show", "nobody", *BECAUSE)
    assert (found["stored"], found["alerts"], found["ledger"]["provable_entries"]) == (True, [], 1)


def test_the_look_is_in_the_ledger_before_the_answer_and_can_be_proven(shop: LedgerShop) -> None:
    status, out, err = shop.call("subject", "show", CORA, "--because", "request 7 of 2026")
    assert (status, out) == (2, "")
    assert "COI-L023" in err
    assert [one.act for one in shop.entries()] == ["scan:run"]
    assert shop.call("subject", "show", CORA, *BECAUSE)[0] == 0
    last = shop.entries()[-1]
    assert (last.act, last.object, last.outcome) == ("subject:show", "account", "allowed")
    assert (last.reason, last.purpose) == ("request 7 of 2026", "rights of persons")
    assert list(last.commitments) == ["account"]
    # Where it cannot be entered, nothing is told.
    (shop.ledger / "checkpoint").unlink()
    status, out, err = shop.call("subject", "show", CORA, *BECAUSE)
    assert (status, out) == (4, "")
    assert "COI-L024" in err


def test_an_account_is_named_as_given_or_by_pseudonym(shop: LedgerShop) -> None:
    for given in ((CORA,), (f"purchases:{CORA}",), (CORA, "--source", "purchases"), (shop.name(CORA),)):
        assert shop.json("subject", "show", *given, *BECAUSE)["pseudonym"] == shop.name(CORA), given
    # Given with its namespace, nothing in it is taken for a namespace.
    odd = shop.json("subject", "show", f"purchases:{CORA}", "--source", "purchases", *BECAUSE)
    assert odd["account"] == f"purchases:{CORA}"


def test_a_misspelt_namespace_is_no_account_of_whom_nothing_is_stored(shop: LedgerShop) -> None:
    for verb in ("show", "erase"):
        status, out, err = shop.call("subject", verb, CORA, "--source", "purchase", *BECAUSE)
        assert (status, out) == (2, "")
        assert "COI-A021" in err
        assert "`purchases`" in err


@pytest.mark.parametrize("given", ["", "cora\udcff"], ids=["empty", "no Unicode"])
def test_what_is_no_text_is_no_account(shop: LedgerShop, given: str) -> None:
    for arguments in (("subject", "show", given, *BECAUSE), ("subject", "erase", given, *BECAUSE)):
        status, out, err = shop.call(*arguments)
        assert (status, out, "COI-A011" in err) == (2, "", True)
    status, _, err = shop.call("why-not", "two-things", given, "--purpose", "x")
    assert (status, "COI-A011" in err) == (2, True)
    assert len(shop.entries()) == 1


def test_where_there_are_several_namespaces_one_has_to_be_said(shop: LedgerShop) -> None:
    with (shop.folder / "coincide.toml").open("a") as settings:
        settings.write(
            '[links.crm]\nfiles = "crm/*.csv"\naccounts = "crm"\naccount = "id"\n[links.crm.links]\ncard = "c"\n'
        )
    status, _, err = shop.call("subject", "show", CORA, *BECAUSE)
    assert (status, "COI-A012" in err) == (2, True)
    assert shop.json("subject", "show", CORA, "--source", "crm", *BECAUSE)["alerts"] == []


@pytest.mark.parametrize("verb", ["show", "erase"])
def test_a_reason_is_needed(shop: LedgerShop, verb: str) -> None:
    status, _, err = shop.call("subject", verb, CORA, "--purpose", "x", "--because", " ")
    assert (status, "COI-A004" in err) == (2, True)
    assert len(shop.entries()) == 1


# --- erase --------------------------------------------------------------------------------------------------------


def test_an_account_with_an_undecided_alert_is_not_erased_and_the_ground_is_said(shop: LedgerShop) -> None:
    before = content(shop)
    status, out, err = shop.call("subject", "erase", BERT, *BECAUSE)
    assert (status, out) == (3, "")
    assert "COI-A022" in err
    assert "A-1 is undecided" in err
    assert "Art. 17(3)(b), (e)" in err
    last = shop.entries()[-1]
    assert (last.act, last.outcome, last.commitments) == ("subject:erase", "refused", {})
    assert last.reason.startswith("request 7 of 2026; 1 not finished")
    for account in (ANNA, BERT, CORA):
        assert before.count(shop.name(account).encode()) == content(shop).count(shop.name(account).encode()) > 0


def test_an_override_is_kept_in_the_ledger(shop: LedgerShop) -> None:
    status, out, err = shop.call("subject", "erase", CORA, *BECAUSE, "--override", "no claim is to be expected")
    assert status == 0, err
    assert "A-2: number, rule and end stay" in out
    last = shop.entries()[-1]
    assert (last.act, last.object, last.outcome, last.commitments) == ("subject:erase", "account", "done", {})
    assert last.reason.startswith("request 7 of 2026; override: no claim is to be expected; erased: alerts 1, ")
    for text in (CORA, shop.name(CORA)):
        assert text.encode() not in content(shop)
    status, _, err = shop.call("subject", "erase", CORA, *BECAUSE, "--override", " ")
    assert (status, "COI-A004" in err) == (2, True)


def test_a_decided_account_is_erased_to_the_last_byte_and_its_alert_keeps_number_rule_and_end(
    shop: LedgerShop,
) -> None:
    decided(shop, 2)
    name = shop.name(CORA)
    assert shop.call("reveal", name, "--reason", "x", "--purpose", "x")[0] == 0
    assert name.encode() in content(shop)
    found = shop.json("subject", "erase", CORA, *BECAUSE)
    assert found["tombstones"] == ["A-2"]
    assert found["erased"] == {
        "alerts": 1,
        "alerts_redacted": 0,
        "history": 0,
        "reports": 0,
        "considerations": 0,
        "memberships": 0,
        "lists": 0,
        "separations": 0,
        "suppressions": 0,
        "commitments": 1,
        "seals": 1,
    }
    assert name.encode() not in content(shop)
    one, two = shop.json("alerts", "--status", "all", "--purpose", "x")["alerts"]
    assert (two["id"], two["rule"], two["status"], two["disposition"]) == ("A-2", "two-things", "decided", "benign")
    assert (two["actor"], two["evidence"], two["decided_because"]) == ("", [], "")
    assert len(one["evidence"]) == 2
    shown = shop.call("alerts", "show", "A-2", "--purpose", "x")
    assert shown[0] == 0, shown[2]
    assert "What this alert was about has been erased." in shown[1]
    assert shop.verify(shop.ledger, "--key", shop.key)[0] == 0
    status, _, err = shop.call("alerts", "decide", "A-2", "benign", "--because", "x", "--again")
    assert (status, "COI-A020" in err) == (3, True)


def test_what_the_ledger_committed_to_cannot_be_proven_any_more(shop: LedgerShop) -> None:
    assert shop.call("reveal", shop.name(CORA), "--reason", "x", "--purpose", "x")[0] == 0
    assert len(shop.json("ledger", "list", "--about", shop.name(CORA))["entries"]) == 1
    assert shop.call("subject", "erase", CORA, *BECAUSE, "--override", "x")[0] == 0
    assert shop.json("ledger", "list", "--about", shop.name(CORA))["entries"] == []
    # The entry itself stays, with a commitment that nobody can open.
    assert [list(one.commitments) for one in shop.entries() if one.act == "account:reveal"] == [["account"]]


def test_a_dry_run_counts_the_same_and_changes_nothing(shop: LedgerShop) -> None:
    def rows() -> list[str]:
        import sqlite3

        with sqlite3.connect(shop.folder / ".coincide/coincide.db") as connection:
            found = [line for line in connection.iterdump() if "ledger_" not in line]
        connection.close()
        return found

    before = rows()
    dry = shop.json("subject", "erase", CORA, *BECAUSE, "--dry-run")
    assert (dry["dry_run"], dry["hindering"]) == (True, ["the alert A-2 is undecided"])
    assert rows() == before
    last = shop.entries()[-1]
    assert (last.act, last.outcome, last.commitments) == ("subject:count", "allowed", {})
    _, out, _ = shop.call("subject", "erase", CORA, *BECAUSE, "--dry-run")
    assert "would be refused without --override: the alert A-2 is undecided" in out
    done = shop.json("subject", "erase", CORA, *BECAUSE, "--override", "x")
    assert done["erased"] == dry["erased"]


def test_as_long_as_the_source_has_the_rows_a_scan_that_reads_them_opens_another_alert(shop: LedgerShop) -> None:
    decided(shop, 2)
    _, _, err = shop.call("subject", "erase", CORA, *BECAUSE)
    assert "erase the rows of this account there too" in err
    # Nothing changed, so nothing is read.
    assert shop.call("scan")[0] == 0
    assert shop.name(CORA).encode() not in content(shop)
    # The file changes, and is read with all that it still has.
    shop.rows(ROWS + f"5,2025-03-06T10:00:00,{CORA},s1,c2,\n")
    assert shop.call("scan")[0] == 0
    found = {one["id"]: one for one in shop.json("alerts", "--status", "all", "--purpose", "x")["alerts"]}
    assert (found["A-2"]["actor"], found["A-2"]["status"]) == ("", "decided")
    assert (found["A-3"]["actor"], found["A-3"]["status"]) == (shop.name(CORA), "open")


def test_once_the_source_has_no_rows_of_it_no_scan_finds_it_again(shop: LedgerShop) -> None:
    decided(shop, 2)
    assert shop.call("subject", "erase", CORA, *BECAUSE)[0] == 0
    kept = "".join(line for line in ROWS.splitlines(keepends=True) if CORA not in line)
    (shop.folder / "purchases/a.csv").write_text(HEAD + kept)
    assert shop.call("scan")[0] == 0
    found = shop.json("alerts", "--status", "all", "--purpose", "x")["alerts"]
    assert {one["id"]: one["status"] for one in found} == {"A-1": "open", "A-2": "decided"}
    assert shop.name(CORA).encode() not in content(shop)
    assert CORA.encode() not in content(shop)


def test_an_alert_on_two_accounts_goes_on_for_the_other_one(shop: LedgerShop) -> None:
    bert = shop.name(BERT)
    found = shop.json("subject", "erase", ANNA, *BECAUSE, "--override", "x")
    assert (found["tombstones"], found["erased"]["alerts_redacted"]) == ([], 1)
    assert shop.name(ANNA).encode() not in content(shop)
    (one,) = shop.json("alerts", "--purpose", "x", "--actor", bert)["alerts"]
    assert (one["id"], one["status"], [event["event_id"] for event in one["evidence"]]) == ("A-1", "open", ["2"])
    # A scan that reads all of it again follows the alert by what is left.
    shop.rows(ROWS + f"5,2025-03-06T10:00:00,{BERT},s1,c1,\n")
    assert shop.call("scan")[0] == 0
    status = {one["id"]: one["status"] for one in shop.json("alerts", "--status", "all", "--purpose", "x")["alerts"]}
    assert status["A-1"] == "open"


def test_what_is_not_stored_is_erased_without_ado(shop: LedgerShop) -> None:
    status, out, _ = shop.call("subject", "erase", "nobody", *BECAUSE)
    assert (status, out) == (0, "nothing is stored about this account\n")
    assert shop.entries()[-1].act == "subject:erase"
