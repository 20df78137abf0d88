"""A simulated marketplace: a year of purchases with labelled planted combinations.

The log is ground truth for one rule: three of the four components within 30 days, ``quantity > 0``, by actor,
with ``card`` as a strong link. *Exactly* the planted buyers match it, as labelled, because

- an ordinary household buys at most two of the components in the whole year (which two follows from its number),
  and accounts share a card only within a household, at most two of them;
- planted buyers buy components only as planned, and share a card only in the pairs labelled ``linked``.

Everything follows from the seed: one spawned random stream per purpose, whole columns, and only additions,
multiplications and comparisons of what is drawn, so that every machine makes the same log. Writing files is the
matter of ``workspace``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.simulate.account import Accounts, accounts, skewed
from coincide.simulate.item import COMPONENTS, ORDINARY, PER_COMPONENT, Items, items
from coincide.simulate.plant import DAY_US, LINKED, Planted, plant

SMALLEST = 1_000
"""Rows below which the planted buyers would be most of the log."""
CHUNK = 250_000
"""Ordinary rows drawn at once. Part of what a seed means: another value gives another log."""
START_US = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
YEAR_US = 365 * DAY_US
COMPONENT_SHARE = 0.01
"""Share of ordinary lines that are an item of a component."""
RETURNED_SHARE = 0.01
"""Share of ordinary lines that are goods sent back: quantity -1."""

_PAIRS = np.array([(a, b) for a in range(4) for b in range(a + 1, 4)], dtype=np.int64)
_Ints = NDArray[np.int64]

SCHEMA = {
    "id": pl.String(),
    "when": pl.Datetime("us", "UTC"),
    "customer": pl.String(),
    "card_no": pl.String(),
    "sku": pl.String(),
    "qty": pl.Int32(),
    "price_minor": pl.Int64(),
    "currency": pl.String(),
    "category": pl.String(),
    "seller": pl.String(),
}


class Shop:
    """The simulated log of ``size`` rows that follows from ``seed``.

    Raises ``ValueError`` if ``size`` is below ``SMALLEST`` or ``seed`` is negative.
    """

    def __init__(self, size: int, seed: int) -> None:
        if size < SMALLEST:
            raise ValueError(f"size is {size}; a shop has at least {SMALLEST} rows")
        if seed < 0:
            raise ValueError(f"seed is {seed}; it cannot be negative")
        self.size = size
        self.seed = seed
        first, *self._streams = np.random.SeedSequence(seed).spawn(7)
        self._planted = plant(size, np.random.Generator(np.random.PCG64(first)))
        self._accounts = accounts(size, self._planted.kind)

    def chunks(self) -> Iterator[pl.DataFrame]:
        """The log in time order, as frames of ``SCHEMA`` of about ``CHUNK`` rows; each call starts afresh."""
        who, what, when, parts, quantity, extra = (
            np.random.Generator(np.random.PCG64(stream)) for stream in self._streams
        )
        table = items()
        planted = self._planted
        order = np.argsort(planted.at_us, kind="stable")
        ordinary = self.size - len(order)
        written = start = taken = 0
        while start < ordinary:
            count = min(CHUNK, ordinary - start)
            low_us, high_us = YEAR_US * start // ordinary, YEAR_US * (start + count) // ordinary
            at = low_us + (when.random(count) * (high_us - low_us)).astype(np.int64)
            at.sort()
            # The square of a uniform number favours low account numbers: a heavy tail without transcendental functions,
            # whose last digit differs between machines.
            account = skewed(who, count, len(self._accounts.household))
            item = _ordinary_items(account, what, parts, self._accounts)
            pieces = 1 + (quantity.random(count) * quantity.random(count) * 4).astype(np.int64)
            pieces[extra.random(count) < RETURNED_SHARE] = -1

            until = int(np.searchsorted(planted.at_us[order], high_us))
            mine = order[taken:until]
            columns = _merged(at, account, item, pieces, planted, mine, self._accounts, table)
            yield _frame(written, *columns, self._accounts, table)
            written += count + len(mine)
            start, taken = start + count, until

    def labels(self) -> pl.DataFrame:
        """One row a planted account, by customer: customer, planted, expected_alerts, actor.

        ``expected_alerts`` is that of the actor, who is named by its first account by code point; the two
        accounts of a ``linked`` actor carry the same figure, which counts once.
        """
        planted = self._planted
        customers = self._accounts.customer.gather(self._accounts.of_buyer).to_list()
        actors = list(customers)
        linked = [index for index, kind in enumerate(planted.kind) if kind == LINKED]
        for first, second in zip(linked[::2], linked[1::2], strict=True):
            actors[first] = actors[second] = min(customers[first], customers[second])
        return pl.DataFrame(
            {"customer": customers, "planted": planted.kind, "expected_alerts": planted.alerts, "actor": actors}
        ).sort("customer")


def shop(size: int, seed: int) -> Iterator[pl.DataFrame]:
    """The log alone; see :class:`Shop`."""
    return Shop(size, seed).chunks()


def _ordinary_items(account: _Ints, what: np.random.Generator, parts: np.random.Generator, accounts: Accounts) -> _Ints:
    """Item numbers of ordinary lines: mostly ordinary items, now and then one of the household's two components."""
    item = skewed(what, len(account), ORDINARY)
    draw = parts.random(len(account))
    rows = np.flatnonzero((draw < COMPONENT_SHARE) & ~accounts.planted[account])
    pair = _PAIRS[accounts.household[account[rows]] % len(_PAIRS)]
    # What is left of the draw below the share says which of the two components and which item of it.
    choice = (draw[rows] / COMPONENT_SHARE * 2 * PER_COMPONENT).astype(np.int64)
    np.minimum(choice, 2 * PER_COMPONENT - 1, out=choice)  # the quotient may round up to 1
    component = pair[np.arange(len(rows)), choice % 2]
    item[rows] = ORDINARY + PER_COMPONENT * component + choice // 2
    return item


def _merged(
    at: _Ints,
    account: _Ints,
    item: _Ints,
    pieces: _Ints,
    planted: Planted,
    mine: _Ints,
    accounts: Accounts,
    table: Items,
) -> tuple[_Ints, _Ints, _Ints, _Ints]:
    """The four columns with the planted purchases ``mine`` put in at their times."""
    if not len(mine):
        return at, account, item, pieces
    place = np.searchsorted(at, planted.at_us[mine], side="right")
    return (
        np.insert(at, place, planted.at_us[mine]),
        np.insert(account, place, accounts.of_buyer[planted.buyer[mine]]),
        np.insert(item, place, table.first_of[planted.component[mine]] + planted.item[mine]),
        np.insert(pieces, place, 1),
    )


def _frame(
    first: int, at: _Ints, account: _Ints, item: _Ints, pieces: _Ints, accounts: Accounts, table: Items
) -> pl.DataFrame:
    """Numbers to the columns of ``SCHEMA``; line ids count on from ``first``."""
    who = pl.lit(pl.Series(account.astype(np.uint32)))
    what = pl.lit(pl.Series(item.astype(np.uint32)))
    number = pl.Series("number", np.arange(first + 1, first + 1 + len(at), dtype=np.int64))
    return pl.select(
        id=pl.lit("L") + pl.lit(number).cast(pl.String).str.zfill(10),
        when=pl.lit(pl.Series(START_US + at)).cast(pl.Datetime("us", "UTC")),
        customer=pl.lit(accounts.customer).gather(who),
        card_no=pl.lit(accounts.card_no).gather(who),
        sku=pl.lit(table.sku).gather(what),
        qty=pl.lit(pl.Series(pieces.astype(np.int32))),
        price_minor=pl.lit(pl.Series(table.price_minor[item])),
        currency=pl.lit(pl.Series(["EUR"])).gather(pl.lit(pl.Series(np.zeros(len(at), dtype=np.uint32)))),
        category=pl.lit(table.category).gather(what),
        seller=pl.lit(table.seller).gather(what),
    )


__all__ = ["COMPONENTS", "SCHEMA", "SMALLEST", "Shop", "shop"]
