"""Imports of one log under several names of its accounts: as many taps as wanted, by cards that are all different."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

if TYPE_CHECKING:
    from coincide.engines.embedded.copied import Copied
    from coincide.engines.workspace import Workspace

PARTS = 16
SECRET = b"a key to measure with, 32 bytes."
COLUMNS = {
    "event_id": "id",
    "occurred_at": "when",
    "account": "card",
    "place": "stop",
    "line": "line",
    "vehicle": "vehicle",
    "device": "device",
    "action": "action",
    "product": "product",
}


def section(files: Sequence[str], columns: dict[str, str], accounts: str = "taps") -> str:
    """A source of taps as settings have it."""
    listed = ", ".join(f'"{file}"' for file in files)
    mapped = "\n".join(f'{field} = "{column}"' for field, column in columns.items())
    head = f'[sources.taps]\nkind = "tap"\naccounts = "{accounts}"\nfiles = [{listed}]\n'
    return f"{head}[sources.taps.columns]\n{mapped}\n"


def names(count: int) -> list[str]:
    return [f"copy-{number:02d}" for number in range(count)]


def settings(folder: Path, wanted: Sequence[str]) -> str:
    """The source of these copies."""
    return section(
        [f"{folder.resolve()}/{name}/part-*.parquet" for name in wanted], {field: field for field in COLUMNS}
    )


def workspace(folder: Path, wanted: Sequence[str]) -> Workspace:
    """A workspace over these copies."""
    return _opened(folder / f"workspace-{len(wanted)}", settings(folder, wanted))


def make(data: Path, log: Path, count: int) -> Path:
    """The folder of the copies, made unless they are there."""
    folder = data / f"copies-{log.name}-{PARTS}"
    for name in names(count):
        if not (folder / name).is_dir():
            staged = emptied(folder / f".{name}")
            write(log, staged, PARTS, accounts=name)
            staged.replace(folder / name)
    return folder


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write(log: Path, out: Path, parts: int, accounts: str = "taps") -> Copied:
    """The log written anew by ours."""
    from coincide.engines.embedded.copied import copied
    from coincide.engines.embedded.database import connect
    from coincide.entities.key import Key

    ending = next(path.suffix for path in sorted(log.iterdir()) if path.name.startswith("taps-"))
    text = section([f"{log.resolve()}/taps-*{ending}"], COLUMNS, accounts)
    opened = _opened(log / "workspace-import", text)
    with connect(opened.settings) as connection:
        return copied(opened.readers["taps"], opened.settings.sources["taps"], Key(SECRET), connection, out, parts)


def write_by_sql(log: Path, out: Path) -> int:
    """The same by DuckDB: distinct accounts, their pseudonyms, and a join into two files."""
    from coincide.entities.key import Key
    from coincide.entities.pseudonym import pseudonyms

    types = {column: "TIMESTAMPTZ" if column == "when" else "VARCHAR" for column in _header(log)}
    files = f"read_csv('{log}/taps-*.csv', header = true, columns = {types})"
    chosen = ", ".join(f'"{column}" AS {field}' for field, column in COLUMNS.items() if field != "account")
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute("SET preserve_insertion_order = false")
        cards = db.sql(f"SELECT DISTINCT card FROM {files}").to_arrow_table().column(0)
        made = pa.table({"card": cards, "account": pa.array(pseudonyms("taps", cards.to_pylist(), Key(SECRET)))})
        db.register("made", made)
        db.execute(
            f"COPY (SELECT {chosen}, account, hash(account) % 2 AS part FROM {files} JOIN made USING (card)) "
            f"TO '{out}' (FORMAT parquet, PARTITION_BY (part), COMPRESSION zstd, COMPRESSION_LEVEL 1, OVERWRITE)"
        )
        ((rows,),) = db.execute(f"SELECT count(*) FROM read_parquet('{out}/*/*.parquet')").fetchall()
    os.sync()
    return int(rows)


def content(files: str) -> dict[str, Any]:
    """How many accounts there are, and a sum over all rows that no order changes."""
    row = ", ".join("epoch_us(occurred_at)" if field == "occurred_at" else field for field in COLUMNS)
    statement = f"SELECT count(DISTINCT account), sum(hash({row}) % 1000003)::BIGINT FROM read_parquet('{files}')"
    ((accounts, total),) = duckdb.execute(statement).fetchall()
    return {"accounts": accounts, "content": total}


def _header(log: Path) -> list[str]:
    with next(iter(sorted(log.glob("taps-*.csv")))).open(encoding="utf-8") as file:
        return file.readline().strip().split(",")


def _opened(folder: Path, text: str) -> Workspace:
    from coincide.engines.workspace import open_workspace

    folder.mkdir(exist_ok=True)
    (folder / "coincide.toml").write_text(text, encoding="utf-8")
    return open_workspace(folder)
