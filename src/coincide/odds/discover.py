"""Everyday things that hardly ever meet: where a rule's author may look for combinations that nobody thought of.

About types of things, never about anybody: a type counts only if at least fifty bought it, meetings below five are not
told, and neither windows nor dates nor those whose they are leave this module. Lists are made of types alone: four
types stand there because their pairs meet little, whether anybody ever bought all four or not. No rule is made and no
alert is raised. DESIGN, section 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coincide.engines.embedded.incidence import Incidence
from coincide.odds.discovery import ACTORS, Discovery
from coincide.odds.meeting import Kind, Meeting, rounded, told
from coincide.odds.pair import Pairs, pairs
from coincide.odds.quadruple import FOUR, Quadruples, quadruples

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]

TYPES = 3_000
"""More are not compared, for the memory that all their pairs take: those in most windows are."""
FOURS = 100
"""More sets of four are not listed, and they are grown from ten times as many pairs at most."""
MATRIX = 24
"""Types of the matrix: those of the worst pairs."""
SPREADS = 3
"""A window stands out from those of like size if it lies more than so many spreads above their median."""


def discover(marks: Incidence, width: int, most: int) -> Discovery:
    """The ``most`` pairs that meet least in windows of ``width`` days, and as many sets of four, up to a hundred."""
    actors = int(marks.owner.max(initial=-1)) + 1
    bought = _bought(marks)
    known = np.flatnonzero(bought >= ACTORS)
    spread = np.bincount(marks.type, minlength=len(marks.names))
    # In most windows first, then by name, so that nothing depends on the order of rows.
    chosen = np.sort(known[np.argsort(-spread[known], kind="stable")][:TYPES])
    about = Discovery(
        width=width,
        days=marks.days,
        by=marks.by,
        windows=marks.windows,
        actors=actors,
        types=len(chosen),
        few=len(marks.names) - len(known),
        beyond=len(known) - len(chosen),
        why_not=_why_not(marks, width, actors, len(known)),
    )
    if about.why_not is not None:
        return about
    kinds = [
        Kind(
            marks.names[one], marks.families[one], int(spread[one]), int(spread[one]) / about.windows, int(bought[one])
        )
        for one in chosen
    ]
    return _found(about, marks, chosen, kinds, most)


def _bought(marks: Incidence) -> Numbers:
    """How many bought each type."""
    whole = len(marks.names)
    once = np.unique(marks.owner[marks.window] * whole + marks.type)
    return np.bincount(once % max(1, whole), minlength=whole)


def _why_not(marks: Incidence, width: int, actors: int, known: int) -> str | None:
    if marks.days == 0:
        return "there is no purchase in the log"
    if marks.days < width:
        return f"not enough: the log has {_counted(marks.days, 'day')}, and a window has {width:,}"
    if not len(marks.window):
        return f"no purchase in a whole window has a known {marks.by}"
    if actors < ACTORS:
        return f"not enough: {_counted(actors, 'actor')}; {ACTORS} needed for a single type to count"
    if known == 0:
        return f"not enough: no {marks.by} was bought by {ACTORS} actors; that many are needed for it to count"
    if known == 1:
        return f"only one {marks.by} was bought by {ACTORS} actors; a pair needs two"
    return None


def _found(about: Discovery, marks: Incidence, chosen: Numbers, kinds: list[Kind], most: int) -> Discovery:
    place = np.full(len(marks.names), -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    there = place[marks.type] >= 0
    window, type_ = marks.window[there], place[marks.type[there]]
    all_pairs = pairs(window, type_, about.windows, len(chosen))
    content = all_pairs.content
    worst = quadruples(window, type_, about.windows, content)
    first, second = _least(content, most)
    listed = tuple(
        _pair(all_pairs, content, kinds, one, other) for one, other in zip(first.tolist(), second.tolist(), strict=True)
    )
    fours = tuple(
        _four(all_pairs, content, kinds, four, worst, window, type_)
        for four in _grown(content, [kind.family for kind in kinds], first, second, min(most, FOURS))
    )
    shown = sorted({*first[:MATRIX].tolist(), *second[:MATRIX].tolist()})[:MATRIX]
    cells = tuple(
        tuple(None if one == other else _pair(all_pairs, content, kinds, one, other) for other in shown)
        for one in shown
    )
    return replace(
        about,
        pairs=listed,
        fours=fours,
        matrix=tuple(kinds[one] for one in shown),
        cells=cells,
        apart=told(int((worst.apart > SPREADS).sum())),
        compared=len(worst.window),
    )


def _least(content: Floats, most: int) -> tuple[Numbers, Numbers]:
    """The pairs below what chance gives, worst first; of equal ones the first in the order of types."""
    first, second = np.triu_indices(len(content), 1)
    values = content[first, second]
    below = np.flatnonzero(values < 0)
    order = below[np.argsort(values[below], kind="stable")][:most]
    return first[order], second[order]


def _grown(
    content: Floats, families: list[str | None], first: Numbers, second: Numbers, most: int
) -> Iterator[tuple[int, ...]]:
    """Sets of four, each grown from a pair by what meets it least, of four families; no two share three types."""
    family = np.array([*_numbered(families)], dtype=np.int64)
    listed: list[frozenset[int]] = []
    for pair in zip(first[: 10 * FOURS].tolist(), second[: 10 * FOURS].tolist(), strict=True):
        if len(listed) == most:
            return
        four = _grow(content, family, list(pair))
        if four is not None and all(len(four & other) < FOUR - 1 for other in listed):
            listed.append(four)
            yield tuple(sorted(four))


def _grow(content: Floats, family: Numbers, four: list[int]) -> frozenset[int] | None:
    while len(four) < FOUR:
        adds = content[four].sum(axis=0)
        adds[np.isin(family, family[four])] = np.inf
        next_ = int(adds.argmin())
        # A type that meets the others as often as chance has it is no part of an odd combination.
        if not adds[next_] < 0:
            return None
        four = [*four, next_]
    return frozenset(four) if len(set(family[four].tolist())) == FOUR else None


def _numbered(families: list[str | None]) -> Iterator[int]:
    """A number for each family; a type of no known family is a family of its own."""
    known: dict[str, int] = {}
    for place, family in enumerate(families):
        yield -place - 1 if family is None else known.setdefault(family, len(known))


def _pair(all_pairs: Pairs, content: Floats, kinds: list[Kind], one: int, other: int) -> Meeting:
    return Meeting(
        (kinds[one], kinds[other]),
        told(int(all_pairs.met[one, other])),
        rounded(float(all_pairs.expected[one, other])),
        round(float(content[one, other]), 2),
    )


def _four(
    all_pairs: Pairs,
    content: Floats,
    kinds: list[Kind],
    four: tuple[int, ...],
    worst: Quadruples,
    window: Numbers,
    type_: Numbers,
) -> Meeting:
    total = float(sum(content[one, other] for place, one in enumerate(four) for other in four[:place]))
    together = np.bincount(window[np.isin(type_, four)], minlength=1)
    return Meeting(
        tuple(kinds[one] for one in four),
        told(int((together == FOUR).sum())),
        rounded(all_pairs.model.at_least(FOUR, all_pairs.spread[list(four)])),
        round(total, 2),
        told(int((worst.oddness >= -total).sum())),
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
