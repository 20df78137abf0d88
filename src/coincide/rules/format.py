"""A rule file laid out in the one canonical way: same rules, same comments, keys in the order of the reference.

Pure: text to text. ruamel reads the file (``document``) and says which texts need quotes; where values and comments
are put is said here, because ruamel ties a comment to the value before it, so that it would stay behind when its key
moves (ADR 0023). What is laid out is read again and compared, so that a mistake here is an error and no lost rule.

The order of keys, and which values are windows or lists of events, come from the schema alone.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any

from coincide.errors import Problems
from coincide.rules import document
from coincide.rules.check import REQUIRED
from coincide.rules.document import Items, Node, Scalar, Text, documents
from coincide.rules.errors import MissingKey, NotFormatted, SigmaRule
from coincide.rules.rule import DURATION_PATTERN, EXPRESSION_KEYS
from coincide.rules.schema import schema as schema_of_rules
from coincide.rules.sigma import is_sigma
from coincide.rules.skeleton import SCHEMA_FILE

if TYPE_CHECKING:
    from ruamel.yaml.emitter import Emitter

WIDTH = 120
"""Columns; a collection goes on one line if it fits, a text that is longer stays as long as it is."""

SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA_FILE}"

_STEP = 2
_SCHEMA_LINE = re.compile(r"#\s*yaml-language-server\s*:\s*\$schema\s*=")
_BOUNDARY = re.compile(r"^(---|\.\.\.)(?=\s|$)", re.MULTILINE)
# Where a comment ends: YAML 1.2, section 5.4, and the two that ruamel takes as ends of line as well.
_COMMENT = re.compile(r"(?<![^\s])#[^\r\n\x85\u2028\u2029]*")
_QUOTED = re.compile(r"""('[^']*'|"[^"]*")|[ \t]+""")
_DURATION = re.compile(r"0*([1-9][0-9]*) (minute|hour|day|week)s?")
# What YAML 1.1, which other tools may read, takes for truth or a number in base 60: its quotes stay.
_ELSEWHERE = re.compile(r"(?i:y|yes|n|no|on|off)|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")

Part = Mapping[str, Any]
"""A part of the schema, of the value that is looked at; empty where the schema says nothing."""


def formatted(source: Text) -> str:
    """The text of a rule file in canonical layout.

    Raises ``Problems`` if the file is no YAML of rules, ``NotFormatted`` if it cannot be laid out unchanged.
    """
    # Columns and lines stay what they are: only ends of line become one character.
    source = Text(source.file, re.sub(r"\r\n?", "\n", source.text))
    roots = _read(source)
    layout = _Layout(source, roots)
    text = layout.text()
    if not _same(layout, roots, Text(source.file, text)):
        raise NotFormatted(where=source.where(0, 0))
    return text


def _same(layout: _Layout, roots: list[document.Mapping], found: Text) -> bool:
    """Whether what was laid out, read again, has the same documents and the same comments."""
    try:
        again = _read(found)
    except Problems:
        return False
    comments = Counter(layout.comments.values()) + Counter(layout.added)
    meanings = ([_meaning(root, _schema()) for root in every] for every in (roots, again))
    return next(meanings) == next(meanings) and Counter(_comments(found, again).values()) == comments


def _read(source: Text) -> list[document.Mapping]:
    """The documents. Raises ``Problems``; other rules than ours are not laid out as if they were."""
    roots, problems = documents(source)
    for root in roots:
        key = is_sigma(root)
        if key is not None:
            problems.append(SigmaRule(where=source.where(key.start, key.end)))
        elif root.entry("rule") is None:
            # Whatever else it is (a workflow, a compose file), it is not ours to lay out.
            where = source.where(root.start, root.start + 1)
            problems.append(MissingKey("rule", "a rule", REQUIRED["rule"], where=where))
    if problems:
        raise Problems(problems)
    return roots


# --- what is laid out -------------------------------------------------------------------------------------


@dataclass
class _Piece:
    """An entry of a mapping, or an item of a list (``key`` is ``None``), with its comments.

    ``above``: comments, and ``""`` for an empty line. ``beside``: a comment on its line, with the column it keeps.
    """

    start: int
    key: Scalar | None
    value: Scalar | _Collection
    above: list[str] = field(default_factory=list)
    beside: tuple[str, int] | None = None
    headed: bool = False


@dataclass
class _Collection:
    """A mapping or a list. ``column``: of its keys or dashes; ``below``: comments after its last piece."""

    start: int
    end: int
    flow: bool
    mapping: bool
    column: int
    pieces: list[_Piece]
    below: list[str] = field(default_factory=list)

    def around(self, at: int) -> tuple[_Piece | None, _Piece | None]:
        """The last piece that starts before a place, and the first that starts after it."""
        place = bisect_left(self.pieces, at, key=lambda piece: piece.start)
        return self.pieces[place - 1] if place else None, self.pieces[place] if place < len(self.pieces) else None

    @property
    def commented(self) -> bool:
        """Whether a comment stands inside, which one line cannot hold."""
        return bool(self.below) or any(
            piece.beside or any(piece.above) or (isinstance(piece.value, _Collection) and piece.value.commented)
            for piece in self.pieces
        )


class _Layout:
    """The layout of one file."""

    def __init__(self, source: Text, roots: list[document.Mapping]) -> None:
        self.source = source
        self.comments = _comments(source, roots)
        self.places = list(self.comments)
        self.added: list[str] = []
        self.roots = [self.collection(root) for root in roots]
        self.heads: list[list[str]] = [[] for _ in roots]
        self.attach()

    def text(self) -> str:
        """The documents, one after the other."""
        head = self.heads[0]
        at = next((at for at, line in enumerate(head) if _SCHEMA_LINE.match(line)), None)
        if at is None:
            self.added.append(SCHEMA_LINE)
        head.insert(0, SCHEMA_LINE if at is None else head.pop(at))
        lines: list[str] = []
        for number, (root, head) in enumerate(zip(self.roots, self.heads, strict=True)):
            if number:
                lines.append("---")
            _put(lines, "", head)
            lines += _block(self, root, 0, _schema())
        return "\n".join(lines) + "\n"

    # Nodes to pieces.

    def collection(self, node: document.Mapping | Items) -> _Collection:
        flow = self.source.text[node.start] in "[{"
        if isinstance(node, document.Mapping):
            pieces = [_Piece(entry.key.start, entry.key, self.value(entry.value)) for entry in node.entries]
        else:
            pieces, at = [], node.start
            for item in node.items:
                # In a block an item starts at its dash; comments may stand between the two.
                start = item.start if flow else self.dash(at, item)
                pieces.append(_Piece(start, None, self.value(item)))
                at = item.end
        column = self.column(pieces[0].start if pieces else node.start)
        return _Collection(node.start, node.end, flow, isinstance(node, document.Mapping), column, pieces)

    def value(self, node: Node) -> Scalar | _Collection:
        if isinstance(node, document.Mapping | Items):
            return self.collection(node)
        assert isinstance(node, Scalar)
        return node

    def dash(self, start: int, item: Node) -> int:
        """Where the dash of an item is: the first after ``start`` that is in no comment."""
        while True:
            dash = self.source.text.find("-", start, item.end)
            near = bisect_right(self.places, dash) - 1
            if dash < 0:
                return item.start
            end = self.places[near] + len(self.comments[self.places[near]]) if near >= 0 else 0
            if dash >= end:
                return dash
            start = end

    def column(self, index: int) -> int:
        return len(self.before(index))

    def before(self, index: int) -> str:
        """What stands on the line before a place."""
        return self.source.text[self.source.text.rfind("\n", 0, index) + 1 : index]

    # Comments to the pieces they are about.

    def attach(self) -> None:
        """Each comment to its piece: that of its line, else the one below it, else the collection that ends."""
        text = self.source.text
        ends = []
        for one, other in zip(self.roots, self.roots[1:], strict=False):
            boundary = _BOUNDARY.search(text, one.end, other.start)
            ends.append(boundary.start() if boundary else other.start)
        for at, comment in self.comments.items():
            number = bisect_left(ends, at)
            root, head = self.roots[number], self.heads[number]
            if at < root.start:
                head += [*self.blank(at), comment]
            elif not self.before(at).strip():
                self.above(root, at, [*self.blank(at), comment])
            else:
                self.beside(root, at, comment)
        for root, head in zip(self.roots, self.heads, strict=True):
            self.space(root)
            if root.pieces:
                first = root.pieces[0]
                # What stands before the first key is about the file and stays there, whichever key comes first.
                if head:
                    head.extend(line for line in first.above[-1:] if not line)
                first.above = [line for line in first.above if line]

    def above(self, inside: _Collection, at: int, lines: list[str]) -> None:
        """A comment on a line of its own, somewhere inside of a collection."""
        last, after = inside.around(at)
        if last and isinstance(last.value, _Collection) and last.value.pieces:
            value = last.value
            column = self.column(at)
            # Dashes may stand in the column of their key; then a comment there is the list's only if nothing follows.
            inner = column > inside.column or (after is None and column >= value.column)
            deeper = not value.flow and at > value.end and inner
            if value.start < at < value.end or deeper or (not value.flow and at < value.start):
                return self.above(value, at, lines)
        if last and last.value.end > at:
            last.above += lines  # between a key and its value
        elif after:
            after.above += lines
        else:
            inside.below += lines
        return None

    def beside(self, inside: _Collection, at: int, comment: str) -> None:
        """A comment at the end of a line that holds something else."""
        last, _ = inside.around(at)
        if last is None:
            return self.above(inside, at, [comment])
        value = last.value
        if isinstance(value, _Collection) and value.pieces and value.start < at and (not value.flow or at < value.end):
            return self.beside(value, at, comment)
        if last.key is None and isinstance(value, _Collection) and not value.flow and at < value.start:
            last.above.append(comment)  # beside a dash alone
            return None
        if last.beside:
            last.above.append(last.beside[0])
        aligned = self.source.text[max(at - 2, 0) : at].isspace()
        last.beside = (comment, self.column(at) if aligned else 0)
        last.headed = isinstance(value, _Collection) and not value.flow and at < value.start
        return None

    def space(self, inside: _Collection) -> None:
        """An empty line above a piece is kept."""
        for piece in inside.pieces:
            if not self.before(piece.start).strip(" \t-"):
                piece.above += self.blank(piece.start)
            if isinstance(piece.value, _Collection):
                self.space(piece.value)

    def blank(self, index: int) -> list[str]:
        """Whether the line before that of ``index`` is empty."""
        start = self.source.text.rfind("\n", 0, index)
        return [""] if start > 0 and not self.before(start).strip() else []


def _comments(source: Text, roots: Iterable[Node]) -> dict[int, str]:
    """Each comment by where it starts: a ``#`` after white space that is in no value."""
    found: dict[int, str] = {}
    at = 0
    for scalar in [*_scalars(roots), Scalar(len(source.text), len(source.text), "", "plain")]:
        if scalar.end <= at:
            continue
        while match := _COMMENT.search(source.text, at, scalar.start):
            # To the end of its line, and not to that of the gap: an empty value starts inside of it.
            whole = _COMMENT.match(source.text, match.start())
            assert whole is not None
            found[match.start()] = whole[0].rstrip()
            at = whole.end()
        if scalar.style == "block":
            header = source.text.find("\n", scalar.start, scalar.end)
            match = _COMMENT.search(source.text, scalar.start, header if header >= 0 else scalar.end)
            if match:
                found[match.start()] = match[0].rstrip()
        at = max(at, scalar.end)
    return found


def _scalars(nodes: Iterable[Node]) -> Iterator[Scalar]:
    for node in nodes:
        match node:
            case document.Mapping(entries=entries):
                yield from _scalars(part for entry in entries for part in (entry.key, entry.value))
            case Items(items=items):
                yield from _scalars(items)
            case Scalar():
                yield node


# --- lines ------------------------------------------------------------------------------------------------


def _block(layout: _Layout, inside: _Collection, indent: int, part: Part) -> list[str]:
    """The lines of a collection, one piece below the other."""
    pad = " " * indent
    lines: list[str] = []
    for piece in _ordered(inside, part):
        own = _piece(layout, piece, indent, _inside(part, piece.key))
        _put(lines, pad, piece.above)
        lines += own
    _put(lines, pad, inside.below)
    return lines


def _put(lines: list[str], pad: str, above: list[str]) -> None:
    """Adds comments; an empty line neither first nor after another."""
    for line in above:
        if line or (lines and lines[-1].strip()):
            lines.append(line and pad + line)


def _piece(layout: _Layout, piece: _Piece, indent: int, part: Part) -> list[str]:
    """The lines of one piece; a comment that cannot stand beside is added to those above."""
    pad = " " * indent
    head = pad + ("-" if piece.key is None else f"{_key(layout, piece.key, flow=False)}:")
    if isinstance(piece.value, Scalar):
        lines = _scalar(layout, piece, head, indent, part)
        # Beside the header of a block of text, else behind the end of it.
        at = 0 if piece.value.style == "block" else -1
        lines[at] = _with(lines[at], piece.beside)
        return lines
    value, part = piece.value, _chosen(part, mapping=piece.value.mapping)
    if piece.key is None:
        piece.above += _hoisted(value, part)
    one = None if piece.headed or _spread(part) else _flow(layout, value, part)
    if one is not None and _single(piece, value) and value.pieces:
        one = None
    if not value.pieces or (one is not None and len(head) + 1 + len(one) <= WIDTH):
        return [_with(f"{head} {one or ('{}' if value.mapping else '[]')}", piece.beside)]
    inner = _block(layout, value, indent + _STEP, part)
    if piece.key is not None:
        return [_with(head, piece.beside), *inner]
    piece.above += [piece.beside[0]] if piece.beside else []
    return [f"{head} {inner[0][indent + _STEP :]}", *inner[1:]]


def _single(piece: _Piece, value: _Collection) -> bool:
    """``- timer: {quantity: 2}``: an item that is one key with a mapping of its own."""
    return (
        piece.key is None
        and value.mapping
        and len(value.pieces) == 1
        and isinstance(value.pieces[0].value, _Collection)
    )


def _hoisted(value: _Collection, part: Part) -> list[str]:
    """Takes away the comments above what will stand on the line of a dash: they go above the dash."""
    if not value.pieces:
        return []
    first = _ordered(value, part)[0]
    found, first.above = first.above, []
    if first.key is None and isinstance(first.value, _Collection):
        found += _hoisted(first.value, _chosen(_inside(part, None), mapping=first.value.mapping))
    return found


def _with(line: str, beside: tuple[str, int] | None) -> str:
    """A line and the comment at its end, two spaces on, or where its author aligned it."""
    return line if beside is None else line.ljust(max(len(line) + 2, beside[1])) + beside[0]


def _flow(layout: _Layout, inside: _Collection, part: Part) -> str | None:
    """A collection on one line; ``None`` if it does not go on one."""
    if inside.commented:
        return None
    parts: list[str] = []
    for piece in _ordered(inside, part):
        below = _inside(part, piece.key)
        if isinstance(piece.value, Scalar):
            value = _one(layout, piece, below, flow=True) or None
        else:
            below = _chosen(below, mapping=piece.value.mapping)
            value = None if _spread(below) and piece.value.pieces else _flow(layout, piece.value, below)
        if value is None:
            return None
        parts.append(value if piece.key is None else f"{_key(layout, piece.key, flow=True)}: {value}")
    return "{" + ", ".join(parts) + "}" if inside.mapping else "[" + ", ".join(parts) + "]"


def _scalar(layout: _Layout, piece: _Piece, head: str, indent: int, part: Part) -> list[str]:
    """A value in a block: on the line of its key, or on several lines as its author broke it."""
    scalar = piece.value
    assert isinstance(scalar, Scalar)
    raw = layout.source.text[scalar.start : scalar.end]
    if scalar.style == "block":
        return _literal(scalar, raw, head, indent + _STEP)
    if scalar.style == "plain" and not scalar.text:
        return [head]
    one = _one(layout, piece, part, flow=False)
    broken = re.split(r"\r\n|\r|\n", raw)
    if one is not None and (len(broken) == 1 or len(head) + 1 + len(one) <= WIDTH):
        return [f"{head} {one}"]
    first, *rest = (re.sub(r"(?<!\\)[ \t]+$", "", line.lstrip(" \t")) for line in broken)
    pad = " " * (indent + _STEP)
    return [f"{head} {first}", *(f"{pad}{line}" if line else "" for line in rest)]


def _literal(scalar: Scalar, raw: str, head: str, indent: int) -> list[str]:
    """A ``|`` or ``>`` text: its lines as written, at the new indentation."""
    header, *lines = re.split(r"\r\n|\r|\n", raw)
    start = next((line for line in lines if line.strip(" ")), "")
    inner = len(scalar.text.lstrip("\n")) - len(scalar.text.lstrip("\n").lstrip(" "))
    base = len(start) - len(start.lstrip(" ")) - inner
    lines = [line[base:] for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    kept = len(scalar.text) - len(scalar.text.rstrip("\n")) if "+" in header.partition("#")[0] else 0
    lines += [""] * (kept if not lines else kept - 1)
    chomp = "+" if kept > 1 or (kept and not start) else "" if scalar.text.endswith("\n") else "-"
    pad = " " * indent
    return [f"{head} {raw[0]}{_STEP if inner else ''}{chomp}", *(f"{pad}{line}" if line else "" for line in lines)]


# --- texts ------------------------------------------------------------------------------------------------


def _one(layout: _Layout, piece: _Piece, part: Part, *, flow: bool) -> str | None:
    """A scalar on one line, quoted only where it must be; ``None`` if it is no text of one line."""
    scalar = piece.value
    assert isinstance(scalar, Scalar)
    if scalar.style == "block":
        return None
    return _written(layout, scalar, _normal(scalar, piece.key, part), flow=flow)


def _key(layout: _Layout, key: Scalar, *, flow: bool) -> str:
    # A key of several lines is written as JSON, which YAML 1.2 contains.
    return _written(layout, key, key.text, flow=flow) or json.dumps(key.text, ensure_ascii=False)


def _written(layout: _Layout, scalar: Scalar, text: str, *, flow: bool) -> str | None:
    if "\n" in text:
        return None
    raw = layout.source.text[scalar.start : scalar.end]
    if scalar.style == "plain" and (not isinstance(scalar.value, str) or (text == raw and not flow)):
        return text
    if _plain(text, flow=flow) and (scalar.style == "plain" or not _ELSEWHERE.fullmatch(text)):
        return text
    if text.isprintable():
        return f"'{text.replace(chr(39), chr(39) * 2)}'" if re.search(r'["\\]', text) else f'"{text}"'
    # Escapes of characters that do not show stay as they are.
    return raw if scalar.style != "plain" and not re.search(r"[\r\n]", raw) else None


def _plain(text: str, *, flow: bool) -> bool:
    """Whether the text without quotes is still this text."""
    if not isinstance(Scalar(0, 0, text, "plain").value, str):
        return False
    found = _emitter().analyze_scalar(text)
    return bool(found.allow_flow_plain and found.allow_block_plain if flow else found.allow_block_plain)


@cache
def _emitter() -> Emitter:
    from ruamel.yaml import YAML
    from ruamel.yaml.emitter import Emitter

    return Emitter(StringIO(), allow_unicode=True, dumper=YAML(pure=True))


def _normal(scalar: Scalar, key: Scalar | None, part: Part) -> str:
    """The text of a scalar without what says nothing: white space in conditions, spellings of windows."""
    if part.get("pattern") == DURATION_PATTERN:
        length = _DURATION.fullmatch(" ".join(scalar.text.split()))
        return scalar.text if length is None else f"{length[1]} {length[2]}{'' if length[1] == '1' else 's'}"
    if key is not None and key.text in EXPRESSION_KEYS and part:
        return _QUOTED.sub(lambda match: match[1] or " ", scalar.text.strip(" \t"))
    return scalar.text


# --- what the schema says -----------------------------------------------------------------------------------


@cache
def _schema() -> Part:
    return schema_of_rules()


def _resolved(part: Part) -> Part:
    return _schema()["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def _inside(part: Part, key: Scalar | None) -> Part:
    """The part of the value of a key, or of an item."""
    if key is None:
        return _resolved(part.get("items", {}))
    found = part.get("properties", {}).get(key.text, part.get("additionalProperties"))
    return _resolved(found) if isinstance(found, Mapping) else {}


def _chosen(part: Part, *, mapping: bool) -> Part:
    """Of several shapes that a value may have, that of a mapping or of a list."""
    type_ = "object" if mapping else "array"
    return next((one for one in map(_resolved, part.get("anyOf", [part])) if one.get("type") == type_), {})


def _ordered(inside: _Collection, part: Part) -> list[_Piece]:
    """The pieces; keys in the order of the schema, and those it does not name after them as they were."""
    if not inside.mapping:
        return inside.pieces
    known = {name: place for place, name in enumerate(part.get("properties", ()))}
    return sorted(inside.pieces, key=lambda piece: known.get(piece.key.text if piece.key else "", len(known)))


def _spread(part: Part) -> bool:
    """Whether a value always has a line for each piece: a list of mappings, and a mapping that has such a list."""
    inside = [part, *part.get("properties", {}).values()]
    return any("properties" in _resolved(_resolved(one).get("items", {})) for one in inside)


def _meaning(node: Node, part: Part, key: Scalar | None = None) -> object:
    """What may not change: all values, in an order only where it counts."""
    match node:
        case document.Mapping(entries=entries):
            part = _chosen(part, mapping=True)
            return {entry.key.text: _meaning(entry.value, _inside(part, entry.key), entry.key) for entry in entries}
        case Items(items=items):
            part = _chosen(part, mapping=False)
            return [_meaning(item, _inside(part, None)) for item in items]
        case Scalar():
            return type(node.value), _normal(node, key, part)
        case _:
            raise TypeError(f"no meaning of {type(node).__name__}")
