"""CSV is read as the standard library reads it, line by line, whatever stands in it."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.events import delimited
from coincide.events.delimited import Header, records
from coincide.events.errors import (
    BadDelimiter,
    BrokenGzip,
    EmptyFile,
    NotText,
    RepeatedColumn,
    UnknownColumn,
    UnknownFormat,
)
from coincide.events.lines import Block
from coincide.events.source import SourceReader
from coincide.events.text import decode
from sources import source, take

Row = tuple[int, tuple[str | None, ...]]


def expected(content: bytes, fields: int, delimiter: str, first: int) -> tuple[list[Row], list[int]]:
    """Rows with their lines, and bad lines: the rule itself."""
    rows, bad = [], []
    lines = content.split(b"\n")
    for number, raw in enumerate(lines, first):
        line = decode(raw.removesuffix(b"\r"))
        try:
            found = list(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error:
            bad.append(number)
            continue
        if not found or not found[0]:
            continue
        if len(found[0]) != fields:
            bad.append(number)
        else:
            rows.append((number, tuple(value or None for value in found[0])))
    return rows, bad


def found(content: bytes, fields: int, delimiter: str, first: int) -> tuple[list[Row], list[int]]:
    names = tuple(f"c{place}" for place in range(fields))
    read = records(Block(content, first), Header(names, delimiter), {name: i for i, name in enumerate(names)})
    columns = [read.columns[name].to_pylist() for name in names]
    rows = zip(read.positions.to_pylist(), zip(*columns, strict=True), strict=True)
    return sorted(rows), [number for number, _ in read.bad]


PIECES = [b"a", b"b", b"", b",", b",", b",", b";", b'"', b'""', b"\n", b"\n", b"\r\n", b"\r", b"\0", b" ", b"\t"]
NASTY = [*PIECES, "é€😀".encode(), b"\xff", b"\xc3", b'"x"', b'"x,y"', b'"x\ny"', b'"x""y",', b"\xef\xbb\xbf", b"\\"]


@given(
    st.lists(st.sampled_from(NASTY), max_size=40).map(b"".join),
    st.integers(1, 4),
    st.sampled_from(",;\t |€"),
    st.integers(1, 1000),
)
@settings(max_examples=400, deadline=None)
@example(b"", 1, ",", 2)
@example(b'"', 1, ",", 2)
@example(b'a,b\r\r\n"c",d\n', 2, ",", 2)
@example(b'""\n\n""', 1, ",", 2)
@example(b'a"b,c\n"a"b,c\n"a" ,c\n', 2, ",", 2)
@example(b"a,b\rc,d\n1,2\n", 2, ",", 2)
@example(b'"\r",b\n1,2\n', 2, ",", 2)
@example(b"\xff,b\n1,2\n", 2, ",", 2)
@example(b"\xef\xbb\xbf", 1, ",", 2)
@example(b"\xef\xbb\xbfa\nb", 1, ",", 2)
@example(b'\n\xef\xbb\xbf"a"\nb', 1, ",", 2)
def test_every_line_is_read_as_the_standard_library_reads_it(
    content: bytes, fields: int, delimiter: str, first: int
) -> None:
    assert found(content, fields, delimiter, first) == expected(content, fields, delimiter, first)


@settings(deadline=None)
@given(st.lists(st.lists(st.text(max_size=6), min_size=3, max_size=3), max_size=12), st.booleans())
def test_what_the_standard_library_writes_comes_back(rows: list[list[str]], quoted: bool) -> None:
    # Ends of line inside a field need `multiline`; surrogates have no UTF-8.
    cleaned = [
        ["".join(c for c in cell if c not in "\r\n" and not "\ud800" <= c <= "\udfff") for cell in row] for row in rows
    ]
    lines = []
    for row in cleaned:
        cells = ['"' + cell.replace('"', '""') + '"' if quoted or "," in cell or '"' in cell else cell for cell in row]
        lines.append(",".join(cells) + "\n")
    content = "".join(lines).encode()
    read, bad = found(content, 3, ",", 2)
    assert bad == []
    assert [values for _, values in read] == [tuple(cell or None for cell in row) for row in cleaned]


def test_a_field_longer_than_the_limit_costs_its_line() -> None:
    long = b"x" * (delimited.FIELD_LIMIT + 1)
    content = b"1,2\n" + long + b",b\n" + b"y" * delimited.FIELD_LIMIT + b",b\n"
    assert found(content, 2, ",", 2) == expected(content, 2, ",", 2)
    assert found(content, 2, ",", 2)[1] == [3]


def test_many_columns_with_quotes_are_read() -> None:
    content = b",".join([b'"x"'] * 300) + b"\n" + b",".join([b"y"] * 300) + b"\n"
    assert found(content, 300, ",", 2) == expected(content, 300, ",", 2)


def test_lines_keep_their_numbers_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coincide.events.lines.BLOCK", 64)
    monkeypatch.setattr("coincide.events.delimited.BATCH", 128)
    lines = ["id,at,who"]
    for number in range(2, 60):
        match number % 7:
            case 0:
                lines.append("")
            case 1:
                lines.append('stray"x",a')
            case _:
                lines.append(f'"{number}",2025-01-01,c')
    (tmp_path / "a.csv").write_text("\n".join(lines))
    taken = take(tmp_path, source("a.csv"))
    assert taken.batches > 5
    assert taken.column("position") == [n for n in range(2, 60) if n % 7 > 1]
    assert taken.column("event_id") == [str(n) for n in range(2, 60) if n % 7 > 1]
    assert [bad.position for bad in taken.bad] == [n for n in range(2, 60) if n % 7 == 1]


def test_a_batch_that_is_left_early_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coincide.events.lines.BLOCK", 64)
    monkeypatch.setattr("coincide.events.delimited.BATCH", 128)
    (tmp_path / "a.csv").write_text("id,at,who\n" + "1,2025-01-01,a\n" * 100)
    reader = SourceReader("shop", source("a.csv"), tmp_path)
    connection = duckdb.connect()
    coming = reader.batches(connection, reader.files(), {"id"})
    next(coming)
    coming.close()  # type: ignore[attr-defined]
    assert connection.sql("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall() == [(0,)]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("coincide-csv")]


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfid,at,who\n1,2025-01-01,a\n")
    assert take(tmp_path, source("*.csv")).column("event_id") == ["1"]


def test_tsv_is_separated_by_tabs_and_gz_is_unpacked(tmp_path: Path) -> None:
    import gzip

    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress(b"id\tat\twho\n1\t2025-01-01\ta,b\n"))
    assert take(tmp_path, source("*.gz")).column("account") == ["a,b"]


def test_another_delimiter_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;at;who\n1;2025-01-01;a,b\n")
    assert take(tmp_path, source("*.csv", delimiter=";")).column("account") == ["a,b"]


def test_a_file_with_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at,who")
    taken = take(tmp_path, source("*.csv"))
    assert (taken.rows, taken.bad) == (0, ())


def test_text_that_is_not_utf8_costs_its_field(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,at,who,x\n1,2025-01-01,a,\xff\n2,2025-01-01,\xff,b\n")
    taken = take(tmp_path, source("*.csv"))
    assert taken.column("account") == ["a", None]
    assert taken.column("!account") == [False, True]


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\nid\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_header_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(EmptyFile, match=r"a\.csv"):
        take(tmp_path, source("*.csv"))
    with pytest.raises(EmptyFile):
        take(tmp_path, source("*.csv", multiline=True))


@pytest.mark.parametrize(
    "content",
    [
        b"PAR1\x15\x04",
        b"PK\x03\x04zip",
        b"\x1f\x8b\x08",
        "id,at,who".encode("utf-16"),
        b"a\0b,c\n",
        b'"a\n1',
        b"\xff,a\n",
    ],
)
def test_a_file_that_is_no_text_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(NotText, match=r"a\.csv"):
        take(tmp_path, source("*.csv"))


def test_a_file_without_ends_of_line_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coincide.events.lines.BLOCK", 64)
    monkeypatch.setattr("coincide.events.lines.LONGEST", 128)
    (tmp_path / "a.csv").write_bytes(b"x" * 1000)
    with pytest.raises(NotText, match="a line has more than"):
        take(tmp_path, source("*.csv"))


def test_two_columns_of_one_name_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at,who,ID\n")
    with pytest.raises(RepeatedColumn, match="`ID`"):
        take(tmp_path, source("*.csv"))


def test_columns_without_a_name_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at,who,,\n1,2025-01-01,a,,\n")
    assert take(tmp_path, source("*.csv")).rows == 1


def test_a_misspelt_column_is_told_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at,customer\n1,2025-01-01,a\n")
    with pytest.raises(UnknownColumn, match="did you mean `customer`") as caught:
        take(tmp_path, source("*.csv", {"account": "custmer"}))
    assert str(caught.value.where) == "a.csv"


@pytest.mark.parametrize("delimiter", ['"', "\n", "\r"])
def test_a_quote_or_end_of_line_separates_nothing(tmp_path: Path, delimiter: str) -> None:
    (tmp_path / "a.csv").write_text("id,at,who\n")
    with pytest.raises(BadDelimiter):
        take(tmp_path, source("*.csv", delimiter=delimiter))


@pytest.mark.parametrize("content", [b"id,at,who\n", b"\x1f\x8b\x08\x00cut"])
def test_a_damaged_gz_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv.gz").write_bytes(content)
    with pytest.raises(BrokenGzip, match=r"a\.csv\.gz"):
        take(tmp_path, source("*.gz"))


@pytest.mark.parametrize("name", ["a.txt", "a", "a.parquet.gz"])
def test_an_unknown_end_of_name_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("id,at,who\n")
    with pytest.raises(UnknownFormat, match=name):
        take(tmp_path, source("a*"))


def test_a_format_that_is_set_needs_no_end(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("id,at,who\n1,2025-01-01,a\n")
    assert take(tmp_path, source("*.txt", format="csv")).rows == 1
