"""Unusual days: card-days far in the tail, against all of the same product that day and against the card's own past.

It rates a day. Ranks are made of the days that are there and kept nowhere; no figure attaches to a card. The meaning of
the features, and of the ranks, is ``detect.journey``'s; here they are asked of rows, and days are told in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.detect.evaluate import Surroundings
from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.coded import coded
from coincide.detect.journey.days import Days, days
from coincide.detect.journey.ride import rides
from coincide.detect.journey.tails import alike, own, tails
from coincide.detect.kernel.observations import Positions, Truths
from coincide.detect.rows import Rows
from coincide.detect.said import said
from coincide.detect.there import incidents, is_incident, pairs
from coincide.detect.there import taps as near
from coincide.network.coded import InCodes
from coincide.rules.plan import Plan, ServiceDay, UnusualDay

Figures = NDArray[np.float32]

NEAR_US = 3_600_000_000
"""A day touches an incident with a tap there at most an hour before or after it."""
_CLOSE = 1e-9
"""Shares are ratios of whole numbers in 32-bit floats; so far below any of them lies the next."""


@dataclass(frozen=True)
class Unusual:
    """The card-days of a run, and which of them hold.

    ``tails``: by feature, the share of the card-days of the same product and day that are at least as high; ``far``:
    by feature, where that is far enough in the tail, of its own days too. ``products``: by code.
    """

    clock: ServiceClock
    days: Days
    holds: Truths
    condition: UnusualDay
    tails: Mapping[str, Figures] = field(default_factory=dict)
    far: Mapping[str, Truths] = field(default_factory=dict)
    products: tuple[str | None, ...] = ()

    def at(self, code: Positions, at: Positions, group: Positions) -> Truths:
        """Of observations in order: which are the last of their day, and the day holds."""
        last = np.ones(len(group), dtype=np.bool_)
        last[:-1] = group[1:] != group[:-1]
        truth = np.zeros(len(group), dtype=np.bool_)
        place = np.flatnonzero(last)
        row = self.card_day(code[place], at[place])
        truth[place[row >= 0]] = self.holds[row[row >= 0]]
        return truth

    def card_day(self, token: Positions, at: Positions) -> Positions:
        """The card-day of each token at a time; -1 where it began no ride that day."""
        day = self.clock.day(at).astype(np.int64)
        have, want = _key(self.days.token, self.days.day), _key(token, day)
        if not len(have):
            return np.full(len(want), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(have, want), len(have) - 1)
        return np.where(have[place] == want, place, -1)

    def taken(self, chosen: Positions | Truths) -> Unusual:
        """The chosen card-days, in this order."""
        tails = {name: shares[chosen] for name, shares in self.tails.items()}
        far = {name: truths[chosen] for name, truths in self.far.items()}
        return replace(self, days=self.days.take(chosen), holds=self.holds[chosen], tails=tails, far=far)

    def words(self, code: Positions, at: Positions) -> list[list[str]]:
        """What is unusual about these days, feature by feature, the rarest first."""
        return [self._said(row) for row in self.card_day(code, at).tolist()]

    def _said(self, row: int) -> list[str]:
        far = [(float(self.tails[name][row]), name) for name in self.condition.of if self.far[name][row]]
        product = self.products[int(self.days.product[row])] if self.days.product[row] >= 0 else None
        return [said(name, float(self.days[name][row]), share, product) for share, name in sorted(far)]


@dataclass(frozen=True)
class OfLog:
    """The card-days of a whole log that hold but for incidents, for whoever has some of its rows.

    ``accounts``: ``namespace`` and ``account`` of the tokens of its days, by code.
    """

    unusual: Unusual
    accounts: pl.DataFrame

    def among(self, rows: Rows) -> Unusual:
        """Those of accounts that have some of these rows, in their codes."""
        names = ["namespace", "account"]
        here = rows.frame.select(names).with_columns(code=rows.account)
        both = self.accounts.with_row_index("token").join(here, on=names).unique("token")
        code = np.full(len(self.accounts), -1, dtype=np.int64)
        code[both["token"].to_numpy()] = both["code"].to_numpy()
        token = code[self.unusual.days.token]
        chosen = np.flatnonzero(token >= 0)
        found = self.unusual.taken(chosen[np.lexsort((self.unusual.days.day[chosen], token[chosen]))])
        return replace(found, days=replace(found.days, token=code[found.days.token]))


def unusual(plan: Plan, condition: UnusualDay, rows: Rows, keep: Truths, around: Surroundings) -> Unusual:
    """The card-days of the taps that a rule keeps, and which of them hold."""
    found = _of_rows(plan, condition, rows, keep, around) if around.days is None else around.days.among(rows)
    if condition.anywhere is None:
        found.holds[~_touching(found, rows, keep)] = False
    return found


def _of_rows(plan: Plan, condition: UnusualDay, rows: Rows, keep: Truths, around: Surroundings) -> Unusual:
    clock = clock_of(plan)
    row = np.flatnonzero(keep & ~is_incident(rows))
    riding = coded(rows, row)
    here = None if around.network is None else InCodes.of(around.network, riding.texts)
    every = days(rides(riding.taps, clock, condition.doubled_us, condition.longest_us), here)
    newest = newest_day(clock, rows.at[row], around.now_us)
    return ranked(clock, condition, every, newest, tuple(riding.texts["product"]))


def clock_of(plan: Plan) -> ServiceClock:
    """The clock of the days of a rule about days of service."""
    assert isinstance(plan.window, ServiceDay)
    return ServiceClock(plan.zone, plan.window.begins_us)


def newest_day(clock: ServiceClock, at: Positions, now_us: int | None) -> int:
    """The newest day of taps at these times; today at most, where a clock is ahead. Before all days without taps."""
    newest = int(clock.day(at).max(initial=-1))
    return newest if now_us is None else min(newest, int(clock.day(np.array([now_us], dtype=np.int64))[0]))


def ranked(
    clock: ServiceClock, condition: UnusualDay, every: Days, newest: int, products: tuple[str | None, ...]
) -> Unusual:
    """All card-days of a log, and which of them are far enough in the tail, whether or not they touch an incident.

    The newest day of the log is not over, and neither it nor any after it holds: what other cards do is not known yet.
    """
    among = alike(every)
    shares = {name: tails(every, name, among) for name in condition.of}
    far = far_out(every, condition, shares)
    holds = reaching(condition, far) & (every.day < newest)
    return Unusual(clock, every, holds, condition, shares, far, products)


def far_out(every: Days, condition: UnusualDay, shares: Mapping[str, Figures]) -> dict[str, Truths]:
    """Of each feature, which card-days are far enough in the tail: of all alike, and of its own days."""
    limit = _limit(condition.beyond)
    far = {name: np.asarray(shares[name] <= limit, dtype=np.bool_) for name in condition.of}
    if condition.own is not None:
        for name in condition.of:
            of_own = own(every, name)
            far[name] &= np.isnan(of_own) | (of_own <= _limit(condition.own))
    return far


def reaching(condition: UnusualDay, far: Mapping[str, Truths]) -> Truths:
    """Which card-days have enough features in the tail, whether or not they touch an incident."""
    count = np.sum([far[name] for name in condition.of], axis=0)
    return np.asarray(count >= condition.at_least, dtype=np.bool_)


def _limit(percent: Decimal) -> float:
    return 1 - float(percent) / 100 + _CLOSE


def _touching(found: Unusual, rows: Rows, keep: Truths) -> Truths:
    """Which card-days have a tap at a reported incident, or within an hour of it."""
    reported = incidents(rows, keep)
    seen = near(rows, keep, reported)
    tap, _ = pairs(seen, reported, NEAR_US)
    touched = np.zeros(len(found.days), dtype=np.bool_)
    row = found.card_day(seen.account[tap], seen.at[tap])
    touched[row[row >= 0]] = True
    return touched


def _key(token: NDArray[np.signedinteger], day: NDArray[np.signedinteger]) -> Positions:
    found: Positions = (token.astype(np.int64) << 20) + day.astype(np.int64) + 1
    return found
