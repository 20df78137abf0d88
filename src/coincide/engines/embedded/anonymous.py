"""Whether the tokens of taps tell riders apart: none that is empty nearly everywhere, none that stands for many riders.

A ticket without a number of its own is often written with a number all the same: `0000`, the number of the reader, that
of the batch. A rule about what one card did would find the whole city in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from coincide.engines.embedded.load import Loaded
from coincide.events.errors import EmptyToken, SharedToken
from coincide.events.event import TAP
from coincide.settings import Source

LEAST_TAPS = 10_000
"""Taps from which on a share says something of one account."""
LARGEST_SHARE = 0.05
LEAST_EMPTY = 1_000
EMPTY_SHARE = 0.95
_DAY_US = 86_400_000_000
_COLUMNS = ("source", "account", "occurred_at", "file", "position")


def check(loaded: Loaded, sources: Mapping[str, Source], rows: Mapping[str, int] | None = None) -> None:
    """Refuse taps whose tokens tell nobody apart. Raises ``EmptyToken``, ``SharedToken``.

    Looked at are the selected rows, once; the source's ``most_taps`` says how many taps a day one account may have.
    ``rows``: how many each source has, where only a portion of them was read.
    """
    wary = [name for name, source in sources.items() if source.most_taps and source.may_hold(TAP)]
    if not wary:
        return
    chosen = pl.col("source").is_in(wary) & (pl.col("kind") == TAP)
    taps = loaded.frame.lazy().filter(chosen).select(_COLUMNS).collect()
    for (name,), seen in taps.group_by("source", maintain_order=True):
        most = sources[str(name)].most_taps
        found = _tokens(str(name), seen, loaded, most)
        if rows is not None and name in rows:
            found = replace(found, taps=rows[str(name)])
        suspect = next(suspects(str(name), found, most), None)
        if suspect is not None:
            raise suspect


@dataclass(frozen=True)
class Busy:
    """The account of the most taps, altogether or on one day: how many they are, and where the first of them can be
    looked up (file and position), where that is known.
    """

    taps: int
    first: Callable[[], tuple[str, int] | None] = lambda: None


@dataclass(frozen=True)
class Tokens:
    """What is counted of the tokens of a source that has ``taps``: ``looked_at`` were so many of them, ``empty`` of
    which have no account.
    """

    taps: int
    looked_at: int
    empty: int
    altogether: Busy
    on_a_day: Busy


def suspects(name: str, found: Tokens, most_taps: int) -> Iterator[EmptyToken | SharedToken]:
    """Why the tokens of the source ``name`` look as if they told nobody apart.

    ``most_taps``: how many one account may have on a day; 0 for any number.
    """
    if found.empty >= LEAST_EMPTY and found.empty >= EMPTY_SHARE * found.looked_at:
        yield EmptyToken(name, empty=found.empty, taps=found.looked_at)
    if not most_taps:
        return
    busy, day = found.altogether, found.on_a_day
    if found.taps >= LEAST_TAPS and busy.taps > LARGEST_SHARE * found.taps:
        says = f"{busy.taps:,} of {found.taps:,} taps, {busy.taps / found.taps:.0%}, are of one account"
        yield SharedToken(name, says=says, example=busy.first())
    elif day.taps > most_taps:
        says = f"one account has {day.taps:,} taps on one day, more than {most_taps:,}"
        yield SharedToken(name, says=says, example=day.first())


def _tokens(name: str, rows: pl.DataFrame, loaded: Loaded, most_taps: int) -> Tokens:
    known = rows.filter(pl.col("account").is_not_null())
    counts = known.group_by("account").len()
    # Days are looked at only of those that can have too many on one.
    many = counts.filter(pl.col("len") > most_taps)["account"]
    days = (
        known.filter(pl.col("account").is_in(many.implode()) & pl.col("occurred_at").is_not_null())
        .group_by("account", day=pl.col("occurred_at") // _DAY_US)
        .len()
    )

    def busiest(counts: pl.DataFrame) -> Busy:
        if counts.is_empty():
            return Busy(0)
        account, taps = counts.sort("len", *counts.columns[:-1]).select("account", "len").row(-1)
        return Busy(taps, partial(_first, name, rows, account, loaded))

    return Tokens(
        taps=sum(count for (of, _), count in loaded.read.items() if of == name),
        looked_at=len(rows),
        empty=len(rows) - len(known),
        altogether=busiest(counts),
        on_a_day=busiest(days),
    )


def _first(name: str, rows: pl.DataFrame, account: str, loaded: Loaded) -> tuple[str, int]:
    """File and position of the first tap of the account: where one can look it up, since it is not to be shown."""
    first = rows.filter(pl.col("account") == account).sort("file", "position")
    return loaded.files[name][first["file"][0]].path, int(first["position"][0])
