"""The files of a log as they are written: each whole under another name, made durable, then given its name.

A file that is written again under its name is the same or was never signed for. What order files come in is the matter
of those who write: a name is durable when its folder and all above it are.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from coincide.ledger.tiles import WIDTH, Tile
from coincide.store.database import translated
from coincide.store.durable import PART, sync_folder
from coincide.store.failpoint import failpoint


def put_all(root: Path, files: Iterable[tuple[str, bytes]], mode: int = 0o700) -> None:
    """Files by their path below ``root``, all of them durable when this returns; new folders have the ``mode``.

    Raises ``DiskFull`` and ``NotWritable``.
    """
    folders: set[Path] = set()
    with translated(str(root)):
        for path, content in files:
            folder = (root / path).parent
            while folder not in folders and folder != root.parent:
                folders.add(folder)
                folder = folder.parent
            _put(root, path, content, mode)
        # Deepest first.
        for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
            sync_folder(folder)
    # A death here leaves durable files that no checkpoint asks for.
    failpoint("ledger-files-durable")


def put(root: Path, path: str, content: bytes) -> None:
    """One file in the folder itself, durable when this returns, and with it all that was put before."""
    with translated(str(root)):
        _put(root, path, content, 0o700)
        # A death here, if it is of the power, may leave either file, each with all that it asks for.
        failpoint("ledger-checkpoint-named")
        sync_folder(root)
    # From here on the entries of this checkpoint are in the log.
    failpoint("ledger-checkpoint-durable")


def sweep(root: Path, grown: Iterable[Tile]) -> None:
    """Removes partial tiles that a full one of these replaces: it begins with the same ("Partial Tiles")."""
    for tile in grown:
        partial = root / f"{tile.path}.p"
        if tile.width == WIDTH and partial.is_dir():
            with translated(str(partial)):
                shutil.rmtree(partial)
            # A death here leaves the log as before, with full files in the place of some partial ones.
            failpoint("ledger-partial-removed")


def _put(root: Path, path: str, content: bytes, mode: int) -> None:
    """A file with its whole content, durable but for its name. One writer writes one file at a time."""
    file, part = root / path, root / PART
    file.parent.mkdir(mode=mode, parents=True, exist_ok=True)
    try:
        with part.open("wb") as opened:
            # A death here leaves an empty or half `.part` file, which the next writing overwrites.
            failpoint("ledger-part-opened")
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        # A death here leaves a whole `.part` file.
        failpoint("ledger-part-written")
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    failpoint("ledger-file-named")
