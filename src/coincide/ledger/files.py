"""The files of a log as they are written: each whole under another name, made durable, then given its name.

A file that is written again under its name is the same or was never signed for. What order files come in is the matter
of those who write: a name is durable when its folder and all above it are.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from coincide.ledger.tiles import WIDTH, Tile
from coincide.store.database import translated
from coincide.store.durable import PART, sync_folder
from coincide.store.failpoint import failpoint

_AT_ONCE = 64
"""Files that are open at once."""


def put_all(root: Path, files: Iterable[tuple[str, bytes]], named: set[Path], mode: int = 0o700) -> None:
    """Files by their path below ``root``, all of them durable when this returns; new folders have the ``mode``.

    ``named``: folders whose own names were made durable by this writer, which adds to them; at first none, since what
    another one made may not be. Raises ``DiskFull`` and ``NotWritable``.
    """
    folders: set[Path] = set()
    left = iter(files)
    with translated(str(root)):
        while some := list(islice(left, _AT_ONCE)):
            for path, _ in some:
                folder = (root / path).parent
                folders.add(folder)
                while folder not in named and folder != root:
                    folder = folder.parent
                    folders.add(folder)
            _put(root, some, mode)
        # Deepest first.
        for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
            sync_folder(folder)
    named |= folders
    # A death here leaves durable files that no checkpoint asks for.
    failpoint("ledger-files-durable")


def put(root: Path, path: str, content: bytes) -> None:
    """One file in the folder itself, durable when this returns, and with it all that was put before."""
    with translated(str(root)):
        _put(root, [(path, content)], 0o700)
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


def clean(root: Path) -> None:
    """Removes what a writer that died left of files it had not named."""
    with translated(str(root)):
        for left in root.glob(f"{PART}[0-9]*"):
            if left.name.removeprefix(PART).isdecimal():
                left.unlink()


def _put(root: Path, files: Sequence[tuple[str, bytes]], mode: int) -> None:
    """Files with their whole content, durable but for their names. One writer writes at a time.

    All are written before the first is made durable: the system then does most of the work once.
    """
    parts = [root / f"{PART}{number}" for number in range(len(files))]
    try:
        with ExitStack() as stack:
            opened = []
            for part, (_, content) in zip(parts, files, strict=True):
                opened.append(stack.enter_context(part.open("wb")))
                # A death here, or before the next place, leaves empty or half `.part` files, which are removed.
                failpoint("ledger-part-opened")
                opened[-1].write(content)
                opened[-1].flush()
            for file in opened:
                os.fsync(file.fileno())
        # A death here leaves whole `.part` files.
        failpoint("ledger-parts-written")
        for part, (path, _) in zip(parts, files, strict=True):
            (root / path).parent.mkdir(mode=mode, parents=True, exist_ok=True)
            part.replace(root / path)
            failpoint("ledger-file-named")
    except OSError:
        for part in parts:
            part.unlink(missing_ok=True)
        raise
