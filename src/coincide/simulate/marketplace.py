"""A simulated marketplace that knows its goods by title alone: a year of purchases in six languages.

The log is ground truth for the packs ``everyday-components`` and ``eu-2019-1148``. *Exactly* the planted cases match
their rules, as labelled, if titles are read as they are meant, because

- an ordinary household buys at most two of the everyday components and two of the precursors in the whole year,
  precursors by the piece and paid as usual;
- planted accounts buy components only as planned, and share a card only where labelled ``linked``.

Whoever buys most is a professional customer, so that pieces do not add up. Near misses are bought freely, by all, and
paid in every way. Everything follows from the seed, as in ``shop``; writing files is the matter of ``workspace``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.simulate.account import accounts, skewed
from coincide.simulate.case import UNUSUAL, USUAL, cases
from coincide.simulate.shop import CHUNK, SMALLEST, START_US, YEAR_US
from coincide.simulate.title import EVERYDAY, GOOD, LANGUAGES, PRECURSORS, TRAP, listings

_Ints = NDArray[np.int64]
_EVERYDAY_SHARE, _PRECURSOR_SHARE, _TRAP_SHARE = 0.01, 0.006, 0.08
_OTHER_LANGUAGE_SHARE = 0.1
_RETURNED_SHARE = 0.01
_UNUSUAL_SHARE = 0.1
_PAYMENTS = (*USUAL, *UNUSUAL)
_LINES_PER_TITLE = 10

SCHEMA = {
    "id": pl.String(),
    "when": pl.Datetime("us", "UTC"),
    "customer": pl.String(),
    "customer_type": pl.String(),
    "card_no": pl.String(),
    "payment": pl.String(),
    "title": pl.String(),
    "qty": pl.Int64(),
    "site": pl.String(),
}


class Marketplace:
    """The simulated log of ``size`` rows that follows from ``seed``.

    Raises ``ValueError`` if ``size`` is below ``SMALLEST`` or ``seed`` is negative.
    """

    def __init__(self, size: int, seed: int) -> None:
        if size < SMALLEST:
            raise ValueError(f"size is {size}; a marketplace has at least {SMALLEST} rows")
        if seed < 0:
            raise ValueError(f"seed is {seed}; it cannot be negative")
        self.size = size
        self.seed = seed
        first, second, self._lines = np.random.SeedSequence(seed).spawn(3)
        self.cases = cases(size, np.random.Generator(np.random.PCG64(first)))
        self.listings = listings(size // _LINES_PER_TITLE, np.random.Generator(np.random.PCG64(second)))
        kinds = [case.planted for case in self.cases for _ in range(case.accounts)]
        self._accounts = accounts(size, kinds)
        # Of each case its first account; the second of a linked one follows.
        self._first = self._accounts.of_buyer[np.cumsum([0, *(case.accounts for case in self.cases)])[:-1]]
        household = self._accounts.household
        self._language = _scattered(household, 1) % len(LANGUAGES)
        self._professional = (household < max(2, len(household) // 500)) | (_scattered(household, 2) % 25 == 0)
        for first_account, case in zip(self._first, self.cases, strict=True):
            mine = slice(first_account, first_account + case.accounts)
            self._language[mine], self._professional[mine] = case.language, case.professional

    def chunks(self) -> Iterator[pl.DataFrame]:
        """The log in time order, as frames of ``SCHEMA`` of about ``CHUNK`` rows; each call starts afresh."""
        rng = np.random.Generator(np.random.PCG64(self._lines))
        planted = self._planted()
        ordinary = self.size - len(planted)
        written = start = 0
        while start < ordinary:
            count = min(CHUNK, ordinary - start)
            low_us, high_us = YEAR_US * start // ordinary, YEAR_US * (start + count) // ordinary
            mine = planted.filter(pl.col("at_us").is_between(low_us, high_us, closed="left"))
            lines = pl.concat([self._ordinary(count, low_us, high_us, rng), mine]).sort("at_us", maintain_order=True)
            yield self._frame(written, lines, rng)
            written += len(lines)
            start += count

    def labels(self) -> pl.DataFrame:
        """One row a planted account: customer, planted, rule, language, expected_alerts, actor.

        ``expected_alerts`` is that of the actor, who is named by its first account by code point; the two accounts of a
        ``linked`` actor carry the same figure, which counts once.
        """
        rows = []
        for first, case in zip(self._first.tolist(), self.cases, strict=True):
            names = self._accounts.customer[first : first + case.accounts].to_list()
            answer = (case.planted, case.rule, LANGUAGES[case.language], case.alerts, min(names))
            rows += [(name, *answer) for name in names]
        columns = ["customer", "planted", "rule", "language", "expected_alerts", "actor"]
        return pl.DataFrame(rows, columns, orient="row").sort("customer")

    def titles(self) -> pl.DataFrame:
        """What each title is: as ``coincide catalog test`` reads it, with language, trap or not, name and way."""
        kind = pl.col("kind")
        components = pl.when(kind.is_in(["good", "trap"])).then(pl.lit("")).otherwise(kind).alias("components")
        table = self.listings.table.unique("title", maintain_order=True)
        return table.select("title", components, "language", "kind", "name", "way")

    def _planted(self) -> pl.DataFrame:
        rows = [
            (bought.at_us, first + bought.account, bought.kind, case.language, bought.pieces, bought.payment)
            for first, case in zip(self._first.tolist(), self.cases, strict=True)
            for bought in case.purchases
        ]
        return pl.DataFrame(rows, _LINE, orient="row").with_columns(
            payment=pl.col("payment").replace_strict(_PAYMENTS, range(len(_PAYMENTS)))
        )

    def _ordinary(self, count: int, low_us: int, high_us: int, rng: np.random.Generator) -> pl.DataFrame:
        """Lines of chance: who, when, what, in which language, how many, and how it was paid."""
        account = skewed(rng, count, len(self._accounts.household))
        language = self._language[account]
        other = rng.random(count) < _OTHER_LANGUAGE_SHARE
        language = np.where(other, rng.integers(0, len(LANGUAGES), count), language)
        kind = self._kinds(account, rng)
        regulated = kind >= PRECURSORS.start
        pieces = 1 + (rng.random(count) * rng.random(count) * 4).astype(np.int64)
        pieces[regulated] = 1
        pieces[rng.random(count) < _RETURNED_SHARE] = -1
        unusual = (rng.random(count) < _UNUSUAL_SHARE) & ~regulated
        # Three of four pay by card.
        usual = np.maximum(0, rng.integers(-8, len(USUAL), count))
        return pl.DataFrame(
            {
                "at_us": low_us + (rng.random(count) * (high_us - low_us)).astype(np.int64),
                "account": account,
                "kind": kind,
                "language": language,
                "pieces": pieces,
                "payment": np.where(unusual, len(USUAL) + usual, usual),
            },
            schema_overrides=dict.fromkeys(_LINE, pl.Int64),
        )

    def _kinds(self, account: _Ints, rng: np.random.Generator) -> _Ints:
        """Mostly goods, some near misses, now and then one of the household's two components and two precursors."""
        household, draw, turn = (
            self._accounts.household[account],
            rng.random(len(account)),
            rng.integers(0, 2, len(account)),
        )
        until = np.cumsum([_EVERYDAY_SHARE, _PRECURSOR_SHARE, _TRAP_SHARE])
        kind = np.select([draw < until[1], draw < until[2]], [GOOD, TRAP], GOOD)
        for low, high, kinds in ((0.0, until[0], EVERYDAY), (until[0], until[1], PRECURSORS)):
            rows = np.flatnonzero((draw >= low) & (draw < high) & ~self._accounts.planted[account])
            # Which two follows from the household: one, and another some places further.
            one = _scattered(household[rows], 3 + len(kinds))
            further = 1 + _scattered(household[rows], 4 + len(kinds)) % (len(kinds) - 1)
            kind[rows] = kinds.start + (one + turn[rows] * further) % len(kinds)
        return kind

    def _frame(self, written: int, lines: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        """Numbers to the columns of ``SCHEMA``; line ids count on."""
        account, language, kind, payment = (
            lines[name].to_numpy() for name in ("account", "language", "kind", "payment")
        )
        uniform = rng.random(len(lines))
        number = pl.Series(np.arange(written + 1, written + 1 + len(lines)))
        by_card = pl.Series(payment == 0)
        return pl.DataFrame(
            {
                "id": "L" + number.cast(pl.String).str.zfill(10),
                "when": (START_US + lines["at_us"]).cast(pl.Datetime("us", "UTC")),
                "customer": self._accounts.customer.gather(account),
                "customer_type": pl.Series(["private", "professional"]).gather(
                    self._professional[account].astype(np.int64)
                ),
                "card_no": self._accounts.card_no.gather(account).set(~by_card, None),
                "payment": pl.Series(_PAYMENTS).gather(payment),
                "title": self.listings.drawn(language, kind, uniform * uniform),
                "qty": lines["pieces"],
                "site": pl.Series(LANGUAGES).gather(language),
            },
            schema=SCHEMA,
        )


_LINE = {
    "at_us": pl.Int64, "account": pl.Int64, "kind": pl.Int64, "language": pl.Int64, "pieces": pl.Int64,
    "payment": pl.String,
}  # fmt: skip


def _scattered(number: _Ints, salt: int) -> _Ints:
    """Numbers to numbers that have nothing to do with them or with those of another salt, the same for every seed."""
    return ((number + 1) * (2_654_435_761 + 2 * salt * 40_503) >> 7) % 65_521
