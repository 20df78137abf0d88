"""How a rule stands beside chance: when there is nothing to deal, and figures as plain sums have them."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given

from coincide.detect.evaluate import Surroundings
from coincide.detect.rows import Rows
from coincide.odds.control import Controls, TooFew
from coincide.odds.hand import Counted, Hand
from coincide.odds.likeness import dealt, made_up, why_not_dealt
from coincide.odds.population import Population
from coincide.rules.expression import Aggregate, Compare, Literal
from coincide.rules.plan import Combination, Condition, Plan, Sliding, Threshold, Velocity

DAY = 86_400_000_000


def held(condition: Condition, *, people: int = 40, events: int = 10, components: int = 2, by: str = "actor") -> Hand:
    tagged = None if isinstance(condition, Combination) else tuple(f"c{n}" for n in range(components)) or None
    plan = Plan("r", ("purchase",), None, by, Sliding(10 * DAY), "UTC", condition, tagged, None)
    names = pl.DataFrame({"namespace": ["s"] * people, "account": [f"{n:03}" for n in range(people)]})
    numbers = np.arange(events, dtype=np.int64)
    return Hand(
        plan,
        Rows(pl.DataFrame({"occurred_at": numbers}), ()),
        Surroundings(),
        Population(names, np.ones(people, dtype=np.int64), 0, 100 * DAY),
        numbers,
        numbers % max(people, 1),
        numbers,
        numbers,
        numbers % 2,
        np.eye(components, 2, dtype=np.bool_),
    )


TWO = Combination(2, (("a", None), ("b", None)))


@pytest.mark.parametrize(
    ("hand", "days", "why"),
    [
        (held(TWO), 100.0, None),
        (held(TWO, people=30), 100.0, None),
        (held(TWO, people=29), 100.0, "not enough: 29 were there; 30 needed for a deal"),
        (held(TWO, people=1), 100.0, "not enough: 1 was there; 30 needed for a deal"),
        (held(TWO, events=0), 100.0, "nothing in the log carries a component of the rule"),
        (held(TWO), 9.5, "not enough: the log has 9.5 days, and a window of the rule 10"),
        (held(TWO), 10.0, None),
        (held(Velocity(3), components=0), 100.0, "the rule looks at everything, and has no components to deal out"),
        (held(Velocity(3)), 100.0, None),
        (held(Threshold("quantity", Decimal(3), True), components=1), 100.0, "the rule has one component, and "),
        (held(Velocity(3, "account")), 100.0, "the rule counts the accounts of an actor"),
        (held(Velocity(3, "account"), by="account"), 100.0, None),
        (held(Velocity(3, "place")), 100.0, None),
    ],
)
def test_where_nothing_can_be_dealt_it_is_said_in_words(hand: Hand, days: float, why: str | None) -> None:
    found = why_not_dealt(hand, days, 10)
    assert found is None if why is None else str(found).startswith(why)


def test_an_unless_that_counts_accounts_hinders_a_deal_too() -> None:
    hand = held(TWO)
    counts = Compare(">", Aggregate("distinct", "account"), Literal(Decimal(1)))
    asked = replace(hand, plan=replace(hand.plan, unless=counts))
    assert str(why_not_dealt(asked, 100, 10)).startswith("the rule counts the accounts")


counts = st.lists(st.integers(0, 50), min_size=2, max_size=60)


@given(counts)
def test_mean_range_and_error_of_deals_are_those_of_plain_sums(values: list[int]) -> None:
    told = dealt(Counted(np.array(values), np.array(values) * 2), held(TWO), 7)
    ordered, count = sorted(values), len(values)
    assert told["mean"] == pytest.approx(sum(values) / count)
    assert told["low"] == ordered[math.floor((count - 1) * 0.025)]
    assert told["high"] == ordered[math.ceil((count - 1) * 0.975)]
    spread = math.sqrt(sum((one - told["mean"]) ** 2 for one in values) / (count - 1))
    assert told["error"] == pytest.approx(spread / math.sqrt(count))
    assert (told["counts"], told["seed"], told["deals"]) == (values, 7, count)


@given(counts, st.integers(0, 60))
def test_the_rank_is_one_more_than_those_that_match_more(values: list[int], observed: int) -> None:
    found = np.array(values)
    zero = np.zeros(len(values))
    told = made_up(
        Controls(found[:, None], Counted(found, found), found, found, found.astype(float), zero), observed, 5.0
    )
    assert told["rank"] == 1 + sum(one > observed for one in values)
    if sum(values):
        assert told["factor"] == pytest.approx(1)
        assert told["expected"] == pytest.approx(5)
    else:
        assert told["calibrated"] == {"why_not": "neither they nor their deals matched anything"}


def test_too_few_made_up_rules_are_told_by_their_reason() -> None:
    assert made_up(TooFew("there are none"), 3, 1.0) == {"why_not": "there are none"}
