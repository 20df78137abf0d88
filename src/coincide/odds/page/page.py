"""The page of a backtest: whole in one file, opened offline, readable without scripts, printed on A4.

Pure: documents in, HTML out. Titles of shops are hostile input: all text is escaped, JSON in scripts too, and the
content policy lets a browser run the scripts that are named by their hashes and load nothing at all.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from coincide.html.charted import Charted, charted
from coincide.html.part import Part
from coincide.odds.page.part import Document, compared, owners, parts

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
    return _template().rendered(title=title, documents=documents, note=note, parts=shown)


@cache
def _template() -> Charted:
    return charted(FOLDER, "page.html", {"owners": owners})
