"""Programs of others that some of these tests run: packages in an environment of their own, and a browser.

``aics-tlog`` and ``aics-witness`` of PyPI declare Python 3.12 and run unmodified on 3.11, so pip is told not to mind.
They live in ``.venv/foreign``, for they are none of this project's needs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from system.chromium import CHROMIUM
from system.process import must, run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOREIGN = Path(__file__).parents[2] / ".venv" / "foreign"
PACKAGES = ("aics-tlog==0.2.1", "aics-witness==0.1.0")


@pytest.fixture(scope="session")
def foreign() -> Path:
    """The commands of the packages of PyPI, which are installed at the first time."""
    # The stamp is written last and says for what it stands, so that half an environment is made anew.
    stamp, wanted = FOREIGN / ".ready", "\n".join((sys.version, *PACKAGES))
    if not stamp.is_file() or stamp.read_text("utf-8") != wanted:
        must(run(sys.executable, "-m", "venv", "--clear", FOREIGN))
        pip = (FOREIGN / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check")
        must(run(*pip, "install", "--ignore-requires-python", *PACKAGES))
        stamp.write_text(wanted, "utf-8")
    return FOREIGN / "bin"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Without a sandbox, because tests run as root in a container; the pages are our own.
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()
