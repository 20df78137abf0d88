"""The stages of a scan: one list, which the run carries out and the plan tells of.

Making the list has no effect. A stage with nothing to do stays in it, so that the plan can say that there is nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from coincide.alerts.asked import Asked
from coincide.alerts.outcome import Outcome
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.run import Run, Task, run

Finish = Callable[[Asked, Run | None], Outcome]
"""What is done with a result: it is kept, or what keeping would do is told. ``None``: nothing had to be read."""


@dataclass(frozen=True)
class Compare:
    """What was edited since the last scan: rules, catalog, lists, settings. Told, never done."""

    asked: Asked


@dataclass(frozen=True)
class Read:
    """What is read, and decided in memory. Without a ``task`` nothing is."""

    asked: Asked
    task: Task | None


@dataclass(frozen=True)
class Reconcile:
    """What becomes of the alerts, and the transaction that keeps it. ``relabels``: only words of rules are others."""

    asked: Asked
    relabels: bool


Stage = Compare | Read | Reconcile


def stages(asked: Asked, task: Task | None) -> tuple[Stage, ...]:
    """The stages of what is asked, in their order."""
    return Compare(asked), Read(asked, task), Reconcile(asked, task is None and asked.reworded)


def carried_out(
    listed: tuple[Stage, ...], finish: Finish, progress: Progress, lap: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Walks the stages. ``lap`` is told the name of each step that took time."""
    result: Run | None = None
    outcome: Outcome | None = None
    for stage in listed:
        match stage:
            case Compare():
                pass
            case Read(_, task):
                result = None if task is None else run(task, progress)
                lap("read")
            case Reconcile(asked, _):
                outcome = finish(asked, result)
                lap("commit")
            case other:
                assert_never(other)
    assert outcome is not None
    return outcome
