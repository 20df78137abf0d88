"""Who belongs together as the store keeps it: memberships as pseudonyms, in numbered versions."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from coincide.alerts.asked import Asked
from coincide.engines.embedded.run import Run
from coincide.entities.version import EntityVersion, following
from coincide.store import entity


def memberships_of(asked: Asked, result: Run) -> pl.DataFrame:
    """``account, actor`` as pseudonyms: of accounts that have observations and belong to a group."""
    empty = pl.DataFrame(schema={"account": pl.String, "actor": pl.String})
    if result.actors is None:
        return empty
    members = result.actors.members.join(result.observed, on=["namespace", "account"], how="semi")
    if members.is_empty():
        return empty
    accounts = list(members.select("namespace", "account").iter_rows())
    actors = list(members.select("actor_namespace", "actor_account").iter_rows())
    known = asked.pseudonyms.of([*accounts, *actors])
    return pl.DataFrame({"account": [known[one] for one in accounts], "actor": [known[one] for one in actors]})


def with_unread(asked: Asked, connection: Connection, found: pl.DataFrame, result: Run) -> pl.DataFrame:
    """These memberships, and the kept ones of accounts that had no reason to be read again.

    Not those of moved accounts, whose rows were all read, and none if a scan of other rules has kept others since.
    """
    latest = entity.latest(connection)
    if result.actors is None or result.wider is None or result.wider.whole or asked.before is None or latest is None:
        return found
    if asked.before.versions.get("entities") != latest[0]:
        return found
    kept = entity.memberships(connection)
    if result.wider.moved is not None:
        for name in asked.pseudonyms.names(list(result.wider.moved.iter_rows())):
            kept.pop(name, None)
    kept |= dict(found.iter_rows())
    return pl.DataFrame({"account": list(kept), "actor": list(kept.values())}, schema=found.schema)


def save_entities(asked: Asked, connection: Connection, memberships: pl.DataFrame, result: Run) -> int | None:
    """The number of the entity version that the scan used; a new one is kept with its memberships."""
    if result.actors is None:
        return None
    latest = entity.latest(connection)
    previous = None if latest is None else EntityVersion(*latest)
    version = following(previous, memberships)
    if version != previous:
        entity.save(connection, version.number, version.digest, asked.now_us, dict(memberships.iter_rows()))
    left = result.actors.left.select("actor_namespace", "actor_account", "accounts").unique()
    names = asked.pseudonyms.names([(row[0], row[1]) for row in left.iter_rows()])
    generic = result.actors.generic
    marks = asked.pseudonyms.names([(f"@link.{kind}", value) for kind, value, *_ in generic.iter_rows()])
    entity.save_lists(
        connection,
        dict(zip(names, left["accounts"].to_list(), strict=True)),
        [
            {"kind": row["kind"], "pseudonym": mark, "accounts": row["accounts"]}
            for row, mark in zip(generic.iter_rows(named=True), marks, strict=True)
        ],
    )
    return version.number
