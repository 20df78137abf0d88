"""Findings as SARIF 2.1.0 (OASIS Standard, 27 March 2020): what code scanning reads.

Sections are of that document. Columns are in UTF-16 code units, and said to be so (3.14.17).
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Sequence
from importlib.metadata import metadata
from typing import Any

from coincide import __version__
from coincide.cli.findings.place import Places
from coincide.errors import CoincideError, Where

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"


def text(problems: Sequence[CoincideError], places: Places, *, docs: str | None = None) -> str:
    """One log with one run. ``docs``: where the documentation is read, for the page of each code."""
    classes = sorted({type(problem) for problem in problems}, key=lambda cls: cls.code)
    driver: dict[str, Any] = {
        "name": "Coincide",
        "version": __version__,
        "rules": [_rule(cls, docs) for cls in classes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        # Where the root is, the reader knows (3.14.14): a path of this machine would say nothing to it.
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "results": [_result(problem, classes.index(type(problem)), places) for problem in problems],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def documentation() -> str | None:
    """Where the documentation is read, if the package says so (``Project-URL: Documentation``)."""
    urls = (entry.partition(", ") for entry in metadata("coincide").get_all("Project-URL") or ())
    return next((url for label, _, url in urls if label == "Documentation"), None)


def _rule(cls: type[CoincideError], docs: str | None) -> dict[str, Any]:
    """A reportingDescriptor (3.49): the page of a code."""
    page = re.sub(r":\w+:`[~.]?([^`]+)`", r"`\1`", inspect.cleandoc(cls.__doc__ or "")).replace("``", "`")
    short, _, _ = page.partition("\n\n")
    found: dict[str, Any] = {
        "id": cls.code,
        "name": cls.__name__,
        "shortDescription": {"text": " ".join(short.split())},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": "error"},
    }
    if docs is not None:
        found["helpUri"] = f"{docs.rstrip('/')}/reference/errors/#{cls.code.lower()}"
    return found


def _result(problem: CoincideError, index: int, places: Places) -> dict[str, Any]:
    """A result (3.27); the hint is part of the message, which is all that most readers show."""
    message = f"{problem.message}. Hint: {problem.hint}" if problem.hint else problem.message
    found: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": message},
    }
    if problem.where is not None:
        place: dict[str, Any] = {"artifactLocation": _artifact(places.uri(problem.where.file))}
        if problem.where.line is not None:
            place["region"] = _region(problem.where)
        found["locations"] = [{"physicalLocation": place}]
    return found


def _artifact(uri: str) -> dict[str, str]:
    """An artifactLocation (3.4): what is absolute stands on no base."""
    return {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": _ROOT}


def _region(where: Where) -> dict[str, int]:
    """A region (3.30): lines and columns from 1, the end column behind the last character."""
    region = {"startLine": where.line or 1}
    # Without the line its characters cannot be counted in UTF-16, so that the whole line is meant.
    if where.column is not None and where.text is not None:
        start = where.column - 1
        region["startColumn"] = _units(where.text[:start]) + 1
        region["endColumn"] = region["startColumn"] + max(_units(where.text[start : start + where.length]), 1)
    return region


def _units(part: str) -> int:
    return len(part.encode("utf-16-le", errors="surrogatepass")) // 2
