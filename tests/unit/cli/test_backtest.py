"""``coincide backtest`` from end to end: a town of shoppers, and all that a log or a question can lack."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import oddshop
from coincide.odds.errors import PageIsThere, SeveralRules, UnknownAlert
from coincide.store import odds
from coincide.store.database import open_database
from oddshop import HEAD, Shop

TYPES = 60
FIRST = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("COINCIDE_KEY", oddshop.KEY)
    monkeypatch.setenv("COINCIDE_PURPOSE", "to test")
    return oddshop.made(tmp_path, capsys, {"three": "draft", "one": "live"})


def town(
    people: int = 80, days: int = 200, seed: int = 5, others: int = TYPES, most: int = 5
) -> list[tuple[datetime, str, str]]:
    """When, who, what: busy people and others, who buy ``V``, ``T``, ``B`` and other things as often."""
    rng = np.random.default_rng(seed)
    names = ["V", "T", "B", *(f"X{number}" for number in range(others))]
    rows = []
    for person, trips in enumerate(rng.geometric(0.08, people) + 1):
        for second in rng.integers(0, days * 86_400, trips).tolist():
            at = FIRST + timedelta(seconds=second)
            rows += [(at, f"c{person}", names[item]) for item in rng.integers(0, len(names), rng.integers(1, most + 1))]
    return sorted(set(rows))


def stock(shop: Shop, rows: list[tuple[datetime, str, str]]) -> None:
    lines = [f"{number},{at:%Y-%m-%dT%H:%M:%SZ},{who},{what},1\n" for number, (at, who, what) in enumerate(rows)]
    shop.write("purchases/1.csv", HEAD + "".join(lines))


def assorted(shop: Shop, types: int = TYPES) -> None:
    items = "".join(f"X{number},type {number},family {number % 20}\n" for number in range(types))
    shop.write("items.csv", "sku,type,family\nV,vessels,kitchen\nT,timers,kitchen\nB,balls,tools\n" + items)
    settings = shop.folder / "coincide.toml"
    table = '[assortment]\nfiles = "items.csv"\nitem = "sku"\ntype = "type"\nfamily = "family"\n'
    settings.write_text(settings.read_text(encoding="utf-8") + table, encoding="utf-8")


def figures(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """All numbers of a document."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from figures(member, f"{path}.{name}")
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from figures(member, f"{path}[{place}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def matching(rows: list[tuple[datetime, str, str]], days: int, least: int) -> dict[str, list[datetime]]:
    """Slow and plain: of each person the times at which so many of the three were bought within the days."""
    found: dict[str, list[datetime]] = {}
    for place, (at, who, what) in enumerate(rows):
        near = {
            other
            for when, whose, other in rows[: place + 1]
            if whose == who and other in "VTB" and at - when < timedelta(days=days)
        }
        if what in ("V", "T", "B") and len(near) >= least:
            found.setdefault(who, []).append(at)
    return found


def test_every_figure_of_the_document_is_what_a_slow_count_says(shop: Shop) -> None:
    rows = town()
    stock(shop, rows)
    assorted(shop)
    told = shop.json("backtest", "--rule", str(shop.folder / "rules/three.yaml"), "--capacity", "2")
    people = {who for _, who, _ in rows}
    hits = matching(rows, 10, 3)
    assert told["log"]["actors"] == len(people)
    assert told["log"]["lines"] == len(rows)
    assert told["log"]["days"] == pytest.approx((rows[-1][0] - rows[0][0]).total_seconds() / 86_400)
    counts = told["counts"]
    assert (counts["examined"], counts["actors"]) == (len(people), len(hits))
    starts = [
        at for times in hits.values() for at, last in zip(times, [None, *times], strict=False)
        if last is None or at - last >= timedelta(days=10)
    ]  # fmt: skip
    assert counts["alerts"] == len(starts)
    assert counts["per_100000_30_days"] == pytest.approx(len(hits) / len(people) * 1e5 * 30 / told["log"]["days"])
    by_name = {one["component"]: one for one in counts["components"]}
    for name, what in (("vessel", "V"), ("timer", "T"), ("balls", "B")):
        buyers = {who for _, who, item in rows if item == what}
        assert by_name[name]["actors"] == len(buyers)
        assert by_name[name]["share"] == pytest.approx(len(buyers) / len(people))
        assert by_name[name]["events"] == sum(item == what for *_, item in rows)
    assert by_name.keys() == {"vessel", "timer", "balls"}
    weeks = Counter(f"{at.isocalendar().year}-W{at.isocalendar().week:02d}" for at in starts)
    assert {one["week"]: one["alerts"] for one in told["calendar"] if one["alerts"]} == weeks
    neighbours = {one["name"]: one["actors"] for one in told["neighbours"]}
    assert neighbours["at least 2 of 3"] == len(matching(rows, 10, 2))
    assert neighbours["within 20 days"] == len(matching(rows, 20, 3))
    assert neighbours["within 5 days"] == len(matching(rows, 5, 3))
    vessels = {who for _, who, item in rows if item == "V"}
    assert told["overlap"] == [{"rule": "one", "actors": len(vessels), "shared": len(vessels & hits.keys())}]
    assert told["load"]["alerts_per_day"] == pytest.approx(len(starts) / told["log"]["days"])
    deals = told["deals"]
    assert len(deals["counts"]) == deals["deals"] == 200
    assert deals["mean"] == pytest.approx(sum(deals["counts"]) / 200)
    ordered = sorted(deals["counts"])
    assert (deals["low"], deals["high"]) == (ordered[math.floor(199 * 0.025)], ordered[math.ceil(199 * 0.975)])
    spread = math.sqrt(sum((one - deals["mean"]) ** 2 for one in deals["counts"]) / 199)
    assert deals["error"] == pytest.approx(spread / math.sqrt(200))
    placebos = told["placebos"]
    assert placebos["rules"] == len(placebos["counts"]) == 200
    assert placebos["rank"] == sum(one > len(hits) for one in placebos["counts"]) + 1
    ordered = sorted(placebos["counts"])
    assert placebos["median"] == (ordered[99] + ordered[100]) / 2
    assert placebos["range"] == [ordered[math.floor(199 * 0.025)], ordered[math.ceil(199 * 0.975)]]
    assert placebos["half"] == [ordered[math.floor(199 * 0.25)], ordered[math.ceil(199 * 0.75)]]
    innocent = min(placebos["expected"] / len(people), 1)
    for rate in told["base_rates"]:
        true = 0.9 / rate["one_in"]
        assert rate["alerts_per_true"] == pytest.approx((true + (1 - 1 / rate["one_in"]) * innocent) / true)
    assert told["paragraph"][0].startswith(f"{len(hits)} of {len(people)} accounts matched in ")
    assert len(told["examples"]["typical"]) == min(10, -(-len(starts) // 2))
    assert all(math.isfinite(value) for _, value in figures(told))


def test_the_same_seed_tells_the_same_and_another_one_deals_other_cards(shop: Shop) -> None:
    stock(shop, town())
    assorted(shop)
    one, again = (shop.json("backtest", "--rule", "three", "--no-examples") for _ in range(2))
    other = shop.json("backtest", "--rule", "three", "--no-examples", "--seed", "2")
    assert one == again
    assert one["deals"]["counts"] != other["deals"]["counts"]
    assert one["counts"] == other["counts"]
    assert abs(one["deals"]["mean"] - other["deals"]["mean"]) < 5 * (one["deals"]["error"] + other["deals"]["error"])


def test_kept_are_counts_and_shown_are_examples_after_an_entry(shop: Shop) -> None:
    stock(shop, town())
    told = shop.json("backtest", "--rule", "three")
    assert told["examples"]["typical"]
    assert shop.acts()[-2:] == [("rule:examples", "three"), ("rule:backtest", "three")]
    with open_database(shop.folder / ".coincide").reading() as connection:
        kept = odds.latest(connection, told["fingerprint"])
    assert kept is not None
    assert "examples" not in kept.document
    assert kept.document["paragraph"] == told["paragraph"]
    assert "p-" not in json.dumps(kept.document)


def test_a_quick_answer_is_too_low_where_windows_are_short_as_it_says(shop: Shop) -> None:
    stock(shop, town(people=300, others=12, most=2))
    told = shop.json("backtest", "--rule", "three", "--quick", "--no-examples")
    dealt = shop.json("backtest", "--rule", "three", "--no-examples", "--deals", "400")["deals"]["mean"]
    assert 1 < dealt / told["quick"]["expected"] < 3
    assert "too low" in told["quick"]["bias"]
    assert "why_not" in told["deals"]
    assert "why_not" in told["neighbours"]


def test_a_quick_answer_is_not_kept(shop: Shop) -> None:
    stock(shop, town())
    told = shop.json("backtest", "--rule", "three", "--quick", "--no-examples")
    with open_database(shop.folder / ".coincide").reading() as connection:
        assert odds.latest(connection, told["fingerprint"]) is None


def test_the_odds_stand_beside_scan_and_alert(shop: Shop) -> None:
    stock(shop, town())
    told = shop.json("backtest", "--rule", "one", "--no-examples")
    scanned = shop.json("scan")
    assert {one["rule"]: one["odds"] and one["odds"]["paragraph"] for one in scanned["rules"]} == {
        "one": told["paragraph"]
    }
    assert " ".join(told["paragraph"])[:40] in shop.call("scan")[1].replace("\n", " ")
    _, out, _ = shop.call("alerts", "show", "1")
    assert told["short"] in out
    assert "This is about the rule, not about this alert." in out


def test_only_what_lies_between_from_and_to_is_looked_at(shop: Shop) -> None:
    rows = town()
    stock(shop, rows)
    told = shop.json("backtest", "--rule", "three", "--no-examples", "--from", "2025-02-01", "--to", "2025-05-01")
    first, last = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 5, 1, tzinfo=UTC)
    inside = [row for row in rows if first <= row[0] < last]
    assert told["log"]["days"] == 89
    assert told["log"]["lines"] == len(inside)
    assert told["counts"]["actors"] == len(matching(inside, 10, 3))
    assert sum(one["alerts"] for one in told["calendar"]) == told["counts"]["alerts"]


def why(told: dict[str, Any], part: str = "deals") -> str:
    assert all(math.isfinite(value) for _, value in figures(told))
    found: str = told[part]["why_not"]
    return found


def test_a_log_without_rows_is_answered_in_words(shop: Shop) -> None:
    stock(shop, [])
    told = shop.json("backtest", "--rule", "three")
    assert told["paragraph"][0] == "There are no purchases in the log."
    assert why(told) == "nothing in the log carries a component of the rule"
    assert shop.call("backtest", "--rule", "three")[0] == 0


def test_one_actor_is_too_few_for_a_deal(shop: Shop) -> None:
    stock(shop, [(FIRST + timedelta(hours=7 * n), "only", "VTB"[n % 3]) for n in range(300)])
    told = shop.json("backtest", "--rule", "three")
    assert why(told) == "not enough: 1 was there; 30 needed for a deal"
    assert why(told, "placebos") == why(told)
    assert told["counts"]["actors"] == 1


def test_a_history_shorter_than_the_window_is_no_history(shop: Shop) -> None:
    stock(shop, town(days=4))
    told = shop.json("backtest", "--rule", "three")
    assert why(told).startswith("not enough: the log has ")
    assert why(told).endswith(", and a window of the rule 10")


def test_a_rule_that_nobody_can_match_and_one_that_everybody_does(shop: Shop) -> None:
    stock(shop, [row for row in town() if row[2] not in "VTB"])
    assert why(shop.json("backtest", "--rule", "three")) == "nothing in the log carries a component of the rule"
    days = [FIRST, FIRST + timedelta(days=40)]
    stock(shop, [(at, f"c{who}", what) for at in days for who in range(40) for what in "VTB"])
    told = shop.json("backtest", "--rule", "three")
    assert told["counts"]["actors"] == told["counts"]["examined"] == 40
    assert told["deals"]["mean"] == 40
    assert math.isclose(told["base_rates"][0]["alerts_per_true"], (0.0009 + 0.999) / 0.0009)


def test_all_that_was_bought_was_bought_by_one_of_many(shop: Shop) -> None:
    rows = [(FIRST + timedelta(hours=n), "busy", "VTB"[n % 3]) for n in range(600)]
    stock(shop, rows + [(FIRST + timedelta(days=n), f"c{n}", "X1") for n in range(60)])
    told = shop.json("backtest", "--rule", "three")
    assert told["counts"]["actors"] == 1
    assert why(told, "ratio").startswith("fewer than 5 ")
    assert "ratio" not in told["ratio"]


def test_a_rule_of_one_component_is_not_dealt(shop: Shop) -> None:
    stock(shop, town())
    assert why(shop.json("backtest", "--rule", "one")).startswith("the rule has one component")


def test_too_small_an_assortment_makes_up_nothing(shop: Shop) -> None:
    stock(shop, town())
    assert "no item types are known" in why(shop.json("backtest", "--rule", "three"), "placebos")
    assorted(shop, types=3)
    told = shop.json("backtest", "--rule", "three")
    assert why(told, "placebos").startswith("the assortment is too small")
    assert "made-up" in told["paragraph"][2]
    assert "mean" in told["deals"]


def test_nobody_to_read_alerts_is_said_in_words(shop: Shop) -> None:
    stock(shop, town())
    told = shop.json("backtest", "--rule", "three", "--capacity", "0")
    assert "why_not" in told["load"]["share"]
    assert "capacity" in told["load"]["says"]
    assert all(math.isfinite(value) for _, value in figures(told))


def test_what_people_can_read_is_set_in_the_workspace_unless_said(shop: Shop) -> None:
    stock(shop, town())
    settings = shop.folder / "coincide.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "[odds]\ncapacity = 4\n", encoding="utf-8")
    assert shop.json("backtest", "--rule", "three")["load"]["capacity"] == 4
    assert shop.json("backtest", "--rule", "three", "--capacity", "2")["load"]["capacity"] == 2


def test_dispositions_of_alerts_that_are_not_there_are_refused_by_line(shop: Shop) -> None:
    stock(shop, town())
    shop.call("scan")
    table = shop.write("decided.csv", "alert,disposition\nA-1,benign\nA-99999,suspicious\n")
    status, _, err = shop.call("backtest", "--rule", "one", "--dispositions", str(table))
    assert status == 3
    assert UnknownAlert.code in err
    assert "decided.csv:3" in err
    table.write_text("alert,disposition\nA-1,benign\nA-2,suspicious\nA-3,inconclusive\n", encoding="utf-8")
    told = shop.json("backtest", "--rule", "one", "--dispositions", str(table))["precision"]
    assert (told["benign"], told["suspicious"], told["inconclusive"], told["share"]) == (1, 1, 1, 0.5)


def test_a_backtest_is_of_one_rule_and_its_page_is_a_new_file(shop: Shop) -> None:
    stock(shop, town())
    both = shop.write("both.yaml", oddshop.rule("three") + "---\n" + oddshop.rule("one"))
    status, _, err = shop.call("backtest", "--rule", str(both))
    assert (status, SeveralRules.code in err) == (2, True)
    page = shop.write("there.html", "mine")
    status, _, err = shop.call("backtest", "--rule", "three", "--html", str(page))
    assert PageIsThere.code in err
    assert page.read_text(encoding="utf-8") == "mine"
    assert shop.call("backtest", "--rule", "three", "--html", str(shop.folder / "new.html"))[0] == 0
    assert "dealt out again" in (shop.folder / "new.html").read_text(encoding="utf-8")


def test_ends_in_the_wrong_order_are_usage(shop: Shop) -> None:
    status, _, err = shop.call("backtest", "--rule", "three", "--from", "2025-05-01", "--to", "2025-02-01")
    assert status == 2
    assert "nothing lies between" in err


def test_two_wordings_of_a_rule_are_set_side_by_side(shop: Shop) -> None:
    stock(shop, town())
    old = shop.write("old.yaml", oddshop.rule("three", "draft").replace("at_least: 3", "at_least: 2"))
    page = shop.folder / "two.html"
    told = shop.json("rules", "diff", str(old), "--odds", "--html", str(page))
    before, after = told["rules"][0]["odds"]
    assert before["counts"]["actors"] > after["counts"]["actors"]
    assert "Difference" in page.read_text(encoding="utf-8")
    status, out, _ = shop.call("rules", "diff", str(old), "--odds")
    assert status == 0
    assert f"Old: {' '.join(before['paragraph'])}" in out
    status, _, err = shop.call("rules", "diff", str(shop.folder / "rules"), "--html", str(shop.folder / "none.html"))
    assert (status, "a page is of one rule" in err) == (2, True)
    status, _, err = shop.call("rules", "diff", str(old), "--odds", "--no-history")
    assert (status, "reads no source" in err) == (2, True)
