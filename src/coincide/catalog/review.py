"""What a person should look at in a catalog: where it begins to speak, nearly speaks, or contradicts itself.

Nothing here tags anything. What a person decides becomes a row of the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from coincide.catalog.catalog import Catalog
from coincide.catalog.normal import normal
from coincide.catalog.titles import LONGEST

COMPARED = 2_000
"""Titles without a component that are compared, and those with one that they are compared with: the most frequent."""
ALIKE = 82
"""Of 100: what rapidfuzz's ``token_set_ratio`` must reach for two titles to be shown as alike."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A title in how many ``rows``, the components in question, and why it is shown."""

    title: str
    rows: int
    components: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Review:
    """``new``: titles that carry a component. ``near``: those that hold a pattern that does not count. ``alike``: those
    without a component that look like one that has it. ``disagreeing``: items of which code and title say different
    things. Each most frequent first.
    """

    new: tuple[Shown, ...]
    near: tuple[Shown, ...]
    alike: tuple[Shown, ...]
    disagreeing: tuple[Shown, ...]


def review(catalog: Catalog, items: pl.DataFrame, first_at: Mapping[tuple[str, str], int], since_us: int) -> Review:
    """What there is to look at among ``items`` (``item``, ``category``, ``title``, ``rows``).

    ``first_at``: when a scan first found a title and component; what none found yet is new, as is what it found since
    ``since_us``.
    """
    titled = items.filter(pl.col("title").is_not_null())
    rows = dict(titled.group_by("title").agg(pl.col("rows").sum()).iter_rows())
    catalog.titles.learn(pl.Series(list(rows), dtype=pl.String))
    reasons: dict[str, dict[str, str]] = {}
    for title, _, component, pattern in catalog.titles.reasons.iter_rows():
        if title in rows:
            reasons.setdefault(title, {})[component] = pattern
    fresh = {
        title: found
        for title, found in reasons.items()
        if any(first_at.get((title, component), since_us) >= since_us for component in found)
    }
    without = [title for title in sorted(rows, key=lambda title: (-rows[title], title)) if title not in reasons]
    near = _ordered(_near(catalog, without, rows))
    holding = {one.title for one in near}
    return Review(
        new=_ordered(
            Shown(title, rows[title], tuple(sorted(found)), ", ".join(f"`{found[one]}`" for one in sorted(found)))
            for title, found in fresh.items()
        ),
        near=near,
        alike=_ordered(_alike([title for title in without if title not in holding][:COMPARED], reasons, rows)),
        disagreeing=_ordered(_disagreeing(catalog, titled)),
    )


def _ordered(shown: Iterable[Shown]) -> tuple[Shown, ...]:
    return tuple(sorted(shown, key=lambda one: (-one.rows, one.title)))


def _near(catalog: Catalog, without: list[str], rows: Mapping[str, int]) -> Iterable[Shown]:
    for title, reasons in catalog.titles.refused(without).items():
        refused = {one.component: one for one in reasons}
        because = "; ".join(f"`{one.pattern}`, but {one.refused}" for one in refused.values())
        yield Shown(title, rows[title], tuple(sorted(refused)), because)


def _alike(without: list[str], reasons: Mapping[str, Mapping[str, str]], rows: Mapping[str, int]) -> Iterable[Shown]:
    from rapidfuzz import fuzz, process

    known = sorted(reasons, key=lambda title: (-rows[title], title))[:COMPARED]
    if not known or not without:
        return
    forms = [" ".join(normal(title[:LONGEST]).words) for title in known]
    for title in without:
        form = " ".join(normal(title[:LONGEST]).words)
        best = process.extractOne(form, forms, scorer=fuzz.token_set_ratio, score_cutoff=ALIKE) if form else None
        if best is not None:
            other = known[best[2]]
            yield Shown(title, rows[title], tuple(sorted(reasons[other])), f"like `{other}`")


def _disagreeing(catalog: Catalog, titled: pl.DataFrame) -> Iterable[Shown]:
    by_code = catalog.tags(titled.drop("title"))
    by_title = catalog.tags(titled.select("title"))
    for title, item, category, rows, coded, said in zip(
        titled["title"], titled["item"], titled["category"], titled["rows"], by_code.codes, by_title.codes, strict=True
    ):
        code, words = by_code.sets[coded], by_title.sets[said]
        if code and words and code != words:
            named = ", ".join(part for part in (item, category) if part)
            because = f"by its code ({named}) it is {', '.join(sorted(code))}, by its title {', '.join(sorted(words))}"
            yield Shown(title, rows, tuple(sorted(code | words)), because)
