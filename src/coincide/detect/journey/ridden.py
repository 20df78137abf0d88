"""Rides of a card-day: how short, how far, on how many lines, how full, and how long against others."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.context import UNKNOWN, Context, minutes
from coincide.detect.journey.group import Figures, Group, ratio
from coincide.detect.journey.order import begins, order
from coincide.detect.journey.taps import MISSING, Positions, Whole
from coincide.rules.feature import LEAST_METRES, SHORT_HOPS, SHORT_US

_HOUR_US = 3_600_000_000
_METRES = 1000


class Network(Protocol):
    """What is asked of a network, in the codes of the rides. Of a missing code (-1) everything is unknown."""

    def hops(self, line: Whole, start: Whole, end: Whole, /) -> NDArray[np.int16]:
        """Fewest stops from ``start`` to ``end`` along one pattern of the line, -1 where none says."""

    def km(self, start: Whole, end: Whole, /) -> NDArray[np.float64]:
        """Kilometres between stops as the crow flies, NaN where unknown."""


def ridden(days: Group, network: Network | None, around: Context) -> dict[str, Figures]:
    """The features of rides by themselves."""
    crowded = around.crowded(days.rides)
    return {
        "distinct_lines": _lines(days),
        "short_share": _short(days, network),
        "wander": _wander(days, network),
        "span_hours": _span(days),
        "crowded": days.share(crowded == 1, crowded != UNKNOWN),
        "detour": _detour(days, around),
    }


def _lines(days: Group) -> Figures:
    known = days.rides.line != MISSING
    of, line = days.of[known], days.rides.line[known]
    sorting = order(of, line)
    fresh = begins(of[sorting], line[sorting])
    count = np.bincount(of[sorting][fresh], minlength=len(days))
    return np.where(count > 0, count, np.nan).astype(np.float32)


def _short(days: Group, network: Network | None) -> Figures:
    rides, ended = days.rides, days.rides.ended
    short = ended & (rides.ends_us - rides.begins_us <= SHORT_US)
    if network is None:
        return days.share(short, ended)
    hops = network.hops(rides.line, rides.start, rides.end)
    return days.share(short | ((hops >= 0) & (hops <= SHORT_HOPS)), ended | (hops >= 0))


def _wander(days: Group, network: Network | None) -> Figures:
    nothing = np.full(len(days), np.nan, dtype=np.float32)
    if network is None or not len(days):
        return nothing
    rides = days.rides
    both = (rides.start != MISSING) & (rides.end != MISSING)
    metres = _metres(network.km(rides.start, rides.end))
    both &= metres >= 0
    ridden = days.sum(np.where(both, metres, 0))
    first, last = _ends(days)
    apart = _metres(network.km(first, last))
    told = (days.sum(both) > 0) & (first != MISSING) & (apart >= 0)
    return np.where(told, ridden / np.maximum(apart, LEAST_METRES), nothing).astype(np.float32)


def _ends(days: Group) -> tuple[Whole, Whole]:
    """The first and the last stop known of each card-day's rides."""
    rides = days.rides
    stops = np.stack([rides.start, rides.end], axis=1).ravel()
    place = np.arange(len(stops), dtype=np.int64)
    known = stops != MISSING
    first = np.minimum.reduceat(np.where(known, place, len(stops)), 2 * days.first)
    last = np.maximum.reduceat(np.where(known, place, MISSING), 2 * days.first)
    return np.append(stops, MISSING)[first], np.append(stops, MISSING)[last]


def _metres(km: NDArray[np.float64]) -> Positions:
    """Whole metres, so that sums are exact; -1 where unknown."""
    return np.where(np.isnan(km), UNKNOWN, np.rint(np.nan_to_num(km) * _METRES)).astype(np.int64)


def _span(days: Group) -> Figures:
    if not len(days):
        return np.zeros(0, dtype=np.float32)
    begun = days.rides.begins_us
    last = np.maximum.reduceat(np.maximum(begun, days.rides.ends_us), days.first)
    return ((last - begun[days.first]) / _HOUR_US).astype(np.float32)


def _detour(days: Group, around: Context) -> Figures:
    usual = around.usual(days.rides)
    told = usual != UNKNOWN
    return ratio(days.sum(np.where(told, minutes(days.rides), 0)), days.sum(np.where(told, usual, 0)))
