"""How one key of a log follows another: the old one signs the new, over the tree as it was at that moment.

Beside its tiles a log has the files ``keys/0``, the first key in clear, and ``keys/1`` and so on, one for each
change: a checkpoint with the extension line ``key <verifier key>``, signed by both keys. Whoever trusts an older key
of a log follows them to the newest, and nothing is believed of a log after the change that only the old key signed.
Other people's tools need none of these files: they take the newest key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coincide.errors import CoincideError
from coincide.ledger import note
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.errors import FalseSignature, MalformedKey
from coincide.ledger.note import Note, Signer, Verifier
from coincide.ledger.tiles import Fetch

FOLDER = "keys"
_MOST = 1_000
_LINE = "key "


@dataclass(frozen=True, slots=True)
class Succession:
    """``newest``: for each key that was trusted its last successor, or itself; ``notes``: of the changes between.

    ``trusted``: all keys that were in use, so that older checkpoints can be checked too.
    """

    newest: tuple[Verifier, ...]
    trusted: tuple[Verifier, ...]
    notes: tuple[Note, ...]


def path(number: int) -> str:
    """Where the change of this number lies; 0: the first key."""
    return f"{FOLDER}/{number}"


def first_key(fetch: Fetch) -> Verifier | None:
    """The key that a log says is its first. That proves nothing: whoever makes the files writes it."""
    content = fetch(path(0))
    if content is None:
        return None
    try:
        return Verifier.parsed(content.decode())
    except UnicodeDecodeError:
        raise MalformedKey("it is not UTF-8") from None


def handed_over(now: Checkpoint, old: Signer, new: Signer) -> Note:
    """The note with which the key ``new`` follows ``old``; both sign it, so that nobody names a key he has not."""
    text = replace(now, extensions=(f"{_LINE}{new.verifier.text}",)).text
    return note.signed(text, [old, new])


def successor(content: Note) -> Verifier:
    """The key that a note of :func:`handed_over` names. Raises ``MalformedCheckpoint`` and ``MalformedKey``."""
    lines = Checkpoint.parsed(content.text).extensions
    if len(lines) != 1 or not lines[0].startswith(_LINE):
        raise MalformedKey("the note of a change of keys names none")
    return Verifier.parsed(lines[0].removeprefix(_LINE))


def follow(fetch: Fetch, trusted: Sequence[Verifier]) -> Succession:
    """From the keys that are trusted to those that followed them.

    Notes that no trusted key signed say nothing: they may be of before its time. Raises ``FalseSignature``.
    """
    newest, ever, notes = list(trusted), list(trusted), list[Note]()
    for number in range(1, _MOST):
        content = fetch(path(number))
        if content is None:
            break
        found = _change(content, newest)
        if found is None:
            continue
        changed, new = found
        newest = [new if key.name == new.name else key for key in newest]
        ever.append(new)
        notes.append(changed)
    return Succession(tuple(newest), tuple(ever), tuple(notes))


def _change(content: bytes, trusted: Sequence[Verifier]) -> tuple[Note, Verifier] | None:
    try:
        changed = note.parsed(content)
        new = successor(changed)
        origin = Checkpoint.parsed(changed.text).origin
        # The name of a log's key is the log's ("Defining a log" of tlog-policy): no other log's key may follow.
        signers = note.opened(changed, [*(key for key in trusted if key.name == origin == new.name), new])
    except FalseSignature:
        raise
    except CoincideError:
        return None
    return (changed, new) if len(signers) > 1 and new in signers else None
