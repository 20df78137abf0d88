"""Days of a whole log, each compared with those of all others, from rows that are at hand some accounts at a time.

Which of them hold is all that is kept; features and ranks of all others are let go of as soon as that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import polars as pl

from coincide.detect.detect import kept
from coincide.detect.evaluate import Surroundings
from coincide.detect.fit import fit
from coincide.detect.journey.coded import coded
from coincide.detect.journey.days import Days, joined
from coincide.detect.journey.order import begins
from coincide.detect.kernel.observations import Positions
from coincide.detect.rows import Rows
from coincide.detect.there import is_incident
from coincide.detect.unusual import OfLog, clock_of, newest_day, ranked
from coincide.engines.embedded.journeys import Pairing, each
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.taps import PART_TAPS, TapLog
from coincide.network.coded import InCodes
from coincide.rules.plan import Plan, UnusualDay

_NAMES = ("namespace", "account")


def days_of_log(
    plan: Plan, condition: UnusualDay, readings: Sequence[Callable[[], Rows]], around: Surroundings
) -> OfLog:
    """The card-days of the taps that a rule keeps, and which of them hold, whether or not they touch an incident.

    ``readings``: the rows of some accounts each, as often as they are asked for.
    """
    clock = clock_of(plan)
    newest = -1
    days: list[Days] = []
    tokens: list[pl.DataFrame] = []

    def read(rows: Callable[[], Rows], _: Progress) -> TapLog:
        nonlocal newest
        here = rows()
        keep = kept(here, fit(plan, here, around).usable)
        row = np.flatnonzero(keep & ~is_incident(here))
        newest = max(newest, newest_day(clock, here.at[row], around.now_us))
        return _log(here, row)

    def use(found: Days, of: pl.DataFrame) -> None:
        base = sum(map(len, tokens))
        wanted = {name: found[name] for name in condition.of}
        days.append(replace(found, token=found.token.astype(np.int64) + base, features=wanted))
        tokens.append(of)

    network = around.network
    whole = each(
        [partial(read, rows) for rows in readings],
        Pairing(clock, condition.doubled_us, condition.longest_us),
        use,
        None if network is None else lambda log: InCodes.of(network, log.texts),
    )
    every = joined(days)
    days.clear()
    found = ranked(clock, condition, every, newest, tuple(whole.products))
    found = found.taken(found.holds)
    whose, token = np.unique(found.days.token, return_inverse=True)
    return OfLog(replace(found, days=replace(found.days, token=token)), pl.concat(tokens)[whose])


def _log(rows: Rows, row: Positions) -> TapLog:
    """Some rows as all taps of their accounts, in parts that threads can share."""
    riding = coded(rows, row)
    _, first, token = np.unique(riding.taps.token, return_index=True, return_inverse=True)
    order = np.argsort(token, kind="stable")
    taps = replace(riding.taps, token=token.astype(np.int32)).take(order)
    starts = np.flatnonzero(begins(taps.token))
    later = np.searchsorted(starts, np.arange(PART_TAPS, len(taps), PART_TAPS))
    bounds = [0, *np.unique(starts[later[later < len(starts)]]).tolist(), len(taps)]
    parts = tuple(taps.take(slice(low, high)) for low, high in pairwise(bounds))
    return TapLog(parts, rows.frame.select(_NAMES)[riding.row[first]], riding.texts, {})
