"""Made-up rules: sets of item types as common as the rule's components, under the same kernel. Negative controls.

Nothing is known to be wrong with any of them, so what they match is what a rule of this shape matches of ordinary
shopping, seasons and households included. Each component is replaced by a type with nearly as many bouts; the types of
one made-up rule are of different families and none of them is the rule's own.

Schuemie et al. 2014, doi:10.1002/sim.5925; what it costs in power: Gruber and Tchetgen Tchetgen 2016,
doi:10.1002/sim.6936. DESIGN, section 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from coincide.detect.kernel.observations import Positions, Truths
from coincide.odds.bout import bouts, width_of
from coincide.odds.deal import dealer
from coincide.odds.hand import Counted, Hand, able, joined, tried
from coincide.odds.log import Log
from coincide.odds.shelf import Shelf, Shelved, shelved
from coincide.rules.plan import Plan

CONTROLS = 200
FEWEST = 100
"""Different made-up rules below which nothing is said: their range would be that of a handful."""
ALIKE = 0.15
"""By how much of it the bouts of a type may differ from those of the component it stands for."""
ROWS = 4_000_000
"""Lines of all types together that are read, so that they fit into memory."""
TYPES = 60
"""Types that stand for one component: more would make no more different rules than are drawn."""
DEALS_EACH = 5
"""Deals of each made-up rule: its expectation need not be sharp, as many of them are taken together."""
_AT_ONCE = 4_000_000
"""Observations of made-up rules that a kernel sees at once."""
_EVERYBODY_AT_ONCE = 20_000_000
"""The same of actors, counted for each rule."""


@dataclass(frozen=True)
class Controls:
    """What so many made-up rules match: ``found`` in the log, ``expected`` and its ``variance`` by a few deals each.

    ``sets``: the types of each, in the order of the rule's components. ``before`` and ``after``: how many each matched
    in the first half of the log and in the second, each half by itself.
    """

    sets: Positions
    found: Counted
    before: Positions
    after: Positions
    expected: NDArray[np.float64]
    variance: NDArray[np.float64]


@dataclass(frozen=True)
class TooFew:
    """Why there are none, in words."""

    because: str


def commonness(hand: Hand) -> Positions:
    """Of each component of the rule, its bouts in the rule's window."""
    width = width_of(hand.plan.window)
    found = []
    for truth in hand.carries:
        mine = truth[hand.unit]
        found.append(len(bouts(hand.who[mine], hand.times[hand.at[mine]], width)))
    return np.array(found, dtype=np.int64)


def controls(
    log: Log,
    hand: Hand,
    shelf: Shelf,
    connection: duckdb.DuckDBPyConnection,
    rng: Generator,
    count: int = CONTROLS,
) -> Controls | TooFew:
    """So many made-up rules beside the rule of a hand; the same ones for the same generator."""
    wanted = commonness(hand)
    if not len(shelf):
        return TooFew("no item types are known: name an [assortment], or map `category` of the sources")
    own = np.unique(shelf.of(hand.rows.frame[shelf.field][hand.row]))
    candidates = _candidates(shelf, wanted, own)
    there = shelved(log, hand.plan, shelf, np.unique(np.concatenate(candidates)).tolist(), hand.everybody, connection)
    sets = drawn(alike(candidates, wanted, counted(there, hand.plan, len(shelf))), shelf, rng, count)
    if len(sets) < FEWEST:
        return TooFew(
            f"the assortment is too small: {len(sets)} made-up rules with equally common components, {FEWEST} needed"
        )
    return results(hand, there, sets, rng)


def _candidates(shelf: Shelf, wanted: Positions, own: Positions) -> list[Positions]:
    """Types that may stand for each component, by what is known before their rows are read.

    Bouts are no fewer than buyers and no more than lines; the nearest are those whose geometric mean is.
    """
    free = shelf.buyers > 0
    free[own[own >= 0]] = False
    found = []
    for number in wanted.tolist():
        low, high = number - ALIKE * number, number + ALIKE * number
        near = np.flatnonzero(free & (shelf.buyers <= high) & (shelf.lines >= low))
        away = np.abs(np.log(shelf.buyers[near]) + np.log(shelf.lines[near]) - 2 * np.log(max(number, 1)))
        found.append(near[np.argsort(away, kind="stable")][:TYPES])
    lines = int(shelf.lines[np.unique(np.concatenate(found))].sum()) if found else 0
    if lines > ROWS:
        # Fewer of each, as many as fit.
        found = [types[: max(int(len(types) * ROWS / lines), 1)] for types in found]
    return found


def counted(there: Shelved, plan: Plan, types: int) -> Positions:
    """The bouts of each of so many types, as the rule would see them."""
    owners = int(there.who.max(initial=0)) + 1
    begun = bouts(there.type * owners + there.who, there.times[there.at], width_of(plan.window))
    return np.bincount(there.type[begun], minlength=types)


def alike(candidates: list[Positions], wanted: Positions, bouts: Positions) -> list[Positions]:
    """Of the candidates for each component, those whose bouts are nearly as many as it has."""
    return [
        types[np.abs(bouts[types] - number) <= ALIKE * number]
        for types, number in zip(candidates, wanted.tolist(), strict=True)
    ]


def drawn(candidates: list[Positions], shelf: Shelf, rng: Generator, count: int) -> Positions:
    """Different sets, the types of each of different families; fewer than ``count`` where there are no more."""
    components = len(candidates)
    none = np.zeros((0, components), dtype=np.int64)
    if not components or any(not len(types) for types in candidates):
        return none
    family = shelf.families.rank("dense").cast(int).to_numpy()
    sets = np.stack([types[rng.integers(0, len(types), 20 * count)] for types in candidates], axis=1)
    families = np.sort(family[sets], axis=1)
    apart = np.all(families[:, 1:] != families[:, :-1], axis=1)
    # Each set once, whichever component a type stands for; the first come first.
    _, first = np.unique(np.sort(sets[apart], axis=1), axis=0, return_index=True)
    return sets[apart][np.sort(first)][:count]


def results(hand: Hand, there: Shelved, sets: Positions, rng: Generator, deals: int = DEALS_EACH) -> Controls:
    """The kernel over all sets, several at once: as they are in the log, then dealt."""
    types = np.unique(sets)
    place = np.full(int(types.max()) + 1, -1, dtype=np.int64)
    place[types] = np.arange(len(types))
    chosen = (there.type < len(place)) & (there.type >= 0)
    chosen[chosen] = place[there.type[chosen]] >= 0
    # A hand of all types, each a unit of its own: a deal of it is one of every set.
    whole = Hand(
        hand.plan,
        there.rows,
        hand.around,
        hand.everybody,
        there.row[chosen],
        there.who[chosen],
        there.at[chosen],
        there.times,
        place[there.type[chosen]],
        np.zeros((0, len(types)), dtype=np.bool_),
    )
    dealt = dealer(whole, rng)
    ways = [(whole.who, whole.at)]
    for _ in range(deals):
        one = dealt.deal(1, rng, all_of_it=True)
        ways.append((one.who, one.at))
    halves = _halves(hand, whole)
    found: list[list[Counted]] = [[] for _ in ways]
    by_half: tuple[list[Counted], ...] = ([], [])
    for some in _parts(whole, place[sets]):
        for way, (who, at) in enumerate(ways):
            found[way].append(some.counted(who, at))
        for half, there_then in zip(by_half, halves, strict=True):
            half.append(some.counted(whole.who, whole.at, there_then))
    first, *others = (joined(each) for each in found)
    before, after = (joined(half).actors for half in by_half)
    expected = np.stack([each.actors for each in others])
    return Controls(sets, first, before, after, expected.mean(axis=0), expected.var(axis=0, ddof=1) / deals)


def _halves(hand: Hand, whole: Hand) -> tuple[Truths, Truths]:
    """The observations of the first half of the log's time, and those of the second."""
    first, last = hand.everybody.first or 0, hand.everybody.last or 0
    before: Truths = whole.times[whole.at] < (first + last) // 2
    return before, ~before


def _parts(whole: Hand, sets: Positions) -> Iterator[_Each]:
    """The sets, as many at a time as fit into memory."""
    by_type = np.argsort(whole.unit, kind="stable")
    bounds = np.searchsorted(whole.unit[by_type], np.arange(whole.units + 1))
    of_each = np.diff(bounds)[sets].sum(axis=1)
    begun = np.cumsum(of_each) // _AT_ONCE
    most = max(_EVERYBODY_AT_ONCE // len(whole.everybody), 1)
    edges = np.unique(np.concatenate([[0], np.flatnonzero(np.diff(begun)) + 1, np.arange(0, len(sets), most)]))
    for some in np.split(sets, edges[1:]):
        yield _Each(whole, some, by_type, bounds)


class _Each:
    """The observations of every set, one set after the other, over one hand of all types."""

    def __init__(self, whole: Hand, sets: Positions, by_type: Positions, bounds: Positions) -> None:
        of, slot = [], []
        for types in sets.tolist():
            parts = [by_type[bounds[one] : bounds[one + 1]] for one in types]
            joined = np.concatenate(parts)
            order = np.argsort(joined)
            of.append(joined[order])
            slot.append(np.repeat(np.arange(len(parts)), [len(part) for part in parts])[order])
        self._whole = whole
        self._sets = len(sets)
        self._of, self._slot = np.concatenate(of), np.concatenate(slot)
        self._number = np.repeat(np.arange(len(sets)), [len(part) for part in of])
        self._carries = np.eye(sets.shape[1], dtype=np.bool_)

    def counted(self, who: Positions, at: Positions, there: Truths | None = None) -> Counted:
        """What each set matches where the hand's observations (those ``there``) are given to ``who`` at ``at``."""
        owners = len(self._whole.everybody)
        owner = who[self._of]
        chosen = able(self._whole.plan, self._number * owners + owner, self._slot, self._carries, self._sets * owners)
        if there is not None:
            chosen &= there[self._of]
        of, number, slot = self._of[chosen], self._number[chosen], self._slot[chosen]
        return tried(self._whole, of, number, owner[chosen], at[of], slot, self._sets, self._carries)
