"""The heartbeat of a rule: whether it matched anything of late, and if not, what is to blame.

Pure functions from counts to words. A rule is dead if no row was an observation of it, or if fewer of its components
came at all than its condition asks for. What is named is only what surely keeps the rule from matching.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from coincide.events.event import contract_order
from coincide.rules.expression import And, Expression, InList, fields_of, text_of, walk
from coincide.rules.plan import Combination, Plan
from coincide.rules.plan import Sequence as Steps
from coincide.watch.possible import can_hold

_NAMING = ("event_id", "occurred_at", "account")
"""What every observation has."""


@dataclass(frozen=True)
class Seen:
    """What there was of late of the kinds of events that a rule looks at.

    ``rows``; ``present``: by mapped field, rows in which it can be read (a field that no source maps is in none);
    ``components``: rows by component; ``empty``: managed lists that hold nothing in these days.
    """

    rows: int
    present: Mapping[str, int] = field(default_factory=dict)
    components: Mapping[str, int] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Heartbeat:
    """Of one rule: its observations in these days (``None``: not scanned as it is now), the day of the last one (UTC),
    the components that never came, and what is to blame.
    """

    rule: str
    observations: int | None
    last_day: int | None
    unseen: tuple[str, ...]
    because: tuple[str, ...]

    @property
    def dead(self) -> bool:
        """Whether it cannot have matched anything."""
        return self.observations == 0 or bool(self.because)


def heartbeat(plan: Plan, seen: Seen, counted: Mapping[int, int] | None, first: int, last: int) -> Heartbeat:
    """The heartbeat of a rule over the days from ``first`` to ``last`` (UTC).

    ``counted``: its observations by day as scans counted them; ``None`` if none ran it as it is now.
    """
    tagged = plan.tagged or ()
    unseen = tuple(name for name in tagged if not seen.components.get(name))
    because = tuple(blame(plan, seen))
    if counted is None:
        return Heartbeat(plan.rule, None, None, unseen, because)
    lately = sum(rows for day, rows in counted.items() if first <= day <= last)
    before = [day for day, rows in counted.items() if rows and day <= last]
    return Heartbeat(plan.rule, lately, max(before, default=None), unseen, because)


def parts(where: Expression | None) -> tuple[Expression, ...]:
    """What all must hold of a row."""
    if where is None:
        return ()
    return where.operands if isinstance(where, And) else (where,)


def unmet(held: Mapping[str, bool | None]) -> tuple[str, ...]:
    """Why no row was an observation although everything that it needs is there: by part of ``where``, as text, whether
    it held for any row of the rule's kinds and components (``None``: not known)."""
    never = tuple(f"`{part}` held for no row" for part, any_row in held.items() if any_row is False)
    if never:
        return never
    unknown = ", ".join(f"`{part}`" for part, any_row in held.items() if any_row is None)
    if unknown:
        return (f"everything that it needs is there; look at {unknown}",)
    return ("everything that it needs is there, but no row meets all of it",)


def blame(plan: Plan, seen: Seen) -> list[str]:
    """What surely keeps the rule from matching, in words; nothing if nothing is known to."""
    kinds = _listed(plan.events)
    if not seen.rows:
        return [f"no source gave a row of kind {kinds}"]
    read = {*_NAMING, "item", "category", "title", *plan.reads}
    missing = {name for name in read if not seen.present.get(name)}
    found = [f"`{name}` has no value in any row of kind {kinds}" for name in contract_order(missing & _needed(plan))]
    found += _items(plan, missing, seen)
    if plan.where is not None:
        found += _never(plan.where, missing, seen.empty)
    return found


def _needed(plan: Plan) -> set[str]:
    """The fields without which no row counts for the condition. A combination is looked at by its components."""
    condition = set() if isinstance(plan.condition, Combination) else {"quantity"}
    bare = replace(plan, where=None, unless=None)
    return {*_NAMING, *(bare.reads - {"quantity"}), *(bare.reads & condition)}


def _items(plan: Plan, missing: set[str], seen: Seen) -> list[str]:
    """Components that are in no row, if too few are left for the condition."""
    if plan.tagged is None:
        return []
    if {"item", "category", "title"} <= missing:
        return ["`item`, `category` and `title` have no value in any row, and by them the catalog finds components"]
    there = {name for name in plan.tagged if seen.components.get(name)}
    unseen = [name for name in plan.tagged if name not in there]
    match plan.condition:
        case Combination(at_least=at_least, of=of):
            if len(there) >= at_least and "quantity" in missing:
                weighed = {name for name, minimum in of if minimum is not None}
                short = len(there - weighed) < at_least
                return ["`quantity` has no value in any row, and components are weighed by it"] if short else []
            short = len(there) < at_least
        case Steps():
            short = bool(unseen)
        case _:
            short = not there
    if not short:
        return []
    return [f"no row carries the component{'' if len(unseen) == 1 else 's'} {_listed(unseen)}"]


def _never(where: Expression, missing: set[str], empty: frozenset[str]) -> list[str]:
    """The parts of ``where`` that cannot be true, each with the field or list that keeps it from it."""
    found = []
    for part in parts(where):
        if can_hold(part, missing=missing, empty=empty):
            continue
        lists = {node.list for node in walk(part) if isinstance(node, InList)} & empty
        causes = [f"`{name}` has no value in any row" for name in contract_order(fields_of(part) & missing)]
        causes += [f"the list `{name}` is empty or has expired" for name in sorted(lists)]
        found.append(f"`{text_of(part)}` never holds: {' and '.join(causes)}")
    return found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
