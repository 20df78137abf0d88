from __future__ import annotations

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.catalog import catalog as catalogs
from coincide.catalog.errors import GreedyPattern
from coincide.catalog.tagged import ENOUGH, Tagged
from coincide.catalog.titles import Titles

ROWS = [
    ("title", "timer", "timer"),
    ("title", "steel ball*", "steel-balls"),
    ("title", "高压锅", "pressure-vessel"),
    ("title-not", "book", "timer"),
]
WORDS = ["timer", "steel", "balls", "高压锅", "book", "blue", "6", "Timer"]
TITLES = st.one_of(st.none(), st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join))


@hypothesis.settings(deadline=None)
@given(st.lists(st.lists(TITLES, max_size=8), max_size=4))
def test_whatever_was_asked_before_each_title_has_the_components_that_it_explains(
    asked: list[list[str | None]],
) -> None:
    titles = Titles(ROWS)
    tagged = Tagged(titles)
    for batch in asked:
        codes = tagged.look_up(pl.Series(batch, dtype=pl.String))
        found = [tagged.sets[code] for code in codes]
        assert found == [frozenset() if one is None else frozenset(titles.explain(one).components) for one in batch]
    assert tagged.seen == len({one for batch in asked for one in batch if one is not None})
    for title, code, component, pattern in tagged.reasons.iter_rows():
        assert component in tagged.sets[code]
        assert any(reason.pattern == pattern and not reason.refused for reason in titles.explain(title).reasons)


def test_a_title_counts_where_codes_say_nothing() -> None:
    catalog = catalogs.of([*ROWS, ("sku", "A", "energetic"), ("category", "10", "steel-balls")])
    frame = pl.DataFrame(
        [("A", None, "timer"), ("B", "1020", "timer"), ("B", "20", "timer"), (None, None, "steel balls timer")],
        schema={"item": pl.String, "category": pl.String, "title": pl.String},
        orient="row",
    )
    tags = catalog.tags(frame)
    assert [tags.sets[code] for code in tags.codes] == [
        {"energetic"},
        {"steel-balls"},
        {"timer"},
        {"steel-balls", "timer"},
    ]


def test_a_pattern_that_fits_too_much_is_refused_with_its_count() -> None:
    titles = pl.Series([f"timer {n}" if n % 3 == 0 else f"thing {n}" for n in range(ENOUGH)])
    tagged = Tagged(Titles(ROWS), most=0.2)
    tagged.learn(titles[:-1])
    tagged.check()
    tagged.learn(titles)
    with pytest.raises(GreedyPattern, match=r"334 of 1,000") as raised:
        tagged.check()
    assert raised.value.pattern == "timer"
    Tagged(Titles(ROWS), most=0.4).check()


def test_the_version_of_a_component_changes_with_what_bears_on_it_alone() -> None:
    rows = [*ROWS, ("sku", "A", "energetic")]
    before = catalogs.of(rows).versions
    assert catalogs.of([*rows, ("title", "x", "other")]).versions.items() >= before.items()
    titled = catalogs.of([*rows, ("title", "clock", "timer")]).versions
    assert [name for name in before if titled[name] != before[name]] == ["timer"]
    # A code wins over titles: it bears on all components that titles can be.
    coded = catalogs.of([*rows, ("sku", "B", "other")]).versions
    assert [name for name in before if coded[name] != before[name]] == ["pressure-vessel", "steel-balls", "timer"]
