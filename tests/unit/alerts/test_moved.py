"""Files that change who belongs together: what is read again then, and what is found."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coincide.detect.rows import Rows
from coincide.engines.embedded import run as engine
from coincide.engines.embedded import sieve
from kinshop import RULE, Shop, made

TAPS = """\
[sources.taps]
kind = "tap"
files = "taps/*.parquet"
[sources.taps.columns]
event_id = "id"
occurred_at = "when"
account = "token"
place = "stop"
[links.cards]
files = "cards/*.csv"
accounts = "taps"
account = "token"
[links.cards.links]
card = "card"
"""
TAP_RULE = """\
rule: {id}
title: Many taps
status: live
severity: low
why: To try it.
basis: {{purpose: test, law: none}}
innocent: [anything]
events: tap
by: {by}
within: 1 hours
velocity: {{at_least: {n}}}
"""


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    return made(tmp_path, capsys)


def kept(shop: Shop, table: str) -> set[str]:
    """The first column of a table."""
    with closing(sqlite3.connect(shop.folder / ".coincide/coincide.db")) as connection:
        return {row[0] for row in connection.execute(f"SELECT * FROM {table}")}


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The ids of the rows that each scan had in memory: first those of the changed files, then all."""
    seen: list[list[str]] = []
    prepared = engine.prepared

    def watched(*arguments: Any) -> Rows:
        rows = prepared(*arguments)
        seen.append(sorted(rows.frame["event_id"].to_list()))
        return rows

    monkeypatch.setattr(engine, "prepared", watched)
    return seen


def taps(folder: Path, name: str, *rows: tuple[str, str, str]) -> None:
    frame = pl.DataFrame(
        [(f"{name}{number}", f"2025-03-01T{time}", *rest) for number, (time, *rest) in enumerate(rows)],
        schema=["id", "when", "token", "stop"],
        orient="row",
    )
    when = pl.col("when").str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us", time_zone="UTC")
    (folder / "taps").mkdir(exist_ok=True)
    frame.with_columns(when).write_parquet(folder / "taps" / f"{name}.parquet")


def test_what_must_be_read_again_as_a_whole_goes_through_the_sieve(
    shop: Shop, loaded: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieve, "LEAST_ROWS", 0)
    shop.write("coincide.toml", TAPS)
    shop.write("rules/two-things.yaml", TAP_RULE.format(id="by-account", by="account", n=2))
    few = TAP_RULE.format(id="by-actor", by="actor", n=2).replace("velocity:", "where: place = 'gate'\nvelocity:")
    shop.write("rules/by-actor.yaml", few)
    shop.write("cards/1.csv", "token,card\na,k\nb,k\n")
    shop.write("cards/2.csv", "token,card\nb,l\nc,l\n")
    taps(shop.folder, "t", ("10:00", "a", ""), ("10:10", "a", ""), ("12:00", "b", "gate"), ("12:10", "c", "gate"))
    taps(shop.folder, "u", ("15:00", "d", ""), ("18:00", "e", ""))
    before = shop.json("scan")
    assert loaded == [["t0", "t1", "t2", "t3"]]
    assert [alert["rule"] for alert in before["alerts"]] == ["by-account", "by-actor"]
    # Whose link went with the file cannot be told any more.
    (shop.folder / "cards" / "2.csv").unlink()
    document = shop.json("scan")
    assert loaded[1:] == [[], ["t0", "t1", "t2", "t3"]]
    assert [alert["rule"] for alert in document["alerts"]] == ["by-account"]
    assert document["rows"] == before["rows"]
    assert document["run"]["read"] == 6
    observed = {one["rule"]: one["observations"] for one in document["rules"]}
    assert observed == {"by-account": 6, "by-actor": 2}


def test_a_card_that_two_old_accounts_share_by_a_new_file_raises_their_alert(
    shop: Shop, loaded: list[list[str]]
) -> None:
    shop.rows("1,2025-03-01T10:00:00,anna,s1,,\n2,2025-03-02T10:00:00,cora,s1,,\n")
    shop.rows("3,2025-03-03T10:00:00,bert,s2,,\n4,2025-03-04T10:00:00,dora,s1,,\n", "purchases/b.csv")
    assert shop.json("scan")["alerts"] == []
    shop.rows("5,2026-07-01T10:00:00,anna,zz,c1,\n6,2026-07-01T10:00:00,bert,zz,c1,\n", "purchases/c.csv")
    document = shop.json("scan")
    (alert,) = document["alerts"]
    assert alert["actor"] == shop.name("anna")
    # The others of the same files are no news.
    assert loaded[-1] == ["1", "3"]
    assert document["run"]["read"] == 2 + 2
    assert (document["rows"]["read"], document["rows"]["unmatched"], document["rows"]["accepted"]) == (6, 2, 4)
    assert document["rules"][0]["observations"] == 4


def test_a_card_that_becomes_generic_takes_the_alert_away_and_leaves_those_of_others(
    shop: Shop, loaded: list[list[str]]
) -> None:
    shop.json("scan")
    shop.rows("".join(f"{n},2026-07-01T10:00:00,{n},zz,c1,\n" for n in (5, 6, 7)), "purchases/b.csv")
    (alert,) = shop.json("scan")["alerts"]
    assert (alert["id"], alert["actor"]) == ("A-2", shop.name("cora"))
    assert loaded[-1] == ["1", "2"]
    gone = shop.json("alerts", "show", "A-1")
    assert gone["status"] == "withdrawn"
    assert "the accounts of an actor changed" in gone["reason"]


def test_an_alert_goes_on_under_the_name_of_the_account_that_joined(shop: Shop) -> None:
    shop.json("scan")
    shop.rows("5,2026-07-01T10:00:00,abel,zz,c2,\n6,2026-07-01T10:00:00,cora,zz,c2,\n", "purchases/b.csv")
    alerts = shop.json("scan")["alerts"]
    assert [(one["id"], one["actor"]) for one in alerts] == [("A-1", shop.name("anna")), ("A-2", shop.name("abel"))]


def test_rows_of_moved_accounts_in_files_that_are_read_anyway_come_once(shop: Shop, loaded: list[list[str]]) -> None:
    shop.rows("8,2025-01-01T10:00:00,cora,s2,,\n9,2025-01-01T10:00:00,emil,s1,,\n", "purchases/b.csv")
    shop.json("scan")
    # Cora joins, and her new row lies in the window of those of the first file.
    shop.rows("5,2025-03-05T10:00:00,cora,s1,c1,\n", "purchases/c.csv")
    (alert,) = shop.json("scan")["alerts"]
    assert loaded[-1] == ["1", "2", "3", "4", "5", "8"]
    assert (alert["actor"], alert["hits"]) == (shop.name("anna"), 4)


def test_a_removed_file_that_had_joined_accounts_has_everything_read_again(shop: Shop, loaded: list[list[str]]) -> None:
    shop.rows("1,2025-03-01T10:00:00,anna,s1,,\n2,2025-03-02T10:00:00,bert,s2,,\n3,2025-01-01T10:00:00,cora,s1,,\n")
    shop.rows("5,2026-07-01T10:00:00,anna,zz,c1,\n6,2026-07-01T10:00:00,bert,zz,c1,\n", "purchases/b.csv")
    assert len(shop.json("scan")["alerts"]) == 1
    (shop.folder / "purchases" / "b.csv").unlink()
    assert shop.json("scan")["alerts"] == []
    assert loaded[-1] == ["1", "2", "3"]


def test_new_master_data_moves_accounts_too(shop: Shop, loaded: list[list[str]]) -> None:
    shop.write("coincide.toml", TAPS)
    shop.write("rules/two-things.yaml", TAP_RULE.format(id="by-actor", by="actor", n=2))
    shop.write("cards/1.csv", "token,card\na,k\nb,k\n")
    taps(shop.folder, "t", ("10:00", "a", ""), ("10:10", "c", ""), ("12:00", "d", ""), ("15:00", "e", ""))
    assert shop.json("scan")["alerts"] == []
    shop.write("cards/2.csv", "token,card\na,l\nc,l\n")
    (alert,) = shop.json("scan")["alerts"]
    assert alert["actor"] == shop.name("a", "taps")
    assert loaded[-1] == ["t0", "t1"]


def test_memberships_of_accounts_that_are_not_read_again_stay(shop: Shop) -> None:
    shop.json("scan")
    first = shop.json("entities", "explain", shop.name("bert"))
    # A row far away, and then two accounts elsewhere that come together.
    shop.rows("5,2026-07-01T10:00:00,dora,s2,,\n", "purchases/b.csv")
    shop.json("scan")
    assert shop.json("entities", "explain", shop.name("bert")) == first
    assert (first["since"], first["version"]) == (1, 1)
    shop.rows("6,2026-07-02T10:00:00,dora,s2,c5,\n7,2026-07-02T10:00:00,emil,s1,c5,\n", "purchases/c.csv")
    assert shop.name("dora") in [alert["actor"] for alert in shop.json("scan")["alerts"]]
    assert shop.json("entities", "explain", shop.name("bert")) == {**first, "version": 2}
    assert shop.json("entities", "explain", shop.name("emil"))["since"] == 2


def test_of_whom_no_alert_is_about_nothing_is_kept(shop: Shop) -> None:
    shop.rows("6,2026-07-02T10:00:00,dora,s2,c5,\n7,2026-07-02T10:00:00,emil,s2,c5,\n", "purchases/c.csv")
    shop.json("scan")
    names = {shop.name(name) for name in ("anna", "bert", "cora")}
    assert kept(shop, "pseudonym") == names
    assert kept(shop, "membership") == {shop.name("anna"), shop.name("bert")}
    # Their companions are told from the files, and may be cut.
    dora, emil = shop.name("dora"), shop.name("emil")
    told = shop.json("entities", "explain", dora)
    assert (told["accounts"], told["since"]) == ([dora, emil], None)
    assert shop.call("entities", "separate", dora, emil, "--because", "brothers", "--by", "kim")[0] == 0
    assert kept(shop, "pseudonym") == {*names, dora, emil}
    shop.json("scan")
    assert shop.json("entities", "explain", dora)["end"] == "alone"


def test_memberships_go_with_the_last_alert_of_their_actor(shop: Shop) -> None:
    shop.json("scan")
    assert kept(shop, "membership") == {shop.name("anna"), shop.name("bert")}
    shop.rows("2,2025-03-02T10:00:00,bert,s2,c1,h1\n")
    shop.rows("9,2025-03-02T10:00:00,anna,zz,c1,h1\n", "purchases/b.csv")
    assert shop.json("scan")["alerts"] == []
    assert kept(shop, "membership") == set()


def test_a_companion_is_forgotten_when_nothing_names_it_any_more(shop: Shop) -> None:
    shop.rows("5,2026-07-01T10:00:00,zoe,zz,c1,\n6,2026-07-01T10:00:00,bert,zz,c1,\n", "purchases/b.csv")
    shop.json("scan")
    names = {shop.name(name) for name in ("anna", "bert", "cora")}
    assert kept(shop, "pseudonym") == {*names, shop.name("zoe")}
    (shop.folder / "purchases" / "b.csv").unlink()
    shop.json("scan")
    assert kept(shop, "pseudonym") == names
    # Whom an alert of the past names stays: it is told with its reason for ever.
    shop.rows("")
    assert shop.json("scan")["alerts"] == []
    assert kept(shop, "pseudonym") == names
    assert kept(shop, "membership") == set()


def test_a_separated_account_is_not_forgotten(shop: Shop) -> None:
    shop.rows("5,2026-07-01T10:00:00,zoe,zz,c1,\n6,2026-07-01T10:00:00,bert,zz,c1,\n", "purchases/b.csv")
    shop.json("scan")
    zoe = shop.name("zoe")
    assert shop.call("entities", "separate", zoe, shop.name("bert"), "--because", "sisters", "--by", "kim")[0] == 0
    (shop.folder / "purchases" / "b.csv").unlink()
    shop.json("scan")
    assert zoe in kept(shop, "pseudonym")


def test_all_accounts_of_an_alerted_actor_are_kept_those_too_that_no_rule_looked_at(shop: Shop) -> None:
    shop.rows("5,2026-07-01T10:00:00,abel,zz,c1,\n6,2026-07-01T10:00:00,bert,zz,c1,\n", "purchases/b.csv")
    shop.json("scan")
    assert kept(shop, "membership") == {shop.name(name) for name in ("abel", "anna", "bert")}


def test_a_decided_alert_under_an_old_name_is_still_that_of_the_actor_who_has_its_account_now(shop: Shop) -> None:
    shop.rows("1,2025-03-01T10:00:00,bert,s1,,\n2,2025-03-02T10:00:00,bert,s2,,\n", "purchases/a.csv")
    shop.json("scan")
    assert shop.call("alerts", "decide", "A-1", "benign", "--because", "a gift")[0] == 0
    shop.rows("3,2025-07-05T10:00:00,abel,zz,c1,\n4,2025-07-05T10:00:00,bert,zz,c1,\n", "purchases/b.csv")
    assert shop.json("scan")["alerts"] == []
    shop.rows("5,2025-03-02T12:00:00,abel,s1,,\n", "purchases/c.csv")
    (alert,) = shop.json("scan")["alerts"]
    assert (alert["id"], alert["actor"], alert["linked_to"]) == ("A-2", shop.name("abel"), "A-1")
    assert alert["started_by"] == "5"


def test_a_decided_alert_whose_account_has_gone_elsewhere_is_not_amended_for_the_actor_it_is_named_after(
    shop: Shop,
) -> None:
    shop.rows("1,2025-03-01T10:00:00,bert,s1,,\n2,2025-03-02T10:00:00,bert,s2,,\n", "purchases/a.csv")
    shop.rows("3,2025-03-05T10:00:00,anna,zz,c1,\n4,2025-03-05T10:00:00,bert,zz,c1,\n", "purchases/b.csv")
    shop.json("scan")
    assert shop.call("alerts", "decide", "A-1", "benign", "--because", "a gift")[0] == 0
    (shop.folder / "purchases" / "b.csv").write_text("id,when,customer,sku,card,home\n")
    shop.json("scan")
    before = shop.json("alerts", "show", "A-1")
    # Anna, after whom the decided alert is called, joins another.
    shop.rows("5,2026-07-01T10:00:00,anna,s1,c7,\n6,2026-07-01T10:00:00,cora,zz,c7,\n", "purchases/c.csv")
    shop.json("scan")
    assert shop.json("alerts", "show", "A-1")["history"] == before["history"]
    # And she buys something at the time of it.
    shop.rows("7,2025-03-02T12:00:00,anna,s1,,\n", "purchases/d.csv")
    shop.json("scan")
    assert shop.json("alerts", "show", "A-1")["history"] == before["history"]


def test_the_timeline_of_a_decided_alert_follows_its_first_hit_and_not_the_name_of_its_actor(shop: Shop) -> None:
    shop.json("scan")
    anna, bert = shop.name("anna"), shop.name("bert")
    shown = shop.json("alerts", "show", "A-1")
    assert (shown["actor"], shown["started_by"]) == (anna, "2")
    shop.call("alerts", "decide", "A-1", "benign", "--because", "a gift", "--by", "kim")
    # From now on anna's name stands for anna and dora, and bert is himself again.
    shop.call("entities", "separate", anna, bert, "--because", "brothers", "--by", "kim")
    shop.rows("5,2025-03-01T12:00:00,anna,s9,c9,\n6,2025-03-01T12:00:00,dora,s1,c9,\n", "purchases/later.csv")
    shop.json("scan")
    assert len(shop.json("entities", "explain", anna)["accounts"]) == 2
    shown = shop.json("alerts", "show", "A-1")
    assert (shown["status"], shown["actor"]) == ("decided", anna)
    assert [step["event_id"] for step in shown["timeline"]] == ["1", "2"]


def test_many_rules_with_much_to_say_are_no_reason_to_refuse_a_scan(shop: Shop) -> None:
    law = "Regulation (EU) 2016/679, Article 6(1)(f) "
    for number in range(30):
        text = RULE.replace("two-things", f"two-things-{number}")
        shop.write(f"rules/{number}.yaml", text.replace("Article 6(1)(f)", f"Article 6(1)(f) {number} {law * 80}"))
    assert shop.call("scan")[0] == 0
    (entry, *_) = shop.json("ledger", "list", "--act", "scan:run")["entries"]
    assert entry["basis"].endswith(" ...")
    assert len(entry["basis"]) <= 4_000
