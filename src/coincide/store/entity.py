"""Numbered entity versions and the memberships they hold; all names are pseudonyms. DESIGN: "Actors"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

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
        {
            "account": account,
            "actor": actor,
            "version": old[account][1] if old.get(account, ("",))[0] == actor else number,
        }
        for account, actor in memberships.items()
    ]
    if rows:
        connection.execute(insert(membership), rows)


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
