"""What the judge expects and what an engine found, in one form, and where they differ.

The form is a dictionary of ``rows`` (the four ends), ``quarantined`` (source, file, position, reason),
``observations`` by rule, ``attendance`` by rule of presence, and ``alerts``, each a dictionary of the fields of
:class:`reference.world.Alert`. Names of events are ``(occurred_at, source, event_id, account)``, evidence is sorted.
What an engine does not tell is left out and not compared; rows and alerts are always told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reference.world import Account, Name, Verdict, World

Found = dict[str, Any]
Pseudonym = Callable[[str, Account], Any]
"""From what a rule looks ``by`` (``account`` for accounts) and an account (or ``("", value)``) to its name."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def itself(by: str, account: Account) -> Account:
    """The pseudonym of engines that name accounts as they are given."""
    return account


def expected(
    world: World,
    verdict: Verdict,
    places: Mapping[tuple[str, int], tuple[Any, ...]] | None = None,
    called: Pseudonym = itself,
) -> Found:
    """The judge's verdict, with rows by their place in the files and accounts as the engine calls them.

    Without ``places`` the quarantined rows are left out.
    """
    by = {rule.id: rule.by for rule in world.rules}
    namespaces = {name: source.accounts or name for name, source in world.sources.items()}

    def event(name: Name) -> tuple[Any, ...]:
        at, source, event_id, account = name
        return (at, source, event_id, account if called is itself else called("account", (namespaces[source], account)))

    alerts = [
        {
            "rule": alert.rule,
            "actor": called(by[alert.rule], alert.actor),
            "started_by": event(alert.started_by),
            "ended_by": event(alert.ended_by),
            "hits": alert.hits,
            "silenced": alert.silenced,
            "counted": alert.counted,
            "one_account": alert.one_account,
            "evidence": sorted(map(event, alert.evidence)),
            "latest_evidence": sorted(map(event, alert.latest_evidence)),
        }
        for alert in verdict.alerts
    ]
    right = {"rows": verdict.rows, "observations": verdict.observations, "alerts": sorted(alerts, key=_first)}
    if verdict.attendance:
        right["attendance"] = verdict.attendance
    if places is not None:
        right["quarantined"] = sorted((s, *places[s, number], reason) for s, number, reason in verdict.quarantined)
    return right


def from_document(document: Mapping[str, Any]) -> Found:
    """What ``coincide scan --json`` printed. Of the first and the last hit it tells less than their full names."""
    alerts = []
    for alert in document["alerts"]:
        told = {key: alert[key] for key in ("rule", "actor", "hits", "silenced", "counted", "one_account")}
        told["source"], told["first_id"] = alert["source"], alert["started_by"]
        told["first_at"], told["last_at"] = _us(alert["first_at"]), _us(alert["last_at"])
        for proof in ("evidence", "latest_evidence"):
            told[proof] = sorted(
                (_us(e["occurred_at"]), e["source"], e["event_id"], e["account"]) for e in alert[proof]
            )
        alerts.append(told)
    return {
        "rows": dict(document["rows"]),
        "observations": {rule["rule"]: rule["observations"] for rule in document["rules"]},
        "alerts": sorted(alerts, key=_first),
        "attendance": {
            rule["rule"]: rule["attendance"]["accounts"] for rule in document["rules"] if "attendance" in rule
        },
    }


def as_document(found: Found) -> Found:
    """The same with only what a document tells of the first and the last hit."""
    alerts = []
    for alert in found["alerts"]:
        told = {key: value for key, value in alert.items() if key not in ("started_by", "ended_by")}
        told["first_at"], told["source"], told["first_id"], _ = alert["started_by"]
        told["last_at"] = alert["ended_by"][0]
        alerts.append(told)
    return {**found, "alerts": sorted(alerts, key=_first)}


def differences(right: Found, found: Found) -> list[str]:
    """What the engine did otherwise, a line each; nothing if they agree."""
    lines = []
    for part in ("rows", "quarantined", "observations", "attendance"):
        if part == "rows" or (part in right and part in found):
            lines += _differing(part, right[part], found[part])
    left = list(found["alerts"])
    for alert in right["alerts"]:
        if alert in left:
            left.remove(alert)
            continue
        same = [other for other in left if _first(other) == _first(alert)]
        if same:
            left.remove(same[0])
            lines += [
                f"alert {_first(alert)}, {key}: {alert[key]} by the judge, {same[0][key]} found"
                for key in alert
                if alert[key] != same[0][key]
            ]
        else:
            lines.append(f"alert missing: {alert}")
    return lines + [f"alert too many: {alert}" for alert in left]


def _differing(part: str, right: Any, found: Any) -> list[str]:
    if right == found:
        return []
    if isinstance(right, list):
        lost, new = [one for one in right if one not in found], [one for one in found if one not in right]
        return [f"{part}: missing {lost}, too many {new}"]
    return [f"{part}: {right} by the judge, {found} found"]


def _first(alert: Mapping[str, Any]) -> tuple[Any, ...]:
    if "started_by" in alert:
        return (alert["rule"], alert["started_by"], alert["actor"])
    return (alert["rule"], alert["first_at"], alert["source"], alert["first_id"], alert["actor"])


def _us(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
