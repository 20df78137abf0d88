"""Entries of a ledger looked for: by who, act, object, purpose, time, and commitment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from coincide.ledger import entry, tiles
from coincide.ledger.entry import Entry
from coincide.ledger.tiles import Fetch

_SPAN = re.compile(r"A-([0-9]{1,18})(?:\.\.A-([0-9]{1,18}))?")
_ALERT = re.compile(r"A-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: all conditions hold; an empty or missing one does not ask.

    ``act``: an act or its beginning, such as ``alert``; ``object``: also as one of several alerts. ``since_us`` and
    ``until_us``: microseconds since 1970, half-open at the new end. ``commitments``: with at least one of these.
    """

    who: str = ""
    act: str = ""
    object: str = ""
    purpose: str = ""
    since_us: int | None = None
    until_us: int | None = None
    commitments: frozenset[str] | None = None


def found(fetch: Fetch, size: int, wanted: Wanted, low: int = 0) -> Iterator[tuple[int, Entry]]:
    """The entries of a log of ``size`` from number ``low`` on that are wanted, with their numbers.

    What the files hold is taken as it is: whether it was logged is told by ``verify``. Raises ``BrokenTile`` and
    ``MalformedEntry``.
    """
    # An entry is canonical, so a field of one value is these bytes and no others: reading is for those that have them.
    needed = [
        # What is no Unicode is in no entry, and so found in none.
        f'"{name}":{json.dumps(value, ensure_ascii=False)}'.encode("utf-8", "surrogatepass")
        for name, value in (("who", wanted.who), ("purpose", wanted.purpose))
        if value
    ]
    for number, content in enumerate(tiles.entries(fetch, size, low), low):
        if all(part in content for part in needed):
            one = entry.parsed(content)
            if _is_wanted(one, wanted):
                yield number, one


def names(object_: str, asked: str) -> bool:
    """Whether an object of an entry is the one asked for, or holds it: ``A-1..A-40 A-44`` holds ``A-12``."""
    if object_ == asked:
        return True
    alert = _ALERT.fullmatch(asked)
    if alert is None:
        return False
    spans = (_SPAN.fullmatch(word) for word in object_.split(" "))
    return any(span and int(span[1]) <= int(alert[1]) <= int(span[2] or span[1]) for span in spans)


def _is_wanted(one: Entry, wanted: Wanted) -> bool:
    return (
        (not wanted.who or one.who == wanted.who)
        and (not wanted.purpose or one.purpose == wanted.purpose)
        and (not wanted.act or one.act == wanted.act or one.act.startswith(f"{wanted.act}:"))
        and (not wanted.object or names(one.object, wanted.object))
        and (wanted.since_us is None or one.at >= wanted.since_us)
        and (wanted.until_us is None or one.at < wanted.until_us)
        and (wanted.commitments is None or not wanted.commitments.isdisjoint(one.commitments.values()))
    )
