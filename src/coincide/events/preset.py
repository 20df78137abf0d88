"""A preset maps all columns of a published format; what its files leave out is taken out of the mapping here.

Looked at is the first file of the source (or the table). Columns that the format requires stay, so that a file which
lacks one is refused as any other would be.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from coincide.errors import CoincideError
from coincide.events.source import SourceReader
from coincide.settings import Settings, Source
from coincide.settings.preset import PRESETS, REQUIRED


def fitted(settings: Settings, folder: Path) -> Settings:
    """The settings with the presets of their sources fitted to the files of the workspace ``folder``."""
    if not any(source.preset for source in settings.sources.values()):
        return settings
    sources = {name: _fitted(name, source, folder) for name, source in settings.sources.items()}
    return settings.model_copy(update={"sources": sources})


def _fitted(name: str, source: Source, folder: Path) -> Source:
    if source.preset is None:
        return source
    try:
        there = SourceReader(name, source, folder).columns()
    except CoincideError:
        # Whoever reads the source says better what is wrong with its files.
        return source
    given: dict[str, Any] = PRESETS[source.preset]["columns"]
    keep = REQUIRED[source.preset]
    columns: dict[str, str | list[str]] = {}
    for field, column in source.columns.items():
        if column != given.get(field):
            columns[field] = column
            continue
        several = [column] if isinstance(column, str) else column
        found = [one for one in several if one in there or one in keep]
        if found:
            columns[field] = found if isinstance(column, list) else found[0]
    values = {field: values for field, values in source.values.items() if field in columns}
    first_of = [field for field in source.first_of if field in columns]
    return source.model_copy(update={"columns": columns, "values": values, "first_of": first_of})
