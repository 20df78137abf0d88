"""``coincide doctor``: each thing that can be wrong with a workspace is found, named and mendable."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coincide.cli.main import run

TOML = """\
[sources.purchases]
kind = "purchase"
files = "purchases/*.csv"
timezone = "UTC"
[sources.purchases.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
quantity = "qty"
[catalog]
files = "catalog.csv"
"""
RULE = """\
rule: two-things
title: Two things
status: live
severity: low
why: To try it.
basis: {purpose: public-safety, law: "Regulation (EU) 2016/679, Article 6(1)(f)"}
innocent: [shopping]
events: purchase
by: account
within: 30 days
combination: {at_least: 2, of: [timer, steel-balls]}
tests:
  - name: both
    given: [{at: 2025-03-01, component: timer}, {at: 2025-03-02, component: steel-balls}]
    expect: 1 alert
"""
ROWS = "1,2025-03-01T10:00:00,anna,s1,1\n2,2025-03-02T10:00:00,bert,s2,2\n"


@dataclass
class Shop:
    """A workspace in which nothing is wrong, and what doctor says of it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def rows(self, rows: str, name: str = "purchases/a.csv") -> None:
        self.write(name, "id,when,customer,sku,qty\n" + rows)

    def doctor(self, *options: str) -> tuple[int, dict[str, Any]]:
        self.capsys.readouterr()
        status = run(["doctor", "-w", str(self.folder), "--json", *options])
        document: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return status, document

    def codes(self, *options: str) -> list[str]:
        status, document = self.doctor(*options)
        codes = [finding["code"] for finding in document["findings"]]
        assert status == (1 if codes else 0)
        return codes

    def only(self) -> dict[str, Any]:
        _, document = self.doctor()
        (finding,) = document["findings"]
        return dict(finding)


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    made = Shop(tmp_path, capsys)
    made.write("coincide.toml", TOML)
    made.write("catalog.csv", "match,value,component\nsku,s1,timer\nsku,s2,steel-balls\n")
    made.write("rules/two.yaml", RULE)
    made.rows(ROWS)
    return made


def test_a_workspace_in_order_has_no_findings(shop: Shop) -> None:
    status, document = shop.doctor()
    assert (status, document) == (
        0,
        {"findings": [], "sources": {"purchases": {"files": 1, "rows_looked_at": 2}}, "rules": 1},
    )


def test_it_changes_nothing_and_makes_no_key(shop: Shop) -> None:
    before = sorted(shop.folder.rglob("*"))
    shop.doctor()
    assert sorted(shop.folder.rglob("*")) == before


def test_the_text_says_what_was_looked_at(shop: Shop) -> None:
    assert run(["doctor", "-w", str(shop.folder)]) == 0
    said = shop.capsys.readouterr().out
    assert said == "purchases: 1 file, 2 rows looked at\n1 rule; nothing is wrong\n"


def test_an_id_of_several_events_is_named(shop: Shop) -> None:  # COI-U006
    shop.rows("1,2025-03-01,anna,s1,1\n1,2025-03-02,anna,s1,1\n2,2025-03-01,anna,s1,1\n2,2025-03-01,bert,s1,1\n")
    finding = shop.only()
    assert finding["code"] == "COI-U006"
    assert "2 event ids stand for different events" in finding["message"]
    assert finding["where"]["line"] == 6
    assert "anna" not in json.dumps(finding)


def test_a_copy_of_an_event_is_no_other_event(shop: Shop) -> None:
    shop.rows("1,2025-03-01,anna,s1,1\n1,2025-03-01,anna,s1,2\n")
    assert shop.codes() == []


def test_ids_that_start_anew_in_each_file_are_found(shop: Shop) -> None:
    shop.rows("1,2025-04-01,anna,s1,1\n", "purchases/b.csv")
    assert shop.codes() == ["COI-U006"]


def test_of_many_files_the_first_and_the_last_are_looked_at(shop: Shop) -> None:
    for number in range(30):
        shop.rows(f"f{number},2025-04-01,anna,s1,1\n", f"purchases/b{number:02d}.csv")
    shop.rows("1,2025-04-01,anna,s1,1\n", "purchases/z.csv")
    assert shop.codes() == ["COI-U006"]


def test_a_field_that_a_rule_reads_and_nobody_maps_is_named(shop: Shop) -> None:  # COI-U007
    shop.write("rules/two.yaml", RULE.replace("by: account", "where: country = 'FR'\nby: account"))
    finding = shop.only()
    assert finding["code"] == "COI-U007"
    assert "`country`" in finding["message"]


def test_components_need_an_item_or_a_category(shop: Shop) -> None:
    shop.write("coincide.toml", TOML.replace('item = "sku"\n', ""))
    assert shop.codes() == ["COI-U007"]


def test_a_rule_over_events_that_no_source_has_is_named(shop: Shop) -> None:  # COI-U008
    shop.write("rules/two.yaml", RULE.replace("events: purchase", "events: tap"))
    assert shop.codes() == ["COI-U008"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x,y", "cannot be read at all"),
        (",2025-03-01,anna,s1,1", "no id"),
        ("3,2025-03-01,,s1,1", "no account"),
        ("3,,anna,s1,1", "does not say when"),
        ("3,soon,anna,s1,1", "is no time"),
        ("3,1969-12-31,anna,s1,1", "1970"),
        ("3,2025-03-01,anna,s1,many", "`quantity`"),
    ],
)
def test_rows_that_cannot_be_used_are_counted_with_the_first_place(shop: Shop, row: str, reason: str) -> None:
    shop.rows(f"{ROWS}{row}\n")
    finding = shop.only()
    assert finding["code"] == "COI-U009"
    assert "1 of 3 rows" in finding["message"]
    assert reason in finding["message"]
    assert (finding["where"]["file"], finding["where"]["line"]) == ("purchases/a.csv", 4)


def test_links_of_accounts_that_no_source_has_are_named(shop: Shop) -> None:  # COI-U010
    shop.write("cards.csv", "customer,card\nanna,k\n")
    section = '[links.cards]\nfiles = "cards.csv"\naccounts = "{}"\naccount = "customer"\nlinks = {{card = "card"}}\n'
    shop.write("coincide.toml", TOML + section.format("purchases"))
    assert shop.codes() == []
    shop.write("coincide.toml", TOML + section.format("purchase"))
    assert shop.codes() == ["COI-U010"]


def test_a_wrong_column_of_master_data_is_named(shop: Shop) -> None:
    shop.write("cards.csv", "customer,card\nanna,k\n")
    shop.write(
        "coincide.toml",
        TOML
        + '[links.cards]\nfiles = "cards.csv"\naccounts = "purchases"\naccount = "client"\nlinks = {card = "card"}\n',
    )
    assert shop.codes() == ["COI-E006"]


def test_problems_of_the_settings_are_findings_all_at_once(shop: Shop) -> None:
    shop.write("coincide.toml", f"thraeds = 3\nthreads = 0\n{TOML}")
    assert shop.codes() == ["COI-S003", "COI-S006"]


def test_a_pack_that_is_not_there_is_one_finding_with_the_place_of_the_setting(shop: Shop) -> None:
    shop.write("coincide.toml", f'packs = ["x"]\n{TOML}')
    assert shop.codes() == ["COI-K001"]


def test_a_rule_over_titles_is_blind_where_no_source_has_any(shop: Shop) -> None:
    shop.write("catalog.csv", "match,value,component\ntitle,ball*,steel-balls\ntitle,timer,timer\n")
    assert "COI-U007" in shop.codes()


def test_a_workspace_without_sources_is_a_finding(shop: Shop) -> None:
    shop.write("coincide.toml", '[catalog]\nfiles = "catalog.csv"\n')
    assert shop.codes() == ["COI-S021"]


def test_a_workspace_without_rules_is_a_finding(shop: Shop) -> None:
    (shop.folder / "rules" / "two.yaml").unlink()
    assert shop.codes() == ["COI-S020"]


def test_files_that_are_not_there_are_a_finding_with_the_place_of_the_setting(shop: Shop) -> None:
    (shop.folder / "purchases" / "a.csv").unlink()
    assert shop.codes() == ["COI-E001"]


def test_all_wrong_columns_of_a_file_are_named(shop: Shop) -> None:
    shop.write("coincide.toml", TOML.replace('"when"', '"whenn"').replace('"qty"', '"quantity"'))
    assert shop.codes() == ["COI-E006", "COI-E006"]


def test_a_later_file_with_other_columns_is_a_finding(shop: Shop) -> None:
    shop.write("purchases/b.csv", "id,when,customer,sku\n9,2025-03-01,anna,s1\n")
    finding = shop.only()
    assert (finding["code"], finding["where"]["file"]) == ("COI-E006", "purchases/b.csv")


def test_times_without_a_zone_are_a_finding(shop: Shop) -> None:
    shop.write("coincide.toml", TOML.replace('timezone = "UTC"\n', ""))
    finding = shop.only()
    assert finding["code"] == "COI-E008"
    assert "timezone" in (finding["message"] + finding["hint"])


def test_a_broken_line_of_the_catalog_is_a_finding_and_told_once(shop: Shop) -> None:
    shop.write("catalog.csv", "match,value,component\nsku,s1,timer\nskuu,s2,steel-balls\n")
    assert shop.codes() == ["COI-C006"]


def test_wrong_rules_are_findings_all_at_once(shop: Shop) -> None:
    shop.write("rules/two.yaml", RULE.replace("steel-balls]", "steel-bals]").replace("30 days", "0 days"))
    assert len(shop.codes()) >= 2


def test_a_broken_list_is_a_finding(shop: Shop) -> None:
    shop.write("lists/licences.csv", "value,until\nanna,someday\n")
    assert shop.codes() == ["COI-C009"]


def test_a_key_that_others_can_read_is_a_finding(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COINCIDE_KEY", raising=False)
    shop.write(".coincide/key", "0" * 64)
    (shop.folder / ".coincide" / "key").chmod(0o644)
    assert shop.codes() == ["COI-N001"]


def test_no_more_rows_are_looked_at_than_asked_for(shop: Shop) -> None:
    shop.rows("".join(f"{number},2025-03-01,anna,s1,1\n" for number in range(50)))
    _, document = shop.doctor("--rows", "10")
    assert document["sources"]["purchases"]["rows_looked_at"] == 10


def test_outside_of_a_workspace_init_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "-w", str(tmp_path)]) == 3
    assert "coincide init" in capsys.readouterr().err


def test_a_postgres_source_without_a_server_is_a_finding(shop: Shop) -> None:
    postgres = 'postgres = {uri = "postgresql://127.0.0.1:1/none", table = "t"}'
    shop.write("coincide.toml", TOML.replace('files = "purchases/*.csv"', postgres))
    # Without the extra `postgres` it is the driver that is missing.
    assert shop.codes() in (["COI-E017"], ["COI-E018"])
