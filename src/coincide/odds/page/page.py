"""The page of a backtest: whole in one file, opened offline, readable without scripts, printed on A4.

Pure: documents in, HTML out. Titles of shops are hostile input: all text is escaped, JSON in scripts too, and the
content policy lets a browser run the scripts that are named by their hashes and load nothing at all.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Template

from coincide.html import frame
from coincide.odds.page import vendored
from coincide.odds.page.figure import cell
from coincide.odds.page.part import Document, Part, compared, owners, parts

FOLDER = Path(__file__).with_name("templates")
TWO_LOGS = "The two were tried on different logs: what differs here may come from the log, and not from the rule."


def page(document: Document) -> str:
    """The page of one backtest."""
    return _rendered(f"Backtest: {document['title']}", (("", document),), parts(document))


def beside(old: Document, new: Document) -> str:
    """The page of two, of the old and the new form of a rule."""
    one_log = all(old["log"].get(name) == new["log"].get(name) for name in ("from", "to", "lines"))
    return _rendered(
        f"Two backtests: {new['title']}",
        (("Old", old), ("New", new)),
        compared(old, new),
        None if one_log else TWO_LOGS,
    )


def _rendered(
    title: str, documents: tuple[tuple[str, Document], ...], shown: tuple[Part, ...], note: str | None = None
) -> str:
    template, style, scripts, policy = _template()
    return template.render(
        title=title,
        documents=documents,
        note=note,
        parts=shown,
        style=style,
        scripts=scripts,
        policy=policy,
        licences=vendored.licences(),
    )


@cache
def _template() -> tuple[Template, str, tuple[str, ...], str]:
    """The template, the style and scripts in it, and the policy that lets a browser take these and nothing else."""
    environment = frame.environment(FOLDER)
    environment.filters |= {"cell": cell, "owners": owners}
    style = frame.style() + (FOLDER / "page.css").read_text(encoding="utf-8")
    scripts = (*vendored.scripts(), (FOLDER / "draw.js").read_text(encoding="utf-8"))
    run = " ".join(frame.digest(script) for script in scripts)
    policy = (
        f"default-src 'none'; script-src {run}; style-src {frame.digest(style)}; base-uri 'none'; form-action 'none'"
    )
    return environment.get_template("page.html"), style, scripts, policy
