"""What ``coincide ledger verify`` says in words: what is proven of a ledger or a receipt, and what is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from coincide.ledger import entry, policy, succession
from coincide.ledger.encoding import encoded
from coincide.ledger.entry import Entry, written
from coincide.ledger.errors import BrokenTile, KeyNotSaid, MalformedReceipt
from coincide.ledger.note import Note
from coincide.ledger.policy import Policy
from coincide.ledger.receipt import Receipt
from coincide.ledger.tiles import CHECKPOINT, Fetch
from coincide.ledger.verify import Proven, verify

_ALWAYS = (
    "that everything that was done was entered: what was done past Coincide leaves no entry",
    "that the operator's clock was right",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``headline``: the first sentence; ``proven`` and ``not_proven``: what follows; ``facts``: for machines."""

    headline: str
    proven: tuple[str, ...]
    not_proven: tuple[str, ...]
    facts: dict[str, Any]

    @property
    def lines(self) -> list[str]:
        """For a terminal."""
        proven, not_proven = ([f"  - {one}" for one in said] for said in (self.proven, self.not_proven))
        return [self.headline, "Proven:", *proven, "Not proven:", *not_proven]

    @property
    def json(self) -> str:
        """For a machine."""
        content = {**self.facts, "proven": list(self.proven), "not_proven": list(self.not_proven)}
        return json.dumps(content, ensure_ascii=False, indent=2)


def of_ledger(
    fetch: Fetch, trusted: Policy | None, earlier: Sequence[Note], progress: Callable[[int], None]
) -> Verdict:
    """The whole ledger verified. Without ``trusted`` against the key that it says is its own.

    Raises what ``verify`` raises, and ``KeyNotSaid``.
    """
    believed = trusted
    if believed is None:
        own = succession.first_key(fetch)
        if own is None:
            raise BrokenTile(CHECKPOINT, "the file is missing") if fetch(CHECKPOINT) is None else KeyNotSaid()
        believed = policy.of_key(own)
    found = verify(fetch, believed, earlier, progress)
    now = found.checkpoint
    what = f"{now.origin}, {_count(now.size)}, root {encoded(now.root)}"
    verified = trusted is not None
    headline = f"Verified: {what}" if verified else f"It agrees with itself, but whose it is was not checked: {what}"
    return Verdict(
        headline,
        tuple(_proven(found)),
        (*_missing(found, verified), *_ALWAYS),
        {
            "verified": verified,
            "origin": now.origin,
            "size": now.size,
            "root": encoded(now.root),
            "key": found.key.text,
            "key_changes": found.changes,
            "witnesses": list(found.witnesses),
            "first_at": found.first_at,
            "last_at": found.last_at,
            "continues": [one.size for one in found.earlier],
        },
    )


def of_receipt(receipt: Receipt, trusted: Policy) -> Verdict:
    """A receipt with its entry in it checked. Raises what ``Receipt.check`` raises, and ``MalformedReceipt``."""
    if receipt.extra is None:
        raise MalformedReceipt("it does not hold its entry")
    checkpoint, witnesses = receipt.check(receipt.extra, trusted)
    one = entry.parsed(receipt.extra)
    proven = [
        f"entry {receipt.index:,} of {checkpoint.origin} is the one below; it was in the ledger when that had "
        f"{_count(checkpoint.size)}",
        *_witnessed(witnesses),
        f"time {written(one.at)}, who {one.who}, act {one.act}, object {one.object}, outcome {one.outcome}"
        + "".join(f", {name} {text}" for name, text in _texts(one)),
    ]
    missing = [
        "what else is in the ledger: a receipt is of one entry (`coincide ledger verify` takes the whole)",
        *([] if witnesses else ["that others saw the same ledger: no witness that you name cosigned it"]),
        *_ALWAYS,
    ]
    facts = {
        "verified": True,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": encoded(checkpoint.root),
        "number": receipt.index,
        "entry": document(receipt.index, one),
        "witnesses": witnesses,
    }
    return Verdict(f"Verified: entry {receipt.index:,} of {checkpoint.origin}", tuple(proven), tuple(missing), facts)


def document(number: int, one: Entry) -> dict[str, Any]:
    """An entry for a machine."""
    fields = {name: value for name, value in asdict(one).items() if value and name != "at"}
    return {"number": number, "at": written(one.at), **fields}


def _proven(found: Proven) -> list[str]:
    now = found.checkpoint
    signed = f"it is signed by the key {found.key.text}"
    if found.changes:
        signed += f", which followed the one given in {_times(found.changes)} of key, each signed by the key before"
    whole = "each entry is the one that was logged, at its place; none is missing, added or exchanged"
    return [
        whole if now.size else "it has no entries",
        "all hashes that others prove with are those of the entries",
        signed,
        *_witnessed(found.witnesses),
        *(f"it continues the checkpoint of {_count(one.size)}" for one in found.earlier),
        *([f"times go forward only, from {found.first_at} to {found.last_at}"] if found.first_at else []),
    ]


def _missing(found: Proven, verified: bool) -> list[str]:
    result = []
    if found.earlier and not found.witnesses:
        newest = max(one.size for one in found.earlier)
        if newest < found.checkpoint.size:
            result.append(f"that what came after those {_count(newest)} was not rewritten by who has the key")
    if not verified:
        result.append(
            "whose ledger it is: anybody can make one like it. Give the key that the operator told you with --key"
        )
    if not found.earlier and not found.witnesses:
        result.append(
            "that it was not rewritten or cut off by who has the key: give a checkpoint of before with --since, or a "
            "--policy with witnesses"
        )
    return result


def _witnessed(witnesses: Sequence[str]) -> list[str]:
    return [f"cosigned by {', '.join(witnesses)}"] if witnesses else []


def _texts(one: Entry) -> list[tuple[str, str]]:
    return [(name, text) for name in ("role", "purpose", "basis", "reason") if (text := getattr(one, name))]


def _count(size: int) -> str:
    return "1 entry" if size == 1 else f"{size:,} entries"


def _times(changes: int) -> str:
    return "1 change" if changes == 1 else f"{changes:,} changes"
