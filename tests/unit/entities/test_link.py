from __future__ import annotations

from collections import defaultdict
from itertools import combinations, pairwise
from random import Random

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide import settings
from coincide.entities.actors import EDGES, Account, Actors, Separation
from coincide.entities.link import coded, link

Edge = tuple[str, str, str, str]

KINDS = {
    "card": settings.LinkKind(strength="strong", cap=2),
    "device": settings.LinkKind(strength="strong", cap=4),
    "address": settings.LinkKind(strength="weak", cap=3),
}
SMALL = settings.Entities(group_limit=4, kinds=KINDS)


def frame(edges: list[Edge]) -> pl.DataFrame:
    return pl.DataFrame(edges, schema=dict.fromkeys(EDGES, pl.String), orient="row")


def linked(edges: list[Edge], section: settings.Entities = SMALL, apart: list[Separation] | None = None) -> Actors:
    return link(frame(edges), section, apart or [])


def actors_of(found: Actors) -> dict[Account, Account]:
    return {(row[0], row[1]): (row[2], row[3]) for row in found.members.iter_rows()}


def sharing(kind: str, identifier: str, *accounts: str) -> list[Edge]:
    return [("shop", account, kind, identifier) for account in accounts]


def shop(account: str) -> Account:
    return ("shop", account)


def apart(first: str, second: str) -> Separation:
    return Separation(shop(first), shop(second))


def groups(found: Actors) -> list[list[str]]:
    """The accounts of each actor, all of namespace shop."""
    members = defaultdict(list)
    for (_, account), actor in sorted(actors_of(found).items()):
        members[actor].append(account)
    return sorted(members.values())


def test_accounts_that_share_an_identifier_are_one_actor_named_after_the_first() -> None:
    found = linked(sharing("card", "1", "b", "a") + sharing("device", "x", "b", "c"))
    assert actors_of(found) == {shop("a"): shop("a"), shop("b"): shop("a"), shop("c"): shop("a")}


def test_the_first_account_is_first_by_namespace_and_then_by_code_point() -> None:
    edges = [
        ("shop", "Z", "card", "1"),
        ("tram", "A", "card", "1"),
        ("shop", "é", "device", "1"),
        ("shop", "Z", "device", "1"),
    ]
    assert set(actors_of(linked(edges)).values()) == {("shop", "Z")}
    # U+FF5E comes before U+1F600 by code point, behind it by UTF-16 unit.
    assert set(actors_of(linked(sharing("card", "1", "\U0001f600", "\uff5e"))).values()) == {shop("\uff5e")}


def test_identifiers_of_two_kinds_or_accounts_of_two_namespaces_are_not_the_same() -> None:
    assert groups(linked([*sharing("card", "1", "a"), *sharing("device", "1", "b")])) == []
    found = linked([("shop", "a", "card", "1"), ("tram", "a", "card", "1")])
    assert actors_of(found) == {("shop", "a"): ("shop", "a"), ("tram", "a"): ("shop", "a")}


def test_a_kind_is_the_same_kind_in_every_source() -> None:
    found = linked([("shop", "a", "card", "1"), ("tram", "t", "card", "1")])
    assert found.members.height == 2


def test_an_identifier_joins_up_to_its_cap_and_is_generic_above() -> None:
    at_cap = linked(sharing("device", "x", "a", "b", "c", "d"))
    assert groups(at_cap) == [["a", "b", "c", "d"]]
    assert at_cap.generic.is_empty()
    above = linked(sharing("device", "x", "a", "b", "c", "d", "e") + sharing("card", "1", "a", "b"))
    assert groups(above) == [["a", "b"]]
    assert above.generic.rows() == [("device", "x", 5, 4)]


def test_a_row_that_repeats_does_not_count_twice_against_the_cap() -> None:
    assert groups(linked(sharing("card", "1", "a", "b", "a", "b", "a"))) == [["a", "b"]]


def test_a_kind_without_settings_is_strong_with_its_default_cap() -> None:
    names = [f"{number:02}" for number in range(11)]
    assert linked(sharing("phone", "1", *names[:10]), settings.Entities()).members.height == 10
    assert linked(sharing("phone", "1", *names), settings.Entities()).generic.rows() == [("phone", "1", 11, 10)]
    assert linked(sharing("card", "1", *names[:7]), settings.Entities()).generic.rows() == [("card", "1", 7, 6)]


def test_a_weak_kind_never_joins_and_is_listed_when_generic() -> None:
    assert groups(linked(sharing("address", "home", "a", "b"))) == []
    found = linked(sharing("address", "dormitory", "a", "b", "c", "d"))
    assert groups(found) == []
    assert found.generic.rows() == [("address", "dormitory", 4, 3)]


def chain(*accounts: str) -> list[Edge]:
    return [edge for number, pair in enumerate(pairwise(accounts)) for edge in sharing("card", str(number), *pair)]


def test_a_group_at_the_limit_stays_and_one_above_is_left_single_and_listed() -> None:
    assert groups(linked(chain("a", "b", "c", "d"))) == [["a", "b", "c", "d"]]
    found = linked(chain("a", "b", "c", "d", "e") + sharing("card", "other", "x", "y"))
    assert groups(found) == [["x", "y"]]
    assert found.left.columns == ["reason", "actor_namespace", "actor_account", "accounts", "namespace", "account"]
    assert found.left.rows() == [("limit", "shop", "a", 5, "shop", account) for account in "abcde"]


def test_an_identifier_that_only_two_separated_accounts_share_joins_nobody() -> None:
    edges = sharing("card", "1", "a", "b") + sharing("device", "x", "b", "c")
    assert groups(linked(edges, apart=[apart("b", "a")])) == [["b", "c"]]


def test_separated_accounts_that_hang_together_all_the_same_leave_the_group_single() -> None:
    edges = sharing("device", "x", "a", "b", "c")
    found = linked(edges, apart=[apart("a", "b")])
    assert groups(found) == []
    assert {(row[0], row[3]) for row in found.left.iter_rows()} == {("separated", 3)}
    assert groups(linked(chain("a", "b", "c"), apart=[apart("a", "c")])) == []


def test_a_group_that_is_too_large_and_separated_is_called_separated() -> None:
    found = linked(chain("a", "b", "c", "d", "e"), apart=[apart("a", "e")])
    assert set(found.left.get_column("reason")) == {"separated"}


def test_a_separation_of_accounts_that_do_not_hang_together_changes_nothing() -> None:
    edges = sharing("card", "1", "a", "b") + sharing("card", "2", "c")
    for pair in (apart("a", "c"), apart("a", "nobody"), apart("nobody", "noone")):
        assert groups(linked(edges, apart=[pair])) == [["a", "b"]]


def test_a_separation_names_two_accounts_in_any_order() -> None:
    assert apart("b", "a") == apart("a", "b")
    with pytest.raises(ValueError, match="itself"):
        apart("a", "a")


def test_what_is_null_ties_nothing() -> None:
    edges = frame(sharing("card", "1", "a", "b")).with_columns(identifier=pl.lit(None, dtype=pl.String))
    assert link(edges, SMALL).members.is_empty()


def test_empty_and_one_row_inputs_go_the_ordinary_way() -> None:
    for edges in ([], sharing("card", "1", "a")):
        found = linked(edges)
        assert (found.members.height, found.left.height, found.generic.height) == (0, 0, 0)


def test_resolve_gives_every_row_its_actor_and_keeps_the_order() -> None:
    found = linked(sharing("card", "1", "a", "b"))
    rows = pl.DataFrame(
        {"n": [1, 2, 3, 4], "namespace": ["shop", "shop", "tram", "shop"], "account": ["b", "z", "b", None]}
    )
    assert found.resolve(rows).rows() == [
        (1, "shop", "b", "shop", "a"),
        (2, "shop", "z", "shop", "z"),
        (3, "tram", "b", "tram", "b"),
        (4, "shop", None, "shop", None),
    ]
    assert found.resolve(rows.clear()).columns == ["n", "namespace", "account", "actor_namespace", "actor_account"]


def test_two_texts_of_one_hash_are_told_apart() -> None:
    texts = pl.DataFrame({"namespace": ["a", "b", "a", "c"], "account": ["x", "x", "x", "y"]})
    for hashed in (pl.DataFrame.hash_rows, lambda given: pl.repeat(7, given.height, eager=True)):
        codes, rows = coded(texts, hashed)
        assert codes[0] == codes[2]
        assert sorted({*codes.tolist()}) == [0, 1, 2]
        assert all(texts.row(int(rows[code])) == texts.row(row) for row, code in enumerate(codes))


ACCOUNTS = st.tuples(st.sampled_from(["shop", "tram"]), st.sampled_from("abcde"))
IDENTIFIERS = st.tuples(st.sampled_from(list(KINDS)), st.sampled_from("12345"))
GRAPHS = st.lists(st.builds(lambda account, identifier: (*account, *identifier), ACCOUNTS, IDENTIFIERS), max_size=40)
PAIRS = st.tuples(ACCOUNTS, ACCOUNTS).filter(lambda pair: pair[0] != pair[1])


def plainly(edges: list[Edge], limit: int, separated: set[frozenset[Account]]) -> dict[Account, Account]:
    """DESIGN, "Actors", as loops: sets of accounts that grow together."""
    holders: dict[tuple[str, str], set[Account]] = defaultdict(set)
    for namespace, account, kind, identifier in edges:
        holders[kind, identifier].add((namespace, account))
    parts = [{account} for account in sorted({(edge[0], edge[1]) for edge in edges})]
    for (kind, _), accounts in holders.items():
        rule = KINDS[kind]
        if rule.strength == "weak" or len(accounts) > rule.cap or frozenset(accounts) in separated:
            continue
        touched = [part for part in parts if part & accounts]
        parts = [part for part in parts if not part & accounts] + [set().union(*touched)]
    return {
        account: min(part)
        for part in parts
        if 2 <= len(part) <= limit and not any(frozenset(pair) in separated for pair in combinations(part, 2))
        for account in part
    }


@hypothesis.settings(deadline=None)
@given(GRAPHS, st.integers(2, 6), st.lists(PAIRS, max_size=3), st.randoms(use_true_random=False))
def test_link_is_the_plain_loop_whatever_the_order(
    edges: list[Edge], limit: int, pairs: list[tuple[Account, Account]], random: Random
) -> None:
    section = settings.Entities(group_limit=limit, kinds=KINDS)
    separations = [Separation(*pair) for pair in pairs]
    found = linked(edges, section, separations)
    assert actors_of(found) == plainly(edges, limit, {frozenset(pair) for pair in pairs})
    shuffled = list(edges)
    random.shuffle(shuffled)
    again = linked(shuffled + shuffled[:3], section, separations[::-1])
    assert actors_of(again) == actors_of(found)
    assert again.left.equals(found.left)
    assert again.generic.equals(found.generic)


@hypothesis.settings(deadline=None)
@given(GRAPHS, st.integers(2, 6), st.lists(PAIRS, max_size=3))
def test_every_account_is_in_one_group_at_most_and_members_and_left_share_none(
    edges: list[Edge], limit: int, pairs: list[tuple[Account, Account]]
) -> None:
    found = linked(edges, settings.Entities(group_limit=limit, kinds=KINDS), [Separation(*pair) for pair in pairs])
    members = found.members.select("namespace", "account").rows()
    left = found.left.select("namespace", "account").rows()
    assert len({*members, *left}) == len(members) + len(left)
    sizes = found.left.group_by("actor_namespace", "actor_account").agg(pl.len(), pl.col("accounts").first())
    assert all(row[2] == row[3] for row in sizes.iter_rows())
