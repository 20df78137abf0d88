"""The frame of a page: how text gets into it, how it looks, and what a browser may run of it.

What comes from shops and people is text, whatever it looks like: it is escaped, and characters that would steer the
reading are made visible. What a page consists of is left to the part that writes it.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

SHARED = Path(__file__).with_name("templates")
"""Templates that pages of several parts import from."""


def environment(folder: Path) -> Environment:
    """Templates of a folder, and the shared ones.

    All text is escaped; JSON for a script (``tojson``) also is, and knows no NaN.
    """
    made = Environment(
        loader=FileSystemLoader([folder, SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=visible,
    )
    made.filters |= {"clock": clock}
    made.policies["json.dumps_kwargs"] = {"allow_nan": False}
    return made


@cache
def style() -> str:
    """The look that all pages have, CSS; a page puts its own behind it."""
    return Path(__file__).with_name("base.css").read_text(encoding="utf-8")


def digest(text: str) -> str:
    """A style or script that stands in a page, as its content policy names it (CSP Level 3, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def clock(at: str) -> str:
    """A time for reading, to the second below it: the record has it exactly."""
    date, _, time = at.partition("T")
    if time.endswith("Z"):
        return f"{date} {time[:8]} UTC"
    return f"{date} {time[:8]} {time[-6:]}"


def visible(value: object) -> object:
    """Text with each control character, and each that turns the direction of reading, as U+FFFD."""
    if type(value) is not str:
        return value
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(character) else character for character in value)


def _steers(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category in ("Cc", "Cs") and character not in "\n\t"
    ) or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
