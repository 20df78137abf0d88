"""Rows as taps in codes, with the texts that the codes stand for: the same as a reading of the whole log makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.detect.journey.taps import MISSING, Positions, Taps, Whole, action_of
from coincide.detect.rows import Rows

TEXTS = ("place", "line", "vehicle", "device", "product")
"""Fields whose texts become codes, in the order of ``Taps``."""


@dataclass(frozen=True, eq=False)
class Coded:
    """``taps``: their tokens are the accounts' codes in the rows. ``row``: of each tap its row. ``texts``: of each
    coded field its texts by code, sorted by code point.
    """

    taps: Taps
    row: Positions
    texts: dict[str, pl.Series]


def coded(rows: Rows, row: Positions) -> Coded:
    """These rows, which are taps with an account and a time, as far as they are part of riding (``action_of``)."""
    action = actions(_column(rows, "action", row))
    # One that is there and cannot be read is none of ours.
    action[rows.flagged("action")[row]] = MISSING
    riding = action != MISSING
    row, action = row[riding], action[riding]
    found = {name: codes(_column(rows, name, row)) for name in TEXTS}
    taps = Taps(rows.account[row], rows.at[row], action, *(column for column, _ in found.values()))
    return Coded(taps, row, {name: texts for name, (_, texts) in found.items()})


def actions(texts: pl.Series) -> NDArray[np.int8]:
    """What taps do; each text is looked at once."""
    known = texts.unique()
    meant = pl.Series([action_of(text) for text in known], dtype=pl.Int8)
    return texts.replace_strict(known, meant, return_dtype=pl.Int8).to_numpy(writable=True)


def codes(texts: pl.Series) -> tuple[Whole, pl.Series]:
    """Positions among the distinct texts, sorted, and these; -1 for what is missing. An empty text says nothing."""
    known = texts.drop_nulls().unique().sort()
    known = known.filter(known != "")
    table = pl.DataFrame({"text": known}).with_row_index("code")
    joined = pl.DataFrame({"text": texts}).join(table, on="text", how="left", maintain_order="left")
    return joined["code"].cast(pl.Int32).fill_null(MISSING).to_numpy(), known


def _column(rows: Rows, name: str, row: Positions) -> pl.Series:
    """A column of text; missing everywhere where no source maps it."""
    if name not in rows.frame.columns:
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, len(row))
    return rows.frame[name][row]
