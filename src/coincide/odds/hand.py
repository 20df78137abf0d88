"""What is dealt out: the observations of a rule, or of made-up ones, and the rule's own kernel over any deal of them.

A unit is what stays whole: all that one of the population has of one component goes to one new owner, because who buys
a thing buys it again. Observations that carry the same components are of one unit. DESIGN, section 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.detect.detect import Cuts, decided, runs
from coincide.detect.evaluate import Surroundings
from coincide.detect.kernel.observations import Positions, Truths
from coincide.detect.placed import Placed
from coincide.detect.rows import Rows
from coincide.odds.population import NAME, Population, whose
from coincide.rules.plan import Combination, Plan
from coincide.rules.plan import Sequence as Steps

_BITS = 63


@dataclass(frozen=True)
class Hand:
    """``n`` observations, in the order of their names (time, source, event id, account).

    ``row``: their rows; ``who``: numbers in ``everybody``; ``unit``: of which each is a part. ``times``: every time at
    which anybody bought anything, ascending, microseconds; ``at``: places in it. ``carries[c, u]``: whether the unit
    ``u`` carries the component ``c`` of the plan, sorted by name.
    """

    plan: Plan
    rows: Rows
    around: Surroundings
    everybody: Population
    row: Positions
    who: Positions
    at: Positions
    times: Positions
    unit: Positions
    carries: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.carries.T)


@dataclass(frozen=True)
class Counted:
    """Of each deal: how many matched, and in how many alerts."""

    actors: Positions
    alerts: Positions


def joined(parts: Sequence[Counted]) -> Counted:
    """Deals after deals."""
    return Counted(np.concatenate([one.actors for one in parts]), np.concatenate([one.alerts for one in parts]))


def hand(plan: Plan, rows: Rows, keep: Truths, everybody: Population, around: Surroundings) -> Hand:
    """The observations of a rule as a scan sees them; ``keep``: the rows that the rule keeps."""
    row, who, at, times = placed(plan, rows, keep, everybody)
    carries, unit = _units(tuple(rows.carries((name,))[row] for name in plan.tagged or ()), len(row))
    return Hand(plan, rows, around, everybody, row, who, at, times, unit, carries)


def placed(
    plan: Plan, rows: Rows, keep: Truths, everybody: Population
) -> tuple[Positions, Positions, Positions, Positions]:
    """``row``, ``who``, ``at`` and ``times`` of a hand, in its order."""
    row = np.flatnonzero(keep)
    who = everybody.numbers(whose(plan, rows.frame, row))
    row, who = row[who >= 0], who[who >= 0]
    names = rows.frame.select("occurred_at", "source", "event_id", "account")[row].with_row_index("place")
    order = names.sort("occurred_at", "source", "event_id", "account")["place"].to_numpy()
    row, who = row[order], who[order]
    trips = everybody.trips
    times = np.unique(rows.at[row] if trips is None else np.concatenate([rows.at[row], trips.at]))
    return row, who, np.searchsorted(times, rows.at[row]), times


def observed(hand: Hand) -> Counted:
    """The undealt deal: what a scan finds."""
    return tried(hand, np.arange(len(hand)), np.zeros(len(hand), dtype=np.int64), hand.who, hand.at, hand.unit, 1)


def tried(
    hand: Hand,
    of: Positions,
    deal: Positions,
    who: Positions,
    at: Positions,
    unit: Positions,
    deals: int,
    carries: NDArray[np.bool_] | None = None,
) -> Counted:
    """The rule's own kernel over ``deals`` deals at once.

    Each dealt observation is the hand's observation ``of``, in the deal ``deal``, given to ``who`` at the time ``at``
    (a place in ``hand.times``), as a part of ``unit``, which carries what ``carries`` says, by default the hand's. One
    deal follows the other, each in the order of the hand.
    """
    count = len(hand.everybody)
    carries = hand.carries if carries is None else carries
    code = deal * count + who
    order = in_order(code, at, deals * count, len(hand.times))
    of, code, at, unit = of[order], code[order], hand.times[at[order]], unit[order]

    def frame(chosen: Positions) -> pl.DataFrame:
        return _as_dealt(hand, of[chosen], code[chosen] % count, at[chosen])

    # A rule that counts or adds up takes whatever carries one of its components.
    told_apart = isinstance(hand.plan.condition, Combination | Steps)
    carried_by = tuple(truth[unit] for truth in carries) if told_apart else ()
    found = decided(hand.plan, hand.rows, Placed(hand.row[of], code, at, carried_by, frame), hand.around)
    whole, _, _ = runs(found, hand.rows, Cuts())
    matched = found.code[found.hit]
    first = np.ones(len(matched), dtype=np.bool_)
    first[1:] = matched[1:] != matched[:-1]
    return Counted(
        np.bincount(matched[first] // count, minlength=deals),
        np.bincount(matched[whole] // count, minlength=deals),
    )


def able(plan: Plan, code: Positions, unit: Positions, carries: NDArray[np.bool_], owners: int) -> Truths:
    """The observations of owners who have enough components at whatever time; of the others nothing can come.

    Most have one or two: to leave them out before anything else is done costs a tenth of doing it.
    """
    match plan.condition:
        case Combination(at_least=least):
            pass
        case Steps():
            least = len(carries)
        case _:
            return np.ones(len(code), dtype=np.bool_)
    had = np.zeros(owners, dtype=np.int16)
    for truth in carries:
        has = np.zeros(owners, dtype=np.bool_)
        has[code[truth[unit]]] = True
        had += has
    found: Truths = (had >= least)[code]
    return found


def _as_dealt(hand: Hand, of: Positions, who: Positions, at: Positions) -> pl.DataFrame:
    """What ``unless`` reads: of the event what it is, of its time and its owner what the deal made of it.

    An actor has several accounts: what stays where it was keeps its own, what moves gets the one that names its owner.
    """
    frame = hand.rows.frame[hand.row[of]].with_columns(pl.Series("occurred_at", at, dtype=pl.Int64))
    names = hand.everybody.names[who]
    if hand.plan.by not in ("actor", "account"):
        return frame.with_columns(names["account"].alias(hand.plan.by))
    moved = pl.lit(pl.Series(who != hand.who[of]))
    return frame.with_columns(pl.when(moved).then(names[name]).otherwise(pl.col(name)).alias(name) for name in NAME)


def in_order(code: Positions, at: Positions, owners: int, times: int) -> Positions:
    """By owner and time, what is equal as it stands. In one number where it fits, which sorts ten times as fast."""
    time, place = (max(size - 1, 1).bit_length() for size in (times, len(code)))
    if max(owners - 1, 1).bit_length() + time + place > _BITS:
        return np.lexsort((at, code))
    packed = (((code << time) | at) << place) | np.arange(len(code))
    packed.sort()
    order: Positions = packed & ((1 << place) - 1)
    return order


def _units(truths: tuple[Truths, ...], count: int) -> tuple[NDArray[np.bool_], Positions]:
    """The distinct sets of components, as columns, and which of them each observation has."""
    if not truths:
        return np.zeros((0, 1), dtype=np.bool_), np.zeros(count, dtype=np.int64)
    packed = np.packbits(np.stack(truths, axis=1), axis=1)
    sets, unit = np.unique(packed, axis=0, return_inverse=True)
    carries = np.unpackbits(sets, axis=1, count=len(truths)).T.astype(np.bool_)
    return carries, unit.reshape(-1).astype(np.int64)
