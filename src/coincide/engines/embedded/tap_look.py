"""The taps of one source for a look at the whole of them: who is a hash, vehicles and actions are codes.

No token leaves the database. Of more taps than memory should hold those of a share of the tokens are taken, whole
tokens each, so that what follows what on a card is still to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from sqlglot import exp

from coincide.detect.journey.coded import codes
from coincide.detect.journey.taps import MISSING, Taps
from coincide.engines.embedded.history import AT, BATCH, ZONED, Reading
from coincide.engines.embedded.meant import action, legible
from coincide.events import zone
from coincide.events.batch import Batch
from coincide.events.event import TAP
from coincide.events.mapping import mapped, passed_over, projection, raw_columns

MOST = 5_000_000
"""Taps that are taken together."""
READERS = ("vehicle", "device", "place")
"""What tells readers apart. A clock has the vehicle, or where none is named the device, such as a gate."""
_SCHEMA = {
    **{"token": pl.UInt64, "at": pl.Int64, "zoned": pl.Boolean, "action": pl.Int8},
    **dict.fromkeys(READERS, pl.String),
}
_DAY_US = 86_400_000_000
_BUSY = 1_000


@dataclass(frozen=True)
class TapLook:
    """``frame``: ``token`` (a hash), ``at`` (UTC, microseconds), ``unit`` (code of ``units``), ``action`` and the codes
    of ``place``, ``vehicle`` and ``device``; -1 where none is named, and where the action is none of ours. ``taken`` is
    one of so many tokens.

    ``taps`` are all there are; ``empty`` those without an account, ``anonymous`` those of accounts that the settings
    call so, ``others`` those whose action is none of ours. ``busiest``: taps of the account that has the most
    altogether; ``busiest_day``: the most of one account on a day (UTC).
    """

    frame: pl.DataFrame
    units: tuple[str, ...]
    taps: int
    empty: int
    anonymous: int
    others: int
    taken: int
    busiest: int
    busiest_day: int

    @property
    def riding(self) -> Taps:
        """Those that are part of riding. Line and product have no say in what is paired and what is doubled."""
        frame = self.frame.filter(pl.col("action") != MISSING)
        token = frame["token"].rank("dense").cast(pl.Int32) - 1
        none = pl.repeat(MISSING, len(frame), dtype=pl.Int8, eager=True)
        columns = (token, frame["at"], frame["action"], frame["place"], none, frame["vehicle"], frame["device"], none)
        return Taps(*(column.to_numpy() for column in columns))


def taps(reading: Reading) -> TapLook:
    """All taps of a source with an account and a usable time, or a share of them by token."""
    stamps, names = reading.reader.files(), _names(reading)
    columns = raw_columns(reading.source, ("occurred_at", *names))
    counted = [pl.DataFrame(schema={"token": pl.UInt64, "taps": pl.Int64, "others": pl.Int64})]
    for batch in reading.batches(stamps, columns):
        counted += reading.ask(batch, "tokens", partial(_by_token, reading, names))
    tokens = pl.concat(counted).group_by("token").agg(pl.col("taps", "others").sum())
    total, empty = int(tokens["taps"].sum()), int(tokens.filter(pl.col("token").is_null())["taps"].sum())
    known = tokens.filter(pl.col("token").is_not_null())
    anonymous = _anonymous(reading)
    share = max(1, -(-(total - empty) // MOST))
    busy = known.filter(pl.col("taps") > _BUSY).sort("taps", descending=True)["token"].head(_BUSY).to_list()
    frames = [pl.DataFrame(schema=_SCHEMA)]
    for batch in reading.batches(stamps, columns):
        frames += reading.ask(batch, "taps", partial(_rows, reading, names, share, busy))
    rows = pl.concat(frames, how="vertical_relaxed")
    unit, units = codes(rows["vehicle"].fill_null(rows["device"]))
    frame = rows.select(
        "token",
        pl.Series("at", _instants(rows, reading.source.timezone)),
        "action",
        pl.Series("unit", unit),
        *(pl.Series(name, codes(rows[name])[0]) for name in READERS),
    )
    days = frame.group_by("token", day=pl.col("at") // _DAY_US).len()["len"]
    return TapLook(
        frame,
        tuple(units),
        total,
        empty - anonymous,
        anonymous,
        int(tokens["others"].sum()),
        share,
        int(known["taps"].sort().tail(1).sum()),
        int(days.sort().tail(1).sum()),
    )


def _anonymous(reading: Reading) -> int:
    """Taps of accounts that stand for nobody in particular, which read as none."""
    if not reading.source.anonymous:
        return 0
    kind = ("kind",) if reading.source.kind is None else ()
    found = 0
    for batch in reading.batches(
        reading.reader.files(), raw_columns(reading.source, ("occurred_at", "account", *kind))
    ):
        for frame in reading.ask(batch, "anonymous", partial(_of_nobody, reading)):
            found += int(frame["taps"].sum())
    return found


def _of_nobody(reading: Reading, batch: Batch) -> exp.Query:
    statement = exp.select(exp.Count(this=exp.Star()).as_("taps")).from_(
        exp.Table(this=exp.to_identifier(BATCH, quoted=True))
    )
    nobody = passed_over(reading.source, batch.columns)
    assert nobody is not None
    if reading.source.kind is None:
        kind = projection(reading.source, batch.columns, only={"kind"})["kind"]
        statement = statement.where(kind.eq(exp.Literal.string(TAP)))
    return statement.where(nobody)


def _names(reading: Reading) -> tuple[str, ...]:
    there = mapped(reading.source)
    return tuple(name for name in ("kind", "account", "action", *READERS) if name in there)


def _taps(reading: Reading, names: Sequence[str], batch: Batch) -> exp.Query:
    rows = exp.select("*").from_(reading.rows(batch, names).subquery("rows"))
    if reading.source.kind is None:
        rows = rows.where(_column("kind").eq(exp.Literal.string(TAP)))
    return rows


def _by_token(reading: Reading, names: Sequence[str], batch: Batch) -> exp.Query:
    others = exp.EQ(this=_action(names), expression=exp.convert(MISSING))
    return (
        exp.select(
            _token(names).as_("token"),
            exp.Count(this=exp.Star()).as_("taps"),
            exp.cast(exp.Sum(this=exp.cast(others, "INTEGER")), "BIGINT").as_("others"),
        )
        .from_(_taps(reading, names, batch).subquery("taps"))
        .group_by("1")
    )


def _rows(reading: Reading, names: Sequence[str], share: int, busy: Sequence[int], batch: Batch) -> exp.Query:
    statement = (
        exp.select(
            _token(names).as_("token"),
            exp.cast(_column(AT), "BIGINT").as_("at"),
            _column(ZONED).as_("zoned"),
            _action(names).as_("action"),
            *(_text(name, names).as_(name) for name in READERS),
        )
        .from_(_taps(reading, names, batch).subquery("taps"))
        .where(exp.not_(_token(names).is_(exp.null())))
        .where(exp.not_(_column(AT).is_(exp.null())))
    )
    if share == 1:
        return statement
    taken = exp.EQ(
        this=exp.Mod(this=_token(names), expression=exp.Literal.number(share)), expression=exp.Literal.number(0)
    )
    among = _token(names).isin(*(exp.Literal.number(token) for token in busy)) if busy else exp.false()
    return statement.where(exp.or_(taken, among))


def _token(names: Sequence[str]) -> exp.Expr:
    if "account" not in names:
        return exp.cast(exp.null(), "UBIGINT")
    hashed = exp.Anonymous(this="hash", expressions=[_column("account")])
    return exp.case().when(legible(_column("account")), hashed)


def _action(names: Sequence[str]) -> exp.Expr:
    return action(_column("action") if "action" in names else exp.cast(exp.null(), "VARCHAR"))


def _text(name: str, names: Sequence[str]) -> exp.Expr:
    if name not in names:
        return exp.cast(exp.null(), "VARCHAR")
    return exp.case().when(legible(_column(name)), _column(name))


def _instants(rows: pl.DataFrame, timezone: str | None) -> pl.Series:
    """What the clocks of the rows show, as UTC."""
    at = rows["at"].to_numpy()
    if timezone is None or not len(at):
        return rows["at"]
    return pl.Series("at", np.where(rows["zoned"].to_numpy(), at, zone.to_utc(at, timezone)))


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)
