"""A test inside a rule: events that are given, and the number of alerts they must give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

Value = str | int | Decimal | None


@dataclass(frozen=True)
class Given:
    """One event of a test.

    ``at_us``: microseconds since 1970 in UTC. ``components``: those named directly; empty if the event goes
    through the catalog by ``item``, ``category`` or ``title``. ``fields``: the other event fields that are given,
    canonical (text str; number and coordinate Decimal; whole and time int), ``None`` where one is to be missing.
    Quantity 1, status completed, the rule's first kind, one account and ids by position stand where nothing is
    given; whoever runs the test puts them in.
    """

    at_us: int
    components: tuple[str, ...] = ()
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Example:
    """One test: its name, its events in the order of the file, and the number of alerts expected."""

    name: str
    given: tuple[Given, ...]
    alerts: int
