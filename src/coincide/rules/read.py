"""Nodes of a document to plain values; what is wrong is added to a list, and reading goes on.

A method returns ``None`` where the value is not usable; what is wrong with it is then among the problems.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeVar

from coincide.errors import CoincideError, Where
from coincide.events.event import EARLIEST_US, LATEST_US
from coincide.rules import errors
from coincide.rules.context import Context
from coincide.rules.document import (
    MAX_PROBLEMS,
    Entry,
    Items,
    Mapping,
    Node,
    Scalar,
    Text,
    described,
    offsets,
    one_line,
)
from coincide.rules.expression import Expression
from coincide.rules.parse import MAX_DECIMALS, MAX_DIGITS, Locate, parse
from coincide.rules.rule import MAX_COUNT

MINUTE_US = 60_000_000
DAY_US = 24 * 60 * MINUTE_US
UNITS_US = {"minute": MINUTE_US, "hour": 60 * MINUTE_US, "day": DAY_US, "week": 7 * DAY_US}
MAX_WINDOW_DAYS = 3_660

_DURATION = re.compile(r"(-?[0-9]{1,9}) (minute|hour|day|week)s?")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# As in the catalog, which is the other side of the name.
_COMPONENT = re.compile(r"[a-z][a-z0-9-]*")

T = TypeVar("T")


class Reader:
    """Reads the nodes of one file; ``problems`` collects what is wrong."""

    def __init__(self, source: Text, context: Context, problems: list[CoincideError]) -> None:
        self.source = source
        self.context = context
        self.problems = problems

    def add(self, problem: CoincideError) -> None:
        """Collect a problem. Raises ``TooManyProblems`` when there are enough of them."""
        if len(self.problems) >= MAX_PROBLEMS:
            assert problem.where is not None
            raise errors.TooManyProblems(MAX_PROBLEMS, where=problem.where)
        self.problems.append(problem)

    def where(self, node: Node) -> Where:
        """The place of a node."""
        return self.source.where(node.start, node.end)

    # Shapes.

    def wrong(self, key: str, expected: str, node: Node) -> None:
        """Say that a value is of the wrong type."""
        self.add(errors.WrongType(key, expected, described(node), where=self.where(node)))

    def mapping(
        self,
        key: str,
        place: str,
        node: Node,
        *,
        known: Iterable[str],
        required: dict[str, str],
        at: Node | None = None,
    ) -> Mapping | None:
        """A mapping with known keys only and all required ones (with an example of each for the hint).

        ``at``: where to say that a key is missing, if not at the mapping itself.
        """
        if not isinstance(node, Mapping):
            self.wrong(key, "a mapping", node)
            return None
        names = tuple(known)
        for entry in node.entries:
            if entry.key.text not in names:
                self.add(errors.UnknownKey(entry.key.text, place, names, where=self.where(entry.key)))
        meant = self.meant(node, names)
        for name, example in required.items():
            if node.entry(name) is None and name not in meant:
                self.add(errors.MissingKey(name, place, example, where=self.where(at or node)))
        return node

    @staticmethod
    def meant(node: Mapping, known: Iterable[str]) -> frozenset[str]:
        """The keys that misspelt ones were probably meant to be: they are not missing as well."""
        names = frozenset(known)
        near = (errors.nearest(entry.key.text, names) for entry in node.entries if entry.key.text not in names)
        return frozenset(name for name in near if name is not None)

    def items(self, key: str, node: Node) -> tuple[Node, ...] | None:
        """The nodes of a list."""
        if not isinstance(node, Items):
            self.wrong(key, "a list", node)
            return None
        return node.items

    def each(self, key: str, node: Node, read: Callable[[str, Node], T | None]) -> tuple[T, ...] | None:
        """The values of a list, each read by ``read``; those that are wrong are left out."""
        nodes = self.items(key, node)
        if nodes is None:
            return None
        found = (read(key, item) for item in nodes)
        return tuple(value for value in found if value is not None)

    def once(self, key: str, named: Sequence[tuple[str, Node]]) -> None:
        """Say which names stand twice."""
        seen: set[str] = set()
        for name, node in named:
            if name in seen:
                self.add(errors.RepeatedValue(key, name, where=self.where(node)))
            seen.add(name)

    # Values.

    def text(self, key: str, node: Node) -> str | None:
        """A text that is not empty."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip():
            return node.value.strip()
        self.wrong(key, "a text", node)
        return None

    def choice(self, key: str, node: Node, choices: Collection[str]) -> str | None:
        """One of several words."""
        found = self.text(key, node)
        if found is None or found in choices:
            return found
        self.add(errors.WrongChoice(key, found, choices, where=self.where(node)))
        return None

    def count(self, key: str, node: Node) -> int | None:
        """A whole number from 1 to ``MAX_COUNT``."""
        if not isinstance(node, Scalar) or not isinstance(node.value, Decimal):
            self.wrong(key, "a whole number", node)
            return None
        value = node.value
        if not 1 <= value <= MAX_COUNT or value != value.to_integral_value():
            self.add(errors.CountNotPositive(key, node.text, where=self.where(node)))
            return None
        return int(value)

    def number(self, key: str, node: Node, *, decimals: int = MAX_DECIMALS, digits: int = MAX_DIGITS) -> Decimal | None:
        """An exact number."""
        if not isinstance(node, Scalar) or not isinstance(node.value, Decimal):
            self.wrong(key, "a number", node)
            return None
        value = node.value
        if not value:
            return Decimal(0)
        significant = value.normalize() if value.adjusted() < digits else value
        exponent = significant.as_tuple().exponent
        assert isinstance(exponent, int)
        used = value.adjusted() + 1 + max(-exponent, 0) if value.adjusted() >= 0 else len(significant.as_tuple().digits)
        if used > digits or -exponent > decimals:
            self.add(errors.BadNumber(node.text, where=self.where(node)))
            return None
        return Decimal(format(significant, "f"))

    def duration(self, key: str, node: Node, *, most_us: int, most: str) -> int | None:
        """A length of time in microseconds, above zero and at most ``most_us`` (``most`` in words)."""
        found = node.text.strip() if isinstance(node, Scalar) else ""
        if not found:
            self.wrong(key, "a length of time", node)
            return None
        match = _DURATION.fullmatch(" ".join(found.split()))
        if match is None:
            self.add(errors.BadDuration(key, found, where=self.where(node)))
            return None
        length = int(match[1]) * UNITS_US[match[2]]
        if length <= 0:
            self.add(errors.WindowNotPositive(key, found, where=self.where(node)))
            return None
        if length > most_us:
            self.add(errors.WindowTooLong(key, found, most, where=self.where(node)))
            return None
        return length

    def component(self, key: str, node: Node) -> str | None:
        """The name of a component, one of the catalog's where that is known."""
        found = self.text(key, node)
        if found is None:
            return None
        known = self.context.components
        if known is None and not _COMPONENT.fullmatch(found):
            self.add(errors.BadName("name of a component", found, where=self.where(node)))
            return None
        if known is not None and found not in known:
            self.add(errors.UnknownComponent(found, known, where=self.where(node)))
            return None
        return found

    def time(self, key: str, node: Node) -> int | None:
        """A date, or a date and time, in microseconds since 1970 in UTC."""
        found = node.text.strip() if isinstance(node, Scalar) else None
        if found is None or not found:
            self.wrong(key, "a date or a date and time", node)
            return None
        at_us = time_us(found)
        if at_us is None or not EARLIEST_US <= at_us <= LATEST_US:
            self.add(errors.BadTime(key, found, where=self.where(node)))
            return None
        return at_us

    # Expressions.

    def expression(self, entry: Entry) -> tuple[Expression, str, Locate] | None:
        """An expression, its text, and where its characters stand."""
        key, node = entry.key.text, entry.value
        if not isinstance(node, Scalar) or node.value is None or not node.text.strip():
            self.wrong(key, "a condition on one line", node)
            return None
        if not one_line(self.source, node):
            self.add(errors.NotOneLine(key, where=self.where(node)))
            return None
        places = offsets(self.source, node)

        def locate(start: int, end: int) -> Where:
            last = len(places) - 1
            return self.source.where(places[min(start, last)], places[min(end, last)])

        try:
            return parse(node.text, locate), node.text, locate
        except errors.RuleError as error:
            self.add(error)
            return None


def time_us(text: str) -> int | None:
    """``2025-03-01``, ``2025-03-01 14:30``, ``2025-03-01T14:30:00.25+01:00`` in microseconds; else ``None``."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        offset = _offset(zone)
        at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    except ValueError:
        return None
    # Finer digits than microseconds are cut, as they are in rows.
    return (at - _EPOCH - offset) // timedelta(microseconds=1) + int((fraction or "").ljust(6, "0")[:6])


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone == "Z":
        return timedelta()
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    timezone(offset)  # raises ValueError for a day or more
    return -offset if zone[0] == "-" else offset
