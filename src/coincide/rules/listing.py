"""Which rules stand where in a file, whether they are right or not: for lists of what was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coincide.rules.document import Scalar, decode, documents
from coincide.rules.errors import RuleError


@dataclass(frozen=True)
class Listed:
    """A rule: its id, or its place in the file where it has none; its file as messages call it; its lines."""

    id: str
    file: str
    first: int
    last: int


def listed(path: Path, file: str) -> list[Listed]:
    """The rules of a file as far as it can be read; what is wrong with it is for ``load`` to say."""
    try:
        source = decode(file, path.read_bytes())
    except (OSError, RuleError):
        return []
    mappings, _ = documents(source)
    found = []
    for number, mapping in enumerate(mappings, 1):
        entry = mapping.entry("rule")
        name = entry.value.text.strip() if entry is not None and isinstance(entry.value, Scalar) else ""
        found.append(
            Listed(
                name or f"rule {number}", file, source.line_of(mapping.start), source.line_of(max(mapping.end - 1, 0))
            )
        )
    return found
