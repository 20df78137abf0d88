"""Scans of a workspace one after the other: what is read again, what changes, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coincide.cli.main import run

SETTINGS = """
[sources.purchases]
kind = "purchase"
files = "purchases/*.csv"
[sources.purchases.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
quantity = "qty"
[catalog]
files = "catalog.csv"
"""
RULE = """rule: {id}
title: Two of three
status: {status}
severity: high
why: To try.
basis: {{purpose: test, law: none}}
innocent: [anything]
events: purchase
by: account
within: {days} days
combination: {{at_least: {k}, of: [vessel, timer, balls]}}
"""
EVERY = "velocity: {at_least: 1}"
HEADER = "id,when,customer,sku,qty\n"


class Shop:
    """A workspace with one rule, and files of purchases by name."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        for name in ("purchases", "rules"):
            (folder / name).mkdir()
        (folder / "coincide.toml").write_text(SETTINGS)
        (folder / "catalog.csv").write_text("match,value,component\nsku,V,vessel\nsku,T,timer\nsku,B,balls\n")
        self.rule()

    def rule(self, id: str = "two-of-three", status: str = "live", days: int = 10, k: int = 2) -> None:
        (self.folder / "rules" / f"{id}.yaml").write_text(RULE.format(id=id, status=status, days=days, k=k))

    def file(self, name: str, *lines: str) -> None:
        (self.folder / "purchases" / name).write_text(HEADER + "".join(f"{line}\n" for line in lines))

    def scan(self, *arguments: str) -> dict[str, Any]:
        self._capsys.readouterr()
        assert run(["scan", "-w", str(self.folder), "--json", *arguments]) == 0, self._capsys.readouterr().err
        document: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return document

    def alert(self, name: str) -> dict[str, Any]:
        self._capsys.readouterr()
        assert run(["alerts", "show", name, "-w", str(self.folder), "--json"]) == 0
        document: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return document


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    made = Shop(tmp_path, capsys)
    made.file("1.csv", "1,2025-03-01T10:00:00Z,a,V,1", "2,2025-03-05T10:00:00Z,a,T,1", "3,2025-03-06T10:00:00Z,b,X,1")
    return made


def test_a_second_scan_reads_no_row_and_changes_nothing(shop: Shop) -> None:
    first = shop.scan()
    second = shop.scan()
    assert first["run"]["read"] == 3
    assert second["run"]["read"] == 0
    assert (second["rows"], second["rules"], second["alerts"]) == (first["rows"], first["rules"], first["alerts"])


def test_a_new_file_reads_only_the_files_that_its_times_touch(shop: Shop) -> None:
    shop.file("2.csv", "7,2024-01-01T10:00:00Z,a,V,1", "8,2024-01-02T10:00:00Z,a,T,1")
    shop.scan()
    shop.file("3.csv", "9,2025-03-08T10:00:00Z,a,B,1")
    document = shop.scan()
    # The new row, and the three of the file whose observations lie within a window of it.
    assert document["run"]["read"] == 1 + 3
    assert document["rows"]["read"] == 6
    assert [(alert["id"], alert["hits"]) for alert in document["alerts"]] == [("A-1", 1), ("A-2", 2)]


def test_a_removed_file_takes_its_rows_out_again_and_says_why(shop: Shop) -> None:
    shop.file("2.csv", "7,2025-05-01T10:00:00Z,c,V,1", "8,2025-05-02T10:00:00Z,c,T,1")
    assert len(shop.scan()["alerts"]) == 2
    (shop.folder / "purchases" / "2.csv").unlink()
    document = shop.scan()
    assert [alert["id"] for alert in document["alerts"]] == ["A-1"]
    assert document["rows"]["read"] == 3
    gone = shop.alert("A-2")
    assert gone["status"] == "withdrawn"
    assert "a file was removed" in gone["reason"]


def test_a_changed_file_is_noticed_although_its_size_is_the_same(shop: Shop) -> None:
    shop.scan()
    shop.file("1.csv", "1,2025-03-01T10:00:00Z,a,V,1", "2,2025-03-25T10:00:00Z,a,T,1", "3,2025-03-06T10:00:00Z,b,X,1")
    document = shop.scan()
    assert document["alerts"] == []
    assert document["run"]["read"] == 3


def test_an_edited_rule_is_a_new_rule_and_an_edited_title_is_not(shop: Shop) -> None:
    shop.scan()
    rule = shop.folder / "rules" / "two-of-three.yaml"
    rule.write_text(rule.read_text().replace("title: Two of three", "title: Another title"))
    document = shop.scan()
    assert document["run"]["read"] == 0
    shop.rule(days=20)
    document = shop.scan()
    assert [alert["id"] for alert in document["alerts"]] == ["A-2"]
    assert "the rule changed in meaning" in shop.alert("A-1")["reason"]


def test_a_rule_that_is_no_longer_run_has_no_open_alerts(shop: Shop) -> None:
    shop.scan()
    shop.rule(status="retired")
    shop.rule("other", k=3)
    assert shop.scan()["alerts"] == []
    assert "the rule is no longer run" in shop.alert("A-1")["reason"]


def test_a_draft_runs_when_named_and_leaves_nothing_behind(shop: Shop) -> None:
    shop.scan()
    shop.rule("draft", status="draft", k=1)
    (found,) = shop.scan("--rule", "draft")["rules"]
    assert (found["rule"], found["alerts"]) == ("draft", 1)
    assert [alert["rule"] for alert in shop.scan()["alerts"]] == ["two-of-three"]


def test_a_rule_named_beside_a_draft_is_kept_as_if_it_were_named_alone(shop: Shop) -> None:
    shop.rule("draft", status="draft")
    draft = shop.folder / "rules" / "draft.yaml"
    # The draft takes every row for an observation; the other rule leaves one unmatched.
    draft.write_text(draft.read_text().replace("combination: {at_least: 2, of: [vessel, timer, balls]}", EVERY))
    document = shop.scan("--rule", "two-of-three", "--rule", "draft")
    assert {one["rule"]: one["alerts"] for one in document["rules"]} == {"draft": 2, "two-of-three": 1}
    assert {one["rule"]: one["observations"] for one in document["rules"]} == {"draft": 3, "two-of-three": 2}
    assert [(one["rule"], one["id"]) for one in document["alerts"] if one["id"]] == [("two-of-three", "A-1")]
    assert (document["rows"]["unmatched"], document["run"]["read"]) == (1, 3)
    assert "drafts" in document["run"]["seconds"]
    again = shop.scan("--rule", "two-of-three")
    assert again["run"]["read"] == 0
    assert again["rows"] == document["rows"]
    assert again["alerts"] == [one for one in document["alerts"] if one["id"]]


def test_a_draft_beside_a_rule_that_has_nothing_to_read_still_sees_everything(shop: Shop) -> None:
    shop.rule("draft", status="draft", k=1)
    shop.scan("--rule", "two-of-three")
    document = shop.scan("--rule", "two-of-three", "--rule", "draft")
    assert document["run"]["read"] == 0
    assert {one["rule"]: one["observations"] for one in document["rules"]} == {"draft": 2, "two-of-three": 2}


def test_what_is_shown_can_be_bounded_and_what_is_evaluated_not(shop: Shop) -> None:
    assert shop.scan("--since", "2025-03-05T10:00:00Z")["rules"][0]["alerts"] == 1
    assert shop.scan("--until", "2025-03-05T10:00:00Z")["rules"][0]["alerts"] == 0


def test_open_alerts_of_live_rules_can_set_the_exit_status(shop: Shop) -> None:
    arguments = ["scan", "-w", str(shop.folder), "--exit-code"]
    assert run(arguments) == 1
    shop.rule(status="shadow")
    assert run(arguments) == 0


def test_later_hits_of_a_decided_alert_open_another_that_is_linked(shop: Shop) -> None:
    shop.scan()
    decided = ["alerts", "decide", "A-1", "benign", "--because", "a gift", "-w", str(shop.folder)]
    assert run(decided) == 0
    shop.file("2.csv", "7,2025-03-07T10:00:00Z,a,B,1")
    (alert,) = shop.scan()["alerts"]
    assert (alert["id"], alert["linked_to"], alert["started_by"]) == ("A-2", "A-1", "7")
    assert shop.alert("A-1")["status"] == "decided"
