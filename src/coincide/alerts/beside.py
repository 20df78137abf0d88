"""What parts above this one keep about accounts, such as reports: told, erased and aged together with the alerts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

About = tuple[str, Collection[int]]
"""A pseudonym, and the numbers of the alerts that name it."""


@dataclass(frozen=True, slots=True)
class Beside:
    """``noun``: what they are called, in the plural; it names their count.

    ``held``: what is stored about somebody, as JSON, with nothing about others in it. ``under_way``: what of it is not
    finished, in words such as ``the report R-3``. ``erase``: takes it out, in the transaction of the erasure and as of
    its time; how many. ``young``: the alerts of which there is something that is not older than a time. ``bury``: takes
    out what there is of alerts, whomever it names; how many.
    """

    noun: str
    held: Callable[[Connection, About], list[dict[str, Any]]]
    under_way: Callable[[Connection, About], list[str]]
    erase: Callable[[Connection, About, int], int]
    young: Callable[[Connection, int], set[int]]
    bury: Callable[[Connection, Collection[int], int], int]
