"""The pages: all that a chart shows stands in a table, no more is said than is known, and hostile text stays text."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from citydays import CITY, account, busy, day, gathered, overview, ride, standings
from coincide.detect.base_rate import SENTENCE
from coincide.journeys.city import City
from coincide.journeys.few import FEWEST
from coincide.journeys.page import alert_page, overview_page, places_page
from coincide.journeys.places_part import NO_FEED
from htmlpage import Read

LARGEST = 2_000_000
"""Bytes of a page."""
HOSTILE = "</script><script>alert(1)</script>\u202e<b>"
DAY = day(busy(), standings=standings(), group=5_000)
ALERT = alert_page(account(), [DAY])
CITY_PAGE = overview_page(overview())
PLAIN = alert_page(account())
PLACES = places_page(gathered(), CITY, "all days that were read")


def texts(page: str, table: str) -> list[list[str]]:
    return [[cell.text for cell in row] for row in Read(page).tables[table].rows]


def charts(page: str) -> dict[str, dict[str, object]]:
    """Specifications by the id of their figure."""
    return {
        id_: json.loads(spec)
        for id_, spec in re.findall(
            r'<figure class="chart[^"]*" id="([^"]+)".*?<script type="application/json">(.*?)</script>', page, re.DOTALL
        )
    }


def marked(spec: Any, kind: str) -> list[dict[str, Any]]:
    """The layers of marks of a kind."""
    return [layer for layer in spec["layer"] if layer["mark"]["type"] == kind]


@pytest.mark.parametrize("page", [ALERT, CITY_PAGE, PLAIN, PLACES], ids=["alert", "city", "plain", "places"])
def test_a_page_is_whole_and_says_what_base_rates_do(page: str) -> None:
    assert len(page.encode()) < LARGEST
    read = Read(page)
    said = " ".join(read.sections.values())
    assert SENTENCE in said
    policies = [dict(given)["content"] for tag, given in read.elements if tag == "meta" and ("content" in dict(given))]
    assert any(policy and policy.startswith("default-src 'none'; script-src 'sha256-") for policy in policies)
    assert not any(
        name in ("src", "href") and not (value or "").startswith("#")
        for _, given in read.elements
        for name, value in given
    )
    assert not re.search(r"\bscore|\brisk|suspect|likelihood|probab", said.replace("not how likely", ""), re.IGNORECASE)
    assert not re.search(r"NaN|\binf\b|None|Undefined|[{}]", said)


def test_the_rides_stand_in_a_table_as_they_were() -> None:
    rows = texts(ALERT, "day-1-rides")
    assert len(rows) == len(DAY.rides)
    assert rows[0] == ["1", "08:00:00", "Bridge", "red", "08:08:00", "Park", "8", "9", "yes"]
    assert rows[12] == ["13", "11:50:00", "Bridge", "blue", "no exit", "no exit", "", "", ""]
    segments = [layer for layer in charts(ALERT)["day-1-where"]["layer"] if layer["mark"]["type"] == "rule"]  # type: ignore[attr-defined]
    drawn = [row for layer in segments for row in layer["data"]["values"] if row["kind"] == "ride"]
    minutes = sorted(round(row["x2"] - row["x"]) for row in drawn)
    assert minutes == sorted(round(float(row[6])) for row in rows if row[6])


def test_each_histogram_has_its_table_and_each_feature_its_words() -> None:
    for standing in DAY.standings:
        others = standing.others
        if others is None:
            continue
        table = [[row[0].text, row[1].values] for row in Read(ALERT).tables[f"day-1-{standing.feature}-all"].rows]
        assert table == [[others.name(bin_), [count]] for bin_, count in enumerate(others.counts)]
    words = {row[0]: row[3] for row in texts(ALERT, "day-1-features")}
    assert words["Trips"] == "more than on any other of 5,000 card-days"
    assert words["New stops"].startswith("not compared")


def test_an_alert_that_is_not_over_taps_has_its_evidence_and_no_day() -> None:
    read = Read(PLAIN)
    assert list(charts(PLAIN)) == ["timeline-chart"]
    assert not any(id_.startswith("day") for id_ in read.sections)
    assert len(texts(PLAIN, "timeline-all")) == 6


def test_what_cannot_be_had_is_said_in_its_place() -> None:
    said = " ".join(Read(alert_page(account(), why_not="The files are gone.")).sections.values())
    assert "The files are gone." in said
    there = alert_page(account(), [day(busy(), City())])
    assert "No map: no stop of this day has coordinates in the feed." in " ".join(Read(there).sections.values())
    assert list(charts(there)) == ["day-1-where", "timeline-chart"]


def test_text_of_others_stays_text() -> None:
    stops = {id_: type(stop)(id_, stop.name + HOSTILE, stop.at) for id_, stop in CITY.stops.items()}
    hostile = alert_page(account(HOSTILE), [day([ride(0, 9, "red", "r0", "r1")], City(stops, CITY.ways))])
    read = Read(hostile)
    assert len(read.scripts) == len(Read(ALERT).scripts) - 2
    assert "\u202e" not in hostile
    for script in read.scripts:
        if script.attributes.get("type") == "application/json":
            json.loads(script.text)


def test_no_cell_of_a_city_is_of_fewer_than_ten() -> None:
    read = Read(CITY_PAGE)
    for id_, column in (
        ("hours-all", 1),
        ("days-all", 1),
        ("thresholds-all", 2),
        ("thresholds-all", 3),
        ("products-all", 1),
    ):
        for row in read.tables[id_].rows:
            assert all(value == 0 or value >= FEWEST for value in row[column].values)
    # The four at three in the morning go with the next smallest hour, and the product of seven days with the next.
    assert [row[0].text for row in read.tables["hours-all"].rows if row[1].text == "not shown"] != ["03:00"]
    assert [row[0].text for row in read.tables["products-all"].rows] == ["none given", "day-ticket", "season, staff"], (
        "by size"
    )


def test_the_lines_of_rules_stand_where_they_begin_to_flag() -> None:
    layers = charts(CITY_PAGE)["days-chart"]["layer"]
    lines = next(layer for layer in layers if layer["mark"] == "rule")["data"]["values"]  # type: ignore[attr-defined]
    assert lines == [{"at": 9.5, "name": "10: many-rides"}, {"at": 23.5, "name": "24: many-taps"}]
    rows = {row[0]: row[1] for row in texts(CITY_PAGE, "thresholds-all")}
    assert rows["10"] == "many-rides" and rows["5"] == ""


# --- places -------------------------------------------------------------------------------------------------------


def test_every_row_of_places_stands_in_a_table_with_its_interval() -> None:
    assert texts(PLACES, "places-names-all")[0][:3] == ["Market (r1)", "60", "24"]
    side = gathered().sides["place"]
    read = Read(PLACES).tables
    for name, table, odd in zip(("names", "hours", "cells"), side.tables, side.unusual, strict=True):
        first = {"names": 1, "hours": 2, "cells": 3}[name]
        told = [[value for cell in row[first:] for value in cell.values] for row in read[f"places-{name}-all"].rows]
        assert [values[:3] for values in told] == [
            [row["boardings"], row["observed"], row["expected"]] for row in table.rows.to_dicts()
        ]
        assert [values[-2:] for values in told] == [[row["low"], row["high"]] for row in table.rows.to_dicts()]
        ridden = [[cell.values[0] for cell in row[first:]] for row in read[f"riding-places-{name}-all"].rows]
        assert ridden == [
            [row["boardings"], row["unusual"], row["unusual"] / row["boardings"], row["expected"]]
            for row in odd.to_dicts()
        ]


def test_the_stops_of_places_are_on_the_map_the_larger_the_more() -> None:
    drawn = charts(PLACES)
    assert list(drawn) == ["incidents-map", "riding-map"]
    for id_, table, column in (("incidents-map", "places-names-all", 2), ("riding-map", "riding-places-names-all", 2)):
        circles = [row for one in marked(drawn[id_], "circle") for row in one["data"]["values"]]
        rows = {row[0].text: row[column].values[0] for row in Read(PLACES).tables[table].rows}
        # The depot has no place in the feed.
        assert {row["name"]: row["count"] for row in circles} == {
            name: count for name, count in rows.items() if name != "Depot (b5)"
        }
        assert sorted(circles, key=lambda row: row["count"]) == sorted(circles, key=lambda row: row["size"])
    _, dark = marked(drawn["incidents-map"], "circle")
    assert [row["name"] for row in dark["data"]["values"]] == ["Market (r1)"]
    assert dark["mark"]["color"] == "var(--observed)"
    assert "1 more have no place in the feed." in " ".join(Read(PLACES).sections.values())


def test_nothing_of_a_stop_of_nine_cards_is_on_the_page_of_places() -> None:
    assert "Airport (r7)" not in PLACES
    assert "r7" not in PLACES


def test_places_without_a_feed_have_their_tables_and_say_so() -> None:
    page = places_page(gathered(), None, "all days that were read")
    assert charts(page) == {}
    assert NO_FEED in " ".join(Read(page).sections.values())
    assert [row[0] for row in texts(page, "places-names-all")] == ["r1", "r0", "b5"]
    nowhere = places_page(gathered(), City(), "all days that were read")
    assert "No map: no stop that is shown has coordinates in the feed." in " ".join(Read(nowhere).sections.values())


def test_no_more_rows_of_places_are_listed_than_asked_for() -> None:
    page = places_page(gathered(), CITY, "before 2025-03-31", 1)
    assert len(texts(page, "places-names-all")) == len(texts(page, "riding-places-names-all")) == 1
    assert "before 2025-03-31" in page


def test_the_names_of_places_stay_text() -> None:
    hostile = places_page(gathered(HOSTILE), CITY, "all days" + HOSTILE)
    assert len(Read(hostile).scripts) == len(Read(PLACES).scripts) - 2, "no stop is in the feed"
    assert "\u202e" not in hostile
