"""Whom a rule matches whom other rules match too, so that one who is to be looked at anyway counts once.

DESIGN, section 8. Rules that look by something else cannot be compared: an account is no organisation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from coincide.detect.kernel.observations import Positions
from coincide.odds.matched import Matched


@dataclass(frozen=True)
class Shared:
    """Of another rule, or of several: how many ``actors`` it matches, and how many of these the rule matches too."""

    actors: int
    shared: int

    @property
    def document(self) -> dict[str, int]:
        """As JSON has it."""
        return {"actors": self.actors, "shared": self.shared}


@dataclass(frozen=True)
class Overlap:
    """``others``: rule by rule; ``any``: all of them together, each actor counted once.

    ``by``: what the rules look by; ``apart``: how many rules look by something else.
    """

    by: str
    others: Mapping[str, Shared]
    any: Shared
    apart: int = 0

    @property
    def document(self) -> list[dict[str, Any]] | dict[str, str]:
        """As JSON has it, rule by rule."""
        if not self.others:
            looks = f", and {self.apart:,} that look by something else" if self.apart else ""
            return {"why_not": f"there is no other live rule by {self.by}{looks}"}
        return [{"rule": rule, **one.document} for rule, one in self.others.items()]


def overlap(rule: Matched, others: Iterable[Matched]) -> Overlap:
    """With those of the others that look by the same, in the order of their ids."""
    others = [one for one in others if one.plan.rule != rule.plan.rule]
    beside = sorted((one for one in others if one.plan.by == rule.plan.by), key=lambda one: one.plan.rule)

    def shared(who: Positions) -> Shared:
        return Shared(len(who), len(np.intersect1d(rule.who, who, assume_unique=True)))

    return Overlap(
        by=rule.plan.by,
        others={one.plan.rule: shared(one.who) for one in beside},
        any=shared(reduce(np.union1d, (one.who for one in beside), np.zeros(0, dtype=np.int64))),
        apart=len(others) - len(beside),
    )
