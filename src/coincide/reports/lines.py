"""The record as a person reads it on a terminal, in short; the page has all of it."""

from __future__ import annotations

from collections.abc import Sequence

from coincide.reports.report import Event, Report


def lines(report: Report) -> list[str]:
    """What is drafted, what it rests on, and what is left to a person. Identifiers are pseudonyms."""
    duty, alert = report.obligation, report.rests_on
    checked = "unchecked law" if duty.checked is None else f"checked on {duty.checked.on} by {duty.checked.by}"
    result = [
        f"{report.name}: {duty.title}",
        f"draft, from {alert.alert}{' (of a rule in shadow)' if alert.shadow else ''}, under {duty.id}: "
        f"{duty.law}, Article {duty.article} ({checked})",
        f"to: {duty.to}",
        f"deadline: {duty.deadline}",
        f"considered: {_considered(report)}",
        "",
        alert.finding,
        "",
        "Grounds",
    ]
    for ground in report.grounds:
        rests = f", {numbers(ground.events)}" if ground.events else ""
        result.append(f"  ({ground.letter}) {ground.says}: {ground.shown}{rests}")
    result += ["", "Events", *(f"  {event.number}. {_event(event)}" for event in report.events)]
    result += ["", "Blank, for a person", *(f"  {blank.field}: {blank.asks}" for blank in report.blanks)]
    return result


def numbers(events: Sequence[int]) -> str:
    """``event 1``, ``events 1, 2``."""
    return f"{'event' if len(events) == 1 else 'events'} {', '.join(map(str, events))}"


def _considered(report: Report) -> str:
    moment = report.considered
    if moment is None:
        return f"by nobody yet; `coincide report consider {report.rests_on.alert} --because ...` begins the clock"
    until = f"; due until {report.due}" if report.due else ""
    return f"on {moment.at} by {moment.by}: {moment.because}{until}"


def _event(event: Event) -> str:
    goods = "".join(f"; {good.name}, {good.annex}" for good in event.goods)
    each = f" x {event.content} {event.unit or ''}".rstrip() if event.content is not None else ""
    amount = f"{event.quantity or 'quantity not given'}{each}"
    what = f"{event.title or 'no published name'} ({event.item or 'no article number'})"
    return f"{event.at} {event.zone}, {what}{goods}, {amount}, {event.status or 'status not given'}"
