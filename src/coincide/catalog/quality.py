"""How well tags fit labels: precision, recall, and how sure they are.

Counted is by title and component: a title that is labelled with two components and tagged with one of them is one
hit and one miss. The intervals are Wilson's (1927): they hold for few titles and for shares near one, where the usual
ones reach beyond it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import sqrt

Z = 1.959963984540054
"""Of the normal distribution 95 % lies within so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What was tagged rightly, what wrongly, and what was missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Quality) -> Quality:
        return Quality(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float:
        """The share of tags that are right; 1 if there is no tag."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of labels that were found; 1 if there is no label."""
        return _share(self.right, self.right + self.missed)

    @property
    def precision_interval(self) -> tuple[float, float]:
        """Within which the precision is, with 95 % confidence."""
        return wilson(self.right, self.right + self.wrong)

    @property
    def recall_interval(self) -> tuple[float, float]:
        """Within which the recall is, with 95 % confidence."""
        return wilson(self.right, self.right + self.missed)


def by_component(titles: Iterable[tuple[Collection[str], Collection[str]]]) -> dict[str, Quality]:
    """The quality for each component that occurs, by name; ``titles`` are labels and tags of each."""
    found: defaultdict[str, Quality] = defaultdict(Quality)
    for labels, tags in titles:
        for component in {*labels, *tags}:
            wanted, tagged = component in labels, component in tags
            found[component] += Quality(int(wanted and tagged), int(not wanted), int(not tagged))
    return dict(sorted(found.items()))


def pooled(titles: Iterable[tuple[Collection[str], Collection[str]]]) -> Quality:
    """The quality over all components, each tag and each label counting alike."""
    return sum(by_component(titles).values(), Quality())


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a share; of nothing nothing is known."""
    if of == 0:
        return 0.0, 1.0
    share, square = hits / of, Z * Z / of
    middle = (share + square / 2) / (1 + square)
    half = Z * sqrt(share * (1 - share) / of + square / (4 * of)) / (1 + square)
    # At none and at all the end is exact; as a float it would be a little beyond.
    return (middle - half if hits else 0.0), (middle + half if hits < of else 1.0)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
