"""The parts of the overview of a city."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coincide.detect.base_rate import SENTENCE
from coincide.html.chart import Chart
from coincide.html.figure import Cell, Figure
from coincide.html.frame import visible
from coincide.html.part import Part
from coincide.html.table import Table
from coincide.journeys.axis import named
from coincide.journeys.few import FEWEST, cell
from coincide.journeys.histogram import Histogram
from coincide.journeys.overview import Overview, Threshold

HEIGHT = 200
POOR_WITNESS = (
    "A count alone is a poor witness. Couriers, inspectors, tourists, carers, pupils, people who share a card or "
    "shelter in a vehicle, and people who enjoy the ride have as many. In the simulated city of our evaluation ten or "
    "more rides on some day flagged some 2,800 of 100,000 cards, and fewer than one in a hundred of these were "
    "thieves'."
)


def overview_parts(city: Overview) -> tuple[Part, ...]:
    """The parts of the overview."""
    return _of_counts(city), _of_hours(city), _of_days(city), _of_thresholds(city), _of_products(city)


def _of_counts(city: Overview) -> Part:
    part = Part("counts", "What was read")
    part.says.append(
        f"Service days from {city.first_day} to {city.last_day}; each begins at {city.begins}, {city.zone}. A card-day "
        f"is one card on one service day. Nothing is shown of fewer than {FEWEST} cards, and no card is."
    )
    rows: list[tuple[Cell, ...]] = [
        ("taps", Figure(city.taps)),
        ("doubled taps: the same reader took a card twice within seconds; counted once", cell(city.doubled)),
        ("cards", Figure(city.cards)),
        ("card-days", Figure(city.card_days)),
        ("rides", Figure(city.rides)),
        ("rides without an exit", cell(city.missing_exits)),
        (
            "share of rides without an exit",
            cell(None) if city.missing_exits is None else Figure(city.missing_exits / max(city.rides, 1), "share"),
        ),
    ]
    part.tables.append(Table("counts-all", "Counts", ("Count", "Value"), tuple(rows)))
    return part


def _of_hours(city: Overview) -> Part:
    part = Part("hours", "Boardings by hour")
    if any(count for _, count in city.by_hour):
        part.charts.append(_hours(city))
    rows: list[tuple[Cell, ...]] = [(_hour(hour), cell(count)) for hour, count in city.by_hour]
    part.tables.append(
        Table("hours-all", "Boardings by hour of the local clock", ("Hour", "Boardings"), tuple(rows), folded=True)
    )
    return part


def _of_days(city: Overview) -> Part:
    part = Part("days", "Rides in a card-day")
    per_day = city.rides_per_day
    if per_day is None:
        part.lacks(f"there are fewer than {FEWEST} cards")
        return part
    part.charts.append(_days(per_day, [one for one in city.thresholds if one.rules]))
    rows: list[tuple[Cell, ...]] = [
        (per_day.name(bin_), Figure(count), Figure(count / per_day.total, "share"))
        for bin_, count in enumerate(per_day.counts)
    ]
    heads = ("Rides", "Card-days", "Share")
    part.tables.append(Table("days-all", "Card-days by their rides", heads, tuple(rows), folded=True))
    return part


def _of_thresholds(city: Overview) -> Part:
    part = Part("thresholds", "What a count alone would flag")
    part.says += [POOR_WITNESS, SENTENCE]
    rows: list[tuple[Cell, ...]] = [
        (
            Figure(one.at_least),
            ", ".join(rule.rule for rule in one.rules),
            cell(one.card_days),
            cell(one.cards),
            cell(None) if one.cards is None else Figure(one.cards / max(city.cards, 1), "share"),
        )
        for one in city.thresholds
    ]
    if any(rule.taps for one in city.thresholds for rule in one.rules):
        part.says.append(
            "A rule here counts taps of every action: entering and leaving are two, so that it flags more than its row "
            "says. `where: action = 'enter'` makes it count rides."
        )
    heads = ("At least so many rides", "Rules that count so", "Card-days", "Cards", "Share of cards")
    part.tables.append(Table("thresholds-all", "By the number of rides in a service day", heads, tuple(rows)))
    return part


def _of_products(city: Overview) -> Part:
    part = Part("products", "Card-days by product")
    part.says.append(
        f"What fewer than {FEWEST} cards have stands with the next larger one. Staff cards fill the top of every "
        "list of busy days: where a product or a list tells them, rules should leave them out."
    )
    rows: list[tuple[Cell, ...]] = [
        (
            ", ".join("none given" if name is None else name for name in one.names),
            cell(one.card_days),
            cell(one.rides),
            Figure(round(one.rides / one.card_days, 3)) if one.rides and one.card_days else cell(None),
            cell(one.missing_exits),
        )
        for one in city.products
    ]
    heads = ("Product", "Card-days", "Rides", "Rides in a card-day", "Rides without an exit")
    part.tables.append(Table("products-all", "By product, the most used first", heads, tuple(rows)))
    return part


def _hours(city: Overview) -> Chart:
    rows = [
        {"bin": place + 0.1, "end": place + 0.9, "count": count, "name": _hour(hour)}
        for place, (hour, count) in enumerate(city.by_hour)
        if count is not None
    ]
    top = max(rows, key=lambda row: int(str(row["count"])))
    closed = sum(count is None for _, count in city.by_hour)
    less = f" {Figure(closed).shown} hours are not shown: too few boarded." if closed else ""
    ticks = named([place + 0.5 for place in range(24)], [_hour(hour) for hour, _ in city.by_hour])
    return Chart(
        "hours-chart",
        "Boardings by hour",
        f"Boardings in each hour of the local clock, from the one in which a service day begins; most from "
        f"{top['name']} on: {Figure(int(str(top['count']))).shown}.{less}",
        {
            "width": "container",
            "height": HEIGHT,
            "data": {"values": rows},
            "mark": "rect",
            "encoding": {
                "x": {
                    "field": "bin",
                    "type": "quantitative",
                    "title": f"local time, {city.zone}",
                    "scale": {"domain": [0, 24], "nice": False},
                    "axis": {**ticks, "labelOverlap": "greedy", "labelSeparation": 6, "grid": False},
                },
                "x2": {"field": "end"},
                "y": {
                    "field": "count",
                    "type": "quantitative",
                    "title": "boardings",
                    "axis": {"format": ",d", "tickMinStep": 1},
                },
                "y2": {"datum": 0},
            },
        },
        wide=True,
    )


def _days(per_day: Histogram, marked: Sequence[Threshold]) -> Chart:
    """Counts on a logarithmic axis, each bin as wide as the rides that it holds, the open one as wide as one."""
    last = per_day.edges[-2]
    rows = [
        {
            "low": per_day.edges[bin_] - 0.45,
            "high": (last + 1 if bin_ == len(per_day.counts) - 1 else per_day.edges[bin_ + 1]) - 0.55,
            "count": count,
            "name": per_day.name(bin_),
        }
        for bin_, count in enumerate(per_day.counts)
    ]
    end = max([last + 1, *(float(one.at_least) for one in marked)])
    domain = [per_day.edges[0] - 0.5, end + 0.5]
    across: dict[str, Any] = {
        "type": "quantitative",
        "title": f"rides in a service day; the last bar is of {Figure(int(last)).shown} or more",
        "scale": {"domain": domain, "nice": False},
        "axis": {"format": ",d", "tickMinStep": 1, "grid": False},
    }
    lines = [{"at": one.at_least - 0.5, "name": visible(_names(one))} for one in marked]
    half = sum(domain) / 2
    layers: list[dict[str, Any]] = [
        {
            "mark": "rect",
            "encoding": {
                "x": {"field": "low", **across},
                "x2": {"field": "high"},
                "y": {
                    "field": "count",
                    "type": "quantitative",
                    "title": "card-days",
                    "scale": {"type": "log", "domain": [1, max(per_day.counts)]},
                    "axis": {"format": ",d", "tickCount": 5},
                },
                "y2": {"datum": 1},
            },
        },
        {"data": {"values": lines}, "mark": "rule", "encoding": {"x": {"field": "at", **across}}},
    ]
    for place, line in enumerate(lines):
        right = float(str(line["at"])) > half
        layers.append(
            {
                "data": {"values": [line]},
                "mark": {"type": "text", "align": "right" if right else "left", "dx": -4 if right else 4},
                "encoding": {
                    "x": {"field": "at", **across},
                    "y": {"value": 14 + 16 * (place % 8)},
                    "text": {"field": "name"},
                },
            }
        )
    most = per_day.counts.index(max(per_day.counts))
    rules = " Each line is the count from which a rule flags." if lines else ""
    return Chart(
        "days-chart",
        "Card-days by their rides",
        f"{Figure(per_day.total).shown} card-days; most often {per_day.name(most)} a day. Counts are on a logarithmic "
        f"axis; a wide bar holds those of all its numbers together.{rules}",
        {"width": "container", "height": HEIGHT, "data": {"values": rows}, "layer": layers},
        wide=True,
    )


def _names(threshold: Threshold) -> str:
    return f"{threshold.at_least}: {', '.join(rule.rule for rule in threshold.rules)}"


def _hour(hour: int) -> str:
    return f"{hour:02}:00"
