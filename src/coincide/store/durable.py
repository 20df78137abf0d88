"""Files that survive a power cut: written whole under another name, made durable, then given their name.

Promised: after ``write`` returns, the file is there with its whole content, whatever happens; a death
inside leaves the old file or none under the name, and at most a ``.part`` file beside it. Not promised:
that two writers of one name do not meet (the scan lock keeps them apart).
"""

from __future__ import annotations

import os
from pathlib import Path

from coincide.store.failpoint import failpoint

PART = ".part"


def write(path: Path, content: bytes) -> None:
    """Puts ``content`` at ``path``, replacing what is there. ``OSError`` as the disk gives it."""
    part = path.with_name(path.name + PART)
    try:
        with part.open("wb") as file:
            # A death here leaves an empty or half `.part` file: the next scan removes it.
            failpoint("segment-opened")
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A death here leaves a whole `.part` file: the next scan removes it.
        failpoint("segment-written")
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    # A death here leaves the file under its name, or, after a power cut, under the old one: the name lies in
    # the folder, which is not durable yet. No row names either: the next scan removes it.
    failpoint("segment-renamed")
    sync_folder(path.parent)
    # From here on a row may name the file.
    failpoint("segment-durable")


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
