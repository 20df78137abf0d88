"""The purpose of a working session: asked once at a terminal, and remembered for as long as one works there."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import click

FILE = "sessions"
LASTS = 12 * 3600
"""Seconds after which one is asked again."""


def purpose(state: Path) -> str:
    """The purpose said in this session; asked for at a terminal, empty where nobody can be asked."""
    session = _session()
    if session is None:
        return ""
    known = _known(state / FILE)
    if session in known:
        return known[session][0]
    said: str = click.prompt("This shows personal data. For which purpose", err=True).strip()
    if said:
        _remember(state / FILE, {**known, session: (said, time.time())})
    return said


def _session() -> str | None:
    """What tells this terminal's session from all others; ``None`` where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    leader = os.getsid(0)
    try:
        # When its leader began (proc(5), field 22), since numbers of processes come again.
        began = Path(f"/proc/{leader}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        began = ""
    return f"{os.getuid()} {os.ttyname(sys.stdin.fileno())} {leader} {began}"


def _known(file: Path) -> dict[str, tuple[str, float]]:
    """Sessions that are not over: what was said in each, and when. A file that cannot be read holds none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        sessions = {str(session): (str(said), float(at)) for session, (said, at) in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
    now = time.time()
    return {session: (said, at) for session, (said, at) in sessions.items() if said and 0 <= now - at < LASTS}


def _remember(file: Path, sessions: dict[str, tuple[str, float]]) -> None:
    from coincide.store import private
    from coincide.store.database import translated

    with translated(str(file)):
        private.replace(file, json.dumps(sessions, ensure_ascii=False).encode())
