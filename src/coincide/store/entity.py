"""Numbered entity versions, and the accounts of actors that have alerts; all names are pseudonyms. DESIGN: "Actors"."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from coincide.store.bulk import insert_rows
from coincide.store.tables import entity_version, generic_identifier, group_left_single, membership


def latest(connection: Connection) -> tuple[int, str] | None:
    """Number and digest of the newest version."""
    query = select(entity_version.c.number, entity_version.c.digest).order_by(entity_version.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else (row[0], row[1])


def digest(connection: Connection, number: int) -> str | None:
    """The digest of a version."""
    query = select(entity_version.c.digest).where(entity_version.c.number == number)
    found: str | None = connection.execute(query).scalar()
    return found


def add(connection: Connection, number: int, digest: str, at: int) -> None:
    """A new version."""
    connection.execute(insert(entity_version).values(number=number, digest=digest, at=at))


def save_memberships(connection: Connection, number: int, memberships: Mapping[str, str]) -> None:
    """Account -> actor, in the place of those that were kept; ``number``: the version in which it is so."""
    old = {row.account: (row.actor, row.version) for row in connection.execute(select(membership))}
    # Since when it is known: an account that stays with its actor keeps the version it came with.
    new = {
        account: (actor, old[account][1] if old.get(account, ("",))[0] == actor else number)
        for account, actor in memberships.items()
    }
    gone = [{"key": account} for account, row in old.items() if new.get(account) != row]
    if gone:
        connection.execute(delete(membership).where(membership.c.account == bindparam("key")), gone)
    rows = [(account, *row) for account, row in sorted(new.items()) if old.get(account) != row]
    insert_rows(connection, membership, ("account", "actor", "version"), rows)


def save_lists(connection: Connection, left: Mapping[str, int], generic: Sequence[Mapping[str, Any]]) -> None:
    """The groups left as single accounts (first account -> size) and the identifiers over their cap, as of now."""
    connection.execute(delete(group_left_single))
    connection.execute(delete(generic_identifier))
    if left:
        rows = [{"pseudonym": name, "accounts": count} for name, count in sorted(left.items())]
        connection.execute(insert(group_left_single), rows)
    if generic:
        connection.execute(insert(generic_identifier), list(generic))


def members(connection: Connection, name: str) -> list[str]:
    """The accounts of the actor that ``name`` (an actor or one of its accounts) belongs to, sorted."""
    query = select(membership.c.actor).where((membership.c.account == name) | (membership.c.actor == name))
    actor = connection.execute(query.limit(1)).scalar()
    if actor is None:
        return []
    return sorted(connection.execute(select(membership.c.account).where(membership.c.actor == actor)).scalars())


def names(connection: Connection) -> set[str]:
    """All pseudonyms in the memberships and the lists."""
    columns = (membership.c.account, membership.c.actor, group_left_single.c.pseudonym, generic_identifier.c.pseudonym)
    return {name for column in columns for name in connection.execute(select(column)).scalars()}


def since(connection: Connection, account: str) -> int | None:
    """The first version in which the account is known with its actor; ``None`` if its actor has no alert."""
    found: int | None = connection.execute(select(membership.c.version).where(membership.c.account == account)).scalar()
    return found


def left_single(connection: Connection) -> list[tuple[str, int]]:
    """The groups left as single accounts: first account and size, largest first."""
    table = group_left_single
    query = select(table.c.pseudonym, table.c.accounts).order_by(table.c.accounts.desc(), table.c.pseudonym)
    return [(name, count) for name, count in connection.execute(query)]


def generic(connection: Connection) -> list[tuple[str, str, int]]:
    """The identifiers over their cap: kind, pseudonym, number of accounts; the most shared first in each kind."""
    table = generic_identifier
    query = select(table.c.kind, table.c.pseudonym, table.c.accounts)
    query = query.order_by(table.c.kind, table.c.accounts.desc(), table.c.pseudonym)
    return [(kind, name, count) for kind, name, count in connection.execute(query)]


def take_out(connection: Connection, account: str, heir: str | None) -> tuple[int, int]:
    """Takes an account out of the memberships and the lists: how many rows of each went.

    ``heir``: what the actor of the others is called, if it was called like the account.
    """
    members = connection.execute(delete(membership).where(membership.c.account == account)).rowcount
    others = membership.c.actor == account
    if heir is None:
        members += connection.execute(delete(membership).where(others)).rowcount
    else:
        connection.execute(update(membership).where(others).values(actor=heir))
    lists = [
        connection.execute(delete(table).where(table.c.pseudonym == account)).rowcount
        for table in (group_left_single, generic_identifier)
    ]
    return members, sum(lists)


def keep_only(connection: Connection, accounts: Collection[str]) -> int:
    """Forgets all members of actors to whom none of these accounts belongs; how many."""
    rows = connection.execute(select(membership.c.account, membership.c.actor)).all()
    actors = {actor for account, actor in rows if account in accounts}
    gone = [{"key": account} for account, actor in rows if actor not in actors]
    if gone:
        connection.execute(delete(membership).where(membership.c.account == bindparam("key")), gone)
    return len(gone)


def forget_versions(connection: Connection, named: Collection[int]) -> int:
    """Forgets the versions that no account came with and that are not among these; the newest stays."""
    kept = {*named, *connection.execute(select(membership.c.version).distinct()).scalars()}
    numbers = connection.execute(select(entity_version.c.number).order_by(entity_version.c.number)).scalars().all()
    gone = [{"key": number} for number in numbers[:-1] if number not in kept]
    if gone:
        connection.execute(delete(entity_version).where(entity_version.c.number == bindparam("key")), gone)
    return len(gone)
