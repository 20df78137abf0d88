"""A page opened from a file in Chromium, with every way out shut; and what must hold of each of our pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from system.chromium import A4, PRINTED, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDE: Any = {"width": 1280, "height": 800}


@dataclass
class Opened:
    """A page with all that it said on the console, of a policy that was not kept for one, and all that it asked for."""

    page: Page
    file: Path
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @contextmanager
    def shown(self) -> Iterator[Page]:
        """The page as it was opened; it must have said nothing and asked for nothing else when the test is over."""
        self.page.emulate_media(media="screen", color_scheme="light")
        self.page.set_viewport_size(WIDE)
        folded(self.page, is_open=False)
        yield self.page
        assert self.said == []
        assert self.asked == [self.file.as_uri()]


@contextmanager
def opened(browser: Browser, file: Path, text: str, charts: int) -> Iterator[Opened]:
    """The page as people open it, when all its charts are drawn."""
    file.write_text(text, encoding="utf-8")
    made = Opened(browser.new_page(), file)
    made.page.on("console", lambda message: made.said.append(message.text))
    made.page.on("pageerror", lambda error: made.said.append(str(error)))
    made.page.on("request", lambda one: made.asked.append(one.url))
    made.page.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
    made.page.goto(file.as_uri())
    drawn(made.page, charts)
    yield made
    made.page.close()


def drawn(shown: Page, charts: int) -> None:
    """Waits until all charts are there; Vega draws in the turn after the scripts."""
    shown.wait_for_function("n => document.querySelectorAll('.plot svg').length === n", arg=charts)


def folded(shown: Page, *, is_open: bool) -> None:
    """Folds all tables that can be, or opens them."""
    shown.evaluate("yes => document.querySelectorAll('details').forEach(one => one.open = yes)", is_open)


# --- what must hold ------------------------------------------------------------------------------------------------


def charts_are_seen(shown: Page, scheme: Any) -> None:
    """Every chart has pixels on the paper of a colour scheme."""
    shown.emulate_media(color_scheme=scheme)
    for plot in shown.locator(".plot").all():
        picture = plot.screenshot()
        plot.evaluate("one => one.firstElementChild.style.visibility = 'hidden'")
        blank = plot.screenshot()
        plot.evaluate("one => one.firstElementChild.style.visibility = ''")
        assert _different(shown, picture, blank) > 500, "pixels that differ from a blank one"


def _different(shown: Page, one: bytes, other: bytes) -> int:
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


def axe_finds_nothing(shown: Page, scheme: Any, width: int) -> None:
    """On a screen of that width."""
    shown.emulate_media(color_scheme=scheme)
    shown.set_viewport_size({"width": width, "height": 800})
    folded(shown, is_open=True)
    assert violations(shown) == []


def axe_finds_nothing_in_print(shown: Page) -> None:
    """As it is printed."""
    shown.emulate_media(media="print")
    assert violations(shown) == []


def only_tables_scroll(shown: Page) -> None:
    """At 320 by 256 pixels, which 1,280 by 1,024 are at 400 per cent (WCAG 2.2, 1.4.10); the keyboard reaches them."""
    shown.set_viewport_size({"width": 320, "height": 256})
    folded(shown, is_open=True)
    assert shown.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert shown.evaluate("[...document.querySelectorAll('.wide')].every(one => one.tabIndex === 0)")


def sheets_are_a4(shown: Page) -> None:
    """Every one that is printed."""
    content = shown.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([0-9.]+)\s+([0-9.]+)\s*\]", content)
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {A4}


def paper_holds_all(shown: Page) -> None:
    """On paper tables are open, and nothing reaches over the edge."""
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


def tables_are_there_without_scripts(browser: Browser, text: str) -> int:
    """All of them, and no chart; how many tables."""
    context = browser.new_context(java_script_enabled=False)
    without = context.new_page()
    without.set_content(text)
    assert without.locator("figure.chart:visible").count() == 0
    for section in without.locator("main section").all():
        assert section.locator("h2").is_visible()
    tables = without.locator("main table").all()
    for table in tables:
        unfolded = table.locator("xpath=ancestor::details")
        if unfolded.count():
            unfolded.locator("summary").click()
        assert table.is_visible()
    context.close()
    return len(tables)


def nothing_gets_in(browser: Browser, file: Path, text: str, charts: int) -> Page:
    """No script, style or picture that is put into the page runs or is fetched; the page, still open."""
    evil = (
        '<script>document.title = "taken"</script><style>body { display: none }</style><img src="https://example.org/">'
    )
    file.write_text(text.replace("</main>", f"{evil}</main>"), encoding="utf-8")
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(file.as_uri())
    drawn(page, charts)
    assert len([line for line in said if "Content Security Policy" in line]) == 3
    assert page.title() != "taken"
    assert page.locator("h1").is_visible()
    return page
