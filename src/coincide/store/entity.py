"""Numbered entity versions and the memberships they hold; all names are pseudonyms. DESIGN: "Actors"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from coincide.store.bulk import insert_rows
from coincide.store.tables import entity_version, generic_identifier, group_left_single, membership


def latest(connection: Connection) -> tuple[int, str] | None:
    """Number and digest of the newest version."""
    query = select(entity_version.c.number, entity_version.c.digest).order_by(entity_version.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else (row[0], row[1])


def save(connection: Connection, number: int, digest: str, at: int, memberships: Mapping[str, str]) -> None:
    """A new version: account -> actor of all accounts that belong to a group and have observations."""
    connection.execute(insert(entity_version).values(number=number, digest=digest, at=at))
    old = {row.account: (row.actor, row.version) for row in connection.execute(select(membership))}
    connection.execute(delete(membership))
    rows = [
        # Since when it is so: an account that stays with its actor keeps the version it came with.
        (account, actor, old[account][1] if old.get(account, ("",))[0] == actor else number)
        for account, actor in sorted(memberships.items())
    ]
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


def memberships(connection: Connection) -> dict[str, str]:
    """Account to actor, of all accounts that are kept."""
    return {row.account: row.actor for row in connection.execute(select(membership))}


def since(connection: Connection, account: str) -> int | None:
    """The version in which the account came to its actor; ``None`` if no membership of it is kept."""
    found: int | None = connection.execute(select(membership.c.version).where(membership.c.account == account)).scalar()
    return found


def redigest(connection: Connection, number: int, digest: str) -> None:
    """Another digest for the same version: its memberships are the same under other names."""
    connection.execute(update(entity_version).where(entity_version.c.number == number).values(digest=digest))


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
