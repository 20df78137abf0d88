from __future__ import annotations

import hypothesis
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from coincide.entities.actors import ACCOUNT, ACTOR
from coincide.entities.key import Key
from coincide.entities.version import comparable, digest, following, touched

KEY, OTHER = Key(b"k" * 32), Key(b"o" * 32)


def members(*groups: str) -> pl.DataFrame:
    """Actors of accounts with one letter; capital letters are another namespace."""
    rows = [(*named(account), *named(min(group))) for group in groups for account in group]
    return pl.DataFrame(rows, schema=dict.fromkeys((*ACCOUNT, *ACTOR), pl.String), orient="row")


def named(account: str) -> tuple[str, str]:
    return ("A" if account.isupper() else "a"), account.lower()


def accounts(groups: pl.DataFrame) -> str:
    return "".join(sorted(account.upper() if space == "A" else account for space, account in groups.iter_rows()))


def test_the_first_version_is_one_and_stays_while_nothing_changes() -> None:
    before = members("abc", "xy")
    first = following(None, digest(before, KEY))
    assert first.number == 1
    assert following(first, digest(before.reverse(), KEY)) is first
    assert following(None, digest(members(), KEY)).number == 1


def test_another_partition_is_the_next_version_and_going_back_one_more() -> None:
    first = following(None, digest(members("abc", "xy"), KEY))
    second = following(first, digest(members("ab", "xy"), KEY))
    third = following(second, digest(members("abc", "xy"), KEY))
    assert (second.number, third.number) == (2, 3)
    assert third.digest == first.digest


def test_digests_of_two_keys_say_nothing_of_each_other() -> None:
    one, other, third = (digest(m, k) for m, k in ((members("ab"), KEY), (members("ab"), OTHER), (members(), KEY)))
    assert not comparable(one, other)
    assert one.partition(":")[2] != other.partition(":")[2]
    assert comparable(one, third)


TEXT = st.text(st.sampled_from("a0\0\n"), max_size=3)
ROWS = st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT), max_size=3)


@hypothesis.settings(deadline=None)
@given(ROWS, ROWS)
def test_no_two_lists_of_memberships_are_hashed_alike(one: list[tuple[str, ...]], two: list[tuple[str, ...]]) -> None:
    schema = dict.fromkeys((*ACCOUNT, *ACTOR), pl.String)
    first, second = (digest(pl.DataFrame(rows, schema=schema, orient="row"), KEY) for rows in (one, two))
    assert (first == second) == (sorted(one) == sorted(two))


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
def test_whoever_is_not_touched_has_the_same_companions_as_before(one: dict[str, str], two: dict[str, str]) -> None:
    def groups(labels: dict[str, str]) -> list[str]:
        made = ["".join(sorted(a for a, label in labels.items() if label == which)) for which in "abc"]
        return [group for group in made if len(group) > 1]

    def companions(account: str, labels: dict[str, str]) -> str:
        return next((group for group in groups(labels) if account in group), account)

    found = accounts(touched(members(*groups(one)), members(*groups(two))))
    differ = {account for account in "abcdef" if companions(account, one) != companions(account, two)}
    assert set(found) == differ
