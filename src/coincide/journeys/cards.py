"""The taps of an alert's cards, as they are part of riding, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from coincide.detect.detect import kept
from coincide.detect.journey.coded import coded
from coincide.detect.journey.taps import Taps, Truths
from coincide.detect.rows import Rows
from coincide.events.event import TAP

Account = tuple[str, str]
"""Namespace and account as given."""


@dataclass(frozen=True, eq=False)
class Cards:
    """``taps``: their tokens are positions in ``accounts``, which are sorted. ``texts``: see ``Coded``."""

    taps: Taps
    accounts: tuple[Account, ...]
    texts: dict[str, pl.Series]


def cards(rows: Rows, mine: Truths) -> Cards:
    """The usable taps among the rows, copies of an event once. ``mine``: the rows that are asked for."""
    tap = (rows.frame["kind"] == TAP).fill_null(False).to_numpy()
    usable = tap & rows.present("occurred_at") & rows.present("account") & ~rows.flagged("action")
    riding = coded(rows, np.flatnonzero(kept(rows, usable) & mine))
    names = ["namespace", "account"]
    whose = rows.frame.select(names)[riding.row]
    accounts = whose.unique().sort(names).with_row_index("token", 0)
    token = whose.join(accounts, on=names, how="left", maintain_order="left")["token"]
    taps = replace(riding.taps, token=token.cast(pl.Int32).to_numpy())
    return Cards(taps, tuple(accounts.select(names).iter_rows()), riding.texts)
