"""A small city as a workspace: taps of some hundred cards on one service day, a feed, and a rule that counts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from coincide.cli.main import run

TOML = """\
[sources.taps]
kind = "tap"
files = "taps/*.csv"
[sources.taps.columns]
event_id = "id"
occurred_at = "at"
account = "token"
action = "action"
place = "stop"
line = "line"
vehicle = "vehicle"
device = "device"
product = "product"
[journeys]
zone = "Europe/Paris"
[network]
gtfs = "feed"
"""
RULE = """\
rule: many-rides
title: Many rides in a day
status: live
severity: low
why: To try it.
basis: {purpose: public-safety, law: "Regulation (EU) 2016/679, Article 6(1)(f)"}
innocent: [a courier, an inspector]
events: tap
where: action = 'enter'
by: account
per: service-day
zone: Europe/Paris
velocity: {at_least: 10}
tests:
  - name: none
    given: [{at: 2025-03-01, action: enter}]
    expect: no alert
"""
STOPS = tuple(f"s{number}" for number in range(8))
FEED = {
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\n"
    + "".join(
        f"{stop},Stop {number},{48.85 + 0.004 * number:.4f},{2.30 + 0.011 * number:.4f}\n"
        for number, stop in enumerate(STOPS)
    ),
    "routes.txt": "route_id,route_short_name,route_long_name,route_type\nred,R,Red,3\n",
    "trips.txt": "route_id,service_id,trip_id,direction_id\nred,all,out,0\nred,all,back,1\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    + "".join(f"out,08:{number:02}:00,08:{number:02}:00,{stop},{number}\n" for number, stop in enumerate(STOPS))
    + "".join(f"back,09:{number:02}:00,09:{number:02}:00,{stop},{number}\n" for number, stop in enumerate(STOPS[::-1])),
}
DAY = datetime(2025, 3, 13, 6, 0, tzinfo=UTC)
"""7 in the morning in Paris."""
BUSY = "CARD-0000-BUSY"

Row = tuple[str, str, str, str, str, str, str, str, str]


@dataclass
class City:
    folder: Path

    def call(self, *arguments: str) -> int:
        return run([*arguments, "-w", str(self.folder)])


def made(folder: Path, cards: int = 150) -> City:
    """The workspace; each card rides there and back, one of them twelve times."""
    (folder / "coincide.toml").write_text(TOML)
    for name, text in {"rules/many.yaml": RULE, **{f"feed/{name}": text for name, text in FEED.items()}}.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    (folder / "taps").mkdir()
    with (folder / "taps/one.csv").open("w", newline="") as taps:
        writer = csv.writer(taps)
        writer.writerow(("id", "at", "token", "action", "stop", "line", "vehicle", "device", "product"))
        writer.writerows(row for number in range(cards) for row in _rides(f"CARD-{number:04}", number, 1 + number % 4))
        writer.writerows(_rides(BUSY, 1, 12))
    return City(folder)


def _rides(token: str, number: int, count: int) -> Iterator[Row]:
    """Each of 8 minutes, one begun every 20; every fifth card leaves without a tap."""
    serial = "busy" if token == BUSY else str(number)
    for ride in range(count):
        start, end = (STOPS[number % 6], STOPS[number % 6 + 2])[:: 1 if ride % 2 == 0 else -1]
        at = DAY + timedelta(minutes=20 * ride, seconds=number)
        product = "day" if number % 10 else "season"
        rest = ("red", f"bus{number % 3}", f"gate{number}", "day" if token == BUSY else product)
        yield (f"{serial}-{ride}-a", at.isoformat(), token, "enter", start, *rest)
        if token == BUSY or number % 5:
            yield (f"{serial}-{ride}-b", (at + timedelta(minutes=8)).isoformat(), token, "exit", end, *rest)
