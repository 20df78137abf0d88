"""What a scan prints as JSON: rows, rules and the open alerts."""

from __future__ import annotations

from typing import Any

from coincide.alerts import listing
from coincide.alerts.alert import Alert, Finding, iso
from coincide.alerts.keep import basis_of
from coincide.alerts.scan import Outcome
from coincide.ledger.book import Book
from coincide.store import odds
from coincide.store.odds import RuleOdds


def scanned(
    book: Book, outcome: Outcome, *, now_us: int, since_us: int | None = None, until_us: int | None = None
) -> dict[str, Any]:
    """The document of ``coincide scan --json``.

    ``rules[].odds`` is what the latest backtest of the rule in this meaning told, ``null`` if there was none; of rules
    of presence ``rules[].attendance`` is how many accounts were at how many incidents. ``rows`` is the workspace's
    total, ``run`` of this run; ``rules[].alerts`` counts open alerts and ``actors`` those that have one; ``alerts`` are
    the open ones by first hit. ``since_us`` and ``until_us`` (half-open at the new end) bound the first hits of those
    shown and counted. Drafts have alerts without an id; where they are named beside other rules, ``rows`` and ``run``
    are of the other rules, as if no draft had been named.
    """
    rules = tuple(loaded.plan.rule for loaded in outcome.rules)
    wanted = listing.Wanted(rules=rules, since_us=since_us, until_us=until_us)
    with book.database.reading() as connection:
        stored = listing.page(connection, wanted, now_us=now_us).alerts
        known = {loaded.plan.rule: odds.latest(connection, loaded.plan.fingerprint) for loaded in outcome.rules}
    alerts = [listing.document(alert) for alert in stored if alert.facts.rule not in outcome.drafts]
    for loaded in outcome.rules:
        if loaded.plan.rule in outcome.drafts:
            alerts += [
                _draft(
                    loaded.rule.title,
                    loaded.rule.severity,
                    loaded.plan.by,
                    loaded.plan.fingerprint,
                    loaded.plan.rule,
                    one,
                )
                for one in outcome.drafts[loaded.plan.rule]
                if (since_us is None or one.started_by.occurred_at >= since_us)
                and (until_us is None or one.started_by.occurred_at < until_us)
            ]
    alerts.sort(key=lambda one: (one["first_at"], one["rule"], one["actor"]))
    return {
        "rows": outcome.totals,
        "run": {**outcome.run, "seconds": dict(outcome.seconds)},
        "rules": [
            {
                "rule": rule,
                "alerts": sum(one["rule"] == rule for one in alerts),
                "actors": len({one["actor"] for one in alerts if one["rule"] == rule}),
                "observations": outcome.observations[rule],
                "odds": _odds(known[rule]),
                **({"attendance": outcome.attendance[rule]} if rule in outcome.attendance else {}),
            }
            for rule in rules
        ],
        "alerts": alerts,
    }


def enter(book: Book, document: dict[str, Any], outcome: Outcome) -> None:
    """Enters in the ledger that the alerts of a scan's document leave Coincide. Raises what ``Book.reading`` raises."""
    kept = [int(alert["id"].removeprefix("A-")) for alert in document["alerts"] if alert["id"] is not None]
    drafts = sorted({alert["rule"] for alert in document["alerts"] if alert["id"] is None})
    objects = [*listing.numbers(kept), *(f"draft {rule}" for rule in drafts)]
    if objects:
        book.reading("alert:export", objects, basis=basis_of(outcome.rules))


def _odds(told: RuleOdds | None) -> dict[str, Any] | None:
    return None if told is None else {"at": iso(told.at), "paragraph": told.document["paragraph"]}


def _draft(title: str, severity: str, by: str, fingerprint: str, rule: str, finding: Finding) -> dict[str, Any]:
    """An alert of a draft: shown as it would be, without an id, because it is not kept."""
    from coincide.alerts.alert import Facts

    facts = Facts(rule, fingerprint, by, severity, title, shadow=False, scan=0)
    return {**listing.document(Alert(0, facts, finding)), "id": None, "status": "draft"}
