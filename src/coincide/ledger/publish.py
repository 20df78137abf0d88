"""A ledger copied to where others read it: a folder that any web server or bucket serves as it is.

Files first, the checkpoint last, so that whoever reads meanwhile sees the old log or the new one. What is there must be
an earlier state of the same log: a place where another or a longer one lies is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coincide.errors import CoincideError
from coincide.ledger import files, note, succession, tiles
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.errors import ForeignCheckpoint, NoLedger
from coincide.ledger.note import Note
from coincide.ledger.policy import Policy
from coincide.ledger.source import of_folder
from coincide.ledger.tiles import CHECKPOINT, Fetch, Tile
from coincide.ledger.tree import root

OPEN = 0o755


@dataclass(frozen=True, slots=True)
class Published:
    """Entries that were there before, and that are there now."""

    before: int
    now: int


def newest(fetch: Fetch, policy: Policy, place: str) -> tuple[Note, Checkpoint]:
    """The newest checkpoint of a log of ours, checked. Raises ``NoLedger`` and what ``Policy.check`` raises."""
    content = fetch(CHECKPOINT)
    if content is None:
        raise NoLedger(place)
    found = note.parsed(content)
    return found, policy.check(found)[0]


def publish(folder: Path, policy: Policy, target: Path, *, again: bool = False) -> Published:
    """Brings ``target`` to the state of the log in ``folder``.

    ``policy``: trusts all keys that the log had. ``again``: files that should be there are written too.
    Raises ``NoLedger``, ``ForeignCheckpoint``, ``DiskFull``, ``NotWritable``.
    """
    fetch = of_folder(folder)
    content, now = newest(fetch, policy, str(folder))
    target.mkdir(mode=OPEN, parents=True, exist_ok=True)
    before = earlier(of_folder(target)(CHECKPOINT), fetch, now, policy, str(target / CHECKPOINT))
    files.clean(target)
    grown = list(tiles.grown(0 if again else before, now.size))
    files.put_all(target, _copied(fetch, grown), set(), OPEN)
    files.sweep(target, grown)
    files.put(target, CHECKPOINT, content.encoded)
    return Published(before, now.size)


def earlier(content: bytes | None, fetch: Fetch, now: Checkpoint, policy: Policy, place: str) -> int:
    """How many entries a checkpoint that lies somewhere has, if the log continues it; 0 if none lies there.

    Raises ``ForeignCheckpoint``.
    """
    if content is None:
        return 0
    try:
        found, _ = policy.check(note.parsed(content))
    except CoincideError as error:
        raise ForeignCheckpoint(place, error.message) from error
    if found.size > now.size:
        raise ForeignCheckpoint(place, f"it has {found.size:,} entries, and ours {now.size:,}")
    if root(found.size, tiles.reader(fetch, now.size)) != found.root:
        raise ForeignCheckpoint(place, f"its {found.size:,} entries are others than ours")
    return found.size


def _copied(fetch: Fetch, grown: list[Tile]) -> Iterator[tuple[str, bytes]]:
    for tile in grown:
        yield tile.path, tiles.fetched(fetch, tile)
    number = 0
    while (content := fetch(succession.path(number))) is not None:
        yield succession.path(number), content
        number += 1
