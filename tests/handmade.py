"""Hands that a test lays out itself: who went shopping when, and which of it are the rule's observations."""

from __future__ import annotations

import numpy as np
import polars as pl

from coincide.detect.evaluate import Surroundings
from coincide.detect.rows import Rows
from coincide.odds.hand import Hand
from coincide.odds.population import Population, Trips
from coincide.rules.plan import Combination, Plan, Sliding

DAY = 86_400_000_000
PLAN = Plan(
    "r", ("purchase",), None, "account", Sliding(30 * DAY), "UTC", Combination(2, (("a", None), ("b", None))), None,
    None,
)  # fmt: skip


def people(trips: list[list[tuple[int, int]]]) -> Population:
    """Of each one, their trips: the day and how many lines."""
    names = pl.DataFrame({"namespace": ["s"] * len(trips), "account": [f"{n:04}" for n in range(len(trips))]})
    rows = [(who, day * DAY, lines) for who, theirs in enumerate(trips) for day, lines in sorted(theirs)]
    who, at, lines = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    bought = np.array([sum(n for _, n in theirs) for theirs in trips], dtype=np.int64)
    return Population(names, bought, int(at.min()), int(at.max()), Trips(who, at, lines))


def handed(everybody: Population, events: list[tuple[int, int, int]], plan: Plan = PLAN, units: int = 2) -> Hand:
    """``events``: who, day, unit."""
    events = sorted(events, key=lambda one: one[1])
    who, day, unit = (
        np.array(column, dtype=np.int64) for column in (zip(*events, strict=True) if events else [[]] * 3)
    )
    frame = pl.DataFrame({"occurred_at": day * DAY, "tagset": np.zeros(len(who), dtype=np.uint32)})
    trips = everybody.trips
    times = np.unique(day * DAY if trips is None else np.concatenate([day * DAY, trips.at]))
    return Hand(
        plan, Rows(frame, (frozenset(),)), Surroundings(), everybody, np.arange(len(who)), who,
        np.searchsorted(times, day * DAY), times, unit, np.eye(units, dtype=np.bool_),
    )  # fmt: skip
