"""Receipts: the proof, in one file, that an entry is in a log (C2SP ``tlog-proof``)."""

from __future__ import annotations

from dataclasses import dataclass

from coincide.ledger import note, tiles
from coincide.ledger.checkpoint import Checkpoint, decimal, hashed
from coincide.ledger.encoding import decoded, encoded
from coincide.ledger.errors import MalformedCheckpoint, MalformedReceipt, NoSuchEntry, NotIncluded
from coincide.ledger.note import Note
from coincide.ledger.policy import Policy
from coincide.ledger.tiles import Fetch
from coincide.ledger.tree import MOST_PROOF, check_inclusion, leaf_hash, prove_inclusion

FIRST = "c2sp.org/tlog-proof@v1"
"""The first line ("Format")."""
SUFFIX = ".tlog-proof"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Place of an entry, audit path from the leaf upwards, and the note of the checkpoint; ``extra`` proves nothing.

    In ours ``extra`` is the entry itself, so that the receipt is all that a verifier needs: it is believed only
    because its hash is the leaf's.
    """

    index: int
    proof: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes | None = None

    @property
    def encoded(self) -> bytes:
        """The receipt as a file."""
        extra = "" if self.extra is None else f"extra {encoded(self.extra)}\n"
        proof = "".join(f"{encoded(hash_)}\n" for hash_ in self.proof)
        return f"{FIRST}\n{extra}index {self.index}\n{proof}\n".encode() + self.checkpoint.encoded

    def check(self, entry: bytes, policy: Policy) -> tuple[Checkpoint, list[str]]:
        """The checkpoint under which the entry is in the log, and the witnesses that cosigned it.

        Raises ``NotIncluded`` and what ``Policy.check`` raises.
        """
        checkpoint, witnesses = policy.check(self.checkpoint)
        proven = check_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.proof, checkpoint.root)
        if not proven:
            raise NotIncluded(self.index, checkpoint.size)
        return checkpoint, witnesses


def of_entry(fetch: Fetch, checkpoint: Note, size: int, number: int) -> Receipt:
    """The receipt of an entry under a checkpoint of ``size``; reads the tiles on its path. Raises ``NoSuchEntry``.

    It is checked before it is given away: a damaged ledger makes no receipts (``NotIncluded``).
    """
    if number >= size:
        raise NoSuchEntry(number, size)
    read = tiles.reader(fetch, size)
    entry = next(tiles.entries(fetch, size, number))
    proof = tuple(prove_inclusion(number, size, read))
    root = Checkpoint.parsed(checkpoint.text).root
    if not check_inclusion(leaf_hash(entry), number, size, proof, root):
        raise NotIncluded(number, size)
    return Receipt(number, proof, checkpoint, entry)


def parsed(content: bytes) -> Receipt:
    """The receipt of a file's bytes ("Format"). Raises ``MalformedReceipt`` and ``MalformedNote``."""
    head, empty, rest = content.partition(b"\n\n")
    if not empty:
        raise MalformedReceipt("no empty line stands before the checkpoint")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise MalformedReceipt("what stands before the checkpoint is not ASCII") from None
    if lines.pop(0) != FIRST:
        raise MalformedReceipt(f"its first line is not `{FIRST}`")
    extra = _extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise MalformedReceipt("it has no line `index`")
    if len(lines) > 1 + MOST_PROOF:
        raise MalformedReceipt(f"its proof has more than {MOST_PROOF} hashes")
    try:
        index = decimal(lines[0].removeprefix("index "))
        proof = tuple(hashed(line) for line in lines[1:])
    except MalformedCheckpoint as error:
        raise MalformedReceipt(error.message.partition(": ")[2]) from error
    return Receipt(index, proof, note.parsed(rest), extra)


def _extra(line: str) -> bytes:
    found = decoded(line.removeprefix("extra "))
    if found is None:
        raise MalformedReceipt("its line `extra` is no base64")
    return found
