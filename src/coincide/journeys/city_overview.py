"""The overview of the city that a workspace has taps of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np

from coincide.engines.embedded.load import Progress
from coincide.engines.workspace import Workspace
from coincide.events.event import TAP
from coincide.journeys.errors import NoTaps, TooFewCards
from coincide.journeys.few import FEWEST
from coincide.journeys.log import log
from coincide.journeys.overview import Counted, Overview, by_hour, enough, per_day, products, thresholds
from coincide.rules.expression import fields_of
from coincide.rules.load import LoadedRule
from coincide.rules.plan import LocalDay, ServiceDay, Velocity


def city_overview(workspace: Workspace, rules: Iterable[LoadedRule], progress: Progress = lambda _: None) -> Overview:
    """Counts of all taps; ``rules``: those whose thresholds are shown. Raises ``NoTaps``,
    ``TooFewCards`` and what ``log`` raises.
    """
    every = log(workspace, progress, ("trips", "missing_exits"))
    days = every.days
    if not len(days):
        raise NoTaps
    cards = len(np.unique(days.token))
    if cards < FEWEST:
        raise TooFewCards
    settings = workspace.settings.journeys
    trips = days["trips"].astype(np.int64)
    missing = np.rint(days["missing_exits"].astype(np.float64) * trips).astype(np.int64)
    return Overview(
        first_day=_date(int(days.day.min())),
        last_day=_date(int(days.day.max())),
        zone=settings.zone,
        begins=settings.service_day,
        taps=sum(ended.taken for ended in every.ended.values()),
        doubled=enough(every.doubled),
        cards=cards,
        card_days=len(days),
        rides=every.rides,
        missing_exits=enough(int(missing.sum())),
        by_hour=by_hour(every.hours, every.riders, settings.service_day_us // 3_600_000_000),
        rides_per_day=per_day(trips, days.token),
        thresholds=thresholds(days.token, trips, counted(rules)),
        products=products(days.product, days.token, trips, missing, every.products.to_list()),
    )


def counted(rules: Iterable[LoadedRule]) -> list[Counted]:
    """The rules that count taps in a day, by id."""
    made = []
    for loaded in rules:
        plan = loaded.plan
        if not isinstance(plan.condition, Velocity) or plan.condition.distinct is not None or TAP not in plan.events:
            continue
        if isinstance(plan.window, LocalDay | ServiceDay) or plan.window.width_us <= 86_400_000_000:
            made.append(Counted(plan.rule, plan.condition.at_least, taps="action" not in fields_of(plan.where)))
    return sorted(made, key=lambda rule: rule.rule)


def _date(day: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
