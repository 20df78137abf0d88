"""The assortment: of which type each item is, and of which family each type. Product master data, about no person.

A type is what a rule's author would call the thing: `charcoal`, not one brand's bag of it. Odds are counted by type,
because a combination is compared with others that are made of things as common as its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from coincide import settings
from coincide.catalog.errors import NoAssortmentColumn, NoAssortmentFile, SeveralTypes, UnreadableAssortment
from coincide.catalog.table import files_of, shown

SCHEMA = {"item": pl.String(), "type": pl.String(), "family": pl.String()}
_KEYS = ("item", "type", "family")


@dataclass(frozen=True, slots=True, eq=False)
class Assortment:
    """``frame`` has ``item`` (each once), ``type`` and ``family`` (null where it is not known), sorted by item.

    A type is of one family: where two families call a type the same, each is named with its family, `garden / tape`.
    """

    frame: pl.DataFrame


def load(folder: Path, section: settings.Assortment | None) -> Assortment | None:
    """The assortment that the settings name; ``None`` where they name none.

    Lines without an item or a type say nothing and are passed over. Raises ``NoAssortmentFile``,
    ``NoAssortmentColumn``, ``UnreadableAssortment``, ``SeveralTypes``.
    """
    if section is None:
        return None
    frames = [
        pl.DataFrame(schema=SCHEMA),
        *(_read(path, shown(path, folder), section) for path in _files(folder, section)),
    ]
    # Empty text is missing, as in events; a matching key is compared letter by letter.
    known = pl.concat(frames).with_columns(pl.col(name).replace("", None) for name in _KEYS)
    lines = known.filter(pl.col("item").is_not_null() & pl.col("type").is_not_null()).unique().sort(_KEYS)
    _check(lines)
    named = (pl.col("family").n_unique().over("type") > 1) & pl.col("family").is_not_null()
    apart = pl.when(named).then(pl.format("{} / {}", "family", "type")).otherwise("type").alias("type")
    return Assortment(lines.with_columns(apart))


def _files(folder: Path, section: settings.Assortment) -> Iterator[Path]:
    for pattern in [section.files] if isinstance(section.files, str) else section.files:
        paths = files_of(folder, pattern)
        if not paths:
            raise NoAssortmentFile(pattern, folder)
        yield from paths


def _read(path: Path, file: str, section: settings.Assortment) -> pl.DataFrame:
    wanted = {"item": section.item, "type": section.type, "family": section.family}
    try:
        rows = _rows(path, file)
        for setting, column in wanted.items():
            if column is not None and column not in rows.columns:
                raise NoAssortmentColumn(file, setting, column, rows.columns)
        return rows.select(
            (pl.lit(None) if column is None else pl.col(column)).cast(pl.String).alias(name)
            for name, column in wanted.items()
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UnreadableAssortment(file, str(error).split("\n", 1)[0]) from None


def _rows(path: Path, file: str) -> pl.DataFrame:
    """All columns, of CSV as text: `0012` is not `12`."""
    match Path(path.name.lower().removesuffix(".gz")).suffix:
        case ".csv":
            return pl.read_csv(path, infer_schema=False)
        case ".tsv":
            return pl.read_csv(path, infer_schema=False, separator="\t")
        case ".ndjson" | ".jsonl":
            return pl.read_ndjson(path, infer_schema_length=None)
        case ".parquet":
            return pl.read_parquet(path)
        case _:
            raise UnreadableAssortment(file, "the end of its name does not tell how")


def _check(lines: pl.DataFrame) -> None:
    """Each item stands in one of the lines only. ``lines``: distinct, sorted."""
    twice = lines.filter(pl.col("item").is_duplicated())
    if twice.height:
        first = twice.filter(pl.col("item") == twice["item"][0])
        field = "type" if first["type"].n_unique() > 1 else "family"
        one, other = first[field].unique(maintain_order=True)[:2]
        more = twice["item"].n_unique() - 1
        raise SeveralTypes(first["item"][0], one or "of no family", other or "of no family", more)
