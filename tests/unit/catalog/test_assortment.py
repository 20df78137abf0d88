"""The assortment: items to types and families, from any of the formats, or an error that says what to mend."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide import settings
from coincide.catalog.assortment import SCHEMA, load
from coincide.catalog.errors import NoAssortmentColumn, NoAssortmentFile, SeveralTypes, UnreadableAssortment

SECTION = settings.Assortment(files="goods.csv", item="sku", type="sort", family="shelf")
ROWS = [("0012", "charcoal", "barbecue"), ("12", "tape", "tools"), ("13", "tape", "tools")]


def _load(folder: Path, **changes: object) -> list[tuple[object, ...]]:
    found = load(folder, SECTION.model_copy(update=changes))
    assert found is not None
    assert dict(found.frame.schema) == SCHEMA
    return found.frame.rows()


def _csv(folder: Path, rows: list[tuple[str, str, str]], header: str = "sku,sort,shelf") -> None:
    (folder / "goods.csv").write_text("\n".join([header, *map(",".join, rows)]) + "\n", encoding="utf-8")


def test_without_the_section_there_is_no_assortment(tmp_path: Path) -> None:
    assert load(tmp_path, None) is None


def test_a_csv_is_text_so_that_0012_is_not_12(tmp_path: Path) -> None:
    _csv(tmp_path, ROWS)
    assert _load(tmp_path) == sorted(ROWS)


@pytest.mark.parametrize("end", [".csv.gz", ".tsv", ".ndjson", ".jsonl", ".jsonl.gz", ".parquet"])
def test_every_format_gives_the_same(tmp_path: Path, end: str) -> None:
    lines = [dict(zip(("sku", "sort", "shelf"), row, strict=True)) for row in ROWS]
    file = tmp_path / f"goods{end}"
    match end:
        case ".parquet":
            pl.DataFrame(lines).write_parquet(file)
        case ".tsv":
            file.write_text("\n".join("\t".join(row) for row in [("sku", "sort", "shelf"), *ROWS]) + "\n")
        case ".csv.gz":
            file.write_bytes(gzip.compress(b"sku,sort,shelf\n" + "\n".join(map(",".join, ROWS)).encode()))
        case _:
            text = "".join(json.dumps(line) + "\n" for line in lines).encode()
            file.write_bytes(gzip.compress(text) if end.endswith(".gz") else text)
    assert _load(tmp_path, files=["goods.*"]) == sorted(ROWS)


def test_numbers_of_a_parquet_file_become_text(tmp_path: Path) -> None:
    pl.DataFrame({"sku": [12, 7], "sort": ["tape", "charcoal"]}).write_parquet(tmp_path / "goods.parquet")
    assert _load(tmp_path, files="goods.parquet", family=None) == [("12", "tape", None), ("7", "charcoal", None)]


def test_lines_without_item_or_type_say_nothing_and_equal_lines_count_once(tmp_path: Path) -> None:
    _csv(tmp_path, [("1", "tape", "tools"), ("1", "tape", "tools"), ("", "tape", "tools"), ("2", "", "tools")])
    assert _load(tmp_path) == [("1", "tape", "tools")]


def test_an_empty_family_is_none(tmp_path: Path) -> None:
    _csv(tmp_path, [("1", "tape", "")])
    assert _load(tmp_path) == [("1", "tape", None)]


def test_a_type_of_two_families_is_named_with_each(tmp_path: Path) -> None:
    _csv(tmp_path, [("1", "tape", "garden"), ("2", "tape", "music"), ("3", "tape", ""), ("4", "peat", "garden")])
    assert _load(tmp_path) == [
        ("1", "garden / tape", "garden"),
        ("2", "music / tape", "music"),
        ("3", "tape", None),
        ("4", "peat", "garden"),
    ]


@given(st.lists(st.tuples(*[st.sampled_from(["a", "b", "c", "d"])] * 3), max_size=8, unique_by=lambda row: row[0]))
def test_a_type_has_one_family_and_an_item_one_type(rows: list[tuple[str, str, str]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        _csv(Path(name), rows)
        found = _load(Path(name))
    assert [row[0] for row in found] == sorted(item for item, _, _ in rows)
    families: dict[object, object] = {}
    assert all(families.setdefault(type_, family) == family for _, type_, family in found)
    # Two items are of one type exactly if type and family are equal.
    given_ = {item: (type_, family) for item, type_, family in rows}
    for one, type_, _ in found:
        for other, its, _ in found:
            assert (type_ == its) == (given_[str(one)] == given_[str(other)])


def test_a_glob_without_a_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(NoAssortmentFile, match=r"`goods\.csv`, which \[assortment\] names"):
        _load(tmp_path)


@pytest.mark.parametrize(("setting", "column"), [("item", "sku"), ("type", "sort"), ("family", "shelf")])
def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path, setting: str, column: str) -> None:
    _csv(tmp_path, [("1", "tape", "tools")], ",".join({"sku", "sort", "shelf"} - {column} | {"other"}))
    with pytest.raises(NoAssortmentColumn, match=rf"{setting} is the column `{column}`.*`other`"):
        _load(tmp_path)


def test_an_item_of_two_types_is_an_error_that_names_both(tmp_path: Path) -> None:
    _csv(tmp_path, [("1", "tape", "tools"), ("1", "peat", "tools"), ("2", "a", "b"), ("2", "c", "b"), ("3", "a", "b")])
    with pytest.raises(
        SeveralTypes, match=r"the item `1` is `peat` in one line .* `tape` in another, and 1 more item so"
    ):
        _load(tmp_path)


def test_an_item_of_two_families_is_an_error_too(tmp_path: Path) -> None:
    _csv(tmp_path, [("1", "tape", "tools"), ("1", "tape", "")])
    with pytest.raises(SeveralTypes, match=r"`of no family` in one line .* `tools` in another"):
        _load(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("goods.csv", b"sku,sort,shelf\n1,\xff\xfe,tools\n"),
        ("goods.csv", b""),
        ("goods.parquet", b"PAR1 is not all"),
        ("goods.ndjson", b"{"),
        ("goods.xlsx", b"PK"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_the_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableAssortment, match=r"cannot be read"):
        _load(tmp_path, files=name)


def test_a_list_as_an_item_is_an_error(tmp_path: Path) -> None:
    pl.DataFrame({"sku": [["1"]], "sort": ["tape"], "shelf": ["tools"]}).write_parquet(tmp_path / "goods.parquet")
    with pytest.raises(UnreadableAssortment):
        _load(tmp_path, files="goods.parquet")
