"""Debian's Chromium and axe-core, for tests that look at pages; the fixture ``browser`` is in ``conftest.py``.

axe-core (MPL-2.0, by Deque Systems) comes in the wheel of ``axe-playwright-python``, whose version and hash are in
``uv.lock``.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium")
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
A4 = (595, 842)
"""Points."""
PRINTED = 687
"""Pixels between the margins of A4: 210 mm less twice 14 mm, at 96 to the inch."""


def violations(shown: Page) -> list[str]:
    """What axe finds; it must have found something in order, too."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(shown, options={"runOnly": STANDARDS}).response
    assert found["passes"], "axe looked at nothing"
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]
