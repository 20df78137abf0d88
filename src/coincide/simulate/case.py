"""Planted cases for the rules of packs: what was bought, in which language, and the answer for each.

- ``inside``: the rule holds, every third time by a microsecond. One alert.
- ``outside``: it just misses: by a microsecond, by a piece, because there are fewer different goods than titles,
  because the customer is a professional or pays as usual, because the goods went back or only sound like it. None.
- ``linked``: like ``inside``, over two accounts that pay with one card. One alert for the actor that the two are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coincide.simulate.plant import DAY_US, INSIDE, LINKED, OUTSIDE, WINDOW_US, times
from coincide.simulate.title import EVERYDAY, LANGUAGES, PRECURSORS, TRAP

USUAL, UNUSUAL = ("card", "paypal", "transfer", "invoice"), ("cash", "crypto", "prepaid", "voucher")
EVERYDAY_COMBINATION, COMBINATION = "everyday-combination", "precursor-combination"
QUANTITY, PAYMENT = "precursor-quantity", "precursor-payment"
RULES = (EVERYDAY_COMBINATION, COMBINATION, QUANTITY, PAYMENT)
ROWS_PER_CASE = 50_000
"""For so many rows one case of each kind in each language."""


class Purchase(NamedTuple):
    """One line; ``account`` is 1 for the second of two linked ones, ``kind`` a position in ``KINDS``."""

    at_us: int
    kind: int
    pieces: int = 1
    payment: str = "card"
    account: int = 0


@dataclass(frozen=True)
class Case:
    """What one planted actor buys, and the rule that finds it or just misses it."""

    rule: str
    planted: str
    language: int
    purchases: tuple[Purchase, ...]
    professional: bool = False

    @property
    def alerts(self) -> int:
        """How many the rule has to raise."""
        return int(self.planted != OUTSIDE)

    @property
    def accounts(self) -> int:
        """Over how many accounts it is spread."""
        return 2 if self.planted == LINKED else 1


def cases(size: int, rng: np.random.Generator) -> list[Case]:
    """Draw the cases of a log of ``size`` rows; some thousand for a million rows, so loops are fine."""
    drawn = []
    for language in range(len(LANGUAGES)):
        for number in range(max(1, size // ROWS_PER_CASE)):
            # Where there is one of each, the languages have different ones.
            turn = number + language
            for rule, kinds, window_us in (
                (EVERYDAY_COMBINATION, EVERYDAY, WINDOW_US),
                (COMBINATION, PRECURSORS, 3 * WINDOW_US),
            ):
                drawn += _combination(rule, kinds, window_us, language, turn, rng)
            drawn += _quantity(language, turn, rng)
            drawn += _payment(language, turn, rng)
    return drawn


def _combination(
    rule: str, kinds: range, window_us: int, language: int, turn: int, rng: np.random.Generator
) -> list[Case]:
    def bought(width_us: int, count: int, accounts: int = 1) -> tuple[Purchase, ...]:
        chosen = rng.permutation(kinds)[:count].tolist()
        at = times(rng, width_us, count)
        return tuple(
            Purchase(*pair, account=number % accounts) for number, pair in enumerate(zip(at, chosen, strict=True))
        )

    edge = window_us - 1 if turn % 3 == 0 else int(rng.integers(DAY_US, window_us))
    late = window_us if turn % 2 == 0 else int(rng.integers(window_us, window_us + 15 * DAY_US))
    found = [
        Case(rule, INSIDE, language, bought(edge, 4 if turn % 4 == 3 else 3)),
        Case(rule, LINKED, language, bought(int(rng.integers(DAY_US, window_us)), 3, accounts=2)),
    ]
    if turn % 3 == 0:
        first, second, third = bought(edge, 3)
        return [*found, Case(rule, OUTSIDE, language, (first, second, third._replace(kind=first.kind)))]
    if turn % 3 == 1 and rule == COMBINATION:
        return [*found, Case(rule, OUTSIDE, language, bought(edge, 4), professional=True)]
    return [*found, Case(rule, OUTSIDE, language, bought(late, 3))]


def _quantity(language: int, turn: int, rng: np.random.Generator) -> list[Case]:
    def bought(width_us: int, *pieces: int, accounts: int = 1) -> tuple[Purchase, ...]:
        kinds = rng.permutation(PRECURSORS)[:2].tolist()
        at = times(rng, width_us, len(pieces))
        return tuple(
            Purchase(at[number], kinds[number % 2], count, account=number % accounts)
            for number, count in enumerate(pieces)
        )

    width = WINDOW_US - 1 if turn % 3 == 0 else int(rng.integers(DAY_US, WINDOW_US))
    inside = ((5, 5), (10, 1), (3, 4, 3), (2, 3, 4, 5))[turn % 4]
    late, few, many = bought(WINDOW_US, 6, 6), bought(width, 4, 5), bought(width, 20, 20)
    return [
        Case(QUANTITY, INSIDE, language, bought(width, *inside)),
        Case(QUANTITY, LINKED, language, bought(width, 5, 5, accounts=2)),
        Case(QUANTITY, OUTSIDE, language, (late, few, many)[turn % 3], professional=turn % 3 == 2),
    ]


def _payment(language: int, turn: int, rng: np.random.Generator) -> list[Case]:
    at, other = times(rng, WINDOW_US, 2)
    kind, another = rng.permutation(PRECURSORS)[:2].tolist()
    usual, unusual = USUAL[turn % len(USUAL)], UNUSUAL[turn % len(UNUSUAL)]
    missed = (
        Purchase(other, another, payment=usual),
        Purchase(other, another, pieces=-1, payment=unusual),
        Purchase(other, TRAP, payment=unusual),
    )
    return [
        Case(PAYMENT, INSIDE, language, (Purchase(at, kind, payment=unusual),)),
        Case(PAYMENT, OUTSIDE, language, (missed[turn % 3],)),
    ]
