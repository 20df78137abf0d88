"""Whom an act is about, as the ledger gets it: a commitment to the account, whose seal the store keeps.

A new key changes pseudonyms, so what is committed to is the account itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from coincide.alerts.errors import NamespaceMissing, UnknownAccount, UnknownActor, UnknownNamespace
from coincide.alerts.pseudonyms import Account, Pseudonyms
from coincide.alerts.reread import opened
from coincide.engines.workspace import Workspace
from coincide.entities.key import KeyRing
from coincide.ledger.subject import Subject
from coincide.store import pseudonym as pseudonym_store

Random = Callable[[int], bytes]

FIELD_NAMESPACE = "@"
"""Values of fields and identifiers are hashed in a namespace of their own, which begins so."""


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


def asked(
    workspace: Workspace, connection: Connection, ring: KeyRing, given: str, namespace: str | None = None
) -> Account:
    """Whom a person means by ``given``: in ``namespace`` what stands there; else a pseudonym that the store knows, or
    an account as ``account_of`` reads it.

    Raises ``UnknownAccount``, ``UnknownNamespace``, ``NamespaceMissing``.
    """
    must_be_text(given)
    settings = workspace.settings
    named = settings.namespaces | {part.accounts for part in settings.links.values()}
    known = sorted(named | pseudonym_store.namespaces(connection))
    if namespace is not None:
        if namespace not in known:
            raise UnknownNamespace(namespace, known)
        return namespace, given
    stored_ = opened(connection, ring, [given]).get(given)
    if stored_ is not None:
        return stored_
    return account_of(given, [name for name in known if not name.startswith(FIELD_NAMESPACE)])


def must_be_text(given: str) -> None:
    """Accounts are text in UTF-8, and not empty: what is none is nobody's. Raises ``UnknownAccount``."""
    try:
        if given.encode():
            return
    except UnicodeEncodeError:
        pass
    raise UnknownAccount("account")


def account_of(given: str, namespaces: Sequence[str]) -> Account:
    """``NAMESPACE:ACCOUNT``, or the bare account where there is one namespace. Raises ``NamespaceMissing``."""
    before, colon, after = given.partition(":")
    if colon and before in namespaces:
        return before, after
    if len(namespaces) != 1:
        raise NamespaceMissing(namespaces)
    return namespaces[0], given


def datum(account: Account) -> str:
    """What is committed to: ``namespace:account``; a namespace has no colon."""
    namespace, identifier = account
    return f"{namespace}:{identifier}"


def _labelled(names: Sequence[str]) -> list[tuple[str, str]]:
    """What the entry calls each of them."""
    if len(names) == 1:
        return [("account", names[0])]
    return [(f"account-{number}", name) for number, name in enumerate(names, 1)]
