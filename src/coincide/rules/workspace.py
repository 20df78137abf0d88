"""The rule files of a workspace, and what they are checked against, read without the engines.

A run loads catalog and lists anyway and makes its ``Context`` of them; checking rules needs their names only, and
stays quick by reading no more.
"""

from __future__ import annotations

from pathlib import Path

from coincide.catalog.errors import NoSuchFile
from coincide.catalog.table import Table, files_of
from coincide.catalog.table import shown as file_name
from coincide.errors import CoincideError
from coincide.rules.context import Context
from coincide.settings import Settings

_COLUMNS = ("match", "value", "component")


def rule_files(folder: Path, settings: Settings) -> list[Path]:
    """The files that the globs of ``rules`` match, each once, in the order of their names."""
    return sorted({path for pattern in settings.rules for path in files_of(folder, pattern)})


def context_of(folder: Path, settings: Settings) -> tuple[Context, list[CoincideError]]:
    """What rules are checked against, and what could not be read of the catalog.

    Where that is anything, the components count as not known: one broken line gives one message.
    """
    components: set[str] = set()
    problems: list[CoincideError] = []
    section = settings.catalog
    patterns = () if section is None else (section.files,) if isinstance(section.files, str) else section.files
    for pattern in patterns:
        paths = files_of(folder, pattern)
        if not paths:
            problems.append(NoSuchFile(pattern, folder))
        for path in paths:
            table = Table(path, file_name(path, folder), _COLUMNS, _COLUMNS)
            components.update(row.get("component") for row in table.rows())
            problems += table.problems
    kinds = {kind for source in settings.sources.values() for kind in source.links}
    kinds |= {kind for file in settings.links.values() for kind in file.links}
    context = Context(
        components=None if problems else frozenset(components),
        link_kinds=frozenset(kinds),
        lists=frozenset(path.stem for path in files_of(folder, settings.lists)),
        attributes=settings.attributes,
    )
    return context, problems
