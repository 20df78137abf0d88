"""A page of HTML as its readers have it: tables by their ids, figures by their sections, scripts, and the elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}


@dataclass
class Cell:
    """``values``: the numbers in it, beside what is read."""

    kind: str
    attributes: dict[str, str | None]
    text: str = ""
    values: list[float] = field(default_factory=list)


@dataclass
class Grid:
    caption: str = ""
    heads: list[list[Cell]] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)


@dataclass
class Script:
    attributes: dict[str, str | None]
    text: str = ""


class Read(HTMLParser):
    """``figures``: of each section (by its id) the numbers with what is read of them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.tables: dict[str, Grid] = {}
        self.figures: dict[str, list[tuple[float, str]]] = {}
        self.sections: dict[str, str] = {}
        self.scripts: list[Script] = []
        self.styles: list[str] = []
        self.open: list[str] = []
        self._section = "head"
        self._grid = Grid()
        self._cell: Cell | None = None
        self._value: float | None = None
        self.feed(text)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        match tag:
            case "section":
                self._section = given.get("id") or "head"
            case "table":
                self._grid = self.tables[given["id"] or ""] = Grid()
            case "tr":
                (self._grid.heads if "thead" in self.open else self._grid.rows).append([])
            case "th" | "td":
                self._cell = Cell(tag, given)
                (self._grid.heads if "thead" in self.open else self._grid.rows)[-1].append(self._cell)
            case "data":
                self._value = float(given["value"] or "")
            case "script":
                self.scripts.append(Script(given))
            case "style":
                self.styles.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()
        if tag in ("th", "td"):
            self._cell = None
        if tag == "data":
            self._value = None
        if tag == "section":
            self._section = "head"

    def handle_data(self, data: str) -> None:
        if not self.open:
            return
        if self.open[-1] == "script":
            self.scripts[-1].text += data
            return
        if self.open[-1] == "style":
            self.styles[-1] += data
            return
        self.sections[self._section] = self.sections.get(self._section, "") + data
        if self._value is not None:
            self.figures.setdefault(self._section, []).append((self._value, data))
        if self._cell is not None:
            self._cell.text += data
            if self._value is not None:
                self._cell.values.append(self._value)
        elif self.open[-1] == "caption":
            self._grid.caption += data
