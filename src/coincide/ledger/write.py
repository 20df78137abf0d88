"""The writing side of a log in a folder: opened in constant time, and grown so that no death at any moment forks it.

The order in which things become durable is the contract:

1. Under the lock, the newest checkpoint is read and the right edge of the tree, and they are compared.
2. Bundles and tiles of the new entries are written, each whole under another name, made durable and named; then their
   folders are made durable. No checkpoint asks for them yet, and those that older checkpoints ask for stay as they are.
3. Partial tiles that a full one replaces are removed: it begins with the same ("Partial Tiles" of C2SP ``tlog-tiles``).
4. The new checkpoint is signed and takes the place of the old one, whole and durable. That is the moment at which the
   entries are in the log.

Recovery is step 1 of the next writing; what a broken one left in steps 2 and 3 is written over by the same or other
entries, which is right because nobody signed it. Never signed is a tree that does not continue the one signed before.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from coincide.errors import CoincideError
from coincide.ledger import entry, note, policy, tiles
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.errors import ClockWentBack, DamagedLedger, LedgerBusy
from coincide.ledger.note import Note, Signer
from coincide.ledger.source import of_folder
from coincide.ledger.tiles import CHECKPOINT, WIDTH, Tile
from coincide.ledger.tree import EMPTY, SIZE, Edge, leaf_hash, peaks, root_of
from coincide.store.database import translated
from coincide.store.durable import PART, sync_folder
from coincide.store.failpoint import failpoint

LOCK = ".lock"
WAIT = 10.0
"""Seconds that a second writer waits for the first."""


@contextmanager
def writing(folder: Path, signer: Signer, *, wait: float = WAIT) -> Iterator[Log]:
    """The log of a folder, held for this process alone; a new one if there is none.

    Raises ``LedgerBusy``, ``DamagedLedger``, ``DiskFull`` and ``NotWritable``.
    """
    with translated(str(folder)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(handle, folder, wait)
        yield Log(folder, signer)
    finally:
        # Closing lets go of the lock.
        os.close(handle)


class Log:
    """A log that may be added to. Make it with ``writing``, which keeps other writers out."""

    def __init__(self, folder: Path, signer: Signer) -> None:
        self._folder = folder
        self._signer = signer
        self._fetch = of_folder(folder)
        self.checkpoint = self._newest()
        size = self.checkpoint.size
        try:
            self._edge = Edge(size, tiles.reader(self._fetch, size)(peaks(size)))
            # The entries of the partial bundle, and the hashes of the partial tile of each level.
            self._tail = self._partial_bundle()
            self._rows = [self._partial_row(level) for level in range(tiles.MOST_LEVEL + 1)]
            self._last_at = self._time_of_last()
        except DamagedLedger:
            raise
        except CoincideError as error:
            raise DamagedLedger(str(folder), error.message) from error
        if self._edge.root() != self.checkpoint.root:
            raise DamagedLedger(str(folder), "its hashes do not give the root of its checkpoint")

    def append(self, entries: Sequence[bytes]) -> Note:
        """Adds entries, durably when this returns; the checkpoint that has them. No entries: the one there is.

        Raises ``ClockWentBack``, ``EntryTooLong``, ``MalformedEntry``, ``DiskFull`` and ``NotWritable``; then the
        log is as it was, and may be added to.
        """
        if not entries:
            return note.signed(self.checkpoint.text, [self._signer])
        last_at = self._last_at
        for content in entries:
            now = entry.fields(content)["time"]
            if last_at is not None and now < last_at:
                raise ClockWentBack(last_at, now)
            last_at = now
        edge = Edge(self._edge.size, self._edge.hashes)
        tail, rows = list(self._tail), [list(row) for row in self._rows]
        files: dict[Tile, bytes] = {}
        for content in entries:
            tail.append(content)
            rows[0].append(leaf_hash(content))
            edge.append(rows[0][-1])
            if len(tail) == WIDTH:
                files[Tile(None, edge.size // WIDTH - 1)] = tiles.bundle(tail)
                tail = []
                _carry(rows, edge.size, files)
        files |= _partials(tail, rows, edge.size)
        # Levels above that did not grow have the files that they had.
        grown = set(tiles.grown(self._edge.size, edge.size))
        self._write({tile.path: content for tile, content in files.items() if tile in grown})
        self._sweep(grown)
        checkpoint = Checkpoint(self._signer.name, edge.size, edge.root())
        signed = note.signed(checkpoint.text, [self._signer])
        self._publish(signed)
        self.checkpoint, self._edge, self._tail, self._rows, self._last_at = checkpoint, edge, tail, rows, last_at
        return signed

    def _newest(self) -> Checkpoint:
        content = self._fetch(CHECKPOINT)
        if content is None:
            # The first checkpoint comes before the first tile, so tiles without one are no broken beginning.
            if (self._folder / "tile").exists():
                raise DamagedLedger(str(self._folder), "its checkpoint is missing")
            empty = Checkpoint(self._signer.name, 0, EMPTY)
            self._publish(note.signed(empty.text, [self._signer]))
            return empty
        try:
            return policy.of_key(self._signer.verifier).check(note.parsed(content))[0]
        except CoincideError as error:
            raise DamagedLedger(str(self._folder), f"its checkpoint cannot be believed: {error.message}") from error

    def _partial_bundle(self) -> list[bytes]:
        full, rest = divmod(self.checkpoint.size, WIDTH)
        tile = Tile(None, full, rest)
        return tiles.entries_in(tile, tiles.fetched(self._fetch, tile)) if rest else []

    def _partial_row(self, level: int) -> list[bytes]:
        full, rest = divmod(self.checkpoint.size >> (8 * level), WIDTH)
        if not rest:
            return []
        tile = Tile(level, full, rest)
        content = tiles.hashes_in(tile, tiles.fetched(self._fetch, tile))
        return [content[SIZE * n : SIZE * (n + 1)] for n in range(rest)]

    def _time_of_last(self) -> str | None:
        """The time of the last entry; what will stand in a bundle again is proven to be what was logged."""
        size = self.checkpoint.size
        if not size:
            return None
        entries, logged = self._tail, self._rows[0]
        if not entries:
            tile = Tile(None, size // WIDTH - 1)
            entries = tiles.entries_in(tile, tiles.fetched(self._fetch, tile))[-1:]
            logged = tiles.reader(self._fetch, size)([(0, size - 1)])
        if list(map(leaf_hash, entries)) != logged:
            raise DamagedLedger(str(self._folder), "its last entries are not those that were logged")
        last: str = entry.fields(entries[-1])["time"]
        return last

    def _write(self, files: dict[str, bytes]) -> None:
        """Step 2."""
        folders: set[Path] = set()
        with translated(str(self._folder)):
            for path, content in files.items():
                folder = (self._folder / path).parent
                while folder not in folders and folder != self._folder.parent:
                    folders.add(folder)
                    folder = folder.parent
                self._put(path, content)
            # Deepest first: a name is durable when its folder and all above it are.
            for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
                sync_folder(folder)
        # A death here leaves durable files that no checkpoint asks for.
        failpoint("ledger-files-durable")

    def _sweep(self, grown: Iterable[Tile]) -> None:
        """Step 3."""
        for tile in grown:
            partial = self._folder / f"{tile.path}.p"
            if tile.width == WIDTH and partial.is_dir():
                with translated(str(partial)):
                    shutil.rmtree(partial)
                # A death here leaves the ledger as before, with full files in the place of some partial ones.
                failpoint("ledger-partial-removed")

    def _publish(self, signed: Note) -> None:
        """Step 4."""
        with translated(str(self._folder)):
            self._put(CHECKPOINT, signed.encoded)
            # A death here, if it is of the power, may leave either checkpoint, each with all of its files.
            failpoint("ledger-checkpoint-named")
            sync_folder(self._folder)
        # From here on the entries are in the log.
        failpoint("ledger-checkpoint-durable")

    def _put(self, path: str, content: bytes) -> None:
        """A file with its whole content, durable but for its name. One writer writes one file at a time."""
        file, part = self._folder / path, self._folder / PART
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def _carry(rows: list[list[bytes]], size: int, files: dict[Tile, bytes]) -> None:
    """Full rows become tiles, and their roots hashes of the level above."""
    for level, row in enumerate(rows):
        if len(row) < WIDTH:
            return
        files[Tile(level, (size >> (8 * level)) // WIDTH - 1)] = b"".join(row)
        rows[level + 1].append(root_of(row))
        rows[level] = []


def _partials(tail: list[bytes], rows: list[list[bytes]], size: int) -> dict[Tile, bytes]:
    found: dict[Tile, bytes] = {}
    if tail:
        found[Tile(None, size // WIDTH, len(tail))] = tiles.bundle(tail)
    for level, row in enumerate(rows):
        if row:
            found[Tile(level, (size >> (8 * level)) // WIDTH, len(row))] = b"".join(row)
    return found


def _lock(handle: int, folder: Path, wait: float) -> None:
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise LedgerBusy(str(folder), wait) from None
            time.sleep(0.02)
        else:
            return
