"""The scripts of others that draw the charts, as they go into a page.

They lie unchanged in ``vendor/`` (``vendor.toml``: versions, sources, hashes; ``LICENSES.txt``), so that what a page
runs is what their authors published. What a page cannot use as it is, is changed here and nowhere else.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("vendor")
_IMPORT = "import { ascending, isString, DisallowedObjectProperties } from 'vega-util';"
_EXPORT = "export { expression as expressionInterpreter };"
# Where it is followed, a browser with its tools open asks for a file that is not there.
_MAP = re.compile(r"\n//# sourceMappingURL=\S*\s*\Z")


@cache
def scripts() -> tuple[str, ...]:
    """In the order in which a page must have them; they make ``vega``, ``vegaLite`` and ``expressionInterpreter``."""
    return _read("vega.min.js"), _read("vega-lite.min.js"), _classic(_read("vega-interpreter.js"))


@cache
def licences() -> str:
    """What their licences ask to be said wherever they go."""
    return (FOLDER / "LICENSES.txt").read_text(encoding="utf-8")


def _read(name: str) -> str:
    return _MAP.sub("\n", (FOLDER / name).read_text(encoding="utf-8"))


def _classic(module: str) -> str:
    """The module as a script: a page in one file has nowhere to import from, and ``vega`` holds what it imports."""
    assert module.count(_IMPORT) == 1 and module.count(_EXPORT) == 1, "another version of vega-interpreter"
    inside = module.replace(_IMPORT, "const { ascending, isString, DisallowedObjectProperties } = vega;")
    return (
        f'(() => {{\n"use strict";\n{inside.replace(_EXPORT, "globalThis.expressionInterpreter = expression;")}}})();\n'
    )
