"""The pages of an alert and of a city in Chromium: drawn, accessible, printed, and without a word from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from citydays import CITY, account, busy, day, gathered, overview, ride, standings
from coincide.journeys.city import City, Stop
from coincide.journeys.page import alert_page, overview_page, places_page
from system.opened import (
    Opened,
    axe_finds_nothing,
    axe_finds_nothing_in_print,
    charts_are_seen,
    drawn,
    nothing_gets_in,
    only_tables_scroll,
    opened,
    paper_holds_all,
    sheets_are_a4,
    tables_are_there_without_scripts,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.system

HOSTILE = '</script><script>document.title = "taken"</script><img src=x onerror="document.title = 1">'
HOSTILE += "Wasserstoffperoxidlösungsnachfüllkanister" * 4
DAY = day(busy(), standings=standings(), group=5_000)


def hostile() -> str:
    stops = {id_: Stop(id_, stop.name + HOSTILE, stop.at) for id_, stop in CITY.stops.items()}
    rides = [ride(0, 9, "red", "r0", "r3"), ride(20, None, "red" + HOSTILE, "r3")]
    return alert_page(account(HOSTILE), [day(rides, City(stops, CITY.ways), standings(), 5_000)])


PAGES = {
    "alert": (alert_page(account(), [DAY]), 5),
    "plain": (alert_page(account()), 1),
    "city": (overview_page(overview()), 2),
    "places": (places_page(gathered(), CITY, "all days that were read"), 2),
    "hostile": (hostile(), 5),
}
"""Each with how many charts it has."""


@pytest.fixture(scope="module", params=PAGES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def opened_once(name: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Each page once, because Vega is long to read."""
    with opened(browser, tmp_path_factory.mktemp("page") / "page.html", *PAGES[name]) as made:
        yield made


@pytest.fixture
def shown(opened_once: Opened) -> Iterator[Page]:
    with opened_once.shown() as page:
        yield page


def only(browser: Browser, text: str, charts: int) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_content(text)
    drawn(page, charts)
    return page


# --- charts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_chart_has_pixels_on_the_paper_of_either_scheme(shown: Page, scheme: Any) -> None:
    charts_are_seen(shown, scheme)


def test_a_ride_is_drawn_from_its_boarding_to_its_leaving(browser: Browser) -> None:
    """Two rides of which one is twice as long and back: the segments say so in pixels."""
    rides = [ride(240, 10, "red", "r0", "r4"), ride(260, 20, "red", "r4", "r2")]
    page = only(browser, alert_page(account(), [day(rides)]), 3)
    boxes = page.evaluate(
        """() => [...document.querySelectorAll('#day-1-where .mark-rule.role-mark line')].map(one => {
            const ends = ["x1", "x2", "y1", "y2"].map(name => Number(one.getAttribute(name) ?? 0))
            const [, x, y] = one.getAttribute("transform").match(/translate\\(([-.\\d]+)[, ]+([-.\\d]+)\\)/).map(Number)
            return [x, x + ends[1], y, y + ends[3]]
        })"""
    )
    slanted = sorted(box for box in boxes if box[0] != box[1] and box[2] != box[3])
    (x1, x2, y1, y2), (x3, x4, y3, y4) = slanted
    assert x4 - x3 == pytest.approx(2 * (x2 - x1), abs=1)
    assert y4 - y3 == pytest.approx(-(y2 - y1) / 2, abs=1), "half as far, and back"
    assert y2 == pytest.approx(y3, abs=1), "boarded where it was left"
    assert x3 - x2 == pytest.approx(x2 - x1, abs=1), "after a wait of ten minutes"
    page.close()


def test_on_the_map_a_kilometre_is_as_long_in_both_directions(browser: Browser) -> None:
    """A square on the ground is a square in pixels, and its northern side is above."""
    north, east = 0.02, 0.02 / 0.6427876096865393  # cos 50 degrees
    corners = {"sw": (0.0, 0.0), "se": (0.0, east), "ne": (north, east), "nw": (north, 0.0)}
    stops = {name: Stop(name, name, (49.99 + lat, 8 + lon)) for name, (lat, lon) in corners.items()}
    rides = [ride(0, 5, None, "sw", "se"), ride(9, 5, None, "ne", "nw")]
    page = only(browser, alert_page(account(), [day(rides, City(stops))]), 3)
    at = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#day-1-map .mark-text.role-mark text')].map(one => {
            const box = one.getBoundingClientRect()
            return [one.textContent, [box.left, box.top]]
        }))"""
    )
    across, up = at["se"][0] - at["sw"][0], at["sw"][1] - at["nw"][1]
    assert across > 100
    assert across == pytest.approx(up, rel=0.01)
    assert at["ne"] == pytest.approx([at["se"][0], at["nw"][1]], abs=2)
    page.close()


def test_the_line_of_a_rule_stands_left_of_the_bar_from_which_it_flags(browser: Browser) -> None:
    page = only(browser, PAGES["city"][0], 2)
    line, bars = page.evaluate(
        """() => {
            const box = one => { const box = one.getBoundingClientRect(); return [box.left, box.right] }
            return [box(document.querySelector('#days-chart .mark-rule.role-mark line')),
                [...document.querySelectorAll('#days-chart .mark-rect.role-mark path')].map(box)]
        }"""
    )
    # The rule flags from ten on; the first bar is of one ride.
    assert bars[8][1] < sum(line) / 2 < bars[9][0]
    page.close()


# --- tables --------------------------------------------------------------------------------------------------------


def test_tables_in_the_browser_have_the_data_of_the_charts(shown: Page, name: str) -> None:
    bars = shown.evaluate(
        """() => [...document.querySelectorAll("figure.chart")].map(one => {
            const data = JSON.parse(one.querySelector("script").textContent).data
            return [one.id, data ? data.values.map(row => [row.name, row.count]) : []]
        })"""
    )
    tables = shown.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("table")].map(one => [one.id,
            [...one.tBodies[0].rows].map(row => [...row.cells].map(cell => {
                const figure = cell.querySelector("data")
                return figure ? Number(figure.value) : cell.textContent
            }))]))"""
    )
    checked = 0
    for id_, rows in bars:
        table = tables.get(f"{id_.removesuffix('-chart')}-all")
        if rows and table and id_ != "timeline-chart":
            assert [row[:2] for row in table if row[1] != "not shown"] == [[str(row[0]), row[1]] for row in rows] or [
                [str(row[0]), row[1]] for row in table if row[1] != "not shown"
            ] == rows
            checked += 1
    assert checked == {"alert": 2, "plain": 0, "city": 2, "places": 0, "hostile": 2}[name]


def test_without_scripts_all_tables_are_there(name: str, browser: Browser) -> None:
    assert tables_are_there_without_scripts(browser, PAGES[name][0]) > 0


# --- the policy ----------------------------------------------------------------------------------------------------


def test_no_script_or_style_gets_in(browser: Browser, tmp_path: Path) -> None:
    page = nothing_gets_in(browser, tmp_path / "page.html", *PAGES["alert"])
    assert page.title() == "A-1: Many rides in a day"
    page.close()


def test_hostile_names_stay_text(browser: Browser) -> None:
    page = only(browser, PAGES["hostile"][0], 5)
    assert page.title().startswith("A-1: </script>")
    assert page.locator("img").count() == 0
    labels = page.locator("#day-1-where .role-axis-label text").all_text_contents()
    assert any(label.startswith("red: Harbour</scr") for label in labels)
    page.close()


# --- for everybody, and on paper -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing_in_light_and_dark_on_wide_and_narrow_screens(shown: Page, scheme: Any, width: int) -> None:
    axe_finds_nothing(shown, scheme, width)


def test_axe_finds_nothing_in_what_is_printed(shown: Page) -> None:
    axe_finds_nothing_in_print(shown)


def test_at_320_pixels_only_tables_scroll_and_the_keyboard_reaches_them(shown: Page) -> None:
    only_tables_scroll(shown)


def test_on_paper_sheets_are_a4_tables_are_open_and_nothing_reaches_over_the_edge(shown: Page) -> None:
    sheets_are_a4(shown)
    paper_holds_all(shown)
