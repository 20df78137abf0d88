"""Work on many things, in order, with a few begun ahead."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(pool: Executor, work: Callable[[T], R], given: Iterable[T]) -> Iterator[R]:
    """What the work gives of each. Nothing of it goes on when the iteration ends, however it does."""
    incoming = iter(given)
    most = 2 * (os.cpu_count() or 1)
    waiting = deque(pool.submit(work, one) for one in islice(incoming, most))
    try:
        while waiting:
            done = waiting.popleft().result()
            waiting.extend(pool.submit(work, one) for one in islice(incoming, 1))
            yield done
    finally:
        for begun in waiting:
            begun.cancel()
        wait(waiting)
