"""Why accounts are one actor: the identifiers that joined them, step by step ("same card as, same device as").

The result explains itself: each step names the two accounts, the kind and the identifier they share. Nothing
is printed, and nothing here is a pseudonym yet.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import polars as pl

from coincide.entities.actors import ACCOUNT, IDENTIFIER, Account, Actors, Links
from coincide.entities.graph import Hubs

Identifier = tuple[str, str]
"""Kind and identifier."""


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """``account`` and ``other`` share ``identifier`` of ``kind``."""

    account: Account
    kind: str
    identifier: str
    other: Account


@dataclass(frozen=True, slots=True, order=True)
class Corroboration:
    """An identifier of a weak kind that several accounts of one group share: it joined nobody, and it fits."""

    kind: str
    identifier: str
    accounts: tuple[Account, ...]


def path(actors: Actors, first: Account, second: Account) -> list[Step]:
    """The fewest steps from one account to the other; empty if they are one account or hang together in no way.

    Of several shortest ways, it is the one whose identifiers and accounts come first, so the answer is always
    the same. Accounts of a group that was left single have a path too: it says what would have joined them.
    """
    came = _tree(actors.links, first)
    steps: list[Step] = []
    at = second
    while at in came and at != first:
        step = came[at]
        steps.append(step)
        at = step.account
    return steps[::-1] if at == first else []


def joins(actors: Actors, first: Account) -> list[Step]:
    """One step for each other account of the group of ``first``, nearer ones before farther ones.

    Each step starts from ``first`` or from an account that an earlier step reached.
    """
    return list(_tree(actors.links, first).values())


def corroborations(actors: Actors, first: Account) -> list[Corroboration]:
    """The identifiers of weak kinds, at most their cap, that accounts of the group of ``first`` share; sorted."""
    _, shared = _group(actors.links, first, actors.links.weak)
    return sorted(
        Corroboration(kind, identifier, tuple(accounts))
        for (kind, identifier), accounts in shared.items()
        if len(accounts) >= 2
    )


def _tree(links: Links, first: Account) -> dict[Account, Step]:
    """How a breadth-first search from ``first`` came to each account it reached, in the order it did."""
    held, shared = _group(links, first, links.joining)
    came: dict[Account, Step] = {}
    seen_hubs: set[Identifier] = set()
    waiting = deque([first])
    while waiting:
        account = waiting.popleft()
        for hub in held.get(account, []):
            if hub in seen_hubs:
                continue
            seen_hubs.add(hub)
            for other in shared[hub]:
                if other not in came and other != first:
                    came[other] = Step(account, *hub, other)
                    waiting.append(other)
    return came


def _group(
    links: Links, first: Account, hubs: Hubs
) -> tuple[dict[Account, list[Identifier]], dict[Identifier, list[Account]]]:
    """The edges of ``hubs`` among the accounts that hang together with ``first``, both ways, all sorted."""
    names = links.edges.select(ACCOUNT)[links.rows]
    namespace, account = first
    at = names.select((pl.col("namespace").eq(namespace) & pl.col("account").eq(account)).arg_true()).to_series()
    if at.is_empty():
        return {}, {}
    label = links.label[at[0]]
    if label < 0:
        return {}, {}
    inside = links.label == label
    edges = np.flatnonzero(inside[hubs.accounts])
    hub = np.searchsorted(hubs.starts, edges, side="right") - 1
    table = pl.concat(
        [names[hubs.accounts[edges]], links.edges.select(IDENTIFIER)[links.hub_rows[hub]]], how="horizontal"
    )
    held: dict[Account, list[Identifier]] = {}
    shared: dict[Identifier, list[Account]] = {}
    for namespace, account, kind, identifier in table.sort(*IDENTIFIER, *ACCOUNT).iter_rows():
        held.setdefault((namespace, account), []).append((kind, identifier))
        shared.setdefault((kind, identifier), []).append((namespace, account))
    return held, shared
