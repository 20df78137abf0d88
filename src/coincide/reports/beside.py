"""What is kept of reports about somebody: told, asked whether it is finished, erased on request, and gone with age.

A revision that rests on an event of whoever is erased becomes a tombstone: number, alert, obligation, when it was
drafted and by whom stay, the record goes. One that only names him in a text loses the name. A consideration keeps who
and when, because the deadline ran from it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from coincide.alerts.alert import iso
from coincide.alerts.beside import About, Beside
from coincide.alerts.holding import masked
from coincide.reports.report import Report
from coincide.store.rename import naming
from coincide.store.tables import consideration, report

GONE = "What was written here has been erased."
"""Stands in the place of why somebody considered an alert; a record repeats it, and must have words there."""
_AN_ERASED = "an erased account"
_OF_RECORD = {"number", "proves", "account"}
"""Of an event, what is not told: its part in the record, and the pseudonym, which is said once for all."""


# --- reports ------------------------------------------------------------------------------------------------------


def _reports_held(connection: Connection, about: About) -> list[dict[str, Any]]:
    """Each revision that names the account, with the account's own events; ``notice``: whether that may be told."""
    return [_told(row, about[0]) for row in _reports_naming(connection, about[0])]


def _told(row: Row[Any], name: str) -> dict[str, Any]:
    record = Report.model_validate(row.document)
    return {
        "report": record.report,
        "revision": record.revision,
        "alert": f"A-{row.alert}",
        "obligation": row.obligation,
        "at": iso(row.drafted_at),
        "by": row.drafted_by,
        "notice": record.obligation.notice,
        "events": [
            event.model_dump(mode="json", exclude=_OF_RECORD, exclude_none=True)
            for event in record.events
            if event.account == name
        ],
    }


def _reports_under_way(connection: Connection, about: About) -> list[str]:
    """No act finishes a report yet: each one that names the account is under way until it is erased."""
    return [f"the report R-{id_}" for id_ in sorted({row.id for row in _reports_naming(connection, about[0])})]


def _erase_reports(connection: Connection, about: About, at_us: int) -> int:
    name, _ = about
    rows = _reports_naming(connection, name)
    _empty(connection, [row for row in rows if name in row.document["party"]["accounts"]], at_us)
    others = [row for row in rows if name not in row.document["party"]["accounts"]]
    for row in others:
        document = json.loads(json.dumps(row.document).replace(name, _AN_ERASED))
        one = (report.c.id == row.id) & (report.c.revision == row.revision)
        connection.execute(update(report).where(one).values(document=document))
    return len(rows)


def _reports_young(connection: Connection, at_us: int) -> set[int]:
    query = select(report.c.alert).where(report.c.drafted_at >= at_us, report.c.erased_at.is_(None))
    return set(connection.execute(query).scalars())


def _bury_reports(connection: Connection, alerts: Collection[int], at_us: int) -> int:
    rows = connection.execute(select(report).where(report.c.erased_at.is_(None))).all()
    wanted = frozenset(alerts)
    return _empty(connection, [row for row in rows if row.alert in wanted], at_us)


def _reports_naming(connection: Connection, name: str) -> Sequence[Row[Any]]:
    """The revisions that name a pseudonym; tombstones name nobody."""
    query = select(report).where(naming(report, name)).order_by(report.c.id, report.c.revision)
    return connection.execute(query).all()


def _empty(connection: Connection, rows: Sequence[Row[Any]], at_us: int) -> int:
    """Makes tombstones of revisions; how many."""
    if rows:
        one = (report.c.id == bindparam("of")) & (report.c.revision == bindparam("which"))
        statement = update(report).where(one).values(document={}, erased_at=at_us)
        connection.execute(statement, [{"of": row.id, "which": row.revision} for row in rows])
    return len(rows)


# --- considerations -----------------------------------------------------------------------------------------------


def _considerations_held(connection: Connection, about: About) -> list[dict[str, Any]]:
    return [
        {
            "alert": f"A-{row.alert}",
            "obligation": row.obligation,
            "ground": row.ground,
            "at": iso(row.at),
            "by": row.by,
            "because": masked(row.because, about[0]),
        }
        for row in _considerations(connection, about[1])
    ]


def _considerations_under_way(connection: Connection, about: About) -> list[str]:
    """Alerts that somebody considered and nobody drafted a report of: the drafted ones are named by their number."""
    name, alerts = about
    drafted = {row.alert for row in _reports_naming(connection, name)}
    considered = {row.alert for row in _considerations(connection, alerts)}
    return [f"a report of A-{id_}, considered and not drafted," for id_ in sorted(considered - drafted)]


def _erase_considerations(connection: Connection, about: About, _at_us: int) -> int:
    name, _ = about
    rows = connection.execute(select(consideration).where(naming(consideration, name))).all()
    return _reword(connection, {row.id: row.because.replace(name, _AN_ERASED) for row in rows})


def _considerations_young(connection: Connection, at_us: int) -> set[int]:
    return set(connection.execute(select(consideration.c.alert).where(consideration.c.at >= at_us)).scalars())


def _bury_considerations(connection: Connection, alerts: Collection[int], _at_us: int) -> int:
    return _reword(connection, {row.id: GONE for row in _considerations(connection, alerts) if row.because != GONE})


def _considerations(connection: Connection, alerts: Collection[int]) -> list[Row[Any]]:
    """Those of these alerts, oldest first. All are read, because people write them one by one: there are few."""
    wanted = frozenset(alerts)
    rows = connection.execute(select(consideration).order_by(consideration.c.id))
    return [row for row in rows if row.alert in wanted]


def _reword(connection: Connection, texts: dict[int, str]) -> int:
    if texts:
        statement = update(consideration).where(consideration.c.id == bindparam("of"))
        statement = statement.values(because=bindparam("text"))
        connection.execute(statement, [{"of": id_, "text": text} for id_, text in texts.items()])
    return len(texts)


BESIDE = (
    Beside("reports", _reports_held, _reports_under_way, _erase_reports, _reports_young, _bury_reports),
    Beside(
        "considerations",
        _considerations_held,
        _considerations_under_way,
        _erase_considerations,
        _considerations_young,
        _bury_considerations,
    ),
)
"""What is kept about accounts here, for the parts that tell, erase and age it."""
