"""What a person found about a title, as a row of the workspace's catalog."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from coincide.catalog.errors import NoCatalogFile
from coincide.catalog.files import own
from coincide.catalog.normal import normal
from coincide.catalog.rows import wrong_beside
from coincide.catalog.table import Row
from coincide.errors import CoincideError, Problems
from coincide.settings import Settings
from coincide.store import durable


def decided(folder: Path, settings: Settings, match: str, title: str, component: str, *, write: bool) -> Row:
    """Adds the words of a title to the workspace's first catalog file, unless what it says could not hold.

    Raises ``NoCatalogFile``, and ``Problems`` with what is wrong with the catalog or would be. ``OSError`` as the disk
    gives it.
    """
    problems: list[CoincideError] = []
    tables = [*own(folder, settings.catalog, problems)]
    if not tables:
        raise NoCatalogFile(folder)
    first = tables[0]
    before = first.path.read_bytes()
    columns = next((row.columns for row in first.rows()), first.needed)
    words = " ".join(normal(title.replace("*", " ")).words)
    said = {"match": match, "value": words, "component": component}
    cells = tuple(said[column] for column in columns)
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    row = Row(first.file, before.count(b"\n") + 1, text.getvalue(), columns, cells)
    problems += wrong_beside(tables, row)
    if problems:
        raise Problems(problems)
    if write:
        end = b"" if before.endswith(b"\n") else b"\n"
        durable.write(first.path, before + end + text.getvalue().encode() + b"\n")
    return row
