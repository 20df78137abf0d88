"""What is out of order in the taps of a source: counted over all of them, card by card. Pure functions over columns.

A missing exit is usual where nobody must tap out, a doubled tap where readers are slow; they are told, and whether they
are too many is for whoever knows the readers. Tokens that tell nobody apart and clocks that are off make rules wrong:
these are findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from coincide.detect.journey.ride import rides
from coincide.engines.embedded.anonymous import Busy, Tokens, suspects
from coincide.engines.embedded.journeys import Pairing
from coincide.engines.embedded.tap_look import TapLook
from coincide.errors import CoincideError, Where
from coincide.events.errors import ClockOff
from coincide.watch.clocks import Clocks, clocks

_BUSY_DAY = 1_000
_LEAST_EXITS = 0.01


@dataclass(frozen=True)
class TapReport:
    """Counts over the ``seen`` taps of a source, which has ``taps``.

    What journeys make of them: ``doubled`` ones are left out. ``entries`` begin a ride, of which ``unended`` have no
    end; ``exits`` that end none are ``unbegun``. Where hardly any tap is an exit nobody taps out, and ``unended`` is
    ``None``. ``others``: taps whose action is none of ours, which are no part of riding.
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


def report(name: str, look: TapLook, pairing: Pairing) -> TapReport:
    """Count what there is in the taps of the source ``name``; ``pairing``: as the settings have it."""
    riding = look.riding
    made = rides(riding, pairing.clock, pairing.doubled_us, pairing.longest_us)
    counted = len(riding) - made.doubled
    exits = counted - len(made)
    # An account of thousands of taps a day is no rider, and would tell of every clock.
    riders = look.frame.filter(pl.len().over("token", pl.col("at") // 86_400_000_000) <= _BUSY_DAY)
    judged = clocks(riders["token"].to_numpy(), riders["at"].to_numpy(), riders["unit"].to_numpy())
    return TapReport(
        name=name,
        taps=look.taps,
        seen=len(look.frame),
        empty=look.empty,
        anonymous=look.anonymous,
        others=look.others,
        doubled=made.doubled,
        entries=len(made),
        unended=int((~made.ended).sum()) if exits > _LEAST_EXITS * counted else None,
        exits=exits,
        unbegun=len(made.unpaired),
        busiest=look.busiest,
        busiest_day=look.busiest_day,
        clocks=judged,
        units=look.units,
    )


def findings(found: TapReport, most_taps: int, where: Where | None) -> Iterator[CoincideError]:
    """What makes rules over these taps wrong. ``most_taps``: of one account on a day, 0 for any number."""
    tokens = Tokens(found.taps, found.taps, found.empty, Busy(found.busiest), Busy(found.busiest_day))
    for suspect in suspects(found.name, tokens, most_taps):
        suspect.where = where
        yield suspect
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
