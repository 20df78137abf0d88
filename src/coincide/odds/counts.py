"""What a rule finds in a log, in numbers: how many matched, of how many, and how common its components are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coincide.detect.episode import Episode
from coincide.odds.hand import Hand

PER, DAYS = 100_000, 30
"""A rate is of so many actors and days."""


@dataclass(frozen=True)
class Component:
    """How many had a component at all, and in how many events."""

    name: str
    actors: int
    events: int


@dataclass(frozen=True)
class Counts:
    """``examined``: everybody who bought anything; ``actors``: those who matched, in ``alerts``; ``days`` of the log.

    ``linked``: alerts whose evidence is of more than one account, and so rests on a link between accounts.
    """

    examined: int
    actors: int
    alerts: int
    linked: int
    days: float
    components: tuple[Component, ...]

    @property
    def rate(self) -> float | None:
        """Actors who matched in 100,000 and 30 days; ``None`` where nobody was there, or for less than a day."""
        if not self.examined or self.days < 1:
            return None
        return self.actors / self.examined * PER / self.days * DAYS

    @property
    def document(self) -> dict[str, Any]:
        """As JSON; ``why_not`` in the place of what cannot be had."""
        rate = self.rate
        return {
            "examined": self.examined,
            "actors": self.actors,
            "alerts": self.alerts,
            "per_100000_30_days": {"why_not": "the log is shorter than a day"} if rate is None else rate,
            "linked_alerts": self.linked,
            "linked_share": self.linked / self.alerts if self.alerts else {"why_not": "there is no alert"},
            "components": [
                {"component": one.name, "actors": one.actors, "share": one.actors / self.examined, "events": one.events}
                for one in self.components
                if self.examined
            ],
        }


def counts(hand: Hand, found: Sequence[Episode], days: float) -> Counts:
    """Of a rule's hand and what the rule found in it."""
    components = []
    for name, carries in zip(hand.plan.tagged or (), hand.carries, strict=True):
        mine = carries[hand.unit]
        components.append(Component(name, len(np.unique(hand.who[mine])), int(mine.sum())))
    return Counts(
        examined=len(hand.everybody),
        actors=len({one.actor for one in found}),
        alerts=len(found),
        linked=sum(not one.one_account for one in found),
        days=days,
        components=tuple(components),
    )
