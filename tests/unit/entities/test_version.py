from __future__ import annotations

import hypothesis
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from coincide.entities.actors import ACCOUNT, ACTOR
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


def members(*groups: str) -> pl.DataFrame:
    """Actors of accounts with one letter; capital letters are another namespace."""
    rows = [(*named(account), *named(min(group))) for group in groups for account in group]
    return pl.DataFrame(rows, schema=dict.fromkeys((*ACCOUNT, *ACTOR), pl.String), orient="row")


def named(account: str) -> tuple[str, str]:
    return ("A" if account.isupper() else "a"), account.lower()


def accounts(groups: pl.DataFrame) -> str:
    return "".join(sorted(account.upper() if space == "A" else account for space, account in groups.iter_rows()))


def test_touched_are_all_accounts_of_the_actors_that_lost_or_gained_one() -> None:
    before = members("abc", "xy", "AB")
    assert accounts(touched(before, before)) == ""
    # c leaves the group of a; y and x change their first account; other namespaces are others.
    after = members("ab", "wxy", "AB")
    assert accounts(touched(before, after)) == "abcwxy"
    assert accounts(touched(after, before)) == "abcwxy"
    assert accounts(touched(members(), members("ab"))) == "ab"
    assert accounts(touched(members("ab", "AB"), members("ab"))) == "AB"
    assert touched(members(), members("ab")).columns == ACCOUNT


PARTITIONS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abc"))


@hypothesis.settings(deadline=None)
@given(PARTITIONS, PARTITIONS)
def test_the_digest_changes_exactly_when_somebodys_actor_does(one: dict[str, str], two: dict[str, str]) -> None:
    accounts = {*one, *two}
    same = all(one.get(account, account) == two.get(account, account) for account in accounts)
    first, second = memberships(*one.items()), memberships(*two.items())
    assert (digest(first) == digest(second)) == same


@hypothesis.settings(deadline=None)
@given(PARTITIONS, PARTITIONS)
def test_whoever_is_not_touched_has_the_same_companions_as_before(one: dict[str, str], two: dict[str, str]) -> None:
    def groups(labels: dict[str, str]) -> list[str]:
        made = ["".join(sorted(a for a, label in labels.items() if label == which)) for which in "abc"]
        return [group for group in made if len(group) > 1]

    def companions(account: str, labels: dict[str, str]) -> str:
        return next((group for group in groups(labels) if account in group), account)

    found = accounts(touched(members(*groups(one)), members(*groups(two))))
    differ = {account for account in "abcdef" if companions(account, one) != companions(account, two)}
    assert set(found) == differ
