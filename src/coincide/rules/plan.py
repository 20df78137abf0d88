"""The plan of a rule: the only meaning it has, for every engine.

A :class:`Plan` holds what changes results and nothing else; two rules whose plans are equal raise the same
alerts. Its fingerprint is a hash of its canonical JSON (keys sorted, no spaces), with the version of the
hashing in front, so that an edited title changes nothing and an edited threshold does. DESIGN: "Rules".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from coincide.rules.expression import Expression, InList, fields_of, walk

FINGERPRINT_VERSION = 1

Where = Literal["both", "place", "line"]
Summand = Literal["quantity", "quantity * content", "amount_minor"]


@dataclass(frozen=True)
class Sliding:
    """The window ``(t - width, t]``, half-open at the old end."""

    width_us: int


@dataclass(frozen=True)
class LocalDay:
    """The local calendar day of the rule's zone; each day is an episode of its own."""


@dataclass(frozen=True)
class ServiceDay:
    """The local day of the rule's zone from ``begins_us`` after midnight on; each is an episode of its own.

    Told by what the clock shows, so that it is as long as that day is where clocks are changed.
    """

    begins_us: int


Window = Sliding | LocalDay | ServiceDay


@dataclass(frozen=True)
class Combination:
    """Observations of the window cover at least ``at_least`` of the components.

    ``of`` is sorted by name; a component with a number is covered once its quantities sum to at least it.
    """

    at_least: int
    of: tuple[tuple[str, Decimal | None], ...]


@dataclass(frozen=True)
class Velocity:
    """At least ``at_least`` observations in the window, or that many distinct values of a field."""

    at_least: int
    distinct: str | None = None


@dataclass(frozen=True)
class Threshold:
    """The exact sum over the window passes ``limit``: ``>=`` if ``inclusive``, else ``>``.

    ``unit`` (of ``content``) or ``currency`` (of ``amount_minor``): rows in another are not observations.
    """

    sum: Summand
    limit: Decimal
    inclusive: bool
    unit: str | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Sequence:
    """Observations carry the steps in this order, each at most ``gap_us`` after the one before."""

    steps: tuple[str, ...]
    gap_us: int | None = None


@dataclass(frozen=True)
class Ratio:
    """More than ``more_than`` events of the kind ``of`` for each event of the kind ``to``, of which there are enough.

    ``at_least`` bounds the number of ``to``, so that one of one raises nothing.
    """

    of: str
    to: str
    more_than: Decimal
    at_least: int


@dataclass(frozen=True)
class Presence:
    """The account was there at ``at_least`` different reported incidents of the window.

    There: a tap at the incident's place and on its line, as far as it names them, from ``margin_us`` before it begins
    to as long after it ends. ``at``: where an incident names both, which of them a tap must share.
    ``usual``: percent; an incident does not count where the account was there at that time of day on more than this
    share of the ``PAST_DAYS`` days before it.
    """

    at_least: int
    margin_us: int
    usual: Decimal | None = None
    at: Where = "both"


@dataclass(frozen=True)
class UnusualDay:
    """On a day of service at least ``at_least`` of the features ``of`` (sorted) are far in the tail.

    ``beyond``: percent of the days of all accounts of the same product on that day that must be lower. ``own``:
    percent of the account's own days of the ``PAST_DAYS`` before that must be lower, where there are enough of them.
    ``doubled_us``, ``longest_us``: how taps are paired. ``anywhere``: purpose, law and assessment on whose ground days
    count that touch no reported incident; ``None``: they do not.
    """

    at_least: int
    of: tuple[str, ...]
    beyond: Decimal
    own: Decimal | None
    doubled_us: int
    longest_us: int
    anywhere: tuple[str, str, str] | None = None


Condition = Combination | Velocity | Threshold | Sequence | Ratio | Presence | UnusualDay


@dataclass(frozen=True)
class Plan:
    """What a rule looks for. ``rule`` and ``status`` name it and are no part of its fingerprint.

    ``components``: for velocity, threshold and ratio, the components that an observation must carry one of
    (sorted; ``None``: every event counts). ``by``: ``actor``, ``account``, ``organisation`` or ``link.<kind>``.
    ``zone``: IANA name, for local days, ``local_hour`` and ``weekday``.
    """

    rule: str
    events: tuple[str, ...]
    where: Expression | None
    by: str
    window: Window
    zone: str
    condition: Condition
    components: tuple[str, ...] | None
    unless: Expression | None
    status: str = "live"

    @cached_property
    def fingerprint(self) -> str:
        """``v1-`` and 32 hexadecimal digits of the SHA-256 of the plan's canonical JSON."""
        content = {"version": FINGERPRINT_VERSION, **self.document}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"v{FINGERPRINT_VERSION}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"

    @property
    def document(self) -> dict[str, Any]:
        """What the fingerprint is made of, as JSON values: all of the plan but the rule's id and status."""
        content: dict[str, Any] = _canonical(self)
        return {key: value for key, value in content.items() if key not in ("rule", "status")}

    @property
    def tagged(self) -> tuple[str, ...] | None:
        """The components an observation must carry one of, sorted; ``None`` if every event may count."""
        match self.condition:
            case Combination(of=of):
                return tuple(name for name, _ in of)
            case Sequence(steps=steps):
                return tuple(sorted(set(steps)))
            case _:
                return self.components

    @property
    def beside_incidents(self) -> bool:
        """Whether reported incidents are taken beside the taps; they have no account and no ``where``."""
        return isinstance(self.condition, Presence | UnusualDay)

    @property
    def lists(self) -> frozenset[str]:
        """The names of the managed lists that are asked."""
        asked = [expression for expression in (self.where, self.unless) if expression is not None]
        return frozenset(node.list for one in asked for node in walk(one) if isinstance(node, InList))

    @property
    def reads(self) -> frozenset[str]:
        """The event fields that an observation of this rule needs, beside the four that name an event."""
        names = set(fields_of(self.where) | fields_of(self.unless))
        match self.condition:
            case Combination(of=of) if any(minimum is not None for _, minimum in of):
                names.add("quantity")
            case Velocity(distinct=str(name)):
                names.add(name)
            case Threshold(sum="quantity"):
                names.add("quantity")
            case Threshold(sum="quantity * content"):
                names |= {"quantity", "content", "unit"}
            case Threshold(sum="amount_minor"):
                names |= {"amount_minor", "currency"}
            case Presence():
                names |= {"place", "line", "ends_at"}
            case UnusualDay():
                names |= {"place", "line", "ends_at", "action", "vehicle", "device", "product"}
            case _:
                pass
        if self.by not in ("actor", "account"):
            names.add(self.by)
        return frozenset(names)


def _canonical(value: Any) -> Any:
    """Dataclasses to dictionaries with their type's name, numbers to their shortest text."""
    if is_dataclass(value) and not isinstance(value, type):
        content = {f.name: _canonical(getattr(value, f.name)) for f in fields(value) if f.compare}
        return {"is": type(value).__name__, **content}
    if isinstance(value, tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, Decimal):
        return {"number": format(value.normalize(), "f")}
    return value
