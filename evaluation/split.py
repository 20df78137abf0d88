"""Who is learnt from and who is tested: other tokens, later days, and styles of stealing that were not seen before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.simulate.city.rider import STYLE_NAMES
from evaluation.log import EPOCH_DAY, STAFF, THIEF, Log

Truths = NDArray[np.bool_]

# Five ways to part six styles; each is tested at least twice, and no two parts are the same.
TESTED = (
    ("corridor", "waiter", "careful"),
    ("crowd", "pair", "careful"),
    ("hopper", "waiter", "pair"),
    ("corridor", "crowd", "hopper"),
    ("hopper", "pair", "careful"),
)


@dataclass(frozen=True)
class Split:
    """By token: ``train`` or ``test`` (staff are in neither: their cards are known), and ``thief``. ``cut``: the first
    day of testing, counted as in the card-days; ``tested``: the styles that only the test has. ``each``: for so many an
    innocent token stands, where only a sample of them was made."""

    train: Truths
    test: Truths
    thief: Truths
    cut: int
    tested: tuple[str, ...]
    each: int

    @property
    def listed(self) -> NDArray[np.int64]:
        """The tokens that are tested; an innocent one as often as it stands for others."""
        tested = np.flatnonzero(self.test)
        return np.repeat(tested, np.where(self.thief[tested], 1, self.each))


def split(log: Log, seed: int, each: int = 1) -> Split:
    """Half of the innocent, and of thieves those of three styles of six, for the later half of the days."""
    rng = np.random.Generator(np.random.PCG64([seed, 77]))
    tested = TESTED[seed % len(TESTED)]
    thief, staff = log.token_class == THIEF, log.token_class == STAFF
    new = np.isin(log.city.riders.token_style, [STYLE_NAMES.index(name) for name in tested])
    half = rng.random(log.city.size) < 0.5
    # Two tokens of one person fall on the same side.
    riders = log.city.riders
    two = riders.phone >= 0
    half[riders.phone[two]] = half[riders.token[two]]
    test = np.where(thief, new, half) & ~staff
    return Split(~test & ~staff, test, thief, EPOCH_DAY + log.city.days // 2, tested, each)
