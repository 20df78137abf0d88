"""A scan: what changed since the last one, what that touches, and the one transaction that keeps the result.

The steps, in order: look at the files; if nothing changed, stop (``alerts.asked``); run the engine, which reads what
changed and then what that touches; turn identifiers into pseudonyms; reconcile what was found with the stored
alerts; commit (``alerts.keep``). ``store.commit`` says what a death at each moment leaves. In the end the open alerts
are those of one scan over all files, whatever came in which order. DESIGN: sections 5 to 7.
"""

from __future__ import annotations

import time
from dataclasses import replace

from coincide.alerts.alert import iso
from coincide.alerts.asked import ask
from coincide.alerts.keep import keep, keep_words
from coincide.alerts.outcome import ENDS, Outcome
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.run import run
from coincide.engines.workspace import Workspace
from coincide.store import commit
from coincide.store.database import open_database

__all__ = ["ENDS", "Outcome", "scan"]


def scan(
    workspace: Workspace,
    *,
    names: tuple[str, ...] = (),
    now_us: int,
    progress: Progress = lambda _: None,
    started: float | None = None,
) -> Outcome:
    """Run the rules (those named, else all live and shadow) over what the workspace's sources hold now.

    ``now_us``: the time of the scan, microseconds since 1970 in UTC. ``started``: ``time.perf_counter()`` at the
    start of the process, for ``seconds``.
    """
    clock = _Clock(started)
    chosen = workspace.chosen(names)
    base = open_database(workspace.state)
    try:
        with commit.scanning(base, workspace.state, iso(now_us)):
            asked, task = ask(workspace, base, names, chosen, now_us)
            clock.lap("start")
            if task is None:
                outcome = keep_words(asked)
                clock.lap("read")
            else:
                result = run(task, progress)
                clock.lap("read")
                outcome = keep(asked, result)
            clock.lap("commit")
            return replace(outcome, seconds=clock.laps)
    finally:
        base.close()


class _Clock:
    """Seconds of each step."""

    def __init__(self, started: float | None) -> None:
        self._last = time.perf_counter() if started is None else started
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 4)
        self._last = now
