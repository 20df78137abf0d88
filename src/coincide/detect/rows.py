"""The rows of a run as one table: canonical columns, component tags, codes for sorting, copies of one event.

Everything that several rules share is computed once here: which rows are copies of each other and which copy
sorts first, and the order of rows for each thing that rules look ``by``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.detect.kernel.observations import Positions, Truths
from coincide.entities.link import coded
from coincide.events.event import contract_order

TAGSET = "tagset"
"""Column: number of the set of components that the row's item carries."""
_KEY = ("account", "occurred_at", "event_id")
"""With the source: equal in all copies of an event."""
BOOKKEEPING = ("file", "position", "digest", "source", "namespace", "actor_namespace", "actor_account", "first", TAGSET)


@dataclass(frozen=True)
class Rows:
    """Rows of all sources of a run.

    ``frame``: the canonical columns of every source (missing columns are null), and ``source``, ``namespace``
    (of the account), ``actor_namespace``, ``actor_account`` (the first account of the actor), ``tagset``.
    ``tagsets``: the components of each tagset number.
    """

    frame: pl.DataFrame
    tagsets: tuple[frozenset[str], ...]

    def __len__(self) -> int:
        return self.frame.height

    def flagged(self, field: str) -> Truths:
        """Where the field is there but cannot be read."""
        name = f"!{field}"
        if name not in self.frame.columns:
            return np.zeros(len(self), dtype=np.bool_)
        return self.frame[name].fill_null(False).to_numpy()

    def present(self, field: str) -> Truths:
        """Where the field has a readable value."""
        if field not in self.frame.columns:
            return np.zeros(len(self), dtype=np.bool_)
        return self.frame[field].is_not_null().to_numpy()

    def carries(self, components: Iterable[str]) -> Truths:
        """Where the item carries one of the components. Not to be written into: rules share it."""
        wanted = frozenset(components)
        if wanted not in self._carries:
            table = np.array([bool(wanted & tags) for tags in self.tagsets], dtype=np.bool_)
            found = table[self._tagset] if len(table) else np.zeros(len(self), dtype=np.bool_)
            self._carries[wanted] = found
        return self._carries[wanted]

    @cached_property
    def _carries(self) -> dict[frozenset[str], Truths]:
        return {}

    @cached_property
    def fits(self) -> dict[Hashable, Any]:
        """What ``fit`` found for a rule, for the other rules that select alike."""
        return {}

    @cached_property
    def _tagset(self) -> NDArray[np.uint32]:
        return self.frame[TAGSET].to_numpy()

    @cached_property
    def at(self) -> Positions:
        """``occurred_at`` in microseconds; -1 where missing."""
        return self.frame["occurred_at"].fill_null(-1).to_numpy()

    @cached_property
    def account(self) -> Positions:
        """A code for each (namespace, account)."""
        return _codes(self.frame, ("namespace", "account"))

    @cached_property
    def copies(self) -> tuple[Positions, Positions]:
        """``(event, rank)``: rows of one number are copies of one event; -1 where there is no other copy.

        ``rank`` orders copies by all mapped fields in the order of the contract, missing first.
        """
        event = np.full(len(self), -1, dtype=np.int64)
        rank = np.zeros(len(self), dtype=np.int64)
        order = self._by_account
        suspects = order[_in_ties(self.account[order], self.at[order])]
        if not len(suspects):
            return event, rank
        # Ties stand together, so a tie's number and a code of source and id say which rows are copies.
        tie = np.cumsum(_fresh(self.account[suspects], self.at[suspects]))
        name = coded(self.frame.select("source", "event_id")[suspects])[0].astype(np.int64)
        key = pl.Series(tie * (int(name.max()) + 1) + name)
        copied = np.flatnonzero(key.is_duplicated().to_numpy())
        found = pl.DataFrame({"~event": key, "~row": suspects})[copied]
        others = contract_order(
            column
            for column in self.frame.columns
            if not column.startswith("!") and column not in (*BOOKKEEPING, *_KEY)
        )
        fields = self.frame.select(others)[found["~row"]]
        differing = fields.select(column for column in fields if column.n_unique() > 1)
        found = found.hstack(differing).sort("~event", *differing.columns, nulls_last=False, maintain_order=True)
        rows = found["~row"].to_numpy()
        event[rows] = found["~event"].to_numpy()
        rank[rows] = np.arange(len(rows))
        return event, rank

    def order(self, by: str) -> tuple[Positions, Positions]:
        """``(code, rows)``: a code of the ``by`` value of each row, and all rows in the strict order.

        The order is ``(code, occurred_at, source, event_id, account)``, texts by code point.
        """
        if by not in self._orders:
            self._orders[by] = self._ordered(by)
        return self._orders[by]

    @cached_property
    def _orders(self) -> dict[str, tuple[Positions, Positions]]:
        return {}

    def _ordered(self, by: str) -> tuple[Positions, Positions]:
        match by:
            case "account":
                return self.account, self._untied(self.account, self._by_account.copy())
            case "actor":
                code = _codes(self.frame, ("actor_namespace", "actor_account"))
            case _:
                code = _codes(self.frame, (by,))
        return code, self._untied(code, _by_code_and_time(code, self.at))

    @cached_property
    def _by_account(self) -> Positions:
        return _by_code_and_time(self.account, self.at)

    def _untied(self, code: Positions, order: Positions) -> Positions:
        """Rows in order of code and time, now those of equal time in order of their names."""
        ties = np.flatnonzero(_in_ties(code[order], self.at[order]))
        if len(ties):
            tied = self.frame.select("source", "event_id", "account")[order[ties]].with_columns(
                pl.Series("~code", code[order[ties]]),
                pl.Series("~at", self.at[order[ties]]),
                pl.Series("~row", order[ties]),
            )
            # A run of ties keeps its places: sorting by code and time first leaves every run where it is.
            order[ties] = tied.sort("~code", "~at", "source", "event_id", "account")["~row"].to_numpy()
        return order


def _codes(frame: pl.DataFrame, names: tuple[str, ...]) -> Positions:
    """Equal codes for equal values; no order is promised."""
    return coded(frame.select(names))[0].astype(np.int64)


def _by_code_and_time(code: Positions, at: Positions) -> Positions:
    """Row numbers sorted by code, then time; what ties is in any order."""
    frame = pl.DataFrame({"code": code, "at": at}).with_row_index("row")
    return frame.sort("code", "at")["row"].to_numpy().astype(np.int64)


def _in_ties(first: Positions, second: Positions) -> Truths:
    """Of rows sorted by the two keys, those that share both with a neighbour."""
    fresh = _fresh(first, second)
    alone: Truths = fresh.copy()
    alone[:-1] &= fresh[1:]
    return ~alone


def _fresh(first: Positions, second: Positions) -> Truths:
    """Of rows sorted by the two keys, those that share both with no row before them."""
    fresh = np.ones(len(first), dtype=np.bool_)
    fresh[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return fresh
