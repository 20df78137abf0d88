"""Other people's programs, run as processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from coincide.ledger.note import Verifier


def run(*words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """A program to its end, with these variables beside those that there are."""
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, env=os.environ | settings, check=False
    )


def must(done: subprocess.CompletedProcess[str]) -> str:
    """What a program printed that did not fail."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def witnessing(commands: Path, folder: Path, log: Verifier) -> Iterator[tuple[str, str]]:
    """Address and key of a witness that knows one log, as a process of its own until the end."""
    command, config = str(commands / "aics-witness"), ("--config", str(folder / "witness.json"))
    key = must(run(command, "init", *config, "--name", "witness.example/w1")).strip()
    must(run(command, "add-log", *config, "--origin", log.name, "--vkey", log.text))
    told = folder / "told"
    with told.open("wb") as output:
        # Port 0: the system gives one that is free, and the process tells it.
        serve = (command, "serve", *config, "--listen", "127.0.0.1:0")
        process = subprocess.Popen(serve, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield _address(process, told), key
    finally:
        process.terminate()
        process.wait(20)


def _address(process: subprocess.Popen[bytes], told: Path) -> str:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"listening on (http://\S+) ", told.read_text("utf-8"))
        if found:
            return found[1]
        time.sleep(0.02)
    pytest.fail(f"the witness does not listen: {told.read_text('utf-8')}")
