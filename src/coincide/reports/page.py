"""The record as a page: accessible, whole in one file, offline, and printed on A4.

What comes from shops and people is text, whatever it looks like: it is escaped, kept apart from the text around it
(``bdi``), and characters that would steer the reading are made visible. The page may load nothing and run nothing.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from coincide.reports.lines import numbers
from coincide.reports.report import Report

FOLDER = Path(__file__).with_name("templates")


def page(report: Report) -> str:
    """The page of a record, HTML."""
    template, style, policy = _template()
    return template.render(report=report, style=style, policy=policy)


@cache
def _template() -> tuple[Template, str, str]:
    """The template, the style in it, and the policy that lets a browser take this style and nothing else."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
    )
    environment.filters |= {"numbers": numbers, "clock": _clock}
    style = (FOLDER / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("report.html"), style, f"default-src 'none'; style-src 'sha256-{digest}'"


def _clock(at: str) -> str:
    """A time for reading, to the second below it: the record has it exactly."""
    date, _, time = at.partition("T")
    if time.endswith("Z"):
        return f"{date} {time[:8]} UTC"
    return f"{date} {time[:8]} {time[-6:]}"


def _visible(value: object) -> object:
    """Text with each control character, and each that turns the direction of reading, as U+FFFD."""
    if type(value) is not str:
        return value
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(character) else character for character in value)


def _steers(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category in ("Cc", "Cs") and character not in "\n\t"
    ) or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
