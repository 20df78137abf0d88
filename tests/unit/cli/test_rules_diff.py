"""``coincide rules diff``, ``plan`` and ``apply``, as a rule author calls them: what is said, and that it comes true.

``COINCIDE_RECORD=1 pytest tests/unit/cli/test_rules_diff.py`` writes the golden files again; read the difference
before committing it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from coincide.alerts.errors import PlanOutdated
from coincide.cli.main import run
from gitshop import ADDRESS, AUTHOR, committed

GOLDEN = Path(__file__).parents[2] / "golden" / "rules-diff"
KEY = "11" * 32
SETTINGS = """\
[sources.shop]
kind = "purchase"
files = "purchases/*.csv"
[sources.shop.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
quantity = "qty"
[sources.shop.links]
card = "card"
[catalog]
files = "catalog.csv"
"""
RULES = {
    "combo": "by: actor\nwithin: 10 days\ncombination: {at_least: 2, of: [vessel, timer, balls]}\n",
    "many": "by: account\nwhere: quantity > 0\nwithin: 5 days\nvelocity: {at_least: 2}\n",
    "licensed": "by: account\nwithin: 30 days\nthreshold: {sum: quantity, more_than: 3}\n"
    "unless: account in list('licences')\n",
}
HEAD = "id,when,customer,sku,qty,card\n"
ROWS = (
    "1,2025-03-01T10:00:00Z,anna,V,1,c1\n"
    "2,2025-03-03T10:00:00Z,bert,T,2,c1\n"
    "3,2025-03-04T10:00:00Z,bert,B,2,\n"
    "4,2025-03-20T10:00:00Z,cora,V,1,\n"
    "5,2025-03-28T10:00:00Z,cora,T,1,\n"
    "6,2025-03-29T10:00:00Z,cora,X,4,\n"
    "7,2025-05-01T10:00:00Z,dora,B,5,\n"
    "8,2025-05-02T10:00:00Z,dora,B,0,\n"
)


def rule(id: str, text: str, status: str = "live", title: str = "A rule") -> str:
    return (
        f"rule: {id}\ntitle: {title}\nstatus: {status}\nseverity: high\nwhy: To try.\n"
        f"basis: {{purpose: test, law: none}}\ninnocent: [anything]\nevents: purchase\n{text}"
    )


class Shop:
    """A workspace with three rules, and the commands called in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text("utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def call(self, *arguments: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        status = run([*arguments, "-w", str(self.folder)])
        out, err = self.capsys.readouterr()
        return status, out, err

    def json(self, *arguments: str, status: int = 0) -> Any:
        found, out, err = self.call(*arguments, "--json")
        assert found == status, err
        return json.loads(out)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / ".coincide/coincide.db")) as connection:
            return list(connection.execute(query))

    def kept(self) -> dict[str, Any]:
        """Everything that the workspace keeps: tables and files."""
        with closing(sqlite3.connect(self.folder / ".coincide/coincide.db")) as connection:
            tables: dict[str, Any] = {"dump": list(connection.iterdump())}
        for file in sorted((self.folder / ".coincide").rglob("*")):
            if file.is_file() and file.name not in ("coincide.db", "lock"):
                tables[str(file)] = hashlib.sha256(file.read_bytes()).hexdigest()
        return tables

    def acts(self) -> list[tuple[str, str]]:
        """What the ledger has, oldest first."""
        return [(one["act"], one["object"]) for one in self.json("ledger", "list")["entries"]]


def made(folder: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    shop = Shop(folder, capsys)
    shop.write("coincide.toml", SETTINGS)
    shop.write("catalog.csv", "match,value,component\nsku,V,vessel\nsku,T,timer\nsku,B,balls\n")
    shop.write("lists/licences.csv", "value,from,until\ndora,2025-01-01,2026-01-01\n")
    shop.write("purchases/1.csv", HEAD + ROWS)
    for name, text in RULES.items():
        shop.write(f"rules/{name}.yaml", rule(name, text))
    return shop


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("COINCIDE_KEY", KEY)
    (tmp_path / "shop").mkdir()
    return made(tmp_path / "shop", capsys)


Edit = Callable[[Shop], object]
EDITS: dict[str, Edit] = {
    "nothing": lambda shop: None,
    "a title": lambda shop: shop.replace("rules/many.yaml", "A rule", "Another title"),
    "why": lambda shop: shop.replace("rules/many.yaml", "To try.", "To try it."),
    "a number": lambda shop: shop.replace("rules/many.yaml", "at_least: 2", "at_least: 3"),
    "a window": lambda shop: shop.replace("rules/combo.yaml", "10 days", "1 days"),
    "a wider window": lambda shop: shop.replace("rules/many.yaml", "5 days", "30 days"),
    "a condition": lambda shop: shop.replace("rules/many.yaml", "quantity > 0", "quantity > 1"),
    "whom it looks by": lambda shop: shop.replace("rules/combo.yaml", "by: actor", "by: account"),
    "another kind": lambda shop: shop.replace(
        "rules/combo.yaml",
        "combination: {at_least: 2, of: [vessel, timer, balls]}",
        "sequence: {steps: [timer, balls]}",
    ),
    "live to shadow": lambda shop: shop.replace("rules/many.yaml", "status: live", "status: shadow"),
    "live to draft": lambda shop: shop.replace("rules/many.yaml", "status: live", "status: draft"),
    "live to retired": lambda shop: shop.replace("rules/many.yaml", "status: live", "status: retired"),
    "a rule goes": lambda shop: (shop.folder / "rules/many.yaml").unlink(),
    "a rule comes": lambda shop: shop.write(
        "rules/new.yaml", rule("new", "by: link.card\nwithin: 9 days\nvelocity: {at_least: 2, distinct: account}\n")
    ),
    "a rule is renamed": lambda shop: shop.replace("rules/many.yaml", "rule: many", "rule: lots"),
    "all at once": lambda shop: every(shop, "a title", "a window", "a rule comes"),
}
RULE_EDITS = sorted(EDITS)


def every(shop: Shop, *names: str) -> None:
    for name in names:
        EDITS[name](shop)


def catalog(shop: Shop) -> None:
    shop.replace("catalog.csv", "sku,T,timer", "sku,X,timer")


def alerts_of(shop: Shop, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.json("scan", *arguments)["alerts"]
    return found


def bare(alert: dict[str, Any]) -> str:
    """What an alert says, without the words of its rule."""
    keys = ("actor", "first_at", "last_at", "hits", "silenced", "counted", "one_account", "evidence", "latest_evidence")
    return json.dumps([alert["rule"], *(alert[key] for key in keys)])


# --- diff ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RULE_EDITS)
def test_what_a_diff_counts_is_the_difference_of_two_scans(
    shop: Shop, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Shop(shop.folder, capsys)
    after = Shop(tmp_path / "after", capsys)
    shutil.copytree(shop.folder, after.folder)
    EDITS[name](after)
    told = after.json("rules", "diff", str(before.folder), str(after.folder))
    old = {bare(one): one for one in alerts_of(before)}
    # A draft finds what it would find; a scan has to be told to look.
    drafts = [one["rule"] for one in told["rules"] if one["new"] and one["new"]["status"] == "draft"]
    new = {bare(one): one for one in alerts_of(after)}
    new |= {bare(one): one for draft in drafts for one in alerts_of(after, "--rule", draft)}
    for one in told["rules"]:
        id = one["rule"]
        mine, others = ({key for key, alert in found.items() if alert["rule"] == id} for found in (old, new))
        history = one["history"]
        if history is None:
            assert mine == others
            continue
        assert (history["before"], history["after"]) == (len(mine), len(others))
        assert history["same"] == len(mine & others)
        assert history["vanish"] + history["change"] == len(mine - others)
        assert history["appear"] + history["change"] == len(others - mine)
        shown = {sort: [(x["actor"], x["first_at"], x["because"]) for x in history["examples"][sort]] for sort in SORTS}
        said = {
            sort: {(a["actor"], a["first_at"], a["because"]) for a in all_.values()}
            for sort, all_ in (("appear", new), ("vanish", old), ("change", new))
        }
        assert all(set(shown[sort]) <= said[sort] and len(shown[sort]) == min(3, history[sort]) for sort in SORTS)


SORTS = ("appear", "vanish", "change")


@pytest.mark.parametrize("name", RULE_EDITS)
def test_what_a_diff_and_a_plan_say_is_exactly_what_was_recorded(shop: Shop, name: str) -> None:
    commit = committed(shop.folder)
    shop.json("scan")
    EDITS[name](shop)
    status, diff, _ = shop.call("rules", "diff", "HEAD", "--exit-code")
    _, plan, hint = shop.call("rules", "plan")
    said = f"$ coincide rules diff HEAD --exit-code\n{diff}exit status {status}\n\n$ coincide rules plan\n{plan}{hint}"
    # The digest hangs on the times of files, and how long it takes on the machine.
    said = re.sub(r"(?<=[Pp]lan )[0-9a-f]{16}", "DIGEST", said)
    said = re.sub(
        r"^  .*, by 1 scan before: .* rows a second$", "  TIME, by 1 scan before: RATE rows a second", said, flags=re.M
    )
    assert commit not in said
    expected = GOLDEN / f"{name.replace(' ', '-')}.out"
    if os.environ.get("COINCIDE_RECORD") == "1":
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text("utf-8")


def test_words_alone_change_nothing_and_read_nothing(shop: Shop) -> None:
    committed(shop.folder)
    EDITS["a title"](shop)
    (shop.folder / "purchases/1.csv").unlink()
    status, out, _ = shop.call("rules", "diff", "HEAD", "--exit-code")
    assert (status, out.splitlines()[0]) == (0, "many: changed in words only (title): it finds what it found")
    assert not (shop.folder / ".coincide").exists()


def test_of_one_file_its_rules_are_compared_and_no_others(shop: Shop) -> None:
    committed(shop.folder)
    EDITS["a number"](shop)
    EDITS["a rule comes"](shop)
    for arguments in (["HEAD:rules/many.yaml"], ["HEAD:rules/many.yaml", str(shop.folder / "rules/many.yaml")]):
        told = shop.json("rules", "diff", *arguments, "--no-history")
        assert [(one["rule"], one["change"]) for one in told["rules"]] == [("many", "meaning")]
    (shop.folder / "rules/many.yaml").rename(shop.folder / "rules/moved.yaml")
    told = shop.json("rules", "diff", "HEAD:rules/many.yaml", "--no-history")
    assert [(one["rule"], one["new"]["file"]) for one in told["rules"]] == [("many", "rules/moved.yaml")]
    (shop.folder / "rules/moved.yaml").unlink()
    told = shop.json("rules", "diff", "HEAD:rules/many.yaml", "--no-history")
    assert [(one["rule"], one["change"]) for one in told["rules"]] == [("many", "removed")]


def test_without_history_no_source_is_read_and_no_purpose_asked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(shop.folder)
    EDITS["a number"](shop)
    shutil.rmtree(shop.folder / "purchases")
    monkeypatch.delenv("COINCIDE_PURPOSE")
    told = shop.json("rules", "diff", "HEAD", "--no-history", "--exit-code", status=1)
    (many,) = [one for one in told["rules"] if one["rule"] == "many"]
    assert (many["parts"], many["history"]) == ([{"part": "at least", "old": "2", "new": "3"}], None)


def test_examples_are_entered_in_the_ledger_before_they_are_shown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(shop.folder)
    EDITS["a number"](shop)
    EDITS["a rule comes"](shop)
    monkeypatch.delenv("COINCIDE_PURPOSE")
    status, out, err = shop.call("rules", "diff", "HEAD")
    assert (status, out) == (2, "")
    assert "COI-L023" in err
    shop.json("rules", "diff", "HEAD", "--purpose", "to tune it")
    assert shop.acts() == [("rule:diff", "many"), ("rule:diff", "new")]
    (shop.folder / ".coincide/ledger-key").unlink()
    status, out, err = shop.call("rules", "diff", "HEAD", "--purpose", "to tune it")
    assert (status, out) == (4, "")
    assert "COI-L024" in err


def test_a_diff_keeps_nothing_but_its_entry(shop: Shop) -> None:
    committed(shop.folder)
    shop.json("scan")
    EDITS["a number"](shop)
    before = shop.kept()
    # Without an example there is nothing to enter.
    EDITS["nothing"](shop)
    shop.call("rules", "diff", "rules", str(shop.folder / "rules/many.yaml"), "--no-history")
    assert shop.kept() == before
    alerts = shop.rows("SELECT * FROM alert")
    shop.json("rules", "diff", "HEAD")
    assert (shop.rows("SELECT * FROM alert"), len(shop.rows("SELECT * FROM scan"))) == (alerts, 1)


def test_no_identifier_of_anybody_stands_in_a_diff(shop: Shop) -> None:
    committed(shop.folder)
    EDITS["all at once"](shop)
    said = shop.call("rules", "diff", "HEAD")[1] + json.dumps(shop.json("rules", "diff", "HEAD"))
    assert not re.search(r"anna|bert|cora|dora|\bc1\b", said)
    assert "p-" in said


def test_rules_of_another_day_run_although_catalog_and_lists_have_lost_what_they_name(shop: Shop) -> None:
    shop.replace("rules/combo.yaml", "timer, balls]", "timer, gone]")
    committed(shop.folder)
    shop.replace("rules/combo.yaml", "timer, gone]", "timer, balls]")
    shop.write("rules/licensed.yaml", rule("licensed", "by: account\nwithin: 30 days\nvelocity: {at_least: 9}\n"))
    (shop.folder / "lists/licences.csv").unlink()
    told = {one["rule"]: one["history"] for one in shop.json("rules", "diff", "HEAD")["rules"]}
    assert told["combo"]["unknown"] == ["the catalog has no item of the component gone now"]
    assert told["licensed"]["unknown"] == ["there is no list licences now, so nothing is on it"]
    assert (told["combo"]["before"], told["licensed"]["before"]) == (2, 3)


def test_a_diff_of_nothing_is_refused_with_what_to_name(shop: Shop) -> None:
    status, _, err = shop.call("rules", "diff", "HEAD")
    assert status == 2
    assert "COI-R090" in err


# --- plan and apply ------------------------------------------------------------------------------------------------

MORE: dict[str, Edit] = {
    **EDITS,
    "the catalog": catalog,
    "a list": lambda shop: shop.write("lists/licences.csv", "value,from,until\ncora,2025-01-01,2026-01-01\n"),
    "a new file": lambda shop: shop.write("purchases/2.csv", f"{HEAD}9,2025-03-05T10:00:00Z,anna,B,1,c1\n"),
    "a file that joins accounts": lambda shop: shop.write(
        "purchases/2.csv", f"{HEAD}9,2025-06-05T10:00:00Z,cora,X,1,c1\n"
    ),
    "a changed file": lambda shop: shop.replace("purchases/1.csv", "2025-03-28", "2025-04-28"),
    "the mapping": lambda shop: shop.replace("coincide.toml", 'quantity = "qty"', 'content = "qty"'),
    "the caps of cards": lambda shop: shop.replace(
        "coincide.toml", "[catalog]", "[entities]\ngroup_limit = 2\n[catalog]"
    ),
    "a removed file": lambda shop: (shop.folder / "purchases/1.csv").rename(shop.folder / "purchases/3.csv"),
}


def changes(shop: Shop, scan: int) -> list[tuple[Any, ...]]:
    """What a scan did to alerts, from the histories."""
    return shop.rows(
        "SELECT alert.rule, change, alert_change.reason, alert.actor, alert_change.alert FROM alert_change "
        f"JOIN alert ON alert.id = alert WHERE scan = {scan} ORDER BY alert_change.id"
    )


DECIDED = ("a window", "another kind", "the catalog", "a file that joins accounts", "a removed file")


@pytest.mark.parametrize(
    ("name", "decides"), [*((name, False) for name in sorted(MORE)), *((name, True) for name in DECIDED)]
)
def test_what_a_plan_foretells_is_what_apply_does(shop: Shop, name: str, decides: bool) -> None:
    shop.json("scan")
    if decides:
        shop.json("alerts", "decide", "A-1", "benign", "--because", "a gift")
    MORE[name](shop)
    before = shop.kept()
    told = shop.json("rules", "plan")
    if not told["alerts"]:
        assert shop.kept() == before
    assert shop.rows("SELECT count(*) FROM scan") == [(1,)]
    done = shop.json("rules", "apply", "--plan", told["plan"])
    happened = changes(shop, 2)
    assert [(one["rule"], one["change"], one["reason"]) for one in told["alerts"]] == [row[:3] for row in happened]
    opened = {row[4] for row in happened if row[1] == "opened"}
    assert [one["alert"] for one in told["alerts"]] == [
        None if row[4] in opened and row[1] == "opened" else f"A-{row[4]}" for row in happened
    ]
    assert sum(done["alerts"].values()) == len(happened)
    assert told["empty"] == (shop.rows("SELECT count(*) FROM scan") == [(1,)])
    # What was read is within what was said, but for the header of a file that is new.
    fewest, most = told["reading"]["rows"]
    assert fewest - told["reading"]["new"] <= done["run"]["read"] <= most
    again = shop.json("rules", "plan", "--exit-code")
    assert (again["empty"], again["rules"], again["inputs"], again["alerts"]) == (True, [], [], [])


def test_a_plan_of_the_first_scan_says_so_and_is_done(shop: Shop) -> None:
    told = shop.json("rules", "plan", "--exit-code", status=1)
    assert told["since"] is None
    assert {(one["rule"], one["kind"]) for one in told["rules"]} == {(name, "new") for name in RULES}
    assert told["reading"]["causes"] == ["it is the first scan"]
    assert told["reading"]["seconds"] is None
    # By its size the header counts too: it is said to be about so many.
    assert told["reading"]["rows"] == [9, 9]
    done = shop.json("rules", "apply", "--plan", told["plan"])
    assert done["alerts"] == {"opened": len(told["alerts"])}
    assert done["run"]["read"] == 8


def test_a_plan_tells_which_components_and_lists_changed_and_which_rules_they_touch(shop: Shop) -> None:
    shop.json("scan")
    catalog(shop)
    MORE["a list"](shop)
    inputs = {one["name"]: one for one in shop.json("rules", "plan", "--no-alerts")["inputs"]}
    assert (inputs["catalog"]["names"], inputs["catalog"]["rules"]) == (["timer"], ["combo"])
    assert (inputs["lists"]["names"], inputs["lists"]["rules"]) == (["licences"], ["licensed"])
    assert inputs["catalog"]["old"] != inputs["catalog"]["new"]
    out = shop.call("rules", "plan", "--no-alerts")[1]
    assert "components timer; touches rule combo" in out
    assert "everything, 1 file, and evaluate all rules: the catalog changed and a managed list changed" in out


def test_a_plan_without_alerts_reads_no_row_keeps_nothing_and_enters_nothing(shop: Shop) -> None:
    shop.json("scan")
    EDITS["a number"](shop)
    before = shop.kept()
    told = shop.json("rules", "plan", "--no-alerts")
    assert (told["alerts"], told["entities"], told["empty"]) == (None, None, False)
    assert shop.kept() == before
    assert told["plan"] == shop.json("rules", "plan")["plan"]


def test_the_alerts_of_a_plan_are_entered_in_the_ledger(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.json("scan")
    EDITS["a wider window"](shop)
    monkeypatch.delenv("COINCIDE_PURPOSE")
    seen = len(shop.acts())
    told = shop.json("rules", "plan")
    numbers = [one["alert"] for one in told["alerts"] if one["alert"]]
    acts = shop.acts()[seen:]
    assert {act for act, _ in acts} == {"rule:plan"}
    assert acts[-1][1] == "new of many"
    assert all(number in acts[0][1] for number in numbers[:1])


def test_a_new_key_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COINCIDE_KEY")
    shop.json("scan")
    shop.json("keys", "rotate")
    (one,) = shop.json("rules", "plan")["inputs"]
    assert one["name"] == "pseudonym key"
    MORE["a new file"](shop)
    told = shop.json("rules", "plan")
    assert told["entities"] == [1, 2]
    assert shop.json("rules", "apply", "--plan", told["plan"])["run"]["read"] == 9


def test_how_long_it_takes_rests_on_the_scans_before(shop: Shop) -> None:
    shop.json("scan")
    EDITS["a number"](shop)
    reading = shop.json("rules", "plan", "--no-alerts")["reading"]
    ((started, finished),) = shop.rows("SELECT started_at, finished_at FROM scan")
    assert finished > started
    assert reading["measured_scans"] == 1
    # Of a rate that was rounded, to the millisecond.
    assert reading["seconds"] == pytest.approx([(finished - started) / 1e6] * 2, abs=0.002)


def test_rows_that_cannot_be_counted_before_they_are_read_are_told(shop: Shop) -> None:
    shop.json("scan")
    shop.replace("coincide.toml", "purchases/*.csv", "purchases/*")
    with gzip.open(shop.folder / "purchases/2.csv.gz", "wt") as file:
        file.write(f"{HEAD}9,2025-03-05T10:00:00Z,anna,B,1,c1\n")
    reading = shop.json("rules", "plan", "--no-alerts")["reading"]
    assert (reading["uncounted"], reading["rows"]) == (True, [8, 8])
    assert (reading["whole"], reading["new"], reading["changed"], reading["unchanged"]) == (True, 1, 0, 1)
    assert "not known before they are read" in shop.call("rules", "plan", "--no-alerts")[1]


def test_a_plan_counts_files_as_new_changed_gone_and_unchanged(shop: Shop) -> None:
    for number in (2, 3, 4):
        shop.write(f"purchases/{number}.csv", f"{HEAD}{number}9,2025-0{number}-05T10:00:00Z,zoe,X,1,\n")
    shop.json("scan")
    shop.write("purchases/5.csv", f"{HEAD}59,2025-03-05T10:00:00Z,zoe,X,1,\n")
    shop.replace("purchases/2.csv", "29,", "299,")
    (shop.folder / "purchases/3.csv").unlink()
    for whole in (False, True):
        reading = shop.json("rules", "plan", "--no-alerts")["reading"]
        assert reading["whole"] == whole
        assert [reading[name] for name in ("new", "changed", "gone", "unchanged")] == [1, 1, 1, 2]
        EDITS["a number"](shop) if not whole else None
    out = shop.call("rules", "plan", "--no-alerts")[1]
    assert "everything, 4 files, and evaluate all rules: the rule changed in meaning" in out


OUTDATING: dict[str, Edit] = {
    name: MORE[name]
    for name in (
        "a number",
        "a title",
        "the catalog",
        "a list",
        "a new file",
        "a changed file",
        "the mapping",
        "a rule goes",
    )
} | {
    "a scan": lambda shop: shop.json("scan"),
    "a decision": lambda shop: shop.json("alerts", "decide", "A-2", "benign", "--because", "a gift"),
    "a suppression": lambda shop: (
        shop.json("alerts", "suppress", "combo", actor(shop), "--until", "2099-01-01", "--because", "known") and None
    ),
}


def actor(shop: Shop) -> str:
    ((name,),) = shop.rows("SELECT actor FROM alert WHERE id = 1")
    return str(name)


@pytest.mark.parametrize("name", sorted(OUTDATING))
def test_a_plan_that_no_longer_holds_is_not_applied(shop: Shop, name: str) -> None:
    shop.json("scan")
    EDITS["a window"](shop)
    planned = shop.json("rules", "plan", "--no-alerts")["plan"]
    assert shop.json("rules", "apply", "--plan", planned, "--dry-run") == {"plan": planned, "applied": False}
    OUTDATING[name](shop)
    before = shop.kept()
    for arguments in ((), ("--dry-run",)):
        status, out, err = shop.call("rules", "apply", "--plan", planned, *arguments)
        assert (status, out) == (PlanOutdated.exit_status, "")
        assert "COI-A030" in err
        assert shop.json("rules", "plan", "--no-alerts")["plan"] in err
    assert shop.kept() == before


def test_apply_asks_for_a_plan(shop: Shop) -> None:
    status, _, err = shop.call("rules", "apply")
    assert status == 2
    assert "--plan" in err
    assert not (shop.folder / ".coincide").exists()


# --- where rules come from -------------------------------------------------------------------------------------------


def origin(shop: Shop, alert: str = "A-1") -> Any:
    return shop.json("alerts", "show", alert)["rule_origin"]


def test_an_alert_names_commit_and_author_of_the_rule_that_found_it(shop: Shop) -> None:
    first = committed(shop.folder)
    shop.write("rules/other.txt", "not the rule")
    committed(shop.folder, author="Somebody Else")
    shop.json("scan")
    assert origin(shop) == {"commit": first, "author": AUTHOR, "edited": False}
    assert f"last changed in {first[:12]} by {AUTHOR}\n" in shop.call("alerts", "show", "A-1")[1]
    assert ADDRESS not in "\n".join(map(str, shop.rows("SELECT * FROM rule_version")))


def test_a_rule_that_ran_before_it_was_committed_gets_its_commit_afterwards_and_keeps_it(shop: Shop) -> None:
    first = committed(shop.folder)
    for name in RULES:
        shop.replace(f"rules/{name}.yaml", "A rule", "Another title")
    shop.json("scan")
    assert origin(shop) == {"commit": first, "author": AUTHOR, "edited": True}
    assert ", and edited since" in shop.call("alerts", "show", "A-1")[1]
    second = committed(shop.folder)
    shop.write("purchases/2.csv", f"{HEAD}9,2026-01-01T10:00:00Z,zoe,X,1,\n")
    shop.json("scan")
    assert origin(shop) == {"commit": second, "author": AUTHOR, "edited": False}
    # Later commits are of other words; this meaning came with that one.
    for name in RULES:
        shop.replace(f"rules/{name}.yaml", "Another title", "A third one")
    committed(shop.folder, author="Somebody Else")
    shop.json("scan")
    assert origin(shop) == {"commit": second, "author": AUTHOR, "edited": False}


@pytest.mark.parametrize("why", ["no repository", "no git", "never committed"])
def test_where_git_knows_nothing_nothing_is_said(
    shop: Shop, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if why == "never committed":
        (shop.folder / ".gitignore").write_text("rules\n")
    if why != "no repository":
        committed(shop.folder)
    if why == "no git":
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    status, _, err = shop.call("scan")
    assert (status, err) == (0, "")
    assert origin(shop) is None
    assert "last changed" not in shop.call("alerts", "show", "A-1")[1]
