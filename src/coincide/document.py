"""YAML text to values that know where they stand, for the files that people write: rules and obligations.

Read at the level of events, so that what such files do without is refused before it can do harm: anchors, aliases,
merge keys, tags, directives, duplicate keys, more than 30 levels, more than 1 MB. What a value means, and in which
words a file is refused (``Complaints``), is left to the part whose files they are; a scalar keeps its text beside the
value that YAML 1.2 (core schema) gives it, so that ``item: 00123`` can stay a text and ``more_than: 2.5`` an exact
number.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from coincide.errors import CoincideError, Where

if TYPE_CHECKING:
    from ruamel.yaml.events import Event, ScalarEvent

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
MAX_PROBLEMS = 100
"""Of one file; then the rest of it is left unchecked."""
_REMEMBERED, _SHORT = 64, 30_000
"""How many faultless texts are remembered with what they hold, and up to how many characters: ruamel takes
milliseconds for each rule, and whoever watches rules, or scans on and on, reads the same ones again."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_NULL = re.compile(r"|~|null|Null|NULL")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# Longer ones are no numbers of ours, and Python's own conversion of thousands of digits is slow.
_NUMBER = re.compile(r"[-+]?(\.[0-9]{1,60}|[0-9]{1,60}(\.[0-9]{0,60})?)([eE][-+]?[0-9]{1,4})?")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|.", re.DOTALL)

Style = Literal["plain", "single", "double", "block"]


@dataclass(frozen=True, slots=True)
class Complaints:
    """The errors of the part whose files are read, each made with the keyword ``where`` and what is listed here.

    ``syntax`` also takes a ``hint``. ``twice``: a key, and the line where it stood first. ``no_mapping``: what a
    document is instead. ``too_many``: how many problems of one file are shown.
    """

    too_large: Callable[..., CoincideError]
    """Bytes there are, and bytes that are read."""
    not_utf8: Callable[..., CoincideError]
    syntax: Callable[..., CoincideError]
    """The reason."""
    refused: Callable[..., CoincideError]
    """The part of YAML, in the plural."""
    too_deep: Callable[..., CoincideError]
    """Levels that are read."""
    twice: Callable[..., CoincideError]
    no_mapping: Callable[..., CoincideError]
    too_many: Callable[..., CoincideError]


class Text:
    """The text of one file, and where its characters stand."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self._lines: dict[int, str] = {}

    def line_of(self, index: int) -> int:
        """The line, from 1, of the character at ``index``."""
        return bisect_right(self._starts, index)

    def where(self, start: int, end: int) -> Where:
        """The place of the characters ``[start, end)``; of several lines only the first is underlined."""
        start = min(start, len(self.text))
        line = self.line_of(start)
        first = self._starts[line - 1]
        text = self._line(line)
        column = min(start - first, len(text))
        shown = text[column : max(end - first, column)].rstrip()
        return Where(self.file, line, column + 1, max(len(shown), 1), text)

    def _line(self, line: int) -> str:
        """Kept once cut, so that many problems of one long line share its text."""
        if line not in self._lines:
            end = self._starts[line] if line < len(self._starts) else len(self.text)
            self._lines[line] = self.text[self._starts[line - 1] : end].rstrip("\r\n")
        return self._lines[line]


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the characters ``[start, end)`` of the file that it was read from."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """One text, number, truth value or nothing: ``text`` as written, ``value`` by YAML 1.2."""

    text: str
    style: Style

    @property
    def value(self) -> str | Decimal | bool | None:
        """What YAML's core schema makes of the text: a quoted one is always a text."""
        if self.style != "plain":
            return self.text
        if _NULL.fullmatch(self.text):
            return None
        if self.text in _TRUTH:
            return _TRUTH[self.text]
        return Decimal(self.text) if _NUMBER.fullmatch(self.text) else self.text


@dataclass(frozen=True, slots=True)
class Items(Node):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    """A mapping; its keys are texts, each once, in the order of the file."""

    entries: tuple[Entry, ...]

    def entry(self, key: str) -> Entry | None:
        """The entry of ``key``, if there."""
        return next((entry for entry in self.entries if entry.key.text == key), None)


def described(node: Node) -> str:
    """What a node is, for a sentence: "a list", "the text `x`"."""
    match node:
        case Items():
            return "a list"
        case Mapping():
            return "a mapping"
        case Scalar(text=text):
            match node.value:
                case None:
                    return "nothing"
                case bool():
                    return "a truth value"
                case Decimal():
                    return f"the number {text}"
                case str() if not text.strip():
                    return "an empty text"
                case _:
                    return "a text"
        case _:
            return "a value"


def decode(file: str, data: bytes, complaints: Complaints) -> Text:
    """The text of a file. Raises ``too_large`` or ``not_utf8``; a byte order mark is dropped."""
    if len(data) > MAX_BYTES:
        raise complaints.too_large(len(data), MAX_BYTES, where=Where(file))
    try:
        return Text(file, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        good = Text(file, data[: error.start].decode("utf-8-sig", errors="ignore") + "\N{REPLACEMENT CHARACTER}")
        raise complaints.not_utf8(where=good.where(len(good.text) - 1, len(good.text))) from None


_known: dict[str, tuple[Mapping, ...]] = {}


def documents(source: Text, complaints: Complaints) -> tuple[list[Mapping], list[CoincideError]]:
    """The documents of a file that are mappings, in order, and what is wrong with its YAML.

    After a syntax error, or a part of YAML that is refused, the documents before it are still returned.
    """
    known = _known.get(source.text)
    if known is not None:
        return list(known), []
    reader = _Reader(source, complaints)
    try:
        for node in reader.documents():
            if isinstance(node, Mapping):
                reader.found.append(node)
            else:
                reader.add(complaints.no_mapping(described(node), where=source.where(node.start, node.end)))
    except CoincideError as error:
        reader.problems.append(error)
    if not reader.found and not reader.problems:
        reader.problems.append(complaints.no_mapping("an empty file", where=source.where(0, 0)))
    if not reader.problems and len(source.text) <= _SHORT:
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[source.text] = tuple(reader.found)
    return reader.found, reader.problems


def offsets(source: Text, scalar: Scalar) -> list[int]:
    """For each character of a one-line scalar's text, and for its end, the index in the file."""
    raw = source.text[scalar.start : scalar.end]
    if scalar.style == "single":
        inside = re.finditer("''|.", raw[1:-1])
        found = [scalar.start + 1 + match.start() for match in inside]
    elif scalar.style == "double":
        found = [scalar.start + 1 + match.start() for match in _ESCAPE.finditer(raw[1:-1])]
    else:
        found = list(range(scalar.start, scalar.start + len(scalar.text)))
    found.append(scalar.end if scalar.style == "plain" else scalar.end - 1)
    return found


def one_line(source: Text, scalar: Scalar) -> bool:
    """Whether the scalar stands on one line, so that its characters have a place each."""
    return scalar.style != "block" and _LINE_END.search(source.text, scalar.start, scalar.end) is None


class _Reader:
    """Builds nodes from ruamel's events."""

    def __init__(self, source: Text, complaints: Complaints) -> None:
        self.source = source
        self.complaints = complaints
        self.found: list[Mapping] = []
        self.problems: list[CoincideError] = []
        self._events = self._parse()

    def add(self, problem: CoincideError) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            assert problem.where is not None
            raise self.complaints.too_many(MAX_PROBLEMS, where=problem.where)
        self.problems.append(problem)

    def _parse(self) -> Iterator[Event]:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError
        from ruamel.yaml.reader import ReaderError

        yaml = YAML(typ="safe", pure=True)
        try:
            yield from yaml.parse(self.source.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            index = mark.index if mark is not None else 0
            reason = error.problem or error.context or "it cannot be read"
            raise self.complaints.syntax(reason, where=self.source.where(index, index + 1)) from None
        except ReaderError as error:
            index = self.source.text.find(chr(error.character)) if isinstance(error.character, int) else -1
            where = self.source.where(max(index, 0), max(index, 0) + 1)
            raise self.complaints.syntax("a character that texts do not hold", where=where, hint="remove it") from None
        except (YAMLError, ValueError, IndexError, AttributeError, TypeError) as error:
            # ruamel lets some of its own slips through on broken input; the file is wrong all the same.
            raise self.complaints.syntax(
                str(error).splitlines()[0] if str(error) else "it cannot be read", where=self.source.where(0, 1)
            ) from None

    def documents(self) -> Iterator[Node]:
        from ruamel.yaml.events import DocumentStartEvent

        for event in self._events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if event.version is not None or event.tags:
                raise self.complaints.refused("directives", where=self._where(event))
            node = self._node(next(self._events), 0)
            empty = isinstance(node, Scalar) and node.style == "plain" and not node.text
            if not empty:
                yield node

    def _where(self, event: Event) -> Where:
        return self.source.where(event.start_mark.index, event.end_mark.index)

    def _node(self, event: Event, depth: int) -> Node:
        from ruamel.yaml.events import AliasEvent, MappingStartEvent, ScalarEvent, SequenceStartEvent

        if isinstance(event, AliasEvent):
            raise self.complaints.refused("aliases", where=self._where(event))
        if getattr(event, "anchor", None) is not None:
            raise self.complaints.refused("anchors", where=self._where(event))
        if getattr(event, "tag", None) is not None:
            raise self.complaints.refused("tags", where=self._where(event))
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if depth >= MAX_DEPTH:
            raise self.complaints.too_deep(MAX_DEPTH, where=self._where(event))
        if isinstance(event, SequenceStartEvent):
            return self._items(event, depth)
        assert isinstance(event, MappingStartEvent)
        return self._mapping(event, depth)

    def _scalar(self, event: ScalarEvent) -> Scalar:
        style: Style
        match event.style:
            case "'":
                style = "single"
            case '"':
                style = "double"
            case "|" | ">":
                style = "block"
            case _:
                style = "plain"
        start, end = event.start_mark.index, event.end_mark.index
        if start == end:
            # Nothing stands where the next thing starts; it is shown at the `:` or `-` before it.
            end = len(self.source.text[:start].rstrip())
            start = max(end - 1, 0)
        return Scalar(start, end, event.value, style)

    def _items(self, start: Event, depth: int) -> Items:
        from ruamel.yaml.events import SequenceEndEvent

        items: list[Node] = []
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                return Items(start.start_mark.index, self._end(event, items), tuple(items))
            items.append(self._node(event, depth + 1))
        raise AssertionError("ruamel closes what it opens")

    def _mapping(self, start: Event, depth: int) -> Mapping:
        from ruamel.yaml.events import MappingEndEvent

        entries: list[Entry] = []
        lines: dict[str, int] = {}
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                return Mapping(start.start_mark.index, self._end(event, [e.value for e in entries]), tuple(entries))
            key = self._node(event, depth + 1)
            if isinstance(key, Scalar) and key.style == "plain" and key.text == "<<":
                raise self.complaints.refused("merge keys", where=self.source.where(key.start, key.end))
            value = self._node(next(self._events), depth + 1)
            where = self.source.where(key.start, key.end)
            if not isinstance(key, Scalar):
                self.add(self.complaints.syntax("a key must be a text", where=where))
            elif key.text in lines:
                self.add(self.complaints.twice(key.text, lines[key.text], where=where))
            else:
                lines[key.text] = self.source.line_of(key.start)
                entries.append(Entry(key, value))
        raise AssertionError("ruamel closes what it opens")

    def _end(self, event: Event, inside: list[Node]) -> int:
        """Block collections end where their last value ends, not where the next thing starts."""
        if event.end_mark.index > event.start_mark.index:
            return int(event.end_mark.index)
        return inside[-1].end if inside else int(event.end_mark.index)
