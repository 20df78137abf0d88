"""Which patterns a title holds, and which of them say what is sold."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.catalog.normal import normal
from coincide.catalog.pattern import Pattern
from coincide.catalog.titles import Titles

TITLES = Titles(
    [
        ("title", "pressure cooker*", "pressure-vessel"),
        ("title", "*schnellkochtopf*", "pressure-vessel"),
        ("title", "قدر ضغط", "pressure-vessel"),
        ("title", "高压锅", "pressure-vessel"),
        ("title-not", "gasket*", "pressure-vessel"),
        ("title-not", "*dichtung*", "pressure-vessel"),
        ("title-not", "密封圈", "pressure-vessel"),
        ("title-not", "ring", "pressure-vessel"),
        ("title-apart", "timer", "timer"),
        ("title-apart", "timers", "timer"),
        ("title-apart", "*küchenwecker*", "timer"),
        ("title", "gunpowder*", "energetic"),
        ("title-not", "tea", "energetic"),
        ("title-not", "green tea", "energetic"),
    ]
)


@pytest.mark.parametrize(
    ("title", "components"),
    [
        ("Pressure Cooker 6 L", {"pressure-vessel"}),
        ("PRESSURECOOKERS, used", {"pressure-vessel"}),
        ("p-r-e-s-s-u-r-e c00ker", {"pressure-vessel"}),
        ("Cookers of low pressure", set()),
        ("Edelstahlschnellkochtöpfe", {"pressure-vessel"}),
        ("Edelstahlschnellkochtopf 4l", {"pressure-vessel"}),
        ("قدر ضغط 6 لتر", {"pressure-vessel"}),
        ("القدر ضغط", {"pressure-vessel"}),
        ("غطاء لقدر ضغط", set()),
        ("家用不锈钢高压锅6升", {"pressure-vessel"}),
        ("适用高压锅的勺子", set()),
        # What is for it, and what is in front of it.
        ("Rack for pressure cooker", set()),
        ("For sale: pressure cooker", {"pressure-vessel"}),
        ("Untersetzer für Schnellkochtopf", set()),
        # What it is not, and what comes along.
        ("Gasket, pressure cooker", set()),
        ("Pressure cooker with spare gasket", {"pressure-vessel"}),
        ("Pressure cooker + gasket", {"pressure-vessel"}),
        ("Schnellkochtopfdichtung", set()),
        ("高压锅密封圈", set()),
        # Exclusions are words: there is a ring in "Bringing" and none in this title.
        ("Bringing you a pressure cooker", {"pressure-vessel"}),
        # What is built in is not sold for itself.
        ("Kitchen timer", {"timer"}),
        ("Oven with timer", set()),
        ("Kuechenwecker rot", {"timer"}),
        ("Timers with magnet", {"timer"}),
        ("Altimer", set()),
        # Exclusions are looked for before words are joined: of "steam" no tea is left.
        ("Gunpowder steam", {"energetic"}),
        ("Gunpowder green tea", set()),
        ("", set()),
    ],
)
def test_a_title_is_what_is_sold(title: str, components: set[str]) -> None:
    assert set(TITLES.explain(title).components) == components


def test_it_is_told_why_a_pattern_does_not_count() -> None:
    told = TITLES.explain("Gasket for Pressure Cooker, Timer")
    assert told.words == ("gasket", "for", "pressure", "cooker", "timer")
    assert [(one.component, one.pattern, one.refused) for one in told.reasons] == [
        ("pressure-vessel", "pressure cooker*", "it stands behind what is for it"),
        ("timer", "timer", "it stands behind what is for it"),
    ]
    (one,) = TITLES.explain("Gasket: pressure cooker").reasons
    assert one.refused == "the title has `gasket*`"


def test_of_several_exclusions_the_first_by_its_text_is_told() -> None:
    words = ["ash", "book", "cup", "dish", "egg", "fork", "gas", "hob"]
    titles = Titles([("title", "pan", "c"), *(("title-not", word, "c") for word in words)])
    for at in range(len(words)):
        (one,) = titles.explain(" ".join(["pan", *reversed(words[at:])])).reasons
        assert one.refused == f"the title has `{words[at]}`"


@given(st.lists(st.text(st.sampled_from("pressure cooktim gasket高压锅密封圈+- "), max_size=30), max_size=20))
def test_many_titles_are_what_each_of_them_is(titles: list[str]) -> None:
    found = TITLES.tags(pl.Series([*titles, None], dtype=pl.String))
    tagged = {(row, component) for row, component, _ in found.iter_rows()}
    assert tagged == {
        (row, component) for row, title in enumerate(titles) for component in TITLES.explain(title).components
    }


@pytest.mark.parametrize(
    ("pattern", "title", "places"),
    [
        ("steel ball*", "Steelballs, steel balls", [0, 10]),
        ("steel ball", "steel balls", []),
        ("ball", "football ball", [8]),
        ("*ball", "football", [4]),
        ("*ball", "footballs", []),
        ("*ball*", "Footballs", [4]),
        ("钢珠", "弹弓钢珠8mm", [2]),
        ("**", "anything", []),
        ("", "anything", []),
    ],
)
def test_a_pattern_is_found_where_it_says(pattern: str, title: str, places: list[int]) -> None:
    assert Pattern(pattern).places(normal(title)) == places
