"""A checkpoint sent to where the operator cannot take it back, so that a rewrite of the ledger needs two thieves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coincide.ledger import note, publish, tiles, witness
from coincide.ledger.book import Book
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.errors import NoLedger, WitnessRefused
from coincide.ledger.note import Note, Signature, Verifier
from coincide.ledger.policy import Policy
from coincide.ledger.tiles import Fetch
from coincide.ledger.tree import prove_consistency
from coincide.store import durable
from coincide.store.database import translated


@dataclass(frozen=True, slots=True)
class Asked:
    """A checkpoint with the cosignatures that witnesses gave, and why the others did not."""

    checkpoint: Note
    cosigned: tuple[str, ...]
    refused: Mapping[str, WitnessRefused]


def to_file(fetch: Fetch, content: Note, now: Checkpoint, policy: Policy, file: Path) -> int:
    """Puts a checkpoint at a path, durably, if the ledger continues what is there; how many entries that had.

    ``policy``: trusts all keys that the log had. Raises ``ForeignCheckpoint``, ``DiskFull``, ``NotWritable``.
    """
    there = file.read_bytes() if file.exists() else None
    before = publish.earlier(there, fetch, now, policy, str(file))
    with translated(str(file)):
        file.parent.mkdir(parents=True, exist_ok=True)
        durable.write(file, content.encoded)
    return before


def ask(fetch: Fetch, content: Note, now: Checkpoint, witnesses: Mapping[str, tuple[Verifier, str]]) -> Asked:
    """Asks witnesses, by name their key and URL, to cosign. One that refuses hinders no other."""
    given: list[Signature] = []
    cosigned: list[str] = []
    refused: dict[str, WitnessRefused] = {}

    def prove(old: int) -> list[bytes]:
        return prove_consistency(old, now.size, tiles.reader(fetch, now.size))

    for name, (verifier, url) in witnesses.items():
        try:
            given.append(witness.cosignature(url, verifier, content, now.size, prove))
        except WitnessRefused as error:
            refused[name] = error
        else:
            cosigned.append(name)
    kept = [one for one in content.signatures if (one.name, one.id) not in {(new.name, new.id) for new in given}]
    return Asked(Note(content.text, (*kept, *given)), tuple(cosigned), refused)


def keep(book: Book, asked: Asked) -> bool:
    """Puts the cosignatures under the checkpoint of the ledger; not if that has grown since it was sent."""
    with book.opened() as log:
        if asked.checkpoint.text != log.checkpoint.text:
            return False
        own = log.signer.verifier
        log.cosign([one for one in asked.checkpoint.signatures if not own.made(one)])
        return True


def newest(book: Book) -> tuple[Fetch, Note, Checkpoint]:
    """The newest checkpoint of a book's ledger, after everything that waits was logged. Raises ``NoLedger``."""
    book.sequence()
    if not (book.place.folder / tiles.CHECKPOINT).exists():
        raise NoLedger(str(book.place.folder))
    with book.opened() as log:
        content = log.fetch(tiles.CHECKPOINT)
        assert content is not None
        return log.fetch, note.parsed(content), log.checkpoint
