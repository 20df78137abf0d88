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
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from coincide.errors import CoincideError
from coincide.ledger import entry, files, note, policy, succession, tiles
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.errors import ClockWentBack, DamagedLedger, LedgerBusy
from coincide.ledger.note import Note, Signature, Signer
from coincide.ledger.source import of_folder
from coincide.ledger.tiles import CHECKPOINT, WIDTH, Tile
from coincide.ledger.tree import EMPTY, SIZE, Edge, leaf_hash, peaks, root_of
from coincide.store.database import translated
from coincide.store.durable import sync_folder

LOCK = ".lock"
WAIT = 10.0
"""Seconds that a second writer waits for the first."""


@contextmanager
def writing(folder: Path, signer: Signer, *, wait: float = WAIT) -> Iterator[Log]:
    """The log of a folder, held for this process alone; a new one if there is none.

    Raises ``LedgerBusy``, ``DamagedLedger``, ``DiskFull`` and ``NotWritable``.
    """
    with held(folder, wait=wait):
        yield Log(folder, signer)


@contextmanager
def held(folder: Path, *, wait: float = WAIT) -> Iterator[None]:
    """The folder of a log for this process alone; it is made if it is not there.

    Raises ``LedgerBusy``, ``DiskFull`` and ``NotWritable``.
    """
    with translated(str(folder)):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.parent)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(handle, folder, wait)
        files.clean(folder)
        yield
    finally:
        # Closing lets go of the lock.
        os.close(handle)


class Log:
    """A log that may be added to, inside ``held`` alone, which keeps other writers out."""

    def __init__(self, folder: Path, signer: Signer) -> None:
        self.folder = folder
        self.signer = signer
        self.fetch = of_folder(folder)
        self._named: set[Path] = set()
        self.checkpoint = self._newest()
        size = self.checkpoint.size
        try:
            self._edge = Edge(size, tiles.reader(self.fetch, size)(peaks(size)))
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
            return note.signed(self.checkpoint.text, [self.signer])
        last_at = self._last_at
        for content in entries:
            now = entry.time_of(content)
            if last_at is not None and now < last_at:
                raise ClockWentBack(last_at, now)
            last_at = now
        edge = Edge(self._edge.size, self._edge.hashes)
        tail, rows = list(self._tail), [list(row) for row in self._rows]
        made: dict[Tile, bytes] = {}
        for content in entries:
            tail.append(content)
            rows[0].append(leaf_hash(content))
            edge.append(rows[0][-1])
            if len(tail) == WIDTH:
                made[Tile(None, edge.size // WIDTH - 1)] = tiles.bundle(tail)
                tail = []
                _carry(rows, edge.size, made)
        made |= _partials(tail, rows, edge.size)
        # Levels above that did not grow have the files that they had.
        grown = set(tiles.grown(self._edge.size, edge.size))
        new = [(tile.path, content) for tile, content in made.items() if tile in grown]
        files.put_all(self.folder, new, self._named)
        files.sweep(self.folder, grown)
        checkpoint = Checkpoint(self.signer.name, edge.size, edge.root())
        signed = note.signed(checkpoint.text, [self.signer])
        self._publish(signed)
        self.checkpoint, self._edge, self._tail, self._rows, self._last_at = checkpoint, edge, tail, rows, last_at
        return signed

    def hand_over(self, new: Signer) -> None:
        """From now on ``new`` signs; that it does is signed by the key so far. If it does already, nothing happens.

        A death in it leaves a log that the key so far signs, and perhaps the note: then it is done again.
        """
        if new.verifier == self.signer.verifier:
            return
        number = 1
        while (there := self.fetch(succession.path(number))) is not None:
            if succession.successor(note.parsed(there)) == new.verifier:
                break
            number += 1
        if there is None:
            handed = succession.handed_over(self.checkpoint, self.signer, new)
            files.put_all(self.folder, [(succession.path(number), handed.encoded)], self._named)
        self._publish(note.signed(self.checkpoint.text, [new]))
        self.signer = new

    def cosign(self, cosignatures: Sequence[Signature]) -> None:
        """Puts cosignatures of witnesses under the checkpoint that is there; they were checked."""
        self._publish(note.signed(self.checkpoint.text, [self.signer], cosignatures))

    def _newest(self) -> Checkpoint:
        content = self.fetch(CHECKPOINT)
        if content is None:
            # The first checkpoint comes before the first tile, so tiles without one are no broken beginning.
            if (self.folder / "tile").exists():
                raise DamagedLedger(str(self.folder), "its checkpoint is missing")
            empty = Checkpoint(self.signer.name, 0, EMPTY)
            files.put_all(self.folder, [(succession.path(0), f"{self.signer.verifier.text}\n".encode())], self._named)
            self._publish(note.signed(empty.text, [self.signer]))
            return empty
        try:
            return policy.of_key(self.signer.verifier).check(note.parsed(content))[0]
        except CoincideError as error:
            raise DamagedLedger(str(self.folder), f"its checkpoint cannot be believed: {error.message}") from error

    def _partial_bundle(self) -> list[bytes]:
        full, rest = divmod(self.checkpoint.size, WIDTH)
        tile = Tile(None, full, rest)
        return tiles.entries_in(tile, tiles.fetched(self.fetch, tile)) if rest else []

    def _partial_row(self, level: int) -> list[bytes]:
        full, rest = divmod(self.checkpoint.size >> (8 * level), WIDTH)
        if not rest:
            return []
        tile = Tile(level, full, rest)
        content = tiles.hashes_in(tile, tiles.fetched(self.fetch, tile))
        return [content[SIZE * n : SIZE * (n + 1)] for n in range(rest)]

    def _time_of_last(self) -> str | None:
        """The time of the last entry; what will stand in a bundle again is proven to be what was logged."""
        size = self.checkpoint.size
        if not size:
            return None
        entries, logged = self._tail, self._rows[0]
        if not entries:
            tile = Tile(None, size // WIDTH - 1)
            entries = tiles.entries_in(tile, tiles.fetched(self.fetch, tile))[-1:]
            logged = tiles.reader(self.fetch, size)([(0, size - 1)])
        if list(map(leaf_hash, entries)) != logged:
            raise DamagedLedger(str(self.folder), "its last entries are not those that were logged")
        last: str = entry.fields(entries[-1])["time"]
        return last

    def _publish(self, signed: Note) -> None:
        """Step 4."""
        files.put(self.folder, CHECKPOINT, signed.encoded)


def _carry(rows: list[list[bytes]], size: int, made: dict[Tile, bytes]) -> None:
    """Full rows become tiles, and their roots hashes of the level above."""
    for level, row in enumerate(rows):
        if len(row) < WIDTH:
            return
        made[Tile(level, (size >> (8 * level)) // WIDTH - 1)] = b"".join(row)
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
