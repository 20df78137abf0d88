"""The same purchases dealt out again among equally busy actors: what a rule would match if nobody chose together.

A permutation null that keeps what ordinary shopping is made of: how common each component is, who is busy, that who
buys a thing buys it again, and on which trips anybody was in a shop at all. For each component on its own, whole
histories change owners inside blocks of equally busy actors, and each event moves to one of its new owner's own trips.
Then the rule's own kernel runs. Measured against other nulls on a shopping year it follows harmless rules best; it
still expects about a quarter too little, because a baby or a barbecue ties things together: what that is worth is for
``control``. DESIGN, section 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.random import Generator

from coincide.detect.kernel.observations import Positions
from coincide.odds.hand import Counted, Hand, able, in_order, joined, tried
from coincide.odds.population import Population

DEALS = 200
LEAST = 30
"""Actors below which there is nobody to deal to."""
BLOCK, BLOCK_AT_SCALE = 20, 64
"""Equally busy actors among whom a component changes hands; blocks of 10 to 200 gave the same within 5 %."""
SNAP_DAYS = 15
"""A dealt event moves to a trip of its new owner so many days around; 5 to 30 days gave the same within 3 %."""
SNAPPED = 1_000_000
"""Observations up to which events are moved to trips; above, they keep their times: another estimator."""
_TRIES = 20
"""Draws after which two events may share a line: their new owner has fewer lines around than events."""
_DAY_US = 86_400_000_000
_AT_ONCE = 1_000_000
"""Observations that a kernel sees at once: as many deals as that holds, so that memory is the same for all."""
_EVERYBODY_AT_ONCE = 20_000_000
"""The same of actors, of whom nearly all may have nothing of a rare rule."""


@dataclass(frozen=True)
class Seats:
    """Everybody in the order of how busy they are, in blocks.

    ``place``: of each number, its place in that order; ``who``: the number at each place. A block of place ``p``
    begins at ``begin[p]`` and holds ``size[p]``.
    """

    place: Positions
    who: Positions
    begin: Positions
    size: Positions


def seats(everybody: Population, block: int, rng: Generator) -> Seats:
    """Blocks of ``block``; the last one takes what is left over. Who are as busy as each other sit in random order."""
    count = len(everybody)
    who = np.lexsort((rng.permutation(count), everybody.lines))
    place = np.empty(count, dtype=np.int64)
    place[who] = np.arange(count)
    last = max(count // block - 1, 0)
    number = np.minimum(np.arange(count) // block, last)
    begin = number * block
    return Seats(place, who, begin, np.where(number == last, count - begin, block))


@dataclass(frozen=True)
class Dealt:
    """Observations ``of`` the hand, in which ``deal`` (ascending), given to ``who`` at place ``at`` of its times."""

    of: Positions
    deal: Positions
    who: Positions
    at: Positions


@dataclass(frozen=True)
class Dealer:
    """Deals a hand: its histories (``unit``, ``who``) in seats, with the trips of ``everybody`` where events are moved.

    ``history``: of each observation of the hand which history it is a part of.
    """

    hand: Hand
    seats: Seats
    history: Positions
    unit: Positions
    who: Positions
    snap: bool

    def deal(self, deals: int, rng: Generator, *, all_of_it: bool = False) -> Dealt:
        """So many deals, each of every history; unless ``all_of_it``, only what the rule may match is listed."""
        hand, count = self.hand, len(self.seats.who)
        owner = self.seats.who[self.places(deals, rng)]
        code = (owner + np.arange(deals)[:, None] * count)[:, self.history].reshape(-1)
        of = np.tile(np.arange(len(hand)), deals)
        if not all_of_it:
            chosen = able(hand.plan, code, hand.unit[of], hand.carries, deals * count)
            of, code = of[chosen], code[chosen]
        who = code % count
        deal = code // count
        return Dealt(of, deal, who, self._snapped(of, deal, who, rng) if self.snap else hand.at[of])

    def places(self, deals: int, rng: Generator) -> Positions:
        """A new place for each history: inside its block, no two of one unit at one place; shape ``(deals, m)``.

        Every history draws a place; where several of a unit drew one, or it is taken, all but one draw again. No place
        is treated unlike another of its block, so every way to seat a block is as likely.
        """
        begin, size, offset, seats = self._tables
        place = np.empty(deals * len(begin), dtype=np.int64)
        taken = np.full(deals * seats, -1, dtype=np.int32)
        begin, size = np.tile(begin, deals), np.tile(size, deals)
        offset = (np.arange(deals)[:, None] * seats + offset).reshape(-1)
        left = np.arange(len(place))
        while len(left):
            drawn = (rng.random(len(left)) * size[left]).astype(np.int64)
            seat = offset[left] + drawn
            free = taken[seat] < 0
            chosen, mine = seat[free], left[free]
            taken[chosen] = mine  # of several the last one
            won = taken[chosen] == mine
            place[mine[won]] = begin[mine[won]] + drawn[free][won]
            left = np.concatenate([left[~free], mine[~won]])
        return place.reshape(deals, -1)

    @cached_property
    def _tables(self) -> tuple[Positions, Positions, Positions, int]:
        """Of each history where its block begins, how many sit there, and where the seats of its unit and block are
        counted from, in a row of those that any history may take; and how many these are."""
        old = self.seats.place[self.who]
        begin, size = self.seats.begin[old], self.seats.size[old]
        _, first, table = np.unique(self.unit * len(self.seats.who) + begin, return_index=True, return_inverse=True)
        ends = np.cumsum(size[first])
        return begin, size, (ends - size[first])[table.reshape(-1)], int(ends[-1]) if len(ends) else 0

    def _snapped(self, of: Positions, deal: Positions, who: Positions, rng: Generator) -> Positions:
        """For each dealt event one of its new owner's lines within ``SNAP_DAYS``: the trip of that line.

        Where there is none, the nearest trip. A line is one event's: whose every trip is a single line never has two
        components at once, and must not be dealt them either.
        """
        trips, times = self.hand.everybody.trips, self.hand.times
        assert trips is not None
        count = len(times)
        line, lines = self.trips
        first, last = self._around
        # What is asked in the order of the answers finds them five times as fast.
        owners = len(self.seats.who)
        asked = in_order(deal * owners + who, first[of], (int(deal.max(initial=0)) + 1) * owners, count + 1)
        of, deal, who = of[asked], deal[asked], who[asked]
        near = np.searchsorted(line, who * count + first[of])
        low, high = lines[near], lines[np.searchsorted(line, who * count + last[of])]
        drawn = self._lines(deal, low, high, rng)
        trip = np.searchsorted(lines, drawn, side="right") - 1
        far = np.flatnonzero(low == high)
        if len(far):
            # Everybody has a trip: the one before or the one after is theirs, whichever is nearer.
            at = times[self.hand.at[of[far]]]
            after = np.minimum(near[far], len(line) - 1)
            before = np.maximum(near[far] - 1, 0)
            away = [np.where(trips.who[one] == who[far], np.abs(trips.at[one] - at), 2**62) for one in (before, after)]
            trip[far] = np.where(away[0] <= away[1], before, after)
        found = np.empty(len(who), dtype=np.int64)
        found[asked] = line[trip] - who * count
        return found

    def _lines(self, deal: Positions, low: Positions, high: Positions, rng: Generator) -> Positions:
        """A line for each event, ``low <= line < high``, no two of a deal the same as far as that goes."""
        drawn = low + (rng.random(len(low)) * (high - low)).astype(np.int64)
        left = np.flatnonzero(low < high)
        for _ in range(_TRIES):
            key = deal[left] * (int(high.max(initial=0)) + 1) + drawn[left]
            order = np.argsort(key, kind="stable")
            again = order[1:][key[order[1:]] == key[order[:-1]]]
            if not len(again):
                break
            chosen = left[again]
            drawn[chosen] = low[chosen] + (rng.random(len(chosen)) * (high[chosen] - low[chosen])).astype(np.int64)
        return drawn

    @cached_property
    def _around(self) -> tuple[Positions, Positions]:
        """Of each observation of the hand, between which of its times it may move: the first, and the one after."""
        times = self.hand.times
        at = times[self.hand.at]
        width = SNAP_DAYS * _DAY_US
        return np.searchsorted(times, at - width), np.searchsorted(times, at + width, side="right")

    @cached_property
    def trips(self) -> tuple[Positions, Positions]:
        """Owner and time of each trip as one ascending number, and how many lines lie before each."""
        trips, times = self.hand.everybody.trips, self.hand.times
        assert trips is not None
        return trips.who * len(times) + np.searchsorted(times, trips.at), np.concatenate([[0], np.cumsum(trips.lines)])


def dealer(hand: Hand, rng: Generator) -> Dealer:
    """A dealer for a hand: with trips, unless there are too many observations or trips were not counted."""
    snap = hand.everybody.trips is not None and len(hand) <= SNAPPED
    key = hand.unit * len(hand.everybody) + hand.who
    histories, history = np.unique(key, return_inverse=True)
    return Dealer(
        hand,
        seats(hand.everybody, BLOCK if snap else BLOCK_AT_SCALE, rng),
        history.reshape(-1),
        histories // len(hand.everybody),
        histories % len(hand.everybody),
        snap,
    )


def deals(hand: Hand, rng: Generator, count: int = DEALS) -> Counted:
    """What the rule matches in ``count`` deals. Same hand and generator, same result; memory does not grow with it."""
    dealt = dealer(hand, rng)
    step = max(min(_AT_ONCE // max(len(hand), 1), _EVERYBODY_AT_ONCE // max(len(hand.everybody), 1), count), 1)
    found = []
    for first in range(0, count, step):
        now = min(step, count - first)
        one = dealt.deal(now, rng)
        found.append(tried(hand, one.of, one.deal, one.who, one.at, hand.unit[one.of], now))
    return joined(found)
