"""What another command says, run in a process of its own, as the demo runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def told(folder: Path, *command: str, purpose: str | None = None) -> dict[str, Any]:
    """The JSON document of a command over a workspace; its progress and errors go to stderr.

    Ends with the command's own exit status where that is not 0. ``purpose``: for the ledger, where data are shown.
    """
    document: dict[str, Any] = json.loads(_ran(folder, (*command, "--json"), purpose))
    return document


def said(folder: Path, *command: str, purpose: str | None = None) -> list[str]:
    """The lines that a command prints for people."""
    return _ran(folder, command, purpose).decode().splitlines()


def _ran(folder: Path, command: tuple[str, ...], purpose: str | None) -> bytes:
    asked = (sys.executable, "-m", "coincide", *command, "-w", str(folder))
    variables = dict(os.environ) if purpose is None else {**os.environ, "COINCIDE_PURPOSE": purpose}
    done = subprocess.run(asked, stdout=subprocess.PIPE, check=False, env=variables)  # noqa: S603 - our own command
    if done.returncode != 0:
        raise SystemExit(done.returncode)
    return done.stdout
