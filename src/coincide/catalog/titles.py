"""Titles to components: which patterns a title holds, and which of them count.

Of a title that holds a pattern it is asked whether the thing is what is sold. It is not where the pattern stands behind
a word such as "for", or where an exclusion of the component stands in the title, unless that comes along with it.
Done once for each distinct title; ``normal`` has the form in which titles and patterns are compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from coincide.catalog.connective import FOR, FOR_UNSPACED, WITH
from coincide.catalog.normal import Normal, normal
from coincide.catalog.pattern import Pattern, word_at

NEAR = 4
"""Words from "for" to what it is for, at most."""
LONGEST = 2_000
"""Letters of a title that are looked at; the rest of a longer one names nothing any more."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A pattern that a title holds, and why it does not count; ``refused`` is empty where it does."""

    component: str
    pattern: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """A title in normal form, and every pattern that it holds."""

    title: str
    words: tuple[str, ...]
    reasons: tuple[Reason, ...]

    @property
    def components(self) -> tuple[str, ...]:
        """What the title is, sorted."""
        return tuple(sorted({reason.component for reason in self.reasons if not reason.refused}))


class Titles:
    """The title patterns of a catalog, each with its component.

    ``rows``: match, pattern and component. ``title``: the title holds it. ``title-apart``: and not as something that
    comes along, which in another thing is built in (``oven with timer``). ``title-not``: it is none of the component.
    """

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self._by_needle: dict[str, list[tuple[str, Pattern, bool]]] = defaultdict(list)
        self._exclusions: dict[str, list[Pattern]] = defaultdict(list)
        for match, text, component in sorted(set(rows)):
            for form in spellings(text):
                if match == "title-not":
                    self._exclusions[component].append(form)
                else:
                    self._by_needle[form.needle].append((component, form, match == "title-apart"))

    @property
    def components(self) -> frozenset[str]:
        """All that a title may be."""
        return frozenset(component for found in self._by_needle.values() for component, *_ in found)

    def tags(self, titles: pl.Series) -> pl.DataFrame:
        """The components of titles: ``row`` (UInt32), ``component`` and the ``pattern`` it rests on; by row.

        A title that is null is nothing. One pass over all patterns at once; only of titles that hold the letters of
        one it is asked more.
        """
        squashed = pl.Series([normal(title[:LONGEST]).squashed for title in titles.fill_null("").to_list()])
        held = squashed.str.extract_many(list(self._by_needle), overlapping=True)
        rows = pl.DataFrame({"needles": held}).with_row_index("row").filter(pl.col("needles").list.len() > 0)
        found = [
            (row, reason.component, reason.pattern)
            for row, needles in rows.iter_rows()
            for reason in _first(self._reasons(normal(titles[row][:LONGEST]), set(needles)))
        ]
        return pl.DataFrame(found, {"row": pl.UInt32, "component": pl.String, "pattern": pl.String}, orient="row")

    def refused(self, titles: list[str]) -> dict[str, list[Reason]]:
        """Titles that hold a pattern and are no component, with each pattern and why it does not count."""
        found = {title: list(self.explain(title).reasons) for title in titles}
        return {title: reasons for title, reasons in found.items() if reasons and all(r.refused for r in reasons)}

    def explain(self, title: str) -> Explained:
        """What is held by a title, and what of it counts."""
        form = normal(title[:LONGEST])
        text = form.squashed
        needles = {needle for needle in self._by_needle if needle in text}
        return Explained(title, form.words, tuple(self._reasons(form, needles)))

    def _reasons(self, form: Normal, needles: set[str]) -> list[Reason]:
        found = []
        for needle in sorted(needles):
            for component, pattern, apart in self._by_needle[needle]:
                places = pattern.places(form)
                if places:
                    found.append(Reason(component, pattern.text, self._refused(form, component, places, apart)))
        return found

    def _refused(self, form: Normal, component: str, places: Sequence[int], apart: bool) -> str:
        if all(_is_for(form, place) for place in places):
            return "it stands behind what is for it"
        along = next((place for place, word in enumerate(form.words) if place and word in WITH), len(form.words))
        if apart and all(word_at(form, place) > along for place in places):
            return "it comes along with something else"
        for exclusion in self._exclusions[component]:
            if any(place < along for place in exclusion.words_at(form)):
                return f"the title has `{exclusion.text}`"
        return ""


def spellings(text: str) -> list[Pattern]:
    """A pattern, and the same with ``ae``, ``oe``, ``ue`` where it has German umlauts."""
    written = text.translate(_UMLAUTS)
    return [Pattern(text)] if written == text else [Pattern(text), Pattern(written)]


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def _is_for(form: Normal, place: int) -> bool:
    """Whether what stands at a place of the squashed title is only what the thing in front of it is for."""
    if any(word in form.squashed[:place] for word in FOR_UNSPACED):
        return True
    here = word_at(form, place)
    # A title may begin with "for": then it has not said yet what is sold.
    return any(word in FOR for word in form.words[max(1, here - NEAR) : here])


def _first(reasons: Iterable[Reason]) -> list[Reason]:
    """Of each component that counts one reason: the longest pattern says most."""
    best: dict[str, Reason] = {}
    for reason in reasons:
        if not reason.refused and len(reason.pattern) > len(best.get(reason.component, reason).pattern) - (
            reason.component not in best
        ):
            best[reason.component] = reason
    return [best[component] for component in sorted(best)]
