"""The charts of a backtest: what they say in words, and what Vega-Lite draws of them where scripts run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from coincide.html.chart import Chart
from coincide.html.figure import Figure
from coincide.html.frame import visible

HEIGHT = 160
"""Pixels. Wide they are as the page is."""
WEEK = timedelta(days=7)
BAR = 26
"""Pixels of a bar that has its name beside it."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Whole numbers in bins of ``width``, the first from ``start``: the same ones for all that is compared."""

    start: int
    width: int
    number: int

    @classmethod
    def of(cls, values: Sequence[int], most: int = 40) -> Bins:
        """At most ``most`` bins, each 1, 2 or 5 wide, or ten times as much and so on, that hold all values."""
        low, high = min(values), max(values)
        width, tens = 1, 1
        while True:
            for width in (tens, 2 * tens, 5 * tens):
                start = low // width * width
                number = (high - start) // width + 1
                if number <= most:
                    return cls(start, width, number)
            tens *= 10

    def counted(self, values: Sequence[int]) -> list[int]:
        """How many values each bin has."""
        counts = [0] * self.number
        for value in values:
            counts[(value - self.start) // self.width] += 1
        return counts

    def name(self, bin_: int) -> str:
        """What a bin holds: ``14``, or ``14 to 15``."""
        low = self.start + bin_ * self.width
        return Figure(low).shown if self.width == 1 else f"{Figure(low).shown} to {Figure(low + self.width - 1).shown}"

    def edge(self, bin_: int) -> float:
        """Where a bin begins on an axis: half below the first whole number in it."""
        return self.start + bin_ * self.width - 0.5


def histogram(id_: str, title: str, of: str, values: Sequence[int], observed: int, bins: Bins, who: str) -> Chart:
    """How many ``who`` each of the deals or made-up rules (``of``) matched, and where the rule itself stands."""
    counted = bins.counted(values)
    most = [bins.name(bin_) for bin_, count in enumerate(counted) if count == max(counted)]
    says = (
        f"{Figure(len(values)).shown} {of}, by how many {who} each matched: from {Figure(min(values)).shown} to "
        f"{Figure(max(values)).shown}, most often {' and '.join(most[:3])}. The line is the rule itself: "
        f"{Figure(observed).shown}."
    )
    rows = [
        {"left": bins.edge(bin_), "right": bins.edge(bin_ + 1), "count": count, "name": bins.name(bin_)}
        for bin_, count in enumerate(counted)
    ]
    domain = [bins.edge(0), bins.edge(bins.number)]
    right = observed > sum(domain) / 2
    across = {"type": "quantitative", "title": f"{who} matched", "scale": {"domain": domain, "nice": False}}
    line = {"x": {"datum": observed, **across}}
    return Chart(
        id_,
        title,
        says,
        {
            "width": "container",
            "height": HEIGHT,
            "data": {"values": rows},
            "layer": [
                {
                    "mark": {"type": "bar", "binSpacing": 1},
                    "encoding": {
                        "x": {"field": "left", "bin": "binned", **across, "axis": _whole()},
                        "x2": {"field": "right"},
                        "y": {"field": "count", "type": "quantitative", "title": of, "axis": _whole()},
                        "tooltip": [
                            {"field": "name", "type": "nominal", "title": f"{who} matched"},
                            {"field": "count", "type": "quantitative", "title": of},
                        ],
                    },
                },
                {"data": {"values": [{}]}, "mark": "rule", "encoding": line},
                {
                    "data": {"values": [{}]},
                    "mark": {
                        "type": "text",
                        "align": "right" if right else "left",
                        "dx": 2 if right else -2,
                        "text": f"this rule: {Figure(observed).shown}",
                    },
                    "encoding": {**line, "y": {"value": -4}},
                },
            ],
        },
    )


def calendar(id_: str, weeks: Sequence[dict[str, Any]], most: int) -> Chart:
    """Alerts per week. ``most``: where the axis ends, the same for all that is compared."""
    top = max(weeks, key=lambda week: int(week["alerts"]))
    none = sum(week["alerts"] == 0 for week in weeks)
    says = (
        f"Alerts in each of {Figure(len(weeks)).shown} weeks, {weeks[0]['week']} to {weeks[-1]['week']}: "
        f"at most {Figure(top['alerts']).shown} (first in {top['week']}), none in {Figure(none).shown} of them."
    )
    rows = [
        {
            "week": visible(week["week"]),
            "begins": week["begins"],
            "ends": (date.fromisoformat(week["begins"]) + WEEK).isoformat(),
            "alerts": week["alerts"],
        }
        for week in weeks
    ]
    return Chart(
        id_,
        "Alerts per week",
        says,
        {
            "width": "container",
            "height": HEIGHT,
            "data": {"values": rows, "format": {"parse": dict.fromkeys(("begins", "ends"), "utc:'%Y-%m-%d'")}},
            "mark": "rect",
            "encoding": {
                "x": {
                    "field": "begins",
                    "type": "temporal",
                    "scale": {"type": "utc"},
                    "title": None,
                    "axis": {"format": "%Y-%m-%d", "labelOverlap": "greedy", "labelSeparation": 8},
                },
                "x2": {"field": "ends"},
                "y": {
                    "field": "alerts",
                    "type": "quantitative",
                    "title": "alerts",
                    "scale": {"domain": [0, max(most, 1)]},
                    "axis": _whole(),
                },
                "y2": {"datum": 0},
                "tooltip": [
                    {"field": "week", "type": "nominal"},
                    {"field": "alerts", "type": "quantitative"},
                ],
            },
        },
    )


def neighbours(id_: str, rows: Sequence[dict[str, Any]], most: int, who: str) -> Chart:
    """How many ``who`` the rule itself, the first row, and each variant of it match."""
    fewest, top = (choice(rows, key=lambda row: int(row["actors"])) for choice in (min, max))
    says = (
        f"{who.capitalize()} that the rule and {Figure(len(rows) - 1).shown} rules next to it match: from "
        f"{Figure(fewest['actors']).shown} ({fewest['name']}) to {Figure(top['actors']).shown} ({top['name']})."
    )
    return Chart(
        id_,
        f"{who.capitalize()} matched by each",
        says,
        {
            "width": "container",
            "height": BAR * len(rows),
            "data": {"values": [{"name": visible(row["name"]), "actors": row["actors"]} for row in rows]},
            "encoding": {
                "y": {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 150}},
                "x": {
                    "field": "actors",
                    "type": "quantitative",
                    "title": f"{who} matched",
                    "scale": {"domain": [0, max(most, 1)]},
                    "axis": _whole(),
                },
                "tooltip": [{"field": "name", "type": "nominal"}, {"field": "actors", "type": "quantitative"}],
            },
            "mark": "bar",
        },
    )


def _whole() -> dict[str, Any]:
    """An axis of counts: no half an alert."""
    return {"format": ",d", "tickMinStep": 1}
