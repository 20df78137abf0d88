"""Titles that were looked at, each once, and the components they carry."""

from __future__ import annotations

import polars as pl

from coincide.catalog.errors import GreedyPattern
from coincide.catalog.titles import Explained, Reason, Titles

ENOUGH = 1_000
"""Of fewer distinct titles no share is taken: in a small shop one thing can be most of what there is."""

_TABLE = {"title": pl.String, "code": pl.UInt32, "component": pl.String, "pattern": pl.String}


class Tagged:
    """A memory of titles; it grows with what it is asked.

    ``most``: the largest share of titles that one pattern may tag.
    """

    def __init__(self, titles: Titles, most: float = 1.0) -> None:
        self._titles = titles
        self._most = most
        self._seen = pl.Series("title", [], dtype=pl.String)
        self._reasons = pl.DataFrame(schema=_TABLE)
        self._codes: dict[frozenset[str], int] = {frozenset(): 0}

    @property
    def sets(self) -> tuple[frozenset[str], ...]:
        """The components of each code so far; 0 is that of every title that carries none."""
        return tuple(self._codes)

    @property
    def seen(self) -> int:
        """How many distinct titles were looked at."""
        return len(self._seen)

    @property
    def reasons(self) -> pl.DataFrame:
        """``title``, ``code``, ``component`` and the ``pattern`` it rests on: a row for each component of a title."""
        return self._reasons

    @property
    def table(self) -> pl.DataFrame:
        """The titles that carry anything: ``title`` and ``code``."""
        return self._reasons.select("title", "code").unique()

    def learn(self, titles: pl.Series) -> bool:
        """Look at those that are new; whether any of them carries a component."""
        asked = titles.drop_nulls().unique().to_frame("title")
        fresh = asked.join(self._seen.to_frame(), on="title", how="anti").get_column("title")
        if fresh.is_empty():
            return False
        self._seen = pl.concat([self._seen, fresh])
        found = self._titles.tags(fresh)
        if found.is_empty():
            return False
        grouped = found.group_by("row").agg(pl.col("component").sort())
        codes = [self._code(frozenset(names)) for names in grouped["component"].to_list()]
        coded = grouped.select("row", code=pl.Series(codes, dtype=pl.UInt32))
        rows = found.join(coded, on="row")
        rows = rows.with_columns(title=fresh.gather(rows["row"]))
        self._reasons = pl.concat([self._reasons, rows.select(*_TABLE)])
        return True

    def components(self, titles: list[str]) -> list[frozenset[str]]:
        """The components of each title."""
        codes = self.look_up(pl.Series(titles, dtype=pl.String))
        sets = self.sets
        return [sets[code] for code in codes]

    def explain(self, title: str) -> Explained:
        """What is held by a title, and what of it counts."""
        return self._titles.explain(title)

    def refused(self, titles: list[str]) -> dict[str, list[Reason]]:
        """Of titles that carry nothing and hold a pattern, why it does not count."""
        return self._titles.refused(pl.Series(titles, dtype=pl.String))

    def look_up(self, titles: pl.Series) -> pl.Series:
        """The code of each title (UInt32), 0 for null."""
        self.learn(titles)
        joined = titles.to_frame("title").join(self.table, on="title", how="left", maintain_order="left")
        return joined.get_column("code").fill_null(0)

    def check(self) -> None:
        """Raises ``GreedyPattern`` if one pattern tags too large a share of all titles seen."""
        if self.seen < ENOUGH:
            return
        counts = self._reasons.group_by("component", "pattern").len().sort("len", "pattern", descending=True)
        if counts.height and counts["len"][0] > self._most * self.seen:
            component, pattern, count = counts.row(0)
            raise GreedyPattern(pattern, component, count, self.seen, self._most)

    def _code(self, components: frozenset[str]) -> int:
        return self._codes.setdefault(components, len(self._codes))
