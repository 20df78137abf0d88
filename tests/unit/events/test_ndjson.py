"""NDJSON is exact: numbers keep their digits, one bad line costs itself."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.events.errors import NotText, UnknownColumn
from coincide.events.number import NUMBER_SHAPE, exact
from coincide.events.source import SourceReader
from sources import Taken, source, take


def _taken(folder: Path, *lines: str | bytes, **columns: Any) -> Taken:
    (folder / "a.ndjson").write_bytes(b"\n".join(x if isinstance(x, bytes) else x.encode() for x in lines))
    return take(folder, source("a.ndjson", columns))


def _line(**more: str) -> str:
    cells = {"id": '"1"', "at": '"2025-01-01"', "who": '"a"', **more}
    return "{" + ", ".join(f'"{name}": {cell}' for name, cell in cells.items()) + "}"


@settings(deadline=None, max_examples=40)
@given(st.lists(st.from_regex(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,10})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)))
def test_numbers_keep_all_their_digits(tmp_path_factory: pytest.TempPathFactory, numbers: list[str]) -> None:
    folder = tmp_path_factory.mktemp("json")
    taken = _taken(folder, *(_line(q=number) for number in numbers), _line(q="1"), quantity="q")
    assert taken.column("quantity") == [*(exact(number, NUMBER_SHAPE) for number in numbers), Decimal(1)]


def test_values_become_text_as_the_contract_says(tmp_path: Path) -> None:
    cells = ["12345678901234567890", "1.10", "1e2", "1.0", "true", "null", '""', '"1.10"', "[1]", '{"a": 1}']
    taken = _taken(tmp_path, *(_line(t=cell) for cell in cells), title="t")
    assert taken.column("title") == [
        "12345678901234567890",
        "1.1",
        "100.0",
        "1.0",
        "true",
        None,
        "",
        "1.10",
        None,
        None,
    ]
    assert taken.column("!title") == [False] * 8 + [True] * 2


def test_what_is_no_object_is_a_bad_record(tmp_path: Path) -> None:
    bad = ["[]", "1", '"x"', "{", _line() + "x", '{"a": NaN}', "{'a': 1}", "[" * 100_000, "null"]
    taken = _taken(tmp_path, _line(), *bad, "", "  \t", _line(id='"2"'))
    assert [record.position for record in taken.bad] == list(range(2, 2 + len(bad)))
    assert taken.column("position") == [1, 4 + len(bad)]


def test_of_a_key_given_twice_the_last_one_counts(tmp_path: Path) -> None:
    assert _taken(tmp_path, '{"id": "1", "at": "2025-01-01", "who": "a", "who": "b"}').column("account") == ["b"]


def test_text_that_is_not_utf8_costs_its_field(tmp_path: Path) -> None:
    taken = _taken(tmp_path, b'{"id": "1", "at": "2025-01-01", "who": "\xff"}', _line(who=r'"\ud800"'))
    assert taken.column("account") == [None, None]
    assert taken.column("!account") == [True, True]


def test_an_absent_key_is_missing(tmp_path: Path) -> None:
    assert _taken(tmp_path, _line(), _line(t='"x"'), title="t").column("title") == [None, "x"]


def test_a_key_that_no_record_has_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownColumn, match="did you mean `who`"):
        _taken(tmp_path, _line(), account="whom")


def test_lines_keep_their_numbers_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coincide.events.ndjson.BLOCK", 100)
    taken = _taken(tmp_path, *(_line(id=f'"{n}"') for n in range(1, 30)))
    assert taken.batches > 5
    assert taken.column("event_id") == [str(n) for n in taken.column("position")]


def test_gz_is_unpacked_and_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(_line().encode()))
    (tmp_path / "b.jsonl").write_bytes(b"")
    assert take(tmp_path, source("*.jsonl*")).rows == 1


def test_binary_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotText):
        _taken(tmp_path, b"PAR1\x00")


def test_columns_are_the_keys_of_a_sample(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(json.dumps({"x": 1}) + "\nbad\n" + json.dumps({"y": 1, "x": 2}))
    found = SourceReader("shop", source("*.ndjson"), tmp_path).columns()
    assert found == {"x": "VARCHAR", "y": "VARCHAR"}
