"""What is said of a rule of presence: how many were there, in words, and where to ask who."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coincide.detect.base_rate import SENTENCE
from coincide.rules.plan import Plan, Presence


def attended(plan: Plan, found: Mapping[str, Any]) -> str:
    """Sentences about ``Attendance.document``. Who was there is not known here."""
    assert isinstance(plan.condition, Presence)
    counts = found["accounts"]
    least = plan.condition.at_least
    there = counts[least - 1] if least <= len(counts) else 0
    covered = found["covered"]
    asked = (
        "which, is shown only under a recorded request (`coincide request new`)"
        if not covered
        else f"which, is shown for the {_many(covered, 'incident')} that a recorded request covers"
    )
    return (
        f"{_many(there, 'account')} of {found['examined']:,} {'was' if there == 1 else 'were'} at {least:,} or more of "
        f"{_many(found['incidents'], 'reported incident')}; {asked}. {SENTENCE}"
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
