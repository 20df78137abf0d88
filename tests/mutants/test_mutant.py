"""Every seeded mistake is noticed by the tests; so these would notice a silent change of meaning."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import coincide
from mutants.change import CHANGES, Change, Tests

PACKAGE = Path(coincide.__file__).parent
TESTS = Path(__file__).parents[1]
# A mistake is noticed if one of these fails; they stop at the first that does.
RUN: dict[Tests, tuple[list[str], int]] = {
    "kernel": (["unit/detect/test_kernel.py", "unit/detect/test_episode.py", "mutants/test_seeded_worlds.py"], 1_500),
    "journeys": (["property/test_transit.py", "mutants/test_seeded_transit.py"], 300),
    "ledger": (["unit/ledger"], 0),
    "linking": (["unit/entities/test_link.py"], 0),
    "odds": (["unit/odds", "property/test_odds.py"], 200),
    "portions": (["property/test_portion.py", "unit/engines/test_part_by_part.py"], 0),
    "select": (["unit/detect/test_select.py"], 0),
}


def test_every_change_fits_the_source_exactly_once() -> None:
    fits = {change.name: (PACKAGE / change.file).read_text("utf-8").count(change.old) for change in CHANGES}
    assert {name: count for name, count in fits.items() if count != 1} == {}
    assert max(Counter(change.name for change in CHANGES).values()) == 1
    assert len(CHANGES) >= 25


@pytest.mark.long
@pytest.mark.parametrize("tests", RUN)
def test_the_source_as_it_is_passes(tmp_path: Path, tests: Tests) -> None:
    shutil.copytree(PACKAGE, tmp_path / "coincide", ignore=shutil.ignore_patterns("__pycache__"))
    ended = _tested(tmp_path, tests)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.long
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_mistake_is_noticed(tmp_path: Path, change: Change) -> None:
    shutil.copytree(PACKAGE, tmp_path / "coincide", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "coincide" / change.file
    text = path.read_text("utf-8")
    assert text.count(change.old) == 1, f"{change.file} no longer holds this once: {change.old}"
    path.write_text(text.replace(change.old, change.new), "utf-8")
    ended = _tested(tmp_path, change.tests)
    # 1: tests ran and failed; anything else would be a mistake of the change or of the call.
    assert ended.returncode == 1, f"{change.name} survived: status {ended.returncode}\n{ended.stdout[-2000:]}"
    assert "SyntaxError" not in ended.stdout


def _tested(place: Path, tests: Tests) -> subprocess.CompletedProcess[str]:
    """Runs the tests, the same worlds each time, against the package that lies in ``place``."""
    files, worlds = RUN[tests]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-c", str(TESTS.parent / "pyproject.toml")]
    command += ["-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=1"]
    command += [str(TESTS / file) for file in files]
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COINCIDE_"))}
    more = {"PYTHONPATH": str(place), "COINCIDE_WORLDS": str(worlds)}
    # In a folder of its own: what hypothesis remembers of one mistake must not find the next.
    return subprocess.run(
        command, cwd=place, env={**plain, **more}, capture_output=True, text=True, check=False, timeout=600
    )
