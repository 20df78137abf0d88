"""Files with secrets: for their owner alone from the first byte, written whole and made durable.

What is in them, and what a wrong one means, is the matter of whoever has the secret.
"""

from __future__ import annotations

import contextlib
import glob
import os
import stat
from pathlib import Path

from coincide.store.durable import sync_folder
from coincide.store.failpoint import failpoint


class OpenToOthers(Exception):
    """Others than the owner may read or write the file; ``mode`` says who."""

    def __init__(self, mode: int) -> None:
        super().__init__(oct(mode))
        self.mode = mode


def read(path: Path) -> bytes | None:
    """The content, ``None`` if there is no such file. Raises ``OpenToOthers`` and ``OSError``."""
    try:
        with path.open("rb") as file:
            # The mode of the open file, not of the path: what is judged is what is read.
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise OpenToOthers(mode)
            return file.read()
    except FileNotFoundError:
        return None


def create(path: Path, content: bytes) -> None:
    """Write the file if it is not there; ``FileExistsError`` if it is, or came to be meanwhile."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = _written(path, content)
    try:
        # A link, not a rename: it fails if another process was first, and its secret must win.
        os.link(temporary, path)
        # A death here leaves the secret in use under a second name: the next change of it removes that.
        failpoint("key-linked")
    finally:
        temporary.unlink()
    sync_folder(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Write the file in the place of the one that is there. Raises ``OSError``."""
    temporary = _written(path, content)
    try:
        temporary.replace(path)
        # A death here leaves the new file or, after a power cut, the old one: each is whole.
        failpoint("key-replaced")
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    # A crash before this line may bring the old file back; nothing was made with the new secret by then.
    sync_folder(path.parent)
    failpoint("key-durable")
    # What killed processes left holds secrets too.
    for left in path.parent.glob(f"{glob.escape(path.name)}.*.new"):
        left.unlink(missing_ok=True)


def _written(path: Path, content: bytes) -> Path:
    """A file beside ``path``, of mode 0600 from its first byte and safely on the disk."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    # A death here leaves a file that nobody reads: the next change of the secret removes it.
    failpoint("key-written")
    return temporary
