"""A table of windows and types filled at random with both margins kept exactly: the judge of the entropy model.

Strona et al. (2014), 10.1038/ncomms5114: two windows trade the types that only one of them has, again and again.
Plain loops over sets, and no code of ours.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

Table = list[set[int]]


def shuffled(table: Table, trades: int, dice: random.Random) -> None:
    """``trades`` trades between two windows, in place. Every margin stays as it is."""
    for _ in range(trades):
        one, other = dice.sample(range(len(table)), 2)
        first, second = table[one], table[other]
        only = sorted(first - second) + sorted(second - first)
        mine = len(first - second)
        if not mine or mine == len(only):
            continue
        dice.shuffle(only)
        both = first & second
        table[one], table[other] = both | set(only[:mine]), both | set(only[mine:])


def draws(table: Table, count: int, dice: random.Random, *, burn: int = 5, apart: int = 2) -> Iterator[Table]:
    """``count`` tables with the margins of ``table``; ``burn`` and ``apart``: trades for each window."""
    current = [set(types) for types in table]
    shuffled(current, burn * len(current), dice)
    for _ in range(count):
        shuffled(current, apart * len(current), dice)
        yield current


def holding(table: Table, chosen: set[int], k: int) -> int:
    """How many windows hold at least ``k`` of the chosen types."""
    return sum(len(types & chosen) >= k for types in table)
