"""A whole workspace around a log: settings, catalog, rule with its tests, the log's files, and the answer.

Texts that do not depend on the log are package data below ``demo/``. Only new or empty folders are written to.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Literal

import polars as pl

from coincide.settings import WORKSPACE_FILE
from coincide.simulate.errors import FilesTooLarge, FolderIsFile, FolderNotEmpty
from coincide.simulate.item import catalog_rows
from coincide.simulate.marketplace import Marketplace
from coincide.simulate.shop import Shop

Format = Literal["parquet", "csv", "ndjson"]
ROWS_PER_FILE = 1_000_000
LARGEST_FILE = 5_000_000
"""Rows of a file, which is made in memory (about 1 GB for that many rows)."""
_TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"


def write_shop(
    folder: Path,
    shop: Shop,
    *,
    format: Format = "parquet",
    files: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Path]:
    """Write the workspace of a simulated shop: the paths of the log's files, in time order.

    ``files``: number of files, of equal length to a row; default one for each million rows. ``progress`` is
    called with the number of rows after each part. Raises ``FolderNotEmpty``, ``FolderIsFile``,
    ``FilesTooLarge`` before anything is written.
    """
    count = _file_count(shop.size, files)
    prepare(folder)
    settings = template("shop", WORKSPACE_FILE).replace(".parquet", f".{format}")
    (folder / WORKSPACE_FILE).write_text(settings, encoding="utf-8")
    (folder / "rules").mkdir()
    rule = "rules/purchase-combination.yaml"
    (folder / rule).write_text(template("shop", rule), encoding="utf-8")
    (folder / "catalog.csv").write_text(csv_text(("match", "value", "component"), catalog_rows()), encoding="utf-8")
    readme = template("shop", "README.md").format(size=shop.size, seed=shop.seed)
    (folder / "README.md").write_text(readme, encoding="utf-8")
    shop.labels().write_csv(folder / "labels.csv")
    return _log(folder, shop.chunks(), shop.size, count, format, progress)


def write_marketplace(
    folder: Path, marketplace: Marketplace, *, progress: Callable[[int], None] | None = None
) -> list[Path]:
    """Write the workspace of a simulated marketplace with packs, as ``write_shop`` does that of a shop, in Parquet."""
    prepare(folder)
    (folder / WORKSPACE_FILE).write_text(template("marketplace", WORKSPACE_FILE), encoding="utf-8")
    readme = template("marketplace", "README.md").format(size=marketplace.size, seed=marketplace.seed)
    (folder / "README.md").write_text(readme, encoding="utf-8")
    marketplace.labels().write_csv(folder / "labels.csv")
    marketplace.titles().write_csv(folder / "titles.csv")
    count = _file_count(marketplace.size, None)
    return _log(folder, marketplace.chunks(), marketplace.size, count, "parquet", progress)


def _log(
    folder: Path,
    chunks: Iterator[pl.DataFrame],
    size: int,
    count: int,
    format: Format,
    progress: Callable[[int], None] | None,
) -> list[Path]:
    """Write the log as so many files of equal length to a row."""
    (folder / "purchases").mkdir()
    written = []
    lengths = [size * (number + 1) // count - size * number // count for number in range(count)]
    for number, frame in enumerate(_files(chunks, lengths, progress), start=1):
        path = folder / "purchases" / f"purchases-{number:04d}.{format}"
        _write(frame, path, format)
        written.append(path)
    return written


def prepare(folder: Path) -> None:
    """Make the folder, or make sure that it is empty. Raises ``FolderNotEmpty``, ``FolderIsFile``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise FolderIsFile(folder) from None
    if any(folder.iterdir()):
        raise FolderNotEmpty(folder)


def template(workspace: str, name: str) -> str:
    """The text of a file of the package data below ``demo/``."""
    return resources.files("coincide.simulate").joinpath("demo", workspace, name).read_text(encoding="utf-8")


def csv_text(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A small CSV file as text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _file_count(size: int, files: int | None) -> int:
    if files is None:
        return -(-size // ROWS_PER_FILE)
    least = -(-size // LARGEST_FILE)
    if files < least:
        raise FilesTooLarge(size, files, least)
    return min(files, size)


def _files(
    chunks: Iterator[pl.DataFrame], lengths: list[int], progress: Callable[[int], None] | None
) -> Iterator[pl.DataFrame]:
    """Cut a run of frames anew into frames of the given lengths, which sum to the rows there are."""
    rest = next(chunks)
    done = 0
    for length in lengths:
        parts, missing = [], length
        while missing > len(rest):
            parts.append(rest)
            missing -= len(rest)
            rest = next(chunks)
        parts.append(rest.head(missing))
        rest = rest.slice(missing)
        yield pl.concat(parts)
        done += length
        if progress is not None:
            progress(done)


def _write(frame: pl.DataFrame, path: Path, format: Format) -> None:
    if format == "parquet":
        # Level 1: a fifth larger than level 3 and twice as fast.
        frame.write_parquet(path, compression="zstd", compression_level=1)
    elif format == "csv":
        frame.write_csv(path, datetime_format=_TIME)
    else:
        frame.with_columns(pl.col("when").dt.strftime(_TIME)).write_ndjson(path)
