"""The alerts in the database: rows to values and back, and the writing of transitions with their history.

Only ``service`` (what people do), the scan and ``erasure`` call what writes here. An alert gets its id when it is
first written, the next number inside the write transaction; rows are never deleted, so no id comes twice. Tombstones
are nobody's any more: no scan is given one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, or_, select, update
from sqlalchemy.sql import Select

from coincide.alerts.alert import ERASED, Alert, Decision, Facts, Finding
from coincide.alerts.reconcile import Transition
from coincide.events.event import EventName
from coincide.store import tables
from coincide.store.bulk import insert_rows
from coincide.store.rename import naming
from coincide.store.tables import alert as table

_ASKED = 500
"""Up to so many actors are asked for by name; for more the alerts of the rule are read and looked through."""

_STANDING = table.c.status.in_(("open", "decided")) & table.c.erased_at.is_(None)
"""What a scan compares with what it finds."""


def load(
    connection: Connection,
    rule: str,
    *,
    actors: Collection[str] | None = None,
    since_us: int | None = None,
    until_us: int | None = None,
) -> list[Alert]:
    """The open and decided alerts of a rule that ``reconcile`` needs, ordered by id.

    ``actors``: pseudonyms of the actors and accounts that were evaluated again; an alert belongs to them if
    its actor or the account of its first hit is among them. ``None``: all. ``since_us`` and ``until_us``
    bound the time that was evaluated again, both ends included: an alert belongs to it if one of its hits
    may lie there.
    """
    query = select(table).where(table.c.rule == rule, _STANDING)
    if since_us is not None:
        query = query.where(table.c.last_at >= since_us)
    if until_us is not None:
        query = query.where(table.c.first_at <= until_us)
    if actors is not None and len(actors) <= _ASKED:
        names = list(actors)
        query = query.where(or_(table.c.actor.in_(names), table.c.started_account.in_(names)))
    alerts = list(alerts_of(connection, query.order_by(table.c.id)))
    if actors is None:
        return alerts
    wanted = frozenset(actors)
    return [a for a in alerts if a.finding.actor in wanted or a.first_account in wanted]


def spans(connection: Connection, rule: str, actors: Collection[str] | None) -> list[tuple[int, int]]:
    """First and last hit of the open and decided alerts of a rule, of these actors (pseudonyms) or of all."""
    query = select(table.c.first_at, table.c.last_at, table.c.actor)
    query = query.where(table.c.rule == rule, _STANDING)
    if actors is not None and len(actors) <= _ASKED:
        query = query.where(table.c.actor.in_(list(actors)))
    wanted = None if actors is None else frozenset(actors)
    return [(first, last) for first, last, actor in connection.execute(query) if wanted is None or actor in wanted]


def first_accounts(connection: Connection, by: str) -> set[str]:
    """The accounts (pseudonyms) of the first hits of all open and decided alerts of rules that look ``by``."""
    first = case((table.c.started_account == ERASED, table.c.actor), else_=table.c.started_account)
    query = select(first).distinct().where(table.c.actor_kind == by, _STANDING)
    return set(connection.execute(query).scalars())


def rules_with_alerts(connection: Connection) -> list[str]:
    """The rules that have open or decided alerts, sorted: those that are no longer run must be reconciled
    too."""
    query = select(table.c.rule).distinct().where(_STANDING)
    return sorted(connection.execute(query).scalars())


def find(connection: Connection, id_: int) -> Alert | None:
    """The alert of this number."""
    return next(alerts_of(connection, select(table).where(table.c.id == id_)), None)


def referring(connection: Connection, id_: int) -> list[Alert]:
    """The alerts that this one superseded, and those that are linked to it, by id."""
    query = select(table).where(or_(table.c.superseded_by == id_, table.c.linked_to == id_))
    return list(alerts_of(connection, query.order_by(table.c.id)))


def write(
    connection: Connection, transitions: Sequence[Transition], at_us: int, *, by: str | None = None
) -> list[Alert]:
    """Keeps what changed and its history; the alerts afterwards, in the order of the transitions.

    ``by`` is the person who did it; without, it was the scan of ``after.changed_in``, whose row must be
    there.
    """
    if not transitions:
        return []
    next_id = (connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1
    written: list[Alert] = []
    for transition in transitions:
        fresh = transition.before is None
        written.append(replace(transition.after, id=next_id) if fresh else transition.after)
        next_id += fresh
    rows = [row_of(alert) for alert in written]
    both = list(zip(transitions, rows, strict=True))
    new = [row for transition, row in both if transition.before is None]
    changed = [row for transition, row in both if transition.before is not None]
    if new:
        insert_rows(connection, table, tuple(new[0]), [tuple(row.values()) for row in new])
    if changed:
        # The parameter of the condition needs a name of its own beside the columns'.
        statement = update(table).where(table.c.id == bindparam("key"))
        connection.execute(statement, [{**row, "key": row["id"]} for row in changed])
    changes = [_change(transition, row, at_us, by) for transition, row in both]
    insert_rows(connection, tables.alert_change, tuple(changes[0]), [tuple(row.values()) for row in changes])
    return written


def forget_history(connection: Connection, id_: int) -> None:
    """What happened to an alert, when and by whom stays; what it held, and why, goes."""
    change = tables.alert_change
    connection.execute(update(change).where(change.c.alert == id_).values(before={}))
    texts = update(change).where(change.c.alert == id_, change.c.change != "erased")
    connection.execute(texts.values(reason=ERASED))


def scrub_history(connection: Connection, name: str) -> int:
    """Takes an account out of what is told of alerts that stay, and what they held when they named it; rows changed."""
    change = tables.alert_change
    rows = connection.execute(select(change).where(naming(change, name))).mappings().all()
    for row in rows:
        before = {key: value for key, value in row["before"].items() if name not in json.dumps(value)}
        reason = row["reason"].replace(name, "an erased account")
        connection.execute(update(change).where(change.c.id == row["id"]).values(before=before, reason=reason))
    return len(rows)


def applied(connection: Connection, transitions: Sequence[Transition], at_us: int) -> list[Transition]:
    """Keeps what a scan changed; the transitions as they were kept, with the numbers of the alerts that opened."""
    written = write(connection, transitions, at_us)
    return [replace(transition, after=alert) for transition, alert in zip(transitions, written, strict=True)]


def relabel(connection: Connection, facts: Facts, at_us: int) -> list[Transition]:
    """Gives the open alerts of a rule its present words: severity, title, shadow. Call it before ``load``.

    These are no part of a rule's meaning: an alert stays what it is, and says so in its history.
    """
    query = select(table).where(table.c.rule == facts.rule, table.c.status == "open").order_by(table.c.id)
    transitions = []
    for alert in alerts_of(connection, query):
        old = alert.facts
        now = replace(old, severity=facts.severity, title=facts.title, shadow=facts.shadow)
        if now == old:
            continue
        parts = [f"the rule's severity is {now.severity} now"] if now.severity != old.severity else []
        parts += ["the rule has another title now"] if now.title != old.title else []
        parts += [f"the rule is {'in shadow' if now.shadow else 'live'} now"] if now.shadow != old.shadow else []
        reason = " and ".join(parts)
        after = replace(alert, facts=now, reason=reason, changed_in=facts.scan)
        transitions.append(Transition("changed", alert, after, reason))
    return applied(connection, transitions, at_us)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an alert's history: ``by`` a person, or in ``scan``; ``before``: what the changed columns
    held."""

    scan: int | None
    by: str | None
    at: int
    change: str
    reason: str
    before: Mapping[str, Any]


def history(connection: Connection, id_: int) -> list[Entry]:
    """What happened to an alert, oldest first."""
    change = tables.alert_change
    query = select(change.c.scan, change.c.by, change.c.at, change.c.change, change.c.reason, change.c.before)
    return [Entry(*row) for row in connection.execute(query.where(change.c.alert == id_).order_by(change.c.id))]


def latest_change(connection: Connection) -> int:
    """The number of the newest line of all histories, 0 if there is none: it tells whether anything was done since."""
    found: int | None = connection.execute(select(func.max(tables.alert_change.c.id))).scalar()
    return found or 0


def alerts_of(connection: Connection, query: Select[Any]) -> Iterator[Alert]:
    """The alerts of a query that selects whole rows of the table."""
    for row in connection.execute(query):
        yield _alert(row)


def row_of(alert: Alert) -> dict[str, Any]:
    """The row of an alert, by column."""
    facts, finding, decision = alert.facts, alert.finding, alert.decision
    return {
        "id": alert.id,
        "rule": facts.rule,
        "fingerprint": facts.fingerprint,
        "severity": facts.severity,
        "title": facts.title,
        "shadow": facts.shadow,
        "status": alert.status,
        "reason": alert.reason,
        "superseded_by": alert.superseded_by,
        "linked_to": alert.linked_to,
        "actor_kind": facts.by,
        "actor": finding.actor,
        "first_at": finding.started_by.occurred_at,
        "source": finding.started_by.source,
        "started_by": finding.started_by.event_id,
        "started_account": finding.started_by.account,
        "last_at": finding.ended_by.occurred_at,
        "last_source": finding.ended_by.source,
        "ended_by": finding.ended_by.event_id,
        "ended_account": finding.ended_by.account,
        "hits": finding.hits,
        "silenced": finding.silenced,
        "counted": finding.counted,
        "one_account": finding.one_account,
        "evidence": _lists(finding.evidence),
        "latest_evidence": _lists(finding.latest_evidence),
        "because": finding.because,
        "versions": dict(facts.versions),
        "amendment": None if alert.amendment is None else [_plain(one) for one in alert.amendment],
        "opened_in": facts.scan,
        "changed_in": alert.changed_in,
        "disposition": decision.disposition if decision else None,
        "decided_by": decision.by if decision else None,
        "decided_at": decision.at if decision else None,
        "decided_because": decision.because if decision else None,
        "erased_at": alert.erased_at,
    }


def _alert(row: Row[Any]) -> Alert:
    finding = Finding(
        row.actor,
        EventName(row.first_at, row.source, row.started_by, row.started_account),
        EventName(row.last_at, row.last_source, row.ended_by, row.ended_account),
        row.hits,
        row.silenced,
        row.counted,
        row.one_account,
        _names(row.evidence),
        _names(row.latest_evidence),
        row.because,
    )
    facts = Facts(
        row.rule,
        row.fingerprint,
        row.actor_kind,
        row.severity,
        row.title,
        row.shadow,
        row.opened_in,
        row.versions,
    )
    decision = None
    if row.disposition is not None:
        decision = Decision(row.disposition, row.decided_by, row.decided_at, row.decided_because)
    amendment = None if row.amendment is None else tuple(_finding(one) for one in row.amendment)
    return Alert(
        row.id,
        facts,
        finding,
        row.status,
        row.reason,
        row.superseded_by,
        row.linked_to,
        row.changed_in,
        decision,
        amendment,
        row.erased_at,
    )


def _change(transition: Transition, row: Mapping[str, Any], at_us: int, by: str | None) -> dict[str, Any]:
    old = row_of(transition.before) if transition.before else {}
    before = {name: value for name, value in old.items() if value != row[name] and name != "changed_in"}
    return {
        "alert": row["id"],
        "scan": None if by is not None else row["changed_in"],
        "by": by,
        "at": at_us,
        "change": transition.change,
        "reason": transition.reason,
        "before": before,
    }


def _lists(names: Iterable[EventName]) -> list[list[Any]]:
    return [list(name) for name in names]


def _names(lists: Iterable[Sequence[Any]]) -> tuple[EventName, ...]:
    return tuple(map(EventName._make, lists))


def _plain(finding: Finding) -> dict[str, Any]:
    """A finding as JSON; the keys are the names of its fields."""
    return {
        "actor": finding.actor,
        "started_by": _lists([finding.started_by])[0],
        "ended_by": _lists([finding.ended_by])[0],
        "hits": finding.hits,
        "silenced": finding.silenced,
        "counted": finding.counted,
        "one_account": finding.one_account,
        "evidence": _lists(finding.evidence),
        "latest_evidence": _lists(finding.latest_evidence),
        "because": finding.because,
    }


def _finding(plain: Mapping[str, Any]) -> Finding:
    return Finding(
        **{
            **plain,
            "started_by": EventName(*plain["started_by"]),
            "ended_by": EventName(*plain["ended_by"]),
            "evidence": _names(plain["evidence"]),
            "latest_evidence": _names(plain["latest_evidence"]),
        }
    )
