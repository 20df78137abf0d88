"""One scan at a time in a workspace: an advisory lock on ``.coincide/lock`` that ends with the process.

The system lets go of it however the process ends, so there is no stale lock. What stands in the file is for
the sentence that the second scan prints, nothing else.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coincide.store.database import translated
from coincide.store.errors import ScanRunning

FILE = "lock"


@contextmanager
def scan_lock(folder: Path, since: str) -> Iterator[None]:
    """Holds the lock of the state folder inside the block.

    ``since`` is the time now, as a second scan should show it. Raises ``ScanRunning`` at once if another
    process holds the lock, ``NotWritable`` where the file cannot be opened.
    """
    path = folder / FILE
    with translated(str(path)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid, _, started = os.pread(handle, 200, 0).decode(errors="replace").partition(" ")
            raise ScanRunning(path, pid or "unknown", started.strip() or "a moment ago") from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} {since}\n".encode(), 0)
        yield
    finally:
        # Closing lets go. The file stays: removing it would let two processes lock two files of one name.
        os.close(handle)
