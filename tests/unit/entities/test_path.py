from __future__ import annotations

from collections import defaultdict

import hypothesis
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from coincide import settings
from coincide.entities.actors import EDGES, Account, Actors, Separation
from coincide.entities.link import link
from coincide.entities.path import Corroboration, Step, corroborations, joins, path

Edge = tuple[str, str, str, str]
A, B, C, D, Z = (("shop", name) for name in "abcdz")


def linked(edges: list[Edge], limit: int = 20, apart: tuple[Separation, ...] = ()) -> Actors:
    frame = pl.DataFrame(edges, schema=dict.fromkeys(EDGES, pl.String), orient="row")
    return link(frame, settings.Entities(group_limit=limit), apart)


def sharing(kind: str, identifier: str, *accounts: Account) -> list[Edge]:
    return [(*account, kind, identifier) for account in accounts]


CHAIN = sharing("card", "1", A, B) + sharing("device", "x", B, C) + sharing("card", "2", C, D)


def test_a_path_names_what_joined_step_by_step() -> None:
    assert path(linked(CHAIN), A, C) == [Step(A, "card", "1", B), Step(B, "device", "x", C)]
    assert path(linked(CHAIN), C, A) == [Step(C, "device", "x", B), Step(B, "card", "1", A)]


def test_the_shortest_way_is_taken_and_of_several_the_first() -> None:
    found = linked(CHAIN + sharing("phone", "9", A, D) + sharing("card", "0", A, D))
    assert path(found, A, D) == [Step(A, "card", "0", D)]


def test_accounts_that_do_not_hang_together_have_no_path() -> None:
    found = linked(CHAIN + sharing("address", "home", A, Z))
    assert path(found, A, Z) == []
    assert path(found, A, ("shop", "nobody")) == []
    assert path(found, ("shop", "nobody"), A) == []
    assert path(found, A, A) == []


def test_generic_and_separated_identifiers_are_in_no_path() -> None:
    crowd = [("shop", f"x{number}") for number in range(7)]
    assert path(linked(sharing("card", "kiosk", *crowd)), crowd[0], crowd[1]) == []
    found = linked(sharing("card", "1", A, B) + sharing("device", "x", B, C), apart=(Separation(A, B),))
    assert path(found, A, B) == []
    assert path(found, B, C) == [Step(B, "device", "x", C)]


def test_a_group_left_single_still_says_what_would_have_joined_it() -> None:
    found = linked(CHAIN, limit=3)
    assert found.members.is_empty()
    assert [step.other for step in path(found, A, D)] == [B, C, D]


def test_joins_reach_every_other_account_of_the_group_once() -> None:
    assert joins(linked(CHAIN), B) == [
        Step(B, "card", "1", A),
        Step(B, "device", "x", C),
        Step(C, "card", "2", D),
    ]
    assert joins(linked(CHAIN), Z) == []


def test_a_weak_identifier_corroborates_what_others_joined() -> None:
    found = linked(CHAIN + sharing("address", "home", A, D, Z) + sharing("address", "work", B, Z))
    assert corroborations(found, B) == [Corroboration("address", "home", (A, D))]
    assert corroborations(found, Z) == []


def test_without_edges_there_is_no_path() -> None:
    assert path(linked([]), A, B) == []
    assert corroborations(linked([]), A) == []


NAMES = st.tuples(st.sampled_from(["shop", "tram"]), st.sampled_from("abcd"))
GRAPHS = st.lists(
    st.builds(
        lambda account, kind, name: (*account, kind, name),
        NAMES,
        st.sampled_from(["card", "device"]),
        st.sampled_from("123"),
    ),
    max_size=20,
)


def distance(edges: list[Edge], first: Account, second: Account) -> int | None:
    """The fewest identifiers between two accounts, by growing circles; caps are not reached here."""
    holders = defaultdict(set)
    for namespace, account, kind, identifier in edges:
        holders[kind, identifier].add((namespace, account))
    reached, steps = {first}, 0
    while second not in reached:
        wider = reached.union(*(accounts for accounts in holders.values() if accounts & reached))
        if wider == reached:
            return None
        reached, steps = wider, steps + 1
    return steps


@hypothesis.settings(deadline=None)
@given(GRAPHS, NAMES, NAMES)
def test_a_path_is_real_connected_and_shortest(edges: list[Edge], first: Account, second: Account) -> None:
    kinds = {kind: settings.LinkKind(cap=8) for kind in ("card", "device")}
    frame = pl.DataFrame(edges, schema=dict.fromkeys(EDGES, pl.String), orient="row")
    found = link(frame, settings.Entities(kinds=kinds))
    steps = path(found, first, second)
    assert len(steps) == (distance(edges, first, second) or 0)
    at = first
    for step in steps:
        assert step.account == at
        assert (*step.account, step.kind, step.identifier) in edges
        assert (*step.other, step.kind, step.identifier) in edges
        at = step.other
    if steps:
        assert at == second
