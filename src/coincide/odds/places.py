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

On secondary suppression: Hundepool and others, Statistical Disclosure Control, Wiley 2012, chapter 4 (unchecked).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse, special

from coincide.engines.embedded.ridership import CLASSES, HOURS, SIDES, Calendar, Counts, Numbers, Reported, Ridership
from coincide.odds.interval import LEVEL, SHRINK, Shrunk, ends, shrunk

K = 10
"""Different riders that a cell has before it is shown."""
CELLS = HOURS * CLASSES
DAYS = ("Monday to Friday", "Saturday and Sunday")
LONG_US = 2 * 3_600_000_000
"""The hour of an incident that may have happened at any time of a longer span is a guess: its middle."""
WHY = (
    "Places come first: a steward at a stop helps whoever is there, and it takes nobody's journeys to send one. "
    "No person was looked at for this."
)

Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Side:
    """What is shown of stops, or of lines.

    ``boardings`` and ``incidents``: of all cells that are shown; ``named``: incidents that name a stop, or a line.
    ``rows``: cells that are shown and have something to show, the greatest excess first: ``name``, ``hour``, ``days``,
    ``boardings``, ``riders`` (at least so many), ``observed``, ``expected``, ``low``, ``high``, ``unusual``.
    ``cells``: how many cells can be shown; ``few``: closed because of their riders; ``beside``: closed with them.
    ``above``: cells with more incidents than boardings explain,
    and ``by_chance`` how many would be if boardings explained all.
    """

    side: str
    boardings: int
    incidents: int
    named: int
    rows: pl.DataFrame
    cells: int
    few: int
    beside: int
    above: int
    by_chance: float


@dataclass(frozen=True)
class Places:
    """Both sides. ``nowhere``: incidents without place and line; ``long``: those whose hour is a guess."""

    sides: Mapping[str, Side]
    incidents: int
    nowhere: int
    long: int


def places(
    ridership: Ridership,
    reported: Reported,
    calendar: Calendar,
    unusual: Mapping[str, Counts] | None = None,
    k: int = K,
) -> Places:
    """Where incidents gather. ``unusual``: by side, of rides that are unusual for their day, counted as boardings are;
    they are told only in cells that are shown and where ``k`` different riders had them.
    """
    begins, finish = reported.begins_us, reported.ends_us
    cell = calendar.cells(begins + (finish - begins) // 2)
    shown = open_cells(ridership, k)
    found = {
        side: _side(side, ridership, getattr(reported, side), cell, shown[side], (unusual or {}).get(side), k)
        for side in SIDES
    }
    nowhere = sum(place is None and line is None for place, line in zip(reported.place, reported.line, strict=True))
    return Places(found, len(reported), nowhere, int((finish - begins > LONG_US).sum()))


# --- in words -----------------------------------------------------------------------------------------------------


def sentence(side: str, row: Mapping[str, Any]) -> str:
    """A row in words: what was reported there, and what as many boardings would let one expect."""
    one = odds(row)
    ratio = f"{one.ratio:.1f} times as many" if one.ratio is not None else "too few to say how many times"
    incidents = "incident" if one.observed == 1 else "incidents"
    told = (
        f"{place(side, row)}: {one.observed} {incidents}, {one.expected:.1f} expected of its boardings; {ratio} "
        f"({one.low:.1f} to {one.high:.1f})"
    )
    return told if row["unusual"] is None else f"{told}; unusual rides: {row['unusual']}"


def advice(side: str, row: Mapping[str, Any]) -> str | None:
    """Where a steward should go, where incidents are more than boardings explain; else nothing."""
    if row["low"] <= 1:
        return None
    where = f"at {row['name']}" if side == "place" else f"on line {row['name']}"
    return f"A steward {where} from {clock(row)}, {row['days']}, would be where most is reported for who boards."


def place(side: str, row: Mapping[str, Any]) -> str:
    """The cell in words."""
    name = row["name"] if side == "place" else f"line {row['name']}"
    return f"{name}, {row['days']}, {clock(row)}"


def clock(row: Mapping[str, Any]) -> str:
    """The hour of a row."""
    return f"{row['hour']:02}:00 to {row['hour'] + 1:02}:00"


def odds(row: Mapping[str, Any]) -> Shrunk:
    """Observed over expected of a row."""
    return shrunk(row["observed"], row["expected"])


def summary(side: Side, k: int = K) -> list[str]:
    """What has to be known beside the rows of a side."""
    noun = "stop" if side.side == "place" else "line"
    if not side.cells:
        return [f"No {noun} had {k} different riders in any hour, or none that can be shown without telling of others."]
    cells = f"{noun}s and hours"
    few = f"{side.few:,} of the {cells} had fewer than {k} different riders and are not shown"
    beside = f"; nor are {side.beside:,} more, from which these could be worked out" if side.beside else ""
    lines = [few + beside + "."] if side.few else []
    lines.append(
        f"{side.above:,} of {side.cells:,} {cells} have more incidents than their boardings explain; if boardings "
        f"explained all, {side.by_chance:.1f} would."
    )
    elsewhere = side.named - side.incidents
    if elsewhere:
        lines.append(f"{elsewhere:,} of {side.named:,} incidents were at {noun}s and hours that are not shown.")
    return lines


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
        return len(members) > 1 and riders.max() >= self.k and bool(enough)


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


# --- what is told of them -----------------------------------------------------------------------------------------


def _side(
    side: str,
    ridership: Ridership,
    names: Sequence[str | None],
    cell: Numbers,
    shown: Truths,
    unusual: Counts | None,
    k: int,
) -> Side:
    counts, known = ridership.counts[side], ridership.names[side]
    keys = counts.name * CELLS + counts.cell
    number = {name: at for at, name in enumerate(known)}
    named = np.array([name is not None for name in names], dtype=np.bool_)
    of = np.array([number.get(name, -1) if name is not None else -1 for name in names], dtype=np.int64)
    observed = _matched(keys, of[of >= 0] * CELLS + cell[of >= 0])
    incidents, total = int(observed[shown].sum()), int(counts.boardings[shown].sum())
    expected = counts.boardings.astype(np.float64) * (incidents / max(total, 1))
    odd = np.full(len(keys), -1, dtype=np.int64)
    if unusual is not None:
        odd = _looked_up(
            keys, unusual.name * CELLS + unusual.cell, np.where(unusual.riders >= k, unusual.boardings, -1)
        )
    low, high = (special.gammaincinv(observed + SHRINK, at) / (expected + SHRINK) for at in ends(LEVEL))
    told = shown & ((observed > 0) | (odd > 0))
    rows = pl.DataFrame(
        {
            "name": pl.Series([known[at] for at in counts.name[told]], dtype=pl.String),
            "hour": counts.cell[told] // CLASSES,
            "days": pl.Series([DAYS[at] for at in counts.cell[told] % CLASSES], dtype=pl.String),
            "boardings": counts.boardings[told],
            "riders": counts.riders[told] // 10 * 10,
            "observed": observed[told],
            "expected": expected[told],
            "low": low[told],
            "high": high[told],
            "unusual": pl.Series(odd[told]).replace(-1, None),
        }
    )
    excess = (pl.col("observed") - pl.col("expected")).alias("excess")
    rows = rows.sort(-excess, "name", "hour", "days")
    few = int((counts.riders < k).sum())
    return Side(
        side,
        total,
        incidents,
        int(named.sum()),
        rows,
        int(shown.sum()),
        few,
        int((~shown).sum()) - few,
        int((low[shown] > 1).sum()),
        _above_by_chance(expected[shown]),
    )


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
