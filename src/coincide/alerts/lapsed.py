"""Presence that was told under a request which is not in force any more: such alerts are not shown.

Who was at incidents may be told only as long as a recorded request stands behind it. When one ends, or its time is
over, it is not known before the next scan which alerts another request covers too. Until then none is shown that was
open at the last scan under it; that scan keeps or withdraws them. What a person decided stays as a record.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from coincide.alerts.alert import Alert
from coincide.alerts.errors import GroundOver
from coincide.requests.register import in_force
from coincide.store import scan as scans
from coincide.store.tables import alert as table

Lapsed = dict[str, tuple[str, ...]]
"""By rule, the requests that are over."""


def lapsed(connection: Connection, now_us: int) -> Lapsed:
    """The rules of presence whose open alerts are not shown, with the requests of their last scan that are over."""
    now = {request.name for request in in_force(connection, now_us)}
    over = {rule: tuple(name for name in under if name not in now) for rule, under in _under(connection)}
    return {rule: names for rule, names in over.items() if names}


def resting_on(connection: Connection, request: str) -> int:
    """How many open alerts were found while this request was in force."""
    rules = [rule for rule, under in _under(connection) if request in under]
    query = select(func.count()).where(table.c.status == "open", table.c.erased_at.is_(None), table.c.rule.in_(rules))
    return connection.execute(query).scalar_one()


def must_stand(connection: Connection, alert: Alert, now_us: int) -> None:
    """Raises ``GroundOver`` if the alert is one that is not shown."""
    if alert.status == "open" and (over := lapsed(connection, now_us).get(alert.facts.rule)):
        raise GroundOver(alert.name, over)


def _under(connection: Connection) -> Iterator[tuple[str, list[str]]]:
    """Of each rule of presence, the requests that were in force at its last scan."""
    seen: set[str] = set()
    for scan in scans.latest_kept(connection):
        for rule in scan.versions.get("rules", {}):
            if rule not in seen and rule in scan.versions.get("attendance", {}):
                yield rule, scan.versions.get("requests", [])
            seen.add(rule)
