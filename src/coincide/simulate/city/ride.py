"""The rides of some days: who boards where and when, and alights.

Everybody's day is a chain of rides: the way out, further ones by habit, the way back. All chains are made at once, a
link at a time, over those people who have one more; the people are sorted by the length of their chains, so that
these are always the first ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincide.simulate.city.lines import CHOICES, Lines
from coincide.simulate.city.parameters import CLASSES, HABITS, STYLES, Parameters
from coincide.simulate.city.rider import HABIT_NAMES, Riders

Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

LAST_S = 22 * 3600
"""Seconds of the service day after which nobody boards: 02:00."""
_FIRST_HABIT_OF_THIEVES = len(HABITS)
_EVERY = [*HABITS.values(), *STYLES.values()]


def _of_habits(name: str) -> NDArray[np.float32]:
    return np.array([getattr(one, name) for one in _EVERY], dtype=np.float32)


_LOW, _HIGH = _of_habits("low"), _of_habits("high")
_PAUSE, _MORE = _of_habits("pause") * 60, _of_habits("more") * 60
_TURN, _ON = _of_habits("turn"), _of_habits("turn") + _of_habits("stay")
_START, _SPREAD = _of_habits("start") * 3600 - 4 * 3600, _of_habits("spread") * 3600
_ROAMING = _of_habits("roaming")
_KERNEL = np.array(
    [
        np.searchsorted(np.cumsum([one.short, one.some, one.whole]), (np.arange(CHOICES) + 0.5) / CHOICES)
        for one in _EVERY
    ],
    dtype=np.int32,
)
"""By habit and choice: how far to ride, as a row of ``Lines.hops``."""


@dataclass(frozen=True)
class Rides:
    """Rides in no order: ``person``, ``day``, ``board`` and ``alight`` (nodes), ``enter_s`` and ``exit_s`` (seconds of
    the service day), ``run`` (of the vehicle, a number), ``change`` (whether it goes on from the one before) and
    ``stealing`` (whether it is one of a thief's rounds)."""

    person: Ints
    day: Ints
    board: Ints
    alight: Ints
    enter_s: Ints
    exit_s: Ints
    run: Ints
    change: Bools
    stealing: Bools


@dataclass(frozen=True)
class _Plan:
    """Days of people, longest first: so many rides out, by habit, back."""

    person: Ints
    day: Ints
    out: Ints
    extra: Ints
    back: Ints
    habit: Ints
    leave: Ints
    again: Ints
    stealing: Bools


def rides(
    lines: Lines, riders: Riders, first: int, days: int, weekday: int, parameters: Parameters, rng: np.random.Generator
) -> Rides:
    """The rides of ``days`` days from day ``first`` on, which is the ``weekday`` (Monday is 0)."""
    plan = _planned(riders, first, days, weekday, parameters, rng)
    made = _chained(lines, riders, plan, rng)
    return _accompanied(riders, made, rng)


def _planned(
    riders: Riders, first: int, days: int, weekday: int, parameters: Parameters, rng: np.random.Generator
) -> _Plan:
    classes = list(CLASSES.values())
    day_of = (first + np.arange(days)).astype(np.int32)
    resting = (weekday + day_of) % 7 >= 5
    chance = np.array([[one.weekday for one in classes], [one.weekend for one in classes]], dtype=np.float32)
    often = chance[:, riders.life] * (0.7 + 0.6 * riders.zeal)
    goes = rng.random((days, len(riders.life)), dtype=np.float32) < often[resting.astype(np.int32)]
    goes &= (riders.stay[0] <= day_of[:, None]) & (day_of[:, None] < riders.stay[1])
    thieves = np.flatnonzero(riders.style >= 0)
    steals = rng.random((days, len(thieves))) < parameters.steals * (0.5 + riders.zeal[thieves])
    follower = riders.follows[thieves] >= 0
    steals[:, follower] = False
    goes[:, thieves] |= steals
    # Who follows another has no rides of their own on days that they share.
    shares = np.flatnonzero((riders.follows >= 0) & (riders.style < 0))
    goes[:, shares] = False
    partner = thieves[follower]
    if len(partner):
        goes[:, partner] &= ~steals[:, np.searchsorted(thieves, riders.follows[partner])]

    row_day, found = np.nonzero(goes)
    person: Ints = found.astype(np.int32)
    many = len(person)
    life = riders.life[person]
    stealing = np.zeros(goes.shape, dtype=np.bool_)
    stealing[:, thieves] = steals
    stealing = stealing[row_day, person]
    habit = np.where(stealing, _FIRST_HABIT_OF_THIEVES + riders.style[person], riders.habit[person]).astype(np.int32)
    draw = rng.random((7, many), dtype=np.float32)
    legs = 1 + riders.two_legs[person].astype(np.int32)

    def share(name: str) -> NDArray[np.float32]:
        return np.array([getattr(one, name) for one in classes], dtype=np.float32)[life]

    ways = ~stealing | ((draw[6] < parameters.commutes) & ~np.isin(person, riders.follows[partner]))
    out = np.where((draw[0] < share("out")) & ways, legs, 0)
    back = np.where((draw[1] < share("back")) & ways, legs, 0)
    span = _HIGH[habit] - _LOW[habit] + 1
    # Fewer more often: the product of such draws, shared out between the day and the person.
    extra = _LOW[habit] + span * draw[2] * draw[2] * draw[3] * (0.35 + 0.65 * riders.zeal[person])
    extra = np.where(stealing, np.maximum(extra * parameters.thief_rides, 1), extra)
    likely = share("extra") * np.where((out > 0) != (back > 0), np.float32(0.5), np.float32(1))
    wanted = (draw[4] < likely) | stealing | (out + back == 0)
    extra = np.where(wanted, extra, 0).astype(np.int32)
    starts = np.where(
        out > 0,
        riders.leaves[person] + (draw[5] - 0.5) * 2400,
        _START[habit] + (draw[5] + draw[1] - 1) * _SPREAD[habit],
    )
    late = riders.leaves[person] + riders.works[person] + (draw[4] - 0.5) * 5400
    # On days of stealing people come from work, or have gone there only for show.
    again = np.where(stealing & (draw[3] < 0.5), 0, late)
    starts = np.where((out == 0) & (extra == 0), late, starts)
    order = np.argsort(-(out + extra + back).astype(np.int16), kind="stable")

    def sorted_(column: NDArray[Any]) -> Ints:
        return column[order].astype(np.int32)

    return _Plan(
        person=sorted_(person),
        day=sorted_(day_of[row_day]),
        out=sorted_(out),
        extra=sorted_(extra),
        back=sorted_(back),
        habit=sorted_(habit),
        leave=sorted_(np.maximum(starts, 600)),
        again=sorted_(again),
        stealing=stealing[order],
    )


def _chained(lines: Lines, riders: Riders, plan: _Plan, rng: np.random.Generator) -> Rides:
    length = plan.out + plan.extra + plan.back
    clock = plan.leave.copy()
    roaming = rng.random(len(length), dtype=np.float32) < _ROAMING[plan.habit]
    where = np.where(roaming, riders.haunt[plan.person], riders.ways[plan.person, 0])
    made: list[tuple[NDArray[np.generic], ...]] = []
    longest = int(length[0]) if len(length) else 0
    still = np.searchsorted(-length, -np.arange(longest), side="left")
    for step in range(longest):
        many = int(still[step])
        person, habit, at = plan.person[:many], plan.habit[:many], where[:many]
        out, extra = plan.out[:many], plan.extra[:many]
        draw = rng.random((2, many), dtype=np.float32)
        choice = rng.integers(0, CHOICES, (3, many), dtype=np.uint8)
        # Who has rides left by habit, and who is on one of the usual ways.
        by_habit = (step >= out) & (step < out + extra)
        turn = draw[0]
        on = turn < _ON[habit] if step else np.ones(many, dtype=np.bool_)
        board = np.where(on, at, lines.changes[at, choice[0]])
        turned = (turn < _TURN[habit]) if step else np.zeros(many, dtype=np.bool_)
        board = np.where(turned | (lines.after[board] == 0), lines.back[board], board)
        alight = board + lines.hops[_KERNEL[habit, choice[1]], board, choice[2]]
        pause = (_PAUSE[habit] + 3 * _MORE[habit] * draw[1] * draw[1]).astype(np.int32)
        usual = np.flatnonzero(~by_habit)
        change = np.zeros(many, dtype=np.bool_)
        if len(usual):
            place = np.where(step < out[usual], step, 4 - (length[usual] - step))
            # One ride out is the first of the table; one ride back the last.
            slot = np.where(step < out[usual], place, np.maximum(place, 2))
            far = (~riders.two_legs[person[usual]]) & (step >= out[usual])
            slot = np.where(far, 3, slot)
            board[usual] = riders.ways[person[usual], 2 * slot]
            alight[usual] = riders.ways[person[usual], 2 * slot + 1]
            second = ((step < out[usual]) & (step == 1)) | ((step > out[usual] + extra[usual]) & (slot == 3))
            change[usual] = second
            pause[usual] = np.where(second, 100 + (120 * draw[1, usual]).astype(np.int32), 600)
        now = clock[:many] + pause if step else clock[:many]
        # After the way out, the day's work.
        now = np.where((step == out) & (step > 0), np.maximum(now, plan.again[:many]), now)
        pattern = lines.pattern[board]
        rail = lines.rail[pattern]
        # The next vehicle by the timetable, each run a little late or early by a number of its own.
        headway = lines.headway[pattern]
        offset = lines.seconds[board] + pattern * 97 % headway
        run = -((offset - now) // headway)
        comes = run * headway + offset + ((run * 7919 + pattern * 10_473 + plan.day[:many] * 31) & 63)
        slow = 243 + ((run * 104_729 + pattern * 7_877 + plan.day[:many] * 17) & 63)
        arrives = comes + ((lines.seconds[alight] - lines.seconds[board]) * slow >> 8)
        jitter = (draw[1] * 1000).astype(np.int32)
        enter = np.where(rail, now, comes + (jitter & 15))
        leaves = np.where(rail, arrives + 45 + (jitter & 63), arrives + (jitter & 7))
        kept = enter < LAST_S
        made.append(
            tuple(
                column[kept]
                for column in (
                    person, plan.day[:many], board, alight, enter, leaves, run, change, plan.stealing[:many] & by_habit
                )
            )
        )  # fmt: skip
        clock[:many], where[:many] = leaves, alight
    if not made:
        nothing, never = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.bool_)
        return Rides(*(7 * (nothing,)), never, never)
    columns = [np.concatenate(parts) for parts in zip(*made, strict=True)]
    return Rides(*(column.astype(np.int32, copy=False) for column in columns[:7]), *columns[7:])  # type: ignore[arg-type]


def _accompanied(riders: Riders, made: Rides, rng: np.random.Generator) -> Rides:
    """The rides, and those of whoever follows another: a thief on a round, the innocent always."""
    followed_by = np.full(len(riders.life), -1, dtype=np.int32)
    followers = np.flatnonzero(riders.follows >= 0).astype(np.int32)
    followed_by[riders.follows[followers]] = followers
    mine = np.flatnonzero((followed_by[made.person] >= 0) & (made.stealing | (riders.style[made.person] < 0)))
    if not len(mine):
        return made
    behind = rng.integers(2, 12, (2, len(mine)), dtype=np.int32)
    return Rides(
        np.concatenate([made.person, followed_by[made.person[mine]]]),
        np.concatenate([made.day, made.day[mine]]),
        np.concatenate([made.board, made.board[mine]]),
        np.concatenate([made.alight, made.alight[mine]]),
        np.concatenate([made.enter_s, made.enter_s[mine] + behind[0]]),
        np.concatenate([made.exit_s, made.exit_s[mine] + behind[1]]),
        np.concatenate([made.run, made.run[mine]]),
        np.concatenate([made.change, made.change[mine]]),
        np.concatenate([made.stealing, made.stealing[mine]]),
    )


__all__ = ["HABIT_NAMES", "LAST_S", "Rides", "rides"]
