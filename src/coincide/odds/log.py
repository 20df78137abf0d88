"""The log that odds are of: what rules were decided on, and everybody who was there.

Read in one pass for all rules that are asked about; then, in passes of their own, how busy everybody was. All of it is
in memory and ends with the question. DESIGN, section 8; promise 5.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import duckdb

from coincide.detect.evaluate import Surroundings
from coincide.engines.embedded import activity
from coincide.engines.embedded.activity import Question
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.run import Decided, Run, Task, run
from coincide.events.event import INCIDENT
from coincide.odds.matched import Matched, matched
from coincide.odds.population import Population, population, resolver
from coincide.rules.plan import Plan

TRIPS = 10_000_000
"""Records up to which it is counted when everybody bought anything; of more, only how much."""


@dataclass(frozen=True)
class Log:
    """``decided``: of the plans that are asked about, by the rule's name; ``matched``: of all; ``found``: the run."""

    task: Task
    decided: Mapping[str, Decided]
    matched: Mapping[str, Matched]
    found: Run

    def around(self, plan: Plan) -> Surroundings:
        """What the plan's expressions may read beside a row."""
        return self.task.around(plan)


def read(task: Task, progress: Progress = lambda _: None, *, only: Collection[str] | None = None) -> Log:
    """Run the task's plans over its files. Raises what reading raises.

    ``only``: the rules that are asked about, by default all; of the others nothing is kept but how many they match.
    """
    asked = frozenset(plan.rule for plan in task.plans if only is None or plan.rule in only)
    decided: dict[str, Decided] = {}
    counts: dict[str, Matched] = {}

    def look(one: Decided) -> None:
        counts[one.plan.rule] = matched(one)
        if one.plan.rule in asked:
            decided[one.plan.rule] = one

    counted = frozenset(plan.rule for plan in task.plans) - asked
    return Log(task, decided, counts, run(replace(task, look=look, counted=counted), progress))


def everybody(log: Log, plan: Plan, connection: duckdb.DuckDBPyConnection) -> Population:
    """Who bought anything that the plan's kinds of events are, whether or not the plan selects it."""
    taps = tuple(kind for kind in plan.events if kind != INCIDENT) if plan.beside_incidents else plan.events
    question = Question(replace(plan, events=taps), log.task.between)
    counted = activity.lines(log.task.feeds, question, connection, trips=log.found.read <= TRIPS)
    return population(resolver(plan, log.found.actors)(counted))
