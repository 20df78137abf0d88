"""From hits to episodes: a run of hits of one rule and actor, each closer than the window to the one before."""

from __future__ import annotations

from dataclasses import dataclass

from coincide.events.event import EventName


@dataclass(frozen=True, slots=True)
class Episode:
    """What a rule found for one actor, before the store gives it an id.

    ``actor`` is the value of the rule's ``by``: for actors, the first account of the group by code point with
    its namespace, ``(namespace, account)``; for ``organisation`` and ``link.<kind>`` the namespace is ``""``.
    Identifiers are as given; whoever keeps or shows an episode makes pseudonyms of them.
    ``evidence`` proves the first hit, ``latest_evidence`` the last one (equal if there is one hit), both in event
    order; ``counted`` is the number of observations the first hit rests on (evidence may list fewer).
    ``silenced`` counts hits that ``unless`` silenced, after the first hit and closer than the window to the last.
    ``one_account``: all of the evidence is of one account.
    """

    rule: str
    fingerprint: str
    actor: tuple[str, str]
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
    def first_at(self) -> int:
        """Time of the first hit, microseconds since 1970 in UTC."""
        return self.started_by.occurred_at

    @property
    def last_at(self) -> int:
        """Time of the last hit, microseconds since 1970 in UTC."""
        return self.ended_by.occurred_at
