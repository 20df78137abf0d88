"""A section of a page: sentences, charts, and the tables that hold what the charts show. How it looks is left to the
template."""

from __future__ import annotations

from dataclasses import dataclass, field

from coincide.html.chart import Chart
from coincide.html.table import Table


@dataclass(slots=True)
class Part:
    """A section of the page. ``why_not``: in place of what is not there, whose it is (``""`` if there is one document)
    and the sentence.
    """

    id: str
    title: str
    says: list[str] = field(default_factory=list)
    why_not: list[tuple[str, str]] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def lacks(self, why: str) -> None:
        """Says what is not there, as a sentence: in a document it is a part of one."""
        self.why_not.append(("", f"{why[:1].upper()}{why[1:]}{'' if why.endswith(('.', '!', '?')) else '.'}"))
