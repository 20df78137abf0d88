"""The parts of the page of an alert: its days, the evidence in order of time, what else may explain it, its history."""

from __future__ import annotations

from collections.abc import Sequence

from coincide.alerts.account import Account
from coincide.alerts.alert import iso
from coincide.alerts.timeline import Step
from coincide.detect.base_rate import SENTENCE
from coincide.html.chart import Chart
from coincide.html.figure import Cell, Figure, Moment, Why
from coincide.html.frame import visible
from coincide.html.part import Part
from coincide.html.table import Table
from coincide.journeys import standing
from coincide.journeys.day import MINUTE, Day, Ride
from coincide.journeys.diagram import diagram
from coincide.journeys.map import map_of

BAR = 26
"""Pixels of a row of the timeline."""


def alert_parts(told: Account, days: Sequence[Day] = (), why_not: str | None = None) -> tuple[Part, ...]:
    """The parts of an alert. ``why_not``: a sentence in the place of what could not be had."""
    made = [part for number, day in enumerate(days, start=1) for part in _of_day(number, day)]
    if why_not is not None:
        lacking = Part("lacking", "What is not here")
        lacking.lacks(why_not)
        made.append(lacking)
    made += [_of_timeline(told), _of_innocent(told), _of_odds(told), _of_history(told)]
    return tuple(made)


def _of_day(number: int, day: Day) -> tuple[Part, Part]:
    id_ = f"day-{number}"
    there = Part(id_, f"The service day of {day.date}")
    there.says.append(
        f"{_many(day.taps, 'tap')} of {day.card}, paired to {_many(len(day.rides), 'ride')}. A service day begins at "
        f"{day.clock.shown(day.begins_us)[:5]}, {day.clock.zone}; times are local."
    )
    if day.rides:
        there.charts.append(diagram(f"{id_}-where", day))
        ground = map_of(f"{id_}-map", day)
        if ground is not None:
            there.charts.append(ground)
        elif day.city_why_not is None:
            there.lacks("no map: no stop of this day has coordinates in the feed")
    if day.city_why_not is not None:
        there.lacks(day.city_why_not)
    there.tables.append(_rides(f"{id_}-rides", day))
    return there, _of_standings(id_, day)


def _of_standings(id_: str, day: Day) -> Part:
    part = Part(f"{id_}-others", f"{day.date} beside other card-days")
    if day.standings_why_not is not None:
        part.lacks(day.standings_why_not)
    if not day.standings:
        return part
    product = "without a product" if day.product is None else f"of product {day.product}"
    part.says.append(
        f"What is compared is the day, with {Figure(day.group).shown} card-days {product} of the same service day, "
        "this one included. Where a card-day stands among them is worked out for this page and kept nowhere. Bins hold "
        "ten card-days or more."
    )
    part.tables.append(standing.table(f"{id_}-features", day))
    for one in day.standings:
        # Where all have the same there is nothing to draw.
        if one.others is not None and len(one.others.counts) > 1:
            part.charts.append(standing.chart(f"{id_}-{one.feature}", one, one.others))
            part.tables.append(standing.spread(f"{id_}-{one.feature}-all", one, one.others))
    return part


def _rides(id_: str, day: Day) -> Table:
    heads = ("Ride", "Boarded", "At", "Line", "Left", "At", "Minutes", "Then waited, minutes", "Evidence")
    ordered = sorted(day.rides, key=lambda ride: (ride.begins_us, ride.ends_us or ride.begins_us))
    after: list[Ride | None] = [*ordered[1:], None]
    rows: list[tuple[Cell, ...]] = [
        (
            Figure(number),
            day.clock.shown(ride.begins_us),
            day.city.name(ride.start),
            "not given" if ride.line is None else ride.line,
            Why("no exit") if ride.ends_us is None else day.clock.shown(ride.ends_us),
            Why("no exit") if ride.ends_us is None else day.city.name(ride.end),
            _minutes(ride.begins_us, ride.ends_us),
            _minutes(ride.ends_us, None if following is None else following.begins_us),
            "yes" if ride.decides else "",
        )
        for number, (ride, following) in enumerate(zip(ordered, after, strict=True), start=1)
    ]
    return Table(id_, "The rides, one by one", heads, tuple(rows))


def _of_timeline(told: Account) -> Part:
    finding = told.alert.finding
    part = Part("timeline", "Evidence in order of time")
    listed = len(finding.evidence)
    part.says.append(f"{_many(finding.counted, 'observation')} counted at the first hit; times are UTC.")
    if finding.counted > listed:
        part.says.append(f"{Figure(listed).shown} of them are listed as evidence.")
    if not told.steps:
        part.lacks("nothing of it is there any more")
        return part
    part.charts.append(_timeline("timeline-chart", told.steps))
    rows: list[tuple[Cell, ...]] = [
        (
            Moment(iso(step.name.occurred_at)),
            step.name.source,
            step.name.event_id,
            step.name.account,
            ", ".join(f"{name} {value}" for name, value in step.details.items()),
            ", ".join(step.marks),
        )
        for step in told.steps
    ]
    heads = ("At", "Source", "Event", "Account", "What", "Decides")
    part.tables.append(Table("timeline-all", "The events", heads, tuple(rows)))
    return part


def _timeline(id_: str, steps: Sequence[Step]) -> Chart:
    rows = [
        {"at": iso(step.name.occurred_at), "what": visible(_kind(step)), "decides": bool(step.marks)} for step in steps
    ]
    kinds = list(dict.fromkeys(row["what"] for row in rows))
    decisive = sum(bool(step.marks) for step in steps)
    return Chart(
        id_,
        "What happened when",
        f"{_many(len(steps), 'event')} from {rows[0]['at']} to {rows[-1]['at']}; {Figure(decisive).shown} in the "
        "colour of evidence decide.",
        {
            "width": "container",
            "height": BAR * max(len(kinds), 2),
            "data": {"values": rows, "format": {"parse": {"at": "date"}}},
            "mark": {"type": "point", "size": 60, "strokeWidth": 2, "filled": False},
            "encoding": {
                "x": {
                    "field": "at",
                    "type": "temporal",
                    "scale": {"type": "utc"},
                    "title": None,
                    "axis": {"labelOverlap": "greedy", "labelSeparation": 8},
                },
                "y": {
                    "field": "what",
                    "type": "nominal",
                    "sort": None,
                    "title": None,
                    "axis": {"labelLimit": 170},
                },
                "color": {
                    "condition": {"test": "datum.decides", "value": "var(--observed)"},
                    "value": "var(--bar)",
                },
            },
        },
        wide=True,
    )


def _kind(step: Step) -> str:
    """In which row of the timeline an event stands."""
    told = step.details
    return next((told[name] for name in ("components", "item", "line", "kind") if name in told), step.name.source)


def _of_innocent(told: Account) -> Part:
    part = Part("innocent", "It may be innocent")
    if told.rule is None or not told.rule.innocent:
        part.lacks("the rule names no innocent explanation; that does not mean that there is none")
        return part
    rows: list[tuple[Cell, ...]] = [(reason,) for reason in told.rule.innocent]
    part.tables.append(Table("innocent-all", "What may explain it, by the rule's author", ("Reason",), tuple(rows)))
    return part


def _of_odds(told: Account) -> Part:
    part = Part("odds", "How odd the rule is")
    part.says.append(SENTENCE)
    if told.odds is None:
        part.lacks("there is no backtest of this rule: `coincide backtest` says what chance alone gives")
    else:
        part.says.append(f"By its backtest of {iso(told.odds.at)}: {told.odds.document['short']}")
    return part


def _of_history(told: Account) -> Part:
    part = Part("history", "What became of it")
    rows: list[tuple[Cell, ...]] = [
        (Moment(iso(one.at)), one.change, f"scan {one.scan}" if one.by is None else one.by, one.reason)
        for one in told.history
    ]
    part.tables.append(Table("history-all", "Changes of the alert", ("At", "Change", "By", "Reason"), tuple(rows)))
    versions: list[tuple[Cell, ...]] = [
        ("rule", f"{told.alert.facts.rule}, {told.alert.facts.fingerprint}"),
        *((name, str(value)) for name, value in sorted(told.alert.facts.versions.items())),
    ]
    part.tables.append(Table("history-versions", "Found with", ("What", "Version"), tuple(versions)))
    return part


def _minutes(from_us: int | None, to_us: int | None) -> Cell:
    if from_us is None or to_us is None:
        return ""
    return Figure(round((to_us - from_us) / MINUTE, 1))


def _many(number: int, noun: str) -> str:
    return f"{Figure(number).shown} {noun}{'' if number == 1 else 's'}"
