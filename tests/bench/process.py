"""Run a command in a process of its own: its wall time, its output, and the peak memory of its process tree."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

INTERVAL_SECONDS = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Run:
    """``peak_bytes``: the largest sum of resident memory over the tree that was seen; shared pages count for
    each process, so it errs upwards. Only what a sample every 50 ms sees is seen, and, for the first process,
    the kernel's own high-water mark.
    """

    seconds: float
    peak_bytes: int
    stdout: str


class CommandFailed(Exception):
    """The command ended with a status other than 0: its stderr has been shown already."""


def run(command: list[str]) -> Run:
    """Run the command to its end. Raises ``CommandFailed``."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watch = _Watch(process.pid)
        watch.start()
        stdout, _ = process.communicate()
        seconds = time.perf_counter() - started
        watch.stop()
    if process.returncode != 0:
        raise CommandFailed(f"status {process.returncode}: {' '.join(command)}")
    return Run(seconds, watch.peak_bytes, stdout)


class _Watch(threading.Thread):
    """Samples the tree below ``root`` until it is stopped."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.peak_bytes = 0
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(INTERVAL_SECONDS):
            total = sum(_resident(process) for process in _tree(self.root))
            self.peak_bytes = max(self.peak_bytes, total, _high_water(self.root))

    def stop(self) -> None:
        self._end.set()
        self.join()


def _tree(root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        with suppress(OSError):  # a thread or the process has ended meanwhile
            for task in Path(f"/proc/{process}/task").glob("*/children"):
                waiting += map(int, task.read_text().split())
    return found


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _high_water(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
