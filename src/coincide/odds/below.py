"""What lies just below the line of a rule: actors that one thing more would have brought an alert.

Alerts tell how many of them were right, and nothing of those that were missed. So a sample is drawn among the actors
nearest to an alert: one component, one observation or one step short, or at a stated share of the limit. A plan that
asks that much less is run over the history, as a draft is; of what it finds, the actors that the rule itself finds are
taken out. ``odds.misses`` estimates from what a person says of the sample. What lies far below the line it does not
tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from coincide.alerts.alert import Finding
from coincide.alerts.asked import try_out
from coincide.alerts.keep import basis_of, show
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.run import run
from coincide.engines.workspace import Workspace
from coincide.ledger.book import Book
from coincide.odds.errors import NothingBelow
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Combination, Plan, Presence, Ratio, Sequence, Sliding, Threshold, UnusualDay, Velocity

ACT = "alert:sample"
"""What the ledger calls it."""
SHARE = Decimal("0.8")
"""Of a limit, from which a sum lies just below it."""
_BELOW = "below:"
"""In front of a rule's id, which has no colon, where it runs beside what lies below it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some of the actors just below the line, each with the first finding there, in order of it.

    ``plans``: what was looked for, of which each is enough; ``in_all``: how many actors lie there.
    """

    rule: str
    fingerprint: str
    plans: tuple[Plan, ...]
    in_all: int
    findings: tuple[Finding, ...]


def below(plan: Plan, limit_share: Decimal = SHARE) -> list[Plan]:
    """The plans that one thing less satisfies, of which each is enough.

    Raises ``NothingBelow``, and ``ValueError`` for a share that is not between 0 and 1.
    """
    if not 0 < limit_share < 1:
        raise ValueError(f"{limit_share} of a limit does not lie below it")
    match plan.condition:
        case Combination(at_least, _) | Velocity(at_least, _) if at_least == 1:
            raise NothingBelow(plan.rule, "it holds as soon as there is one")
        case Combination() | Velocity() as condition:
            return [replace(plan, condition=replace(condition, at_least=condition.at_least - 1))]
        case Threshold() as condition if condition.limit <= 0:
            raise NothingBelow(plan.rule, "a sum of 0 is no less than its limit")
        case Threshold() as condition:
            limit = condition.limit * limit_share
            return [replace(plan, condition=replace(condition, limit=limit, inclusive=True))]
        case Sequence() as condition:
            return [replace(plan, condition=shorter) for shorter in _without_a_step(plan, condition)]
        case Ratio():
            raise NothingBelow(plan.rule, "two counts decide, and no one event is missing")
        case Presence() | UnusualDay():
            # To draw from those just below would be to tell cards of whom nothing was alleged.
            raise NothingBelow(plan.rule, "nobody is looked at who was there less often, or rode less unusually")


def _without_a_step(plan: Plan, condition: Sequence) -> list[Combination | Sequence]:
    """The sequence without each of its steps in turn, each once."""
    steps = condition.steps
    if len(steps) == 2:
        # A single step is no sequence: what carries it is enough.
        return [Combination(1, ((step, None),)) for step in sorted(set(steps))]
    shorter: dict[Sequence, None] = {}
    for missing in range(len(steps)):
        gap = condition.gap_us
        if gap is not None and 0 < missing < len(steps) - 1:
            # Between its neighbours lie the two gaps to the step that is missing.
            gap = min(2 * gap, plan.window.width_us) if isinstance(plan.window, Sliding) else 2 * gap
        shorter[Sequence(steps[:missing] + steps[missing + 1 :], gap)] = None
    return list(shorter)


def sampled(
    workspace: Workspace,
    book: Book,
    loaded: LoadedRule,
    size: int,
    *,
    of: np.random.Generator,
    now_us: int,
    limit_share: Decimal = SHARE,
    progress: Progress = lambda _: None,
) -> Sample:
    """A sample of so many of the actors just below the line of a rule, all if there are no more.

    Everything there is is read, and nothing is kept. The read is entered in the ledger before this returns. Raises
    ``NothingBelow``, ``NoSources`` and what reading raises.
    """
    plans = below(loaded.plan, limit_share)
    names = [f"{_BELOW}{number}:{loaded.plan.rule}" for number in range(len(plans))]
    lower = [replace(loaded, plan=replace(plan, rule=name)) for plan, name in zip(plans, names, strict=True)]
    wordings = [loaded, *lower]
    asked, task = try_out(workspace, book, tuple(one.plan.rule for one in wordings), wordings, now_us)
    found = show(asked, run(task, progress)).drafts
    alerted = {finding.actor for finding in found[loaded.plan.rule]}
    first: dict[str, Finding] = {}
    for finding in sorted((one for name in names for one in found[name]), key=_place):
        if finding.actor not in alerted:
            first.setdefault(finding.actor, finding)
    chosen = _drawn(first, size, of)
    if chosen:
        book.reading(ACT, [loaded.plan.rule], basis=basis_of([loaded]))
    return Sample(loaded.plan.rule, loaded.plan.fingerprint, tuple(plans), len(first), chosen)


def _drawn(first: Mapping[str, Finding], size: int, of: np.random.Generator) -> tuple[Finding, ...]:
    """So many, each set of them as likely as another: by name, so that a seed draws the same whatever the order."""
    names = sorted(first)
    taken = of.permutation(len(names))[:size]
    return tuple(sorted((first[names[place]] for place in taken), key=_place))


def _place(finding: Finding) -> tuple[object, ...]:
    return finding.span, finding.actor
