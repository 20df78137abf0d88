"""All that is stored about an account, for a person who asks: Regulation (EU) 2016/679, Article 15 (unchecked).

Nothing about others is in it: their pseudonyms are counted, and taken out of texts; who of the staff did something is
not said either. It is what is *stored*: what sources hold is for whoever runs them to answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, or_, select

from coincide.alerts import quarantine, register, subject
from coincide.alerts.alert import Alert, Finding, iso
from coincide.alerts.beside import Beside
from coincide.alerts.erasure import naming_alerts
from coincide.alerts.errors import ReasonMissing
from coincide.alerts.rotation import ring_for
from coincide.engines.workspace import Workspace
from coincide.entities.pseudonym import pseudonym
from coincide.events.event import EventName
from coincide.ledger.book import Book
from coincide.store import entity, outbox, tables
from coincide.store import pseudonym as pseudonym_store
from coincide.store.rename import PSEUDONYM, naming

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Holding:
    """``sealed``: the identifier itself is stored, encrypted. ``commitments``: entries of the ledger that can be proven
    to be about the account, without that of this answer. ``quarantined``: rows of the workspace that are kept by their
    place alone; whose they are is not stored.
    """

    namespace: str
    account: str
    pseudonym: str
    sealed: bool
    memberships: tuple[Row, ...]
    lists: tuple[Row, ...]
    alerts: tuple[Row, ...]
    suppressions: tuple[Row, ...]
    separations: tuple[Row, ...]
    commitments: int
    quarantined: int
    beside: Mapping[str, Sequence[Row]]

    @property
    def nothing(self) -> bool:
        """Whether nothing that names the account is stored."""
        named = (self.memberships, self.lists, self.alerts, self.suppressions, self.separations, *self.beside.values())
        return not (self.sealed or self.commitments or any(named))


def show(
    workspace: Workspace,
    book: Book,
    given: str,
    *,
    namespace: str | None = None,
    because: str,
    beside: Sequence[Beside] = (),
) -> Holding:
    """What is stored about an account, entered in the ledger before it is told.

    Raises ``ReasonMissing`` and what ``subject.asked`` and ``Book.reading`` raise.
    """
    if not because.strip():
        raise ReasonMissing("an answer to a person")
    with book.database.reading() as connection:
        ring = ring_for(workspace.key_file, connection)
        account = subject.asked(workspace, connection, ring, given, namespace)
        name = pseudonym(*account, ring.current)
        quarantined = len(quarantine.held(workspace, connection))
        found = held(connection, account, name, quarantined, beside)
    book.reading("subject:show", ["account"], reason=because.strip(), about=subject.given([account], ring))
    return found


def held(
    connection: Connection, account: tuple[str, str], name: str, quarantined: int, beside: Sequence[Beside] = ()
) -> Holding:
    """What the tables hold about the account of a pseudonym."""
    alerts = naming_alerts(connection, name)
    about = (name, [one.id for one in alerts])
    left, generic = tables.group_left_single, tables.generic_identifier
    lists = [
        {"list": "the first account of a linked group that was left as single accounts", "accounts": count}
        for count in connection.execute(select(left.c.accounts).where(left.c.pseudonym == name)).scalars()
    ] + [
        {"list": "an identifier that too many accounts share", "accounts": count}
        for count in connection.execute(select(generic.c.accounts).where(generic.c.pseudonym == name)).scalars()
    ]
    suppression, separation = tables.suppression, tables.separation
    return Holding(
        *account,
        pseudonym=name,
        sealed=not pseudonym_store.missing(connection, [name]),
        memberships=tuple(_memberships(connection, name)),
        lists=tuple(lists),
        alerts=tuple(_alert(connection, one, name) for one in alerts),
        suppressions=tuple(
            {
                "rule": row.rule,
                "until": iso(row.until),
                "since": iso(row.at),
                "because": masked(row.because, name),
            }
            for row in connection.execute(select(suppression).where(naming(suppression, name)))
        ),
        separations=tuple(
            {"at": iso(row.at), "because": masked(row.because, name)}
            for row in connection.execute(
                select(separation).where(or_(separation.c.account_a == name, separation.c.account_b == name))
            )
        ),
        commitments=len(outbox.salts_of(connection, name)),
        quarantined=quarantined,
        beside={part.noun: part.held(connection, about) for part in beside},
    )


def _memberships(connection: Connection, name: str) -> list[Row]:
    since = entity.since(connection, name)
    if since is None:
        return []
    return [{"entity_version": since, "other_accounts": len(entity.members(connection, name)) - 1}]


def _alert(connection: Connection, alert: Alert, name: str) -> Row:
    finding, facts, decision = alert.finding, alert.facts, alert.decision
    own = finding.accounts <= {name}
    return {
        "id": alert.name,
        "rule": facts.rule,
        "title": facts.title,
        "severity_of_rule": facts.severity,
        "role": _role(finding, name),
        "status": alert.status,
        "first_at": iso(finding.started_by.occurred_at),
        "last_at": iso(finding.ended_by.occurred_at),
        # Of an alert on several accounts the sentence tells what all of them did.
        "sentence": masked(finding.because, name) if own else None,
        "other_accounts": len(finding.accounts - {name}),
        "events": _events((*finding.evidence, *finding.latest_evidence, finding.started_by, finding.ended_by), name),
        "reason": masked(alert.reason or "", name),
        "decision": None
        if decision is None
        else {
            "disposition": decision.disposition,
            "at": iso(decision.at),
            "because": masked(decision.because, name),
        },
        "history": [
            {"at": iso(entry.at), "change": entry.change, "reason": masked(entry.reason, name)}
            for entry in register.history(connection, alert.id)
        ],
    }


def _role(finding: Finding, name: str) -> str:
    if finding.actor == name:
        return "actor"
    return "account in evidence" if name in finding.accounts else "in its history"


def _events(events: Sequence[EventName], name: str) -> list[Row]:
    """The account's own, once each."""
    own = sorted({event for event in events if event.account == name})
    return [{"source": one.source, "event_id": one.event_id, "at": iso(one.occurred_at)} for one in own]


def masked(text: str, name: str) -> str:
    """The text without the pseudonyms of others."""
    return PSEUDONYM.sub(lambda found: found[0] if found[0] == name else "another account", text)


def document(found: Holding) -> dict[str, Any]:
    """As JSON."""
    return {
        "namespace": found.namespace,
        "account": found.account,
        "pseudonym": found.pseudonym,
        "stored": not found.nothing,
        "sealed_identifier": found.sealed,
        "memberships": list(found.memberships),
        "lists": list(found.lists),
        "alerts": list(found.alerts),
        "suppressions": list(found.suppressions),
        "separations": list(found.separations),
        "ledger": {"provable_entries": found.commitments, "this_answer": 1},
        "quarantine": {"rows_of_the_workspace_kept_by_place_alone": found.quarantined},
        **{noun: list(rows) for noun, rows in found.beside.items()},
    }


def lines(found: Holding) -> list[str]:
    """As a person reads it."""
    result = [f"What is stored about {found.namespace}:{found.account}", ""]
    if found.nothing:
        result.append("Before this answer nothing that names this account was stored.")
    else:
        result.append(
            f"Pseudonym    {found.pseudonym}: a keyed name that stands for the account in all that is stored."
        )
        result.append(
            "Identifier   stored, encrypted beside the pseudonym." if found.sealed else "Identifier   not stored."
        )
    result += [
        f"Linked       {_others(one['other_accounts'])}, known since version {one['entity_version']} of the links."
        for one in found.memberships
    ]
    result += [f"Listed       as {one['list']} ({one['accounts']:,} accounts)." for one in found.lists]
    for alert in found.alerts:
        result += ["", *_alert_lines(alert)]
    for one in found.suppressions:
        result += ["", f"No alerts of rule {one['rule']} until {one['until']}, since {one['since']}: {one['because']}"]
    for one in found.separations:
        result += ["", f"A person said on {one['at']} that another account is not the same party: {one['because']}"]
    for noun, rows in found.beside.items():
        result += ["", f"{noun.capitalize()}: {len(rows):,}", *(line for row in rows for line in _flat(row))]
    return [
        *result,
        "",
        f"Ledger       {_many(found.commitments, 'entry', 'entries')} can be proven to be about this account; this "
        "answer is one more, and keeps the identifier, encrypted.",
        f"Quarantine   {_many(found.quarantined, 'row', 'rows')} of the workspace could not be read: of each its place "
        "and a hash are kept, and not whose it is.",
    ]


def _alert_lines(alert: Row) -> list[str]:
    several = f", with {_others(alert['other_accounts'])}" if alert["other_accounts"] else ""
    result = [
        f"Alert {alert['id']}  {alert['title']} (rule {alert['rule']})",
        f"  {alert['status']}, as {alert['role']}{several}; from {alert['first_at']} to {alert['last_at']}",
    ]
    if alert["sentence"]:
        result.append(f"  {alert['sentence']}")
    result += [f"  event {one['event_id']} of source {one['source']}, {one['at']}" for one in alert["events"]]
    decision = alert["decision"]
    if decision is not None:
        result.append(f"  decided {decision['disposition']} on {decision['at']}: {decision['because']}")
    return result + [f"  {one['at']}  {one['change']}: {one['reason']}" for one in alert["history"]]


def _others(count: int) -> str:
    return "no other account" if count == 0 else _many(count, "other account", "other accounts")


def _many(count: int, one: str, more: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {more}"


def _flat(row: Row) -> list[str]:
    """What is given of a row on one line, and of each list in it a line for each."""
    plain = {name: value for name, value in row.items() if not isinstance(value, list) and value is not None}
    lists = {name: value for name, value in row.items() if isinstance(value, list)}
    return ["  " + _words(plain), *(f"    {_words(one)}" for several in lists.values() for one in several)]


def _words(row: Row) -> str:
    return ", ".join(
        f"{name} {' and '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in row.items()
        if value != []
    )
