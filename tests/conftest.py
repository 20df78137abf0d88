"""What holds for all tests: a skip that is not listed in ``tests/skips.toml``, with a reason, fails the run."""

from __future__ import annotations

import os
import tempfile
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import hypothesis
import pytest

_LIST = Path(__file__).with_name("skips.toml")
# What shows personal data asks for a purpose; the tests of that take it away.
os.environ["COINCIDE_PURPOSE"] = "a test"
# Seconds say nothing on machines that others use, too; what has a bar is measured in tests/bench.
hypothesis.settings.register_profile("coincide", deadline=None)
hypothesis.settings.load_profile("coincide")
_unlisted: dict[str, str] = {}

_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30


def _in_memory() -> bool:
    """Whether tests can have their folders in memory: none of them takes away the power, and syncing costs a third."""
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return False
    there = os.statvfs(_MEMORY)
    return there.f_bavail * there.f_frsize >= _ROOM and not there.f_flag & os.ST_NOEXEC


if _in_memory():
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first in both halves of the list, of which xdist gives one to each of two processes.

    A long test that comes last is waited for by the other process.
    """
    long = [item for item in items if {"property", "crash"} & set(item.path.parts)]
    short = [item for item in items if item not in long]
    middle = len(items) // 2 - len(long[0::2])
    items[:] = [*long[0::2], *short[:middle], *long[1::2], *short[middle:]]


def _allowed(nodeid: str) -> bool:
    entries = tomllib.loads(_LIST.read_text(encoding="utf-8"))["skip"]
    return any(fnmatchcase(nodeid, entry["test"]) and entry["reason"].strip() for entry in entries)


def _note(report: pytest.TestReport | pytest.CollectReport) -> None:
    # An expected failure is reported as a skip too, but says so.
    if report.skipped and not hasattr(report, "wasxfail") and not _allowed(report.nodeid):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _unlisted[report.nodeid] = reason


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _note(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    _note(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _unlisted and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for nodeid, reason in sorted(_unlisted.items()):
        terminalreporter.write_line(
            f"FAILED {nodeid}: skipped, and not listed in tests/skips.toml ({reason})", red=True
        )
