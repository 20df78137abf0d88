"""What a scan did, in numbers: how rows ended, what each rule saw, how long it took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from coincide.alerts.alert import Finding
from coincide.alerts.reconcile import Transition
from coincide.rules.load import LoadedRule

Counts = dict[str, int]
ENDS = ("read", "unmatched", "accepted", "duplicates", "quarantined")


@dataclass(frozen=True)
class Outcome:
    """What a scan did.

    ``run`` and ``totals``: rows by how they ended, of this run and of the workspace, for the rules that are kept; of
    a run of drafts alone both are of that run. ``observations``: of each rule. ``drafts``: what the drafts that were
    named found, which is shown and not kept. ``seconds``: of the steps start, read, commit, and of drafts that ran
    after the others. ``attendance``: of rules of presence, how many accounts were at how many incidents
    (``detect.attendance``).
    """

    run: Counts
    totals: Counts
    observations: Mapping[str, int]
    drafts: Mapping[str, Sequence[Finding]]
    rules: Sequence[LoadedRule]
    seconds: Mapping[str, float] = field(default_factory=dict)
    changes: Sequence[Transition] = ()
    entities: int | None = None
    attendance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def beside(self, tried: Outcome) -> Outcome:
        """This outcome with what drafts found, whose rows are counted nowhere."""
        return replace(
            self,
            observations={**self.observations, **tried.observations},
            drafts={**self.drafts, **tried.drafts},
            attendance={**self.attendance, **tried.attendance},
            rules=sorted((*self.rules, *tried.rules), key=lambda loaded: loaded.plan.rule),
        )


def counted(files: Iterable[Any], duplicates: int) -> Counts:
    """How the rows of files ended, with what is known of each file; copies are known by day and not by file."""
    known = list(files)
    read = sum(count.read for count in known)
    unmatched = sum(count.unmatched for count in known)
    quarantined = sum(count.quarantined for count in known)
    accepted = read - unmatched - quarantined - duplicates
    return dict(zip(ENDS, (read, unmatched, accepted, duplicates, quarantined), strict=True))
