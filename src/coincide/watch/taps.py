"""What is out of order in the taps of a source: counted over all of them, card by card. Pure functions over columns.

A missing exit is usual where nobody must tap out, a doubled tap where readers are slow; they are told, and whether they
are too many is for whoever knows the readers. Tokens that tell nobody apart and clocks that are off make rules wrong:
these are findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.engines.embedded.anonymous import EMPTY_SHARE, LARGEST_SHARE, LEAST_EMPTY, LEAST_TAPS
from coincide.engines.embedded.tap_look import Taps
from coincide.errors import CoincideError, Where
from coincide.events.errors import ClockOff, EmptyToken, SharedToken
from coincide.events.event import ACTIONS
from coincide.watch.clocks import Clocks, clocks

DOUBLED_US = 10_000_000
"""A tap of the same token in the same vehicle so soon after another is the same tap again."""
LONGEST_US = 10_800_000_000
"""A ride takes three hours at most: an exit later than that belongs to no entry."""
_ENTER, _EXIT, _TRANSFER = (ACTIONS.index(name) for name in ("enter", "exit", "transfer"))
_BUSY_DAY = 1_000
_LEAST_EXITS = 0.01


@dataclass(frozen=True)
class TapReport:
    """Counts over the ``seen`` taps of a source, which has ``taps``.

    ``entries`` without an exit are ``unended``; ``exits`` with no entry before them are ``unbegun``. Where hardly any
    tap is an exit nobody taps out, and ``unended`` is ``None``. ``others``: taps whose action is none of ours.
    """

    name: str
    taps: int
    seen: int
    empty: int
    anonymous: int
    others: int
    doubled: int
    entries: int
    unended: int | None
    exits: int
    unbegun: int
    busiest: int
    busiest_day: int
    clocks: Clocks
    units: tuple[str, ...]
    lost: tuple[tuple[str, int, int], ...] = ()
    """Of `place` and `line`: how many taps name what the network does not have, and how many such values there are."""


def report(name: str, taps: Taps, *, doubled_us: int = DOUBLED_US, longest_us: int = LONGEST_US) -> TapReport:
    """Count what there is in the taps of the source ``name``."""
    frame = taps.frame.sort("token", "at", "unit", "action")
    token, at, unit, action = (frame[column].to_numpy() for column in ("token", "at", "unit", "action"))
    again = np.zeros(len(frame), dtype=np.bool_)
    if len(frame):
        same = (token[1:] == token[:-1]) & (unit[1:] == unit[:-1]) & (action[1:] == action[:-1])
        again[1:] = same & (at[1:] - at[:-1] <= doubled_us)
    single = frame.filter(~pl.Series(again))
    entries, exits = single["action"].is_in([_ENTER, _TRANSFER]).to_numpy(), (single["action"] == _EXIT).to_numpy()
    paired = _paired(single["token"].to_numpy(), single["at"].to_numpy(), entries, exits, longest_us)
    # An account of thousands of taps a day is no rider, and would tell of every clock.
    riders = frame.filter(pl.len().over("token", pl.col("at") // 86_400_000_000) <= _BUSY_DAY)
    judged = clocks(riders["token"].to_numpy(), riders["at"].to_numpy(), riders["unit"].to_numpy())
    return TapReport(
        name=name,
        taps=taps.taps,
        seen=len(frame),
        empty=taps.empty,
        anonymous=taps.anonymous,
        others=taps.others,
        doubled=int(again.sum()),
        entries=int(entries.sum()),
        unended=int(entries.sum()) - paired if exits.sum() > _LEAST_EXITS * len(single) else None,
        exits=int(exits.sum()),
        unbegun=int(exits.sum()) - paired,
        busiest=taps.busiest,
        busiest_day=taps.busiest_day,
        clocks=judged,
        units=taps.units,
    )


def _paired(
    token: NDArray[np.uint64],
    at: NDArray[np.int64],
    entries: NDArray[np.bool_],
    exits: NDArray[np.bool_],
    longest_us: int,
) -> int:
    """Entries whose next tap of the same token is an exit within the longest ride: each exit ends one entry at most."""
    follows = (token[1:] == token[:-1]) & entries[:-1] & exits[1:] & (at[1:] - at[:-1] <= longest_us)
    return int(follows.sum())


def findings(found: TapReport, most_taps: int, where: Where | None) -> Iterator[CoincideError]:
    """What makes rules over these taps wrong. ``most_taps``: of one account on a day, 0 for any number."""
    if found.empty >= LEAST_EMPTY and found.empty >= EMPTY_SHARE * found.taps:
        yield EmptyToken(found.name, empty=found.empty, taps=found.taps, where=where)
    if most_taps and found.taps >= LEAST_TAPS and found.busiest > LARGEST_SHARE * found.taps:
        says = f"{found.busiest:,} of {found.taps:,} taps, {found.busiest / found.taps:.0%}, are of one account"
        yield SharedToken(found.name, says=says, example=None, where=where)
    elif most_taps and found.busiest_day > most_taps:
        says = f"one account has {found.busiest_day:,} taps on one day, more than {most_taps:,}"
        yield SharedToken(found.name, says=says, example=None, where=where)
    if found.clocks.off:
        yield ClockOff(
            found.name, clocks=[_clock(found, off.unit, off.minutes) for off in found.clocks.off], where=where
        )


def _clock(found: TapReport, unit: int, minutes: int | None) -> str:
    if minutes is None:
        return f"{found.units[unit]} (by how much is not clear)"
    hours, rest = divmod(abs(minutes), 60)
    about = " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)
    return f"{found.units[unit]} (about {about} {'ahead' if minutes > 0 else 'behind'})"
