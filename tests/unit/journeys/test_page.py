"""The pages: all that a chart shows stands in a table, no more is said than is known, and hostile text stays text."""

from __future__ import annotations

import json
import re

import pytest

from citydays import CITY, account, busy, day, overview, ride, standings
from coincide.detect.base_rate import SENTENCE
from coincide.journeys.city import City
from coincide.journeys.few import FEWEST
from coincide.journeys.page import alert_page, overview_page
from htmlpage import Read

LARGEST = 2_000_000
"""Bytes of a page."""
HOSTILE = "</script><script>alert(1)</script>\u202e<b>"
DAY = day(busy(), standings=standings(), group=5_000)
ALERT = alert_page(account(), [DAY])
CITY_PAGE = overview_page(overview())
PLAIN = alert_page(account())


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


@pytest.mark.parametrize("page", [ALERT, CITY_PAGE, PLAIN], ids=["alert", "city", "plain"])
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
