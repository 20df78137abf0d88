"""Why accounts are taken for one party: the links of all files read again, told in pseudonyms alone.

The identifiers that joined are kept nowhere, so they are read when a person asks. DESIGN: "Actors".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection

from coincide.alerts import service, subject
from coincide.alerts.errors import UnknownActor
from coincide.alerts.pseudonyms import Pseudonyms
from coincide.alerts.reread import opened
from coincide.alerts.rotation import ring_for
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.links import gathered
from coincide.engines.workspace import Workspace
from coincide.entities.actors import ACCOUNT, ACTOR, Account, Actors, Separation
from coincide.entities.key import KeyRing
from coincide.entities.link import link
from coincide.entities.path import Corroboration, Step, corroborations, joins
from coincide.entities.pseudonym import unseal
from coincide.ledger.book import Book
from coincide.ledger.subject import Subject
from coincide.store import entity
from coincide.store import pseudonym as pseudonym_store

_REASONS = {
    "joined": "joined",
    "limit": "left as single accounts: the group is larger than the limit",
    "separated": "left as single accounts: a person said that some of them are not the same",
    "alone": "a single account: no identifier joins it to another",
}


@dataclass(frozen=True, slots=True)
class Shared:
    """Accounts that share an identifier of a kind; all are pseudonyms."""

    kind: str
    identifier: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Over:
    """An identifier of the account that joins nobody, because more accounts share it than the cap allows."""

    kind: str
    identifier: str
    accounts: int
    cap: int


@dataclass(frozen=True, slots=True)
class Kinship:
    """Who an account belongs to, and why; all names are pseudonyms.

    ``end``: ``joined``, ``limit``, ``separated`` or ``alone``. ``steps``: two accounts each and what joined them (or
    would have), beginning at ``account``. ``since``: the entity version in which the account came to its
    actor, ``version`` the newest one; ``None`` where none is kept.
    """

    account: str
    actor: str
    accounts: tuple[str, ...]
    end: str
    steps: tuple[Shared, ...]
    corroborations: tuple[Shared, ...]
    generic: tuple[Over, ...]
    since: int | None
    version: int | None

    @property
    def reason(self) -> str:
        """``end`` as a sentence."""
        return _REASONS[self.end]


def explain(workspace: Workspace, book: Book, asked: str | Account) -> Kinship:
    """The kinship of an actor or account: a pseudonym, or namespace and account as given; entered in the ledger.

    Reads account and link columns of all files. Raises ``UnknownActor`` for a pseudonym that is nobody's, and what
    ``Book.reading`` raises.
    """
    with book.database.reading() as connection:
        told, about = _explained(workspace, connection, asked)
    book.reading("account:explain", ["account"], about=[about])
    return told


def _explained(workspace: Workspace, connection: Connection, asked: str | Account) -> tuple[Kinship, Subject]:
    ring = ring_for(workspace.key_file, connection)
    names = Pseudonyms(ring.current)
    actors = linked(workspace, connection, ring)
    first = _found(connection, ring, names, actors, asked) if isinstance(asked, str) else asked
    end, actor, members = _group(actors, first)
    latest = entity.latest(connection)
    name = names.names([first])[0]
    steps = joins(actors, first) if end != "alone" else []
    told = Kinship(
        account=name,
        actor=names.names([actor])[0],
        accounts=tuple(names.names(members)),
        end=end,
        steps=tuple(_shared(names, step) for step in steps),
        corroborations=tuple(_shared(names, one) for one in (corroborations(actors, first) if end != "alone" else ())),
        generic=_over(names, actors, first),
        since=entity.since(connection, name),
        version=None if latest is None else latest[0],
    )
    return told, subject.given([first], ring)[0]


def linked(workspace: Workspace, connection: Connection, ring: KeyRing) -> Actors:
    """The actors as the next scan will see them, weak kinds looked at too."""
    settings = workspace.settings
    with connect(settings) as engine:
        return link(gathered(workspace, engine, weak=True), settings.entities, separations(connection, ring))


def separations(connection: Connection, ring: KeyRing) -> list[Separation]:
    """The accounts that a person separated, as given: their seals are opened for the linking alone."""
    pairs = service.separations(connection)
    accounts = opened(connection, ring, sorted({name for pair in pairs for name in pair}))
    return [Separation(accounts[first], accounts[second]) for first, second in pairs]


def subjects(workspace: Workspace, connection: Connection, names: Sequence[str]) -> list[Subject]:
    """The accounts behind pseudonyms: those that the store knows, and those that files link.

    Reads account and link columns of all files if the store does not know one. Raises ``UnknownActor``.
    """
    ring = ring_for(workspace.key_file, connection)
    unknown = pseudonym_store.missing(connection, names)
    if not unknown:
        return subject.stored(connection, ring, names)
    made = Pseudonyms(ring.current)
    made.of(_linked_accounts(linked(workspace, connection, ring)))
    accounts, stranger = made.made(unknown)
    if stranger:
        raise UnknownActor
    accounts |= opened(connection, ring, [name for name in names if name not in unknown])
    return subject.given([accounts[name] for name in names], ring)


def _found(connection: Connection, ring: KeyRing, names: Pseudonyms, actors: Actors, asked: str) -> Account:
    """The account behind a pseudonym: from its seal, or by naming all accounts that have links."""
    for row in pseudonym_store.load(connection, [asked]):
        if not row.namespace.startswith("@"):
            return row.namespace, unseal(row.sealed, ring.by_id(row.key_id), pseudonym=row.pseudonym)
    accounts = _linked_accounts(actors)
    for account, name in zip(accounts, names.names(accounts), strict=True):
        if name == asked:
            return account
    raise UnknownActor


def _linked_accounts(actors: Actors) -> list[Account]:
    rows = actors.links.edges.select(ACCOUNT)[actors.links.rows]
    return [(namespace, account) for namespace, account in rows.iter_rows()]


def _group(actors: Actors, first: Account) -> tuple[str, Account, Sequence[Account]]:
    """How the group of an account ended, its first account, and all of them."""
    mine = (pl.col("namespace") == first[0]) & (pl.col("account") == first[1])
    joined = actors.members.with_columns(reason=pl.lit("joined"))
    for table in (joined, actors.left):
        for reason, *actor in table.filter(mine).select("reason", *ACTOR).iter_rows():
            same = (pl.col(ACTOR[0]) == actor[0]) & (pl.col(ACTOR[1]) == actor[1])
            members = sorted(table.filter(same).select(ACCOUNT).iter_rows())
            # Accounts that are left single are their own actors.
            own = (actor[0], actor[1]) if reason == "joined" else first
            return reason, own, members
    return "alone", first, [first]


def _shared(names: Pseudonyms, found: Step | Corroboration) -> Shared:
    accounts = (found.account, found.other) if isinstance(found, Step) else found.accounts
    identifier = names.names([(f"@link.{found.kind}", found.identifier)])[0]
    return Shared(found.kind, identifier, tuple(names.names(list(accounts))))


def _over(names: Pseudonyms, actors: Actors, first: Account) -> tuple[Over, ...]:
    mine = (pl.col("namespace") == first[0]) & (pl.col("account") == first[1])
    held = actors.links.edges.filter(mine).select("kind", "identifier").unique()
    rows = actors.generic.join(held, on=["kind", "identifier"], how="semi").sort("kind", "identifier")
    return tuple(
        Over(kind, names.names([(f"@link.{kind}", identifier)])[0], count, cap)
        for kind, identifier, count, cap in rows.select("kind", "identifier", "accounts", "cap").iter_rows()
    )


def lines(told: Kinship) -> list[str]:
    """The kinship as a person reads it."""
    count = f"{len(told.accounts)} account{'' if len(told.accounts) == 1 else 's'}"
    since = "" if told.since is None else f", since entity version {told.since}"
    result = [f"Actor {told.actor}: {count}, {told.reason}{since}"]
    result += [f"  {name}" for name in told.accounts]
    if told.steps:
        result += ["", "What joins them" if told.end == "joined" else "What would join them"]
        result += [
            f"  {one.accounts[1]}  same {one.kind} as {one.accounts[0]}  ({one.kind} {one.identifier})"
            for one in told.steps
        ]
    if told.corroborations:
        result += ["", "What fits, and joins nobody"]
        for one in told.corroborations:
            others = ", ".join(one.accounts[1:])
            result.append(f"  {one.accounts[0]}  also same {one.kind} as {others}  ({one.kind} {one.identifier})")
    if told.generic:
        result += ["", f"Shared by too many to join anybody ({told.account})"]
        result += [f"  {one.kind} {one.identifier}: {one.accounts:,} accounts, cap {one.cap}" for one in told.generic]
    return result
