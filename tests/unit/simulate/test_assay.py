"""What packs find in a simulated marketplace, held against its answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coincide.catalog.catalog import of
from coincide.engines.workspace import open_workspace
from coincide.simulate.assay import assay
from coincide.simulate.marketplace import Marketplace
from coincide.simulate.workspace import write_marketplace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("packs") / "marketplace"
    write_marketplace(made, Marketplace(50_000, 7))
    return made


@pytest.fixture(scope="module")
def alerts(folder: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "coincide", "scan", "-w", str(folder), "--json"]
    document = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    found: list[dict[str, Any]] = document["alerts"]
    return found


def test_packs_find_all_planted_cases_whose_titles_they_read_and_err_by_titles_alone(
    folder: Path, alerts: list[dict[str, Any]]
) -> None:
    found = assay(folder, open_workspace(folder).catalog, alerts)
    misread = set(found.misread["title"])
    assert (found.cases["expected_alerts"].sum(), len(found.cases)) == (42, 66)
    assert found.missed["misread"].all(), "a case whose titles are all read is found"
    assert found.cases.filter("misread").height < 30
    assert found.false_alarms["title"].null_count() == 0
    assert set(found.false_alarms["title"]) <= misread
    assert found.false_count + (found.cases["expected_alerts"].sum() - len(found.missed)) == len(alerts)
    assert set(found.by_language()["language"]) == {"en", "de", "fr", "es", "ar", "zh"}
    # The figures are in docs/reference/packs.md; a pattern that stops to read what it read is seen here.
    assert len(found.missed) == 0
    assert found.false_count <= 1


def _event(event: str) -> dict[str, str]:
    return {"event_id": event}


def test_missed_wrong_and_doubled_alerts_are_each_counted(folder: Path) -> None:
    nothing = of([])
    assert assay(folder, nothing, []).missed["expected_alerts"].sum() == 42
    labels = pl.read_csv(folder / "labels.csv")
    log = pl.read_parquet(folder / "purchases" / "*.parquet")
    case = labels.filter(rule="everyday-combination", planted="linked", language="fr")
    first, other = (log.filter(customer=customer)["id"][0] for customer in case["customer"])
    right = {"rule": "everyday-combination", "started_by": first, "evidence": [_event(first), _event(other)]}
    found = assay(folder, nothing, [right])
    assert (found.false_count, len(found.missed)) == (0, 41)
    doubled = assay(folder, nothing, [right, {**right, "started_by": other}])
    assert (doubled.false_count, len(doubled.missed)) == (1, 41)
    of_another_rule = assay(folder, nothing, [{**right, "rule": "precursor-quantity"}])
    assert (of_another_rule.false_count, len(of_another_rule.missed)) == (1, 42)
    ordinary = log.filter(~pl.col("customer").is_in(labels["customer"].implode()))["id"][0]
    for event in (ordinary, "no such event"):
        wrong = assay(
            folder, nothing, [{"rule": "precursor-payment", "started_by": event, "evidence": [_event(event)]}]
        )
        assert (wrong.false_count, wrong.false_alarms["title"].to_list()) == (1, [None])


def test_a_false_alarm_counts_in_the_language_of_the_title_at_fault(folder: Path) -> None:
    log = pl.read_parquet(folder / "purchases" / "*.parquet")
    titles = pl.read_csv(folder / "titles.csv")
    trap = titles.filter(kind="trap", language="es")["title"]
    line = log.filter(pl.col("title").is_in(trap.implode()), site="es").row(0, named=True)
    catalog = of([("title", line["title"], "acetone")])
    alert = {"rule": "precursor-payment", "started_by": line["id"], "evidence": [_event(line["id"])]}
    found = assay(folder, catalog, [alert])
    counts = dict(found.by_language().select("language", "false_alarms").iter_rows())
    assert counts == {"en": 0, "de": 0, "fr": 0, "es": 1, "ar": 0, "zh": 0}
    (row,) = found.false_alarms.iter_rows(named=True)
    assert (row["title"], row["kind"], row["seen_as"]) == (line["title"], "trap", "acetone")


def test_an_outside_case_that_is_alerted_is_counted_beside_its_language(folder: Path) -> None:
    labels = pl.read_csv(folder / "labels.csv").filter(rule="precursor-payment", planted="outside", language="ar")
    log = pl.read_parquet(folder / "purchases" / "*.parquet")
    event = log.filter(customer=labels["customer"][0])["id"][0]
    found = assay(folder, of([]), [{"rule": "precursor-payment", "started_by": event, "evidence": [_event(event)]}])
    assert dict(found.by_language().select("language", "outside_alerted").iter_rows())["ar"] == 1
