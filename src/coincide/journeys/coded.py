"""Canonical rows of taps as columns of codes, with the texts that the codes stand for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.detect.detect import kept
from coincide.detect.journey.taps import ACTIONS, SINGLE, Taps, Truths
from coincide.detect.rows import Rows

Codes = NDArray[np.int32]
Account = tuple[str, str]
"""Namespace and account as given."""


@dataclass(frozen=True)
class Coded:
    """``taps`` in codes; each tuple says what the codes of a column stand for."""

    taps: Taps
    tokens: tuple[Account, ...]
    places: tuple[str, ...]
    lines: tuple[str, ...]
    vehicles: tuple[str, ...]
    products: tuple[str, ...]


def coded(rows: Rows, silent: Collection[str] = (), mine: Truths | None = None) -> Coded:
    """The usable taps among the rows, copies of an event once.

    ``silent``: sources that map no action; each of their taps is a boarding. Of others, a tap whose action is none of
    the four is left out, as it is where the whole log is read. ``mine``: the rows that are asked for.
    """
    frame = rows.frame
    usable = (
        (pl.col("kind") == "tap")
        & pl.col("occurred_at").is_not_null()
        & pl.col("account").is_not_null()
        & (pl.col("source").is_in(list(silent)) | pl.lit(_column(frame, "action")).is_in(list(ACTIONS)))
    )
    tap = frame.select(usable.fill_null(False)).to_series()
    keep = kept(rows, tap.to_numpy())
    chosen = frame.filter(pl.Series(keep if mine is None else keep & mine))
    tokens = chosen.select("namespace", "account").unique().sort("namespace", "account").with_row_index("~token")
    token = chosen.select("namespace", "account").join(
        tokens, on=["namespace", "account"], how="left", maintain_order="left"
    )
    action = _column(chosen, "action").replace_strict(
        {name: code for code, name in enumerate(ACTIONS)}, default=SINGLE, return_dtype=pl.Int8
    )
    (place, places), (line, lines), (vehicle, vehicles), (device, _), (product, products) = (
        _codes(_column(chosen, name)) for name in ("place", "line", "vehicle", "device", "product")
    )
    taps = Taps(
        token["~token"].cast(pl.Int32).to_numpy(),
        chosen["occurred_at"].cast(pl.Int64).to_numpy(),
        action.to_numpy(),
        place,
        line,
        vehicle,
        device,
        product,
    )
    return Coded(taps, tuple(tokens.select("namespace", "account").iter_rows()), places, lines, vehicles, products)


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column of text; missing everywhere where no source maps it."""
    return frame[name] if name in frame.columns else pl.Series(name, [None] * len(frame), dtype=pl.String)


def _codes(texts: pl.Series) -> tuple[Codes, tuple[str, ...]]:
    """Positions among the distinct texts, sorted; -1 for what is missing."""
    known = texts.drop_nulls().unique().sort()
    table = pl.DataFrame({"text": known}).with_row_index("code")
    joined = pl.DataFrame({"text": texts}).join(table, on="text", how="left", maintain_order="left")
    return joined["code"].cast(pl.Int32).fill_null(-1).to_numpy(), tuple(known.to_list())
