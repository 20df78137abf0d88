"""Whom an act is about, as the ledger gets it: a commitment to the account, whose seal the store keeps.

A new key changes pseudonyms, so what is committed to is the account itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from coincide.alerts.errors import UnknownActor
from coincide.alerts.pseudonyms import Account, Pseudonyms
from coincide.alerts.reread import opened
from coincide.entities.key import KeyRing
from coincide.ledger.subject import Subject
from coincide.store import pseudonym as pseudonym_store

Random = Callable[[int], bytes]


def stored(connection: Connection, ring: KeyRing, names: Sequence[str]) -> list[Subject]:
    """Those behind pseudonyms that the store knows, in their order. Raises ``UnknownActor``."""
    found = opened(connection, ring, names)
    if not found.keys() >= set(names):
        raise UnknownActor
    seals = {row.pseudonym: row._asdict() for row in pseudonym_store.load(connection, names)}
    return [Subject(label, datum(found[name]), name, seals[name]) for label, name in _labelled(names)]


def given(accounts: Sequence[Account], ring: KeyRing, random: Random = os.urandom) -> list[Subject]:
    """Those of accounts as given."""
    made = Pseudonyms(ring.current, random)
    names = made.names(accounts)
    seals = {str(row["pseudonym"]): row for row in made.sealed(names)}
    data = {name: datum(account) for name, account in zip(names, accounts, strict=True)}
    return [Subject(label, data[name], name, seals[name]) for label, name in _labelled(names)]


def datum(account: Account) -> str:
    """What is committed to: ``namespace:account``; a namespace has no colon."""
    namespace, identifier = account
    return f"{namespace}:{identifier}"


def _labelled(names: Sequence[str]) -> list[tuple[str, str]]:
    """What the entry calls each of them."""
    if len(names) == 1:
        return [("account", names[0])]
    return [(f"account-{number}", name) for number, name in enumerate(names, 1)]
