"""A feature of a day in words: what there was, and how many others had less. Counts and shares, no verdict."""

from __future__ import annotations

import math
from collections.abc import Callable


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _tenths(value: float) -> str:
    return f"{value:,.1f}"


_SAID: dict[str, tuple[str, Callable[[float], str]]] = {
    "trips": ("{} rides", _number),
    "missing_exits": ("{} of rides without an exit", _percent),
    "distinct_stops": ("{} different stops", _number),
    "stops_per_trip": ("{} different stops for each ride", _tenths),
    "distinct_lines": ("{} different lines", _number),
    "short_share": ("{} of rides of three stops or six minutes at most", _percent),
    "wander": ("rides {} times as long together as from the first stop to the last", _tenths),
    "entropy": ("stops visited with an entropy of {} bits", _tenths),
    "most_visits": ("{} visits to one stop", _number),
    "quick": ("boarded again within ten minutes {} of the time", _percent),
    "same_line": ("boarded the line just left {} of the time", _percent),
    "back": ("{} of rides to where the one before began", _percent),
    "median_gap": ("{} minutes between rides in the middle", _number),
    "span_hours": ("{} hours from the first ride to the last", _tenths),
    "crowded": ("{} of rides where it was crowded", _percent),
    "detour": ("rides {} times as long as usual between their ends", _tenths),
    "new_stops": ("{} stops not visited in the 28 days before", _number),
    "trips_z": ("{} deviations more rides than usual for it", _tenths),
}


def said(name: str, value: float, share: float, product: str | None) -> str:
    """``31 rides, more than 99.98 % of the days of `day-ticket` that day``.

    ``share``: of the days of the same product that are at least as high, this one among them.
    """
    text, shown = _SAID[name]
    whose = "without a product" if product is None else f"of product `{product}`"
    return f"{text.format(shown(value))}, more than {below(share)} % of the days {whose}"


def below(share: float) -> str:
    """The percentage that is lower, cut and never rounded up: of all, nobody is above all."""
    hundredths = math.floor(10_000 * (1 - share) + 1e-6)
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")
