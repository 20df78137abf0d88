"""The alert: a run of hits of one rule for one actor, with the id that it keeps for ever.

A value without files or database. Its changes are pure methods that return the changed alert: ``reconcile``
calls those of a scan, ``service`` those of a person, ``register`` keeps the result. DESIGN: "From hits to
alerts".

Actors and accounts are pseudonyms here. Nothing in an alert grades a person; ``severity`` is the rule's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from coincide.detect.episode import Episode
from coincide.events.event import EventName

Status = Literal["open", "decided", "superseded", "withdrawn"]
STATUSES: tuple[Status, ...] = ("open", "decided", "superseded", "withdrawn")

Disposition = Literal["benign", "inconclusive", "suspicious"]
DISPOSITIONS: tuple[Disposition, ...] = ("benign", "inconclusive", "suspicious")

Change = Literal["opened", "extended", "changed", "superseded", "withdrawn", "decided", "amended", "redacted", "erased"]

ERASED = ""
"""Stands in the place of a name, an event or a text that was erased."""

_DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a scan says of an alert: an episode with its identifiers turned into pseudonyms.

    Two alerts with equal findings, rule and fingerprint say the same; only ids, versions and what people
    did differ.
    """

    actor: str
    started_by: EventName
    ended_by: EventName
    hits: int
    silenced: int
    counted: int
    one_account: bool
    evidence: tuple[EventName, ...]
    latest_evidence: tuple[EventName, ...]
    because: str

    @property
    def span(self) -> tuple[Order, Order]:
        """First and last hit, as far as pseudonyms can be ordered."""
        return order(self.started_by), order(self.ended_by)

    @property
    def accounts(self) -> set[str]:
        """Whose events it rests on, as far as they are named."""
        events = (self.started_by, self.ended_by, *self.evidence, *self.latest_evidence)
        return {name.account for name in events} - {ERASED}

    def without(self, name: str, heir: str | None) -> Finding | None:
        """As it is once an account is erased from it; ``None`` if nothing is left that is of others.

        ``heir``: what the actor is called then, if it was called ``name``. The counts and the days stay.
        """
        others = self.accounts - {name}
        if not others or (self.actor == name and heir is None):
            return None
        return replace(
            self,
            actor=heir if heir is not None and self.actor == name else self.actor,
            started_by=_blank(self.started_by) if self.started_by.account == name else self.started_by,
            ended_by=_blank(self.ended_by) if self.ended_by.account == name else self.ended_by,
            evidence=tuple(event for event in self.evidence if event.account != name),
            latest_evidence=tuple(event for event in self.latest_evidence if event.account != name),
            because=self.because.replace(name, "an erased account"),
        )


Order = tuple[int, str, str]


def order(name: EventName) -> Order:
    """Where an event stands in time, without its account: pseudonyms do not sort as the accounts behind
    them do.

    Two events of one actor that are equal here differ in the account alone; different episodes never share
    such a place, because they are at least a window (or a day) apart.
    """
    return name.occurred_at, name.source, name.event_id


def _blank(name: EventName) -> EventName:
    """The day of an event and its source, and nothing by which it could be found there."""
    return EventName(name.occurred_at - name.occurred_at % _DAY_US, name.source, ERASED, ERASED)


def finding_of(episode: Episode) -> Finding:
    """The finding of an episode whose identifiers are pseudonyms already; the namespace is inside the
    pseudonym."""
    return Finding(
        actor=episode.actor[1],
        started_by=episode.started_by,
        ended_by=episode.ended_by,
        hits=episode.hits,
        silenced=episode.silenced,
        counted=episode.counted,
        one_account=episode.one_account,
        evidence=episode.evidence,
        latest_evidence=episode.latest_evidence,
        because=episode.because,
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of an alert, and why."""

    disposition: Disposition
    by: str
    at: int
    because: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a new alert takes from its rule and its scan, beside the finding.

    ``by`` is the rule's ``by``; ``versions`` are those that it was found with (catalog, entities, lists). A
    change in any of these alone changes no alert.
    """

    rule: str
    fingerprint: str
    by: str
    severity: str
    title: str
    shadow: bool
    scan: int
    versions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as the store keeps it; ``id`` 0 has not been stored yet.

    ``amendment`` is ``None`` while a decided alert is found as it was decided; otherwise what would be
    found now in its place, in order, empty if nothing. ``reason`` is that of the latest change. ``erased_at``: since
    when it is a tombstone, whose actor, evidence and texts are gone; no scan and no person changes it any more.
    """

    id: int
    facts: Facts
    finding: Finding
    status: Status = "open"
    reason: str | None = None
    superseded_by: int | None = None
    linked_to: int | None = None
    changed_in: int = 0
    decision: Decision | None = None
    amendment: tuple[Finding, ...] | None = None
    erased_at: int | None = None

    @property
    def first_account(self) -> str:
        """Whose the first hit is, by which an alert is followed; if that one was erased, what the actor is called."""
        return self.finding.started_by.account or self.finding.actor

    @property
    def name(self) -> str:
        """The id as people write it: ``A-12``."""
        return f"A-{self.id}"

    def found_as(self, finding: Finding, facts: Facts, reason: str) -> Alert:
        """Goes on with what the scan found now."""
        self._must_be("open")
        # The rule's words and the scan's versions come along; the scan that opened it stays.
        facts = replace(facts, scan=self.facts.scan)
        return replace(self, finding=finding, facts=facts, reason=reason, changed_in=facts.scan)

    def superseded(self, survivor: int, reason: str, scan: int) -> Alert:
        """Another alert goes on in its place."""
        self._must_be("open")
        return replace(self, status="superseded", superseded_by=survivor, reason=reason, changed_in=scan)

    def withdrawn(self, reason: str, scan: int) -> Alert:
        """Nothing is found in its place any more."""
        self._must_be("open")
        return replace(self, status="withdrawn", reason=reason, changed_in=scan)

    def amended(self, amendment: tuple[Finding, ...] | None, reason: str, scan: int) -> Alert:
        """Decided, so it stays as it is; what would be found now is noted beside it."""
        self._must_be("decided")
        return replace(self, amendment=amendment, reason=reason, changed_in=scan)

    def decided(self, decision: Decision) -> Alert:
        """A person decided it, or decided it anew."""
        self._must_be("open", "decided")
        return replace(self, status="decided", decision=decision, reason=decision.because)

    def without(self, name: str, heir: str | None, reason: str) -> Alert | None:
        """As it is once an account of several is erased from it; ``None`` if it was about that account alone.

        ``heir``: what the actor is called then, where accounts are linked and it was called ``name``.
        """
        if self.facts.by != "actor":
            heir = None
        finding = self.finding.without(name, heir)
        if finding is None:
            return None
        amendment = self.amendment
        if amendment is not None:
            amendment = tuple(left for one in amendment if (left := one.without(name, heir)) is not None)
        return replace(self, finding=finding, amendment=amendment, reason=reason)

    def erased(self, reason: str, at_us: int) -> Alert:
        """A tombstone: number, rule, end, counts and days stay, so that what was counted stays true; all else goes.

        An open alert ends with it: nothing is left to decide on.
        """
        old = self.finding
        gone = Finding(
            ERASED,
            _blank(old.started_by),
            _blank(old.ended_by),
            old.hits,
            old.silenced,
            old.counted,
            old.one_account,
            (),
            (),
            "What this alert was about has been erased.",
        )
        return replace(
            self,
            finding=gone,
            status="withdrawn" if self.status == "open" else self.status,
            reason=reason,
            decision=replace(self.decision, because=ERASED) if self.decision else None,
            amendment=None,
            erased_at=at_us,
        )

    def _must_be(self, *allowed: Status) -> None:
        if self.status not in allowed:
            raise ValueError(f"{self.name} is {self.status}; expected {' or '.join(allowed)}")


def differing(before: Alert, after: Alert) -> tuple[str, ...]:
    """The names of the fields of ``finding`` in which two alerts differ."""
    return tuple(f.name for f in fields(Finding) if getattr(before.finding, f.name) != getattr(after.finding, f.name))


def iso(at_us: int) -> str:
    """A time as it is shown: ``2025-03-01T10:00:00Z``, microseconds only where there are any."""
    shown = (_EPOCH + timedelta(microseconds=at_us)).isoformat()
    return shown.replace("+00:00", "Z")
