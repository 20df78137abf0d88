"""Checkpoints: how large a log is and what root it has, as its key signed it (C2SP ``tlog-checkpoint``)."""

from __future__ import annotations

from dataclasses import dataclass

from coincide.ledger.encoding import decoded, encoded
from coincide.ledger.errors import MalformedCheckpoint
from coincide.ledger.tree import SIZE

MOST = 2**63 - 1
"""Leaves of the largest tree: sizes are signed numbers of 64 bits in other people's tools."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Origin, number of leaves, root of 32 bytes; ``extensions`` are lines that nobody can audit ("Note text", 4)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encoded(self.root), *self.extensions))

    @classmethod
    def parsed(cls, text: str) -> Checkpoint:
        """The checkpoint of a note's text ("Note text"). Raises ``MalformedCheckpoint``."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not text.endswith("\n"):
            raise MalformedCheckpoint(f"it has {len(lines)} lines, not three")
        if not all(lines):
            raise MalformedCheckpoint("one of its lines is empty")
        origin, size, root, *extensions = lines
        return cls(origin, decimal(size), hashed(root), tuple(extensions))


def decimal(text: str) -> int:
    """An ASCII decimal without leading zeros. Raises ``MalformedCheckpoint``."""
    if not (text.isascii() and text.isdecimal()) or (text != "0" and text.startswith("0")):
        raise MalformedCheckpoint(f"`{text[:40]}` is no number as it must be written")
    # As text, for a number of a million digits takes long to read.
    if len(text) > len(str(MOST)) or int(text) > MOST:
        raise MalformedCheckpoint(f"a tree of {text[:40]} leaves is larger than any")
    return int(text)


def hashed(text: str) -> bytes:
    """A hash in base64. Raises ``MalformedCheckpoint``."""
    found = decoded(text)
    if found is None or len(found) != SIZE:
        raise MalformedCheckpoint(f"`{text[:60]}` is no hash of {SIZE} bytes in base64")
    return found
