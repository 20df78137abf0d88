"""The reports and considerations in the database: rows to values and back. Only ``service`` calls what writes here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, case, func, insert, select

from coincide.alerts.alert import iso
from coincide.reports.errors import ReportErased
from coincide.reports.report import Consideration, Report
from coincide.store.tables import consideration, report

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Listed:
    """A report as lists show it: nothing of what is in it. ``status``: ``erased`` for a tombstone."""

    id: int
    revision: int
    alert: int
    obligation: str
    status: str
    drafted_at: int
    drafted_by: str


def find(connection: Connection, id_: int, revision: int | None = None) -> Report | None:
    """A revision of a report, the newest unless one is named. Raises ``ReportErased``."""
    query = select(report).where(report.c.id == id_).order_by(report.c.revision.desc()).limit(1)
    if revision is not None:
        query = query.where(report.c.revision == revision)
    row = connection.execute(query).first()
    if row is None:
        return None
    if row.erased_at is not None:
        raise ReportErased(f"R-{id_} (revision {row.revision})", iso(row.erased_at))
    return Report.model_validate(row.document)


def under_way(connection: Connection, alert: int) -> list[Report]:
    """The newest revision of each report of an alert that is no tombstone, in the order of their numbers."""
    query = select(report.c.id, report.c.document).where(report.c.alert == alert, report.c.erased_at.is_(None))
    newest = {row.id: row.document for row in connection.execute(query.order_by(report.c.id, report.c.revision))}
    return [Report.model_validate(document) for document in newest.values()]


def listed(connection: Connection) -> list[Listed]:
    """The newest revision of every report, by number."""
    newest = select(report.c.id, func.max(report.c.revision).label("revision")).group_by(report.c.id).subquery()
    status = case((report.c.erased_at.is_not(None), "erased"), else_=report.c.status).label("status")
    query = select(*(status if name == "status" else report.c[name] for name in Listed.__slots__))
    query = query.join(newest, (report.c.id == newest.c.id) & (report.c.revision == newest.c.revision))
    return [Listed(*row) for row in connection.execute(query.order_by(report.c.id))]


def keep(connection: Connection, made: Report, alert: int) -> Report:
    """Keeps a record as the next revision of the report of this alert and obligation, or as a new one: as it is kept.

    Nothing is replaced: a revision, once kept, stays, until what is in it is erased (``beside``).
    """
    of_both = (report.c.alert == alert) & (report.c.obligation == made.obligation.id)
    known = connection.execute(
        select(report.c.id, func.max(report.c.revision)).where(of_both).group_by(report.c.id)
    ).first()
    id_, revision = (known[0], known[1] + 1) if known else (_next(connection), 1)
    kept = made.numbered(id_, revision)
    connection.execute(
        insert(report).values(
            id=id_,
            revision=revision,
            alert=alert,
            obligation=kept.obligation.id,
            status=kept.status,
            drafted_at=(datetime.fromisoformat(kept.drafted.at) - _EPOCH) // timedelta(microseconds=1),
            drafted_by=kept.drafted.by,
            document=kept.model_dump(mode="json"),
        )
    )
    return kept


def considered(connection: Connection, alert: int) -> Consideration | None:
    """The first consideration of an alert: the moment that counts."""
    query = select(consideration).where(consideration.c.alert == alert).order_by(consideration.c.id).limit(1)
    row = connection.execute(query).first()
    if row is None:
        return None
    return Consideration(at=iso(row.at), by=row.by, because=row.because, obligation=row.obligation, ground=row.ground)


def consider(connection: Connection, alert: int, moment: Consideration, at_us: int) -> None:
    """Keeps a consideration behind those before it."""
    connection.execute(
        insert(consideration).values(
            alert=alert,
            obligation=moment.obligation,
            ground=moment.ground,
            at=at_us,
            by=moment.by,
            because=moment.because,
        )
    )


def _next(connection: Connection) -> int:
    return (connection.execute(select(func.max(report.c.id))).scalar() or 0) + 1
