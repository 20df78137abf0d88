"""Personal data are shown for a purpose alone, and never before it is in the ledger who asked."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from coincide.cli.book import VARIABLE
from coincide.cli.main import run
from coincide.entities.key import load
from coincide.entities.pseudonym import pseudonym
from coincide.ledger import entry, write
from coincide.ledger.book import Book
from coincide.ledger.entry import SALT, Entry
from coincide.ledger.errors import PurposeMissing
from coincide.ledger.source import of_folder
from coincide.ledger.staff import Staff
from coincide.ledger.tree import EMPTY
from coincide.store import outbox, tables
from kinshop import LINKED, Shop
from ledgershop import WHO, LedgerShop, copied, scanned

PURPOSE = "inquiry 7"
# Long, so that they are nowhere by chance.
ANNA, BERT, CORA, CARD = (
    "anna.petrova@shop.example",
    "bert.olsen@shop.example",
    "cora.diaz@shop.example",
    "4539-7721-0048",
)
ROWS = LINKED.replace("anna", ANNA).replace("bert", BERT).replace("cora", CORA).replace("c1", CARD)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scanned(tmp_path_factory.mktemp("first") / "shop", ROWS)


@pytest.fixture
def shop(
    first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> LedgerShop:
    """After a scan, which left the first entry; nobody has said a purpose."""
    monkeypatch.delenv(VARIABLE)
    # Whoever is logged in cannot say to be somebody else.
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    return copied(first, tmp_path / "shop", capsys)


ARGUMENTS: dict[str, tuple[str, ...]] = {
    "alert": ("alerts", "show", "A-1"),
    "alert as JSON": ("alerts", "show", "2", "--json"),
    "list as JSON": ("alerts", "list", "--json"),
    "list as CSV": ("alerts", "list", "--format", "csv"),
    "list in a file": ("alerts", "-o", "{folder}/out"),
    "list in a Parquet file": ("alerts", "--format", "parquet", "-o", "{folder}/out", "--limit", "1"),
    "why-not": ("why-not", "two-things", f"purchases:{CORA}"),
    "explanation": ("entities", "explain", "{bert}"),
    "explanation as given": ("entities", "explain", "--account", f"purchases:{ANNA}", "--json"),
    "quarantine": ("quarantine", "show", "purchases", "purchases/b.csv", "2"),
    "identity": ("reveal", "{anna}", "--reason", "a warrant"),
    "identity as JSON": ("reveal", "{cora}", "--reason", "a warrant", "--json"),
}
ENTERED: dict[str, tuple[str, str]] = {
    "alert": ("alert:show", "A-1"),
    "alert as JSON": ("alert:show", "A-2"),
    "list as JSON": ("alert:export", "A-1..A-2"),
    "list as CSV": ("alert:export", "A-1..A-2"),
    "list in a file": ("alert:export", "A-1..A-2"),
    "list in a Parquet file": ("alert:export", "A-1"),
    "why-not": ("rule:why-not", "two-things"),
    "explanation": ("account:explain", "account"),
    "explanation as given": ("account:explain", "account"),
    "quarantine": ("quarantine:show", "purchases purchases/b.csv 2"),
    "identity": ("account:reveal", "account"),
    "identity as JSON": ("account:reveal", "account"),
}


def arguments(shop: Shop, kind: str) -> list[str]:
    known = {"folder": str(shop.folder), "anna": shop.name(ANNA), "bert": shop.name(BERT), "cora": shop.name(CORA)}
    return [word.format_map(known) for word in ARGUMENTS[kind]]


def new(shop: LedgerShop) -> list[Entry]:
    """The entries behind that of the scan."""
    scan, *rest = shop.entries()
    assert scan.act == "scan:run"
    return rest


# --- a purpose ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_without_a_purpose_nothing_is_shown_or_entered_and_nobody_is_asked(
    shop: LedgerShop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    wanted = arguments(shop, kind)
    for given in ([], ["--purpose", ""], ["--purpose", "  "]):
        status, out, err = shop.call(*wanted, *given)
        assert (status, out) == (2, "")
        assert "COI-L023" in err
        assert "For which purpose" not in err
    monkeypatch.setenv(VARIABLE, " \t")
    status, out, err = shop.call(*wanted)
    assert (status, out) == (2, "")
    assert "COI-L023" in err
    assert new(shop) == []
    assert not (shop.folder / "out").exists()
    assert not (shop.folder / ".coincide/sessions").exists()


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_with_a_purpose_what_is_shown_leaves_one_entry_that_was_there_before(
    shop: LedgerShop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    wanted = arguments(shop, kind)
    began = time.time_ns() // 1_000
    shop.capsys.readouterr()
    for place, given in enumerate((["--purpose", f" {PURPOSE} "], [])):
        if not given:
            monkeypatch.setenv(VARIABLE, PURPOSE)
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", seen := Watching(shop))
            assert run([*wanted, *given, "-w", str(shop.folder)]) == 0
        if "-o" in wanted:
            assert (shop.folder / "out").stat().st_size > 0
        else:
            assert len(seen.getvalue()) > 10
            assert seen.entered == 2 + place
        assert len(new(shop)) == 1 + place
        one = new(shop)[-1]
        assert (one.act, one.object) == ENTERED[kind]
        assert (one.who, one.role, one.purpose, one.outcome) == (WHO, "operator", PURPOSE, "allowed")
        assert one.reason == ("a warrant" if "identity" in kind else "")
        assert set(one.commitments) == ({"account"} if ENTERED[kind][0][:5] in ("accou", "rule:") else set())
        assert began <= one.at <= time.time_ns() // 1_000
    assert shop.verify(shop.ledger, "--key", shop.key)[0] == 0


class Watching(io.StringIO):
    """An output that counts what is in the ledger's files when the first word comes; full from then on, if it is."""

    def __init__(self, shop: LedgerShop, *, full: bool = False) -> None:
        super().__init__()
        self._shop = shop
        self._full = full
        self.entered = 0

    def write(self, text: str) -> int:
        if text and not self.entered:
            self.entered = self._shop.checkpoint.size
        if self._full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


@pytest.mark.parametrize("kind", [kind for kind in ARGUMENTS if "file" not in kind])
def test_where_the_output_fails_at_its_first_word_the_entry_is_there(
    shop: LedgerShop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    wanted = arguments(shop, kind)
    full = Watching(shop, full=True)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", full)
        assert run([*wanted, "--purpose", PURPOSE, "-w", str(shop.folder)]) == 4
    assert (full.getvalue(), full.entered) == ("", 2)
    assert [(one.act, one.object) for one in new(shop)] == [ENTERED[kind]]


def test_where_the_file_of_a_list_cannot_be_written_the_entry_is_there(shop: LedgerShop) -> None:
    status, out, err = shop.call("alerts", "-o", str(shop.folder / "nowhere/out"), "--purpose", PURPOSE)
    assert (status != 0, out) == (True, "")
    assert "COI-" in err
    assert [(one.act, one.object) for one in new(shop)] == [("alert:export", "A-1..A-2")]


def test_an_export_without_alerts_and_a_question_without_an_answer_show_nothing_of_anybody(shop: LedgerShop) -> None:
    assert shop.json("alerts", "list", "--rule", "other", "--purpose", PURPOSE)["alerts"] == []
    for wanted, code in (
        (("alerts", "show", "A-99"), "COI-A001"),
        (("why-not", "two-things", "purchases:nobody"), "COI-A011"),
        (("entities", "explain", "p-" + "a" * 26), "COI-A005"),
        (("quarantine", "show", "purchases", "purchases/a.csv", "2"), "COI-A015"),
        (("reveal", "p-" + "a" * 26, "--reason", "x"), "COI-A005"),
        (("reveal", ANNA, "--reason", "x"), "COI-A005"),
    ):
        status, out, err = shop.call(*wanted, "--purpose", PURPOSE)
        assert (status != 0, out) == (True, "")
        assert code in err
    assert new(shop) == []


def test_whoever_opens_the_book_without_a_purpose_reads_nothing(shop: LedgerShop) -> None:
    with shop.database() as database, pytest.raises(PurposeMissing):
        Book(database, shop.place, Staff("kim")).reading("alert:show", ["A-1"])
    assert new(shop) == []


def test_the_table_on_the_screen_needs_no_purpose_and_leaves_no_entry(shop: LedgerShop) -> None:
    for wanted in (("alerts",), ("alerts", "list", "--status", "all"), ("quarantine",), ("entities", "generic")):
        status, out, err = shop.call(*wanted)
        assert (status, err) == (0, "")
        assert out
        assert not any(name in out for name in (ANNA, BERT, CORA, CARD))
    assert new(shop) == []


# --- a ledger that cannot be written ------------------------------------------------------------------------------


def without_its_key(shop: LedgerShop) -> None:
    shop.place.key_file.unlink()


def with_an_open_key(shop: LedgerShop) -> None:
    shop.place.key_file.chmod(0o640)


def with_another_key(shop: LedgerShop) -> None:
    name, _, rest = shop.place.key_file.read_text().removeprefix("PRIVATE+KEY+").partition("+")
    shop.place.key_file.write_text(f"PRIVATE+KEY+{name}+00000000+{rest.partition('+')[2]}")


def with_a_file_for_tiles(shop: LedgerShop) -> None:
    shutil.rmtree(shop.ledger / "tile/entries")
    (shop.ledger / "tile/entries").write_bytes(b"")


def with_a_folder_for_the_next_tiles(shop: LedgerShop) -> None:
    for width in range(2, 6):
        (shop.ledger / f"tile/0/000.p/{width}/more").mkdir(parents=True)


def with_a_file_for_a_folder(shop: LedgerShop) -> None:
    shutil.rmtree(shop.ledger)
    shop.ledger.write_bytes(b"")


def without_its_folder(shop: LedgerShop) -> None:
    shutil.rmtree(shop.ledger)


def without_its_checkpoint(shop: LedgerShop) -> None:
    (shop.ledger / "checkpoint").unlink()


def with_a_damaged_checkpoint(shop: LedgerShop) -> None:
    file = shop.ledger / "checkpoint"
    file.write_bytes(file.read_bytes().replace(b"\n1\n", b"\n2\n"))


def with_a_damaged_entry(shop: LedgerShop) -> None:
    file = shop.ledger / "tile/entries/000.p/1"
    file.write_bytes(file.read_bytes().replace(b"scan:run", b"scan:ran"))


def put_back_from_an_older_copy(shop: LedgerShop) -> None:
    shutil.copytree(shop.ledger, shop.folder / "old")
    shop.fill(3)
    shutil.rmtree(shop.ledger)
    (shop.folder / "old").rename(shop.ledger)


def with_other_entries_of_the_same_key(shop: LedgerShop) -> None:
    shutil.copytree(shop.ledger, shop.folder / "old")
    shutil.copy(shop.folder / ".coincide/coincide.db", shop.folder / "old.db")
    shop.fill(3)
    shutil.copy(shop.folder / ".coincide/coincide.db", shop.folder / "new.db")
    shutil.rmtree(shop.ledger)
    (shop.folder / "old").rename(shop.ledger)
    (shop.folder / "old.db").replace(shop.folder / ".coincide/coincide.db")
    shop.fill(4)
    (shop.folder / "new.db").replace(shop.folder / ".coincide/coincide.db")


def ahead_of_the_clock(shop: LedgerShop) -> None:
    later = time.time_ns() // 1_000 + 3_600_000_000
    content = Entry(later, "lee", "alert:decide", "A-9", "done").encoded
    with shop.database() as database, database.writing() as connection:
        outbox.add(connection, later, content, empty_root=EMPTY)


BROKEN: dict[Callable[[LedgerShop], None], str] = {
    without_its_key: "COI-L021",
    with_an_open_key: "COI-L022",
    with_another_key: "COI-L022",
    with_a_file_for_tiles: "COI-L018",
    with_a_folder_for_the_next_tiles: "COI-",
    with_a_file_for_a_folder: "COI-",
    without_its_folder: "COI-L018",
    without_its_checkpoint: "COI-L018",
    with_a_damaged_checkpoint: "COI-L018",
    with_a_damaged_entry: "COI-L018",
    put_back_from_an_older_copy: "COI-L018",
    with_other_entries_of_the_same_key: "COI-L018",
    ahead_of_the_clock: "COI-L019",
}


def waiting(shop: LedgerShop) -> int:
    with shop.database() as database, database.reading() as connection:
        return outbox.count(connection)


def refused(shop: LedgerShop, wanted: list[str], code: str) -> None:
    status, out, err = shop.call(*wanted, "--purpose", PURPOSE)
    assert (status, out) == (4, ""), err
    assert "COI-L024" in err
    if "--json" in wanted:
        (found,) = json.loads(err)["errors"]
        assert found["code"] == "COI-L024"
        assert re.search(rf"\({code}\S*\)", found["message"])
    else:
        headline, hint = err.splitlines()
        assert "nothing is shown, because this read cannot be entered in the ledger: " in headline
        assert re.search(rf"\({code}\S*\)$", headline)
        assert hint.startswith("  hint: ")


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_nothing_is_shown_where_the_ledger_cannot_be_written(
    shop: LedgerShop, broken: Callable[[LedgerShop], None]
) -> None:
    broken(shop)
    before = waiting(shop)
    for kind in ("alert", "list as JSON", "identity"):
        refused(shop, arguments(shop, kind), BROKEN[broken])
    # Nothing was shown, so no entry says so, but where that came out in writing it.
    assert waiting(shop) == before + (3 if broken is with_a_folder_for_the_next_tiles else 0)


def test_nothing_is_shown_while_another_process_writes_for_too_long(
    shop: LedgerShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that the test need not wait for ten seconds.
    monkeypatch.setitem(write.held.__wrapped__.__kwdefaults__, "wait", 0.2)  # type: ignore[attr-defined]
    with (shop.ledger / write.LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for kind in ("alert", "identity as JSON"):
            refused(shop, arguments(shop, kind), "COI-L020")
        assert new(shop) == []
        # What is done is done, and waits.
        status, _, err = shop.call("alerts", "decide", "A-1", "benign", "--because", "a farm")
        assert (status, "COI-L020" in err) == (0, True)
    assert [one.act for one in new(shop)] == ["alert:decide"]
    assert shop.call(*arguments(shop, "alert"), "--purpose", PURPOSE)[0] == 0
    assert [one.act for one in new(shop)] == ["alert:decide", "alert:show"]


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_no_command_shows_anything_where_the_ledger_cannot_be_written(shop: LedgerShop, kind: str) -> None:
    wanted = arguments(shop, kind)
    without_its_key(shop)
    refused(shop, wanted, "COI-L021")
    assert not (shop.folder / "out").exists()


def test_when_the_ledger_can_be_written_again_what_was_done_is_in_it_and_what_was_refused_is_not(
    shop: LedgerShop,
) -> None:
    away = shop.folder / "key-elsewhere"
    shop.place.key_file.rename(away)
    for _ in range(2):
        refused(shop, arguments(shop, "alert"), "COI-L021")
    status, _, err = shop.call("alerts", "decide", "A-1", "benign", "--because", "a farm")
    assert (status, "wait for the next command" in err, "COI-L021" in err) == (0, True, True)
    away.rename(shop.place.key_file)
    shop.json("alerts", "show", "A-2", "--purpose", PURPOSE)
    wanted = [("alert:decide", "A-1", "done"), ("alert:show", "A-2", "allowed")]
    assert [(one.act, one.object, one.outcome) for one in new(shop)] == wanted
    assert shop.checkpoint.size == 3
    assert shop.verify(shop.ledger, "--key", shop.key)[0] == 0


# --- what is done -------------------------------------------------------------------------------------------------


def test_a_scan_is_entered_and_what_it_exports_for_the_purposes_of_its_rules(shop: LedgerShop) -> None:
    assert [(one.act, one.object, one.purpose, one.outcome) for one in shop.entries()] == [
        ("scan:run", "S-1", "a test", "done")
    ]
    # Nothing changed, so that nothing was kept; on the screen no alert is shown.
    assert shop.call("scan")[0] == 0
    assert new(shop) == []
    shop.json("scan")
    shop.rows("9,2025-03-09T10:00:00,dora,s1,,\n", "purchases/c.csv")
    assert shop.call("scan")[0] == 0
    shop.rows("10,2025-03-10T10:00:00,dora,s2,,\n", "purchases/d.csv")
    assert len(shop.json("scan")["alerts"]) == 3
    purpose = "public-safety"
    assert [(one.act, one.object, one.purpose, one.who, one.outcome) for one in new(shop)] == [
        ("alert:export", "A-1..A-2", purpose, WHO, "allowed"),
        ("scan:run", "S-2", purpose, WHO, "done"),
        ("scan:run", "S-3", purpose, WHO, "done"),
        ("alert:export", "A-1..A-3", purpose, WHO, "allowed"),
    ]


def test_a_scan_whose_export_cannot_be_entered_prints_nothing(shop: LedgerShop) -> None:
    without_its_key(shop)
    status, out, err = shop.call("scan", "--json")
    assert (status, out) == (4, "")
    assert "COI-L024" in err


def test_a_draft_that_is_tried_out_as_a_document_is_entered(shop: LedgerShop) -> None:
    rule = (shop.folder / "rules/two-things.yaml").read_text()
    shop.write("rules/draft.yaml", rule.replace("two-things", "draft-things").replace("status: live", "status: draft"))
    assert len(shop.json("scan", "--rule", "draft-things")["alerts"]) == 2
    assert [(one.act, one.object) for one in new(shop)] == [("alert:export", "draft draft-things")]


ACTS: dict[str, tuple[tuple[str, ...], tuple[str, str, str, set[str]]]] = {
    "decide": (
        ("alerts", "decide", "A-1", "suspicious", "--because", "odd"),
        ("alert:decide", "A-1", "suspicious: odd", set()),
    ),
    "suppress": (
        ("alerts", "suppress", "two-things", "{anna}", "--until", "2999-01-01", "--because", "a farm"),
        ("rule:suppress", "two-things", "a farm", {"account"}),
    ),
    "lift": (("alerts", "lift", "two-things", "{cora}"), ("rule:lift", "two-things", "", {"account"})),
    "separate": (
        ("entities", "separate", "{anna}", "{bert}", "--because", "brothers"),
        ("account:separate", "accounts", "brothers", {"account-1", "account-2"}),
    ),
}


@pytest.mark.parametrize("kind", ACTS)
def test_what_a_person_does_leaves_one_entry_and_a_dry_run_none(shop: LedgerShop, kind: str) -> None:
    suppressed = ("alerts", "suppress", "two-things", shop.name(CORA), "--until", "2999-01-01", "--because", "x")
    assert shop.call(*suppressed)[0] == 0
    before = len(new(shop))
    words, (act, object_, reason, commitments) = ACTS[kind]
    names = {"anna": shop.name(ANNA), "bert": shop.name(BERT), "cora": shop.name(CORA)}
    wanted = [word.format_map(names) for word in words]
    files = tree(shop.ledger)
    assert shop.call(*wanted, "--dry-run")[0] == 0
    assert (len(new(shop)), tree(shop.ledger)) == (before, files)
    assert shop.call(*wanted)[0] == 0
    (one,) = new(shop)[before:]
    assert (one.act, one.object, one.reason, one.outcome) == (act, object_, reason, "done")
    assert (one.who, one.role, set(one.commitments)) == (WHO, "operator", commitments)
    # A purpose is asked of those who look; of others it is entered if it was said.
    assert one.purpose == ""


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_new_key_of_the_pseudonyms_and_a_retry_leave_one_entry_each(shop: LedgerShop) -> None:
    told = shop.json("keys", "rotate")
    (one,) = new(shop)
    assert (one.act, one.object, one.outcome) == ("key:rotate", told["new"], "done")
    shop.json("quarantine", "retry")
    assert [(one.act, one.object) for one in new(shop)[1:]] == [("quarantine:retry", "quarantine"), ("scan:run", "S-2")]


def test_what_fails_leaves_no_entry(shop: LedgerShop) -> None:
    anna = shop.name(ANNA)
    for wanted in (
        ("alerts", "decide", "A-9", "benign", "--because", "x"),
        ("alerts", "decide", "A-1", "benign", "--because", " "),
        ("alerts", "suppress", "other", anna, "--until", "2999-01-01", "--because", "x"),
        ("alerts", "suppress", "two-things", "p-x", "--until", "2999-01-01", "--because", "x"),
        ("alerts", "lift", "two-things", anna),
        ("entities", "separate", anna, anna, "--because", "x"),
        ("entities", "separate", anna, "p-x", "--because", "x"),
    ):
        status, out, _ = shop.call(*wanted)
        assert (status != 0, out) == (True, "")
    assert new(shop) == []


def everything(shop: LedgerShop) -> None:
    """Looks at everything and does everything once."""
    for kind in ARGUMENTS:
        assert shop.call(*arguments(shop, kind), "--purpose", PURPOSE)[0] == 0
    assert shop.call("scan", "--json")[0] == 0
    names = {"anna": shop.name(ANNA), "bert": shop.name(BERT), "cora": shop.name(CORA)}
    suppressed = ("alerts", "suppress", "two-things", names["cora"], "--until", "2999-01-01", "--because", "x")
    assert shop.call(*suppressed)[0] == 0
    for words, _ in ACTS.values():
        assert shop.call(*(word.format_map(names) for word in words))[0] == 0
    assert shop.call("quarantine", "retry")[0] == 0


def test_no_account_and_no_pseudonym_is_anywhere_in_the_ledger(shop: LedgerShop, tmp_path: Path) -> None:
    ring = [load(shop.folder / ".coincide/key").current]
    everything(shop)
    assert shop.call("keys", "rotate")[0] == 0
    ring.append(load(shop.folder / ".coincide/key").current)
    assert shop.call("reveal", shop.name(ANNA), "--reason", "once more", "--purpose", PURPOSE)[0] == 0
    assert shop.call("ledger", "publish", str(tmp_path / "public"))[0] == 0
    assert shop.call("ledger", "rotate-key")[0] == 0
    assert len(new(shop)) > 15
    plain = [("purchases", ANNA), ("purchases", BERT), ("purchases", CORA), ("@link.card", CARD)]
    secret = {name.encode() for _, name in plain}
    secret |= {pseudonym(namespace, name, key).encode() for namespace, name in plain for key in ring}
    content = b"\n".join([*tree(shop.ledger).values(), *tree(tmp_path / "public").values()])
    assert [one for one in secret if one in content] == []
    assert not re.search(rb"p-[a-z2-7]{26}", content)
    # They are in the database, sealed or as pseudonyms, so the search would find them.
    assert shop.name(ANNA).encode() in (shop.folder / ".coincide/coincide.db").read_bytes()


# --- identities ---------------------------------------------------------------------------------------------------


def test_an_identity_is_the_account_as_the_source_has_it(shop: LedgerShop) -> None:
    for account in (ANNA, BERT, CORA):
        name = shop.name(account)
        asked = ("reveal", name, "--reason", "a warrant", "--purpose", PURPOSE)
        assert shop.call(*asked) == (0, f"purchases:{account}\n", "")
        assert shop.json(*asked) == {"pseudonym": name, "namespace": "purchases", "identifier": account}


def test_an_identity_needs_a_reason(shop: LedgerShop) -> None:
    anna = shop.name(ANNA)
    status, out, err = shop.call("reveal", anna, "--purpose", PURPOSE)
    assert (status, out) == (2, "")
    assert "COI-U001" in err
    assert "--reason" in err
    for blank in ("", "  \t"):
        status, out, err = shop.call("reveal", anna, "--reason", blank, "--purpose", PURPOSE)
        assert (status, out) == (2, "")
        assert "COI-A004" in err
        # What is said to help is an option that this command has.
        assert "--reason" in err
        assert "--because" not in err
    assert new(shop) == []


def test_a_commitment_is_opened_by_the_salt_that_the_database_keeps_and_by_no_other(shop: LedgerShop) -> None:
    for kind in ("identity", "explanation as given", "why-not"):
        assert shop.call(*arguments(shop, kind), "--purpose", PURPOSE)[0] == 0
    assert shop.call("entities", "separate", shop.name(ANNA), shop.name(BERT), "--because", "brothers")[0] == 0
    wanted = {ANNA: 3, BERT: 1, CORA: 1}
    of_entries = [value for one in new(shop) for value in one.commitments.values()]
    with shop.database() as database, database.reading() as connection:
        rows = {account: outbox.salts_of(connection, shop.name(account)) for account in wanted}
    assert {account: len(found) for account, found in rows.items()} == wanted
    for account, found in rows.items():
        for row in found:
            assert len(row.salt) == SALT
            assert row.commitment == entry.commitment(f"purchases:{account}", row.salt)
            assert of_entries.count(row.commitment) == 1
    # Two commitments to one account are not alike, so nobody sees that they are to the same.
    assert len(set(of_entries)) == len(of_entries) == 5
    salts = {row.salt for found in rows.values() for row in found}
    assert len(salts) == 5


def test_without_salts_and_seals_the_ledger_verifies_and_names_nobody_any_more(shop: LedgerShop) -> None:
    anna = shop.name(ANNA)
    for kind in ("identity", "explanation as given"):
        assert shop.call(*arguments(shop, kind), "--purpose", PURPOSE)[0] == 0
    told = shop.verify(shop.ledger, "--key", shop.key)
    assert len(shop.json("ledger", "list", "--about", anna)["entries"]) == 2
    with shop.database() as database, database.writing() as connection:
        connection.execute(delete(tables.ledger_salt).where(tables.ledger_salt.c.pseudonym == anna))
        connection.execute(delete(tables.pseudonym).where(tables.pseudonym.c.pseudonym == anna))
        left = connection.execute(select(tables.ledger_salt.c.commitment)).all()
    assert left == []
    assert told[0] == 0
    assert shop.verify(shop.ledger, "--key", shop.key) == told
    assert shop.json("ledger", "list", "--about", anna)["entries"] == []
    assert "COI-A005" in shop.call("reveal", anna, "--reason", "x", "--purpose", PURPOSE)[2]
    # And it goes on.
    assert shop.call("alerts", "show", "A-2", "--purpose", PURPOSE)[0] == 0
    assert shop.verify(shop.ledger, "--key", shop.key)[0] == 0


# --- a session at a terminal --------------------------------------------------------------------------------------


def at_a_terminal(shop: Shop, typed: str, *commands: tuple[str, ...]) -> tuple[list[int], list[str], str]:
    """The commands one after the other in one session, with what is typed: statuses, outputs, and what is seen."""
    out = shop.folder / "outputs"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    lines = [
        f"{shlex.join([sys.executable, '-m', 'coincide', *words, '-w', str(shop.folder)])} > {out}/{place};"
        f" echo $? > {out}/{place}.status"
        for place, words in enumerate(commands)
    ]
    mine, theirs = pty.openpty()
    settings = {name: value for name, value in os.environ.items() if name != VARIABLE}
    process = subprocess.Popen(
        ["/bin/sh", "-c", "\n".join(lines)], stdin=theirs, stderr=theirs, env=settings, start_new_session=True
    )
    os.close(theirs)
    os.write(mine, typed.encode())
    seen = b""
    while True:
        try:
            piece = os.read(mine, 1 << 16)
        except OSError:  # the last process of the session is gone
            break
        if not piece:
            break
        seen += piece
    os.close(mine)
    process.wait(60)
    places = range(len(commands))
    statuses = [int((out / f"{place}.status").read_text()) for place in places]
    return statuses, [(out / str(place)).read_text() for place in places], seen.decode()


ASKED = "For which purpose"


def test_at_a_terminal_the_purpose_is_asked_once_a_session(shop: LedgerShop) -> None:
    show, export = ("alerts", "list", "--limit", "1", "--json"), ("alerts", "list", "--format", "csv")
    statuses, outputs, seen = at_a_terminal(shop, "an audit\n", export, show)
    assert statuses == [0, 0], seen
    assert seen.count(ASKED) == 1
    # Being asked leaves nothing in what is written.
    assert outputs[0].startswith("id,rule,")
    assert json.loads(outputs[1])["alerts"][0]["id"] == "A-1"
    assert [(one.object, one.purpose) for one in new(shop)] == [("A-1..A-2", "an audit"), ("A-1", "an audit")]
    assert (shop.folder / ".coincide/sessions").stat().st_mode & 0o077 == 0
    # Another session is asked again, and what is said in it is its own; for what says its purpose nobody is asked.
    statuses, _, seen = at_a_terminal(shop, "another\n", (*show, "--purpose", "given"), show)
    assert statuses == [0, 0], seen
    assert seen.count(ASKED) == 1
    assert [one.purpose for one in new(shop)[2:]] == ["given", "another"]


def test_a_blank_answer_is_no_purpose_and_an_empty_one_is_asked_again(shop: LedgerShop) -> None:
    show = ("alerts", "list", "--json")
    statuses, outputs, seen = at_a_terminal(shop, " \n", show)
    assert (statuses, outputs) == ([2], [""])
    assert "COI-L023" in seen
    assert new(shop) == []
    statuses, outputs, seen = at_a_terminal(shop, "\nan audit\n", show)
    assert statuses == [0]
    assert seen.count(ASKED) == 2
    assert [one.purpose for one in new(shop)] == ["an audit"]


def test_whoever_does_not_answer_sees_nothing(shop: LedgerShop) -> None:
    # Ctrl-D in the place of an answer.
    statuses, outputs, _ = at_a_terminal(shop, "\x04", ("alerts", "show", "A-1"))
    assert (statuses, outputs) == ([130], [""])
    assert new(shop) == []
    assert of_folder(shop.ledger)("tile/entries/000.p/2") is None
