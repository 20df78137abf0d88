"""The catalog: which components an item can be, by its SKU (exact), the beginning of its category code, or its title.

An item's components are the union of what its SKU and its category say; where they say nothing, what its title says:
a code is somebody's decision, a title only words. Matching keys are text: ``0012`` is not ``12``. What stands in the
files is for ``catalog.rows``, what counts in a title for ``catalog.titles``; what a rule makes of a component is for
``rules``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from coincide import settings
from coincide.catalog.files import of_packs, own
from coincide.catalog.rows import TITLES, Entry, read
from coincide.catalog.tagged import Tagged
from coincide.catalog.titles import Titles
from coincide.errors import CoincideError

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


@dataclass(frozen=True, eq=False)
class Catalog:
    """Items to components, as loaded.

    ``entries`` are all rows, sorted and without repeats; ``skus`` and ``prefixes`` those of codes, with the String
    columns ``value`` and ``component``. ``version`` is a hash of all rows, the same for the same content however it is
    spread over files and lines.
    """

    entries: tuple[Entry, ...] = field(repr=False)
    components: frozenset[str]
    skus: pl.DataFrame
    prefixes: pl.DataFrame
    version: str
    coded_skus: Coded = field(repr=False)
    """The SKUs as :meth:`tags` needs them, made once."""
    most: float = 1.0
    """The largest share of distinct titles that one pattern may tag."""

    def tags(self, frame: pl.DataFrame) -> Tags:
        """The components of each row, by its String columns ``item``, ``category`` and ``title``.

        Any may be null or absent. The work is joins of small codes, so a million rows over 200,000 items take a
        fraction of a second; each title is looked at once in the life of the catalog.
        """
        sku = self.coded_skus.look_up(_text(frame, "item"))
        category = _text(frame, "category")
        coded_categories = _coded(self._matches(category))
        prefix = coded_categories.look_up(category)
        title = self.titles.look_up(_text(frame, "title"))
        said = pl.DataFrame({"sku": sku, "prefix": prefix, "title": title})
        distinct = said.unique()
        by_title = self.titles.sets
        unions = [self.coded_skus.sets[s] | coded_categories.sets[p] or by_title[t] for s, p, t in distinct.iter_rows()]
        sets = (frozenset[str](), *sorted({names for names in unions if names}, key=sorted))
        code = {names: position for position, names in enumerate(sets)}
        table = distinct.with_columns(code=pl.Series([code[names] for names in unions], dtype=pl.UInt32))
        codes = said.join(table, on=["sku", "prefix", "title"], how="left", maintain_order="left").get_column("code")
        return Tags(codes, sets)

    @cached_property
    def titles(self) -> Tagged:
        """What titles say."""
        return Tagged(Titles(entry for entry in self.entries if entry[0] in TITLES), self.most)

    @cached_property
    def titled(self) -> frozenset[str]:
        """The components that an item can be by its title."""
        return frozenset(component for match, _, component in self.entries if match in TITLES[:2])

    def values_for(self, components: Iterable[str]) -> tuple[list[str], list[str]]:
        """The SKUs and the category prefixes of any of ``components``, sorted: what a SELECT asks for."""
        wanted = pl.col("component").is_in(sorted(components))
        skus = self.skus.filter(wanted).get_column("value").unique().sort()
        prefixes = self.prefixes.filter(wanted).get_column("value").unique().sort()
        return skus.to_list(), prefixes.to_list()

    @cached_property
    def versions(self) -> dict[str, str]:
        """Of each component a hash of all rows that bear on which items it is: tells in which two catalogs differ.

        Where titles do, so do all codes: they win.
        """
        # Each text behind its length, so that no two lists of values write alike.
        value = pl.concat_str(pl.col("value").str.len_bytes().cast(pl.String), pl.lit(":"), "value")
        skus, prefixes = (
            dict(frame.group_by("component", maintain_order=True).agg(value.str.join("")).iter_rows())
            for frame in (self.skus, self.prefixes)
        )
        texts = {name: f"{skus.get(name, '')}/{prefixes.get(name, '')}" for name in sorted(self.components)}
        codes = _hash("".join(f"{len(name)}:{name}{len(text)}:{text}" for name, text in texts.items() if text != "/"))
        for match, pattern, component in self.entries:
            if match in TITLES:
                texts[component] += f"/{match}{len(pattern)}:{pattern}"
        return {name: _hash(f"{text}/{codes}" if name in self.titled else text) for name, text in texts.items()}

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


def load(folder: Path, section: settings.Catalog | None, packs: list[str] | None = None) -> Catalog:
    """The catalog of the workspace ``folder`` and of its rule packs; an empty one if there are none.

    Raises ``UnknownPack``, or :class:`~coincide.errors.Problems` with all that is wrong in all files.
    """
    problems: list[CoincideError] = []
    entries = read(own(folder, section, problems), of_packs(packs or []), problems)
    return of(entries) if section is None else of(entries, most=section.most)


def of(entries: Iterable[Entry], *, most: float = settings.Catalog.model_fields["most"].default) -> Catalog:
    """A catalog of ``(match, value, component)``, which must be right; repeats are kept once."""
    ordered = sorted(set(entries))
    skus = _entries([(value, component) for match, value, component in ordered if match == "sku"])
    return Catalog(
        entries=tuple(ordered),
        components=frozenset(component for _, _, component in ordered),
        skus=skus,
        prefixes=_entries([(value, component) for match, value, component in ordered if match == "category"]),
        version=_version(ordered),
        coded_skus=_coded(skus),
        most=most,
    )


def _version(entries: Iterable[Entry]) -> str:
    # Each text behind its length, so that no two contents write alike.
    return _hash("".join([f"{len(part)}:{part}" for entry in sorted(entries) for part in entry]))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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
