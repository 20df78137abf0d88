"""What is stored about an account is erased: alerts become tombstones, names and seals go, commitments stay closed.

Regulation (EU) 2016/679, Article 17 (unchecked). One transaction takes out everything and enters how much it was, and
not whose. Then the database's file is written anew. What others read from is left alone: as long as a source has rows
of the account, a scan that reads them finds them again, under a new number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, delete, or_, select

from coincide.alerts import register, subject
from coincide.alerts.alert import Alert, iso
from coincide.alerts.beside import Beside
from coincide.alerts.errors import ErasureHindered, ReasonMissing
from coincide.alerts.reconcile import Transition
from coincide.alerts.reread import opened
from coincide.alerts.rotation import ring_for
from coincide.engines.workspace import Workspace
from coincide.entities.key import KeyRing
from coincide.entities.pseudonym import pseudonym
from coincide.ledger.book import Book
from coincide.store import commit, entity, outbox, rename, tables
from coincide.store import pseudonym as pseudonym_store
from coincide.store.rename import naming

REASON = "erased on the request of a person"
Counts = Mapping[str, int]
"""How many of each kind."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What went, by kind, and which alerts are tombstones now; ``hindering``: what was not finished."""

    counts: Counts
    tombstones: tuple[str, ...]
    hindering: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many of all kinds."""
        return sum(self.counts.values())


def erase(
    workspace: Workspace,
    book: Book,
    given: str,
    *,
    namespace: str | None = None,
    because: str,
    override: str | None = None,
    at_us: int,
    beside: Sequence[Beside] = (),
    keep: bool = True,
) -> Erasure:
    """Erases what is stored about an account; without ``keep`` it is only counted, which is entered as a look.

    Raises ``ReasonMissing``, ``ErasureHindered``, ``ScanRunning`` and what ``subject.asked`` and ``Book.reading``
    raise. A refusal is entered too.
    """
    if not because.strip():
        raise ReasonMissing("an erasure")
    if override is not None and not override.strip():
        raise ReasonMissing("an override", "--override")
    with commit.scanning(book.database, workspace.state, iso(at_us)):
        with book.database.reading() as connection:
            ring = ring_for(workspace.key_file, connection)
            account = subject.asked(workspace, connection, ring, given, namespace)
            name = pseudonym(*account, ring.current)
            hindrances = unfinished(connection, name, beside)
        if not keep:
            book.reading("subject:count", ["account"], reason=because.strip())
        elif hindrances and override is None:
            _refused(book, because.strip(), hindrances)
            raise ErasureHindered(hindrances)
        with _transaction(book, workspace, keep) as connection:
            heir = _heir(connection, ring, name)
            done = take_out(connection, name, heir, by=book.staff.id, at_us=at_us, beside=beside)
            if keep:
                book.enter(connection, "subject:erase", "account", reason=_said(because, override, done.counts))
        if keep:
            book.log()
            book.database.compact()
    return Erasure(done.counts, done.tombstones, tuple(hindrances))


def unfinished(connection: Connection, name: str, beside: Sequence[Beside] = ()) -> list[str]:
    """What about an account is not finished, in words: open alerts first."""
    named = naming_alerts(connection, name)
    found = [f"the alert {alert.name} is undecided" for alert in named if alert.status == "open"]
    about = (name, [alert.id for alert in named])
    return found + [f"{words} is under way" for part in beside for words in part.under_way(connection, about)]


def naming_alerts(connection: Connection, name: str) -> list[Alert]:
    """The alerts that name an account or had named it, by number."""
    alert, change = tables.alert, tables.alert_change
    histories = select(change.c.alert).where(naming(change, name))
    query = select(alert).where(or_(naming(alert, name), alert.c.id.in_(histories)))
    return list(register.alerts_of(connection, query.order_by(alert.c.id)))


def take_out(
    connection: Connection,
    name: str,
    heir: str | None,
    *,
    by: str,
    at_us: int,
    beside: Sequence[Beside] = (),
) -> Erasure:
    """Takes the account of a pseudonym out of every table. The rows of others stay as they are.

    ``heir``: another account of its actor, after which the actor of the others is called if it was called like this
    one. Of an alert on several accounts, what is of the others stays; their names in it too.
    """
    # Who stands nowhere already is not of this account, and waits for `retention`.
    others = nobody(connection) - {name}
    alerts = naming_alerts(connection, name)
    left = {one.id: one.without(name, heir or _other(one, name), f"redacted: {REASON}") for one in alerts}
    whole = [one for one in alerts if _names(one, name) and left[one.id] is None]
    parted = [(one, after) for one in alerts if _names(one, name) and (after := left[one.id]) is not None]
    bury(connection, whole, REASON, by=by, at_us=at_us)
    changes = [Transition("redacted", before, after, f"redacted: {REASON}") for before, after in parted]
    register.write(connection, changes, at_us, by=by)
    counts = {"alerts": len(whole), "alerts_redacted": len(parted)}
    counts["history"] = register.scrub_history(connection, name)
    for part in beside:
        about = (name, [one.id for one in alerts])
        counts[part.noun] = part.bury(connection, [one.id for one in whole], at_us)
        counts[part.noun] += part.erase(connection, about, at_us)
    counts["memberships"], counts["lists"] = entity.take_out(connection, name, heir)
    separation, suppression = tables.separation, tables.suppression
    counts["separations"] = connection.execute(delete(separation).where(naming(separation, name))).rowcount
    counts["suppressions"] = connection.execute(delete(suppression).where(naming(suppression, name))).rowcount
    counts["commitments"] = outbox.forget_salts(connection, name)
    counts["memberships"] += companions(connection)
    counts["seals"] = unseal(connection, nobody(connection) - others)
    return Erasure(counts, tuple(one.name for one in whole), ())


def bury(connection: Connection, alerts: Sequence[Alert], reason: str, *, by: str, at_us: int) -> None:
    """Makes tombstones of alerts, and empties their histories."""
    register.write(
        connection, [Transition("erased", one, one.erased(reason, at_us), reason) for one in alerts], at_us, by=by
    )
    for alert in alerts:
        register.forget_history(connection, alert.id)


def companions(connection: Connection) -> int:
    """Forgets the accounts of actors about whom there is no alert any more (ADR 0012): how many, with their actors."""
    before = entity.names(connection)
    entity.keep_only(connection, register.first_accounts(connection, "actor"))
    return len(before - entity.names(connection))


def nobody(connection: Connection) -> set[str]:
    """The names that have a seal and stand nowhere."""
    names = {row.pseudonym for row in pseudonym_store.everything(connection)}
    return names - rename.held(connection, names)


def unseal(connection: Connection, names: Collection[str]) -> int:
    """Takes out the seals of names that have one; how many."""
    pseudonym_store.forget(connection, names)
    return len(names)


@contextmanager
def _transaction(book: Book, workspace: Workspace, keep: bool) -> Iterator[Connection]:
    if keep:
        with commit.committing(book.database, workspace.state) as connection:
            yield connection
    else:
        with book.database.writing(keep=False) as connection:
            yield connection


def _names(alert: Alert, name: str) -> bool:
    """Whether the alert itself names the account, and not only its history."""
    return name in str(register.row_of(alert))


def _other(alert: Alert, name: str) -> str | None:
    """What an actor may be called whose name goes: the account of the first event that stays."""
    events = (*alert.finding.evidence, *alert.finding.latest_evidence, alert.finding.started_by, alert.finding.ended_by)
    return next((event.account for event in events if event.account not in (name, "")), None)


def _heir(connection: Connection, ring: KeyRing, name: str) -> str | None:
    """The first of the other accounts of its actor by code point, as a scan would name it."""
    others = [one for one in entity.members(connection, name) if one != name]
    accounts = opened(connection, ring, others)
    return min(accounts, key=accounts.__getitem__, default=None)


def _said(because: str, override: str | None, counts: Counts) -> str:
    """The reason as the ledger gets it: whose data they were is not in it."""
    went = ", ".join(f"{kind} {count}" for kind, count in counts.items())
    despite = f"; override: {override.strip()}" if override is not None else ""
    return f"{because.strip()}{despite}; erased: {went}"


def _refused(book: Book, because: str, hindrances: Sequence[str]) -> None:
    ground = f"{because}; {len(hindrances)} not finished: Regulation (EU) 2016/679, Art. 17(3)(b), (e)"
    with book.database.writing() as connection:
        book.enter(connection, "subject:erase", "account", outcome="refused", reason=ground)
    book.log()
