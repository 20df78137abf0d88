"""Managed lists: values that hold for a time, such as licences on file; ``lists/*.csv``.

A file has the column ``value`` and may have ``from`` and ``until``; a value holds at ``t`` if ``from <= t <
until``. A date is its start in UTC, an empty bound is none. Rows of one value add up. Values are text,
compared as they are. What a rule asks of a list is for ``rules``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from coincide.catalog.errors import BadTime, EmptyValue, EndsBeforeStart, TwoListsOfOneName
from coincide.catalog.table import Row, Table, files_of, shown
from coincide.errors import CoincideError, Problems, Where
from coincide.packs.pack import chosen

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})")
_ALWAYS, _NEVER = -(2**63), 2**63 - 1
"""Bounds of a value without bounds, beyond every time that is written."""
_SCHEMA = {"value": pl.String, "from": pl.Int64, "until": pl.Int64}

Entry = tuple[str, int, int]
"""A value, from when, and until when (not included): microseconds since 1970 in UTC."""


@dataclass(frozen=True, slots=True, eq=False)
class ManagedList:
    """One list. ``entries``: value (String), from and until (Int64, microseconds since 1970), sorted, no repeats.

    ``version`` is a hash of the entries, the same for the same content in any order.
    """

    name: str
    entries: pl.DataFrame
    version: str

    def holds(self, values: pl.Series, at_us: pl.Series) -> pl.Series:
        """Whether each of ``values`` (String) is in the list at its time of ``at_us`` (Int64, microseconds).

        Boolean, as many and in the order of the values; null where the value or its time is.
        """
        asked = pl.DataFrame({"value": values, "at": at_us}).with_row_index("row")
        found = (
            asked.join(self.entries, on="value")
            .filter(pl.col("from") <= pl.col("at"), pl.col("at") < pl.col("until"))
            .select(pl.col("row").unique(), found=pl.lit(True))
        )
        known = pl.col("value").is_not_null() & pl.col("at").is_not_null()
        answer = pl.when(known).then(pl.col("found").fill_null(False)).alias("holds")
        return asked.join(found, on="row", how="left", maintain_order="left").select(answer).to_series()


def load(folder: Path, pattern: str, packs: list[str] | None = None) -> dict[str, ManagedList]:
    """The lists of the workspace ``folder`` by name, a list being named after its file; none is no error.

    Lists of rule packs are there where the workspace has none of that name. Raises ``UnknownPack``, or
    :class:`~coincide.errors.Problems` with all that is wrong in all files.
    """
    problems: list[CoincideError] = []
    lists: dict[str, ManagedList] = {}
    files: dict[str, str] = {}
    for path in files_of(folder, pattern):
        name, file = path.stem, shown(path, folder)
        if name in files:
            problems.append(TwoListsOfOneName(Where(file), name, files[name]))
            continue
        files[name] = file
        table = Table(path, file, ("value",), ("value", "from", "until"))
        entries = []
        for row in table.rows():
            entry = _entry(row, problems)
            if entry is not None:
                entries.append(entry)
        problems += table.problems
        lists[name] = of(name, entries)
    if problems:
        raise Problems(problems)
    given = {path.stem for pack in chosen(packs or []) for path in pack.lists}
    return {name: of(name, []) for name in sorted(given - lists.keys())} | lists


def of(name: str, entries: list[Entry]) -> ManagedList:
    """The list of these entries; repeats are kept once."""
    ordered = sorted(set(entries))
    digest = hashlib.sha256()
    for value, start, end in ordered:
        encoded = value.encode()
        digest.update(b"%d:%b%d,%d;" % (len(encoded), encoded, start, end))
    return ManagedList(name, pl.DataFrame(ordered, schema=_SCHEMA, orient="row"), digest.hexdigest()[:16])


def _entry(row: Row, problems: list[CoincideError]) -> Entry | None:
    before = len(problems)
    if not row.get("value"):
        problems.append(EmptyValue(row.where("value")))
    bounds = []
    for column, unbounded in (("from", _ALWAYS), ("until", _NEVER)):
        text = row.get(column)
        at = _microseconds(text) if text else unbounded
        if at is None:
            problems.append(BadTime(row.where(column), text))
            at = unbounded
        bounds.append(at)
    start, end = bounds
    if end <= start:
        problems.append(EndsBeforeStart(row.where("until")))
    return (row.get("value"), start, end) if len(problems) == before else None


def _microseconds(text: str) -> int | None:
    """The instant that ``text`` writes, finer digits cut; ``None`` if it writes none."""
    if _DAY.fullmatch(text):
        text += "T00:00:00Z"
    elif not _INSTANT.fullmatch(text):
        return None
    try:
        # `fromisoformat` knows Z, and cuts digits beyond the microsecond.
        return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
