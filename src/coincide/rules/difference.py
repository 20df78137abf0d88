"""What differs between two sets of rules: in meaning, in words, or in status. Pure; no data is looked at.

The fingerprint decides what is a change of meaning; which parts of the plan changed is said in words made of the
plans, part by part, so that no part that counts can go unsaid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Literal

from coincide.rules.explain import clock, duration
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Combination, LocalDay, Plan, ServiceDay, Sliding, UnusualDay
from coincide.rules.rule import Status
from coincide.rules.words import number, words

Kind = Literal["added", "removed", "meaning", "words", "same"]

WORDS = ("title", "severity", "why", "innocent", "basis", "references", "tests")
"""The keys of a rule that are no part of its meaning; nor is its status, which has a place of its own."""
_NAMING = ("rule", "status")
_CALLED = {
    "by": "for each",
    "events": "events",
    "zone": "time zone",
    "at_least": "at least",
    "gap_us": "gap",
    "doubled_us": "one tap within",
    "longest_us": "longest ride",
    "anywhere": "ground for days without an incident",
    "inclusive": "limit is passed by",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a plan, before and after, in words. ``None``: the part was not there, or is not there any more."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one rule. ``old`` and ``new`` are ``None`` where it was or is not there.

    ``parts`` are those of the plan that changed, ``edited`` the keys that are only words, ``renamed`` the other ids
    under which the same meaning went or came.
    """

    rule: str
    kind: Kind
    old: LoadedRule | None
    new: LoadedRule | None
    parts: tuple[Part, ...] = ()
    edited: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()

    @property
    def status(self) -> tuple[Status, Status] | None:
        """The status before and after, where it changed."""
        if self.old is None or self.new is None or self.old.rule.status == self.new.rule.status:
            return None
        return self.old.rule.status, self.new.rule.status

    @property
    def counts(self) -> bool:
        """Whether anything else than words changed."""
        return self.kind in ("added", "removed", "meaning") or self.status is not None


def difference(old: Iterable[LoadedRule], new: Iterable[LoadedRule]) -> list[Difference]:
    """What became of each rule of either set, by id; of those that are equal, that they are."""
    before = {loaded.plan.rule: loaded for loaded in old}
    after = {loaded.plan.rule: loaded for loaded in new}
    gone = [before[name] for name in sorted(before.keys() - after.keys())]
    come = [after[name] for name in sorted(after.keys() - before.keys())]
    found = []
    for rule in sorted(before.keys() | after.keys()):
        first, second = before.get(rule), after.get(rule)
        if first is None and second is not None:
            found.append(Difference(rule, "added", None, second, renamed=_alike(second, gone)))
        elif first is not None and second is None:
            found.append(Difference(rule, "removed", first, None, renamed=_alike(first, come)))
        elif first is not None and second is not None:
            found.append(_edited(rule, first, second))
    return found


def parts(old: Plan, new: Plan) -> tuple[Part, ...]:
    """The parts in which two plans differ; none exactly where their fingerprints are equal."""
    if type(old.condition) is not type(new.condition):
        looked_for = [Part("looks for", _kind(old), _kind(new))]
    else:
        looked_for = _differing(old.condition, new.condition)
    return (*looked_for, *_differing(old, new, leaving=(*_NAMING, "condition")))


def _edited(rule: str, old: LoadedRule, new: LoadedRule) -> Difference:
    edited = tuple(key for key in WORDS if getattr(old.rule, key) != getattr(new.rule, key))
    if old.plan.fingerprint != new.plan.fingerprint:
        return Difference(rule, "meaning", old, new, parts(old.plan, new.plan), edited)
    return Difference(rule, "words" if edited else "same", old, new, edited=edited)


def _alike(loaded: LoadedRule, others: Sequence[LoadedRule]) -> tuple[str, ...]:
    return tuple(one.plan.rule for one in others if one.plan.fingerprint == loaded.plan.fingerprint)


def _differing(old: Any, new: Any, leaving: Sequence[str] = ()) -> list[Part]:
    """The fields in which two values of one type differ."""
    return [
        Part(_called(old, field.name), _told(field.name, before), _told(field.name, after))
        for field in fields(old)
        if field.name not in leaving and (before := getattr(old, field.name)) != (after := getattr(new, field.name))
    ]


def _kind(plan: Plan) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(plan.condition).__name__).lower()


def _called(of: object, name: str) -> str:
    match of, name:
        case Combination(), "of":
            return "components"
        case UnusualDay(), "of":
            return "features"
        case _:
            return _CALLED.get(name) or name.removesuffix("_us").replace("_", " ")


def _told(name: str, value: Any) -> str | None:
    """A value of a plan in words. What is not foreseen is told as it is, so that it is told."""
    if value is None:
        return None
    return _TOLD.get(name, _plain)(value)


def _plain(value: Any) -> str:
    match value:
        case Sliding(width_us):
            return duration(width_us)
        case LocalDay():
            return "one local day"
        case ServiceDay(begins_us):
            return f"one day of service, from {clock(begins_us)}"
        case Decimal():
            return number(value)
        case tuple():
            return ", ".join(_item(one) for one in value)
        case _:
            return str(value)


def _item(value: Any) -> str:
    """An item of a list: a name, or a name and the quantity that it must add up to."""
    match value:
        case (name, Decimal() as least):
            return f"{name} (a quantity of {number(least)} or more)"
        case (name, None):
            return str(name)
        case _:
            return _plain(value)


_TOLD: dict[str, Callable[[Any], str]] = {
    "where": words,
    "unless": words,
    "gap_us": duration,
    "margin_us": duration,
    "doubled_us": duration,
    "longest_us": duration,
    "inclusive": lambda value: "reaching it" if value else "going above it",
}
