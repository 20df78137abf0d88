"""Whether the tokens of taps tell riders apart: none that is empty nearly everywhere, none that stands for many riders.

A ticket without a number of its own is often written with a number all the same: `0000`, the number of the reader, that
of the batch. A rule about what one card did would find the whole city in it.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    for (name,), chosen_rows in taps.group_by("source", maintain_order=True):
        read = sum(count for (of, _), count in loaded.read.items() if of == name)
        _check(str(name), sources[str(name)], chosen_rows, loaded, (rows or {}).get(str(name), read))


def _check(name: str, source: Source, rows: pl.DataFrame, loaded: Loaded, read: int) -> None:
    empty = rows["account"].null_count()
    if empty >= LEAST_EMPTY and empty >= EMPTY_SHARE * len(rows):
        raise EmptyToken(name, empty=empty, taps=len(rows))
    counts = rows.filter(pl.col("account").is_not_null()).group_by("account").len().sort("len", "account")
    if counts.is_empty():
        return
    account, taps = counts.row(-1)
    if read >= LEAST_TAPS and taps > LARGEST_SHARE * read:
        says = f"{taps:,} of {read:,} taps, {taps / read:.0%}, are of one account"
        raise SharedToken(name, says=says, example=_example(name, rows, account, loaded))
    many = counts.filter(pl.col("len") > source.most_taps)["account"]
    if many.is_empty():
        return
    days = (
        rows.filter(pl.col("account").is_in(many.implode()) & pl.col("occurred_at").is_not_null())
        .group_by("account", day=pl.col("occurred_at") // _DAY_US)
        .len()
        .sort("len", "account", "day")
    )
    account, _, taps = days.row(-1) if len(days) else (None, 0, 0)
    if taps > source.most_taps:
        says = f"one account has {taps:,} taps on one day, more than {source.most_taps:,}"
        raise SharedToken(name, says=says, example=_example(name, rows, account, loaded))


def _example(name: str, rows: pl.DataFrame, account: str, loaded: Loaded) -> tuple[str, int]:
    """File and position of the first tap of the account: where one can look it up, since it is not to be shown."""
    first = rows.filter(pl.col("account") == account).sort("file", "position")
    return loaded.files[name][first["file"][0]].path, int(first["position"][0])
