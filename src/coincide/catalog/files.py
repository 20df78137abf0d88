"""Where the rows of a workspace's catalog stand: its own files, and those of its rule packs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coincide import settings
from coincide.catalog.errors import NoSuchFile
from coincide.catalog.table import Table, files_of, shown
from coincide.errors import CoincideError
from coincide.packs.pack import chosen

COLUMNS = ("match", "value", "component")


def own(folder: Path, section: settings.Catalog | None, problems: list[CoincideError]) -> Iterator[Table]:
    """The files that ``[catalog]`` names; a glob without a file is added to ``problems``."""
    globs = () if section is None else (section.files,) if isinstance(section.files, str) else section.files
    for pattern in globs:
        paths = files_of(folder, pattern)
        if not paths:
            problems.append(NoSuchFile(pattern, folder))
        for path in paths:
            yield Table(path, shown(path, folder), COLUMNS, COLUMNS)


def of_packs(names: list[str]) -> Iterator[Table]:
    """The files of rule packs. Raises ``UnknownPack``."""
    for pack in chosen(names):
        for path in pack.catalogs:
            yield Table(path, pack.shown(path), COLUMNS, COLUMNS)
