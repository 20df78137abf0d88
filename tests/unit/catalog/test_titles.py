"""Which patterns a title holds, and which of them say what is sold."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.catalog.normal import normal
from coincide.catalog.pattern import Pattern
from coincide.catalog.titles import Titles, spellings

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
        ("title", "olla ... a presión", "pressure-vessel"),
        ("title", "~fireworks*", "energetic"),
        ("title-apart", "مؤقت", "timer"),
        ("title-apart", "定时器", "timer"),
        ("title-not", "مروحة", "timer"),
        ("title-not", "fan", "timer"),
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
        # What comes along with a kit is sold.
        ("Canning kit with timer", {"timer"}),
        ("Timer plus kit, oven", {"timer"}),
        ("Oven with kit and timer", set()),
        ("厨房套装 赠定时器", {"timer"}),
        ("烤箱 赠定时器", set()),
        ("高压锅 赠密封圈", {"pressure-vessel"}),
        # Where a thing is used says not that it is another, near "for" and behind what is sold.
        ("Timer for bathroom fan", {"timer"}),
        ("Timer for the bathroom and fan", set()),
        ("Fan for timer", set()),
        # Arabic "with", "and" and article are written with the word.
        ("مقبس بمؤقت", set()),
        ("مقبس مؤقت", {"timer"}),
        ("بمؤقت", {"timer"}),
        ("مؤقت والمروحة", set()),
        ("مؤقت بمروحة", {"timer"}),
        # Other words between, a slip of a finger.
        ("Olla eléctrica 6 l a presión", {"pressure-vessel"}),
        ("Firewokrs 20", {"energetic"}),
        ("Fireworks 20", {"energetic"}),
        ("Firewors 20", {"energetic"}),
        ("ireworks 20", set()),
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


@given(st.lists(st.text(st.sampled_from("pressure cooktim gasket高压锅密封圈مؤقتب20+- "), max_size=30), max_size=20))
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
        # A number parts like a space.
        ("steel ball", "steelball8mm", [0]),
        ("ball", "20ball", [2]),
        ("608", "6081", []),
        ("608", "608zz", [0]),
        # Other words between, not too many and none that begins another thing.
        ("steel ... ball*", "steel balls", [0]),
        ("steel ... ball*", "steelballs", [0]),
        ("steel ... ball*", "balls of steel", []),
        ("steel ... ball*", "steel football", []),
        ("steel ... ball*", "steel, hardened, 8 mm, balls", [0]),
        ("steel ... ball*", "steel ring with balls", []),
        ("steel ... ball*", "steel ring for balls", []),
        ("steel ... ball*", "steel " + "a" * 24 + " ball", [0]),
        ("steel ... ball*", "steel " + "a" * 25 + " ball", []),
        ("steel ... 8 ... ball*", "steel, 8 mm ball", [0]),
        ("steel ... 8 ... ball*", "steel ball 8", []),
        ("钢 ... 珠", "钢制8毫米珠", [0]),
        ("steel ... ", "steel", []),
        ("**", "anything", []),
        ("", "anything", []),
    ],
)
def test_a_pattern_is_found_where_it_says(pattern: str, title: str, places: list[int]) -> None:
    assert Pattern(pattern).places(normal(title)) == places


def test_slips_are_those_of_a_finger_and_only_where_they_are_asked_for() -> None:
    assert [one.text for one in spellings("timer")] == ["timer"]
    assert [one.text for one in spellings("öl")] == ["öl", "oel"]
    assert [one.text for one in spellings("~timer*")] == ["timer*", "itmer*", "tmier*", "tiemr*", "timre*"]
    assert [one.text for one in spellings("~ball")] == ["ball", "bail", "bali", "abll", "blal"]
    short = {one.text for one in spellings("~gunpowder")}
    assert {"gunpowder", "gnpowder", "gunpowde", "gunpodwer"} <= short
    assert "unpowder" not in short


@pytest.mark.parametrize("pattern", ["", "**", "...", "★", "steel ... ★"])
def test_a_pattern_of_which_nothing_is_left_is_found_nowhere(pattern: str) -> None:
    assert Pattern(pattern).places(normal("steel balls")) == []
    assert Pattern(pattern).whole_at(normal("steel balls")) == []


@pytest.mark.parametrize(
    ("pattern", "title", "places"),
    [
        ("ring", "o ring, bringing", [1]),
        ("sealing ring", "sealingring sealing ring sealing of a ring", [0, 11]),
        ("*ring", "o bearing rings", [1]),
        ("cooker ... lid", "pressure cooker 6 l lid", [8]),
        ("غطاء", "الغطاء والغطاء وغطاء بغطاء", [0, 5, 11]),
        ("密封圈", "高压锅密封圈", [3]),
    ],
)
def test_an_exclusion_is_found_in_whole_words(pattern: str, title: str, places: list[int]) -> None:
    assert Pattern(pattern).whole_at(normal(title)) == places
