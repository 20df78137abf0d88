"""The actors that linking found: who is behind an account, what joined them, and what was left alone and why.

Accounts are as given here, ``(namespace, account)``; whoever keeps or shows them makes pseudonyms of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from coincide.entities.graph import Codes, Hubs

ACCOUNT = ["namespace", "account"]
IDENTIFIER = ["kind", "identifier"]
EDGES = [*ACCOUNT, *IDENTIFIER]
ACTOR = ["actor_namespace", "actor_account"]

Account = tuple[str, str]
"""Namespace and account as given; ordered by code point, namespace first."""


@dataclass(frozen=True, slots=True, order=True)
class Separation:
    """Two accounts that a person said are not the same actor; which is named first does not matter."""

    first: Account
    second: Account

    def __post_init__(self) -> None:
        if self.first == self.second:
            raise ValueError("an account is not separated from itself")
        if self.second < self.first:
            first, second = self.second, self.first
            object.__setattr__(self, "first", first)
            object.__setattr__(self, "second", second)


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """The graph kept for explaining: the edges as given, and numbers into them.

    ``rows`` and ``hub_rows`` name, for each number of an account and of an identifier, one row of ``edges``
    that has it; ``label`` is the component of each account.
    """

    edges: pl.DataFrame
    rows: Codes
    hub_rows: Codes
    label: npt.NDArray[np.int32]
    joining: Hubs
    weak: Hubs


@dataclass(frozen=True, slots=True, eq=False)
class Actors:
    """Accounts to actors.

    ``members``: String columns namespace, account, actor_namespace, actor_account; one row for each account
    of a group of two or more, in no order. The actor is the first account of the group by (namespace,
    account). An account that is not there is its own actor. ``left``: the accounts of groups left as single
    accounts: reason (``limit`` or ``separated``), actor_namespace and actor_account (whose they would have
    been), accounts (size of the group, UInt32), namespace, account; sorted by the would-be actor and the
    account. ``generic``: the identifiers that more accounts share than their kind's cap allows: kind,
    identifier, accounts (UInt32), cap (Int64), sorted. Weak kinds are among them. ``links``: for
    :mod:`coincide.entities.path`.
    """

    members: pl.DataFrame
    left: pl.DataFrame
    generic: pl.DataFrame
    links: Links

    def resolve(self, frame: pl.DataFrame) -> pl.DataFrame:
        """``frame`` with the String columns actor_namespace and actor_account behind its own, order kept.

        Read are its columns namespace and account; where the account is null, actor_account is too.
        """
        # Only the members that occur are joined: building the table over all members would cost most of the
        # time.
        asked = frame.select(ACCOUNT).unique()
        members = self.members.join(asked, on=ACCOUNT, how="semi")
        joined = frame.join(members, on=ACCOUNT, how="left", maintain_order="left")
        return joined.with_columns(
            actor_namespace=pl.coalesce("actor_namespace", "namespace"),
            actor_account=pl.coalesce("actor_account", "account"),
        )
