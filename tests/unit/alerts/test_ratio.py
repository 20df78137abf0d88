"""Refunds against purchases, from two sources, through scans, alerts and ``why-not``; and many accounts on one card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coincide.cli.main import run

SOURCE = """
[sources.{name}]
kind = "{kind}"
accounts = "people"
files = "{name}/*.csv"
[sources.{name}.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
[sources.{name}.links]
card = "card"
"""
RULE = """rule: {id}
title: To try
status: live
severity: low
why: To try.
basis: {{purpose: test, law: none}}
innocent: [anything]
{body}
within: 30 days
"""
RETURNED = """events: [purchase, refund]
by: {by}
ratio: {{of: refund, to: purchase, more_than: 0.5, at_least: 4}}"""
ONE_CARD = """events: purchase
by: link.card
velocity: {at_least: 3, distinct: account}"""


class Shop:
    """A workspace of purchases and refunds; a line is a day of March 2025, an account and perhaps a card."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        for name in ("purchases", "refunds", "rules"):
            (folder / name).mkdir()
        sources = (("purchases", "purchase"), ("refunds", "refund"))
        (folder / "coincide.toml").write_text("".join(SOURCE.format(name=name, kind=kind) for name, kind in sources))

    def rule(self, id: str, body: str) -> None:
        (self.folder / "rules" / f"{id}.yaml").write_text(RULE.format(id=id, body=body))

    def file(self, source: str, name: str, *lines: str) -> None:
        split = [line.split(" ") for line in lines]
        made = [f"{name}{number},2025-03-{day}T10:00:00Z,{who}" for number, (day, who) in enumerate(split)]
        (self.folder / source / f"{name}.csv").write_text("\n".join(["id,when,customer,card", *made, ""]))

    def told(self, *arguments: str) -> dict[str, Any]:
        self._capsys.readouterr()
        assert run([*arguments, "-w", str(self.folder), "--json"]) == 0, self._capsys.readouterr().err
        document: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return document

    def lines(self, *arguments: str) -> str:
        assert run([*arguments, "-w", str(self.folder)]) == 0
        return self._capsys.readouterr().out


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    made = Shop(tmp_path, capsys)
    made.file("purchases", "p", "01 ann,", "02 ann,", "03 ann,", "04 ann,")
    made.file("refunds", "r", "05 ann,", "06 ann,")
    return made


def test_half_is_not_more_and_a_refund_in_a_new_file_makes_it_more(shop: Shop) -> None:
    shop.rule("returned", RETURNED.format(by="account"))
    assert shop.told("scan")["alerts"] == []
    near = shop.told("why-not", "returned", "ann")["nearest"]
    assert near == {
        "kind": "ratio", "first_at": "2025-03-01T10:00:00Z", "at": "2025-03-06T10:00:00Z",
        "of": 2, "to": 4, "missing_of": 1, "missing_to": 0,
    }  # fmt: skip
    assert (
        "2 refund events to 4 purchase events within 30 days, from 2025-03-01T10:00:00Z to 2025-03-06T10:00:00Z; "
        "at least 4 purchase events and more than 0.5 refund for each are needed: 1 refund event missing"
    ) in shop.lines("why-not", "returned", "ann")
    shop.file("refunds", "s", "07 ann,")
    (alert,) = shop.told("scan")["alerts"]
    assert (alert["started_by"], alert["hits"], alert["counted"]) == ("s0", 1, 7)
    assert alert["because"] == (
        "3 refund events to 4 purchase events within 30 days, more than 0.5 for each, from 2025-03-01 to 2025-03-07."
    )


def test_a_purchase_that_comes_late_takes_the_alert_away_and_going_brings_it_back(shop: Shop) -> None:
    shop.rule("returned", RETURNED.format(by="account"))
    shop.file("refunds", "s", "07 ann,")
    assert len(shop.told("scan")["alerts"]) == 1
    shop.file("purchases", "q", "02 ann,", "02 ann,")
    assert shop.told("scan")["alerts"] == []
    assert shop.told("alerts", "show", "A-1")["status"] == "withdrawn"
    (shop.folder / "purchases" / "q.csv").unlink()
    (alert,) = shop.told("scan")["alerts"]
    assert alert["started_by"] == "s0"


def test_purchases_of_one_account_and_refunds_to_another_fire_together(shop: Shop) -> None:
    shop.rule("returned", RETURNED.format(by="actor"))
    shop.file("purchases", "p", *(f"0{day} ann,k1" for day in range(1, 5)))
    shop.file("refunds", "r", *(f"0{day} bob,k1" for day in range(5, 8)))
    (alert,) = shop.told("scan")["alerts"]
    assert alert["one_account"] is False
    assert sorted(event["event_id"] for event in alert["evidence"]) == ["p0", "p1", "p2", "p3", "r0", "r1", "r2"]


def test_the_timeline_tells_the_two_kinds_apart(shop: Shop) -> None:
    shop.rule("returned", RETURNED.format(by="account"))
    shop.file("refunds", "s", "07 ann,")
    shop.told("scan")
    told = shop.lines("alerts", "show", "A-1")
    assert told.count("kind purchase") == 4
    assert told.count("kind refund") == 3


def test_many_accounts_on_one_card_are_one_alert_of_that_card(shop: Shop) -> None:
    shop.rule("one-card", ONE_CARD)
    # More accounts than the cap that joins them to one actor; four purchases without a card are no observations.
    shop.file("purchases", "q", *(f"{day} c{day},k1" for day in range(10, 20)), "10 d,k2", "11 e,k2", "12 e,k2")
    document = shop.told("scan")
    (alert,) = document["alerts"]
    assert (alert["started_by"], alert["hits"], alert["counted"], alert["one_account"]) == ("q2", 8, 3, False)
    assert alert["because"] == "3 different values of account within 30 days, from 2025-03-10 to 2025-03-12."
    assert [rule["observations"] for rule in document["rules"]] == [13]
