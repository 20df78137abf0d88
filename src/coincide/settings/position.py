"""Where a key stands in a TOML text: ``tomllib`` does not say, so the text is searched, by key path.

Keys inside a multi-line inline table or array are found by the nearest section or key around them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from coincide.errors import Where

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*\[\[?\s*([^\]\[#]+?)\s*\]\]?\s*(?:#.*)?$")
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")


def find(text: str, path: Path, *, file: str) -> Where:
    """The place of the key ``path`` in ``text``, or of the longest part of it found; else of the file."""
    keys = tuple(str(part) for part in path)
    best: tuple[int, Where] = (0, Where(file))
    for here, where in _keys(text, file):
        shared = _shared(here, keys)
        if shared > best[0] and shared == len(here):
            best = (shared, _inside(where, keys[shared:]))
    return best[1]


def _keys(text: str, file: str) -> Iterator[tuple[tuple[str, ...], Where]]:
    """Each section and key with its full path and the place of its name."""
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = _split(header[1])
            yield section, Where(file, number, header.start(1) + 1, len(header[1]), line)
        elif key := _KEY.match(line):
            yield (*section, *_split(key[1])), Where(file, number, key.start(1) + 1, len(key[1]), line)


def _split(dotted: str) -> tuple[str, ...]:
    """A dotted key as TOML reads it: ``a."b.c"`` has two parts."""
    try:
        table = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return (dotted,)
    parts: list[str] = []
    value: object = table
    while isinstance(value, dict):
        (name, value), *_ = value.items()
        parts.append(name)
    return tuple(parts)


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _inside(where: Where, rest: tuple[str, ...]) -> Where:
    """The place of an inline table's key on the same line, as deep as it is found there."""
    for key in rest:
        if where.text is None or where.column is None:
            break
        start = where.column - 1 + where.length
        found = re.search(rf"(?<![\w-]){re.escape(key)}(?=[\"']?\s*=)", where.text[start:])
        if found is None:
            break
        where = Where(where.file, where.line, start + found.start() + 1, len(key), where.text)
    return where
