"""A network asked in the codes of others: of a log, of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.network.network import Codes, Network

Whole = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, eq=False)
class InCodes:
    """``network``, and by the code of a stop or line that of the feed: -1 where the feed has none, and at the end,
    where code -1 looks.
    """

    network: Network
    stop: Codes
    line: Codes

    @classmethod
    def of(cls, network: Network, texts: Mapping[str, pl.Series]) -> InCodes:
        """The network for codes that stand for these texts of ``place`` and ``line``."""
        stops, lines = network.stop_codes(texts["place"]), network.line_codes(texts["line"])
        return cls(network, np.append(stops, np.int32(-1)), np.append(lines, np.int32(-1)))

    def hops(self, line: Whole, start: Whole, end: Whole, /) -> NDArray[np.int16]:
        """See ``Network.hops``."""
        return self.network.hops(self.line[line], self.stop[start], self.stop[end])

    def km(self, start: Whole, end: Whole, /) -> NDArray[np.float64]:
        """See ``Network.km``."""
        return self.network.km(self.stop[start], self.stop[end])
