"""Where, not who: at which stops, on which lines and at which hours incidents gather, beside how many board there.

Of counts alone: no token, and nothing of one rider. A cell is a stop or a line at an hour of the local clock, on days
of service from Monday to Friday or on the others. Expected are the incidents of all cells that are shown, in proportion
to their boardings; observed over expected is shrunk as everywhere (``interval``). Pure.

**Nobody alone.** A cell with fewer than ``K`` different riders is closed: it is counted and not shown, and no sum that
is told holds it. So that subtraction does not open it all the same, others are closed with it. Taps at a stop are taps
of lines too: what can be worked out is that stops and lines which taps tie together at an hour (a component) have the
same sum. Closed cells behind a sum are safe if none of them has fewer than ``K`` riders, or if there are two or more,
one with ``K`` riders, and boardings enough that each may have had ``K``. In a component the closed cells of each side
are made safe; where they cannot be, all of it is closed, and then there is no sum. Numbers of riders are told in tens,
rounded down, since a small difference of two could be one person. What is known beside a release, such as another over
nearly the same time, is not reckoned with: publish one.

**Unusual riding** is told beside it: rides on days far in the tail (``riding``). They are a part of the boardings, so a
cell of them is closed where fewer than ``K`` riders had them, and where fewer than ``K`` others may be left; others are
closed with it in the same way.

On secondary suppression: Hundepool and others, Statistical Disclosure Control, Wiley 2012, chapter 4 (unchecked).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse, special

from coincide.detect.journey.clock import ServiceClock
from coincide.engines.embedded.ridership import CLASSES, HOURS, SIDES, Numbers, Reported, Ridership, cell_of
from coincide.odds.interval import LEVEL, SHRINK, ends
from coincide.odds.riding import NOT_ASKED, Riding

K = 10
"""Different riders that a cell has before it is shown."""
CELLS = HOURS * CLASSES
DAYS = ("Monday to Friday", "Saturday and Sunday")
_ROW = {
    **{"name": pl.String, "days": pl.String, "hour": pl.Int64, "boardings": pl.Int64, "riders": pl.Int64},
    **{"observed": pl.Int64, "expected": pl.Float64, "low": pl.Float64, "high": pl.Float64, "unusual": pl.Int64},
}
_RIDDEN = {name: kind for name, kind in _ROW.items() if name in ("name", "days", "hour", "boardings", "unusual")}
LONG_US = 2 * 3_600_000_000
"""The hour of an incident that may have happened at any time of a longer span is a guess: its middle."""
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """Rows with incidents, the greatest excess first: ``name``, ``days``, ``hour``, ``boardings``,
    ``riders`` (at least so many), ``observed``, ``expected``, ``low``, ``high``, ``unusual``; what is not told is NULL.

    ``count``: how many rows there could be; ``above``: those with more incidents than boardings explain, and
    ``by_chance`` how many would be if boardings explained all.
    """

    rows: pl.DataFrame
    count: int
    above: int
    by_chance: float


@dataclass(frozen=True)
class Side:
    """What is shown of stops, or of lines. All sums are of cells that are shown, so that none tells of another.

    ``names``: each by itself; ``hours``: all of them by hour; ``cells``: each by hour. ``named``: incidents that name a
    stop, or a line. ``few``: cells that are closed because of their riders; ``beside``: closed with them. ``unusual``:
    the same three of unusual rides, empty where they are not known (see ``_ridden``); ``untold``: cells with unusual
    rides that are not told.
    """

    side: str
    boardings: int
    incidents: int
    named: int
    names: Table
    hours: Table
    cells: Table
    few: int
    beside: int
    unusual: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]
    untold: int

    @property
    def tables(self) -> tuple[Table, Table, Table]:
        """From the widest to the narrowest."""
        return self.names, self.hours, self.cells


@dataclass(frozen=True)
class Places:
    """Both sides. ``nowhere``: incidents without place and line; ``long``: those whose hour is a guess. ``riding``: by
    what days of riding are unusual.
    """

    sides: Mapping[str, Side]
    incidents: int
    nowhere: int
    long: int
    riding: Riding


def places(
    ridership: Ridership,
    reported: Reported,
    clock: ServiceClock,
    riding: Riding = NOT_ASKED,
    k: int = K,
) -> Places:
    """Where incidents gather, and unusual riding; this is told only in cells that are shown."""
    begins, finish = reported.begins_us, reported.ends_us
    cell = cell_of(begins + (finish - begins) // 2, clock)
    shown = open_cells(ridership, k)
    odd = _unusual(ridership, riding.ridership, k)
    found = {side: _side(side, ridership, getattr(reported, side), cell, shown[side], odd[side], k) for side in SIDES}
    nowhere = sum(place is None and line is None for place, line in zip(reported.place, reported.line, strict=True))
    return Places(found, len(reported), nowhere, int((finish - begins > LONG_US).sum()), riding)


# --- which cells may be shown -------------------------------------------------------------------------------------


def open_cells(ridership: Ridership, k: int = K) -> dict[str, Truths]:
    """By side, which of its cells may be shown, so that no other with fewer than ``k`` riders can be worked out."""
    counts = [ridership.counts[side] for side in SIDES]
    sizes = [len(one.name) for one in counts]
    boardings, riders = (np.concatenate([getattr(one, name) for one in counts]) for name in ("boardings", "riders"))
    cells = _Cells(boardings, riders, np.repeat([0, 1], sizes), _components(ridership), k)
    shown = riders >= k
    for one in np.unique(cells.component[~shown]):
        cells.close(shown, one)
    return dict(zip(SIDES, np.split(shown, sizes[:1]), strict=True))


@dataclass(frozen=True)
class _Cells:
    """The cells of both sides behind one another, each with its side and component."""

    boardings: Numbers
    riders: Numbers
    side: Numbers
    component: Numbers
    k: int

    def close(self, shown: Truths, component: int) -> None:
        """Makes the closed cells of a component safe, those with the fewest boardings first; else closes all of it."""
        of_it = self.component == component
        for side in (0, 1):
            members = np.flatnonzero(of_it & (self.side == side))
            candidates = members[shown[members]]
            order = candidates[np.argsort(self.boardings[candidates], kind="stable")]
            closed = list(members[~shown[members]])
            for more in order:
                if self.safe(closed):
                    break
                shown[more] = False
                closed.append(more)
            if not self.safe(closed):
                shown[of_it] = False
                return

    def safe(self, closed: Sequence[int] | Numbers) -> bool:
        """Whether nothing can be told of closed cells whose sum is known."""
        members = np.asarray(closed, dtype=np.int64)
        riders = self.riders[members]
        if not (riders < self.k).any():
            return True
        enough = self.boardings[members].sum() >= 2 * self.k + len(members)
        return bool(enough) and riders.max() >= self.k


def _components(ridership: Ridership) -> Numbers:
    """Of each cell of both sides, the number of what taps tie it to."""
    counts = [ridership.counts[side] for side in SIDES]
    keys = [one.name * CELLS + one.cell for one in counts]
    *named, cell = ridership.links
    ties = [np.searchsorted(key, name * CELLS + cell) for key, name in zip(keys, named, strict=True)]
    size = sum(map(len, keys))
    if not size:
        return np.zeros(0, dtype=np.int64)
    ends_ = (ties[0], ties[1] + len(keys[0]))
    graph = sparse.coo_matrix((np.ones(len(cell), dtype=np.int8), ends_), shape=(size, size))
    return np.asarray(sparse.csgraph.connected_components(graph, directed=False)[1], dtype=np.int64)


@dataclass(frozen=True)
class _Unusual:
    """Of each cell of a side, its unusual rides: how many, and whether they may be told."""

    rides: Numbers
    told: Truths


def _unusual(ridership: Ridership, unusual: Ridership | None, k: int) -> dict[str, _Unusual]:
    """By side, the unusual rides of its cells."""
    none = {
        side: _Unusual(np.zeros(n := len(ridership.counts[side].name), np.int64), np.zeros(n, np.bool_))
        for side in SIDES
    }
    if unusual is None:
        return none
    limited, where = {}, {}
    for side in SIDES:
        every, odd = ridership.counts[side], unusual.counts[side]
        number = {name: at for at, name in enumerate(ridership.names[side])}
        place = np.array([number.get(name, -1) for name in unusual.names[side]], dtype=np.int64)
        # Names are in order on both sides, and so are the keys.
        where[side] = place[odd.name] * CELLS + odd.cell
        riders = _looked_up(where[side], every.name * CELLS + every.cell, every.riders)
        # At least so many others rode there; were they fewer than ``k``, their boardings would be what is left.
        limited[side] = replace(odd, riders=np.minimum(odd.riders, riders - odd.riders))
    told = open_cells(replace(unusual, counts=limited), k)
    return {
        side: _Unusual(
            np.maximum(_looked_up(keys, where[side], limited[side].boardings), 0),
            _looked_up(keys, where[side], told[side].astype(np.int64)) > 0,
        )
        for side in SIDES
        for keys in [ridership.counts[side].name * CELLS + ridership.counts[side].cell]
    }


# --- what is told of them -----------------------------------------------------------------------------------------


def _side(
    side: str,
    ridership: Ridership,
    names: Sequence[str | None],
    cell: Numbers,
    shown: Truths,
    unusual: _Unusual,
    k: int,
) -> Side:
    counts, known = ridership.counts[side], ridership.names[side]
    keys = counts.name * CELLS + counts.cell
    number = {name: at for at, name in enumerate(known)}
    of = np.array([-1 if name is None else number.get(name, -1) for name in names], dtype=np.int64)
    observed = _matched(keys, of[of >= 0] * CELLS + cell[of >= 0])
    odd = np.where(unusual.told, unusual.rides, -1)
    cells = pl.DataFrame(
        {
            "name": pl.Series([known[at] for at in counts.name[shown]], dtype=pl.String),
            "days": pl.Series([DAYS[at] for at in counts.cell[shown] % CLASSES], dtype=pl.String),
            "hour": counts.cell[shown] // CLASSES,
            "boardings": counts.boardings[shown],
            "observed": observed[shown],
            "riders": counts.riders[shown] // 10 * 10,
            "unusual": pl.Series(odd[shown]).replace(-1, None),
        }
    )
    few = int((counts.riders < k).sum())
    return Side(
        side,
        int(cells["boardings"].sum()),
        int(cells["observed"].sum()),
        sum(name is not None for name in names),
        _table(_summed(cells, "name")),
        _table(_summed(cells, "days", "hour")),
        _table(cells),
        few,
        int((~shown).sum()) - few,
        _ridden(cells),
        int(((unusual.rides > 0) & ~(unusual.told & shown)).sum()),
    )


def _summed(cells: pl.DataFrame, *by: str) -> pl.DataFrame:
    """The cells that are shown, together; how many different riders they have is not told."""
    return cells.group_by(by).agg(pl.col("boardings").sum(), pl.col("observed").sum()).sort(by)


def _ridden(cells: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Unusual rides by name, by hour, and by both, of the cells in which they are told; the greatest excess first.

    ``name``, ``days``, ``hour``, ``boardings``, ``unusual``, and ``expected``: in proportion to the boardings. Rides of
    a card on its day hang together, so that no interval of independent counts fits, and there is none.
    """
    told = cells.filter(pl.col("unusual") > 0)
    share = int(told["unusual"].sum()) / max(int(told["boardings"].sum()), 1)
    sums = (pl.col("boardings").sum(), pl.col("unusual").sum())
    made = []
    for rows in (told.group_by("name").agg(*sums), told.group_by("days", "hour").agg(*sums), told):
        there = pl.concat([pl.DataFrame(schema=_RIDDEN), rows.select(set(_RIDDEN) & set(rows.columns))], how="diagonal")
        there = there.with_columns(expected=pl.col("boardings") * share)
        made.append(there.sort(pl.col("expected") - pl.col("unusual"), "name", "days", "hour"))
    return made[0], made[1], made[2]


def _table(cells: pl.DataFrame) -> Table:
    boardings, observed = (cells[name].to_numpy().astype(np.float64) for name in ("boardings", "observed"))
    expected = boardings * (observed.sum() / max(boardings.sum(), 1))
    low, high = (special.gammaincinv(observed + SHRINK, at) / (expected + SHRINK) for at in ends(LEVEL))
    told = {"expected": expected, "low": low, "high": high}
    rows = cells.with_columns(pl.Series(name, values) for name, values in told.items())
    rows = pl.concat([pl.DataFrame(schema=_ROW), rows], how="diagonal_relaxed")
    rows = rows.filter(pl.col("observed") > 0)
    rows = rows.sort(pl.col("expected") - pl.col("observed"), "name", "days", "hour")
    return Table(rows, len(cells), int((low > 1).sum()), _above_by_chance(expected))


def _above_by_chance(expected: NDArray[np.float64]) -> float:
    """How many cells would have the low end of their interval above 1 if incidents followed the boardings."""
    at_low, _ = ends(LEVEL)
    least = np.full(len(expected), -1, dtype=np.int64)
    count = 0
    while (left := least < 0).any():
        above = left & (special.gammainc(count + SHRINK, expected + SHRINK) < at_low)
        least[above] = count
        count += 1
    # The probability of so many or more, of a Poisson count.
    return float(special.gammainc(least, expected).sum())


def _matched(keys: Numbers, found: Numbers) -> Numbers:
    """How many of ``found`` are each of the keys, which are sorted."""
    if not len(keys):
        return np.zeros(0, dtype=np.int64)
    place = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
    return np.bincount(place[keys[place] == found], minlength=len(keys))


def _looked_up(keys: Numbers, others: Numbers, values: Numbers) -> Numbers:
    """The value of each key among ``others``, which are sorted; -1 where it is none."""
    if not len(others):
        return np.full(len(keys), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(others, keys), len(others) - 1)
    return np.where(others[place] == keys, values[place], -1)
