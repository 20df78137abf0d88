"""The account of one alert: why it fired, on what, what else may explain it, and what became of it, told in
full."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from coincide.alerts import listing, register
from coincide.alerts.alert import Alert, iso
from coincide.alerts.errors import NoSuchAlert
from coincide.alerts.lapsed import must_stand
from coincide.alerts.register import Entry
from coincide.alerts.timeline import Step
from coincide.ledger.book import Book
from coincide.store import odds
from coincide.store import rule as rules
from coincide.store.odds import RuleOdds
from coincide.store.rule import RuleVersion


@dataclass(frozen=True, slots=True)
class Account:
    """All there is to say about an alert. ``superseded`` and ``followed_by`` are the alerts that point to this one.

    ``odds``: of the rule in this meaning, by its latest backtest; a property of the rule and not of the alert.
    """

    alert: Alert
    steps: tuple[Step, ...]
    rule: RuleVersion | None
    history: tuple[Entry, ...]
    superseded: tuple[Alert, ...]
    followed_by: tuple[Alert, ...]
    odds: RuleOdds | None = None


def account(book: Book, id_: int, timeline: Callable[[Alert], Sequence[Step]], *, now_us: int) -> Account:
    """Gathers what the store knows of an alert; entered in the ledger before ``timeline`` reads anything of it.

    Raises ``NoSuchAlert``, ``GroundOver`` and what ``Book.reading`` raises.
    """
    with book.database.reading() as connection:
        alert = register.find(connection, id_)
        if alert is None:
            raise NoSuchAlert(f"A-{id_}")
        must_stand(connection, alert, now_us)
    book.reading("alert:show", [alert.name])
    steps = timeline(alert)
    with book.database.reading() as connection:
        return _gathered(connection, alert, steps)


def _gathered(connection: Connection, alert: Alert, steps: Sequence[Step]) -> Account:
    referring = register.referring(connection, alert.id)
    return Account(
        alert,
        tuple(steps),
        rules.load(connection, alert.facts.rule, alert.facts.fingerprint),
        tuple(register.history(connection, alert.id)),
        tuple(other for other in referring if other.superseded_by == alert.id),
        tuple(other for other in referring if other.linked_to == alert.id),
        odds.latest(connection, alert.facts.fingerprint),
    )


def document(told: Account) -> dict[str, Any]:
    """The account as JSON: the alert's document and, beside it, all that ``lines`` tells."""
    return {
        **listing.document(told.alert),
        "timeline": [
            {**listing.event(step.name), "details": dict(step.details), "marks": list(step.marks)}
            for step in told.steps
        ],
        "innocent": list(told.rule.innocent) if told.rule else [],
        "sentence": told.rule.sentence if told.rule else None,
        "rule_text": told.rule.text if told.rule else None,
        "rule_origin": _origin(told.rule),
        "rule_odds": _of_rule(told.odds),
        "history": [
            {"at": iso(entry.at), "change": entry.change, "reason": entry.reason, "scan": entry.scan, "by": entry.by}
            for entry in told.history
        ],
        "superseded": [other.name for other in told.superseded],
        "followed_by": [other.name for other in told.followed_by],
    }


def lines(told: Account) -> list[str]:
    """The account as a person reads it on a terminal, without colours; identifiers are pseudonyms."""
    parts = (_head, _timeline, _innocent, _odds, _versions, _history, _related)
    return [line for part in parts for line in part(told)]


def _head(told: Account) -> list[str]:
    alert = told.alert
    finding, facts = alert.finding, alert.facts
    shadow = ", in shadow" if facts.shadow else ""
    silenced = f", {finding.silenced} silenced by `unless`" if finding.silenced else ""
    hits = "1 hit" if finding.hits == 1 else f"{finding.hits} hits"
    result = [
        f"{alert.name}  {facts.title}",
        f"{facts.severity}, {alert.status}{shadow}",
        "",
        finding.because,
        "",
        f"Actor       {finding.actor} (by {facts.by})",
        f"First hit   {iso(finding.started_by.occurred_at)}, on {_count(finding.counted, 'observation')}",
        f"Latest hit  {iso(finding.ended_by.occurred_at)}, {hits}{silenced}",
        "Accounts    "
        + ("fires on one account alone" if finding.one_account else "fires on several accounts together"),
    ]
    if alert.decision is not None:
        decision = alert.decision
        result.append(f"Decided     {decision.disposition}, by {decision.by} on {iso(decision.at)}: {decision.because}")
    if alert.amendment is not None:
        result.append(f"Amended     since the decision the data changed: {alert.reason}")
    return result


def _timeline(told: Account) -> list[str]:
    result = ["", "Timeline (* decides)"]
    for step in told.steps:
        name = step.name
        star = "*" if step.marks else " "
        what = "".join(f"  {key} {value}" for key, value in step.details.items())
        marks = f"  <- {', '.join(step.marks)}" if step.marks else ""
        result.append(f"  {star} {iso(name.occurred_at)}  {name.source}  {name.event_id}  {name.account}{what}{marks}")
    listed = len(told.alert.finding.evidence)
    if told.alert.finding.counted > listed:
        result.append(f"    ({listed} of {told.alert.finding.counted} counted observations are listed as evidence)")
    return result


def _innocent(told: Account) -> list[str]:
    if told.rule is None or not told.rule.innocent:
        return []
    return ["", "It may be innocent", *(f"  - {reason}" for reason in told.rule.innocent)]


def _of_rule(odds: RuleOdds | None) -> dict[str, Any] | None:
    """What the latest backtest told; ``None`` if there was none."""
    if odds is None:
        return None
    return {"at": iso(odds.at), "short": odds.document["short"], "paragraph": odds.document["paragraph"]}


def _odds(told: Account) -> list[str]:
    if told.odds is None:
        return []
    return ["", f"How odd the rule is, by its backtest of {iso(told.odds.at)}", f"  {told.odds.document['short']}"]


def _versions(told: Account) -> list[str]:
    facts = told.alert.facts
    result = ["", "Found with", f"  rule {facts.rule}, {facts.fingerprint}"]
    if told.rule is not None:
        result.append(f"    {told.rule.sentence}")
        origin = _origin(told.rule)
        if origin is not None:
            edited = ", and edited since" if origin["edited"] else ""
            result.append(
                f"    last changed in {origin['commit'][:12]} by {origin['author'] or 'nobody named'}{edited}"
            )
    return result + [f"  {name} {value}" for name, value in sorted(facts.versions.items())]


def _origin(rule: RuleVersion | None) -> dict[str, Any] | None:
    """Commit and author of the rule's file when a scan first ran this meaning; ``None`` where git knew nothing."""
    if rule is None or rule.git_commit is None:
        return None
    return {"commit": rule.git_commit, "author": rule.git_author, "edited": bool(rule.git_dirty)}


def _history(told: Account) -> list[str]:
    result = ["", "History"]
    for entry in told.history:
        who = f"by {entry.by}" if entry.by is not None else f"in scan {entry.scan}"
        result.append(f"  {iso(entry.at)}  {entry.change} {who}: {entry.reason}")
    return result


def _related(told: Account) -> list[str]:
    alert = told.alert
    result = []
    if alert.superseded_by is not None:
        result.append(f"  goes on in A-{alert.superseded_by}")
    if alert.linked_to is not None:
        result.append(f"  goes on after A-{alert.linked_to}, which is decided")
    result += [f"  took the place of {other.name}: {other.reason}" for other in told.superseded]
    result += [f"  later hits are in {other.name} ({other.status})" for other in told.followed_by]
    return ["", "Other alerts", *result] if result else []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
