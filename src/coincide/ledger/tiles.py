"""The files of a log as C2SP ``tlog-tiles`` names and fills them: hashes in tiles, entries in bundles.

Section names below are of that specification. Pure: whoever has the files gives a :data:`Fetch`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from coincide.ledger.errors import BrokenTile, EntryTooLong
from coincide.ledger.tree import SIZE, Node, root_of

WIDTH = 256
"""Hashes in a full tile and entries in a full bundle ("Merkle Tree")."""
_HEIGHT = 8
MOST_LEVEL = 7
"""The tiles of level 7 hold the nodes over 256**7 leaves each; a tree of 2**63 leaves has none above."""
LONGEST = 0xFFFF
"""Bytes of the longest entry: its length is a big-endian uint16 ("Log entries")."""
CHECKPOINT = "checkpoint"

Fetch = Callable[[str], bytes | None]
"""The content of a file by its path in the log, ``None`` if there is none. May raise what its transport raises."""


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """A tile of hashes, or with level ``None`` a bundle of entries; ``width`` of them, fewer than 256 if partial."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies: ``tile/<L>/<N>[.p/<W>]`` ("Merkle Tree") or ``tile/entries/<N>[.p/<W>]`` ("Log entries")."""
        # N is zero-padded to groups of three digits, all but the last behind an `x`.
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        folder = "entries" if self.level is None else str(self.level)
        whole = "/".join(["tile", folder, *(f"x{group}" for group in groups[:-1]), groups[-1]])
        return whole if self.width == WIDTH else f"{whole}.p/{self.width}"


def tiles(size: int) -> Iterator[Tile]:
    """All tiles and bundles of the tree of ``size`` leaves: bundles first, then each level, from the left.

    "Partial Tiles": the last of a level has ``floor(size / 256**l) mod 256`` hashes; an empty one is not there.
    """
    for level in (None, *range(MOST_LEVEL + 1)):
        count = size >> (_HEIGHT * (level or 0))
        if not count:
            return
        yield from _row(level, 0, count)


def grown(old: int, new: int) -> Iterator[Tile]:
    """The tiles and bundles that a tree has after growing from ``old`` to ``new`` leaves, and had not before."""
    for level in (None, *range(MOST_LEVEL + 1)):
        before, count = old >> (_HEIGHT * (level or 0)), new >> (_HEIGHT * (level or 0))
        if count > before:
            yield from _row(level, before // WIDTH, count)


def tile_of(node: Node, size: int) -> tuple[Tile, int, int]:
    """The tile that tells a node's hash in the tree of ``size`` leaves, and from which to which of its hashes.

    "Note that a tile represents the entire subtree of height 8": levels in between are hashed together.
    """
    level, index = node
    row, height = divmod(level, _HEIGHT)
    first = index << height
    number, low = divmod(first, WIDTH)
    count = size >> (_HEIGHT * row)
    return Tile(row, number, min(WIDTH, count - number * WIDTH)), low, low + (1 << height)


def reader(fetch: Fetch, size: int) -> Callable[[Sequence[Node]], list[bytes]]:
    """A :data:`~coincide.ledger.tree.Read` over the tiles of a log: fetches each tile that it needs once.

    What it reads is not proven: whoever proves something with it compares a root with a signed one.
    """
    known: dict[Tile, bytes] = {}

    def read(nodes: Sequence[Node]) -> list[bytes]:
        found = []
        for node in nodes:
            tile, low, high = tile_of(node, size)
            if tile not in known:
                known[tile] = hashes_in(tile, fetched(fetch, tile))
            content = known[tile]
            found.append(root_of([content[SIZE * i : SIZE * (i + 1)] for i in range(low, high)]))
        return found

    return read


def fetched(fetch: Fetch, tile: Tile) -> bytes:
    """The content of a tile or bundle, of a partial one perhaps out of the full one. Raises ``BrokenTile``.

    "Partial Tiles": a log may delete a partial tile once the full one is there, which begins with the same.
    """
    content = fetch(tile.path)
    if content is not None:
        return content
    full = None if tile.width == WIDTH else fetch(Tile(tile.level, tile.index).path)
    if full is None:
        raise BrokenTile(tile.path, "the file is missing")
    if tile.level is not None:
        return hashes_in(Tile(tile.level, tile.index), full)[: SIZE * tile.width]
    return bundle(entries_in(Tile(None, tile.index), full)[: tile.width])


def hashes_in(tile: Tile, content: bytes) -> bytes:
    """The content of a tile, if it is as long as its width asks. Raises ``BrokenTile``."""
    if len(content) != SIZE * tile.width:
        raise BrokenTile(
            tile.path, f"the tile has {len(content):,} bytes, {tile.width} hashes are {SIZE * tile.width:,}"
        )
    return content


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries behind their lengths ("Log entries"). Raises ``EntryTooLong``."""
    for entry in entries:
        if len(entry) > LONGEST:
            raise EntryTooLong(len(entry))
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries_in(tile: Tile, content: bytes) -> list[bytes]:
    """The entries of a bundle, exactly as many as its width says. Raises ``BrokenTile``."""
    found, whole = as_far_as_possible(content)
    if not whole and len(found) < tile.width:
        raise BrokenTile(tile.path, f"entry {tile.index * WIDTH + len(found)} is cut off")
    if len(found) > tile.width or not whole:
        raise BrokenTile(tile.path, f"something stands behind the {tile.width} entries of the bundle")
    if len(found) < tile.width:
        raise BrokenTile(tile.path, f"the bundle has {len(found)} entries in the place of {tile.width}")
    return found


def entries(fetch: Fetch, size: int, low: int = 0) -> Iterator[bytes]:
    """The entries of a log of ``size`` from number ``low`` on, bundle by bundle; not proven. Raises ``BrokenTile``."""
    for tile in _row(None, low // WIDTH, size):
        yield from entries_in(tile, fetched(fetch, tile))[max(0, low - tile.index * WIDTH) :]


def as_far_as_possible(content: bytes) -> tuple[list[bytes], bool]:
    """The entries of a bundle that may be broken, and whether nothing is left over behind the last."""
    found: list[bytes] = []
    at = 0
    while at + 2 <= len(content):
        length = int.from_bytes(content[at : at + 2], "big")
        if at + 2 + length > len(content):
            break
        found.append(content[at + 2 : at + 2 + length])
        at += 2 + length
    return found, at == len(content)


def _row(level: int | None, first: int, count: int) -> Iterator[Tile]:
    """The tiles of a level that has ``count`` hashes, from number ``first`` on."""
    full, rest = divmod(count, WIDTH)
    yield from (Tile(level, index) for index in range(first, full))
    if rest:
        yield Tile(level, full, rest)
