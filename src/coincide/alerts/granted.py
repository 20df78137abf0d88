"""What recorded requests grant: at which incidents it may be told who was there."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from coincide.detect.evaluate import Covered
from coincide.detect.kernel.observations import Truths
from coincide.requests.request import Request, covered


def granted(requests: Sequence[Request]) -> Covered | None:
    """Which incidents these requests, all in force, cover; ``None``: none are."""
    if not requests:
        return None

    def covering(frame: pl.DataFrame) -> Truths:
        ends = pl.max_horizontal("occurred_at", pl.col("ends_at").fill_null(pl.col("occurred_at")))
        times = frame.select(begins=pl.col("occurred_at"), ends=ends)
        return covered(requests, frame["place"], frame["line"], times["begins"].to_numpy(), times["ends"].to_numpy())

    return covering
