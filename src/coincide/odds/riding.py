"""Unusual riding, as places ask for it: by which rule, and how much of it there is; or why that cannot be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coincide.detect.journey.clock import ServiceClock
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.ridership import Ridership
from coincide.engines.embedded.unusual_rides import UnusualRides, beyond_reach, unusual_rides
from coincide.engines.workspace import RUNNING, Workspace
from coincide.rules.feature import LEAST_ALIKE
from coincide.rules.load import LoadedRule
from coincide.rules.plan import UnusualDay

FEWEST = 10
"""Different cards with unusual days, before it is said how many days these are."""


@dataclass(frozen=True)
class Riding:
    """``rule``: its id. ``says``: a sentence. ``ridership``: of the rides on unusual days, ``None`` where that is not
    known. ``days``: how many unusual card-days there are, of ``compared``; ``None`` where it is not told.
    """

    says: str
    rule: str | None = None
    ridership: Ridership | None = None
    days: int | None = None
    compared: int | None = None


NOT_ASKED = Riding("Unusual riding was not asked for.")


def riding(
    workspace: Workspace,
    rules: Iterable[LoadedRule],
    cells: ServiceClock,
    between: tuple[int, int],
    progress: Progress = lambda _: None,
) -> Riding:
    """Unusual riding by the first of these rules that is of the kind ``unusual-day``, live ones before those in shadow.

    Raises what ``unusual_rides`` raises.
    """
    by_rank = sorted(rules, key=lambda loaded: (RUNNING.index(loaded.rule.status), loaded.plan.rule))
    plan = next((loaded.plan for loaded in by_rank if isinstance(loaded.plan.condition, UnusualDay)), None)
    if plan is None:
        return Riding("Unusual riding is not counted: no rule of the kind `unusual-day` is live or in shadow.")
    beyond = beyond_reach(plan)
    if beyond:
        asks = ", ".join(f"`{name}`" for name in beyond)
        return Riding(
            f"Unusual riding is not counted: the rule `{plan.rule}` asks {asks}, which is not read here.", plan.rule
        )
    return told(plan.rule, unusual_rides(workspace, plan, cells, between, progress))


def told(rule: str, found: UnusualRides) -> Riding:
    """What was found by a rule, with its sentence."""
    if not found.compared:
        return Riding(
            f"Unusual riding cannot be told: on no day that is over do {LEAST_ALIKE} cards of one product have what "
            f"the rule `{rule}` compares.",
            rule,
        )
    few = found.cards < FEWEST
    many = "those of fewer than ten cards" if few else f"{found.days:,}"
    return Riding(
        f"Unusual riding, by the rule `{rule}`: {many} of {found.compared:,} card-days are far in the tail, whether or "
        "not they touch an incident. Most such days have an ordinary reason. They were compared in memory; none is "
        "kept or shown.",
        rule,
        found.ridership,
        None if few else found.days,
        found.compared,
    )
