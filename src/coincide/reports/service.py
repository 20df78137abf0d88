"""What people do with reports: the only place that changes their state.

Each function reads the same way: check, load, change by a pure method of the noun, append to the ledger in the same
transaction. Evidence is read only after the ledger has it who asked. Nothing leaves Coincide from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from coincide.alerts import register as alerts
from coincide.alerts.alert import Alert, iso
from coincide.alerts.errors import AlertErased, NoSuchAlert, ReasonMissing
from coincide.alerts.lapsed import must_stand
from coincide.alerts.observed import found, rule_of
from coincide.engines.workspace import Workspace
from coincide.ledger.book import Book
from coincide.obligations.errors import UnknownGround
from coincide.obligations.load import chosen
from coincide.obligations.obligation import Obligation
from coincide.obligations.substance import substances
from coincide.reports import register
from coincide.reports.draft import by_default, drafted
from coincide.reports.errors import ChangedMeanwhile, DecidedBenign, NoSuchReport, NothingToReport
from coincide.reports.evidence import events
from coincide.reports.report import Consideration, Report, due

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Considered:
    """``first``: the moment that counts; ``again``: whether it was there before. ``due``: by the obligation's hours.

    ``revised``: the reports of the alert that got a revision with the moment in it.
    """

    first: Consideration
    again: bool
    obligation: Obligation
    due: str | None
    revised: tuple[Report, ...]


def draft(
    workspace: Workspace,
    book: Book,
    alert_id: int,
    *,
    obligation: str | None = None,
    by: str,
    at_us: int,
    progress: Progress = lambda _: None,
    keep: bool = True,
) -> Report:
    """Drafts a report of an alert, as a new revision if there is one; the record as it is kept.

    Raises ``NoSuchAlert``, ``AlertErased``, ``NothingToReport``, ``DecidedBenign``, ``GroundOver``,
    ``UnknownObligation``, ``NotAsFound``, ``NotAboutSuchGoods``, ``ChangedMeanwhile``, and what ``Book.reading`` raises
    and is wrong with rules or files.
    """
    with book.database.reading() as connection:
        alert = _reportable(connection, alert_id, at_us)
    known = workspace.obligations
    basis = rule_of(workspace, alert).rule.basis
    loaded = chosen(known, obligation or by_default(basis, known))
    goods = substances(loaded)
    book.reading("alert:evidence", [alert.name], basis=loaded.obligation.place)
    with book.database.reading() as connection:
        there = events(alert, found(workspace, connection, alert, progress), workspace.settings, goods)
    made = drafted(alert, basis, loaded.obligation, there, by=by, at_us=at_us)
    return kept(book, alert, made, keep=keep)


def consider(
    workspace: Workspace,
    book: Book,
    alert_id: int,
    *,
    because: str,
    by: str,
    at_us: int,
    obligation: str | None = None,
    ground: str | None = None,
    keep: bool = True,
) -> Considered:
    """A person considers an alert to be one for a report. The first such moment of an alert counts, whoever says so
    again; every one is kept.

    Without ``obligation``: that of the report that is under way, else that of the rule. Raises ``ReasonMissing``,
    ``NoSuchAlert``, ``AlertErased``, ``NothingToReport``, ``DecidedBenign``, ``GroundOver``, ``UnknownObligation``,
    ``UnknownGround`` and, where the rule is asked, ``NotAsFound``.
    """
    if not because.strip():
        raise ReasonMissing("a consideration")
    one = _considered_under(workspace, book, alert_id, obligation, at_us)
    if ground is not None and ground not in one.letters:
        raise UnknownGround(ground, one.obligation, one.letters)
    with book.acting("report:consider", f"A-{alert_id}", reason=because.strip(), keep=keep) as connection:
        _reportable(connection, alert_id, at_us)
        first = register.considered(connection, alert_id)
        now = Consideration(at=iso(at_us), by=by, because=because.strip(), obligation=one.obligation, ground=ground)
        register.consider(connection, alert_id, now, at_us)
        counts = first or now
        revised = [
            register.keep(connection, report.considered_by(counts), alert_id)
            for report in register.under_way(connection, alert_id)
            if report.considered is None
        ]
        return Considered(counts, first is not None, one, due(counts, one.deadline.hours), tuple(revised))


def show(book: Book, id_: int, revision: int | None = None) -> Report:
    """A report, entered in the ledger before it is shown.

    Raises ``NoSuchReport``, ``ReportErased`` and what ``Book.reading`` raises.
    """
    with book.database.reading() as connection:
        report = register.find(connection, id_, revision)
    if report is None:
        raise NoSuchReport(f"R-{id_}" if revision is None else f"R-{id_} (revision {revision})")
    book.reading("report:show", [f"R-{id_} revision {report.revision}"])
    return report


def _considered_under(
    workspace: Workspace, book: Book, alert_id: int, obligation: str | None, at_us: int
) -> Obligation:
    """The obligation that a person names, else that of the newest report under way, else that of the rule."""
    with book.database.reading() as connection:
        alert = _reportable(connection, alert_id, at_us)
        under_way = register.under_way(connection, alert_id)
    known = workspace.obligations
    if obligation is None and under_way:
        obligation = under_way[-1].obligation.id
    return chosen(known, obligation or by_default(rule_of(workspace, alert).rule.basis, known)).obligation


def kept(book: Book, alert: Alert, made: Report, *, keep: bool = True) -> Report:
    """Keeps what was made of ``alert``, if that is still as it was. Raises ``ChangedMeanwhile``."""
    with book.acting("report:draft", alert.name, reason=made.obligation.id, keep=keep) as connection:
        if alerts.find(connection, alert.id) != alert:
            raise ChangedMeanwhile(alert.name)
        return register.keep(connection, made.considered_by(register.considered(connection, alert.id)), alert.id)


def _reportable(connection: Connection, id_: int, at_us: int) -> Alert:
    alert = alerts.find(connection, id_)
    if alert is None:
        raise NoSuchAlert(f"A-{id_}")
    if alert.erased_at is not None:
        raise AlertErased(alert.name, iso(alert.erased_at))
    if alert.status in ("superseded", "withdrawn"):
        survivor = f"A-{alert.superseded_by}" if alert.superseded_by else None
        raise NothingToReport(alert.name, alert.status, survivor)
    if alert.decision is not None and alert.decision.disposition == "benign":
        raise DecidedBenign(alert.name)
    must_stand(connection, alert, at_us)
    return alert
