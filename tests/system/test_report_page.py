"""The page of a report in Chromium: accessible, whole on A4, and without a word from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from coincide.reports.page import page as made
from coincide.reports.report import Report
from system.chromium import A4, PRINTED, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.system

GOLDEN = Path(__file__).parents[1] / "golden" / "reports"
LONG = "Wasserstoffperoxidlösungsnachfüllkanister" * 4


def long(name: str) -> Report:
    """A record of twelve events, each with texts that have no place to break."""
    record = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    texts = dict.fromkeys(
        ("source", "event_id", "title", "item", "unit", "status", "customer_type", "payment_method"), LONG
    )
    events = [{**record["events"][0], **texts, "number": number} for number in range(1, 13)]
    record["grounds"][0] |= {"shown": "by the data", "by": LONG, "events": list(range(1, 13))}
    return Report.model_validate(record | {"events": events})


PAGES = {
    **{file.stem: file.read_text("utf-8") for file in sorted(GOLDEN.glob("*.html"))},
    "long": made(long("precursors")),
}


@pytest.fixture(params=PAGES)
def shown(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Each page opened from a file, as people do; whatever it says on the console fails the test."""
    file = tmp_path / "report.html"
    file.write_text(PAGES[request.param], encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    opened = browser.new_page()
    opened.on("console", lambda message: said.append(message.text))
    opened.on("request", lambda one: asked.append(one.url))
    opened.goto(file.as_uri())
    assert said == []
    assert asked == [file.as_uri()], "a page asks for nothing else"
    yield opened
    opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_light_and_dark_on_wide_and_narrow_screens(shown: Page, scheme: Any) -> None:
    shown.emulate_media(color_scheme=scheme)
    for width in (1280, 320):
        shown.set_viewport_size({"width": width, "height": 800})
        assert violations(shown) == []


def test_axe_finds_nothing_in_what_is_printed(shown: Page) -> None:
    shown.emulate_media(media="print")
    assert violations(shown) == []


def test_axe_would_find_a_header_that_is_missing(browser: Browser) -> None:
    opened = browser.new_page()
    opened.set_content(PAGES["precursors"].replace('<html lang="en">', "<html>"))
    assert any(one.startswith("html-has-lang") for one in violations(opened))
    opened.close()


def test_every_printed_sheet_is_a4(shown: Page) -> None:
    content = shown.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([0-9.]+)\s+([0-9.]+)\s*\]", content)
    assert sizes
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {A4}


def test_nothing_reaches_over_the_edge_of_the_paper(shown: Page) -> None:
    shown.emulate_media(media="print")
    shown.set_viewport_size({"width": PRINTED, "height": 900})
    width, over = shown.evaluate(
        """() => {
            const edge = document.documentElement.clientWidth
            const all = [...document.querySelectorAll("body *")]
            const cut = all.filter(one => {
                const box = one.getBoundingClientRect()
                return box.right > edge + 1 || box.left < -1 || one.scrollWidth > one.clientWidth + 1 && one.clientWidth
            })
            return [document.documentElement.scrollWidth, cut.map(one => one.outerHTML.slice(0, 200))]
        }"""
    )
    assert over == []
    assert width <= PRINTED


def test_on_a_narrow_screen_only_the_tables_scroll_and_the_keyboard_reaches_them(shown: Page) -> None:
    shown.set_viewport_size({"width": 320, "height": 800})
    assert shown.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    reached = shown.evaluate("[...document.querySelectorAll('.wide')].every(one => one.tabIndex === 0)")
    assert reached
