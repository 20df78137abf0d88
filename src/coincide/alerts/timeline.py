"""The timeline of an alert: what its actor did, in order, with the deciding events marked.

Here it is made of the evidence, which the store keeps. Whoever can read the files again passes more rows:
``full`` marks those that decide among all of the actor's observations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from coincide.alerts.alert import Alert
from coincide.events.event import EventName

FIRST, LATEST, PROOF, LATEST_PROOF = "first hit", "latest hit", "proves the first hit", "proves the latest hit"


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a timeline: its name with pseudonyms, what it was, and what it decides (in a fixed
    order)."""

    name: EventName
    details: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()


def of_evidence(alert: Alert) -> list[Step]:
    """The events of the evidence and the first and latest hits, in order."""
    finding = alert.finding
    names = {finding.started_by, finding.ended_by, *finding.evidence, *finding.latest_evidence}
    return full(alert, ((name, {}) for name in names))


def full(alert: Alert, events: Iterable[tuple[EventName, Mapping[str, str]]]) -> list[Step]:
    """All events given, in order, with those that decide marked. Names carry pseudonyms, as the alert's
    do."""
    return [Step(name, details, _marks(alert, name)) for name, details in sorted(events, key=lambda event: event[0])]


def _marks(alert: Alert, name: EventName) -> tuple[str, ...]:
    finding = alert.finding
    marks = []
    if name == finding.started_by:
        marks.append(FIRST)
    elif name in finding.evidence:
        marks.append(PROOF)
    if finding.hits > 1 and name == finding.ended_by:
        marks.append(LATEST)
    elif finding.hits > 1 and name in finding.latest_evidence:
        marks.append(LATEST_PROOF)
    return tuple(marks)
