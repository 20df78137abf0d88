"""Titles with the components that a person gave them: what a catalog is tried on."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from coincide.catalog.errors import UnreadableFile, WrongLabels
from coincide.errors import Where


@dataclass(frozen=True, slots=True)
class Label:
    """A title and what it is."""

    title: str
    components: frozenset[str]


def read(path: Path) -> list[Label]:
    """The labelled titles of a CSV file. Raises ``UnreadableFile``, ``WrongLabels``."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise UnreadableFile(str(path), error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise WrongLabels(Where(str(path)), "it is not UTF-8 text") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    labels = []
    try:
        missing = {"title", "components"}.difference(reader.fieldnames or ())
        if missing:
            raise WrongLabels(Where(str(path), 1), f"it has no column `{min(missing)}`")
        for row in reader:
            if row["title"] is None or row["components"] is None or None in row:
                raise WrongLabels(Where(str(path), reader.line_num), "a line has not as many fields as the header")
            labels.append(Label(row["title"], frozenset(filter(None, map(str.strip, row["components"].split("|"))))))
    except csv.Error as error:
        raise WrongLabels(Where(str(path), reader.line_num), str(error)) from None
    return labels
