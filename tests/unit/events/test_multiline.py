"""CSV with ends of line inside fields."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.events.errors import NotText, UnknownColumn
from sources import source, take

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufdd1"), max_size=5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cells, cells), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_what_the_standard_library_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], end: str
) -> None:
    folder = tmp_path_factory.mktemp("multiline")
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerow(["id", "at", "who", "item", "title"])
    writer.writerows(["1", "2025-01-01", "a", *row] for row in rows)
    (folder / "a.csv").write_bytes(out.getvalue().encode())
    taken = take(folder, source("a.csv", {"item": "item", "title": "title"}, multiline=True))
    assert list(zip(taken.column("item"), taken.column("title"), strict=True)) == [
        (item or None, title or None) for item, title in rows
    ]
    assert taken.bad == ()


def _taken(folder: Path, content: bytes) -> Any:
    (folder / "a.csv").write_bytes(content)
    return take(folder, source("a.csv", {"title": "t"}, multiline=True))


def test_a_record_stands_on_the_line_where_it_starts(tmp_path: Path) -> None:
    taken = _taken(tmp_path, b'id,at,who,t\n1,2025-01-01,a,"x\ny\nz"\n\n2,2025-01-01,b,c\n')
    assert taken.column("position") == [2, 6]
    assert taken.column("title") == ["x\ny\nz", "c"]


def test_a_bad_record_ends_where_the_reader_gives_up(tmp_path: Path) -> None:
    taken = _taken(tmp_path, b'id,at,who,t\n1,2025-01-01,a,"x"y\n2,2025-01-01,b,c\n3,short\n4,2025-01-01,b,"open\n')
    assert taken.column("position") == [3]
    assert [bad.position for bad in taken.bad] == [2, 4, 5]


def test_a_header_may_hold_ends_of_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'id,at,"who\nis it"\n1,2025-01-01,a\n')
    taken = take(tmp_path, source("a.csv", {"account": "who\nis it"}, multiline=True))
    assert taken.column("account") == ["a"]
    assert taken.column("position") == [3]


def test_errors_of_the_header_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownColumn):
        _taken(tmp_path, b"id,at,who,x\n")
    with pytest.raises(NotText):
        _taken(tmp_path, b'id,at,"who"x,t\n')


def test_many_records_come_in_several_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coincide.events.multiline._ROWS", 10)
    taken = _taken(tmp_path, b"id,at,who,t\n" + b'1,2025-01-01,a,"x\ny"\n' * 25)
    assert taken.batches == 3
    assert taken.rows == 25
