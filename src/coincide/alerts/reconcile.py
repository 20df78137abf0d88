"""Stored alerts against what a scan found: which open, go on, are superseded or withdrawn, and why.

Pure: no files, no clock, no ids given. ``register`` loads what comes in and keeps what comes out. Applied
to any stored state, the open alerts say exactly what was found, less what a person has decided already;
applied twice, the second time does nothing; no alert is ever deleted. DESIGN: "From hits to alerts".

The engine cuts episodes after the last hit of a decided alert, so that later hits are an episode of their
own here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from coincide.alerts.alert import Alert, Change, Facts, Finding, iso


class Cause(StrEnum):
    """Why a scan may find something else than the scan before it; the value is the clause that says so."""

    FIRST_SCAN = "it is the first scan"
    NEW_FILE = "a file was added"
    FILE_CHANGED = "a file changed"
    FILE_REMOVED = "a file was removed"
    MAPPING_CHANGED = "the mapping of a source changed"
    CATALOG_CHANGED = "the catalog changed"
    LISTS_CHANGED = "a managed list changed"
    ENTITIES_CHANGED = "the accounts of an actor changed"
    REQUESTS_CHANGED = "another request to tell who was present is in force"
    NETWORK_CHANGED = "the network changed"
    HAPPENED = "an incident that was ahead has happened"
    RULE_CHANGED = "the rule changed in meaning"
    RULE_GONE = "the rule is no longer run"


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of one alert: ``before`` is ``None`` for one that opens (its ``after.id`` is 0)."""

    change: Change
    before: Alert | None
    after: Alert
    reason: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The transitions, changes of stored alerts by id first, then those that open by first hit.

    ``suppressed`` counts findings that did not open because a person suppressed the rule for the actor.
    """

    transitions: tuple[Transition, ...]
    suppressed: int = 0


def reconcile(
    stored: Iterable[Alert],
    found: Iterable[Finding],
    facts: Facts,
    causes: Sequence[Cause],
    *,
    actors: Mapping[str, str] | None = None,
    suppressed: Mapping[str, int] | None = None,
    continues_us: int | None = None,
) -> Reconciliation:
    """What becomes of the alerts of one rule, in the part of the workspace that was evaluated again.

    ``stored``: the open and decided alerts of the rule in that part, of every fingerprint. ``found``: all
    findings of the same part, spans of one actor disjoint. ``facts``: the rule as it is now (its
    fingerprint decides which stored alerts mean the same) and the scan. ``causes``: what differs from the
    scan before, for the reasons.

    ``actors``: account pseudonym to the pseudonym of its actor now, at least for accounts whose actor
    changed; an alert follows the account of its first hit. Leave it out for rules that are not by actor.
    ``suppressed``: actor pseudonym to a time; findings of that actor that end before it do not open. The
    reason stands in the suppression, here they are only counted. Alerts that are open already go on.
    ``continues_us``: a finding that starts closer than this after the last hit of a decided alert of its
    actor is linked to it (the rule's window); ``None`` links to the last decided one however long ago.
    """
    actors = actors or {}
    now = facts.fingerprint
    why = " and ".join(causes) or "the same files were evaluated again"
    # An outdated fingerprint has its own cause, whatever else happened.
    outdated = Cause.RULE_GONE if Cause.RULE_GONE in causes else Cause.RULE_CHANGED
    stored = sorted(stored, key=lambda alert: (alert.finding.span, alert.id))
    findings = sorted(found, key=lambda finding: (finding.span, finding.actor))

    decided = [_moved(alert, actors) for alert in stored if alert.status == "decided"]
    cover = _covered([moved for moved in decided if moved.means(now)], findings)
    amendments = [
        _amendment(moved.alert, cover.get(moved.alert.id, ()), why if moved.means(now) else outdated, facts.scan)
        for moved in decided
    ]
    taken = {finding for covered in cover.values() for finding in covered}
    left = [finding for finding in findings if finding not in taken]

    opened = [_moved(alert, actors) for alert in stored if alert.status == "open"]
    match = _match([moved for moved in opened if moved.means(now)], left)

    transitions = [amendment for amendment in amendments if amendment is not None]
    transitions += [_withdrawn(moved.alert, outdated, facts.scan) for moved in opened if not moved.means(now)]
    transitions += [_withdrawn(alert, why, facts.scan) for alert in match.unmatched]
    transitions += [_superseded(alert, by, why, facts.scan) for alert, by in match.superseded]
    transitions += [
        _continued(alert, finding, facts, why) for alert, finding in match.continued if alert.finding != finding
    ]
    transitions.sort(key=lambda transition: transition.after.id)

    silent: dict[str, int] = {}
    for actor, until in (suppressed or {}).items():
        called = actors.get(actor, actor)
        silent[called] = max(until, silent.get(called, 0))
    new = [finding for finding in left if finding not in match.claimed]
    heard = [finding for finding in new if finding.ended_by.occurred_at >= silent.get(finding.actor, 0)]
    before = _by_actor(decided)
    transitions += [_opened(finding, before[finding.actor], facts, why, continues_us) for finding in heard]
    return Reconciliation(tuple(transitions), len(new) - len(heard))


@dataclass(frozen=True, slots=True)
class _Moved:
    """A stored alert and the actor that its first hit belongs to now."""

    alert: Alert
    actor: str

    def means(self, fingerprint: str) -> bool:
        return self.alert.facts.fingerprint == fingerprint

    def overlaps(self, finding: Finding) -> bool:
        mine, other = self.alert.finding.span, finding.span
        return self.actor == finding.actor and mine[0] <= other[1] and other[0] <= mine[1]


def _moved(alert: Alert, actors: Mapping[str, str]) -> _Moved:
    return _Moved(alert, actors.get(alert.first_account, alert.finding.actor))


def _by_actor(alerts: Iterable[_Moved]) -> defaultdict[str, list[_Moved]]:
    grouped: defaultdict[str, list[_Moved]] = defaultdict(list)
    for moved in alerts:
        grouped[moved.actor].append(moved)
    return grouped


@dataclass(frozen=True, slots=True)
class _Match:
    """Which stored alert goes on as which finding; every stored alert is in one of the three lists."""

    continued: list[tuple[Alert, Finding]]
    superseded: list[tuple[Alert, Alert]]
    unmatched: list[Alert]
    claimed: set[Finding]


def _match(opened: list[_Moved], findings: list[Finding]) -> _Match:
    """Pairs alerts (in order of first hit) with findings (in the same order): exact keys, then overlaps."""
    match = _Match([], [], [], set())
    survivor: dict[Finding, Alert] = {}
    by_start = {finding.started_by: finding for finding in findings}
    by_actor: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_actor[finding.actor].append(finding)

    def claim(alert: Alert, finding: Finding) -> None:
        match.continued.append((alert, finding))
        match.claimed.add(finding)
        survivor[finding] = alert

    rest = []
    for moved in opened:
        # The first hit alone is the key: an event has one actor, whatever that actor is called now.
        exact = by_start.get(moved.alert.finding.started_by)
        if exact is not None and exact not in match.claimed:
            claim(moved.alert, exact)
        else:
            rest.append(moved)
    for moved in rest:
        near = [finding for finding in by_actor[moved.actor] if moved.overlaps(finding)]
        free = [finding for finding in near if finding not in match.claimed]
        if free:
            claim(moved.alert, free[0])
        elif near:
            match.superseded.append((moved.alert, survivor[near[0]]))
        else:
            match.unmatched.append(moved.alert)
    return match


def _covered(decided: list[_Moved], findings: list[Finding]) -> dict[int, tuple[Finding, ...]]:
    """Decided alerts' ids, each with the findings that stand in its place."""
    cover: defaultdict[int, tuple[Finding, ...]] = defaultdict(tuple)
    by_actor = _by_actor(decided)
    by_start = {moved.alert.finding.started_by: moved for moved in decided}
    for finding in findings:
        # The first hit is the key whatever the actor is called; then whoever it overlaps.
        same = [by_start[finding.started_by]] if finding.started_by in by_start else []
        near = same + [moved for moved in by_actor[finding.actor] if moved.overlaps(finding)]
        for moved in near:
            if _ends_within(finding, moved.alert.finding):
                cover[moved.alert.id] += (finding,)
                break
    return dict(cover)


def _ends_within(finding: Finding, decided: Finding) -> bool:
    """At or before the last hit that was decided; at a tie in all but the account the names themselves
    tell."""
    end, last = finding.span[1], decided.span[1]
    return end < last or finding.ended_by == decided.ended_by or (end == last and finding.span[0] < last)


def _amendment(alert: Alert, covered: tuple[Finding, ...], why: str, scan: int) -> Transition | None:
    """What is noted beside a decided alert; ``None`` if that stands there already."""
    amendment = None if covered == (alert.finding,) else covered
    if amendment == alert.amendment:
        return None
    if amendment is None:
        reason = f"found again as it was decided: {why}"
    elif not amendment:
        reason = f"would be withdrawn: {why}"
    else:
        reason = f"would be {'; and '.join(_shift(alert.finding, finding) for finding in amendment)}: {why}"
    return Transition("amended", alert, alert.amended(amendment, reason, scan), reason)


def _withdrawn(alert: Alert, why: str, scan: int) -> Transition:
    reason = f"nothing is found in its place any more: {why}"
    return Transition("withdrawn", alert, alert.withdrawn(reason, scan), reason)


def _superseded(alert: Alert, survivor: Alert, why: str, scan: int) -> Transition:
    reason = f"joined to {survivor.name}: {why}"
    return Transition("superseded", alert, alert.superseded(survivor.id, reason, scan), reason)


def _continued(alert: Alert, finding: Finding, facts: Facts, why: str) -> Transition:
    before = alert.finding
    grown = finding.span[0] <= before.span[0] and finding.span[1] >= before.span[1] and finding.hits > before.hits
    reason = f"{_shift(before, finding)}: {why}"
    after = alert.found_as(finding, facts, reason)
    return Transition("extended" if grown else "changed", alert, replace(after, changed_in=facts.scan), reason)


def _opened(finding: Finding, decided: list[_Moved], facts: Facts, why: str, continues_us: int | None) -> Transition:
    """``decided``: the decided alerts of the finding's actor, of every fingerprint."""
    before = [moved.alert for moved in decided if _follows(finding, moved, continues_us)]
    link = max(before, key=lambda alert: (alert.finding.span[1], alert.id), default=None)
    reason = f"found: {why}" if link is None else f"goes on after {link.name}, which is decided: {why}"
    alert = Alert(0, facts, finding, reason=reason, linked_to=link.id if link else None, changed_in=facts.scan)
    return Transition("opened", None, alert, reason)


def _follows(finding: Finding, moved: _Moved, continues_us: int | None) -> bool:
    if moved.alert.finding.span[0] > finding.span[1]:
        return False
    gap_us = finding.started_by.occurred_at - moved.alert.finding.ended_by.occurred_at
    return continues_us is None or gap_us < continues_us


def _shift(before: Finding, after: Finding) -> str:
    """What differs, in words."""
    parts = []
    if after.actor != before.actor:
        parts.append(f"of actor {after.actor} (was {before.actor})")
    if after.started_by != before.started_by:
        side = "earlier" if after.span[0] < before.span[0] else "later"
        parts.append(f"begun {side}, {iso(after.started_by.occurred_at)}")
    if after.ended_by != before.ended_by:
        side = "earlier" if after.span[1] < before.span[1] else "later"
        parts.append(f"ended {side}, {iso(after.ended_by.occurred_at)}")
    if after.hits != before.hits:
        parts.append(f"with {after.hits} hit{'s' if after.hits != 1 else ''} (were {before.hits})")
    if after.silenced != before.silenced:
        parts.append(f"with {after.silenced} silenced (were {before.silenced})")
    if after.evidence != before.evidence or after.latest_evidence != before.latest_evidence:
        parts.append("on other evidence")
    return ", ".join(parts) or "told in other words"
