"""The full timeline of an alert: what its actor did around it, read from the files again.

Shown are the observations of the alert's rule, from one window before the first hit to one window after the
latest, each with its components and the fields that the rule reads. Whoever is in them is named by pseudonym.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import Connection

from coincide.alerts import timeline
from coincide.alerts.alert import Alert, iso
from coincide.alerts.errors import NotAsFound
from coincide.alerts.pseudonyms import Pseudonyms
from coincide.alerts.region import width
from coincide.alerts.reread import Party, Progress, Reread, opened, reread
from coincide.alerts.rotation import ring_for
from coincide.alerts.timeline import Step
from coincide.detect.kernel.observations import Positions
from coincide.engines.workspace import Workspace
from coincide.entities.key import KeyRing
from coincide.events.event import CORE, EventName, contract_order
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Plan, Presence
from coincide.rules.words import number
from coincide.store import entity

_NAMING = ("event_id", "occurred_at", "account")
"""Not told again: a step begins with them. Nor is the kind, where it is the rule's only one."""


@dataclass(frozen=True)
class Found:
    """What the files hold of an alert: the observations of its rule for its actor, named with pseudonyms.

    Of presence at incidents only those that prove it: what else its actor did, no request is about.
    ``row``: where in ``read`` each of ``names`` stands.
    """

    rule: LoadedRule
    read: Reread
    row: Positions
    names: list[EventName]
    made: Pseudonyms


def observed(
    workspace: Workspace, connection: Connection, alert: Alert, progress: Progress = lambda _: None
) -> list[Step]:
    """The timeline from the files. Raises what ``found`` raises."""
    return steps(found(workspace, connection, alert, progress), alert)


def steps(there: Found, alert: Alert) -> list[Step]:
    """The timeline from what the files hold of the alert."""
    plan = there.rule.plan
    first = alert.finding.started_by.occurred_at - width(plan)
    last = alert.finding.ended_by.occurred_at + width(plan)
    details = _details(plan, there.read, there.row, there.made)
    return timeline.full(
        alert,
        ((name, told) for name, told in zip(there.names, details, strict=True) if first <= name.occurred_at <= last),
    )


def found(workspace: Workspace, connection: Connection, alert: Alert, progress: Progress = lambda _: None) -> Found:
    """The files read again for an alert, all of whose evidence is in them.

    Raises ``NotAsFound`` and what is wrong with files, rules or key.
    """
    rule = rule_of(workspace, alert)
    ring = ring_for(workspace.key_file, connection)
    parties = _parties(connection, ring, alert, rule.plan)
    read = reread(workspace, rule.plan, parties, progress)
    made = Pseudonyms(ring.current)
    row = _ordered(read)
    names = _names(read, row, made)
    finding = alert.finding
    proof = {finding.started_by, finding.ended_by, *finding.evidence, *finding.latest_evidence}
    if not proof <= set(names):
        raise NotAsFound(alert.name, "its evidence is not in the files any more")
    if isinstance(rule.plan.condition, Presence):
        # A request is about its incidents, and no other journey of whoever was there: Regulation (EU) 2016/679,
        # Article 5(1)(b) and (c); Directive (EU) 2016/680, Article 4(1)(b) and (c) (unchecked).
        row = row[[name in proof for name in names]]
        names = [name for name in names if name in proof]
    return Found(rule, read, row, names, made)


def rule_of(workspace: Workspace, alert: Alert) -> LoadedRule:
    """The rule of an alert. Raises ``NotAsFound`` if it is gone or means something else by now."""
    rule = next((loaded for loaded in workspace.rules if loaded.plan.rule == alert.facts.rule), None)
    if rule is None:
        raise NotAsFound(alert.name, f"there is no rule `{alert.facts.rule}` any more")
    if rule.plan.fingerprint != alert.facts.fingerprint:
        raise NotAsFound(alert.name, f"rule `{rule.plan.rule}` means something else since then")
    return rule


def _parties(connection: Connection, ring: KeyRing, alert: Alert, plan: Plan) -> list[Party]:
    """Whose rows are read: the accounts of the first hit's actor as stored, and those of the evidence.

    A decided alert keeps the name of its actor, which may be somebody else by now; whose account the first hit is on
    stays the same.
    """
    finding = alert.finding
    actor = finding.actor
    names = {actor}
    if plan.by == "actor":
        first = finding.started_by.account
        names = {first, *entity.members(connection, first)}
        names |= {name.account for name in (*finding.evidence, *finding.latest_evidence)}
    known = opened(connection, ring, sorted(names))
    if names - known.keys():
        raise NotAsFound(alert.name, "not all of its accounts are known any more")
    if plan.by in ("actor", "account"):
        return sorted(known.values())
    return [("", known[actor][1])]


def _ordered(read: Reread) -> Positions:
    return np.flatnonzero(read.keep & read.mine).astype(np.int64)


def _names(read: Reread, row: Positions, made: Pseudonyms) -> list[EventName]:
    frame = read.rows.frame[row]
    accounts = made.names(list(frame.select("namespace", "account").iter_rows()))
    told = frame.select("occurred_at", "source", "event_id").iter_rows()
    return [EventName(at, source, id_, account) for (at, source, id_), account in zip(told, accounts, strict=True)]


def _details(plan: Plan, read: Reread, row: Positions, made: Pseudonyms) -> Iterator[Mapping[str, str]]:
    """Of each row, its components and the fields that the rule reads, as text."""
    known = _NAMING if len(plan.events) > 1 else (*_NAMING, "kind")
    fields = [name for name in contract_order(plan.reads | {"kind"}) if name not in known]
    frame = read.rows.frame.select(*fields, "tagset")[row]
    for values in frame.iter_rows(named=True):
        told = {}
        components = sorted(read.rows.tagsets[values["tagset"]] & set(plan.tagged or ()))
        if components:
            told["components"] = ", ".join(components)
        told |= {name: _shown(name, values[name], made) for name in fields if values[name] is not None}
        yield told


def _shown(name: str, value: Any, made: Pseudonyms) -> str:
    if name == "organisation" or name.startswith("link."):
        return made.names([(f"@{name}", value)])[0]
    if name in CORE and CORE[name].type == "time":
        return iso(value)
    return number(value) if isinstance(value, Decimal) else str(value)
