"""The goods that an obligation is about, as the law publishes their names: component of the catalog to name and annex.

A mapping file and nothing more: which article of the shop is such a good says the catalog. Nothing here says, or must
ever say, what anything can be used for.
"""

from __future__ import annotations

from dataclasses import dataclass

from coincide.catalog.errors import BadComponentName, EmptyValue
from coincide.catalog.rows import COMPONENT
from coincide.catalog.table import Table, shown
from coincide.errors import CoincideError, Problems
from coincide.obligations.errors import NoItems
from coincide.obligations.load import Loaded

COLUMNS = ("component", "name", "annex", "source", "checked")


@dataclass(frozen=True, slots=True)
class Substance:
    """A good by the name that the law gives it. ``checked``: by whom and when, or that nobody has."""

    component: str
    name: str
    annex: str
    source: str
    checked: str


def substances(loaded: Loaded) -> dict[str, Substance] | None:
    """The goods that the obligation is about, by component; ``None`` where it is about whatever is sold.

    Raises ``NoItems``, and ``Problems`` with everything that is wrong in the file.
    """
    items = loaded.obligation.items
    if items is None:
        return None
    path = loaded.folder / items.file
    if not path.is_file():
        raise NoItems(items.file, loaded.obligation.obligation, str(loaded.folder))
    table = Table(path, shown(path, loaded.folder), COLUMNS, COLUMNS)
    problems: list[CoincideError] = []
    found: dict[str, Substance] = {}
    for row in table.rows():
        component = row.get("component")
        if not COMPONENT.fullmatch(component):
            problems.append(BadComponentName(row.where("component"), component))
        problems += [EmptyValue(row.where(column)) for column in COLUMNS[1:] if not row.get(column).strip()]
        found.setdefault(component, Substance(*(row.get(column) for column in COLUMNS)))
    problems += table.problems
    if problems:
        raise Problems(problems)
    return found
