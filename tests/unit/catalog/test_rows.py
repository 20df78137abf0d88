from __future__ import annotations

from pathlib import Path

import pytest

from coincide import settings
from coincide.catalog import catalog
from coincide.catalog.errors import ConflictingRows, EmptyPattern, InnerStar, UnknownMatch
from coincide.errors import CoincideError, Problems

SECTION = settings.Catalog(files="*.csv")


def problems(folder: Path, *rows: str) -> list[CoincideError]:
    (folder / "catalog.csv").write_text("\n".join(["match,value,component", *rows]), encoding="utf-8")
    with pytest.raises(Problems) as raised:
        catalog.load(folder, SECTION)
    return raised.value.problems


@pytest.mark.parametrize("value", ["***", "-", "*", '"\u200b\u00ad"', "*…*"])
def test_a_pattern_of_which_nothing_is_left_is_refused(tmp_path: Path, value: str) -> None:
    (found,) = problems(tmp_path, f"title,{value},timer")
    assert isinstance(found, EmptyPattern)
    assert (found.where.line, found.where.column) == (2, 7) if found.where else False


def test_a_star_stands_at_the_ends_of_a_pattern_only(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "title,egg*timer,timer")
    assert isinstance(found, InnerStar)


def test_a_star_may_stand_at_three_dots(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "title,egg* ... *timer,timer", "title,~timer*,timer", "title-not,egg* timer,timer")
    assert isinstance(found, InnerStar)
    assert "egg* timer" in str(found)


def test_dots_with_nothing_beside_them_are_no_pattern(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "title,egg ... ,timer")
    assert isinstance(found, EmptyPattern)


def test_a_word_that_is_no_way_to_match_is_refused(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "titel,timer,timer")
    assert isinstance(found, UnknownMatch)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("title,Timer,timer", "title-not,timer,timer"),
        ("title,egg-timer*,timer", "title-apart,EGG TIMER*,timer"),
        ("title-not,Küche,timer", "title-apart,küche,timer"),
        ("title-not,egg* ... timer,timer", "title,Egg*...timer,timer"),
        ("title-not,timer*,timer", "title,~timer*,timer"),
    ],
)
def test_rows_that_cannot_both_hold_are_refused(tmp_path: Path, one: str, other: str) -> None:
    (found,) = problems(tmp_path, one, other)
    assert isinstance(found, ConflictingRows)
    assert "catalog.csv:2" in found.message


def test_rows_of_other_components_or_with_other_stars_are_in_no_conflict(tmp_path: Path) -> None:
    rows = ["title,timer,timer", "title-not,timer,toy", "title-not,timer*,timer", "title,timer,timer"]
    (tmp_path / "catalog.csv").write_text("\n".join(["match,value,component", *rows]), encoding="utf-8")
    assert len(catalog.load(tmp_path, SECTION).entries) == 3


def test_a_workspace_may_exclude_what_a_pack_includes(tmp_path: Path) -> None:
    pack = catalog.load(tmp_path, None, ["everyday-components"])
    value = next(
        value for match, value, component in sorted(pack.entries) if match == "title" and component == "steel-balls"
    )
    (tmp_path / "catalog.csv").write_text(f'match,value,component\ntitle-not,"{value}",steel-balls\n', encoding="utf-8")
    both = catalog.load(tmp_path, SECTION, ["everyday-components"])
    assert ("title-not", value, "steel-balls") in both.entries
    assert ("title", value, "steel-balls") in both.entries
