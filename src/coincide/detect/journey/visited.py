"""Stops that a card-day visited."""

from __future__ import annotations

import numpy as np

from coincide.detect.journey.group import Figures, Group, ratio
from coincide.detect.journey.order import begins, order, pack, width
from coincide.detect.journey.taps import MISSING, Positions, Whole
from coincide.rules.feature import PAST_DAYS

_FIXED = 2.0**24
"""Entropies are added up in whole parts of this, so that no order of adding matters."""


def visited(days: Group, past: Positions) -> dict[str, Figures]:
    """The features of stops; ``past``: how many active days of the last 28 each card-day has."""
    rides = days.rides
    token, day = rides.token[days.first], rides.day[days.first]
    owner = np.cumsum(begins(token)) - 1 if len(days) else days.first
    of, stop, number = _runs(owner, *_visits(days, token, day))
    total = np.bincount(of, number, len(days)).astype(np.int64)
    distinct = np.bincount(of, minlength=len(days))
    most = np.zeros(len(days), dtype=np.int64)
    np.maximum.at(most, of, number)
    some = total > 0
    return {
        "distinct_stops": np.where(some, distinct, np.nan).astype(np.float32),
        "stops_per_trip": np.where(some, ratio(distinct, days.count), np.float32(np.nan)),
        "entropy": _entropy(of, number, total),
        "most_visits": np.where(some, most, np.nan).astype(np.float32),
        "new_stops": np.where(some & (past > 0), _new(of, stop, owner, day, len(days)), np.nan).astype(np.float32),
    }


def _visits(days: Group, token: Whole, day: Whole) -> tuple[Positions, Whole]:
    """Card-day and stop of every visit, in no order."""
    rides, exits = days.rides, days.rides.unpaired
    on = _card_day(token, day, exits.token, exits.day)
    of = np.concatenate([days.of, days.of, on])
    stop = np.concatenate([rides.start, rides.end, exits.place])
    counts = (stop != MISSING) & (of >= 0)
    return of[counts], stop[counts]


def _card_day(token: Whole, day: Whole, of_token: Whole, of_day: Whole) -> Positions:
    """The card-day of a token on a day; -1 where there is none."""
    if not len(token) or not len(of_token):
        return np.full(len(of_token), MISSING, dtype=np.int64)
    low = min(int(day.min()), int(of_day.min()))
    bits = width(max(int(day.max()), int(of_day.max())) - low)
    have = token.astype(np.int64) << bits | day - low
    want = of_token.astype(np.int64) << bits | of_day - low
    place = np.minimum(np.searchsorted(have, want), len(have) - 1)
    return np.where(have[place] == want, place, MISSING)


def _runs(owner: Positions, of: Positions, stop: Whole) -> tuple[Positions, Positions, Positions]:
    """Each card-day and stop once, sorted by token, stop and day, with how many visits there were."""
    widths = [width(int(column.max(initial=0))) for column in (owner, stop, of)]
    if sum(widths) > 64:
        sorting = order(owner[of], stop, of)
        of, at = of[sorting], stop[sorting].astype(np.int64)
    else:
        packed = pack((owner[of], stop, of), widths)
        packed.sort()
        of = (packed & np.uint64(2 ** widths[2] - 1)).astype(np.int64)
        at = (packed >> np.uint64(widths[2]) & np.uint64(2 ** widths[1] - 1)).astype(np.int64)
    first = np.flatnonzero(begins(of, at))
    return of[first], at[first], np.diff(first, append=len(of))


def _entropy(of: Positions, number: Positions, total: Positions) -> Figures:
    """In bits: log N less the sum of n log n by N, of N visits of which n are to one stop."""
    apart = np.bincount(of, _weight(number), len(total))
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((_weight(total) - apart) / (total * _FIXED)).astype(np.float32)


def _weight(number: Positions) -> Positions:
    """n log n in whole parts; sums of them are exact in 64-bit floats up to some ten million visits."""
    most = int(number.max(initial=0))
    if most < 1 << 16:
        weight: Positions = _weighed(np.arange(most + 1))[number]
        return weight
    return _weighed(number)


def _weighed(number: Positions) -> Positions:
    weight: Positions = np.rint(number * np.log2(np.maximum(number, 1)) * _FIXED).astype(np.int64)
    return weight


def _new(of: Positions, stop: Positions, owner: Positions, day: Whole, count: int) -> Positions:
    """How many stops of each card-day its token did not visit within the 28 days before."""
    if not len(of):
        return np.zeros(count, dtype=np.int64)
    whose, when = owner[of], day[of].astype(np.int64)
    fresh = begins(whose, stop)
    fresh[1:] |= when[1:] - when[:-1] > PAST_DAYS
    return np.bincount(of[fresh], minlength=count)
