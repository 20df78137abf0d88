"""Data files exist only by their row: written durably, read with their digest checked, swept without one."""

from __future__ import annotations

import errno
from pathlib import Path

import polars as pl
import pytest

from coincide.store import durable, segment
from coincide.store.database import Database, open_database
from coincide.store.errors import DiskFull, NotWritable, SegmentDamaged, SegmentMissing

ROWS = pl.DataFrame({"line": [3, 9], "reason": ["no-account", "no-time"]})


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path)


def made(folder: Path, label: str = "shop/a.csv", rows: pl.DataFrame = ROWS) -> segment.Segment:
    return segment.write(folder, "quarantine", label, rows, 17)


def test_a_segment_reads_back_as_it_was_written(tmp_path: Path, database: Database) -> None:
    written = made(tmp_path)
    with database.writing() as connection:
        segment.add(connection, [written])
    with database.reading() as connection:
        (found,) = segment.load(connection, [written.id])
    assert found == written
    assert (found.rows, found.kind, found.created) == (2, "quarantine", 17)
    assert segment.read(tmp_path, found).equals(ROWS)


def test_a_segment_without_rows_is_a_segment(tmp_path: Path) -> None:
    empty = made(tmp_path, rows=ROWS.clear())
    assert segment.read(tmp_path, empty).equals(ROWS.clear())


def test_the_same_rows_under_another_label_are_another_file(tmp_path: Path) -> None:
    assert made(tmp_path) == made(tmp_path)
    assert made(tmp_path).path != made(tmp_path, "shop/b.csv").path


def test_adding_a_segment_twice_keeps_one_row(tmp_path: Path, database: Database) -> None:
    for _ in range(2):
        with database.writing() as connection:
            segment.add(connection, [made(tmp_path)])
    with database.reading() as connection:
        assert len(segment.load(connection, kind="quarantine")) == 1
        assert segment.load(connection, kind="observation") == []


def test_files_without_a_row_are_swept_and_those_with_one_stay(tmp_path: Path, database: Database) -> None:
    kept, orphan = made(tmp_path), made(tmp_path, "shop/b.csv")
    (tmp_path / "segments" / "x.parquet.part").write_bytes(b"half")
    with database.writing() as connection:
        segment.add(connection, [kept])
    with database.reading() as connection:
        assert segment.sweep(tmp_path, connection) == 2
        assert segment.sweep(tmp_path, connection) == 0
    assert (tmp_path / kept.path).exists() and not (tmp_path / orphan.path).exists()


def test_a_forgotten_segment_is_swept(tmp_path: Path, database: Database) -> None:
    written = made(tmp_path)
    with database.writing() as connection:
        segment.add(connection, [written])
    with database.writing() as connection:
        segment.forget(connection, [written.id])
    with database.reading() as connection:
        assert segment.load(connection) == []
        assert segment.sweep(tmp_path, connection) == 1


def test_a_segment_that_is_gone_is_said(tmp_path: Path) -> None:
    written = made(tmp_path)
    (tmp_path / written.path).unlink()
    with pytest.raises(SegmentMissing, match=written.id):
        segment.read(tmp_path, written)


def test_a_segment_that_somebody_changed_is_said(tmp_path: Path) -> None:
    written = made(tmp_path)
    with (tmp_path / written.path).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(SegmentDamaged, match=written.id):
        segment.read(tmp_path, written)


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "segments").write_text("")
    with pytest.raises(NotWritable):
        made(tmp_path)


def test_a_full_disk_is_said_and_leaves_no_part(tmp_path: Path) -> None:
    # /dev/full answers every write as a full disk does.
    (tmp_path / "segments").mkdir()
    target = tmp_path / "segments" / "whole"
    (tmp_path / "segments" / f"whole{durable.PART}").symlink_to("/dev/full")
    with pytest.raises(OSError) as caught:
        durable.write(target, b"rows")
    assert caught.value.errno == errno.ENOSPC
    assert list((tmp_path / "segments").iterdir()) == []
    name = Path(made(tmp_path).path).name
    (tmp_path / "segments" / f"{name}{durable.PART}").symlink_to("/dev/full")
    with pytest.raises(DiskFull):
        made(tmp_path)
