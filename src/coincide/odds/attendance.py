"""Presence by chance: how many accounts would be at as many incidents, had these happened on other days.

Every incident is kept as it was, on its line or at its place and at its hours, and moved to another day of the same
kind (a working day, a weekend's) of the log; what happened on one day stays together. The rule's own question
is asked of each such deal. So every account keeps its lines, its hours and how often it rides there, and only that it
rode on the day of the theft is left to chance: whoever is there every morning is there in the deals as well. DESIGN,
section 8; ADR 0031.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coincide.detect.attendance import most_at, told
from coincide.detect.detect import observations
from coincide.detect.kernel import presence
from coincide.detect.kernel.observations import Positions, Truths, spans
from coincide.detect.placed import Placed
from coincide.detect.rows import Rows
from coincide.detect.there import Incidents, Taps, incidents, pairs, shifted, taps
from coincide.events import zone as zones
from coincide.rules.feature import PAST_DAYS
from coincide.rules.plan import Plan, Presence

ESTIMATOR = "incident days dealt again"
LEAST_DAYS = 3
"""With fewer days that an incident can be moved to, nothing is said."""
_DAY_US = 86_400_000_000
_THURSDAY = 3
"""1970-01-01, counted from Monday."""


@dataclass(frozen=True)
class Dealt:
    """``accounts[r, k - 1]``: in the deal ``r``, how many accounts were at ``k`` or more incidents."""

    accounts: Positions
    observed: tuple[int, ...]

    def at_least(self, count: int) -> Positions:
        """Of each deal, how many were at so many or more."""
        if count > self.accounts.shape[1]:
            return np.zeros(len(self.accounts), dtype=np.int64)
        column: Positions = self.accounts[:, count - 1]
        return column


@dataclass(frozen=True)
class TooFew:
    """Why nothing can be dealt."""

    because: str


def dealt(
    plan: Plan, condition: Presence, rows: Rows, keep: Truths, rng: np.random.Generator, deals: int
) -> Dealt | TooFew:
    """Deal the days of the incidents that the log has, and ask the rule's question of each deal."""
    reported = incidents(rows, keep, condition.at)
    seen = taps(rows, keep, reported)
    if not len(reported) or not len(seen.row):
        return TooFew("there is no reported incident in the log, or nobody was at its lines and places")
    day = zones.local(reported.begins, plan.zone) // _DAY_US
    span = _days_of(rows, keep, plan.zone)
    moves = {one: _moves(one, span, past=condition.usual is not None) for one in np.unique(day).tolist()}
    least = min(map(len, moves.values()))
    if least < LEAST_DAYS:
        return TooFew(f"not enough: an incident can be moved to {least:,} other days; {LEAST_DAYS} needed")
    there = _there(plan, condition, seen, reported, sorted({move for each in moves.values() for move in each.tolist()}))
    counted = [_counted(plan, rows, seen, there, _drawn(day, moves, rng)) for _ in range(deals)]
    actual = _counted(plan, rows, seen, there, np.zeros(len(reported), dtype=np.int64))
    table = np.zeros((deals, max(map(len, [*counted, actual]), default=0)), dtype=np.int64)
    for row, counts in zip(table, counted, strict=True):
        row[: len(counts)] = counts
    return Dealt(table, actual)


def document(found: Dealt, condition: Presence, seed: int) -> dict[str, Any]:
    """As the deals of any rule are told, and beside that for every number of incidents that anybody reached."""
    counts = found.at_least(condition.at_least)
    low, high = _range(counts)
    return {
        "estimator": ESTIMATOR,
        "deals": len(counts),
        "mean": float(counts.mean()),
        "low": low,
        "high": high,
        "error": float(counts.std(ddof=1) / np.sqrt(len(counts))) if len(counts) > 1 else 0.0,
        "seed": seed,
        "counts": counts.tolist(),
        "by_incidents": [_of(found, count) for count in range(1, len(found.observed) + 1)],
    }


def _of(found: Dealt, count: int) -> dict[str, Any]:
    expected = found.at_least(count)
    low, high = _range(expected)
    return {
        "at_least": count,
        "accounts": found.observed[count - 1],
        "expected": float(expected.mean()),
        "low": low,
        "high": high,
    }


def _range(values: Positions) -> tuple[int, int]:
    return int(np.percentile(values, 2.5, method="lower")), int(np.percentile(values, 97.5, method="higher"))


# --- days ---------------------------------------------------------------------------------------------------------


def _days_of(rows: Rows, keep: Truths, zone: str) -> tuple[int, int]:
    """The first and the last local day of the taps."""
    at = zones.local(rows.at[keep], zone) // _DAY_US
    return int(at.min()), int(at.max())


def _working(day: Positions | int) -> Truths:
    """Monday to Friday; public holidays are not known here."""
    return np.asarray((np.asarray(day) + _THURSDAY) % 7 < 5)


def _moves(day: int, span: tuple[int, int], *, past: bool) -> Positions:
    """By how many days what happened on a day can be moved: to another of its kind, with no less of a past."""
    days = np.arange(span[0], span[1] + 1)
    fit = (_working(days) == _working(day)) & (days != day)
    if past:
        fit &= np.minimum(days - span[0], PAST_DAYS) >= min(day - span[0], PAST_DAYS)
    found: Positions = days[fit] - day
    return found


def _drawn(day: Positions, moves: dict[int, Positions], rng: np.random.Generator) -> Positions:
    """A move for each incident; those of one day move together."""
    chosen = {one: int(rng.choice(each)) for one, each in moves.items()}
    return np.array([chosen[one] for one in day.tolist()], dtype=np.int64)


# --- who is there on which day ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _There:
    """Taps at the incidents moved by so many days, ordered by incident and move.

    ``move``: the moves that there are, sorted; ``first``: where the taps of ``incident * len(move) + place of the
    move`` begin, and an end. ``at``: when the tap was, less the move.
    """

    move: Positions
    first: Positions
    tap: Positions
    incident: Positions
    at: Positions

    def of(self, moves: Positions) -> Positions:
        """The places of the taps at all incidents, each moved by so many days."""
        cell = np.arange(len(moves)) * len(self.move) + np.searchsorted(self.move, moves)
        return spans(self.first[cell], self.first[cell + 1] - 1)[1]


def _there(plan: Plan, condition: Presence, seen: Taps, reported: Incidents, moves: list[int]) -> _There:
    move = np.unique(np.array([*moves, 0], dtype=np.int64))
    usual = condition.usual
    looked_at = move
    if usual is not None:
        # What is usual on a day is told by the days before it, to which nothing need be moved.
        looked_at = np.unique(np.concatenate([move - back for back in range(PAST_DAYS + 1)]))
    each = _each(seen, reported, looked_at, plan, condition)
    tap, incident, moved = (np.concatenate(part) for part in zip(*each, strict=True))
    if usual is not None:
        stays = _days_before(seen.account[tap], incident, moved, len(reported)) * 100 <= float(usual) * PAST_DAYS
        tap, incident, moved = tap[stays], incident[stays], moved[stays]
    wanted = np.isin(moved, move)
    tap, incident, moved = tap[wanted], incident[wanted], moved[wanted]
    cell = incident * len(move) + np.searchsorted(move, moved)
    order = np.argsort(cell, kind="stable")
    first = np.searchsorted(cell[order], np.arange(len(reported) * len(move) + 1)).astype(np.int64)
    at = seen.at[tap] - moved * _DAY_US
    return _There(move, first, tap[order], incident[order], at[order])


def _each(
    seen: Taps, reported: Incidents, moves: Positions, plan: Plan, condition: Presence
) -> list[tuple[Positions, Positions, Positions]]:
    found = []
    for move in moves.tolist():
        tap, incident = pairs(seen, shifted(reported, move, plan.zone), condition.margin_us)
        found.append((tap, incident, np.full(len(tap), move, dtype=np.int64)))
    return found


def _days_before(account: Positions, incident: Positions, day: Positions, incidents_: int) -> Positions:
    """Of each tap, on how many of the ``PAST_DAYS`` days before its account was there at that incident's hours."""
    low = int(day.min(initial=0))
    width = int(day.max(initial=0)) - low + PAST_DAYS + 1
    key = (account * incidents_ + incident) * width + (day - low)
    each = np.unique(key)
    before = np.searchsorted(each, key, side="left") - np.searchsorted(each, key - PAST_DAYS, side="left")
    # A key of the account and incident before lies at least as far away as the longest past.
    found: Positions = before.astype(np.int64)
    return found


def _counted(plan: Plan, rows: Rows, seen: Taps, there: _There, moves: Positions) -> tuple[int, ...]:
    place = there.of(moves)
    account, at = seen.account[there.tap[place]], there.at[place]
    order = np.lexsort((there.incident[place], at, account))
    place, account, at = place[order], account[order], at[order]
    placed = Placed(seen.row[there.tap[place]], account, at, (), value=there.incident[place])
    kept, seen_here = observations(plan, rows, placed)
    counts = presence.counts(seen_here, np.arange(len(seen_here), dtype=np.int64))
    return told(most_at(account[kept], counts))
