"""The catalog: which components an item can be, by its SKU (exact) or the beginning of its category code.

Files are ``match,value,component`` with ``match`` being ``sku`` or ``category``. An item's components are
the union of what its SKU and its category say. Matching keys are text: ``0012`` is not ``12``. Titles are not
looked at. What a rule makes of a component is for ``rules``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from coincide import settings
from coincide.catalog.errors import BadComponentName, EmptyValue, NoSuchFile, UnknownMatch
from coincide.catalog.table import Table, files_of, shown
from coincide.errors import CoincideError, Problems

COMPONENT = re.compile(r"[a-z][a-z0-9-]*")
MATCHES = ("sku", "category")
COLUMNS = ("match", "value", "component")
_ENTRIES = {"value": pl.String, "component": pl.String}


@dataclass(frozen=True, slots=True)
class Tags:
    """The components of each row of a frame: ``sets[codes[i]]`` are those of row ``i``.

    ``codes`` is UInt32 and never null; ``sets[0]`` is the empty set, the others are those that occur,
    sorted, so that equal rows give equal codes whatever the order of the rows.
    """

    codes: pl.Series
    sets: tuple[frozenset[str], ...]

    def having(self, component: str) -> list[int]:
        """The codes whose set holds ``component``, ascending."""
        return [code for code, names in enumerate(self.sets) if component in names]


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Values and the codes of their sets of components: ``table`` has value (String) and code (UInt32).

    ``sets[code]`` is the set; 0 is the empty set, that of every value that is not in the table.
    """

    table: pl.DataFrame
    sets: tuple[frozenset[str], ...]

    def look_up(self, values: pl.Series) -> pl.Series:
        """The code of each value, 0 for null."""
        joined = values.to_frame("value").join(self.table, on="value", how="left", maintain_order="left")
        return joined.get_column("code").fill_null(0)


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """Items to components, as loaded.

    ``skus`` and ``prefixes`` have the String columns ``value`` and ``component``, sorted and without repeats;
    ``version`` is a hash of both, the same for the same content however it is spread over files and lines.
    """

    components: frozenset[str]
    skus: pl.DataFrame
    prefixes: pl.DataFrame
    version: str
    coded_skus: Coded = field(repr=False)
    """The SKUs as :meth:`tags` needs them, made once."""

    def tags(self, frame: pl.DataFrame) -> Tags:
        """The components of each row, by its String columns ``item`` and ``category``.

        Either may be null or absent. The work is two joins of small codes, so a million rows over 200,000
        items take a fraction of a second.
        """
        sku = self.coded_skus.look_up(_text(frame, "item"))
        category = _text(frame, "category")
        coded_categories = _coded(self._matches(category))
        prefix = coded_categories.look_up(category)
        pairs = pl.DataFrame({"sku": sku, "prefix": prefix})
        distinct = pairs.unique()
        unions = [self.coded_skus.sets[s] | coded_categories.sets[p] for s, p in distinct.iter_rows()]
        sets = (frozenset[str](), *sorted({names for names in unions if names}, key=sorted))
        code = {names: position for position, names in enumerate(sets)}
        table = distinct.with_columns(code=pl.Series([code[names] for names in unions], dtype=pl.UInt32))
        codes = pairs.join(table, on=["sku", "prefix"], how="left", maintain_order="left").get_column("code")
        return Tags(codes, sets)

    def values_for(self, components: Iterable[str]) -> tuple[list[str], list[str]]:
        """The SKUs and the category prefixes of any of ``components``, sorted: what a SELECT asks for."""
        wanted = pl.col("component").is_in(sorted(components))
        skus = self.skus.filter(wanted).get_column("value").unique().sort()
        prefixes = self.prefixes.filter(wanted).get_column("value").unique().sort()
        return skus.to_list(), prefixes.to_list()

    def _matches(self, categories: pl.Series) -> pl.DataFrame:
        """The distinct category codes with their prefixes' components: ``value``, ``component``."""
        distinct = categories.drop_nulls().unique().to_frame("value")
        lengths = self.prefixes.get_column("value").str.len_chars().unique().sort()
        cuts = [
            distinct.with_columns(prefix=pl.col("value").str.slice(0, length)).join(
                self.prefixes.rename({"value": "prefix"}), on="prefix"
            )
            for length in lengths
        ]
        return pl.concat([cut.select("value", "component") for cut in cuts]) if cuts else _entries([])


def load(folder: Path, section: settings.Catalog | None) -> Catalog:
    """The catalog of the workspace ``folder``; an empty one if there is no ``[catalog]``.

    Raises :class:`~coincide.errors.Problems` with all that is wrong in all files.
    """
    if section is None:
        return of([])
    problems: list[CoincideError] = []
    entries: set[tuple[str, str, str]] = set()
    for pattern in [section.files] if isinstance(section.files, str) else section.files:
        paths = files_of(folder, pattern)
        if not paths:
            problems.append(NoSuchFile(pattern, folder))
        for path in paths:
            table = Table(path, shown(path, folder), COLUMNS, COLUMNS)
            for row in table.rows():
                match, value, component = row.get("match"), row.get("value"), row.get("component")
                entries.add((match, value, component))
                if match not in MATCHES:
                    problems.append(UnknownMatch(row.where("match"), match))
                if not value:
                    problems.append(EmptyValue(row.where("value")))
                if not COMPONENT.fullmatch(component):
                    problems.append(BadComponentName(row.where("component"), component))
            problems += table.problems
    if problems:
        raise Problems(problems)
    return of(entries)


def of(entries: Iterable[tuple[str, str, str]]) -> Catalog:
    """A catalog of ``(match, value, component)``, which must be right; repeats are kept once."""
    ordered = sorted(set(entries))
    # Each text behind its length, so that no two contents write alike.
    content = "".join([f"{len(part)}:{part}" for entry in ordered for part in entry])
    skus = _entries([(value, component) for match, value, component in ordered if match == "sku"])
    return Catalog(
        components=frozenset(component for _, _, component in ordered),
        skus=skus,
        prefixes=_entries([(value, component) for match, value, component in ordered if match == "category"]),
        version=hashlib.sha256(content.encode()).hexdigest()[:16],
        coded_skus=_coded(skus),
    )


def _entries(pairs: list[tuple[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema=_ENTRIES, orient="row")


def _text(frame: pl.DataFrame, column: str) -> pl.Series:
    if column in frame.columns:
        return frame.get_column(column)
    return pl.Series(column, [None], dtype=pl.String).new_from_index(0, frame.height)


def _coded(entries: pl.DataFrame) -> Coded:
    """Each value with its set of components; equal sets have one code."""
    grouped = entries.group_by("value").agg(pl.col("component").unique().sort())
    distinct = grouped.get_column("component").unique()
    table = grouped.join(distinct.to_frame().with_row_index("code", offset=1), on="component")
    return Coded(table.select("value", "code"), (frozenset(), *(frozenset(names) for names in distinct.to_list())))
