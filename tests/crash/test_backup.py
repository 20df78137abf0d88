"""A backup beside scans, and one whose process dies: what is restored is what some scan made."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coincide.store.failpoint import FAILPOINTS, KILLED
from crash import process, shop
from crash.verify import verified

BACKUP = {name for name in FAILPOINTS if name.startswith(("backup-", "restore-"))}
TESTS = Path(__file__).parents[1]
SCANS = 4
SCANNING = """
import json, os, sqlite3, subprocess, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from crash import process, shop
from crash.test_backup import listed
folder, record, stop = map(Path, sys.argv[1:])
number = 1
while not stop.exists():
    number += 1
    shop.turn(folder, number)
    done = process.run(process.scan(folder))
    if done.status:
        sys.exit(done.told)
    (record / str(number)).write_text(json.dumps(listed(folder)))
"""


def listed(folder: Path) -> list[list[Any]]:
    """Every alert as the database has it."""
    with sqlite3.connect(f"file:{folder / '.coincide/coincide.db'}?mode=ro", uri=True) as connection:
        found = [list(row) for row in connection.execute("SELECT * FROM alert ORDER BY id")]
    connection.close()
    return found


def backup(folder: Path, file: Path, place: str | None = None) -> process.Ended:
    return process.run(["backup", str(file), "--with-keys", "--json", "-w", str(folder)], place=place)


def restored(file: Path, folder: Path, place: str | None = None) -> process.Ended:
    """Puts the backup into a folder that has settings alone."""
    folder.mkdir(exist_ok=True)
    shutil.copy(file.parent / "settings.toml", folder / "coincide.toml")
    return process.run(["restore", str(file), "-w", str(folder)], place=place)


@pytest.fixture
def scanned(tmp_path: Path) -> Path:
    folder = shop.found(tmp_path / "shop")
    assert process.run(process.scan(folder)).status == 0
    shutil.copy(folder / "coincide.toml", tmp_path / "settings.toml")
    return folder


def test_a_backup_beside_scans_is_the_state_that_one_of_them_committed(tmp_path: Path, scanned: Path) -> None:
    record, stop = tmp_path / "record", tmp_path / "stop"
    record.mkdir()
    (record / "1").write_text(json.dumps(listed(scanned)))
    code = SCANNING.format(tests=str(TESTS))
    scanning = subprocess.Popen(
        [sys.executable, "-c", code, str(scanned), str(record), str(stop)], stderr=subprocess.PIPE, text=True
    )
    files: list[Path] = []
    # However slow the machine is: so many scans beside it.
    while scanning.poll() is None and len(list(record.iterdir())) < SCANS:
        files.append(tmp_path / f"{len(files)}.tgz")
        done = backup(scanned, files[-1])
        assert done.status == 0, done.told
    stop.write_text("")
    _, told = scanning.communicate(timeout=120)
    assert scanning.returncode == 0, told
    seen = []
    for file in files:
        folder = tmp_path / file.stem
        done = restored(file, folder)
        assert done.status == 0, done.told
        # Every data file that is named is there and no other, and the ledger proves true, each scan in it once.
        verified(folder)
        with sqlite3.connect(folder / ".coincide/coincide.db") as connection:
            (number,) = connection.execute("SELECT max(id) FROM scan").fetchone()
        connection.close()
        assert listed(folder) == json.loads((record / str(number)).read_text())
        seen.append(number)
        shutil.rmtree(folder)
    assert seen == sorted(seen)
    # It did go on meanwhile.
    assert len(set(seen)) > 1, seen


@pytest.mark.parametrize("place", sorted(name for name in BACKUP if name.startswith("backup-")))
def test_a_backup_that_dies_leaves_none_or_a_whole_one_and_the_next_is_made(
    tmp_path: Path, scanned: Path, place: str
) -> None:
    before = verified(scanned)
    file = tmp_path / "a.tgz"
    assert backup(scanned, file, place).status == KILLED
    assert file.exists() == (place in ("backup-named", "backup-durable"))
    if not file.exists():
        assert backup(scanned, file).status == 0
    done = restored(file, tmp_path / "new")
    assert done.status == 0, done.told
    assert verified(tmp_path / "new") == before
    # What the dead one left is gone with the next.
    assert backup(scanned, tmp_path / "b.tgz").status == 0
    assert verified(scanned) == before
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("place", sorted(name for name in BACKUP if name.startswith("restore-")))
def test_a_restore_that_dies_is_given_again_or_has_happened(tmp_path: Path, scanned: Path, place: str) -> None:
    before = verified(scanned)
    file, folder = tmp_path / "a.tgz", tmp_path / "new"
    assert backup(scanned, file).status == 0
    assert restored(file, folder, place).status == KILLED
    happened = (folder / ".coincide/coincide.db").exists()
    assert happened == (place in ("restore-named", "restore-durable"))
    again = restored(file, folder)
    assert again.status == (4 if happened else 0), again.told
    assert ("COI-D023" in again.told) == happened
    assert verified(folder) == before


def test_every_place_of_backup_and_restore_is_passed(tmp_path: Path, scanned: Path) -> None:
    file = tmp_path / "a.tgz"
    passed = process.passes(["backup", str(file), "-w", str(scanned)])
    passed += process.passes(["restore", str(file), "--into", str(tmp_path / "new"), "-w", str(scanned)])
    assert {name for name in passed if name in BACKUP} == BACKUP
