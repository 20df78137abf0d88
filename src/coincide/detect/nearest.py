"""The nearest miss: how close the observations of one actor came to a hit, and what was missing.

Pure, over the same observations and by the same kernel pieces as the hits themselves. The words for it are made
by whoever shows it. The observations are taken to be of one actor.
"""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from coincide.detect.detect import Hits
from coincide.detect.kernel import combination, ratio, sequence, threshold
from coincide.detect.kernel.observations import Observations, Positions, latest
from coincide.detect.kernel.window import distinct
from coincide.rules.plan import Combination, Presence, Ratio, Sequence, Sliding, Threshold, UnusualDay, Velocity


@dataclass(frozen=True)
class Outside:
    """An observation of a missing component outside the window: ``apart`` from ``anchor``, ``over`` the limit.

    Times in microseconds; ``over`` is 0 where they are apart by exactly the window, which is open at its old end.
    ``over`` is ``None`` for local days: it was on another day.
    """

    at: int
    anchor: str
    anchor_at: int
    apart: int
    over: int | None


@dataclass(frozen=True)
class Part:
    """A component of a combination at the nearest miss.

    ``at``: its latest observation in the window. ``reached``: of ``minimum`` in the window; both ``None`` where
    the rule asks for no total. ``seen``: its observations at any time. ``outside``: the nearest observation outside
    the window, where the component is missing.
    """

    component: str
    covered: bool
    at: int | None
    seen: int
    minimum: Decimal | None = None
    reached: Decimal | None = None
    outside: Outside | None = None


@dataclass(frozen=True)
class NearCombination:
    """The window that covers the most components; of those that cover as many, the latest."""

    at: int
    needed: int
    parts: tuple[Part, ...]

    @property
    def covered(self) -> int:
        """How many components are covered."""
        return sum(part.covered for part in self.parts)


@dataclass(frozen=True)
class NearVelocity:
    """The window with the largest count (of distinct values), the latest of those; ``needed`` would be a hit."""

    first_at: int
    at: int
    count: int
    needed: int


@dataclass(frozen=True)
class NearThreshold:
    """The window with the largest sum, the latest of those. ``missing``: what the sum is below the limit."""

    first_at: int
    at: int
    total: Decimal
    missing: Decimal


@dataclass(frozen=True)
class Failed:
    """Why the step after a prefix was not completed: the nearest later observation of it, if there is one.

    ``over_gap``: by how much it came too long after the step before. ``over_window``: by how much it left the
    window, 0 if exactly the window apart. ``other_day``: it came on another local day. All ``None`` and ``False``
    where there is no later observation; ``earlier``: there are some, but only before.
    """

    step: str
    at: int | None = None
    over_gap: int | None = None
    over_window: int | None = None
    other_day: bool = False
    earlier: bool = False


@dataclass(frozen=True)
class NearSequence:
    """The longest prefix of steps that was completed inside a window, with its times, and what failed then."""

    steps: tuple[str, ...]
    times: tuple[int, ...]
    failed: Failed | None


@dataclass(frozen=True)
class NearRatio:
    """The window that the fewest further observations would make a hit, the latest of those.

    ``of`` and ``to``: how many it holds of the two kinds. ``missing_to``: how many more ``to`` would be enough;
    ``missing_of``: how many more ``of`` it would then take.
    """

    first_at: int
    at: int
    of: int
    to: int
    missing_of: int
    missing_to: int


Nearest = NearCombination | NearVelocity | NearThreshold | NearSequence | NearRatio


def nearest(found: Hits) -> Nearest | None:
    """How close the actor came at best; ``None`` without any observation. A hit is as close as can be."""
    seen = found.seen
    if not len(seen):
        return None
    width = found.plan.window.width_us if isinstance(found.plan.window, Sliding) else None
    match found.plan.condition:
        case Combination() as condition:
            return _combination(condition, seen, width)
        case Velocity() as condition:
            return _velocity(condition, seen)
        case Threshold() as condition:
            return _threshold(condition, seen)
        case Sequence() as condition:
            return _sequence(condition, seen, width)
        case Ratio() as condition:
            return _ratio(condition, seen)
        case Presence(at_least=at_least):
            return _velocity(Velocity(at_least, "incident"), seen)
        case UnusualDay():
            # Ranks are taken among all accounts: of one alone nothing is near.
            return None


def _last_largest(values: Several[int] | Positions) -> int:
    array = np.asarray(values)
    return int(len(array) - 1 - np.argmax(array[::-1]))


# --- combination ------------------------------------------------------------------------------------------------


def _combination(condition: Combination, seen: Observations, width: int | None) -> NearCombination:
    rows = np.arange(len(seen), dtype=np.int64)
    covers = combination.covers(condition, seen, rows)
    best = _last_largest(np.sum(covers, axis=0, dtype=np.int64))
    start = int(seen.start[best])
    places: dict[str, int] = {}
    parts = []
    for (name, minimum), carries, covered in zip(condition.of, seen.carries, covers, strict=True):
        last = int(latest(carries)[best])
        if covered[best]:
            places[name] = last
        reached = None
        if minimum is not None and seen.number is not None:
            inside = np.flatnonzero(carries[start : best + 1]) + start
            reached = seen.number.decimal(sum(seen.number.values[inside].tolist()))
        at = int(seen.at[last]) if last >= start else None
        parts.append(Part(name, bool(covered[best]), at, int(carries.sum()), minimum, reached))
    outside = [
        part
        if part.covered
        else replace(part, outside=_outside(np.flatnonzero(carries), seen, best, places, condition, width))
        for part, carries in zip(parts, seen.carries, strict=True)
    ]
    return NearCombination(int(seen.at[best]), condition.at_least, tuple(outside))


def _outside(
    carriers: Positions,
    seen: Observations,
    best: int,
    places: dict[str, int],
    condition: Combination,
    width: int | None,
) -> Outside | None:
    """The nearest carrier before the window, seen from its end, or after it, seen from what it would have to keep."""
    start = int(seen.start[best])
    before, after = carriers[carriers < start], carriers[carriers > best]
    made = []
    if len(before):
        ends = [name for (name, _), carries in zip(condition.of, seen.carries, strict=True) if carries[best]]
        made.append(_between(int(seen.at[before[-1]]), ends[0], int(seen.at[best]), width))
    if len(after) and places:
        oldest = min(places, key=lambda name: places[name])
        made.append(_between(int(seen.at[after[0]]), oldest, int(seen.at[places[oldest]]), width))
        # Near enough in time: then its total is what is missing, not the window.
        inside = made[-1].apart < width if width is not None else seen.group[after[0]] == seen.group[best]
        made = made[:-1] if inside else made
    return min(made, key=lambda one: (one.apart, one.at), default=None)


def _between(at: int, anchor: str, anchor_at: int, width: int | None) -> Outside:
    apart = abs(at - anchor_at)
    return Outside(at, anchor, anchor_at, apart, None if width is None else apart - width)


# --- velocity and threshold -------------------------------------------------------------------------------------


def _velocity(condition: Velocity, seen: Observations) -> NearVelocity:
    rows = np.arange(len(seen), dtype=np.int64)
    if condition.distinct is None or seen.value is None:
        counts = rows - seen.start + 1
    else:
        counts = distinct(seen.value, seen.start, rows)
    best = _last_largest(counts)
    first = int(seen.at[seen.start[best]])
    return NearVelocity(first, int(seen.at[best]), int(counts[best]), condition.at_least)


def _threshold(condition: Threshold, seen: Observations) -> NearThreshold:
    if seen.number is None:
        raise ValueError("a threshold needs the numbers it sums")
    sums = threshold.sums(seen)
    best = _last_largest(sums)
    total = seen.number.decimal(sums.tolist()[best])
    return NearThreshold(int(seen.at[seen.start[best]]), int(seen.at[best]), total, condition.limit - total)


# --- ratio ------------------------------------------------------------------------------------------------------


def _ratio(condition: Ratio, seen: Observations) -> NearRatio:
    of, to = ratio.counts(seen)
    missing_to = np.maximum(condition.at_least - to, 0)
    missing_of = np.maximum(ratio.needed(condition, to + missing_to) - of, 0)
    best = _last_largest(-(missing_to + missing_of))
    return NearRatio(
        int(seen.at[seen.start[best]]),
        int(seen.at[best]),
        int(of[best]),
        int(to[best]),
        int(missing_of[best]),
        int(missing_to[best]),
    )


# --- sequence ---------------------------------------------------------------------------------------------------


def _sequence(condition: Sequence, seen: Observations, width: int | None) -> NearSequence:
    prefix, shortened, ends = _longest(condition, seen)
    done = len(prefix.steps)
    if not done:
        first = condition.steps[0]
        return NearSequence((), (), Failed(first))
    if done == len(condition.steps):
        return NearSequence(prefix.steps, _times(prefix, shortened, ends), None)
    step = condition.steps[done]
    carriers = np.flatnonzero(seen.carries[sorted(set(condition.steps)).index(step)])
    following = np.searchsorted(carriers, ends, side="right")
    later = following < len(carriers)
    if not later.any():
        failed = Failed(step, earlier=bool(len(carriers)))
        return NearSequence(prefix.steps, _times(prefix, shortened, ends), failed)
    # The prefix that its next step misses by the least; of equal ones the latest.
    chains = _chains(prefix, shortened, ends[later])
    failures = [
        _failed(condition, step, seen, chain, after, width)
        for chain, after in zip(chains, carriers[following[later]].tolist(), strict=True)
    ]
    best = min(range(len(failures)), key=lambda i: (_by_how_much(failures[i]), -i))
    return NearSequence(prefix.steps, tuple(seen.at[chains[best]].tolist()), failures[best])


def _longest(condition: Sequence, seen: Observations) -> tuple[Sequence, Observations, Positions]:
    """The longest prefix that some window completes, the observations as it sees them, and where it ends."""
    names = sorted(set(condition.steps))
    for length in range(len(condition.steps), 0, -1):
        prefix = replace(condition, steps=condition.steps[:length])
        carries = tuple(seen.carries[names.index(name)] for name in sorted(set(prefix.steps)))
        shortened = replace(seen, carries=carries)
        ends = np.flatnonzero(sequence.hits(prefix, shortened))
        if len(ends):
            return prefix, shortened, ends
    return replace(condition, steps=()), seen, np.zeros(0, dtype=np.int64)


def _chains(prefix: Sequence, seen: Observations, ends: Positions) -> list[list[int]]:
    """The observations that serve the steps, one for each step, of each of the ends."""
    position = sequence.evidence(prefix, seen, ends).position
    return [list(chain) for chain in position.reshape(len(ends), len(prefix.steps)).tolist()]


def _times(prefix: Sequence, seen: Observations, ends: Positions) -> tuple[int, ...]:
    """The times of the latest."""
    return tuple(seen.at[_chains(prefix, seen, ends[-1:])[0]].tolist())


def _failed(
    condition: Sequence, step: str, seen: Observations, chain: list[int], after: int, width: int | None
) -> Failed:
    at, end, begin = int(seen.at[after]), int(seen.at[chain[-1]]), int(seen.at[chain[0]])
    over_gap = None
    if condition.gap_us is not None and at - end > condition.gap_us:
        over_gap = at - end - condition.gap_us
    over_window = at - begin - width if width is not None and at - begin >= width else None
    other_day = width is None and bool(seen.group[after] != seen.group[chain[-1]])
    return Failed(step, at, over_gap, over_window, other_day)


def _by_how_much(failed: Failed) -> tuple[bool, int]:
    """How far off a later observation was; another day counts as further than anything on the same."""
    return failed.other_day, max(failed.over_gap or 0, failed.over_window or 0)
