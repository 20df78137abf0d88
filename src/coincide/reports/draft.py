"""A record made from an alert, its rule, an obligation and the events that were read again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from coincide.alerts.alert import Alert, iso
from coincide.obligations import citation
from coincide.obligations.load import Loaded
from coincide.obligations.obligation import Obligation
from coincide.reports.errors import NoSourcedEvent, NotAboutSuchGoods
from coincide.reports.report import (
    Alerted,
    Blank,
    Consideration,
    Drafted,
    Event,
    Ground,
    Party,
    Report,
    duty,
)
from coincide.rules.rule import Basis

VOLUNTARY = "voluntary"


def by_default(basis: Basis, known: Mapping[str, Loaded]) -> str:
    """The obligation that alerts of a rule fall under, unless a person says another: the one that its basis names,
    else ``voluntary``."""
    if basis.obligation is not None and basis.obligation in known:
        return basis.obligation
    for id_, loaded in known.items():
        one = loaded.obligation
        if id_ != VOLUNTARY and one.rules.may != "none" and citation.named(basis.law, one):
            return id_
    return VOLUNTARY


def drafted(
    alert: Alert,
    basis: Basis,
    obligation: Obligation,
    events: Sequence[Event],
    *,
    by: str,
    at_us: int,
    considered: Consideration | None = None,
) -> Report:
    """The record, numbered 0 until it is kept. Raises ``NoSourcedEvent`` and ``NotAboutSuchGoods``."""
    if not events:
        raise NoSourcedEvent(alert.name)
    if obligation.items is not None and not any(event.goods for event in events):
        raise NotAboutSuchGoods(alert.name, obligation.obligation, obligation.law, obligation.items.because)
    facts, finding = alert.facts, alert.finding
    report = Report(
        version=1,
        report="R-0",
        revision=1,
        status="draft",
        drafted=Drafted(at=iso(at_us), by=by),
        obligation=duty(obligation),
        considered=None,
        due=None,
        rests_on=Alerted(
            alert=alert.name,
            rule=facts.rule,
            title=facts.title,
            fingerprint=facts.fingerprint,
            finding=finding.because,
            shadow=facts.shadow,
        ),
        party=Party(
            pseudonym=finding.actor,
            by=facts.by,
            accounts=_each(event.account for event in events),
            customer_types=_each(event.customer_type for event in events),
        ),
        grounds=tuple(_grounds(obligation, basis, events)),
        events=tuple(events),
        blanks=tuple(Blank(field=one.field, asks=one.asks, value=None) for one in obligation.fields),
    )
    return report.considered_by(considered)


def _grounds(obligation: Obligation, basis: Basis, events: Sequence[Event]) -> Iterable[Ground]:
    """All grounds that the law names. One is shown only if data can show it and the rule is about it."""
    letters: Iterable[str] = citation.grounds(basis.law, obligation)
    if basis.obligation == obligation.obligation and basis.ground:
        letters = basis.ground
    if obligation.rules.may != "named":
        letters = obligation.letters if obligation.rules.may == "any" else ()
    about = [event.number for event in events if obligation.items is None or event.goods]
    for ground in obligation.grounds:
        shown = ground.shown_by is not None and ground.letter in letters
        yield Ground(
            letter=ground.letter,
            article=ground.article,
            says=ground.says,
            shown="by the data" if shown else "not shown by the data",
            by=ground.shown_by if shown else None,
            events=tuple(about) if shown else (),
        )


def _each(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value is not None}))
