"""Coincide as a process of its own: run, killed at a named place, its places counted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coincide.store.failpoint import VARIABLE

COMMAND = (sys.executable, "-m", "coincide")
_COUNTING = """
import os, sys
from coincide.store import failpoint
failpoint.failpoint = lambda place: os.write(2, f"passed {place}\\n".encode())
from coincide.cli.main import main
main(sys.argv[1:])
"""


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said."""

    status: int
    said: str
    told: str


def environment(**more: str) -> dict[str, str]:
    """The environment of a user, with nothing of Coincide's in it but ``more``."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COINCIDE_")}
    return {**plain, **more}


def run(
    command: Sequence[str],
    *,
    place: str | None = None,
    more: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Ended:
    """Runs ``coincide COMMAND`` to its end. ``place``: the failpoint to die at; ``before``: called in the child."""
    variables = environment(**({VARIABLE: place} if place else {}), **(more or {}))
    done = subprocess.run(
        [*COMMAND, *command],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=before,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def start(command: Sequence[str]) -> subprocess.Popen[str]:
    """Starts ``coincide COMMAND`` and does not wait for it."""
    return subprocess.Popen(
        [*COMMAND, *command], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def scan(folder: Path) -> list[str]:
    """The command of a scan."""
    return ["scan", "-w", str(folder), "--json"]


def passes(command: Sequence[str]) -> Counter[str]:
    """Runs ``coincide COMMAND`` undisturbed; how often it passed each failpoint."""
    arguments = [sys.executable, "-c", _COUNTING, *command]
    done = subprocess.run(arguments, env=environment(), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return Counter(line.removeprefix("passed ") for line in done.stderr.splitlines() if line.startswith("passed "))
