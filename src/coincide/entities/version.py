"""Numbered versions of a partition of accounts into actors.

A scan uses one version throughout and every alert names the one it was found with. A version is a pure value;
where the numbers and memberships are kept is for ``store``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import polars as pl

from coincide.entities.actors import ACCOUNT, ACTOR

MEMBERSHIP = ["account", "actor"]


@dataclass(frozen=True, slots=True)
class EntityVersion:
    """``number`` counts from 1; ``digest`` is equal exactly where the memberships are."""

    number: int
    digest: str


def digest(memberships: pl.DataFrame) -> str:
    """A hash of the memberships: String columns account and actor, as pseudonyms, each account once.

    Accounts that are their own actor may be given or left out, they count for nothing: an account that comes
    to a log alone is no new version. Of identifiers as given the hash would let guesses be tested, so pass
    pseudonyms; after a rotation of the key the digest is to be taken again, and the number stays.
    """
    # Each text behind its length in bytes, so that no two lists of memberships write alike.
    parts = [pl.concat_str(pl.col(name).str.len_bytes(), pl.lit(":"), name) for name in MEMBERSHIP]
    lines = _joined(memberships).sort("account").select(pl.concat_str(parts)).to_series()
    return hashlib.sha256("".join(lines.to_list()).encode()).hexdigest()


def following(previous: EntityVersion | None, memberships: pl.DataFrame) -> EntityVersion:
    """The version of these memberships: ``previous`` itself if nothing changed, else the next number."""
    current = digest(memberships)
    if previous is None:
        return EntityVersion(1, current)
    return previous if previous.digest == current else EntityVersion(previous.number + 1, current)


def touched(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """``namespace, account`` of all accounts of the actors, old and new, whose accounts differ: those to evaluate anew.

    Both as ``Actors.members``, as given and not under pseudonyms. An account that is left out is its own actor.
    """
    names = ["later_namespace", "later_account"]
    later = after.rename(dict(zip(ACTOR, names, strict=True)))
    both = before.select(*ACCOUNT, *ACTOR).join(later, on=ACCOUNT, how="full", coalesce=True)
    own = [*ACCOUNT, *ACCOUNT]
    both = both.with_columns(pl.coalesce(pair) for pair in zip([*ACTOR, *names], own, strict=True))
    moved = both.filter(pl.any_horizontal(pl.col(old) != pl.col(new) for old, new in zip(ACTOR, names, strict=True)))
    actors = pl.concat(
        [moved.select(ACTOR), moved.select(pl.col(names[0]).alias(ACTOR[0]), pl.col(names[1]).alias(ACTOR[1]))]
    )
    # An actor is called after one of its accounts, so that all of them are in one of the two partitions.
    old = both.join(actors, on=ACTOR, how="semi")
    new = both.join(actors, left_on=names, right_on=ACTOR, how="semi")
    return pl.concat([old.select(ACCOUNT), new.select(ACCOUNT)]).unique()


def _joined(memberships: pl.DataFrame) -> pl.DataFrame:
    return memberships.select(MEMBERSHIP).filter(pl.col("account") != pl.col("actor"))
