"""What is over and older than its time goes, once a day: alerts, reports, quarantine, suppressions, seals, salts.

What is still needed has no age: an undecided alert waits for a person. A decision, and a suppression, wait for their
source: as long as files have rows of that time, a scan that reads them would raise the matter anew. An alert waits for
what was made of it, such as a report, which has a time of its own. All are counted. DESIGN: promise 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, func, or_, select

from coincide.alerts import register, rotation, service
from coincide.alerts.alert import Alert, iso
from coincide.alerts.beside import Beside
from coincide.alerts.erasure import Counts, bury, companions, nobody, unseal
from coincide.engines.workspace import Workspace
from coincide.ledger.book import Book
from coincide.store import commit, entity, outbox, segment, tables
from coincide.store import file as files
from coincide.store import scan as scans

DAY_US = 86_400_000_000
REASON = "erased because its time was over"
Span = tuple[str, int, int]
"""A source, and the earliest and the latest time of the rows that rules selected from a file of it."""


@dataclass(frozen=True, slots=True)
class Retained:
    """``gone``: what went, by kind. ``waiting``: what is older than its time and waits for its source, by kind; and as
    ``reported_alerts`` those that wait for what was made of them.
    """

    gone: Counts
    waiting: Counts


def retain(
    workspace: Workspace, book: Book, *, now_us: int, beside: Sequence[Beside] = (), keep: bool = True
) -> Retained:
    """Takes out what is older than the settings say, and enters how much; without ``keep`` it is only counted.

    Raises ``ScanRunning``.
    """
    with commit.scanning(book.database, workspace.state, iso(now_us)):
        if not keep:
            with book.database.writing(keep=False) as connection:
                return take_out(workspace, connection, by=book.staff.id, now_us=now_us, beside=beside)
        with commit.committing(book.database, workspace.state) as connection:
            done = take_out(workspace, connection, by=book.staff.id, now_us=now_us, beside=beside)
            book.enter(connection, "state:retain", "state", reason=_said(done))
        book.log()
        # Also where nothing went: an earlier run may have been broken off here.
        book.database.compact()
    return done


def take_out(
    workspace: Workspace, connection: Connection, *, by: str, now_us: int, beside: Sequence[Beside] = ()
) -> Retained:
    """Takes out what is due at a time."""
    settings = workspace.settings.retention

    def before(days: int) -> int:
        return now_us - days * DAY_US

    spans = _spans(workspace, connection)
    decided = _closed(connection, "decided", before(settings.decided_days))
    over = decided + _closed(connection, "other", before(settings.closed_days))
    waiting = {one.id for one in decided if _found_again(one, spans)}
    young = {id_ for part in beside for id_ in part.young(connection, before(settings.report_days))}
    due = [one for one in over if one.id not in waiting | young]
    bury(connection, due, REASON, by=by, at_us=now_us)
    # What was made of an alert keeps no scan from anything, so it does not wait for the source.
    old = [one.id for one in over if one.id not in young]
    silent, silencing = _suppressions(connection, before(settings.suppression_days), spans)
    gone = {
        "alerts": len(due),
        **{part.noun: part.bury(connection, old, now_us) for part in beside},
        "suppressions": silent,
        "memberships": companions(connection),
        "quarantined_rows": files.forget_quarantine(connection, before(settings.quarantine_days)),
        "commitments": outbox.forget_salts_before(connection, before(settings.commitment_days)),
        "scans": scans.forget_before(connection, before(settings.scan_days)),
    }
    segment.forget(connection, segment.unnamed(connection))
    gone["entity_versions"] = entity.forget_versions(connection, _versions(connection))
    gone["seals"] = unseal(connection, nobody(connection))
    reported = sum(one.id in young for one in over)
    return Retained(gone, {"alerts": len(waiting), "reported_alerts": reported, "suppressions": silencing})


def _closed(connection: Connection, kind: str, at: int) -> list[Alert]:
    """The alerts that ended before a time and are no tombstones: ``decided`` ones, or the others."""
    alert, change = tables.alert, tables.alert_change
    if kind == "decided":
        ended = and_(alert.c.status == "decided", alert.c.decided_at < at)
    else:
        last = select(func.max(change.c.at)).where(change.c.alert == alert.c.id).scalar_subquery()
        ended = and_(or_(alert.c.status == "withdrawn", alert.c.status == "superseded"), last < at)
    query = select(alert).where(alert.c.erased_at.is_(None), ended).order_by(alert.c.id)
    return list(register.alerts_of(connection, query))


def _spans(workspace: Workspace, connection: Connection) -> list[Span]:
    """Of what times scans may still find something, as far as files are there that the last scans read."""
    sources = workspace.settings.sources
    return [
        (source, first, last)
        for source, path, first, last in files.spans(connection)
        # A table of a server has no file. What a selection of rules read long ago may be gone since.
        if source in sources and (sources[source].files is None or (workspace.folder / path).exists())
    ]


def _found_again(alert: Alert, spans: list[Span]) -> bool:
    """Whether a scan may find the episode of a decided alert again, which its decision covers as long as it is kept."""
    first, last = alert.finding.started_by, alert.finding.ended_by
    events = (first, last, *alert.finding.evidence, *alert.finding.latest_evidence)
    sources = {name.source for name in events}
    return any(
        source in sources and begins <= last.occurred_at and first.occurred_at <= ends for source, begins, ends in spans
    )


def _suppressions(connection: Connection, at: int, spans: list[Span]) -> tuple[int, int]:
    """Takes out the suppressions that ended before a time and silence nothing any more; how many, and how many wait."""
    table = tables.suppression
    over = [one for one in service.suppressions(connection) if one.until < at]
    # Silenced are episodes that end before its date, so any row from before may still be one of them.
    due = [one for one in over if not any(begins < one.until for _, begins, _ in spans)]
    scopes = rotation.scopes(connection)
    for one in due:
        connection.execute(delete(table).where(table.c.rule == one.rule, table.c.actor == one.actor))
    rotation.rescope(connection, scopes)
    return len(due), len(over) - len(due)


def _versions(connection: Connection) -> set[int]:
    """The entity versions that scans were run with."""
    versions = connection.execute(select(tables.scan.c.versions)).scalars()
    return {version["entities"] for version in versions if version.get("entities") is not None}


def _said(done: Retained) -> str:
    went = ", ".join(f"{kind} {count}" for kind, count in done.gone.items())
    return f"{went}; waiting: {', '.join(f'{kind} {count}' for kind, count in done.waiting.items())}"
