"""Everybody who could have matched: who they are, how busy they were, and when they went shopping.

One who is looked at has a number here, from 0 up; ``deal`` gives histories of one to another. DESIGN, section 8;
"activity is what breaks independence": a heavy buyer has every component more often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from coincide.detect.kernel.observations import Positions
from coincide.entities.actors import ACCOUNT, ACTOR, Actors
from coincide.rules.plan import Plan

NAME = ("namespace", "account")


@dataclass(frozen=True)
class Trips:
    """When those of a population bought anything: sorted by ``(who, at)``, one row for each time.

    ``who``: number; ``at``: microseconds; ``lines``: how many lines it had, at least 1.
    """

    who: Positions
    at: Positions
    lines: Positions


@dataclass(frozen=True)
class Population:
    """``names``: String columns namespace and account, row ``i`` for number ``i``; ``lines``: how many each bought.

    ``first`` and ``last``: the earliest and latest time of any of it; ``None`` where nobody bought anything.
    """

    names: pl.DataFrame
    lines: Positions
    first: int | None
    last: int | None
    trips: Trips | None = None

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def _numbers(self) -> pl.DataFrame:
        return self.names.with_columns(number=pl.int_range(len(self), dtype=pl.Int64))

    def numbers(self, names: pl.DataFrame) -> Positions:
        """The number of each name (columns namespace and account); -1 of one who is not there."""
        joined = names.select(NAME).join(self._numbers, on=NAME, how="left", maintain_order="left")
        return joined["number"].fill_null(-1).to_numpy()


def whose(plan: Plan, frame: pl.DataFrame, row: Positions) -> pl.DataFrame:
    """Whose these rows are, as a population names them (see ``activity.WHO``)."""
    match plan.by:
        case "actor":
            return frame.select(namespace="actor_namespace", account="actor_account")[row]
        case "account":
            return frame.select(NAME)[row]
        case field:
            return frame.select(namespace=pl.lit(""), account=pl.col(field))[row]


def resolver(plan: Plan, actors: Actors | None) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """From whose lines are counted to who is looked at: of a rule by actor, accounts become actors."""
    if plan.by != "actor" or actors is None:
        return lambda frame: frame

    def resolved(frame: pl.DataFrame) -> pl.DataFrame:
        return actors.resolve(frame).drop(ACCOUNT).rename(dict(zip(ACTOR, ACCOUNT, strict=True)))

    return resolved


def population(counted: pl.DataFrame) -> Population:
    """Of ``activity.lines``, with names resolved; in the order of names, so that a seed gives the same deals."""
    summed = counted.group_by(NAME).agg(pl.col("lines").sum()).sort(NAME)
    ends = ("at", "at") if "at" in counted.columns else ("first", "last")
    first, last = counted[ends[0]].cast(pl.Int64).to_numpy(), counted[ends[1]].cast(pl.Int64).to_numpy()
    everybody = Population(
        summed.select(NAME),
        summed["lines"].to_numpy(),
        int(first.min()) if len(first) else None,
        int(last.max()) if len(last) else None,
    )
    if "at" not in counted.columns:
        return everybody
    placed = counted.select("at", "lines", pl.Series("who", everybody.numbers(counted)))
    trips = placed.group_by("who", "at").agg(pl.col("lines").sum()).sort("who", "at")
    return replace(everybody, trips=Trips(trips["who"].to_numpy(), trips["at"].to_numpy(), trips["lines"].to_numpy()))
