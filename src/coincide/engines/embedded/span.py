"""Spans of accounts: files that are sorted by account, read some accounts at a time.

Where to cut is told by the footers, which name the first account of each row group; what lies outside of a span is then
passed over unread. How files are sorted decides the time that it takes and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
from sqlglot import exp

ROWS = 1_000_000
"""Rows of a span, about: a gigabyte, as rows that several rules look at."""


@dataclass(frozen=True, slots=True)
class Span:
    """The accounts from ``low`` on and before ``high``, by code point; ``None``: from the first, which also has the
    rows without an account, or to the last.
    """

    low: str | None = None
    high: str | None = None

    def condition(self, account: exp.Expr) -> exp.Expr:
        """Which rows are of the span."""
        parts: list[exp.Expr] = []
        if self.low is not None:
            parts.append(exp.GTE(this=account.copy(), expression=exp.Literal.string(self.low)))
        if self.high is not None:
            below = exp.LT(this=account.copy(), expression=exp.Literal.string(self.high))
            parts.append(below if self.low is not None else exp.paren(exp.or_(below, account.copy().is_(exp.null()))))
        return exp.and_(*parts) if parts else exp.true()


def spans(files: Sequence[Path], column: str, rows: int | None = None) -> list[Span]:
    """Spans of about so many rows each (``ROWS``), which cover all of ``column``; as few as footers allow to tell."""
    groups: list[tuple[str, int]] = []
    for file in files:
        footer = pq.read_metadata(file)
        place = next((i for i in range(footer.num_columns) if footer.schema.column(i).path == column), None)
        for number in range(footer.num_row_groups if place is not None else 0):
            group = footer.row_group(number)
            known = group.column(place).statistics
            if known is not None and known.has_min_max and isinstance(known.min, str):
                groups.append((known.min, group.num_rows))
    cuts: list[str] = []
    seen = 0
    for first, count in sorted(groups):
        if seen >= (rows or ROWS) and (not cuts or first > cuts[-1]):
            cuts.append(first)
            seen = 0
        seen += count
    return [Span(low, high) for low, high in pairwise([None, *cuts, None])]
