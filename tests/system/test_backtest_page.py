"""The page of a backtest in Chromium: drawn, accessible, printed, and without a word from elsewhere or to it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from coincide.odds.page.page import beside, page
from system.chromium import A4, PRINTED, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.system

GOLDEN = Path(__file__).parents[1] / "golden" / "odds"
DOCUMENTS: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text("utf-8")) for file in sorted(GOLDEN.glob("*.json"))
}
HOSTILE = '</script><script>document.title = "taken"</script><img src=x onerror="document.title = 1"><b>&amp;'
HOSTILE += "Wasserstoffperoxidlösungsnachfüllkanister" * 4
"""What would run if it got out of its place, and has no place to break."""


def with_text(value: Any, text: str) -> Any:
    """A document with ``text`` behind all that people and shops have named."""
    named = {"title", "sentence", "name", "change", "component", "rule", "because", "says", "actor"}
    if isinstance(value, dict):
        return {
            key: one + text if key in named and isinstance(one, str) else with_text(one, text)
            for key, one in value.items()
        }
    return [with_text(one, text) for one in value] if isinstance(value, list) else value


PAGES = {
    "backtest": (page(DOCUMENTS["backtest"]), 4),
    "why-not": (page(DOCUMENTS["why-not"]), 0),
    "beside": (beside(DOCUMENTS["backtest"], DOCUMENTS["changed"]), 8),
    "hostile": (page(with_text(DOCUMENTS["backtest"], HOSTILE)), 4),
}
"""Each with how many charts it has."""


@pytest.fixture(scope="module", params=PAGES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass
class Opened:
    """A page with all that it said on the console, of a policy that was not kept for one, and all that it asked for."""

    page: Page
    file: Path
    said: list[str]
    asked: list[str]


@pytest.fixture(scope="module")
def opened_once(name: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Each page opened from a file, as people do, with every way out shut; once, because Vega is long to read."""
    file = tmp_path_factory.mktemp("page") / "backtest.html"
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
    """Waits until all charts are there; Vega draws in the turn after the scripts."""
    shown.wait_for_function("n => document.querySelectorAll('.plot svg').length === n", arg=charts)


# --- charts --------------------------------------------------------------------------------------------------------


def test_every_chart_is_drawn_with_a_mark_for_each_row_as_long_as_its_number(shown: Page, name: str) -> None:
    assert shown.locator("figure.chart:visible").count() == PAGES[name][1]
    for figure in shown.locator("figure.chart").all():
        title = figure.locator("strong").inner_text().rstrip(".")
        assert shown.get_by_role("img", name=title).count() == 1
        data = json.loads(figure.locator("script").text_content() or "")["data"]["values"]
        value, side = next(
            (member, side)
            for member, side in (("count", "height"), ("alerts", "height"), ("actors", "width"))
            if member in data[0]
        )
        lengths = figure.evaluate(
            "(one, side) => [...one.querySelectorAll('.mark-rect.role-mark path')].map(bar => bar.getBBox()[side])",
            side,
        )
        assert len(lengths) == len(data)
        longest = max(lengths) / max(row[value] for row in data)
        assert longest > 0
        for length, row in zip(lengths, data, strict=True):
            assert length == pytest.approx(row[value] * longest, abs=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_seen_on_the_paper_of_either_scheme(shown: Page, name: str, scheme: Any) -> None:
    shown.emulate_media(color_scheme=scheme)
    for plot in shown.locator(".plot").all():
        picture = plot.screenshot()
        plot.evaluate("one => one.firstElementChild.style.visibility = 'hidden'")
        blank = plot.screenshot()
        plot.evaluate("one => one.firstElementChild.style.visibility = ''")
        assert different(shown, picture, blank) > 500, "pixels that differ from a blank one"


def different(shown: Page, one: bytes, other: bytes) -> int:
    """How many pixels of two pictures differ; the browser itself, on another page, reads them."""
    import base64

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


def test_the_line_of_the_rule_stands_where_its_count_belongs(browser: Browser) -> None:
    document = copy.deepcopy(DOCUMENTS["backtest"])
    document["deals"]["counts"] = [10, 20, 30]
    document["placebos"]["counts"] = []
    document["counts"]["actors"] = 20
    opened = browser.new_page()
    opened.set_content(page(document))
    drawn(opened, 3)
    at = opened.evaluate(
        """() => {
            const centre = one => { const box = one.getBoundingClientRect(); return (box.left + box.right) / 2 }
            const bars = [...document.querySelectorAll('#chart-deals .mark-rect.role-mark path')]
            const line = document.querySelector('#chart-deals .mark-rule.role-mark line')
            return [bars.filter(bar => bar.getBBox().height > 0).map(centre), centre(line)]
        }"""
    )
    bars, line = at
    assert len(bars) == 3
    assert line == pytest.approx(bars[1], abs=1.5)
    opened.close()


def test_weeks_stand_beside_each_other_in_order_each_as_wide_as_the_others(shown: Page, name: str) -> None:
    for figure in shown.locator("figure[id^=chart-weeks]").all():
        bars = figure.evaluate(
            """one => [...one.querySelectorAll('.mark-rect.role-mark path')].map(bar => {
                const box = bar.getBoundingClientRect()
                return [box.left, box.right]
            })"""
        )
        width = (bars[-1][1] - bars[0][0]) / len(bars)
        for place, (left, right) in enumerate(bars):
            assert left == pytest.approx(bars[0][0] + place * width, abs=1.5)
            assert right - left == pytest.approx(width, abs=1.5)


# --- the policy ----------------------------------------------------------------------------------------------------


def test_no_code_is_made_of_text_and_no_script_or_style_gets_in(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "backtest.html"
    evil = (
        '<script>document.title = "taken"</script><style>body { display: none }</style><img src="https://example.org/">'
    )
    file.write_text(PAGES["backtest"][0].replace("</main>", f"{evil}</main>"), encoding="utf-8")
    opened = browser.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.goto(file.as_uri())
    drawn(opened, 4)
    assert len([line for line in said if "Content Security Policy" in line]) == 3
    assert opened.title().startswith("Backtest")
    assert opened.locator("h1").is_visible()
    # In a turn of its own, because a debugger's may make code.
    opened.evaluate(
        """() => setTimeout(() => {
            try { window.made = new Function("return 'code'")() } catch (error) { window.made = error.message }
        })"""
    )
    assert "unsafe-eval" in opened.wait_for_function("window.made").json_value()
    opened.close()


def test_hostile_titles_stay_text(browser: Browser) -> None:
    opened = browser.new_page()
    opened.set_content(PAGES["hostile"][0])
    drawn(opened, 4)
    assert opened.title().startswith("Backtest: Batteries")
    assert opened.locator("img, b").count() == 0
    assert HOSTILE in (opened.locator("h1").text_content() or "")
    assert opened.locator("#chart-neighbours .role-axis-label text").count() >= 7
    opened.close()


# --- tables --------------------------------------------------------------------------------------------------------


def test_tables_in_the_browser_have_the_numbers_of_the_data_in_the_page(shown: Page, name: str) -> None:
    if name == "beside":
        return
    document = json.loads(shown.locator("script.backtest").text_content() or "")
    tables = shown.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("table")].map(one => [one.id,
            [...one.tBodies[0].rows].map(row => [...row.cells].map(cell => {
                const figure = cell.querySelector("data")
                return figure ? Number(figure.value) : cell.textContent
            }))]))"""
    )
    assert tables.get("calendar-all", []) == [
        [week["week"], week["begins"], week["days"], week["alerts"]] for week in document["calendar"]
    ]
    neighbours = [] if "why_not" in document["neighbours"] else document["neighbours"]
    assert tables.get("neighbours-all", [])[1:] == [list(row.values()) for row in neighbours]
    rates = [] if "why_not" in document["base_rates"] else document["base_rates"]
    wanted = [[row[member] for member in ("one_in", "prevalence", "recall", "alerts_per_true")] for row in rates]
    assert tables.get("base-rates-all", []) == wanted
    counts = [document["counts"][member] for member in ("examined", "actors", "alerts")]
    assert [row[1] for row in tables["counts-all"][:3]] == counts
    deals = document["deals"].get("counts", [])
    assert sum(row[1] for row in tables.get("ordinary-histogram", [])) == len(deals)


def test_without_scripts_all_tables_and_all_text_are_there(name: str, browser: Browser) -> None:
    text, charts = PAGES[name]
    with_scripts, context = browser.new_page(), browser.new_context(java_script_enabled=False)
    without = context.new_page()
    for opened in (with_scripts, without):
        opened.set_content(text)
    drawn(with_scripts, charts)
    assert without.locator("figure.chart:visible").count() == 0
    assert without.locator("table").count() == with_scripts.locator("table").count()
    for section in without.locator("main section").all():
        assert section.locator("h2").is_visible()
        for table in section.locator("table").all():
            folded = table.locator("xpath=ancestor::details")
            if folded.count():
                folded.locator("summary").click()
            assert table.is_visible()
    with_scripts.close()
    context.close()


# --- for everybody -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing_in_light_and_dark_on_wide_and_narrow_screens(shown: Page, scheme: Any, width: int) -> None:
    shown.emulate_media(color_scheme=scheme)
    shown.set_viewport_size({"width": width, "height": 800})
    shown.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert violations(shown) == []


def test_axe_finds_nothing_in_what_is_printed(shown: Page) -> None:
    shown.emulate_media(media="print")
    assert violations(shown) == []


def test_at_320_pixels_which_is_400_per_cent_only_tables_scroll_and_the_keyboard_reaches_them(shown: Page) -> None:
    """1,280 by 1,024 pixels at 400 per cent are 320 by 256 of the style sheet (WCAG 2.2, 1.4.10)."""
    shown.set_viewport_size({"width": 320, "height": 256})
    shown.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert shown.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    over = shown.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(one => {
            const box = one.getBoundingClientRect()
            return !one.closest("table, svg") && box.width && (box.right > 321 || box.left < -1)
        }).map(one => one.outerHTML.slice(0, 200))"""
    )
    assert over == []
    assert shown.evaluate("[...document.querySelectorAll('.wide')].every(one => one.tabIndex === 0)")


def test_the_keyboard_opens_a_folded_table(browser: Browser) -> None:
    opened = browser.new_page()
    opened.set_content(PAGES["backtest"][0])
    drawn(opened, 4)
    summary = opened.locator("details summary").first
    assert not opened.locator("#ordinary-histogram").is_visible()
    summary.focus()
    opened.keyboard.press("Enter")
    assert opened.locator("#ordinary-histogram").is_visible()
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.getAttribute('aria-labelledby')") == "ordinary-histogram-caption"
    opened.close()


def test_charts_are_as_wide_as_the_page_when_the_window_changes(browser: Browser) -> None:
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.set_content(PAGES["backtest"][0])
    drawn(opened, 4)
    for width in (1280, 400, 900):
        opened.set_viewport_size({"width": width, "height": 800})
        opened.wait_for_function(
            """() => [...document.querySelectorAll(".plot")].every(one =>
                Math.abs(one.clientWidth - one.querySelector("svg").getBoundingClientRect().width) < 12)"""
        )
    opened.close()


# --- on paper ------------------------------------------------------------------------------------------------------


def test_every_printed_sheet_is_a4(shown: Page) -> None:
    content = shown.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([0-9.]+)\s+([0-9.]+)\s*\]", content)
    assert sizes
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {A4}


def test_on_paper_folded_tables_are_open_and_nothing_reaches_over_the_edge(shown: Page) -> None:
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
