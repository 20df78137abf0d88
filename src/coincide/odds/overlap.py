"""Whom a rule matches whom other rules match too, so that one who is to be looked at anyway counts once.

DESIGN, section 8. Rules that look by something else cannot be compared: an account is no organisation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from coincide.odds.matched import Matched


@dataclass(frozen=True)
class Shared:
    """Another rule: how many it matches, and how many of these the rule matches too."""

    rule: str
    actors: int
    shared: int


@dataclass(frozen=True)
class Overlap:
    """``alone``: how many no other rule matches; ``together``: how many any of the rules matches, each once."""

    actors: int
    alone: int
    together: int
    others: tuple[Shared, ...]

    @property
    def says(self) -> str:
        """The same in a sentence."""
        if not self.others:
            return "No other rule looks at the same events by the same: nothing to compare with."
        rules = "the other rule" if len(self.others) == 1 else f"any of the {len(self.others):,} other rules"
        return (
            f"Of {self.actors:,} matched, {self.actors - self.alone:,} are matched by {rules} too; "
            f"all rules together match {self.together:,}, each counted once."
        )

    @property
    def document(self) -> list[dict[str, Any]]:
        """As JSON has it."""
        return [{"rule": one.rule, "actors": one.actors, "shared": one.shared} for one in self.others]


def overlap(rule: Matched, others: Iterable[Matched]) -> Overlap:
    """With those of the other rules that look by the same, in the order of their ids."""
    beside = sorted(
        (one for one in others if one.plan.by == rule.plan.by and one.plan.rule != rule.plan.rule),
        key=lambda one: one.plan.rule,
    )
    theirs = reduce(np.union1d, (one.who for one in beside), np.zeros(0, dtype=np.int64))
    return Overlap(
        actors=len(rule.who),
        alone=len(np.setdiff1d(rule.who, theirs, assume_unique=True)),
        together=len(np.union1d(rule.who, theirs)),
        others=tuple(
            Shared(one.plan.rule, len(one.who), len(np.intersect1d(rule.who, one.who, assume_unique=True)))
            for one in beside
        ),
    )
