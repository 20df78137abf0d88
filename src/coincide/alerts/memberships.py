"""Who belongs together as the store keeps it: the numbered versions, and the accounts of actors that have alerts."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
from sqlalchemy import Connection

from coincide.alerts import register
from coincide.alerts.asked import Asked
from coincide.alerts.reread import opened
from coincide.engines.embedded.run import Run
from coincide.entities.actors import ACCOUNT, ACTOR, Account, Actors
from coincide.entities.version import EntityVersion, following
from coincide.store import entity


def version_of(asked: Asked, connection: Connection, result: Run) -> int | None:
    """The number of the entity version that the scan used, which is kept if it is new; ``None`` without links."""
    partition = asked.partition(result.actors)
    if partition is None:
        return None
    latest = entity.latest(connection)
    previous = None if latest is None else EntityVersion(*latest)
    version = following(previous, partition)
    if version != previous:
        entity.add(connection, version.number, version.digest, asked.now_us)
    return version.number


def actors_of(asked: Asked, connection: Connection, result: Run, names: Iterable[str]) -> dict[str, str]:
    """The actors that accounts belong to now, all under pseudonyms; without links each is its own.

    The accounts are those of alerts that are kept or were just found: the store has their seals, or they were named
    in this scan.
    """
    asked_for = set(names)
    if result.actors is None:
        return {name: name for name in asked_for}
    accounts = _as_given(asked, connection, asked_for)
    given = pl.DataFrame([*accounts.values()], schema=dict.fromkeys(ACCOUNT, pl.String), orient="row")
    owners = result.actors.resolve(given.with_columns(name=pl.Series([*accounts], dtype=pl.String)))
    actors = asked.pseudonyms.names(list(owners.select(ACTOR).iter_rows()))
    return {name: name for name in asked_for} | dict(zip(owners["name"], actors, strict=True))


def save_memberships(asked: Asked, connection: Connection, version: int, actors: Actors) -> None:
    """Keeps the accounts of all actors that have an alert now, and the lists.

    Whoever has no alert is nobody whose companions need to be known: of them nothing is kept.
    """
    firsts = _as_given(asked, connection, register.first_accounts(connection, "actor")).values()
    alerted = actors.resolve(pl.DataFrame([*firsts], schema=dict.fromkeys(ACCOUNT, pl.String), orient="row"))
    members = actors.members.join(alerted, on=ACTOR, how="semi")
    accounts = asked.pseudonyms.names(list(members.select(ACCOUNT).iter_rows()))
    of = asked.pseudonyms.names(list(members.select(ACTOR).iter_rows()))
    entity.save_memberships(connection, version, dict(zip(accounts, of, strict=True)))
    left = actors.left.select(*ACTOR, "accounts").unique()
    heads = asked.pseudonyms.names(list(left.select(ACTOR).iter_rows()))
    generic = list(actors.generic.select("kind", "identifier", "accounts").iter_rows())
    marks = asked.pseudonyms.names([(f"@link.{kind}", identifier) for kind, identifier, _ in generic])
    entity.save_lists(
        connection,
        dict(zip(heads, left["accounts"].to_list(), strict=True)),
        [
            {"kind": kind, "pseudonym": mark, "accounts": count}
            for (kind, _, count), mark in zip(generic, marks, strict=True)
        ],
    )


def _as_given(asked: Asked, connection: Connection, names: Iterable[str]) -> dict[str, Account]:
    """The accounts behind pseudonyms, as far as they were named in this scan or the store has their seals."""
    made, others = asked.pseudonyms.made(names)
    return made | opened(connection, asked.ring, sorted(others))
