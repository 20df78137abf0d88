"""The requests in the database: rows to values and back. Only ``service`` calls what writes here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from coincide.requests.request import Act, Asked, Request, Span
from coincide.store.tables import request


def find(connection: Connection, id_: int) -> Request | None:
    """The request of a number."""
    row = connection.execute(select(request).where(request.c.id == id_)).first()
    return None if row is None else _of(row)


def listed(connection: Connection) -> list[Request]:
    """All requests, by number."""
    return [_of(row) for row in connection.execute(select(request).order_by(request.c.id))]


def in_force(connection: Connection, at_us: int) -> tuple[Request, ...]:
    """The requests that are ground to show who was present, at a time; by number."""
    query = select(request).where(request.c.answer == "confirmed", request.c.ended_at.is_(None))
    found = [_of(row) for row in connection.execute(query.order_by(request.c.id))]
    return tuple(one for one in found if one.in_force(at_us))


def next_id(connection: Connection) -> int:
    """The number of the next request."""
    return (connection.execute(select(func.max(request.c.id))).scalar() or 0) + 1


def add(connection: Connection, made: Request) -> None:
    """Keeps a new request."""
    connection.execute(insert(request).values(_row(made)))


def replace(connection: Connection, made: Request) -> None:
    """Keeps what became of a request."""
    connection.execute(update(request).where(request.c.id == made.id).values(_row(made)))


def _row(made: Request) -> dict[str, Any]:
    asked = made.asked
    return {
        "id": made.id,
        "asker": asked.asker,
        "reference": asked.reference,
        "offence": asked.offence,
        "law": asked.law,
        "places": list(asked.places),
        "lines": list(asked.lines),
        "spans": [list(span) for span in asked.spans],
        "note": asked.note,
        "expires_at": made.expires_at,
        "proposed_by": made.proposed.by,
        "proposed_login": made.proposed.login,
        "proposed_at": made.proposed.at,
        "answer": made.answer,
        **_act("answered", made.answered),
        **_act("ended", made.ended),
    }


def _act(kind: str, act: Act | None) -> dict[str, Any]:
    values = (None,) * 4 if act is None else (act.by, act.login, act.at, act.because)
    return dict(zip((f"{kind}_by", f"{kind}_login", f"{kind}_at", f"{kind}_because"), values, strict=True))


def _of(row: Row[Any]) -> Request:
    asked = Asked(
        row.asker,
        row.reference,
        row.offence,
        row.law,
        tuple(row.places),
        tuple(row.lines),
        tuple(Span(begins, ends) for begins, ends in row.spans),
        row.note,
    )
    answered = row.answered_at is not None
    return Request(
        row.id,
        asked,
        Act(row.proposed_by, row.proposed_login, row.proposed_at),
        row.expires_at,
        row.answer,
        Act(row.answered_by, row.answered_login, row.answered_at, row.answered_because) if answered else None,
        None if row.ended_at is None else Act(row.ended_by, row.ended_login, row.ended_at, row.ended_because),
    )
