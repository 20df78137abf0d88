"""A ledger whose writer dies, meets another one or a full disk: it never forks, and loses nothing that it had."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from coincide.ledger import note, source
from coincide.ledger.errors import LedgerBusy
from coincide.ledger.note import Note
from coincide.ledger.tiles import CHECKPOINT
from coincide.ledger.verify import Proven, verify
from coincide.ledger.write import writing
from coincide.store.errors import DiskFull
from coincide.store.failpoint import FAILPOINTS, KILLED, VARIABLE
from crash.process import environment
from unit.ledger.logmaker import LOG, POLICY, entry

LEDGER = {name for name in FAILPOINTS if name.startswith("ledger-")}
TESTS = Path(__file__).parents[1]
APPEND = """
import os, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
{before}
from coincide.ledger.write import writing
from unit.ledger.logmaker import LOG, entry
folder, low, high = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with writing(folder, LOG) as log:
    log.append([entry(number) for number in range(low, high)])
"""
COUNTING = """
from coincide.store import failpoint
failpoint.failpoint = lambda place: os.write(2, f"passed {place}\\n".encode())
"""
FIRST, SECOND = (0, 250), (250, 800)


def append(folder: Path, low: int, high: int, *, place: str | None = None, before: str = "") -> tuple[int, str]:
    """Appends the entries from ``low`` to ``high`` in a process of its own: its status and what it wrote."""
    code = APPEND.format(tests=str(TESTS), before=before)
    variables = environment(**({VARIABLE: place} if place else {}))
    arguments = [sys.executable, "-c", code, str(folder), str(low), str(high)]
    done = subprocess.run(arguments, env=variables, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


def passes(folder: Path, low: int, high: int) -> Counter[str]:
    status, told = append(folder, low, high, before=COUNTING)
    assert status == 0, told
    return Counter(line.removeprefix("passed ") for line in told.splitlines())


def checkpoint(folder: Path) -> Note:
    return note.parsed((folder / CHECKPOINT).read_bytes())


def whole(folder: Path, *earlier: Note) -> Proven:
    """The whole log verified again, with every checkpoint that was ever seen."""
    return verify(source.of_folder(folder), POLICY, earlier)


@pytest.mark.parametrize(("low", "high"), [FIRST, SECOND])
def test_a_writer_that_dies_anywhere_forks_nothing(tmp_path: Path, low: int, high: int) -> None:
    base = tmp_path / "base"
    base.mkdir()
    seen = []
    if low:
        assert append(base, 0, low)[0] == 0
        seen.append(checkpoint(base))
    passed = passes(shutil.copytree(base, tmp_path / "undisturbed"), low, high)
    # Each file passes the same places: its first and its last are tried.
    places = [f"{name}:{number}" for name, count in passed.items() for number in sorted({1, count})]
    for place in places:
        folder = shutil.copytree(base, tmp_path / place.replace(":", "-"))
        assert append(folder, low, high, place=place)[0] == KILLED
        there = (folder / CHECKPOINT).exists()
        size = whole(folder, *seen).checkpoint.size if there else 0
        # All of the entries or none: the checkpoint is the moment.
        assert size in (low, high)
        between = [checkpoint(folder)] if there else []
        # Others come than those that were on the way, as after a rollback of their transaction.
        if size == low:
            assert append(folder, low, high - 7)[0] == 0
        assert append(folder, size + (high - 7 - low) * (size == low), high + 3)[0] == 0
        assert whole(folder, *seen, *between).checkpoint.size == high + 3
        assert not list(folder.glob(".part*"))


def test_every_place_of_the_ledger_is_visited(tmp_path: Path) -> None:
    assert set(passes(tmp_path, *FIRST)) | set(passes(tmp_path, *SECOND)) == LEDGER


def test_two_writers_at_once_never_fork_the_log(tmp_path: Path) -> None:
    code = APPEND.format(tests=str(TESTS), before="").replace(
        "    log.append([entry(number) for number in range(low, high)])",
        "    log.append([entry(0, log.checkpoint.size)])",
    )
    looped = code.replace("with writing", "for _ in range(40):\n  with writing").replace(
        "    log.append", "      log.append"
    )
    arguments = [sys.executable, "-c", looped, str(tmp_path), "0", "0"]
    running = [subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    seen = []
    while any(one.poll() is None for one in running):
        if (tmp_path / CHECKPOINT).exists():
            seen.append(checkpoint(tmp_path))
    assert [(one.communicate()[1], one.returncode) for one in running] == [("", 0), ("", 0)]
    assert whole(tmp_path, *{one.text: one for one in seen}.values()).checkpoint.size == 80


def test_a_second_writer_waits_and_is_refused_in_the_end(tmp_path: Path) -> None:
    with writing(tmp_path, LOG), pytest.raises(LedgerBusy, match=r"0\.1 s"), writing(tmp_path, LOG, wait=0.1):
        pass
    with writing(tmp_path, LOG, wait=0) as log:
        log.append([entry(0)])


@contextmanager
def _full_at(call: int) -> Iterator[None]:
    """The disk is full at a call of ``fsync``, as quotas and thin disks are."""
    left = call
    fsync = os.fsync

    def failing(handle: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(handle)

    os.fsync = failing  # type: ignore[assignment]
    try:
        yield
    finally:
        os.fsync = fsync


def test_a_full_disk_is_said_and_the_log_goes_on_where_it_was(tmp_path: Path) -> None:
    with writing(tmp_path, LOG) as log:
        log.append([entry(number) for number in range(250)])
        seen, call = [checkpoint(tmp_path)], 0
        refused = True
        while refused:
            call += 1
            size = log.checkpoint.size
            try:
                with _full_at(call):
                    log.append([entry(number) for number in range(size, size + 300)])
            except DiskFull:
                assert log.checkpoint.size == size
                # What the disk has is the old checkpoint or the new one, and whole either way.
                assert whole(tmp_path, *seen).checkpoint.size in (size, size + 300)
            else:
                refused = False
        seen.append(checkpoint(tmp_path))
    assert call > 10
    assert whole(tmp_path, *seen).checkpoint.size == 550
