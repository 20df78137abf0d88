"""``lower`` as one pinned table, so that a rule means the same on every Python and in every engine.

The table maps single code points (Unicode 14.0, Simple and unconditional Special lower-case mappings; no rule
depends on the neighbours of a letter, so a final sigma stays a plain small sigma). Source: the Unicode Character
Database, https://www.unicode.org/Public/14.0.0/ucd/, Unicode licence v3.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def _table() -> dict[int, str]:
    table = {}
    for line in files("coincide.detect").joinpath("lowercase-14.0.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            upper, *small = (int(code, 16) for code in line.split())
            table[upper] = "".join(map(chr, small))
    return table


def lower(text: str) -> str:
    """The text with each code point replaced by its lower case of the pinned table."""
    return text.translate(_table())
