from __future__ import annotations

import hypothesis
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from coincide.entities.version import EntityVersion, digest, following, touched


def memberships(*pairs: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(list(pairs), schema={"account": pl.String, "actor": pl.String}, orient="row")


BEFORE = memberships(("a", "a"), ("b", "a"), ("c", "a"), ("x", "x"), ("y", "x"))


def test_the_first_version_is_one_and_stays_while_nothing_changes() -> None:
    first = following(None, BEFORE)
    assert first.number == 1
    assert following(first, BEFORE.reverse()) is first
    assert following(None, memberships()) == EntityVersion(1, digest(memberships()))


def test_an_account_that_comes_alone_is_no_new_version() -> None:
    first = following(None, BEFORE)
    assert following(first, pl.concat([BEFORE, memberships(("new", "new"))])) is first


def test_a_changed_membership_is_the_next_version_and_going_back_one_more() -> None:
    first = following(None, BEFORE)
    second = following(first, memberships(("b", "a"), ("y", "x")))
    third = following(second, BEFORE)
    assert (second.number, third.number) == (2, 3)
    assert third.digest == first.digest


def test_the_border_between_account_and_actor_counts() -> None:
    assert digest(memberships(("a", "bc"))) != digest(memberships(("ab", "c")))
    assert digest(memberships(("a", "b"), ("c", "d"))) != digest(memberships(("a", "b1:c1:d")))


def test_touched_are_the_actors_that_lost_or_gained_an_account() -> None:
    assert touched(BEFORE, BEFORE) == []
    # c leaves the group of a; y and x change their first account.
    after = memberships(("b", "a"), ("c", "c"), ("x", "w"), ("y", "w"))
    assert touched(BEFORE, after) == ["a", "c", "w", "x"]
    assert touched(after, BEFORE) == ["a", "c", "w", "x"]
    assert touched(memberships(), memberships(("b", "a"))) == ["a", "b"]


PARTITIONS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abc"))


@hypothesis.settings(deadline=None)
@given(PARTITIONS, PARTITIONS)
def test_the_digest_changes_exactly_when_somebodys_actor_does(one: dict[str, str], two: dict[str, str]) -> None:
    accounts = {*one, *two}
    same = all(one.get(account, account) == two.get(account, account) for account in accounts)
    first, second = memberships(*one.items()), memberships(*two.items())
    assert (digest(first) == digest(second)) == same
    assert (touched(first, second) == []) == same
