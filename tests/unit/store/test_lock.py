"""One scan at a time, and no lock that outlives its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coincide.store.errors import NotWritable, ScanRunning
from coincide.store.lock import scan_lock

HOLD = """
import sys, time
from pathlib import Path
from coincide.store.lock import scan_lock
with scan_lock(Path(sys.argv[1]), "2026-01-02T03:04:05Z"):
    print("held", flush=True)
    time.sleep(600)
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_scan_is_refused_with_the_process_and_its_start(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        try:
            with pytest.raises(ScanRunning) as caught, scan_lock(tmp_path, "now"):
                pass
        finally:
            process.kill()
    assert f"process {process.pid}, since 2026-01-02T03:04:05Z" in str(caught.value)


def test_the_lock_of_a_killed_scan_is_free(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
    with scan_lock(tmp_path, "now"):
        pass


def test_the_lock_can_be_had_again_after_a_scan(tmp_path: Path) -> None:
    for _ in range(2):
        with scan_lock(tmp_path / ".coincide", "now"):
            assert (tmp_path / ".coincide" / "lock").read_text() == f"{os.getpid()} now\n"


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritable), scan_lock(tmp_path / "file", "now"):
        pass
