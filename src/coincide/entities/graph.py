"""The graph of accounts and identifiers, in whole numbers: which accounts hang together.

The graph is bipartite, account - identifier: a dormitory of 2,000 that shares one address is 2,000 edges, not
two million pairs. Identifiers are called hubs here. Which hubs may join, and what the numbers stand for, is
for ``link``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Codes = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]

_HALF = np.uint64(32)


@dataclass(frozen=True, slots=True, eq=False)
class Hubs:
    """The accounts of each hub, without repeats: those of hub ``h`` are
    ``accounts[starts[h]:starts[h + 1]]``.

    Within a hub, accounts ascend.
    """

    accounts: Codes
    starts: npt.NDArray[np.int64]

    @property
    def degrees(self) -> npt.NDArray[np.int64]:
        """The number of accounts of each hub."""
        return np.diff(self.starts)

    def only(self, kept: Mask) -> Hubs:
        """The same hubs by number, those that are not kept without accounts."""
        degrees = self.degrees
        accounts = self.accounts[np.repeat(kept, degrees)]
        return Hubs(accounts, _starts(np.where(kept, degrees, 0)))


def hubs(account: Codes, hub: Codes, count: int) -> Hubs:
    """The hubs ``0 .. count - 1`` of edges ``(account[i], hub[i])``, which may repeat, in any order."""
    keys = hub.astype(np.uint64)
    keys <<= _HALF
    keys |= account
    # Polars sorts whole numbers in half the time of numpy.
    keys = pl.Series(keys).sort().to_numpy()
    fresh = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    keys = keys[fresh]
    degrees = np.bincount((keys >> _HALF).astype(np.int64), minlength=count)
    return Hubs(keys.astype(np.uint32), _starts(degrees))


def pairs_of(first: Codes, second: Codes) -> npt.NDArray[np.uint64]:
    """Pairs of accounts as single numbers, the same whichever is named first."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    return (low.astype(np.uint64) << _HALF) | high


def exactly(of: Hubs, pairs: npt.NDArray[np.uint64]) -> Mask:
    """Which hubs have two accounts and no other, and these are one of ``pairs``."""
    found = np.zeros(len(of.degrees), dtype=np.bool_)
    twos = np.flatnonzero(of.degrees == 2)
    starts = of.starts[twos]
    found[twos] = np.isin(pairs_of(of.accounts[starts], of.accounts[starts + 1]), pairs)
    return found


def components(of: Hubs, accounts: int) -> npt.NDArray[np.int32]:
    """For each of the accounts ``0 .. accounts - 1`` the number of its component, from 0 without gaps.

    An account that no hub ties to another has -1; so a component has two accounts at least.
    """
    # Imported here: it takes a quarter of a second, and only a run that links needs it.
    from scipy import sparse
    from scipy.sparse import csgraph

    # The accounts of a hub are tied in a chain, each to the one before: the components are those of the
    # bipartite graph, with a third of its nodes and half its edges, in 1.8 s instead of 2.8 s for 15 million
    # links.
    later = np.ones(len(of.accounts), dtype=np.bool_)
    later[of.starts[:-1][of.degrees > 0]] = False
    tied = np.flatnonzero(later)
    before, after = of.accounts[tied - 1], of.accounts[tied]
    touched = np.zeros(accounts, dtype=np.bool_)
    touched[before] = touched[after] = True
    nodes = int(np.count_nonzero(touched))
    node = np.cumsum(touched, dtype=np.int32) - np.int32(1)
    ends = (node[before], node[after])
    matrix = sparse.coo_array((np.ones(len(tied)), ends), shape=(nodes, nodes)).tocsr()
    label = np.full(accounts, -1, dtype=np.int32)
    if nodes:
        _, label[touched] = csgraph.connected_components(matrix, directed=False)
    return label


def _starts(degrees: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    starts = np.zeros(len(degrees) + 1, dtype=np.int64)
    np.cumsum(degrees, out=starts[1:])
    return starts
