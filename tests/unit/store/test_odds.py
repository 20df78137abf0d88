"""Odds on record: what is kept of a backtest, and which of several is the newest."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from coincide.store import odds
from coincide.store.database import open_database
from coincide.store.odds import RuleOdds
from coincide.store.tables import rule_odds

DOCUMENT = {"coincide": "backtest/1", "rule": "combo", "counts": {"actors": 24}, "placebos": {"why_not": "too few"}}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with open_database(tmp_path).writing() as opened:
        yield opened


def test_odds_come_back_as_they_went_in(connection: Connection) -> None:
    one = RuleOdds("v1-a", "combo", 7, DOCUMENT)
    odds.save(connection, one)
    assert odds.latest(connection, "v1-a") == one
    assert odds.latest(connection, "v1-b") is None


def test_the_latest_is_that_of_the_newest_backtest_whatever_was_saved_last(connection: Connection) -> None:
    for at in (7, 9, 8):
        odds.save(connection, RuleOdds("v1-a", "combo", at, {**DOCUMENT, "status": str(at)}))
    odds.save(connection, RuleOdds("v1-b", "combo", 99, DOCUMENT))
    found = odds.latest(connection, "v1-a")
    assert found is not None
    assert (found.at, found.document["status"]) == (9, "9")


def test_a_backtest_of_the_same_moment_takes_the_place_of_the_one_before(connection: Connection) -> None:
    odds.save(connection, RuleOdds("v1-a", "combo", 7, DOCUMENT))
    odds.save(connection, RuleOdds("v1-a", "combo", 7, {**DOCUMENT, "status": "live"}))
    (one,) = odds.every(connection)
    assert one.document["status"] == "live"


def test_all_are_listed_oldest_first_or_those_of_one_rule(connection: Connection) -> None:
    for fingerprint, rule, at in (("v1-b", "combo", 8), ("v1-a", "combo", 7), ("v1-c", "many", 6)):
        odds.save(connection, RuleOdds(fingerprint, rule, at, DOCUMENT))
    assert [one.at for one in odds.every(connection)] == [6, 7, 8]
    assert [one.fingerprint for one in odds.every(connection, "combo")] == ["v1-a", "v1-b"]
    assert odds.every(connection, "nobody") == []


def test_examples_and_whatever_is_not_known_to_be_numbers_are_not_kept(connection: Connection) -> None:
    whole = {**DOCUMENT, "examples": {"typical": [{"actor": "p-secret"}]}, "rows": ["p-secret"]}
    odds.save(connection, RuleOdds("v1-a", "combo", 7, whole))
    assert "p-secret" not in json.dumps(connection.execute(select(rule_odds.c.document)).scalar())
    found = odds.latest(connection, "v1-a")
    assert found is not None
    assert found.document == DOCUMENT


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_no_number_is_not_kept(connection: Connection, number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        odds.save(connection, RuleOdds("v1-a", "combo", 7, {"counts": {"share": number}}))
    assert odds.every(connection) == []
