"""Logs made up for tests: files in a dictionary, signed by a key of the test."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coincide.ledger import note, policy, tiles
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.entry import Entry
from coincide.ledger.note import Note, Signer
from coincide.ledger.tiles import CHECKPOINT
from coincide.ledger.tree import leaf_hash, root_of

LOG = Signer("ledger.example/shop", Ed25519PrivateKey.from_private_bytes(b"1" * 32))
POLICY = policy.of_key(LOG.verifier)
START = 1_772_366_400_000_000


def entry(number: int, second: int | None = None) -> bytes:
    """Entry ``number``, at a second of its own."""
    at = START + (number if second is None else second) * 1_000_000
    return Entry(at, "kim", "alert:show", f"A-{number}", "allowed", purpose="review").encoded


def entries(size: int) -> list[bytes]:
    return [entry(number) for number in range(size)]


def signed(logged: Sequence[bytes]) -> Note:
    """The checkpoint over these entries."""
    leaves = [leaf_hash(one) for one in logged]
    root = (
        root_of(leaves) if leaves else bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    )
    return note.signed(Checkpoint(LOG.name, len(logged), root).text, [LOG])


def files(logged: Sequence[bytes]) -> dict[str, bytes]:
    """All files of the log of these entries, every hash made of the leaves alone."""
    leaves = [leaf_hash(one) for one in logged]
    made = {CHECKPOINT: signed(logged).encoded}
    for tile in tiles.tiles(len(logged)):
        low, high = tile.index * 256, tile.index * 256 + tile.width
        if tile.level is None:
            made[tile.path] = tiles.bundle(logged[low:high])
        else:
            span = 256**tile.level
            made[tile.path] = b"".join(root_of(leaves[n * span : (n + 1) * span]) for n in range(low, high))
    return made
