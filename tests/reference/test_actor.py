"""Accounts to actors."""

from __future__ import annotations

from reference.judge import judge
from reference.small import COLUMNS, row, rule, shop
from reference.world import Account, Kind, LinkFile, Row, Source, World

ANY = rule("velocity", 1, None)
CARD = {"card": "card"}


def groups(world: World) -> set[frozenset[str]]:
    """The groups of two accounts and more, by their identifiers."""
    made: dict[Account, set[str]] = {}
    for account, named in judge(world).verdict.actors.items():
        made.setdefault(named, set()).add(account[1])
    return {frozenset(group) for group in made.values() if len(group) > 1}


def holders(*pairs: tuple[str, str]) -> list[Row]:
    return [row(str(n), n, account=account, card=card) for n, (account, card) in enumerate(pairs)]


def test_a_chain_of_shared_cards_is_one_actor_named_by_its_first_account() -> None:
    world = shop([*holders(("z", "1"), ("y", "1"), ("y", "2"), ("x", "2"))], ANY, links=CARD)
    assert groups(world) == {frozenset("xyz")}
    assert judge(world).verdict.actors["shop", "z"] == ("shop", "x")


def test_a_card_of_more_accounts_than_its_cap_joins_nobody() -> None:
    six = [(letter, "1") for letter in "abcdef"]
    assert groups(shop([*holders(*six)], ANY, links=CARD)) == {frozenset("abcdef")}
    assert groups(shop([*holders(*six, ("g", "1"))], ANY, links=CARD)) == set()


def test_the_cap_counts_accounts_and_not_rows() -> None:
    world = shop([*holders(*[("x", "1")] * 9, ("y", "1"))], ANY, links=CARD, kinds={"card": Kind(cap=2)})
    assert groups(world) == {frozenset("xy")}


def test_an_address_is_weak_unless_set_otherwise() -> None:
    rows = [row(n, 0, account=n, home="h") for n in "xy"]
    assert groups(shop([*rows], ANY, links={"address": "home"})) == set()
    strong = {"address": Kind(strong=True)}
    assert groups(shop([*rows], ANY, links={"address": "home"}, kinds=strong)) == {frozenset("xy")}


def test_a_group_over_the_guard_is_left_as_single_accounts() -> None:
    chain = [(letter, str(n)) for n, pair in enumerate(("ab", "bc")) for letter in pair]
    assert groups(shop([*holders(*chain)], ANY, links=CARD, group_limit=3)) == {frozenset("abc")}
    assert groups(shop([*holders(*chain)], ANY, links=CARD, group_limit=2)) == set()


def test_links_come_from_rows_that_are_of_no_other_use() -> None:
    rows = holders(("x", "1"), ("y", "1"))
    rows[1] |= {"event_id": None, "occurred_at": "soon", "item": "Z"}
    assert groups(shop([*rows], rule("combination", 1, {"a": None}), links=CARD)) == {frozenset("xy")}


def test_link_files_join_accounts_of_their_namespace() -> None:
    master = LinkFile("shop", "who", CARD, [{"who": "x", "card": "1"}, {"who": "y", "card": "1"}])
    assert groups(shop([], ANY, link_files={"customers": master})) == {frozenset("xy")}


def test_the_same_account_of_two_namespaces_is_two_accounts_and_a_shared_card_joins_them() -> None:
    def world(accounts: str | None, second_card: str) -> World:
        sources = {
            name: Source(dict(COLUMNS), [*holders(("x", card))], kind="purchase", accounts=accounts, links=CARD)
            for name, card in (("shop", "1"), ("app", second_card))
        }
        return World(sources, [ANY])

    apart = judge(world(None, "2")).verdict.actors
    assert len(set(apart.values())) == 2
    assert len(set(judge(world("people", "2")).verdict.actors.values())) == 1
    joined = judge(world(None, "1")).verdict.actors
    assert set(joined.values()) == {("app", "x")}


def test_accounts_that_are_not_the_same_are_not_joined_by_what_they_share() -> None:
    apart = [(("shop", "x"), ("shop", "y"))]
    assert groups(shop([*holders(("x", "1"), ("y", "1"))], ANY, links=CARD, separations=apart)) == set()


def test_a_group_that_joins_them_by_another_way_is_left_as_single_accounts() -> None:
    apart = [(("shop", "x"), ("shop", "y"))]
    third = holders(("x", "1"), ("y", "1"), ("z", "1"))
    assert groups(shop([*third], ANY, links=CARD, separations=apart)) == set()
