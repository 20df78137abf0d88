"""The table at the end of the run: which of the seeded mistakes the tests noticed."""

from __future__ import annotations

import pytest

_MARK = "test_a_mistake_is_noticed["
_outcomes: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and _MARK in report.nodeid:
        name = report.nodeid.split(_MARK)[1].removesuffix("]")
        _outcomes[name] = "caught" if report.passed else "SURVIVED"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _outcomes:
        return
    terminalreporter.section("seeded mistakes")
    for name, outcome in sorted(_outcomes.items(), key=lambda item: (item[1], item[0])):
        terminalreporter.line(f"{outcome:8}  {name}")
    caught = sum(outcome == "caught" for outcome in _outcomes.values())
    terminalreporter.line(f"{caught} of {len(_outcomes)} caught")
