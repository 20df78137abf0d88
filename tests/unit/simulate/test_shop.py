"""The simulated shop is ground truth: the labelled buyers match the rule, and nobody else does."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import defaultdict

import polars as pl
import pytest

from coincide.simulate.item import COMPONENTS, ORDINARY, PER_COMPONENT, catalog_rows, items
from coincide.simulate.plant import WINDOW_US, counts
from coincide.simulate.shop import CHUNK, SCHEMA, SMALLEST, START_US, YEAR_US, Shop, shop

CAP = 6
"""Accounts that may share a card before it joins nobody."""


def _components() -> dict[str, str]:
    """SKU -> component, read off the catalog's own rows."""
    table = items()
    found = {}
    for sku, category in zip(table.sku, table.category, strict=True):
        for match, value, component in catalog_rows():
            if (match == "sku" and sku == value) or (match == "category" and category.startswith(value)):
                found[sku] = component
    return found


def _alerts(log: pl.DataFrame) -> dict[str, int]:
    """The rule as plain loops: three of four within 30 days by actor; the actor's first account -> alerts."""
    cards = log.drop_nulls("card_no").select("customer", "card_no").unique()
    sharing = cards.group_by("card_no").agg(pl.col("customer").unique()).filter(pl.col("customer").list.len() > 1)
    actor_of: dict[str, str] = {}
    for accounts in sharing["customer"].to_list():
        assert len(accounts) <= CAP
        for account in accounts:
            assert account not in actor_of, "an account has one card"
            actor_of[account] = min(accounts)
    component_of = _components()
    bought = log.filter(pl.col("sku").is_in(list(component_of)), pl.col("qty") > 0).sort("when", "id")
    timeline: dict[str, list[tuple[int, str]]] = defaultdict(list)
    at_us = pl.col("when").dt.timestamp("us")
    for customer, sku, at in bought.select("customer", "sku", at_us).iter_rows():
        timeline[actor_of.get(customer, customer)].append((at, component_of[sku]))
    alerts: dict[str, int] = {}
    for actor, purchases in timeline.items():
        hits = []
        for index, (at, _) in enumerate(purchases):
            oldest = bisect_right([moment for moment, _ in purchases], at - WINDOW_US)
            if len({component for _, component in purchases[oldest : index + 1]}) >= 3:
                hits.append(at)
        episodes = [hit for number, hit in enumerate(hits) if number == 0 or hit - hits[number - 1] >= WINDOW_US]
        if episodes:
            alerts[actor] = len(episodes)
    return alerts


@pytest.mark.parametrize(("size", "seed"), [(SMALLEST, 0), (30_000, 1), (300_001, 7)])
def test_exactly_the_labelled_buyers_match_the_rule(size: int, seed: int) -> None:
    made = Shop(size, seed)
    labels = made.labels().unique("actor").filter(pl.col("expected_alerts") > 0)
    assert _alerts(pl.concat(made.chunks())) == dict(labels.select("actor", "expected_alerts").iter_rows())


def test_every_kind_of_planted_buyer_is_labelled() -> None:
    inside, outside, linked = counts(100_000)
    kinds = Shop(100_000, 7).labels().group_by("planted").len()
    assert dict(kinds.iter_rows()) == {"inside": inside, "outside": outside, "linked": 2 * linked}


def test_some_are_on_the_edge_of_the_window() -> None:
    made = Shop(100_000, 7)
    log = pl.concat(made.chunks()).filter(pl.col("sku").is_in(list(_components())), pl.col("qty") > 0)
    span = log.group_by("customer").agg(width=pl.col("when").max().dt.timestamp() - pl.col("when").min().dt.timestamp())
    width = dict(span.iter_rows())
    labels = made.labels()
    inside = {width[customer] for customer in labels.filter(planted="inside")["customer"]}
    outside = {width[customer] for customer in labels.filter(planted="outside")["customer"]}
    assert WINDOW_US - 1 in inside
    assert WINDOW_US in outside
    assert min(outside) == WINDOW_US


def test_the_log_has_the_size_asked_for_and_is_in_time_order() -> None:
    log = pl.concat(shop(CHUNK + 1_234, 3))
    assert dict(log.schema) == SCHEMA
    assert len(log) == CHUNK + 1_234
    assert log["id"].n_unique() == len(log)
    assert log["when"].is_sorted()
    times = log["when"].dt.timestamp("us")
    assert times[0] >= START_US and times[-1] < START_US + YEAR_US


def test_buyers_are_heavy_tailed() -> None:
    lines = pl.concat(shop(200_000, 3))["customer"].value_counts(sort=True)["count"]
    busiest = int(lines.head(len(lines) // 100).sum())
    assert 0.08 < busiest / 200_000 < 0.12


def test_one_line_in_a_hundred_is_of_a_component() -> None:
    log = pl.concat(shop(200_000, 3))
    assert 0.008 < log["sku"].is_in(list(_components())).mean() < 0.013  # type: ignore[operator]


def test_the_seed_decides_everything_on_every_machine() -> None:
    log = pl.concat(shop(20_000, 7))
    digest = hashlib.sha256(log.write_csv().encode()).hexdigest()
    assert digest == hashlib.sha256(pl.concat(shop(20_000, 7)).write_csv().encode()).hexdigest()
    assert digest != hashlib.sha256(pl.concat(shop(20_000, 8)).write_csv().encode()).hexdigest()
    assert digest == "8a3d83869fd69dc59ba55de1b739d88c3920cd0ebb73073ace39c28ca097fc32"


def test_chunks_can_be_made_again() -> None:
    made = Shop(5_000, 7)
    assert pl.concat(made.chunks()).equals(pl.concat(made.chunks()))


def test_a_shop_too_small_or_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1000 rows"):
        shop(SMALLEST - 1, 7)
    with pytest.raises(ValueError, match="negative"):
        shop(SMALLEST, -1)


def test_the_catalog_knows_every_component_item_and_no_other() -> None:
    known = _components()
    assert len(known) == PER_COMPONENT * len(COMPONENTS)
    assert set(known) == set(items().sku[ORDINARY:])
    assert set(known.values()) == set(COMPONENTS)
