"""The whole of a ledger verified from its files, by whoever has them and the log's key.

Bytes in, what is proven out; no database, no writer, no network of its own. The root is computed from the entries
alone and compared with the one that was signed: then every entry is the one that was logged, at its place, and every
earlier checkpoint and every file of hashes is compared with what the entries give. Only if the roots differ are the
stored hashes asked where the entries went wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from coincide.ledger import entry, note, succession, tiles
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.errors import BrokenTile, MalformedEntry, Rewritten, RolledBack, WrongEntry, WrongTile
from coincide.ledger.note import Note, Verifier
from coincide.ledger.policy import Policy
from coincide.ledger.tiles import CHECKPOINT, WIDTH, Fetch, Tile
from coincide.ledger.tree import SIZE, Edge, leaf_hash, root, root_of

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Proven:
    """What was proven of a ledger.

    ``checkpoint``: signed by the trusted key ``key``, or the key that followed it after so many ``changes``, and
    cosigned by ``witnesses``; ``first_at`` and ``last_at``: times of the first and the last entry as they are written;
    ``earlier``: the checkpoints that the ledger continues.
    """

    checkpoint: Checkpoint
    key: Verifier
    changes: int
    witnesses: tuple[str, ...]
    first_at: str | None
    last_at: str | None
    earlier: tuple[Checkpoint, ...]


def verify(fetch: Fetch, policy: Policy, earlier: Sequence[Note] = (), progress: Progress = lambda _: None) -> Proven:
    """Every hash, every signature, consistency with every earlier checkpoint, sequence and time order.

    Where a trusted key was changed since, its successors are trusted in its place (``succession``).

    Raises the errors of ``ledger.errors``: what is not proven is never returned. ``progress`` is told entries.
    """
    content = fetch(CHECKPOINT)
    if content is None:
        raise BrokenTile(CHECKPOINT, "the file is missing")
    followed = succession.follow(fetch, policy.logs)
    newest = note.parsed(content)
    checkpoint, witnesses = replace(policy, logs=followed.newest).check(newest)
    logs = [key for key in followed.newest if key.name == checkpoint.origin]
    key = note.opened(newest, logs)[0]
    seen = [_earlier(one, Policy(followed.trusted), checkpoint) for one in (*earlier, *followed.notes)]
    walk = _Walk(fetch, checkpoint, sorted({one.size for one in seen}))
    walk.go(progress)
    before = [one for one in seen if walk.roots[one.size] == one.root]
    if walk.edge.root() != checkpoint.root:
        raise walk.blame(max((one.size for one in before), default=0))
    # The entries are proven to be those that were signed for; what follows is about other files and other times.
    for one in seen:
        if one not in before:
            raise RolledBack(one.size, checkpoint.size)
    if walk.unlike is not None:
        raise WrongTile(walk.unlike.path)
    if walk.odd is not None:
        raise walk.odd
    changes = len(followed.notes)
    given = tuple(seen[: len(earlier)])
    return Proven(checkpoint, key, changes, tuple(witnesses), walk.first_at, walk.last_at, given)


def _earlier(content: Note, policy: Policy, now: Checkpoint) -> Checkpoint:
    # On purpose without the quorum: that the log signed it is enough to hold it against the log.
    found, _ = policy.check(content)
    if found.origin != now.origin or found.size > now.size:
        raise RolledBack(found.size, now.size)
    return found


@dataclass
class _Walk:
    """One pass over the entries, beside the stored hashes.

    ``roots``: by the sizes that were asked for; ``unlike``: the first tile that has other hashes than the entries;
    ``odd``: the first entry that is none, or is dated before the one before it; ``differs``: the first entry whose
    hash is not the stored one.
    """

    fetch: Fetch
    checkpoint: Checkpoint
    sizes: list[int]
    edge: Edge = field(default_factory=Edge)
    roots: dict[int, bytes] = field(default_factory=dict)
    unlike: Tile | None = None
    odd: WrongEntry | None = None
    differs: int | None = None
    first_at: str | None = None
    last_at: str | None = None

    def go(self, progress: Progress) -> None:
        size = self.checkpoint.size
        waiting = [one for one in self.sizes if one > 0]
        self.roots |= {0: self.edge.root()}
        above: list[bytes] = []
        for bundle in tiles.tiles(size):
            if bundle.level is not None:
                break
            entries = self._entries(bundle)
            leaves = [leaf_hash(content) for content in entries]
            self._look(entries)
            self._compare(Tile(0, bundle.index, bundle.width), leaves)
            if len(leaves) == WIDTH:
                above.append(root_of(leaves))
            # A full bundle is one subtree, unless a root is asked for that ends inside it.
            end = self.edge.size + len(leaves)
            whole = len(leaves) == WIDTH and not (waiting and waiting[0] < end)
            hashes, count = (above[-1:], WIDTH) if whole else (leaves, 1)
            for hash_ in hashes:
                self.edge.append(hash_, count)
                if waiting and waiting[0] == self.edge.size:
                    self.roots[waiting.pop(0)] = self.edge.root()
            progress(len(leaves))
        level = 1
        while above:
            row, above = above, []
            for low in range(0, len(row), WIDTH):
                hashes = row[low : low + WIDTH]
                self._compare(Tile(level, low // WIDTH, len(hashes)), hashes)
                if len(hashes) == WIDTH:
                    above.append(root_of(hashes))
            level += 1

    def _entries(self, bundle: Tile) -> list[bytes]:
        """The entries of a bundle. If it is broken, the first entry that is not as it was logged is told, if it can."""
        content = tiles.fetched(self.fetch, bundle)
        try:
            return tiles.entries_in(bundle, content)
        except BrokenTile:
            entries, _ = tiles.as_far_as_possible(content)
            leaves = Tile(0, bundle.index, bundle.width)
            stored = tiles.hashes_in(leaves, tiles.fetched(self.fetch, leaves))
            place = _first_unlike(stored, [leaf_hash(one) for one in entries[: bundle.width]])
            here = bundle.index * WIDTH + place if place < bundle.width else None
            # Where one was dropped and the others moved up, a bundle before this one has gone wrong already.
            for number in (self.differs, here):
                if number is not None and self._is_signed(number):
                    raise WrongEntry(number, "is not the one that was logged") from None
            raise

    def _look(self, entries: Sequence[bytes]) -> None:
        """Form and time of the next entries. That one is odd is said only when it is proven to be what was logged."""
        if self.odd is not None:
            return
        for number, content in enumerate(entries, self.edge.size):
            try:
                time = entry.time_of(content)
            except MalformedEntry as error:
                self.odd = WrongEntry(number, f"is none: {error.message}")
                return
            if self.last_at is not None and time < self.last_at:
                self.odd = WrongEntry(number, f"is dated {time}, before the entry in front of it ({self.last_at})")
                return
            self.first_at = self.first_at or time
            self.last_at = time

    def _compare(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        stored = tiles.hashes_in(tile, tiles.fetched(self.fetch, tile))
        if stored == b"".join(hashes):
            return
        self.unlike = self.unlike or tile
        if tile.level == 0 and self.differs is None:
            self.differs = tile.index * WIDTH + _first_unlike(stored, hashes)

    def blame(self, proven: int) -> WrongEntry | Rewritten:
        """Why the entries do not have the signed root. ``proven``: so many of them an earlier checkpoint saw."""
        if self.differs is not None and self._is_signed(self.differs):
            return WrongEntry(self.differs, "is not the one that was logged")
        return Rewritten(self.checkpoint.size, proven)

    def _is_signed(self, number: int) -> bool:
        """Whether the stored hashes lead from a leaf to the signed root, so that its hash is that of what was logged.

        Tiles may disagree among themselves, so the path is walked: what a tile's hashes give must be the hash in the
        tile above, and so on. The partial tiles are what the root itself is made of.
        """
        size = self.checkpoint.size
        read = tiles.reader(self.fetch, size)
        if root(size, read) != self.checkpoint.root:
            return False
        level, index = 0, number // WIDTH
        while (index + 1) * WIDTH <= size >> (8 * level):
            if read([(8 * level + 8, index)]) != [_root_in(self.fetch, Tile(level, index))]:
                return False
            level, index = level + 1, index // WIDTH
        return True


def _root_in(fetch: Fetch, tile: Tile) -> bytes:
    content = tiles.hashes_in(tile, tiles.fetched(fetch, tile))
    return root_of([content[SIZE * n : SIZE * (n + 1)] for n in range(WIDTH)])


def _first_unlike(stored: bytes, hashes: Sequence[bytes]) -> int:
    """The first place where stored hashes are not these; as many as these are, if all are."""
    unlike = (n for n, hash_ in enumerate(hashes) if stored[SIZE * n : SIZE * (n + 1)] != hash_)
    return next(unlike, len(hashes))
