"""A small city: two lines, four stops, and a market at which more is stolen than its riders explain."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

TOML = """\
[journeys]
zone = "Europe/Paris"
[sources.taps]
kind = "tap"
files = "taps/*.csv"
timezone = "Europe/Paris"
[sources.taps.columns]
event_id = "id"
occurred_at = "at"
account = "card"
place = "stop"
line = "route"
action = "action"
[sources.thefts]
kind = "incident"
files = "thefts.csv"
[sources.thefts.columns]
event_id = "id"
occurred_at = "from"
ends_at = "to"
place = "stop"
line = "route"
"""
ZONE = ZoneInfo("Europe/Paris")
MONDAY = datetime(2025, 3, 24, tzinfo=ZONE)
"""The clocks are set forward in the night to the Sunday of this week."""
STOPS = {"harbour": "A", "market": "A", "station": "B", "zoo": "B"}
Row = tuple[str, datetime, str, str, str, str]
"""Id, local time, card, stop, route, action."""


def taps(seed: int = 1) -> list[Row]:
    """Two weeks; from the zoo only three ride at night."""
    drawn = random.Random(seed)
    rows: list[Row] = []

    def add(day: int, hour: int, card: str, stop: str, action: str) -> None:
        at = (MONDAY + timedelta(days=day)).replace(hour=hour, minute=drawn.randrange(60), second=drawn.randrange(60))
        route = STOPS[stop] if drawn.random() > 0.02 else ""
        rows.append((f"t{len(rows)}", at, card, stop, route, action))

    for day in range(14):
        for hour in (8, 17):
            for stop, riders in (("harbour", 25), ("market", 20), ("station", 30), ("zoo", 4)):
                for rider in drawn.sample(range(60), riders):
                    add(day, hour, f"card-{stop}-{rider}", stop, drawn.choice(["enter", "single", "transfer", ""]))
                    add(day, hour, f"card-{stop}-{rider}", stop, "exit")
        add(day, 1, f"night-{day % 3}", "zoo", "enter")
    return rows


def thefts(seed: int = 2) -> list[tuple[str, datetime, datetime | None, str, str]]:
    """Id, from, to, stop and route. Most are at the market in the evening."""
    drawn = random.Random(seed)
    rows: list[tuple[str, datetime, datetime | None, str, str]] = []
    for number in range(40):
        stop = "market" if number < 24 else drawn.choice(list(STOPS))
        at = (MONDAY + timedelta(days=number % 12)).replace(
            hour=17 if number < 24 else drawn.choice([8, 17]), minute=10
        )
        rows.append((f"i{number}", at, at + timedelta(minutes=20) if number % 3 else None, stop, STOPS[stop]))
    long = MONDAY.replace(hour=6)
    rows.append(("long", long, long + timedelta(hours=5), "harbour", ""))
    rows.append(("nowhere", long, None, "", ""))
    rows.append(("night", MONDAY.replace(hour=1), None, "zoo", ""))
    return rows


def city(folder: Path, *, toml: str = TOML) -> Path:
    """The workspace on the disk: two files of taps, and the first theft twice, at two stops."""
    (folder / "taps").mkdir(parents=True)
    (folder / "coincide.toml").write_text(toml)
    for name, part in (("a", taps()[::2]), ("b", taps()[1::2])):
        with (folder / f"taps/{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "at", "card", "stop", "route", "action"])
            writer.writerows([(id_, f"{at:%Y-%m-%d %H:%M:%S}", *rest) for id_, at, *rest in part])
    with (folder / "thefts.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "from", "to", "stop", "route"])
        first, *others = thefts()
        for id_, begins, ends, *where in [(*first[:3], "zoo", "B"), *others, first]:
            writer.writerow([id_, begins.isoformat(), ends.isoformat() if ends else "", *where])
    return folder


RULE = """\
rule: {id}
title: Many rides in a day
status: {status}
severity: low
why: To send stewards.
basis: {{purpose: test, law: none}}
innocent: [a courier]
events: tap
{more}by: account
per: service-day
unusual-day: {{at_least: 1, of: [trips], beyond: 70}}
"""


def odd(folder: Path, *, id: str = "odd", status: str = "shadow", where: str = "", unless: str = "") -> Path:
    """A rule of unusual days in the workspace."""
    more = "".join(f'{key}: "{value}"\n' for key, value in (("where", where), ("unless", unless)) if value)
    (folder / "rules").mkdir(exist_ok=True)
    (folder / f"rules/{id}.yaml").write_text(RULE.format(id=id, status=status, more=more))
    return folder
