"""The pages of an alert and of a city in Chromium: drawn, accessible, printed, and without a word from elsewhere."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from citydays import CITY, account, busy, day, gathered, overview, ride, standings
from coincide.journeys.city import City, Stop
from coincide.journeys.page import alert_page, overview_page, places_page
from system.chromium import A4, PRINTED, violations

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


@dataclass
class Opened:
    """A page with all that it said on the console, and all that it asked for."""

    page: Page
    file: Path
    said: list[str]
    asked: list[str]


@pytest.fixture(scope="module", params=PAGES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def opened_once(name: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_text(PAGES[name][0], encoding="utf-8")
    opened = Opened(browser.new_page(), file, [], [])
    opened.page.on("console", lambda message: opened.said.append(message.text))
    opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.page.on("request", lambda one: opened.asked.append(one.url))
    opened.page.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
    opened.page.goto(file.as_uri())
    drawn(opened.page, PAGES[name][1])
    yield opened
    opened.page.close()


@pytest.fixture
def shown(opened_once: Opened) -> Iterator[Page]:
    """The page as it was opened; it must have said nothing and asked for nothing else when the test is over."""
    shown = opened_once.page
    shown.emulate_media(media="screen", color_scheme="light")
    shown.set_viewport_size({"width": 1280, "height": 800})
    shown.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
    yield shown
    assert opened_once.said == []
    assert opened_once.asked == [opened_once.file.as_uri()]


def drawn(shown: Page, charts: int) -> None:
    shown.wait_for_function("n => document.querySelectorAll('.plot svg').length === n", arg=charts)


def only(browser: Browser, text: str, charts: int) -> Page:
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.set_content(text)
    drawn(opened, charts)
    return opened


# --- charts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_chart_has_pixels_on_the_paper_of_either_scheme(shown: Page, name: str, scheme: Any) -> None:
    shown.emulate_media(color_scheme=scheme)
    for plot in shown.locator(".plot").all():
        picture = plot.screenshot()
        plot.evaluate("one => one.firstElementChild.style.visibility = 'hidden'")
        blank = plot.screenshot()
        plot.evaluate("one => one.firstElementChild.style.visibility = ''")
        assert different(shown, picture, blank) > 500, "pixels that differ from a blank one"


def different(shown: Page, one: bytes, other: bytes) -> int:
    """How many pixels of two pictures differ; the browser itself, on another page, reads them."""
    started = shown.context.browser
    assert started is not None
    with started.new_page() as reader:
        return int(
            reader.evaluate(
                """async pictures => {
                    const [one, other] = await Promise.all(pictures.map(async text => {
                        const picture = await createImageBitmap(await (await fetch(text)).blob())
                        const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d")
                        canvas.drawImage(picture, 0, 0)
                        return canvas.getImageData(0, 0, picture.width, picture.height).data
                    }))
                    let count = 0
                    for (let at = 0; at < one.length; at += 4)
                        count += [0, 1, 2].some(part => Math.abs(one[at + part] - other[at + part]) > 40)
                    return count
                }""",
                [f"data:image/png;base64,{base64.b64encode(picture).decode()}" for picture in (one, other)],
            )
        )


def test_a_ride_is_drawn_from_its_boarding_to_its_leaving(browser: Browser) -> None:
    """Two rides of which one is twice as long and back: the segments say so in pixels."""
    rides = [ride(240, 10, "red", "r0", "r4"), ride(260, 20, "red", "r4", "r2")]
    opened = only(browser, alert_page(account(), [day(rides)]), 3)
    boxes = opened.evaluate(
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
    opened.close()


def test_on_the_map_a_kilometre_is_as_long_in_both_directions(browser: Browser) -> None:
    """A square on the ground is a square in pixels, and its northern side is above."""
    north, east = 0.02, 0.02 / 0.6427876096865393  # cos 50 degrees
    corners = {"sw": (0.0, 0.0), "se": (0.0, east), "ne": (north, east), "nw": (north, 0.0)}
    stops = {name: Stop(name, name, (49.99 + lat, 8 + lon)) for name, (lat, lon) in corners.items()}
    rides = [ride(0, 5, None, "sw", "se"), ride(9, 5, None, "ne", "nw")]
    opened = only(browser, alert_page(account(), [day(rides, City(stops))]), 3)
    at = opened.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#day-1-map .mark-text.role-mark text')].map(one => {
            const box = one.getBoundingClientRect()
            return [one.textContent, [box.left, box.top]]
        }))"""
    )
    across, up = at["se"][0] - at["sw"][0], at["sw"][1] - at["nw"][1]
    assert across > 100
    assert across == pytest.approx(up, rel=0.01)
    assert at["ne"] == pytest.approx([at["se"][0], at["nw"][1]], abs=2)
    opened.close()


def test_the_line_of_a_rule_stands_left_of_the_bar_from_which_it_flags(browser: Browser) -> None:
    opened = only(browser, PAGES["city"][0], 2)
    line, bars = opened.evaluate(
        """() => {
            const box = one => { const box = one.getBoundingClientRect(); return [box.left, box.right] }
            return [box(document.querySelector('#days-chart .mark-rule.role-mark line')),
                [...document.querySelectorAll('#days-chart .mark-rect.role-mark path')].map(box)]
        }"""
    )
    # The rule flags from ten on; the first bar is of one ride.
    assert bars[8][1] < sum(line) / 2 < bars[9][0]
    opened.close()


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
    context = browser.new_context(java_script_enabled=False)
    without = context.new_page()
    without.set_content(PAGES[name][0])
    assert without.locator("figure.chart:visible").count() == 0
    for table in without.locator("main table").all():
        folded = table.locator("xpath=ancestor::details")
        if folded.count():
            folded.locator("summary").click()
        assert table.is_visible()
    context.close()


# --- the policy ----------------------------------------------------------------------------------------------------


def test_no_script_or_style_gets_in(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    evil = (
        '<script>document.title = "taken"</script><style>body { display: none }</style><img src="https://a.example/">'
    )
    file.write_text(PAGES["alert"][0].replace("</main>", f"{evil}</main>"), encoding="utf-8")
    opened = browser.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.goto(file.as_uri())
    drawn(opened, 5)
    assert len([line for line in said if "Content Security Policy" in line]) == 3
    assert opened.title() == "A-1: Many rides in a day"
    opened.close()


def test_hostile_names_stay_text(browser: Browser) -> None:
    opened = only(browser, PAGES["hostile"][0], 5)
    assert opened.title().startswith("A-1: </script>")
    assert opened.locator("img").count() == 0
    labels = opened.locator("#day-1-where .role-axis-label text").all_text_contents()
    assert any(label.startswith("red: Harbour</scr") for label in labels)
    opened.close()


# --- for everybody, and on paper -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing_in_light_and_dark_on_wide_and_narrow_screens(shown: Page, scheme: Any, width: int) -> None:
    shown.emulate_media(color_scheme=scheme)
    shown.set_viewport_size({"width": width, "height": 800})
    shown.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert violations(shown) == []


def test_axe_finds_nothing_in_what_is_printed(shown: Page) -> None:
    shown.emulate_media(media="print")
    assert violations(shown) == []


def test_at_320_pixels_only_tables_scroll_and_the_keyboard_reaches_them(shown: Page) -> None:
    shown.set_viewport_size({"width": 320, "height": 256})
    shown.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert shown.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert shown.evaluate("[...document.querySelectorAll('.wide')].every(one => one.tabIndex === 0)")


def test_on_paper_sheets_are_a4_tables_are_open_and_nothing_reaches_over_the_edge(shown: Page) -> None:
    content = shown.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([0-9.]+)\s+([0-9.]+)\s*\]", content)
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {A4}
    shown.emulate_media(media="print")
    shown.set_viewport_size({"width": PRINTED, "height": 900})
    assert all(table.is_visible() for table in shown.locator("main table").all())
    over = shown.evaluate(
        """() => {
            const edge = document.documentElement.clientWidth
            return [...document.querySelectorAll("body *")].filter(one => {
                const box = one.getBoundingClientRect()
                return !one.closest("svg, .licences, nav") && (box.right > edge + 1 || box.left < -1)
            }).map(one => one.outerHTML.slice(0, 200))
        }"""
    )
    assert over == []
