"""The simulated marketplace is ground truth for packs: as titles are meant, the labelled cases match and no others."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from coincide.cli import simulate as command
from coincide.engines.workspace import open_workspace
from coincide.packs import pack
from coincide.settings import load
from coincide.simulate.case import COMBINATION, EVERYDAY_COMBINATION, PAYMENT, QUANTITY, RULES, UNUSUAL, cases
from coincide.simulate.errors import FolderNotEmpty
from coincide.simulate.item import COMPONENTS
from coincide.simulate.marketplace import SCHEMA, Marketplace
from coincide.simulate.plant import WINDOW_US
from coincide.simulate.shop import CHUNK, SMALLEST, START_US, YEAR_US
from coincide.simulate.title import EVERYDAY, KINDS, LANGUAGES, PRECURSORS, listings
from coincide.simulate.workspace import write_marketplace

Line = tuple[int, str, str, int, str, str]
"""Time, actor, component, pieces, payment, kind of customer."""


def _lines(made: Marketplace) -> list[Line]:
    """The lines of components, with whoever shares a card as one actor."""
    log = pl.concat(made.chunks())
    cards = log.drop_nulls("card_no").select("customer", "card_no").unique()
    actor_of = {}
    for (accounts,) in cards.group_by("card_no").agg("customer").select("customer").iter_rows():
        assert len(accounts) <= 2
        for account in accounts:
            assert account not in actor_of, "an account has one card"
            actor_of[account] = min(accounts)
    component = dict(made.titles().filter(pl.col("components") != "").select("title", "components").iter_rows())
    bought = log.filter(pl.col("title").is_in(list(component)), pl.col("qty") > 0).sort("when", "id")
    columns = (pl.col("when").dt.timestamp("us"), "customer", "title", "qty", "payment", "customer_type")
    return [
        (at, actor_of.get(customer, customer), component[title], *rest)
        for at, customer, title, *rest in bought.select(*columns).iter_rows()
    ]


def _episodes(lines: Iterable[Line], window_us: int, least: int, counted: str) -> dict[str, int]:
    """Actor -> runs of lines at which, in the window, ``counted`` is at least so much."""
    of: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        of[line[1]].append(line)
    found = {}
    for actor, mine in of.items():
        hits: list[int] = []
        for place, (at, *_) in enumerate(mine):
            near = [line for line in mine[: place + 1] if line[0] > at - window_us]
            total = len({line[2] for line in near}) if counted == "components" else sum(line[3] for line in near)
            if total >= least:
                hits.append(at)
        runs = sum(place == 0 or hit - hits[place - 1] >= window_us for place, hit in enumerate(hits))
        if runs:
            found[actor] = runs
    return found


def _alerts(lines: list[Line]) -> dict[tuple[str, str], int]:
    """The four rules as plain loops: actor and rule -> alerts."""
    regulated = [line for line in lines if line[2] not in COMPONENTS]
    private = [line for line in regulated if line[5] != "professional"]
    by_rule = {
        EVERYDAY_COMBINATION: _episodes([one for one in lines if one[2] in COMPONENTS], WINDOW_US, 3, "components"),
        COMBINATION: _episodes(private, 3 * WINDOW_US, 3, "components"),
        QUANTITY: _episodes(private, WINDOW_US, 10, "pieces"),
        PAYMENT: _episodes([one for one in regulated if one[4] in UNUSUAL], WINDOW_US, 1, "pieces"),
    }
    return {(actor, rule): count for rule, found in by_rule.items() for actor, count in found.items()}


@pytest.mark.parametrize(("size", "seed"), [(SMALLEST, 0), (50_000, 1), (300_001, 7)])
def test_exactly_the_labelled_cases_match_if_titles_are_read_as_they_are_meant(size: int, seed: int) -> None:
    made = Marketplace(size, seed)
    labels = made.labels().unique("actor").filter(pl.col("expected_alerts") > 0)
    expected = {
        (actor, rule): count for actor, rule, count in labels.select("actor", "rule", "expected_alerts").iter_rows()
    }
    assert _alerts(_lines(made)) == expected


def test_every_language_has_every_case_of_every_rule() -> None:
    counts = Counter((case.language, case.rule, case.planted) for case in cases(150_000, np.random.default_rng(1)))
    kinds = {(rule, kind) for rule in RULES for kind in ("inside", "outside", "linked")} - {(PAYMENT, "linked")}
    assert counts == {(language, *kind): 3 for language in range(len(LANGUAGES)) for kind in kinds}


def test_some_cases_lie_on_the_edge_of_their_window() -> None:
    widths: dict[tuple[str, str], set[int]] = defaultdict(set)
    for case in cases(300_000, np.random.default_rng(1)):
        at = [bought.at_us for bought in case.purchases]
        widths[case.rule, case.planted].add(max(at) - min(at))
    for rule, window_us in ((EVERYDAY_COMBINATION, WINDOW_US), (COMBINATION, 3 * WINDOW_US), (QUANTITY, WINDOW_US)):
        assert window_us - 1 in widths[rule, "inside"]
        assert window_us in widths[rule, "outside"]


def test_the_components_are_those_of_the_packs() -> None:
    assert {KINDS[kind] for kind in EVERYDAY} == set(COMPONENTS)
    with (pack.every()["eu-2019-1148"].folder / "substances.csv").open(encoding="utf-8") as file:
        assert [KINDS[kind] for kind in PRECURSORS] == sorted(row["component"] for row in csv.DictReader(file))
    assert len(KINDS) == PRECURSORS.stop


def test_a_title_is_one_thing_and_every_name_and_way_of_writing_is_there() -> None:
    table = listings(20_000, np.random.default_rng(1)).table
    assert table.group_by("title").agg(pl.col("kind").n_unique())["kind"].max() == 1
    assert not table["title"].str.contains("[{}]").any()
    assert table["name"].str.len_chars().min() >= 2  # type: ignore[operator]
    ways = {language: set(table.filter(language=language)["way"]) for language in LANGUAGES}
    assert ways["en"] == {"plain", "capitals", "joined", "parted", "full-width", "look-alike", "zero-width"}
    assert ways["fr"] - ways["en"] == {"bare"}
    assert ways["ar"] == {"plain", "bare", "parted", "look-alike", "zero-width", "tatweel"}
    assert {"plain", "parted", "zero-width"} <= ways["zh"]
    assert 0.05 < (table["way"] != "plain").mean() < 0.12  # type: ignore[operator]


def test_a_name_keeps_its_letters_however_it_is_written() -> None:
    table = listings(20_000, np.random.default_rng(1)).table
    wide = table.filter(way="full-width", language="en").row(0, named=True)
    assert wide["name"].split()[0] not in wide["title"]
    parted = table.filter(way="parted", language="en").filter(pl.col("name").str.contains(" ")).row(0, named=True)
    assert parted["name"].replace(" ", "-") in parted["title"]
    apart = table.filter(way="parted", language="zh", kind="steel-balls").row(0, named=True)
    assert " ".join(apart["name"]) in apart["title"]
    hidden = table.filter(way="zero-width", language="de").row(0, named=True)
    assert hidden["name"] in hidden["title"].replace("\u200b", "")


def test_there_are_hundreds_of_goods_and_near_misses_of_many_sorts_in_each_language() -> None:
    table = listings(1, np.random.default_rng(1)).table
    names = table.group_by("language", "kind").agg(pl.col("name").n_unique())
    assert names.filter(kind="good")["name"].min() >= 300  # type: ignore[operator]
    assert names.filter(kind="trap")["name"].min() >= 100  # type: ignore[operator]
    assert len(names) == len(LANGUAGES) * len(KINDS)


def test_the_log_has_the_size_asked_for_and_is_in_time_order() -> None:
    log = pl.concat(Marketplace(CHUNK + 1_234, 3).chunks())
    assert dict(log.schema) == SCHEMA
    assert len(log) == CHUNK + 1_234
    assert log["id"].n_unique() == len(log)
    assert log["when"].is_sorted()
    assert log["card_no"].is_not_null().any()
    assert log.filter(pl.col("payment") != "card")["card_no"].is_null().all()
    times = log["when"].dt.timestamp("us")
    assert times[0] >= START_US and times[-1] < START_US + YEAR_US


def test_the_seed_decides_everything_on_every_machine() -> None:
    def digest(seed: int) -> str:
        return hashlib.sha256(pl.concat(Marketplace(20_000, seed).chunks()).write_csv().encode()).hexdigest()

    assert digest(7) == digest(7)
    assert digest(7) != digest(8)
    assert digest(7) == "8265c7e308e5d545e3941e8d73457b72130fd4a3e9e1d77aa3bec8825b23bf57"


def test_a_marketplace_too_small_or_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1000 rows"):
        Marketplace(SMALLEST - 1, 7)
    with pytest.raises(ValueError, match="negative"):
        Marketplace(SMALLEST, -1)


def test_the_workspace_maps_titles_to_packs_in_shadow_and_no_code_says_what_an_item_is(tmp_path: Path) -> None:
    write_marketplace(tmp_path, Marketplace(SMALLEST, 7))
    settings = load(tmp_path)
    assert {"item", "category"}.isdisjoint(settings.sources["purchases"].columns)
    assert {one.plan.rule: one.rule.status for one in open_workspace(tmp_path).rules} == dict.fromkeys(RULES, "shadow")
    assert "**simulated**: 1000 purchase lines" in (tmp_path / "README.md").read_text("utf-8")
    with pytest.raises(FolderNotEmpty):
        write_marketplace(tmp_path, Marketplace(SMALLEST, 7))


def test_the_command_tells_what_is_planted(tmp_path: Path) -> None:
    said = CliRunner().invoke(command.simulate, ["marketplace", str(tmp_path / "one"), "--size", "50000"])
    assert said.exit_code == 0
    assert "24 that a rule finds, 24 that it just misses, 18 linked by a card" in said.stdout
    document = json.loads(
        CliRunner().invoke(command.simulate, ["marketplace", str(tmp_path / "two"), "--size", "50000", "--json"]).stdout
    )
    assert document["planted"] == {"inside": 24, "outside": 24, "linked": 18}
    assert (document["rows"], document["expected_alerts"], document["simulated"]) == (50_000, 42, True)
    assert document["files"] == ["purchases/purchases-0001.parquet"]
