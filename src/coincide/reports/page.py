"""The record as a page: accessible, whole in one file, offline, and printed on A4.

What comes from shops and people is escaped, and kept apart from the text around it (``bdi``). The page may load
nothing and run nothing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Template

from coincide.html import frame
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
    environment = frame.environment(FOLDER)
    environment.filters |= {"numbers": numbers}
    style = frame.style() + (FOLDER / "report.css").read_text(encoding="utf-8")
    return environment.get_template("report.html"), style, f"default-src 'none'; style-src {frame.digest(style)}"
