"""What is seen of an alert when the files are read again: its timeline and, where it is over taps, its card-days."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from coincide.alerts.alert import Alert
from coincide.alerts.observed import found, steps
from coincide.alerts.timeline import Step, of_evidence
from coincide.engines.embedded.load import Progress
from coincide.engines.workspace import Workspace
from coincide.errors import CoincideError
from coincide.journeys.alert_day import card_days, over_taps
from coincide.journeys.compared import compared
from coincide.journeys.day import Day
from coincide.journeys.log import log
from coincide.rules.plan import Presence

MOST_DAYS = 7
"""Card-days on one page."""
NO_OTHER_JOURNEY = (
    "No day is drawn: a recorded request is about its incidents, and about no other journey of whoever was there "
    "(Regulation (EU) 2016/679, Article 5(1)(b) and (c); Directive (EU) 2016/680, Article 4(1)(b) and (c); unchecked)."
)


@dataclass(frozen=True)
class Seen:
    """``days``: of an alert over taps. ``why_not``: a sentence in the place of what cannot be had."""

    steps: list[Step]
    days: tuple[Day, ...] = ()
    why_not: str | None = None


def seen(workspace: Workspace, connection: Connection, alert: Alert, progress: Progress) -> Seen:
    """All of it, read from the files. Whoever calls has entered in the ledger that it is looked at.

    Raises what ``found`` raises.
    """
    there = found(workspace, connection, alert, progress)
    told = steps(there, alert)
    if not over_taps(there):
        return Seen(told)
    if isinstance(there.rule.plan.condition, Presence):
        return Seen(told, why_not=NO_OTHER_JOURNEY)
    every = card_days(there, alert, workspace)
    days = every[:MOST_DAYS]
    if not days:
        return Seen(told, why_not="None of the evidence is a tap.")
    more = (
        None if len(days) == len(every) else f"Of {len(every)} card-days with evidence the first {MOST_DAYS} are shown."
    )
    try:
        return Seen(told, compared(log(workspace, progress), days), more)
    except CoincideError as error:
        # The day itself is there; what it would be compared with is not.
        why_not = f"Not compared with other card-days: {error.message}"
        return Seen(told, tuple(replace(day, standings_why_not=why_not) for _, day in days), more)


def evidence_alone(alert: Alert, why_not: str) -> Seen:
    """What the store keeps of it."""
    return Seen(of_evidence(alert), why_not=why_not)
