from __future__ import annotations

from pathlib import Path

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide import settings
from coincide.catalog import catalog
from coincide.catalog.catalog import Catalog
from coincide.catalog.errors import (
    BadComponentName,
    BrokenLine,
    EmptyValue,
    NoSuchFile,
    NotText,
    UnknownMatch,
    UnreadableFile,
    WrongHeader,
)
from coincide.errors import CoincideError, Problems

SECTION = settings.Catalog(files="catalog.csv")


def written(folder: Path, text: str, name: str = "catalog.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return folder


def problems(folder: Path, section: settings.Catalog = SECTION) -> list[CoincideError]:
    with pytest.raises(Problems) as raised:
        catalog.load(folder, section)
    return raised.value.problems


def tagged(loaded: Catalog, rows: list[tuple[str | None, str | None]]) -> list[frozenset[str]]:
    frame = pl.DataFrame(rows, schema={"item": pl.String, "category": pl.String}, orient="row")
    tags = loaded.tags(frame)
    return [tags.sets[code] for code in tags.codes]


def test_an_item_has_the_components_of_its_sku_and_of_its_category(tmp_path: Path) -> None:
    written(tmp_path, "match,value,component\nsku,A1,timer\ncategory,50,energetic\ncategory,5020,steel-balls\n")
    loaded = catalog.load(tmp_path, SECTION)
    assert loaded.components == {"timer", "energetic", "steel-balls"}
    assert tagged(loaded, [("A1", "502099"), ("A1", None), ("a1", "5"), (None, "50"), (None, None)]) == [
        {"timer", "energetic", "steel-balls"},
        {"timer"},
        set(),
        {"energetic"},
        set(),
    ]


def test_matching_keys_are_text_and_an_sku_is_matched_whole() -> None:
    loaded = catalog.of([("sku", "0012", "timer"), ("sku", "0012", "energetic")])
    assert tagged(loaded, [("0012", None), ("12", None), ("00123", None), (" 0012", None)]) == [
        {"timer", "energetic"},
        set(),
        set(),
        set(),
    ]


def test_prefixes_count_letters_and_not_bytes() -> None:
    loaded = catalog.of([("category", "é", "timer"), ("category", "火薬", "energetic")])
    assert tagged(loaded, [(None, "éclair"), (None, "火薬類"), (None, "火"), (None, "e")]) == [
        {"timer"},
        {"energetic"},
        set(),
        set(),
    ]


def test_equal_rows_have_equal_codes_in_any_order() -> None:
    loaded = catalog.of([("sku", "a", "timer"), ("sku", "b", "energetic"), ("category", "1", "steel-balls")])
    frame = pl.DataFrame({"item": ["a", "b", "c", "b"], "category": ["1", "2", "1", "2"]})
    forward, backward = loaded.tags(frame), loaded.tags(frame.reverse())
    assert forward.sets == backward.sets
    assert forward.codes.to_list() == backward.codes.reverse().to_list()
    assert forward.codes.dtype == pl.UInt32
    assert forward.sets[0] == frozenset()
    assert forward.having("steel-balls") == [c for c, names in enumerate(forward.sets) if "steel-balls" in names]


def test_a_frame_without_rows_or_without_a_column_goes_the_ordinary_way() -> None:
    loaded = catalog.of([("sku", "a", "timer"), ("category", "1", "energetic")])
    assert loaded.tags(pl.DataFrame(schema={"item": pl.String, "category": pl.String})).codes.to_list() == []
    only_items = loaded.tags(pl.DataFrame({"item": ["a", "b"]}))
    assert [only_items.sets[code] for code in only_items.codes] == [{"timer"}, set()]
    assert loaded.tags(pl.DataFrame({"other": [1, 2]})).codes.to_list() == [0, 0]


def test_without_a_section_the_catalog_is_empty(tmp_path: Path) -> None:
    loaded = catalog.load(tmp_path, None)
    assert loaded.components == frozenset()
    assert tagged(loaded, [("a", "b"), (None, None)]) == [set(), set()]
    assert loaded.values_for(["timer"]) == ([], [])


def test_the_values_of_components_are_those_a_select_asks_for() -> None:
    loaded = catalog.of(
        [("sku", "b", "timer"), ("sku", "a", "timer"), ("sku", "a", "energetic"), ("category", "9", "energetic")]
    )
    assert loaded.values_for(["timer"]) == (["a", "b"], [])
    assert loaded.values_for({"timer", "energetic"}) == (["a", "b"], ["9"])
    assert loaded.values_for([]) == ([], [])


def test_the_version_is_that_of_the_content_however_it_is_spread(tmp_path: Path) -> None:
    one = written(tmp_path / "one", "match,value,component\nsku,a,timer\nsku,b,energetic\nsku,a,timer\n")
    two = written(tmp_path / "two", "component,match,value\ntimer,sku,a\n", "parts/1.csv")
    written(two, "\ufeffmatch,value,component\r\n\r\nsku,b,energetic\r\n", "parts/2.csv")
    first = catalog.load(one, SECTION)
    second = catalog.load(two, settings.Catalog(files=["parts/1.csv", "parts/[12].csv"]))
    assert first.version == second.version
    assert first.skus.equals(second.skus)
    assert first.version != catalog.of([("sku", "a", "timer")]).version
    assert catalog.of([("sku", "a", "bc")]).version != catalog.of([("sku", "ab", "c")]).version


def test_a_value_in_quotes_may_hold_a_comma_and_a_quote(tmp_path: Path) -> None:
    written(tmp_path, 'match,value,component\nsku,"nuts, ""mixed""",steel-balls\n')
    assert catalog.load(tmp_path, SECTION).skus.rows() == [('nuts, "mixed"', "steel-balls")]


def test_all_problems_of_all_files_come_at_once_with_their_places(tmp_path: Path) -> None:
    written(tmp_path, 'match,value,component\nskus,A1,timer\nsku,,Timer\nsku,A1\nsku,"A"1,timer\n', "a.csv")
    written(tmp_path, 'match,value,component\nsku,"x,y",pressure_vessel\n', "b.csv")
    found = problems(tmp_path, settings.Catalog(files=["*.csv", "none/*.csv"]))
    assert [type(problem) for problem in found] == [
        NoSuchFile,
        UnknownMatch,
        EmptyValue,
        BadComponentName,
        BrokenLine,
        BrokenLine,
        BadComponentName,
    ]
    places = [str(problem.where) for problem in found if problem.where]
    assert places == ["a.csv:2:1", "a.csv:3:5", "a.csv:3:6", "a.csv:4:1", "a.csv:5:1", "b.csv:2:11"]
    component = found[-1].where
    assert component is not None
    assert component.text is not None
    assert component.column is not None
    assert component.text[component.column - 1 :][: component.length] == "pressure_vessel"


@pytest.mark.parametrize("header", ["match,value", "sku,component", "match,value,component,note", "match,value,value"])
def test_another_header_is_refused(tmp_path: Path, header: str) -> None:
    written(tmp_path, f"{header}\nsku,a,timer\n")
    (problem,) = problems(tmp_path)
    assert isinstance(problem, WrongHeader)
    assert "match, value, component" in str(problem)


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    written(tmp_path, "")
    (problem,) = problems(tmp_path)
    assert isinstance(problem, WrongHeader)


def test_a_header_alone_is_an_empty_catalog(tmp_path: Path) -> None:
    written(tmp_path, "match,value,component")
    assert catalog.load(tmp_path, SECTION).components == frozenset()


def test_bytes_that_are_no_text_are_named_by_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "catalog.csv").write_bytes("match,value,component\nsku,é".encode() + b"\xff,timer\n")
    (problem,) = problems(tmp_path)
    assert isinstance(problem, NotText)
    assert str(problem.where) == "catalog.csv:2:6"


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    # A file that exists, can be opened by anybody, and gives an error when it is read.
    (tmp_path / "catalog.csv").symlink_to("/proc/self/mem")
    (problem,) = problems(tmp_path)
    assert isinstance(problem, UnreadableFile)
    assert "Input/output error" in str(problem)


@pytest.mark.parametrize("pattern", ["", "missing.csv", "a**b", "/", "."])
def test_a_glob_that_matches_no_file_is_named(tmp_path: Path, pattern: str) -> None:
    (problem,) = problems(tmp_path, settings.Catalog(files=pattern))
    assert isinstance(problem, NoSuchFile)
    assert f"`{pattern}`" in str(problem)


def test_an_absolute_glob_is_taken_as_it_is(tmp_path: Path) -> None:
    written(tmp_path / "shared", "match,value,component\nsku,a,timer\n")
    (tmp_path / "workspace").mkdir()
    section = settings.Catalog(files=str(tmp_path / "shared" / "*.csv"))
    assert catalog.load(tmp_path / "workspace", section).components == {"timer"}


KEY = st.text("ab1", min_size=1, max_size=3)
COMPONENTS = st.sampled_from(["timer", "energetic", "steel-balls"])


@hypothesis.settings(deadline=None)
@given(
    entries=st.lists(st.tuples(st.sampled_from(["sku", "category"]), KEY, COMPONENTS), max_size=12),
    rows=st.lists(
        st.tuples(st.none() | st.text("ab1", max_size=4), st.none() | st.text("ab1", max_size=4)), max_size=8
    ),
)
def test_tags_are_those_of_a_plain_loop(
    entries: list[tuple[str, str, str]], rows: list[tuple[str | None, str | None]]
) -> None:
    expected = [
        {
            component
            for match, value, component in entries
            if (match == "sku" and item == value)
            or (match == "category" and category is not None and category.startswith(value))
        }
        for item, category in rows
    ]
    assert tagged(catalog.of(entries), rows) == expected
