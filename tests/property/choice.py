"""Where random choices come from: hypothesis, which can shrink them, or a seed, which is quick.

Generators take a :class:`Choice` and nothing else, so that the same worlds can be drawn both ways.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Choice(Protocol):
    """A source of whole numbers."""

    def below(self, end: int) -> int:
        """A number from 0 up to and without ``end``; simpler cases are smaller numbers."""
        ...

    def of(self, options: Sequence[T]) -> T:
        """One of the options; the first is the simplest."""
        ...

    def percent(self, share: int) -> bool:
        """True in about ``share`` of 100 cases."""
        ...


class _Derived:
    def below(self, end: int) -> int:
        raise NotImplementedError

    def of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))] if len(options) > 1 else options[0]

    def percent(self, share: int) -> bool:
        return self.below(100) >= 100 - share


class Drawn(_Derived):
    """Choices that hypothesis makes."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def below(self, end: int) -> int:
        return self._draw(_below(end))


class Seeded(_Derived):
    """Choices of a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, end: int) -> int:
        return self._random.randrange(end)


@cache
def _below(end: int) -> st.SearchStrategy[int]:
    return st.integers(0, end - 1)


def drawn(build: Callable[[Choice], T]) -> st.SearchStrategy[T]:
    """The strategy of what ``build`` makes of choices."""

    @st.composite
    def strategy(draw: Any) -> T:
        return build(Drawn(draw))

    return strategy()
