"""Scans of workspaces whose items are known by their titles."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coincide.cli.main import run

SETTINGS = """
[sources.shop]
kind = "purchase"
files = "purchases/*"
[sources.shop.columns]
event_id = "id"
occurred_at = "when"
account = "customer"
item = "sku"
title = "name"
[catalog]
files = "catalog.csv"
"""
RULE = """rule: {id}
title: Two of three
status: live
severity: high
why: To try.
basis: {{purpose: test, law: none}}
innocent: [anything]
events: purchase
by: account
within: 10 days
combination: {{at_least: 2, of: [vessel, timer, balls]}}
"""
CATALOG = "match,value,component\nsku,V,vessel\ntitle,timer,timer\ntitle,steel ball*,balls\ntitle-not,book,timer\n"
ROWS = [
    ("1", "2025-03-01T10:00:00Z", "a", "x", "Kitchen TIMER"),
    ("2", "2025-03-02T10:00:00Z", "a", "y", "Steelballs 8 mm"),
    ("3", "2025-03-02T10:00:00Z", "b", "V", "Timer"),
    ("4", "2025-03-03T10:00:00Z", "b", "z", "timer book"),
    ("5", "2025-03-03T11:00:00Z", "b", "z", None),
    ("6", "2025-03-03T12:00:00Z", "c", "z", "tіmer"),  # with a Cyrillic letter
    ("7", "2025-03-03T12:00:00Z", "c", "V", ""),
]
NAMES = ("id", "when", "customer", "sku", "name")


class Shop:
    """A workspace whose catalog knows titles."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        for name in ("purchases", "rules"):
            (folder / name).mkdir()
        (folder / "coincide.toml").write_text(SETTINGS)
        (folder / "catalog.csv").write_text(CATALOG)
        (folder / "rules" / "two.yaml").write_text(RULE.format(id="two-of-three"))

    def rows(self, format_: str = "csv", rows: Sequence[tuple[str | None, ...]] = ROWS, name: str = "a") -> None:
        frame = pl.DataFrame(rows, schema=dict.fromkeys(NAMES, pl.String), orient="row")
        path = self.folder / "purchases" / f"{name}.{format_}"
        match format_:
            case "csv":
                frame.write_csv(path)
            case "parquet":
                frame.write_parquet(path)
            case _:
                frame.write_ndjson(path)

    def run(self, *arguments: str, code: int = 0) -> Any:
        self._capsys.readouterr()
        assert run([*arguments, "-w", str(self.folder), "--json"]) == code, self._capsys.readouterr().err
        out, err = self._capsys.readouterr()
        return json.loads(out if code == 0 else err)

    def tags(self) -> dict[tuple[str, str], tuple[str, int]]:
        with sqlite3.connect(self.folder / ".coincide" / "coincide.db") as connection:
            rows = connection.execute("SELECT title, component, pattern, first_at FROM title_tag").fetchall()
        return {(title, component): (pattern, at) for title, component, pattern, at in rows}


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    return Shop(tmp_path, capsys)


@pytest.mark.parametrize("format_", ["csv", "parquet", "ndjson"])
def test_titles_make_components_where_codes_say_nothing(shop: Shop, format_: str) -> None:
    shop.rows(format_)
    document = shop.run("scan")
    started = sorted(one["started_by"] for one in shop.run("alerts", "list")["alerts"])
    # What b bought is a vessel by its code, whatever its title says, and a book is no timer.
    assert started == ["2", "7"]
    assert document["rows"] == {"read": 7, "unmatched": 2, "accepted": 5, "duplicates": 0, "quarantined": 0}
    assert set(shop.tags()) == {
        ("Kitchen TIMER", "timer"),
        ("Steelballs 8 mm", "balls"),
        ("Timer", "timer"),
        ("tіmer", "timer"),
    }


def test_what_another_file_brings_is_tagged_alike_and_keeps_its_first_day(shop: Shop) -> None:
    shop.rows()
    shop.run("scan")
    before = shop.tags()
    shop.rows(
        name="b",
        rows=[("8", "2025-03-04T10:00:00Z", "d", "q", "timer"), ("9", "2025-03-05T10:00:00Z", "d", "q", "steel ball")],
    )
    assert len(shop.run("scan")["alerts"]) == 3
    after = shop.tags()
    assert {key: after[key] for key in before} == before
    assert set(after) - set(before) == {("timer", "timer"), ("steel ball", "balls")}


def test_a_changed_catalog_withdraws_what_no_longer_holds_and_says_why(shop: Shop) -> None:
    shop.rows()
    assert len(shop.run("scan")["alerts"]) == 2
    (shop.folder / "catalog.csv").write_text(CATALOG + "title-not,kitchen,timer\n")
    assert [one["id"] for one in shop.run("scan")["alerts"]] != ["A-1", "A-2"]
    gone = next(one for one in shop.run("alerts", "list", "--status", "all")["alerts"] if one["status"] == "withdrawn")
    assert "the catalog changed" in gone["reason"]
    assert ("Kitchen TIMER", "timer") not in shop.tags()


def test_a_row_for_a_component_that_no_rule_names_makes_nothing_be_read_again(shop: Shop) -> None:
    shop.rows()
    shop.run("scan")
    (shop.folder / "catalog.csv").write_text(CATALOG + "title,lamp,lamp\n")
    assert shop.run("scan")["run"]["read"] == 0
    (shop.folder / "catalog.csv").write_text(CATALOG + "title,clock,timer\n")
    assert shop.run("scan")["run"]["read"] == 7


def test_a_title_that_is_no_text_is_missing_and_a_long_one_is_read_by_its_beginning(shop: Shop) -> None:
    lines = [
        b"id,when,customer,sku,name",
        b"1,2025-03-01T10:00:00Z,a,x,timer \xff\xfe",
        b"2,2025-03-01T10:00:00Z,a,V,y",
    ]
    lines.append(b"3,2025-03-01T10:00:00Z,c,x,timer " + b"x" * 100_000)
    lines.append(b"4,2025-03-01T10:00:00Z,c,V,y")
    (shop.folder / "purchases" / "a.csv").write_bytes(b"\n".join(lines) + b"\n")
    shop.run("scan")
    found = shop.run("alerts", "list")["alerts"]
    assert [one["started_by"] for one in found] == ["4"]


def test_a_lone_surrogate_in_a_title_costs_no_row_of_others(shop: Shop) -> None:
    lines = [
        r'{"id": "1", "when": "2025-03-01T10:00:00Z", "customer": "a", "sku": "x", "name": "timer \ud800"}',
        r'{"id": "2", "when": "2025-03-01T10:00:00Z", "customer": "a", "sku": "V", "name": "y"}',
        r'{"id": "3", "when": "2025-03-01T10:00:00Z", "customer": "b", "sku": "x", "name": "timer"}',
        r'{"id": "4", "when": "2025-03-01T10:00:00Z", "customer": "b", "sku": "V", "name": "y"}',
    ]
    (shop.folder / "purchases" / "a.ndjson").write_text("\n".join(lines) + "\n")
    document = shop.run("scan")
    assert document["rows"]["read"] == 4
    assert "4" in [one["started_by"] for one in shop.run("alerts", "list")["alerts"]]


def test_a_pattern_that_fits_too_much_stops_the_scan_before_anything_is_kept(shop: Shop) -> None:
    rows = [(str(n), "2025-03-01T10:00:00Z", "a", "x", f"timer {n}") for n in range(1_000)]
    shop.rows("parquet", rows)
    error = shop.run("scan", code=3)["errors"][0]
    assert error["code"] == "COI-C015"
    assert "1,000 of 1,000" in error["message"]
    assert shop.run("alerts", "list")["alerts"] == []
    (shop.folder / "coincide.toml").write_text(SETTINGS + "most = 1.0\n")
    shop.run("scan")


def test_why_not_and_the_timeline_know_titles(shop: Shop) -> None:
    shop.rows()
    shop.run("scan")
    shown = shop.run("alerts", "show", "A-1")
    assert [one["details"]["components"] for one in shown["timeline"]] == ["timer", "balls"]
    told = shop.run("why-not", "two-of-three", "b")
    assert (told["rows"]["observations"], told["rows"]["other_component"]) == (1, 2)


def test_review_shows_what_is_new_near_alike_and_contradictory(shop: Shop) -> None:
    rows = [
        *ROWS,
        ("10", "2025-03-09T10:00:00Z", "e", "q", "kitchen timmer"),
        ("11", "2025-03-09T10:00:00Z", "e", "V", "steel balls"),
    ]
    shop.rows(rows=rows)
    found = shop.run("catalog", "review")
    assert {one["title"] for one in found["new"]} == {
        "Kitchen TIMER",
        "Steelballs 8 mm",
        "Timer",
        "tіmer",
        "steel balls",
    }
    assert [(one["title"], one["components"]) for one in found["near"]] == [("timer book", ["timer"])]
    assert "kitchen timmer" in [one["title"] for one in found["alike"]]
    assert {(one["title"], *one["components"]) for one in found["disagreeing"]} == {
        ("Timer", "timer", "vessel"),
        ("steel balls", "balls", "vessel"),
    }
    shop.run("scan")
    assert shop.run("catalog", "review", "--since", "2100-01-01")["new"] == []


def test_a_decision_is_a_row_of_the_catalog_and_the_next_scan_takes_it(shop: Shop) -> None:
    shop.rows(
        rows=[("1", "2025-03-01T10:00:00Z", "a", "x", "Egg *clock*, red"), ("2", "2025-03-01T10:00:00Z", "a", "V", "y")]
    )
    assert shop.run("scan")["alerts"] == []
    said = shop.run("catalog", "decide", "Egg *clock*, red", "--is", "timer", "--dry-run")
    assert (said["row"], (shop.folder / "catalog.csv").read_text()) == ("title,egg clock red,timer", CATALOG)
    shop.run("catalog", "decide", "Egg *clock*, red", "--is", "timer")
    assert len(shop.run("scan")["alerts"]) == 1
    error = shop.run("catalog", "decide", "egg clock RED", "--not", "timer", code=3)["errors"][0]
    assert error["code"] == "COI-C014"
    (shop.folder / "coincide.toml").write_text(SETTINGS.replace('[catalog]\nfiles = "catalog.csv"\n', ""))
    assert shop.run("catalog", "decide", "x", "--is", "timer", code=3)["errors"][0]["code"] == "COI-C016"
