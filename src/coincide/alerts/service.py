"""What people do to alerts: the only place beside the scan that changes their state. DESIGN: section 4.

Each function reads the same way: check, load, change by a pure method of the noun, append to the history in
the same transaction. Time and the person's name come in as arguments. Without ``keep`` all is checked and
nothing kept. What a scan does is in ``scan`` and ``reconcile``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select

from coincide.alerts import register
from coincide.alerts.alert import Alert, Decision, Disposition, iso
from coincide.alerts.errors import (
    AlertClosed,
    AlertErased,
    AlreadyDecided,
    NoSuchAlert,
    NothingToLift,
    ReasonMissing,
    SameAccount,
    SuppressionOver,
    UnknownActor,
    UnknownRule,
)
from coincide.alerts.lapsed import must_stand
from coincide.alerts.reconcile import Transition
from coincide.ledger.book import Book, seal
from coincide.ledger.subject import Subject
from coincide.store import pseudonym, tables
from coincide.store import rule as rules


@dataclass(frozen=True, slots=True)
class Suppression:
    """No alerts of a rule for an actor from episodes that end before ``until``; times in microseconds,
    UTC."""

    rule: str
    actor: str
    until: int
    because: str
    by: str
    at: int


def decide(
    book: Book,
    id_: int,
    disposition: Disposition,
    *,
    because: str,
    by: str,
    at_us: int,
    again: bool = False,
    keep: bool = True,
) -> Alert:
    """A person's word on an alert; from then on it no longer moves. The alert afterwards.

    ``again`` replaces an earlier decision, which stays in the history. Raises ``ReasonMissing``,
    ``NoSuchAlert``, ``AlertErased``, ``AlertClosed``, ``AlreadyDecided`` or ``GroundOver``.
    """
    if not because.strip():
        raise ReasonMissing("a decision")
    with book.acting("alert:decide", f"A-{id_}", reason=f"{disposition}: {because.strip()}", keep=keep) as connection:
        alert = register.find(connection, id_)
        if alert is None:
            raise NoSuchAlert(f"A-{id_}")
        if alert.erased_at is not None:
            raise AlertErased(alert.name, iso(alert.erased_at))
        if alert.status in ("superseded", "withdrawn"):
            survivor = f"A-{alert.superseded_by}" if alert.superseded_by else None
            raise AlertClosed(alert.name, alert.status, survivor)
        if alert.decision is not None and not again:
            raise AlreadyDecided(alert.name, alert.decision.disposition, iso(alert.decision.at))
        must_stand(connection, alert, at_us)
        after = alert.decided(Decision(disposition, by, at_us, because.strip()))
        reason = f"{disposition}: {because.strip()}"
        return register.write(connection, [Transition("decided", alert, after, reason)], at_us, by=by)[0]


def suppress(
    book: Book,
    rule: str,
    actor: str,
    *,
    until_us: int,
    because: str,
    by: str,
    at_us: int,
    about: Sequence[Subject] = (),
    keep: bool = True,
) -> Suppression:
    """No alerts of the rule open for the actor until a date; those that are open stay. Replaces an earlier
    one.

    ``about``: the actor as the ledger gets it. Raises ``ReasonMissing``, ``SuppressionOver``, ``UnknownRule`` or
    ``UnknownActor``.
    """
    if not because.strip():
        raise ReasonMissing("a suppression")
    if until_us <= at_us:
        raise SuppressionOver(iso(until_us))
    suppression = Suppression(rule, actor, until_us, because.strip(), by, at_us)
    with book.acting("rule:suppress", rule, reason=because.strip(), about=about, keep=keep) as connection:
        known = rules.known(connection)
        if rule not in known:
            raise UnknownRule(rule, known)
        _must_be_known(connection, actor)
        _forget(connection, rule, actor)
        connection.execute(
            insert(tables.suppression).values(
                rule=rule, actor=actor, until=until_us, because=suppression.because, by=by, at=at_us
            )
        )
    return suppression


def lift(book: Book, rule: str, actor: str, *, about: Sequence[Subject] = (), keep: bool = True) -> None:
    """Ends a suppression at once: the next scan that evaluates the actor opens what it finds.

    ``about``: the actor as the ledger gets it. Raises ``NothingToLift``.
    """
    with book.acting("rule:lift", rule, about=about, keep=keep) as connection:
        if not _forget(connection, rule, actor):
            raise NothingToLift(rule)


def suppressions(connection: Connection, rule: str | None = None) -> list[Suppression]:
    """All suppressions (of a rule), by rule and actor."""
    table = tables.suppression
    query = select(table).order_by(table.c.rule, table.c.actor)
    if rule is not None:
        query = query.where(table.c.rule == rule)
    return [Suppression(*row) for row in connection.execute(query)]


def separate(
    book: Book,
    accounts: Sequence[str],
    *,
    because: str,
    by: str,
    at_us: int,
    about: Sequence[Subject] = (),
    keep: bool = True,
) -> list[tuple[str, str]]:
    """These accounts (pseudonyms) are not the same party: cut for good, each from each; the next scan obeys.

    ``about``: the accounts as the ledger gets them, sealed, since the next scan has to know them.
    Returns the pairs that are new. Raises ``ReasonMissing``, ``SameAccount`` or ``UnknownActor``.
    """
    if not because.strip():
        raise ReasonMissing("a separation")
    if len(set(accounts)) < max(len(accounts), 2):
        raise SameAccount
    table = tables.separation
    with book.acting("account:separate", "accounts", reason=because.strip(), about=about, keep=keep) as connection:
        seal(connection, about)
        if pseudonym.missing(connection, accounts):
            raise UnknownActor
        known = {(a, b) for a, b in connection.execute(select(table.c.account_a, table.c.account_b))}
        new = [pair for pair in combinations(sorted(accounts), 2) if pair not in known]
        if new:
            connection.execute(
                insert(table),
                [{"account_a": a, "account_b": b, "by": by, "at": at_us, "because": because.strip()} for a, b in new],
            )
    return new


def separations(connection: Connection) -> list[tuple[str, str]]:
    """The pairs of accounts (pseudonyms, the smaller first) that a person cut, sorted."""
    table = tables.separation
    query = select(table.c.account_a, table.c.account_b).order_by(table.c.account_a, table.c.account_b)
    return [(a, b) for a, b in connection.execute(query)]


def separated(connection: Connection) -> list[dict[str, Any]]:
    """The pairs with who, when (microseconds, UTC) and why, oldest first."""
    table = tables.separation
    query = select(table).order_by(table.c.at, table.c.account_a, table.c.account_b)
    return [dict(row) for row in connection.execute(query).mappings()]


def _forget(connection: Connection, rule: str, actor: str) -> bool:
    table = tables.suppression
    gone = connection.execute(delete(table).where(table.c.rule == rule, table.c.actor == actor))
    return gone.rowcount > 0


def _must_be_known(connection: Connection, name: str) -> None:
    member, alert = tables.membership, tables.alert
    places = (
        select(member.c.account).where(or_(member.c.account == name, member.c.actor == name)),
        select(alert.c.id).where(or_(alert.c.actor == name, alert.c.started_account == name)),
    )
    if all(connection.execute(query.limit(1)).first() is None for query in places):
        raise UnknownActor
