"""Numbered versions of a partition of accounts into actors.

A scan uses one version throughout and every alert names the one it was found with. A version is a pure value;
where the numbers are kept is for ``store``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import polars as pl

from coincide.entities.actors import ACCOUNT, ACTOR
from coincide.entities.key import Key

_PURPOSE = b"coincide partition v1"


@dataclass(frozen=True, slots=True)
class EntityVersion:
    """``number`` counts from 1; ``digest`` is that of the partition."""

    number: int
    digest: str


def digest(members: pl.DataFrame, key: Key) -> str:
    """A keyed hash of who belongs together: ``members`` as those of ``Actors``, in any order.

    Keyed, because of a bare hash guesses could be tested. Equal exactly where the partitions and the keys are.
    """
    # Each text with its length in bytes, so that no two lists of memberships write alike.
    parts = [*ACCOUNT, *ACTOR]
    lengths = (pl.col(name).str.len_bytes().cast(pl.String) for name in parts)
    lines = members.select(pl.concat_str(*parts, *lengths, separator="\0")).to_series().sort()
    hashed = hashlib.blake2b(lines.str.join("\n").item().encode(), key=key.derived(_PURPOSE), digest_size=16)
    return f"{key.id}:{hashed.hexdigest()}"


def comparable(first: str, second: str) -> bool:
    """Whether two digests are of one key: those of two keys say nothing of each other."""
    return first.partition(":")[0] == second.partition(":")[0]


def following(previous: EntityVersion | None, current: str) -> EntityVersion:
    """The version of the partition of this digest: ``previous`` itself if it is the same, else the next number."""
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
