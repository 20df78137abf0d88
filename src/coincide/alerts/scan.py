"""A scan: what changed since the last one, what that touches, and the one transaction that keeps the result.

The steps, in order: look at the files; if nothing changed, stop (``alerts.asked``); run the engine, which reads what
changed and then what that touches (``alerts.stages``); turn identifiers into pseudonyms; reconcile what was found with
the stored alerts; commit (``alerts.keep``). ``store.commit`` says what a death at each moment leaves. In the end the
open alerts are those of one scan over all files, whatever came in which order. DESIGN: sections 5 to 7.
"""

from __future__ import annotations

import time
from dataclasses import replace

from coincide.alerts.alert import iso
from coincide.alerts.asked import Asked, ask, try_out
from coincide.alerts.errors import PlanOutdated
from coincide.alerts.foresight import digest_of
from coincide.alerts.keep import keep, keep_words, show
from coincide.alerts.outcome import ENDS, Outcome
from coincide.alerts.stages import carried_out, stages
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.run import Run, run
from coincide.engines.workspace import Workspace
from coincide.ledger.book import Book
from coincide.store import commit

__all__ = ["ENDS", "Outcome", "scan"]


def scan(
    workspace: Workspace,
    book: Book,
    *,
    names: tuple[str, ...] = (),
    now_us: int,
    progress: Progress = lambda _: None,
    started: float | None = None,
    plan: str | None = None,
) -> Outcome:
    """Run the rules (those named, else all live and shadow) over what the workspace's sources hold now.

    Drafts must be named. They run by themselves, after the others are kept. ``plan``: the digest of what was planned;
    raises ``PlanOutdated`` if something else would be done now.

    ``now_us``: the time of the scan, microseconds since 1970 in UTC. ``started``: ``time.perf_counter()`` at the
    start of the process, for ``seconds``. What is kept is entered in the ledger with it.
    """
    clock = _Clock(started)
    drafts = tuple(loaded.plan.rule for loaded in workspace.chosen(names) if loaded.rule.status == "draft")
    others = tuple(name for name in names if name not in drafts)
    with commit.scanning(book.database, workspace.state, iso(now_us)):
        outcome = None
        if others or not drafts:
            outcome = _scanned(workspace, book, others, now_us, progress, clock, plan)
        if drafts:
            # In a pass of their own, so that what is kept is what it would be without them.
            tried = _tried(workspace, book, drafts, now_us, progress, clock, beside=outcome is not None)
            outcome = tried if outcome is None else outcome.beside(tried)
        assert outcome is not None
        return replace(outcome, seconds=clock.laps)


def _scanned(
    workspace: Workspace,
    book: Book,
    names: tuple[str, ...],
    now_us: int,
    progress: Progress,
    clock: _Clock,
    plan: str | None,
) -> Outcome:
    """Rules that are live or in shadow: what they find is kept."""
    asked, task = ask(workspace, book, names, workspace.chosen(names), now_us)
    # Under the lock of scans, so that what was planned is what is done.
    if plan is not None and (now := digest_of(asked)) != plan:
        raise PlanOutdated(plan, now)
    clock.lap("start")

    def kept(asked: Asked, result: Run | None) -> Outcome:
        return keep_words(asked) if result is None else keep(asked, result, seconds=clock.laps["read"])

    return carried_out(stages(asked, task), kept, progress, clock.lap)


def _tried(
    workspace: Workspace,
    book: Book,
    drafts: tuple[str, ...],
    now_us: int,
    progress: Progress,
    clock: _Clock,
    *,
    beside: bool,
) -> Outcome:
    """Drafts over everything there is; of it nothing is kept. ``beside``: after a scan of other rules."""
    asked, task = try_out(workspace, book, drafts, workspace.chosen(drafts), now_us)
    if not beside:
        clock.lap("start")
    outcome = show(asked, run(task, progress))
    clock.lap("drafts" if beside else "read")
    return outcome


class _Clock:
    """Seconds of each step."""

    def __init__(self, started: float | None) -> None:
        self._last = time.perf_counter() if started is None else started
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 4)
        self._last = now
