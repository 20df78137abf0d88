"""Whom several rules match, against sets."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coincide.odds.matched import Matched
from coincide.odds.overlap import Shared, overlap
from coincide.rules.plan import LocalDay, Plan, Velocity

people = st.sets(st.integers(0, 12))


def rule(name: str, who: set[int], by: str = "actor") -> Matched:
    plan = Plan(name, ("purchase",), None, by, LocalDay(), "UTC", Velocity(2), None, None)
    return Matched(plan, np.array(sorted(who), dtype=np.int64), len(who))


@given(people, st.lists(people, max_size=5), st.randoms())
def test_each_actor_is_counted_once_however_many_rules_match_them(
    mine: set[int], theirs: list[set[int]], order: Random
) -> None:
    others = [rule(f"other-{place}", who) for place, who in enumerate(theirs)]
    order.shuffle(others)
    found = overlap(rule("mine", mine), others)
    assert found.others == {
        f"other-{place}": Shared(len(who), sum(1 for one in who if one in mine)) for place, who in enumerate(theirs)
    }
    matched = [one for one in range(13) if any(one in who for who in theirs)]
    assert found.any == Shared(len(matched), sum(1 for one in matched if one in mine))


def test_rules_are_listed_by_id_without_the_rule_itself_and_those_by_something_else() -> None:
    mine = rule("mine", {1, 2})
    beside = [mine, rule("b", {2, 3}), rule("by-account", {1}, by="account"), rule("a", {2})]
    found = overlap(mine, beside)
    assert found.document == [
        {"rule": "a", "actors": 1, "shared": 1},
        {"rule": "b", "actors": 2, "shared": 1},
    ]
    assert found.any.document == {"actors": 2, "shared": 1}


def test_without_another_rule_there_is_nothing_to_compare_with_and_it_is_said() -> None:
    mine = rule("mine", {1})
    found = overlap(mine, [mine])
    assert found.any == Shared(0, 0)
    assert found.document == {"why_not": "there is no other live rule by actor"}
    apart = overlap(mine, [mine, rule("by-account", {1}, by="account")])
    assert apart.document == {"why_not": "there is no other live rule by actor, and 1 that look by something else"}
