"""An import: a source written anew with pseudonyms, into a folder that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from glob import escape
from pathlib import Path

import polars as pl

from coincide.alerts.alert import iso
from coincide.alerts.rotation import ring_for
from coincide.catalog.managed_list import ManagedList
from coincide.engines.embedded.copied import APART, Copied, copied
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.partition import MOST
from coincide.engines.errors import IdentifierLeft, ImportThere, NobodysSource, UnknownSource
from coincide.engines.workspace import Workspace
from coincide.entities.key import Key
from coincide.entities.pseudonym import pseudonyms
from coincide.events.mapping import mapped, raw_columns
from coincide.ledger.book import Book
from coincide.settings import WORKSPACE_FILE, Source
from coincide.settings.toml import quoted
from coincide.store.database import translated
from coincide.store.durable import PART, sync_folder
from coincide.store.failpoint import failpoint
from coincide.store.lock import scan_lock

ROWS = 10_000_000
"""Rows of a part, about: so few that little memory holds them, so many that a part by itself costs little."""
UNCOUNTED = 16
"""Parts where nobody knows beforehand how many rows there are."""
LISTS = "lists"

Random = Callable[[int], bytes]


@dataclass(frozen=True)
class Imported:
    """What was written, and the section of ``coincide.toml`` that reads it."""

    copied: Copied
    folder: Path
    lists: tuple[str, ...]
    section: str


def imported(
    workspace: Workspace,
    book: Book,
    name: str,
    folder: Path,
    *,
    now_us: int,
    parts: int | None = None,
    lists: Sequence[ManagedList] = (),
    progress: Progress = lambda _: None,
    random: Random = os.urandom,
) -> Imported:
    """Write the source ``name`` into a new or empty ``folder``; ``lists`` of accounts beside it, as pseudonyms.

    Entered first: whoever has the folder has what is in it. No scan and no change of keys runs meanwhile. Raises
    ``UnknownSource``, ``NobodysSource``, ``IdentifierLeft``, ``ImportThere``, ``ScanRunning``, ``DiskFull``,
    ``NotWritable``, and what is wrong with key, mapping and files.
    """
    source = _source(workspace, name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ImportThere(str(folder))
    reader = workspace.readers[name]
    if parts is None:
        expected = reader.expected()
        parts = min(MOST, max(1, round(expected / ROWS))) if expected else UNCOUNTED
    with scan_lock(workspace.state, iso(now_us)):
        with book.database.reading() as connection:
            key = ring_for(workspace.key_file, connection, random=random).current
        with book.acting("source:import", f"{name} to {folder}"):
            pass
        staged = folder.with_name(f".{folder.name}{PART}")
        with translated(str(folder)):
            try:
                shutil.rmtree(staged, ignore_errors=True)
                staged.mkdir(mode=0o700, parents=True)
                with connect(workspace.settings) as connection:
                    done = copied(reader, source, key, connection, staged, parts, progress)
                _write_lists(staged, lists, source.namespace(name), key)
                _put(staged, folder)
            finally:
                shutil.rmtree(staged, ignore_errors=True)
    section = section_of(name, source, _shown(folder, workspace.folder), done.columns)
    return Imported(done, folder, tuple(one.name for one in lists), section)


def section_of(name: str, source: Source, folder: str, columns: Sequence[str]) -> str:
    """The ``[sources.NAME]`` of an import that has these columns."""
    lines = [f"[sources.{name}]"]
    if source.kind is not None:
        lines.append(f"kind = {quoted(source.kind)}")
    lines.append(f"files = {quoted(f'{escape(folder)}/part-*.parquet')}")
    # The same as before, so that two sources that share accounts still do.
    lines.append(f"accounts = {quoted(source.namespace(name))}")
    if source.most_taps != Source.model_fields["most_taps"].default:
        lines.append(f"most_taps = {source.most_taps}")
    groups: dict[str, list[str]] = {"columns": [], "links": [], "attributes": []}
    for column in columns:
        group, _, field = column.partition(".")
        of = {"link": "links", "attributes": "attributes"}.get(group, "columns")
        if column != "kind" or source.kind is None:
            groups[of].append(f"{field or column} = {quoted(column)}")
    for group, entries in groups.items():
        if entries:
            lines += ["", f"[sources.{name}.{group}]", *entries]
    return "\n".join(lines) + "\n"


def _source(workspace: Workspace, name: str) -> Source:
    """The source, once it is sure that it can be written with pseudonyms and no identifier beside them."""
    sources = workspace.settings.sources
    if name not in workspace.readers:
        near = get_close_matches(name, sources, n=1)
        raise UnknownSource(name, sorted(sources), near[0] if near else None)
    source = sources[name]
    file = str(workspace.folder / WORKSPACE_FILE)
    fields = mapped(source)
    if "account" not in fields:
        raise NobodysSource(name, file)
    named = {field for field in fields if field == "account" or field.startswith("link.")}
    personal = raw_columns(source, named)
    for field in fields.keys() - named:
        for column in fields[field]:
            if column in personal:
                raise IdentifierLeft(name, field, column, file)
    return source


def _write_lists(folder: Path, lists: Sequence[ManagedList], namespace: str, key: Key) -> None:
    for one in lists:
        (folder / LISTS).mkdir(exist_ok=True)
        values = pl.Series("value", pseudonyms(namespace, one.entries["value"].to_list(), key), dtype=pl.String)
        bounds = {name: pl.Series(name, map(_bound, one.entries[name]), dtype=pl.String) for name in ("from", "until")}
        frame = pl.DataFrame([values, *bounds.values()]).sort("value", "from", "until")
        frame.write_csv(folder / LISTS / f"{one.name}.csv")


def _bound(at_us: int) -> str | None:
    """A bound as lists write it; nothing where there is none."""
    return iso(at_us) if abs(at_us) < 2**62 else None


def _put(staged: Path, folder: Path) -> None:
    """Give the folder its name, and make both durable."""
    for path in staged.rglob("*"):
        if path.is_dir():
            sync_folder(path)
    sync_folder(staged)
    # A death here leaves the folder under its other name: the next import to this place removes it.
    failpoint("import-written")
    staged.replace(folder)
    failpoint("import-named")
    sync_folder(folder.parent)
    failpoint("import-durable")


def _shown(folder: Path, workspace: Path) -> str:
    """The folder as settings name it: from the workspace if it lies there."""
    absolute, base = folder.resolve(), workspace.resolve()
    return (absolute.relative_to(base) if absolute.is_relative_to(base) else absolute).as_posix()


__all__ = ["APART", "Imported", "imported", "section_of"]
