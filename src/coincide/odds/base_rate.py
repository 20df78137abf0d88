"""How many alerts a person reads for each true one, where true ones are rare.

Of all actors a share ``p`` is what the rule looks for; it finds a share ``r`` of them (recall), and matches a share
``f`` of the innocent. Of the alerts that are read, one in ``(p r + (1 - p) f) / (p r)`` is a true one. How rare is rare
nobody knows: the table goes from one in a thousand to one in a million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ONE_IN = (1_000, 10_000, 100_000, 1_000_000)
"""The prevalences of the table."""
RECALL = 0.9
"""Of the table, unless another is said: generous, so that the figures are rather too good."""


@dataclass(frozen=True, slots=True)
class BaseRate:
    """What one true alert costs: ``alerts_per_true`` alerts are read for it, itself among them, or ``why_not``."""

    one_in: int
    recall: float
    alerts_per_true: float | None
    why_not: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """As JSON; ``{"why_not": ...}`` stands in the place of a figure that cannot be had."""
        figure = self.alerts_per_true if self.why_not is None else {"why_not": self.why_not}
        told = {"prevalence": 1 / self.one_in, "one_in": self.one_in, "recall": self.recall}
        return {**told, "alerts_per_true": figure}


def base_rate(one_in: int, innocent: float, recall: float = RECALL) -> BaseRate:
    """At one true actor in ``one_in``; ``innocent``: the share of the innocent that match, observed or expected.

    Raises ``ValueError`` for what is no share, and for a prevalence above one.
    """
    if one_in < 1:
        raise ValueError(f"one in {one_in!r} is no prevalence")
    for share in (innocent, recall):
        if not 0 <= share <= 1:
            raise ValueError(f"{share!r} is no share")
    found = recall / one_in
    if found == 0:
        return BaseRate(one_in, recall, None, "with a recall of 0 no alert is a true one")
    return BaseRate(one_in, recall, (found + (1 - 1 / one_in) * innocent) / found)


def table(innocent: float, recall: float = RECALL, one_in: Sequence[int] = ONE_IN) -> list[BaseRate]:
    """A row a prevalence."""
    return [base_rate(number, innocent, recall) for number in one_in]
