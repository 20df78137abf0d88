"""A card-day beside all others of the same product and service day: the figures that its page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coincide.detect.journey.tails import tails
from coincide.engines.embedded.journeys import Journeys
from coincide.journeys.cards import Account
from coincide.journeys.day import Day, Standing
from coincide.journeys.histogram import histogram
from coincide.rules.feature import FEATURES

NOT_THERE = "This card-day is not in the files any more."


def compared(every: Journeys, shown: Sequence[tuple[Account, Day]]) -> tuple[Day, ...]:
    """The days with their standings."""
    return tuple(_compared(every, account, day) for account, day in shown)


def _compared(every: Journeys, account: Account, day: Day) -> Day:
    namespace, name = account
    token = every.tokens.with_row_index("~code").filter(namespace=namespace, account=name)["~code"]
    if token.is_empty():
        return replace(day, standings_why_not=NOT_THERE)
    days = every.days
    here = (days.token == token[0]) & (days.day == day.number)
    if not here.any():
        return replace(day, standings_why_not="On this day nothing was boarded, so that there is nothing to compare.")
    row = int(np.flatnonzero(here)[0])
    group = days.take((days.day == day.number) & (days.product == days.product[row]))
    place = int(np.flatnonzero(group.token == days.token[row])[0])
    standings = []
    for feature in FEATURES:
        value = float(group[feature.name][place])
        if np.isnan(value):
            continue
        share = float(tails(group, feature.name)[place])
        standings.append(
            Standing(
                feature.name,
                feature.unit,
                feature.says,
                value,
                None if np.isnan(share) else share,
                None if np.isnan(share) else histogram(group[feature.name]),
            )
        )
    return replace(day, standings=tuple(standings), group=len(group))
