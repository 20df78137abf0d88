"""The rows of catalog files: ``match,value,component``, each checked by itself and against the others."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator

from coincide.catalog.errors import (
    BadComponentName,
    ConflictingRows,
    EmptyPattern,
    EmptyValue,
    InnerStar,
    UnknownMatch,
)
from coincide.catalog.pattern import Pattern
from coincide.catalog.table import Row, Table
from coincide.errors import CoincideError, Problems

Entry = tuple[str, str, str]
"""Match, value, component."""
COMPONENT = re.compile(r"[a-z][a-z0-9-]*")
TITLES = ("title", "title-apart", "title-not")
"""See ``catalog.titles``; the first two say what a title is, the last what it is not."""
MATCHES = ("sku", "category", *TITLES)


def field_of(match: str) -> str:
    """The field of events that a row with this ``match`` is compared with."""
    return {"sku": "item", "category": "category"}.get(match, "title")


def read(own: Iterable[Table], of_packs: Iterable[Table], problems: list[CoincideError]) -> set[Entry]:
    """All rows. Raises :class:`~coincide.errors.Problems` with what is wrong in any file, and ``problems``."""
    entries: set[Entry] = set()
    # A workspace may exclude what a pack includes: only rows of one and the same hand can be in conflict.
    for tables in (own, of_packs):
        conflicts = _Conflicts()
        for table in tables:
            for row in table.rows():
                wrong = [*_wrong(row)]
                problems += wrong or conflicts.with_row(row)
                entries.add(_entry(row))
            problems += table.problems
    if problems:
        raise Problems(problems)
    return entries


def wrong_beside(tables: Iterable[Table], row: Row) -> list[CoincideError]:
    """What is wrong with the tables, and with a further row beside theirs."""
    problems: list[CoincideError] = []
    conflicts = _Conflicts()
    for table in tables:
        for one in table.rows():
            problems += [*_wrong(one)] or conflicts.with_row(one)
        problems += table.problems
    return [*problems, *([*_wrong(row)] or conflicts.with_row(row))]


def _entry(row: Row) -> Entry:
    return row.get("match"), row.get("value"), row.get("component")


def _wrong(row: Row) -> Iterator[CoincideError]:
    match, value, component = _entry(row)
    if match not in MATCHES:
        yield UnknownMatch(row.where("match"), match)
    if not value:
        yield EmptyValue(row.where("value"))
    elif match in TITLES:
        if any("*" in part.strip().strip("*") for part in value.removeprefix("~").split("...")):
            yield InnerStar(row.where("value"), value)
        elif not Pattern(value).needle:
            yield EmptyPattern(row.where("value"), value)
    if not COMPONENT.fullmatch(component):
        yield BadComponentName(row.where("component"), component)


class _Conflicts:
    """What the rows so far say of each pattern and component."""

    def __init__(self) -> None:
        self._said: dict[tuple[Hashable, ...], Row] = {}

    def with_row(self, row: Row) -> Iterable[CoincideError]:
        match, value, component = _entry(row)
        if match not in TITLES:
            return
        pattern = Pattern(value.removeprefix("~"))
        parts = tuple((part.normal.words, part.free_start, part.free_end) for part in pattern.parts or (pattern,))
        key = (parts, component)
        other = self._said.setdefault(key, row)
        if other.get("match") != match:
            place = f"{other.file}:{other.number}"
            yield ConflictingRows(row.where("value"), value, component, f"`{other.get('match')}` in {place}")
