"""How many examples to try (``--examples`` or ``COINCIDE_EXAMPLES``), and the tally at the end of the run."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from property import tally

_total: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--examples", type=int, help="examples of the comparison with the judge")


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        # A worker of pytest-xdist: the counts travel to the process that prints.
        output["tally"] = dict(tally.counts)
        return
    _total.update(tally.counts)
    if tally.lacking(_total) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    _total.update(getattr(node, "workeroutput", {}).get("tally", {}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _total["examples"]:
        return
    terminalreporter.section("comparison with the judge")
    for line in tally.told(_total):
        terminalreporter.line(line)
    for what in tally.lacking(_total):
        terminalreporter.line(f"FAILED: too few examples had {what}", red=True)
