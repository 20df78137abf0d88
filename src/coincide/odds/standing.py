"""The standing watch: whether rules in use raise what their backtest led to expect, day by day since then.

Read are the document of the backtest, and on which days alerts of the rule had their first hit: numbers of a rule, of
which none says anything about anybody. So this is no read of personal data and makes no entry in the ledger. Nothing is
kept: each look computes the whole path anew, so that what a late file or a withdrawn alert changes is told as it is
now. Alerts that were withdrawn, superseded or erased are not counted, nor what a suppression kept from opening.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from coincide.odds import eprocess
from coincide.odds.baseline import Baseline, baseline
from coincide.odds.change import changed, p_value
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Plan
from coincide.store import file as files
from coincide.store import odds as stored
from coincide.store import scan as scans
from coincide.store.tables import alert

DAY_US = 86_400_000_000
WEEK = 7
"""Days that "this week" has: the last whole ones."""


@dataclass(frozen=True, slots=True)
class Week:
    """The last days of a rule by themselves: ``p`` is how often chance alone is as far off, on either side.

    ``changed``: whether one may say so, with all rules that were looked at (Benjamini and Hochberg).
    """

    days: int
    observed: int
    expected: float
    p: float
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule since its backtest. Days are whole ones since 1970 in UTC, ``until`` the first that is not looked at.

    ``low`` and ``high`` bound the rule's level in parts of what was expected, however often one looks. ``alarm``: the
    day at whose end the evidence first sufficed; an alarm stays until a new backtest sets a new expectation.
    """

    rule: str
    status: str
    fingerprint: str
    since: int
    until: int
    observed: int
    expected: float
    variation: float
    clumping: float
    calibrated: bool
    low: float
    high: float
    alarm: int | None
    week: Week

    @property
    def days(self) -> int:
        """How many were looked at."""
        return self.until - self.since

    @property
    def more(self) -> bool:
        """Whether there are more than expected, all in all."""
        return self.observed > self.expected


@dataclass(frozen=True, slots=True)
class Unwatched:
    """A rule that cannot be watched, and why not, as a sentence."""

    rule: str
    why_not: str


def standing(
    connection: Connection, chosen: Sequence[LoadedRule], *, now_us: int, alpha: float = eprocess.ALPHA
) -> tuple[list[Standing], list[Unwatched]]:
    """How the rules stand at a time, in their order; and those of which that cannot be told.

    Looked at are whole days (UTC) from the end of the backtest to the newest row that the latest scan of the rule
    selected: beyond, the files may end and not the alerts.
    """
    found = [_of(connection, loaded, now_us, alpha) for loaded in chosen]
    watched = [one for one in found if isinstance(one, Standing)]
    by_chance = changed([one.week.p for one in watched])
    told = [
        replace(one, week=replace(one.week, changed=bool(said))) for one, said in zip(watched, by_chance, strict=True)
    ]
    return told, [one for one in found if isinstance(one, Unwatched)]


def _of(connection: Connection, loaded: LoadedRule, now_us: int, alpha: float) -> Standing | Unwatched:
    plan = loaded.plan
    if loaded.rule.status == "draft":
        return Unwatched(plan.rule, "it is a draft, and what drafts find is not kept")
    known = stored.latest(connection, plan.fingerprint)
    expected = None if known is None else baseline(known.document)
    if expected is None:
        return Unwatched(plan.rule, f"run `coincide backtest --rule {plan.rule}` first")
    newest = _newest(connection, plan)
    if newest is None:
        return Unwatched(
            plan.rule, "the latest scan did not run the rule as it is now, or found no row: run `coincide scan`"
        )
    since, until = -(-expected.until_us // DAY_US), min(newest, now_us) // DAY_US
    if until <= since:
        return Unwatched(plan.rule, "no whole day has passed since the end of its backtest")
    return _looked_at(connection, loaded, expected, since, until, alpha)


def _looked_at(
    connection: Connection, loaded: LoadedRule, expected: Baseline, since: int, until: int, alpha: float
) -> Standing:
    plan, level = loaded.plan, expected.level
    counts = _by_day(connection, plan, since, until)
    means = np.full(until - since, level.per_day)
    clump = expected.clumping
    path = eprocess.watched(counts, means, level.variation, clumping=clump, alpha=alpha)
    observed, mean = int(path.observed[-1]), float(path.expected[-1])
    low, high = eprocess.interval(observed / clump, mean / clump, alpha)
    few = min(WEEK, until - since)
    lately, usual = int(counts[-few:].sum()), few * level.per_day
    return Standing(
        rule=plan.rule,
        status=loaded.rule.status,
        fingerprint=plan.fingerprint,
        since=since,
        until=until,
        observed=observed,
        expected=mean,
        variation=level.variation,
        clumping=clump,
        calibrated=expected.calibrated,
        low=low,
        high=high,
        alarm=None if path.alarm is None else since + path.alarm,
        week=Week(few, lately, usual, p_value(lately / clump, usual / clump, level.variation)),
    )


def _newest(connection: Connection, plan: Plan) -> int | None:
    """The time of the newest row of the latest scan that ran the rule; ``None`` if that was in another meaning, or none
    did.
    """
    ran = (scan for scan in scans.latest_kept(connection) if plan.rule in scan.versions.get("rules", {}))
    scan = next(ran, None)
    if scan is None or scan.versions["rules"][plan.rule] != plan.fingerprint:
        return None
    return files.newest(connection, scan.scope)


def _by_day(connection: Connection, plan: Plan, since: int, until: int) -> NDArray[np.int64]:
    """Open and decided alerts of the rule in this meaning, by the day of their first hit."""
    query = select(alert.c.first_at).where(
        alert.c.rule == plan.rule,
        alert.c.fingerprint == plan.fingerprint,
        alert.c.status.in_(("open", "decided")),
        alert.c.first_at >= since * DAY_US,
        alert.c.first_at < until * DAY_US,
    )
    days = np.fromiter(connection.execute(query).scalars(), np.int64) // DAY_US - since
    return np.bincount(days, minlength=until - since).astype(np.int64)
