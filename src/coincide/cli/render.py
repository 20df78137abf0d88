"""Errors on the screen: `file:line:column: CODE sentence`, the line, carets under the offending text, a hint.

Nothing here imports more than the standard library: an error must be shown quickly, whatever is broken.
What comes from files (names, lines, values) may be hostile: control characters never reach a terminal.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from coincide.errors import CoincideError, Problems, Where

LINE_WIDTH = 120
"""Columns of a source line that are shown; the part around the offending text is cut out of a longer one."""

_RED, _CYAN, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[36m", "\x1b[1m", "\x1b[0m"
# C0 and C1 controls (Cc), and the invisible ones that turn text around or hide it (Cf without the joiners
# that scripts and emoji need).
_JOINERS = "\u200c\u200d"
_WIDE = ("W", "F")


def text(error: CoincideError, *, colour: bool = False) -> str:
    """The error as a person reads it; for ``Problems`` all of them, then their number. No end of line."""
    if isinstance(error, Problems):
        parts = [text(problem, colour=colour) for problem in error.problems]
        return "\n\n".join([*parts, error.message])
    lines = [_headline(error, colour)]
    if error.where is not None and error.where.text is not None:
        lines += _excerpt(error.where, colour)
    if error.hint:
        lines.append(f"  {_paint('hint:', _CYAN, colour)} {clean(error.hint)}")
    return "\n".join(lines)


def document(error: CoincideError) -> str:
    """The error as one JSON document on one line: what ``--json`` writes to stderr.

    ``{"errors": [{"code", "message", "where": {"file", "line", "column", "length"} | null, "hint"}],
    "exit_status": n}``; ``Problems`` gives one entry for each.
    """
    problems = error.problems if isinstance(error, Problems) else [error]
    content = {"errors": [entry(problem) for problem in problems], "exit_status": exit_status(error)}
    return json.dumps(content, ensure_ascii=False)


def exit_status(error: CoincideError) -> int:
    """What the process ends with; for ``Problems`` that of the gravest one."""
    if isinstance(error, Problems):
        return max((problem.exit_status for problem in error.problems), default=error.exit_status)
    return error.exit_status


def clean(untrusted: str) -> str:
    """``untrusted`` with each control or invisible character as U+FFFD: it cannot steer a terminal."""
    return "".join("\ufffd" if _steers(character) else character for character in untrusted)


def width(shown: str) -> int:
    """Columns that ``shown`` takes on a terminal: two for wide characters, none for combining ones."""
    return sum(_columns(character) for character in shown)


def _headline(error: CoincideError, colour: bool) -> str:
    place = _paint(f"{clean(str(error.where))}: ", _BOLD, colour) if error.where is not None else ""
    return f"{place}{_paint(error.code, _RED, colour)} {clean(error.message)}"


def _excerpt(where: Where, colour: bool) -> list[str]:
    """The source line, and below it the carets; without a column the line alone."""
    source = clean((where.text or "").replace("\t", " "))
    if where.column is None:
        return [f"  {_cut(source, 0)[0]}"]
    start = min(max(where.column - 1, 0), len(source))
    shown, start = _cut(source, start)
    end = min(start + max(where.length, 1), len(shown))
    carets = "^" * max(width(shown[start:end]), 1)
    return [f"  {shown}", f"  {' ' * width(shown[:start])}{_paint(carets, _RED, colour)}"]


def _cut(source: str, start: int) -> tuple[str, int]:
    """A part of a long line that holds the place ``start``, and where that place is in it."""
    if len(source) <= LINE_WIDTH:
        return source, start
    first = min(max(start - LINE_WIDTH // 2, 0), len(source) - LINE_WIDTH)
    part = source[first : first + LINE_WIDTH]
    if first + LINE_WIDTH < len(source):
        part += "…"
    return (f"…{part}", start - first + 1) if first else (part, start)


def entry(problem: CoincideError) -> dict[str, Any]:
    """One error as it stands in a JSON document."""
    where = problem.where
    place = None
    if where is not None:
        place = {"file": where.file, "line": where.line, "column": where.column, "length": where.length}
    return {"code": problem.code, "message": problem.message, "where": place, "hint": problem.hint}


def _steers(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Cc", "Zl", "Zp", "Cs") or (category == "Cf" and character not in _JOINERS)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _paint(shown: str, colour: str, on: bool) -> str:
    return f"{colour}{shown}{_PLAIN}" if on else shown
