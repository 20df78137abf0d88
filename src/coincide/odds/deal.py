"""The same purchases dealt out again among equally busy actors: what a rule would match if nobody chose together.

A permutation null that keeps what ordinary shopping is made of: how common each component is, who is busy, that who
buys a thing buys it again, and on which trips anybody was in a shop at all. For each component on its own, whole
histories change owners inside blocks of equally busy actors, and each event moves to the trip at which its new owner
had bought as great a part of all they bought: everybody's clock runs by what they buy.
Then the rule's own kernel runs. Measured against other nulls on a shopping year it follows harmless rules best; it
still expects about an eighth too little, because a baby or a barbecue ties things together: what that is worth is for
``control``. DESIGN, section 8; ADR 0029.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from coincide.detect.kernel.observations import Positions
from coincide.odds.hand import Counted, Hand, able, in_order, joined, tried
from coincide.odds.population import Population

DEALS = 200
LEAST = 30
"""Actors below which there is nobody to deal to."""
BLOCK, BLOCK_AT_SCALE = 20, 64
"""Equally busy actors among whom a component changes hands; blocks of 10 to 200 gave the same within 5 %."""
SNAPPED = 1_000_000
"""Observations up to which events are moved to trips; above, they keep their times: another estimator."""
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
        return Dealt(of, deal, who, self._moved(of, deal, who, deals, rng) if self.snap else hand.at[of])

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

    def _moved(self, of: Positions, deal: Positions, who: Positions, deals: int, rng: Generator) -> Positions:
        """For each dealt event the trip of its new owner at the same time by their clock, which runs by lines bought.

        By days around, events of whoever shops now and then would be spread over the year as evenly as days are, and
        meet less often than purchases do. Lines of one trip of one history stay beside each other.
        """
        clock, lines = self._clock, self.hand.everybody.lines
        turned = clock.nth[of] + rng.random((deals, clock.occasions))[deal, clock.occasion[of]] * clock.lines[of]
        part = (clock.before[of] + turned % clock.lines[of]) / lines[self.hand.who[of]]
        line = np.minimum((part * lines[who]).astype(np.int64), lines[who] - 1)
        line = self._apart(deal * len(lines) + who, line, lines[who], deals * len(lines))
        found: Positions = clock.at[clock.begin[who] + line].astype(np.int64)
        return found

    def _apart(self, owner: Positions, line: Positions, lines: Positions, owners: int) -> Positions:
        """The lines, so that no two of an owner share one: a trip must not be dealt more than it ever held.

        Who comes second moves on to the next line, and where those end all before move back. Only whoever is dealt more
        than they ever bought has two on one line.
        """
        order = in_order(owner, line, owners, int(lines.max(initial=1)))
        owner, wished, last = owner[order], line[order], lines[order] - 1
        number = np.arange(len(order))
        # Owners so far from each other that none reaches into another's lines.
        begin = np.cumsum(np.r_[True, owner[1:] != owner[:-1]][: len(order)]) * (
            int(last.max(initial=0)) + len(order) + 1
        )
        on = np.maximum.accumulate(begin + wished - number) + number - begin
        back = np.minimum.accumulate((begin + np.minimum(on, last) - number)[::-1])[::-1] + number - begin
        apart = np.empty(len(order), dtype=np.int64)
        apart[order] = np.where(back < 0, wished, back)
        return apart

    @cached_property
    def _clock(self) -> Clock:
        """What a deal needs to know of lines and trips, once for all."""
        hand, trips, times = self.hand, self.hand.everybody.trips, self.hand.times
        assert trips is not None
        place, count = np.searchsorted(times, trips.at), len(times)
        trip = np.searchsorted(trips.who * count + place, hand.who * count + hand.at)
        begin = np.cumsum(hand.everybody.lines) - hand.everybody.lines
        _, occasion, many = np.unique(self.history * count + hand.at, return_inverse=True, return_counts=True)
        occasion = occasion.reshape(-1)
        order = np.argsort(occasion, kind="stable")
        nth = np.empty(len(hand), dtype=np.int64)
        nth[order] = np.arange(len(hand)) - np.repeat(np.cumsum(many) - many, many)
        before = (np.cumsum(trips.lines) - trips.lines)[trip] - begin[hand.who]
        at = np.repeat(place.astype(np.int32), trips.lines)
        return Clock(begin, at, before, trips.lines[trip], occasion, len(many), nth)


@dataclass(frozen=True)
class Clock:
    """Everybody's lines in the order in which they were bought, and where in it the observations of a hand stand.

    ``begin``: of each of the population, where theirs begin; ``at``: of each line its place in the hand's times. Of
    each observation: ``before``, its owner's lines before its trip; ``lines`` of that trip; ``occasion``, the number of
    its history's trip, of ``occasions``; ``nth``, the how manieth it is there.
    """

    begin: Positions
    at: NDArray[np.int32]
    before: Positions
    lines: Positions
    occasion: Positions
    occasions: int
    nth: Positions


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
