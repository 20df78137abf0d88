"""The log that odds are of: what rules were decided on, and everybody who was there.

Read in one pass for all rules that are asked about; then, in passes of their own, how busy everybody was. All of it is
in memory and ends with the question. DESIGN, section 8; promise 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb

from coincide.detect.evaluate import Surroundings
from coincide.engines.embedded import activity
from coincide.engines.embedded.activity import Question
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.run import Decided, Run, Task, run
from coincide.odds.population import Population, population, resolver
from coincide.rules.plan import Plan

TRIPS = 10_000_000
"""Records up to which it is counted when everybody bought anything; of more, only how much."""


@dataclass(frozen=True)
class Log:
    """``decided``: of each plan of the task, by its rule's name; ``found``: the run."""

    task: Task
    decided: Mapping[str, Decided]
    found: Run

    def around(self, plan: Plan) -> Surroundings:
        """What the plan's expressions may read beside a row."""
        return Surroundings(plan.zone, self.task.lists)


def read(task: Task, progress: Progress = lambda _: None) -> Log:
    """Run the task's plans over its files. Raises what reading raises."""
    decided: dict[str, Decided] = {}

    def look(one: Decided) -> None:
        decided[one.plan.rule] = one

    return Log(task, decided, run(replace(task, look=look), progress))


def everybody(log: Log, plan: Plan, connection: duckdb.DuckDBPyConnection) -> Population:
    """Who bought anything that the plan's kinds of events are, whether or not the plan selects it."""
    question = Question(plan, log.task.between)
    counted = activity.lines(log.task.feeds, question, connection, trips=log.found.read <= TRIPS)
    return population(resolver(plan, log.found.actors)(counted))
