"""A table of the page: made once, and joined with the same table of another document where two are compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coincide.html.figure import Cell, Figure

ABSENT = "not there"
SIDES = ("Old", "New", "Difference")


@dataclass(frozen=True, slots=True)
class Table:
    """``names``: so many columns, the first ones, say what a row is of. ``groups``: heads over the heads, each over
    so many.

    ``folded``: long, and shown when asked for. ``apart``: its rows are of one document alone, and stay so when two
    are compared.
    """

    id: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    names: int = 1
    groups: tuple[tuple[str, int], ...] = ()
    folded: bool = False
    apart: bool = False

    def of(self, whose: str) -> Table:
        """The same table as that of one of two documents."""
        return replace(self, id=f"{self.id}-{whose.lower()}", caption=f"{whose}: {self.caption}")


def joined(old: Table | None, new: Table | None) -> Table:
    """The same table of two documents: each column old, new and difference, each row that either has."""
    either = new or old
    assert either is not None, "a table of neither"
    names = either.heads[: either.names]
    columns = list(dict.fromkeys(head for one in (old, new) if one for head in one.heads[one.names :]))
    before, after = _by_row(old), _by_row(new)
    rows = []
    for row in dict.fromkeys((*before, *after)):
        line = list(row)
        for column in columns:
            was = before.get(row, {}).get(column, ABSENT)
            now = after.get(row, {}).get(column, ABSENT)
            line += [was, now, _change(was, now)]
        rows.append(tuple(line))
    return replace(
        either,
        heads=(*names, *SIDES * len(columns)),
        rows=tuple(rows),
        groups=tuple((column, len(SIDES)) for column in columns) if len(columns) > 1 else (),
    )


def _by_row(table: Table | None) -> dict[tuple[Cell, ...], dict[str, Cell]]:
    if table is None:
        return {}
    return {
        row[: table.names]: dict(zip(table.heads[table.names :], row[table.names :], strict=True)) for row in table.rows
    }


def _change(was: Cell, now: Cell) -> Cell:
    if isinstance(was, Figure) and isinstance(now, Figure):
        return was.to(now)
    return "the same" if was == now != "" else ""
