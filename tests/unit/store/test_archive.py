"""A backup file is read as a stranger's: only what its list names comes out, whole and where it belongs."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coincide.store import archive
from coincide.store.archive import FORMAT, MANIFEST, VERSION
from coincide.store.errors import BackupDamaged, BackupThere, ForeignBackup, StoreError

FILES = {"coincide.db": b"d" * 3_000, "ledger/tile/0/000": b"t" * 40, "segments/a.parquet": b""}


def folder_of(place: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    archive.write(tmp_path / "a.tgz", folder_of(tmp_path / "staged", FILES), {"made_at": "now"})
    return tmp_path / "a.tgz"


def crafted(
    file: Path, members: list[tuple[tarfile.TarInfo, bytes]], *, listed: dict[str, bytes] | None = None, **more: Any
) -> Path:
    """An archive as a stranger makes it: a list, and behind it whatever he likes."""
    wanted = FILES if listed is None else listed
    files = [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in wanted.items()
    ]
    plain = {"format": FORMAT, "version": VERSION, "about": {}, "files": files, **more}
    with tarfile.open(file, "w:gz") as tar:
        for info, content in [member(MANIFEST, json.dumps(plain).encode()), *members]:
            tar.addfile(info, io.BytesIO(content))
    return file


def member(name: str, content: bytes = b"", **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


ALL = [member(name, content) for name, content in FILES.items()]


def test_what_was_written_comes_out_for_its_owner_alone(made: Path, tmp_path: Path) -> None:
    manifest = archive.unpack(made, tmp_path / "new")
    assert read(tmp_path / "new") == FILES
    assert manifest.about == {"made_at": "now"}
    assert {name: size for name, (size, _) in manifest.files.items()} == {
        name: len(content) for name, content in FILES.items()
    }
    assert made.stat().st_mode & 0o777 == 0o600
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "new").rglob("*") if path.is_file()} == {0o600}


def test_other_tools_can_read_it_and_learn_nothing_of_the_machine(made: Path) -> None:
    with tarfile.open(made) as tar:
        assert {(one.uid, one.uname, one.mtime, one.mode) for one in tar.getmembers()} == {(0, "", 0, 0o600)}


def test_a_file_that_is_there_is_never_replaced(made: Path, tmp_path: Path) -> None:
    before = made.read_bytes()
    with pytest.raises(BackupThere):
        archive.write(made, tmp_path / "staged", {})
    assert made.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    "name", ["../out", "/etc/out", "segments/../../out", "a//b", ".", "..", "a/..", "a\\b", "a\nb", ""]
)
def test_a_name_that_leads_elsewhere_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    file = crafted(tmp_path / "a.tgz", [member(name, b"x")], listed={name: b"x"})
    with pytest.raises(ForeignBackup, match="its list has the name"):
        archive.unpack(file, tmp_path / "new" / "deep")
    assert not (tmp_path / "new").exists()
    # Not in the list, it comes out no better.
    with pytest.raises(BackupDamaged, match="not in its list"):
        archive.unpack(crafted(tmp_path / "b.tgz", [*ALL, member(name or "x/", b"x")]), tmp_path / "new" / "deep")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "odd",
    [
        member("coincide.db", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("coincide.db", type=tarfile.LNKTYPE, linkname="ledger/tile/0/000"),
        member("coincide.db", type=tarfile.CHRTYPE),
        member("coincide.db", type=tarfile.FIFOTYPE),
        member("coincide.db", type=tarfile.DIRTYPE),
    ],
    ids=["symlink", "link", "device", "pipe", "folder"],
)
def test_what_is_no_file_is_refused(tmp_path: Path, odd: tuple[tarfile.TarInfo, bytes]) -> None:
    with pytest.raises(BackupDamaged, match="not in its list"):
        archive.unpack(crafted(tmp_path / "a.tgz", [odd, *ALL[1:]]), tmp_path / "new")


def test_a_second_file_of_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupDamaged, match="not in its list"):
        archive.unpack(crafted(tmp_path / "a.tgz", [*ALL, ALL[0]]), tmp_path / "new")


def test_a_missing_a_longer_a_shorter_and_another_file_are_told(tmp_path: Path) -> None:
    changed = (FILES["coincide.db"] + b"d", FILES["coincide.db"][:-1], b"e" * 3_000)
    for number, content in enumerate(changed):
        file = crafted(tmp_path / f"{number}.tgz", [member("coincide.db", content), *ALL[1:]])
        with pytest.raises(BackupDamaged, match=r"coincide\.db` is not what was written"):
            archive.unpack(file, tmp_path / f"new-{number}")
    with pytest.raises(BackupDamaged, match=r"coincide\.db` is missing"):
        archive.unpack(crafted(tmp_path / "missing.tgz", ALL[1:]), tmp_path / "new")


def test_a_file_much_longer_than_its_list_says_is_not_unpacked_to_its_end(tmp_path: Path) -> None:
    bomb = bytes(64 << 20)
    with pytest.raises(BackupDamaged):
        archive.unpack(crafted(tmp_path / "a.tgz", [member("coincide.db", bomb), *ALL[1:]]), tmp_path / "new")
    assert (tmp_path / "new" / "coincide.db").stat().st_size < 4 << 20


@pytest.mark.parametrize(
    "more",
    [{"version": 2}, {"format": "other"}, {"files": 7}, {"files": [{"name": "a"}]}, {"about": 3}, {"files": None}],
    ids=str,
)
def test_a_list_of_another_form_is_said_to_be_foreign(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(ForeignBackup):
        archive.unpack(crafted(tmp_path / "a.tgz", ALL, **more), tmp_path / "new")


def test_what_is_no_archive_is_said_to_be_foreign(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "other.tgz", "w:gz") as tar:
        info, content = member("x", b"x")
        tar.addfile(info, io.BytesIO(content))
    (tmp_path / "text").write_text("no archive")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "zipped").write_bytes(gzip.compress(b"no tar" * 200))
    for name in ("other.tgz", "text", "empty", "zipped"):
        with pytest.raises(ForeignBackup):
            archive.unpack(tmp_path / name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_a_cut_or_changed_file_is_refused_or_gives_what_was_written(
    made: Path, tmp_path_factory: pytest.TempPathFactory, place: float, bit: int, cut: bool
) -> None:
    content = bytearray(made.read_bytes())
    at = int(place * len(content))
    if cut:
        content = content[:at]
    else:
        content[at] ^= 1 << bit
    here = tmp_path_factory.mktemp("changed")
    (here / "a.tgz").write_bytes(content)
    try:
        archive.unpack(here / "a.tgz", here / "new")
    except StoreError as error:
        assert error.code in ("COI-D021", "COI-D022")
    else:
        # Some bits say nothing: a time and a system in gzip's head, from which of many equal zeros a run is copied.
        assert not cut
        assert read(here / "new") == FILES
