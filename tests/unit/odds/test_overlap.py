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
    assert found.actors == len(mine)
    assert found.alone == sum(1 for one in mine if not any(one in who for who in theirs))
    assert found.together == sum(1 for one in range(13) if one in mine or any(one in who for who in theirs))
    assert found.others == tuple(
        Shared(f"other-{place}", len(who), sum(1 for one in who if one in mine)) for place, who in enumerate(theirs)
    )


def test_rules_by_something_else_and_the_rule_itself_are_not_compared() -> None:
    mine = rule("mine", {1, 2})
    found = overlap(mine, [mine, rule("by-account", {1}, by="account"), rule("other", {2, 3})])
    assert found.document == [{"rule": "other", "actors": 2, "shared": 1}]
    assert found.together == 3
    assert found.says == (
        "Of 2 matched, 1 are matched by the other rule too; all rules together match 3, each counted once."
    )


def test_without_another_rule_there_is_nothing_to_compare_with() -> None:
    found = overlap(rule("mine", {1}), [])
    assert (found.alone, found.together, found.document) == (1, 1, [])
    assert found.says == "No other rule looks at the same events by the same: nothing to compare with."
