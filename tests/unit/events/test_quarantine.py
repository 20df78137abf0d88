"""A row in quarantine is hashed, and shown from its file while it is still there."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coincide.events.errors import NoPostgresDriver, RowGone
from coincide.events.quarantine import Quarantined, digests, show
from coincide.events.source import SourceReader
from coincide.settings import Source
from sources import source, take


def _row(file: str, position: int, digest: str = "") -> Quarantined:
    return Quarantined("shop", file, position, "unreadable-time", digest)


def test_a_line_is_shown_by_its_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,at,who\n\n1,never,"a,b"\n')
    reader = SourceReader("shop", source("*.csv"), tmp_path)
    assert show(reader, _row("a.csv", 3)) == {"id": "1", "at": "never", "who": "a,b"}


def test_a_bad_record_is_shown_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'id,at,who\n1,2\n1,2,3,4,5\n"a"b,c,d\n\xff,1,2\n')
    given = source("*.csv")
    reader = SourceReader("shop", given, tmp_path)
    bad = {record.position: record.digest for record in take(tmp_path, given).bad}
    assert list(bad) == [2, 3, 4]
    assert show(reader, _row("a.csv", 2, bad[2])) == {"id": "1", "at": "2", "who": None}
    assert show(reader, _row("a.csv", 3, bad[3])) == {"id": "1", "at": "2", "who": "3", "(rest)": "4,5"}
    assert show(reader, _row("a.csv", 4, bad[4])) == {"record": '"a"b,c,d'}


def test_a_record_of_several_lines_is_shown_whole(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,at,who\n1,never,"a\nb"\n2,x,y\n')
    reader = SourceReader("shop", source("*.csv", multiline=True), tmp_path)
    assert show(reader, _row("a.csv", 2)) == {"id": "1", "at": "never", "who": "a\nb"}
    assert show(reader, _row("a.csv", 4)) == {"id": "2", "at": "x", "who": "y"}
    with pytest.raises(RowGone):
        show(reader, _row("a.csv", 3))


def test_a_json_line_is_shown_by_its_keys(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"id": 1.10, "at": null, "x": [1]}\nnot json\n'))
    reader = SourceReader("shop", source("*.gz"), tmp_path)
    assert show(reader, _row("a.jsonl.gz", 1)) == {"id": "1.10", "at": None, "x": "[1]"}
    assert show(reader, _row("a.jsonl.gz", 2)) == {"record": "not json"}


def test_a_parquet_row_is_shown_by_its_columns(tmp_path: Path) -> None:
    table = pa.table({"id": list(range(10)), "who": [None, "a"] * 5})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=3)
    reader = SourceReader("shop", source("*.parquet"), tmp_path)
    assert show(reader, _row("a.parquet", 7)) == {"id": "7", "who": "a"}
    with pytest.raises(RowGone):
        show(reader, _row("a.parquet", 10))


def test_a_parquet_row_is_proved_by_its_hash(tmp_path: Path) -> None:
    table = pa.table({"id": list(range(10)), "who": [None, "a"] * 5})
    reader = SourceReader("shop", source("*.parquet"), tmp_path)
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=3)
    known = digests(reader, reader.files()[0], [9, 7, 0, 7, 99])
    assert sorted(known) == [0, 7, 9]
    assert {len(one) for one in known.values()} == {32}
    assert len(set(known.values())) == 3
    # The rows are what counts, not how the file is cut or what else is in it.
    pq.write_table(table.slice(0, 9).select(["who", "id"]), tmp_path / "a.parquet", row_group_size=100)
    assert show(reader, _row("a.parquet", 7, known[7])) == {"who": "a", "id": "7"}
    for gone in (_row("a.parquet", 8, known[7]), _row("a.parquet", 9, known[9]), _row("a.parquet", 7, known[0])):
        with pytest.raises(RowGone):
            show(reader, gone)


def test_a_file_that_changed_since_it_was_read_gives_no_hashes_to_its_rows(tmp_path: Path) -> None:
    reader = SourceReader("shop", source("*.parquet"), tmp_path)
    pq.write_table(pa.table({"id": [1, 2]}), tmp_path / "a.parquet")
    file = reader.files()[0]
    pq.write_table(pa.table({"id": [3, 4, 5]}), tmp_path / "a.parquet")
    assert digests(reader, file, [1]) == {}
    (tmp_path / "a.parquet").unlink()
    assert digests(reader, file, [1]) == {}


@pytest.mark.parametrize(
    ("file", "position", "digest"), [("a.csv", 9, ""), ("gone.csv", 2, ""), ("a.csv", 2, "0" * 32)]
)
def test_a_row_that_is_gone_is_told(tmp_path: Path, file: str, position: int, digest: str) -> None:
    (tmp_path / "a.csv").write_text("id,at,who\n1,2,3\n")
    with pytest.raises(RowGone, match="no longer in"):
        show(SourceReader("shop", source("*.csv"), tmp_path), _row(file, position, digest))


def test_a_missing_driver_is_told_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Source.model_validate(
        {"kind": "tap", "postgres": {"uri": "postgresql://localhost/x", "table": "t"}, "columns": {"event_id": "i"}}
    )
    monkeypatch.setitem(__import__("sys").modules, "adbc_driver_postgresql", None)
    with pytest.raises(NoPostgresDriver, match=r"coincide\[postgres\]"):
        SourceReader("shop", given, Path()).columns()
