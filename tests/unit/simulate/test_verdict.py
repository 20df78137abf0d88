"""Alerts held against the labels: missed, wrong and doubled ones are each seen."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from coincide.simulate.item import ORDINARY, items
from coincide.simulate.shop import Shop
from coincide.simulate.verdict import verdict
from coincide.simulate.workspace import write_shop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_shop(tmp_path, Shop(100_000, 7))
    return tmp_path


def _right(folder: Path) -> list[str]:
    """For each expected alert one event of a component by one of the actor's accounts."""
    labels = pl.read_csv(folder / "labels.csv")
    log = pl.read_parquet(folder / "purchases" / "*.parquet")
    looked_for = log.filter(pl.col("sku").is_in(items().sku[ORDINARY:].implode()))
    events = []
    for actor, expected in labels.unique("actor").select("actor", "expected_alerts").iter_rows():
        mine = looked_for.filter(pl.col("customer") == actor)["id"]
        events += mine.head(expected).to_list()
    return events


def test_exactly_the_expected_alerts_are_exact(folder: Path) -> None:
    found = verdict(folder, _right(folder))
    assert found.exact
    assert (found.expected, found.found, found.missed, found.wrong) == (8, 8, 0, 0)
    assert (found.linked, found.linked_found, found.outside, found.outside_found) == (2, 2, 5, 0)


def test_no_alert_at_all_is_all_missed(folder: Path) -> None:
    found = verdict(folder, [])
    assert not found.exact
    assert (found.missed, found.wrong, found.linked_found) == (8, 0, 0)


def test_an_alert_on_an_ordinary_buyer_or_one_too_many_is_wrong(folder: Path) -> None:
    planted = set(pl.read_csv(folder / "labels.csv")["customer"])
    log = pl.read_parquet(folder / "purchases" / "*.parquet")
    ordinary = next(event for event, customer in log.select("id", "customer").iter_rows() if customer not in planted)
    right = _right(folder)
    for extra in (ordinary, right[0], "no such event"):
        found = verdict(folder, [*right, extra])
        assert (found.missed, found.wrong) == (0, 1)
        assert not found.exact


def test_an_alert_on_a_buyer_just_outside_the_window_is_wrong(folder: Path) -> None:
    labels = pl.read_csv(folder / "labels.csv").filter(planted="outside")
    log = pl.read_parquet(folder / "purchases" / "*.parquet")
    event = log.filter(pl.col("customer").is_in(labels["customer"].implode()))["id"][0]
    found = verdict(folder, [*_right(folder), event])
    assert (found.wrong, found.outside_found) == (1, 1)
