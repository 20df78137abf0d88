"""The page of a backtest in Chromium: drawn, accessible, printed, and without a word from elsewhere or to it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from coincide.odds.page.page import beside, page
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


@pytest.fixture(scope="module")
def opened_once(name: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Each page once, because Vega is long to read."""
    with opened(browser, tmp_path_factory.mktemp("page") / "page.html", *PAGES[name]) as made:
        yield made


@pytest.fixture
def shown(opened_once: Opened) -> Iterator[Page]:
    with opened_once.shown() as page:
        yield page


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
def test_charts_are_seen_on_the_paper_of_either_scheme(shown: Page, scheme: Any) -> None:
    charts_are_seen(shown, scheme)


def test_the_line_of_the_rule_stands_where_its_count_belongs(browser: Browser) -> None:
    document = copy.deepcopy(DOCUMENTS["backtest"])
    document["deals"]["counts"] = [10, 20, 30]
    document["placebos"]["counts"] = []
    document["counts"]["actors"] = 20
    tab = browser.new_page()
    tab.set_content(page(document))
    drawn(tab, 3)
    at = tab.evaluate(
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
    tab.close()


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
    inside = nothing_gets_in(browser, tmp_path / "backtest.html", *PAGES["backtest"])
    assert inside.title().startswith("Backtest")
    # In a turn of its own, because a debugger's may make code.
    inside.evaluate(
        """() => setTimeout(() => {
            try { window.made = new Function("return 'code'")() } catch (error) { window.made = error.message }
        })"""
    )
    assert "unsafe-eval" in inside.wait_for_function("window.made").json_value()
    inside.close()


def test_hostile_titles_stay_text(browser: Browser) -> None:
    tab = browser.new_page()
    tab.set_content(PAGES["hostile"][0])
    drawn(tab, 4)
    assert tab.title().startswith("Backtest: Batteries")
    assert tab.locator("img, b").count() == 0
    assert HOSTILE in (tab.locator("h1").text_content() or "")
    assert tab.locator("#chart-neighbours .role-axis-label text").count() >= 7
    tab.close()


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
    with_scripts = browser.new_page()
    with_scripts.set_content(text)
    drawn(with_scripts, charts)
    assert tables_are_there_without_scripts(browser, text) == with_scripts.locator("main table").count()
    with_scripts.close()


# --- for everybody -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing_in_light_and_dark_on_wide_and_narrow_screens(shown: Page, scheme: Any, width: int) -> None:
    axe_finds_nothing(shown, scheme, width)


def test_axe_finds_nothing_in_what_is_printed(shown: Page) -> None:
    axe_finds_nothing_in_print(shown)


def test_at_320_pixels_which_is_400_per_cent_only_tables_scroll_and_the_keyboard_reaches_them(shown: Page) -> None:
    only_tables_scroll(shown)
    over = shown.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(one => {
            const box = one.getBoundingClientRect()
            return !one.closest("table, svg") && box.width && (box.right > 321 || box.left < -1)
        }).map(one => one.outerHTML.slice(0, 200))"""
    )
    assert over == []


def test_the_keyboard_opens_a_folded_table(browser: Browser) -> None:
    tab = browser.new_page()
    tab.set_content(PAGES["backtest"][0])
    drawn(tab, 4)
    summary = tab.locator("details summary").first
    assert not tab.locator("#ordinary-histogram").is_visible()
    summary.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#ordinary-histogram").is_visible()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('aria-labelledby')") == "ordinary-histogram-caption"
    tab.close()


def test_charts_are_as_wide_as_the_page_when_the_window_changes(browser: Browser) -> None:
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.set_content(PAGES["backtest"][0])
    drawn(tab, 4)
    for width in (1280, 400, 900):
        tab.set_viewport_size({"width": width, "height": 800})
        tab.wait_for_function(
            """() => [...document.querySelectorAll(".plot")].every(one =>
                Math.abs(one.clientWidth - one.querySelector("svg").getBoundingClientRect().width) < 12)"""
        )
    tab.close()


# --- on paper ------------------------------------------------------------------------------------------------------


def test_every_printed_sheet_is_a4(shown: Page) -> None:
    sheets_are_a4(shown)


def test_on_paper_folded_tables_are_open_and_nothing_reaches_over_the_edge(shown: Page) -> None:
    paper_holds_all(shown)
