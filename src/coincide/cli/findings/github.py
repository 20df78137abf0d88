"""Findings as workflow commands of GitHub Actions, which become annotations on the lines of a pull request.

The form and its escapes are those of ``@actions/core`` (github.com/actions/toolkit, packages/core/src/command.ts).
"""

from __future__ import annotations

from collections.abc import Sequence

from coincide.cli.findings.place import Places
from coincide.errors import CoincideError


def text(problems: Sequence[CoincideError], places: Places) -> str:
    """One command a line, one for each problem."""
    return "\n".join(_command(problem, places) for problem in problems)


def _command(problem: CoincideError, places: Places) -> str:
    found: dict[str, object] = {}
    where = problem.where
    if where is not None:
        found["file"] = places.path(where.file)
        if where.line is not None:
            found["line"] = where.line
            if where.column is not None:
                # Both ends are inside, other than in SARIF: the end column is the start column unless it is given.
                found |= {"col": where.column, "endColumn": where.column + max(where.length, 1) - 1}
    found["title"] = problem.code
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in found.items())
    message = f"{problem.message}. Hint: {problem.hint}" if problem.hint else problem.message
    return f"::error {properties}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
