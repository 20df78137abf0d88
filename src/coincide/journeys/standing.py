"""The features of a day beside all other card-days of the same product: in words, and as small histograms.

It is the day that is unusual or not. What share of days has as much is computed when the page is made, and kept
nowhere.
"""

from __future__ import annotations

import math
from typing import Any

from coincide.html.chart import Chart
from coincide.html.figure import Cell, Figure
from coincide.html.table import Table
from coincide.journeys.axis import named
from coincide.journeys.day import Day, Standing
from coincide.journeys.histogram import Histogram

HEIGHT = 110
"""Pixels of a small histogram."""
LEAST_GROUP = 100
"""Card-days below which a share says nothing (``detect.journey.tail``)."""


def words(standing: Standing) -> str:
    """How this day stands among the others, in a sentence without its end."""
    others = standing.others
    if standing.share is None or others is None:
        return f"not compared: fewer than {LEAST_GROUP} card-days of this product have it"
    group = others.total
    as_much = max(round(standing.share * group), 1)
    all_ = Figure(group).shown
    if as_much == 1:
        return f"more than on any other of {all_} card-days"
    if as_much == group:
        return f"none of {all_} card-days has less"
    # Cut and not rounded: 99.996 % is not all of them.
    return f"more than on {_per_cent((group - as_much) / group)} of {all_} card-days"


def title(standing: Standing) -> str:
    """A feature as a heading: its name is a column of the data, and words elsewhere."""
    return standing.feature.replace("_", " ").capitalize()


def table(id_: str, day: Day) -> Table:
    """All features of the day."""
    heads = ("Feature", "Unit", "This day", "Beside the others of its product that day", "What it is")
    rows: list[tuple[Cell, ...]] = [
        (title(one), one.unit, Figure(round(one.value, 6)), words(one), one.says) for one in day.standings
    ]
    return Table(id_, "The day in figures", heads, tuple(rows))


def chart(id_: str, standing: Standing, others: Histogram) -> Chart:
    """The histogram of one feature with this day marked; bins are one wide each, so a growing one is logarithmic."""
    rows = [
        {"bin": bin_ + 0.1, "end": bin_ + 0.9, "count": count, "name": others.name(bin_)}
        for bin_, count in enumerate(others.counts)
    ]
    here = others.place(standing.value)
    across = {
        "type": "quantitative",
        "title": standing.unit,
        "scale": {"domain": [0, len(rows)], "nice": False},
        "axis": _bins(others),
    }
    steep = max(others.counts) > 100 * min(others.counts)
    low = 1 if steep else 0
    up = {
        "field": "count",
        "type": "quantitative",
        "title": "card-days",
        "scale": {"type": "log", "domain": [1, max(others.counts)]} if steep else {"zero": True},
        "axis": {"format": ",d", "tickCount": 3},
    }
    line = {"x": {"datum": here, **across}}
    axis = " Counts are on a logarithmic axis." if steep else ""
    return Chart(
        id_,
        title(standing),
        f"This day {Figure(round(standing.value, 6)).shown} ({standing.unit}), {words(standing)}. The line is this "
        f"day.{axis}",
        {
            "width": "container",
            "height": HEIGHT,
            "data": {"values": rows},
            "layer": [
                {
                    "mark": {"type": "rect"},
                    "encoding": {
                        "x": {"field": "bin", **across},
                        "x2": {"field": "end"},
                        "y": up,
                        "y2": {"datum": low},
                    },
                },
                {"data": {"values": [{}]}, "mark": "rule", "encoding": line},
            ],
        },
    )


def spread(id_: str, standing: Standing, others: Histogram) -> Table:
    """The table that holds what the histogram shows."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (others.name(bin_), Figure(count)) for bin_, count in enumerate(others.counts)
    )
    return Table(id_, f"{title(standing)}: card-days", (standing.unit.capitalize(), "Card-days"), rows, folded=True)


def _bins(others: Histogram) -> dict[str, Any]:
    """Names under bins."""
    names = [others.tick(bin_) for bin_ in range(len(others.counts))]
    ticks = named([bin_ + 0.5 for bin_ in range(len(names))], names)
    return {**ticks, "labelOverlap": False, "labelAngle": -45, "labelAlign": "right", "labelLimit": 90, "grid": False}


def _per_cent(share: float) -> str:
    """Two decimals, cut."""
    return f"{math.floor(share * 10_000 + 1e-9) / 100:g} %"
