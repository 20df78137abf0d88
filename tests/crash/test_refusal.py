"""What the machine or a person refuses in mid-scan: one clear sentence with its code, and nothing half-written."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from coincide.engines.embedded import database
from coincide.store.database import WAIT_MS
from crash import process, shop
from crash.verify import State, nothing_kept, verified

LINES = 30_000
_DROP, _DAC_OVERRIDE = 24, 1
"""`PR_CAPBSET_DROP` and the right to write whatever the mode says: Linux, `prctl(2)`, `capabilities(7)`."""


@pytest.fixture
def expected(tmp_path: Path) -> State:
    """What an undisturbed scan of the small shop keeps."""
    folder = shop.found(tmp_path / "undisturbed")
    assert process.run(process.scan(folder)).status == 0
    return verified(folder)


def test_a_second_scan_is_refused_and_leaves_the_first_alone(tmp_path: Path) -> None:
    folder = shop.found(tmp_path / "shop")
    shop.grow(folder, LINES)
    alone = shutil.copytree(folder, tmp_path / "alone")
    assert process.run(process.scan(alone)).status == 0
    first = process.start(process.scan(folder))
    _when_locked(folder, first)
    first.send_signal(signal.SIGSTOP)
    try:
        second = process.run(process.scan(folder))
    finally:
        first.send_signal(signal.SIGCONT)
    said, told = first.communicate()
    _refused(second, "COI-D011")
    assert str(first.pid) in second.told
    assert (first.returncode, told) == (0, "")
    assert json.loads(said)["rows"]["read"] == LINES + 13
    assert verified(folder) == verified(alone)


@pytest.mark.parametrize(
    "pressed",
    [
        "os.kill(os.getpid(), signal.SIGINT)",
        # In a text that is executed, as in the making of a dataclass: CPython remembers it until the next such text.
        "exec('os.kill(os.getpid(), signal.SIGINT)\\npass')",
    ],
)
def test_ctrl_c_is_a_stop_and_no_bug_whatever_a_library_makes_of_it(tmp_path: Path, pressed: str) -> None:
    code = f"""
import os, signal
import click
from coincide.cli import main, render

@click.command()
@click.option("--json", is_flag=True)
def stopped(json):
    try:
        {pressed}
    except KeyboardInterrupt:
        raise ValueError("exporting a stream failed: KeyboardInterrupt") from None

main.coincide.table["stopped"] = main.Command("stopped", "__main__:stopped", "")
main.main(["stopped", "--json"])
"""
    (tmp_path / "stopped.py").write_text(code)
    arguments = [sys.executable, "-m", "stopped"]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 130, done.stderr
    assert "COI-U002" in done.stderr


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Query interrupted"),
        duckdb.InterruptException("INTERRUPT Error: Interrupted!"),
        duckdb.InvalidInputException("exporting a stream from `rows` failed: KeyboardInterrupt: "),
    ],
)
def test_ctrl_c_in_the_middle_of_a_query_is_no_refused_file(error: Exception) -> None:
    # The words of DuckDB's client; when it notices Ctrl-C is a matter of luck.
    with pytest.raises(KeyboardInterrupt), database.stoppable():
        raise error


def test_what_else_duckdb_says_stays_what_it_is() -> None:
    with pytest.raises(duckdb.InvalidInputException), database.stoppable():
        raise duckdb.InvalidInputException("Invalid string encoding found in Parquet file")


@pytest.mark.parametrize("later", [0.0, 0.1, 0.2, 0.4])
def test_a_scan_stopped_by_a_person_says_so_and_keeps_nothing(tmp_path: Path, later: float) -> None:
    folder = shop.found(tmp_path / "shop")
    shop.grow(folder, LINES)
    running = process.start(process.scan(folder))
    _when_locked(folder, running)
    time.sleep(later)
    running.send_signal(signal.SIGINT)
    said, told = running.communicate()
    _refused(process.Ended(running.returncode, said, told), "COI-U002")
    nothing_kept(folder)
    assert process.run(process.scan(folder)).status == 0
    verified(folder)


@pytest.mark.parametrize("kilobytes", [4, 32, 96, 160])
def test_a_full_disk_is_said_and_nothing_is_kept(tmp_path: Path, expected: State, kilobytes: int) -> None:
    folder = shop.found(tmp_path / "shop")
    with _small_disk(folder / ".coincide", kilobytes) as disk:
        _refused(process.run(process.scan(folder), before=disk.before), *disk.codes)
        nothing_kept(folder)
        disk.grow()
        assert process.run(process.scan(folder)).status == 0
        assert verified(folder) == expected


def test_a_disk_that_fills_up_in_the_second_scan_leaves_the_first(tmp_path: Path, expected: State) -> None:
    folder = shop.found(tmp_path / "shop")
    with _small_disk(folder / ".coincide", 0) as disk:
        disk.grow()
        assert process.run(process.scan(folder)).status == 0
        shop.change(folder)
        disk.fill()
        _refused(process.run(process.scan(folder), before=disk.before), *disk.codes)
        assert verified(folder, swept=False) == expected
        disk.grow()
        assert process.run(process.scan(folder)).status == 0
        assert {alert["status"] for alert in verified(folder)["alert"]} == {"open", "superseded", "withdrawn"}


def test_a_read_that_a_full_disk_cannot_enter_shows_nothing(tmp_path: Path, expected: State) -> None:
    folder = shop.found(tmp_path / "shop")
    show = ["alerts", "show", "A-1", "--purpose", "a test", "--json", "-w", str(folder)]
    with _small_disk(folder / ".coincide", 0) as disk:
        disk.grow()
        assert process.run(process.scan(folder)).status == 0
        disk.fill()
        _refused(process.run(show, before=disk.before), "COI-L024")
        assert verified(folder) == expected
        disk.grow()
        assert json.loads(process.run(show).said)["id"] == "A-1"
        assert verified(folder) == expected


@pytest.mark.parametrize("place", ["", ".coincide"])
def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path, place: str) -> None:
    folder = shop.found(tmp_path / "shop")
    (folder / place).mkdir(exist_ok=True)
    (folder / place).chmod(0o500)
    refused = process.run(process.scan(folder), before=_without_privilege)
    _refused(refused, "COI-D004")
    assert not list(folder.glob(".coincide/*"))


def test_a_state_that_may_not_be_written_any_more_stays_as_it_is(tmp_path: Path, expected: State) -> None:
    folder = shop.found(tmp_path / "shop")
    assert process.run(process.scan(folder)).status == 0
    shop.change(folder)
    for path in (*(folder / ".coincide").rglob("*"), folder / ".coincide"):
        path.chmod(0o500 if path.is_dir() else 0o400)
    refused = process.run(process.scan(folder), before=_without_privilege)
    _refused(refused, "COI-D004")
    assert verified(folder) == expected


def test_a_locked_database_is_said_after_a_while_and_nothing_is_kept(tmp_path: Path, expected: State) -> None:
    folder = shop.found(tmp_path / "shop")
    assert process.run(process.scan(folder)).status == 0
    shop.change(folder)
    for mode in _held(folder / ".coincide" / "coincide.db"):
        refused = process.run(process.scan(folder))
        _refused(refused, "COI-D002")
        assert f"{WAIT_MS / 1000:g} s" in refused.told, mode
    assert verified(folder, swept=False) == expected


def _held(path: Path) -> Iterator[str]:
    """While another program holds the database in a writing transaction."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield "immediate"
    other.rollback()
    other.close()


def _refused(ended: process.Ended, *codes: str) -> None:
    """One error of one of the codes, in the form of ``--json``; no trace and nothing on stdout."""
    document = json.loads(ended.told)
    assert [error["code"] for error in document["errors"]] in [[code] for code in codes], ended
    assert ended.said == ""
    assert ended.status == document["exit_status"] == (130 if "COI-U002" in codes else 4)


def _when_locked(folder: Path, running: subprocess.Popen[str]) -> None:
    """Waits until the scan holds its lock, which it says in the lock's file."""
    lock = folder / ".coincide" / "lock"
    while running.poll() is None:
        if lock.exists() and lock.read_text():
            return
        time.sleep(0.005)
    raise AssertionError(running.communicate())


@dataclass
class _Disk:
    """A disk of its own below ``place``, or, where none may be mounted, a limit on the size of each file."""

    place: Path
    bytes_: int
    mounted: bool

    @property
    def codes(self) -> tuple[str, ...]:
        """How fullness shows: of a file over the limit the database says no more than that it cannot write."""
        return ("COI-D003",) if self.mounted else ("COI-D003", "COI-D008")

    def before(self) -> None:
        if not self.mounted:
            # Without this the signal that comes with the refusal would end the process.
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            # Several files share a disk.
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.bytes_ // 2, self.bytes_ // 2))

    def grow(self) -> None:
        self.bytes_ = 64 << 20
        if self.mounted:
            (self.place / "filler").unlink(missing_ok=True)
            subprocess.run(["mount", "-o", f"remount,size={self.bytes_}", str(self.place)], check=True)

    def fill(self) -> None:
        self.bytes_ = 1_000
        if self.mounted:
            with (self.place / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))


@contextlib.contextmanager
def _small_disk(place: Path, kilobytes: int) -> Iterator[_Disk]:
    place.mkdir()
    size = max(kilobytes, 4) << 10
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    try:
        yield _Disk(place, size, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


def _without_privilege() -> None:
    """Root may write everywhere, until it gives that up for the program it becomes; others never could."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(_DROP, _DAC_OVERRIDE, 0, 0, 0) == 0
