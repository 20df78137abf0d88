"""Which files a source has, and how a change of one is seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coincide.events.errors import NoFiles, UnreadableFile
from coincide.events.file import EDGE, stamp, stamps
from coincide.events.source import SourceReader
from sources import source


def test_files_are_sorted_and_each_once(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("b.csv", "a.csv", "in/c.csv", "in/deep/d.csv", "in/x.txt"):
        (tmp_path / name).write_text("id\n")
    (tmp_path / "folder.csv").mkdir()
    found = [file.path for file in stamps(tmp_path, ["*.csv", "**/*.csv", "a.csv"])]
    assert found == ["a.csv", "b.csv", "in/c.csv", "in/deep/d.csv"]


def test_a_file_outside_the_workspace_keeps_its_whole_path(tmp_path: Path) -> None:
    inside = tmp_path / "workspace"
    inside.mkdir()
    (tmp_path / "out.csv").write_text("id\n")
    (inside / "in.csv").write_text("id\n")
    found = stamps(inside, [f"{tmp_path}/*.csv", f"{inside}/*.csv"])
    assert [file.path for file in found] == [(tmp_path / "out.csv").as_posix(), "in.csv"]


@pytest.mark.parametrize("content", [b"", b"x", b"x" * EDGE, b"x" * (EDGE + 1), b"x" * (3 * EDGE)])
def test_an_equal_file_has_an_equal_stamp_and_a_changed_one_has_not(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    os.utime(file, ns=(1, 1))
    before = stamp(tmp_path, "a.csv")
    assert stamp(tmp_path, "a.csv") == before
    # Same size, same time: only the hash tells.
    if content:
        file.write_bytes(content[:-1] + b"y")
        os.utime(file, ns=(1, 1))
        assert stamp(tmp_path, "a.csv") != before
    file.write_bytes(content + b"z")
    os.utime(file, ns=(1, 1))
    assert stamp(tmp_path, "a.csv") != before


def test_a_glob_without_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoFiles, match=r"`purchases/\*\.csv` matches no file") as caught:
        SourceReader("shop", source("purchases/*.csv"), tmp_path).files()
    assert caught.value.hint is not None


def test_a_glob_that_matches_folders_alone_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(NoFiles):
        stamps(tmp_path, "*.csv")


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to(tmp_path / "a.csv")
    with pytest.raises(UnreadableFile, match=r"cannot read `a\.csv`"):
        stamps(tmp_path, "a.csv")
