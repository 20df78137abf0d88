"""Numbered versions of a partition of accounts into actors.

A scan uses one version throughout and every alert names the one it was found with. A version is a pure value;
where the numbers and memberships are kept is for ``store``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import polars as pl

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


def touched(before: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    """The actors, old and new, whose accounts differ between two versions: those to evaluate anew; sorted.

    Both as for :func:`digest`; an account that is left out is its own actor.
    """
    both = _joined(before).join(_joined(after).rename({"actor": "later"}), on="account", how="full", coalesce=True)
    both = both.with_columns(pl.col("actor").fill_null(pl.col("account")), pl.col("later").fill_null(pl.col("account")))
    moved = both.filter(pl.col("actor") != pl.col("later"))
    return sorted({*moved.get_column("actor"), *moved.get_column("later")})


def _joined(memberships: pl.DataFrame) -> pl.DataFrame:
    return memberships.select(MEMBERSHIP).filter(pl.col("account") != pl.col("actor"))
