"""For rules to which every event is an observation: find the few rows that can matter before reading the rest of them.

A velocity over all events keeps nothing out at the start, and its kernel would have to hold the whole log. But a hit
needs ``n`` events of one account close together, and a copy needs an equal account and time. So account and time
alone are read first, packed into one 64-bit number a row (a hash of the account above, the second below) and sorted:
a shift and a subtraction leave the accounts that may have a hit, and neighbours that are equal may be copies. Only
these rows, and rows with anything odd about them, go on to the exact path; of all others it is certain that they are
observations, single and without a hit. Hashes may collide and seconds are coarse: both only let more through.
DESIGN: "How it runs".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sqlglot import exp

from coincide.detect.fit import needs
from coincide.engines.embedded.database import keep, query
from coincide.events.event import EARLIEST_US, LATEST_US
from coincide.events.mapping import mapped, projection
from coincide.events.source import Batch, SourceReader
from coincide.rules.plan import Plan, Sliding, Velocity
from coincide.settings import Source

LEAST_ROWS = 2_000_000
"""Below so many rows the exact path alone is as quick."""
_CHUNK = 1 << 23
_DAY_S = 86_400
_LOCAL_DAY_S = 2 * _DAY_S
_INSTANT = "TIMESTAMP WITH TIME ZONE"
_CLOCKS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_ACCOUNTS = "coincide_sieve_accounts"
_COPIES = "coincide_sieve_copies"

Codes = NDArray[np.uint64]


@dataclass(frozen=True)
class Sieve:
    """What to read for the sieved ``rules`` in the place of everything, and what all rows are that may be left unread.

    ``days``: rows by day since 1970 in UTC, of all rows that are not odd. ``times``: first and last of them by file.
    """

    rules: frozenset[str]
    condition: exp.Expr
    days: dict[int, int]
    times: dict[int, tuple[int, int]]


def sieve(
    reader: SourceReader,
    source: Source,
    plans: Sequence[Plan],
    batches: Sequence[Batch],
    connection: duckdb.DuckDBPyConnection,
    *,
    linked: bool,
) -> Sieve | None:
    """A sieve for those of ``plans`` that look at every row of the source; ``None`` if there are none or too few rows.

    ``batches``: those of the whole source; only files that can be read twice are sieved. ``linked``: accounts may be
    joined to actors, so that a rule by actor is none for the sieve.
    """
    chosen = [plan for plan in plans if _fits(plan, source, linked=linked)]
    if not chosen or len(batches) != 1 or batches[0].again is None or batches[0].rows < LEAST_ROWS:
        return None
    batch = batches[0]
    account, at = projection(source, batch.columns)["account"], mapped(source)["occurred_at"][0]
    kind = batch.columns[at]
    if kind != _INSTANT and not (kind in _CLOCKS and source.timezone == "UTC"):
        return None
    time = exp.func("EPOCH_US", exp.column(at, quoted=True))
    odd = _odd(reader, source, batch, account, time)
    times = _times(connection, batch, time, odd)
    if not times:
        return None
    base = min(first for first, _ in times.values()) // 1_000_000 // _DAY_S * _DAY_S
    width = max(1, int(max(last for _, last in times.values()) // 1_000_000 - base).bit_length())
    packed = _packed(account, time, base, width)
    statement = exp.select(packed.copy().as_("code")).from_(batch.table.copy()).where(exp.not_(exp.paren(odd.copy())))
    codes = _sorted(query(connection, statement))
    close = _accounts(codes, chosen, width)
    keep(connection, _ACCOUNTS, pa.table({"code": close}))
    keep(connection, _COPIES, pa.table({"code": _copies(codes)}))
    return Sieve(
        frozenset(plan.rule for plan in chosen),
        exp.paren(
            exp.or_(
                odd,
                _hashed(account, width).isin(query=exp.select("code").from_(_ACCOUNTS)),
                packed.isin(query=exp.select("code").from_(_COPIES)),
            )
        ),
        _days(codes, base, width),
        times,
    )


def _fits(plan: Plan, source: Source, *, linked: bool) -> bool:
    return (
        isinstance(plan.condition, Velocity)
        and plan.condition.at_least > 1
        and plan.tagged is None
        and plan.where is None
        and (plan.by == "account" or (plan.by == "actor" and not linked))
        and source.kind in plan.events
        # Any other field could be unreadable, which only reading it tells.
        and set(needs(plan)) <= {"event_id", "account"}
        and len(mapped(source).get("occurred_at", ())) == 1
    )


def _odd(reader: SourceReader, source: Source, batch: Batch, account: exp.Expr, time: exp.Expr) -> exp.Expr:
    """Rows that may end in quarantine: no account, no usable time, no id (unless the footers prove all have one)."""
    parts: list[exp.Expr] = [
        account.copy().is_(exp.null()),
        time.copy().is_(exp.null()),
        exp.LT(this=time.copy(), expression=exp.Literal.number(EARLIEST_US)),
        exp.GT(this=time.copy(), expression=exp.Literal.number(LATEST_US)),
    ]
    if not all(_named(reader, source, file.path) for file in batch.files):
        parts.append(projection(source, batch.columns)["event_id"].is_(exp.null()))
    return exp.or_(*parts)


def _named(reader: SourceReader, source: Source, path: str) -> bool:
    """Whether the footer of a Parquet file proves that every row has an id."""
    footer = pq.read_metadata(reader.folder / path)
    columns = mapped(source)["event_id"]
    place = {footer.schema.column(i).path: i for i in range(footer.num_columns)}
    for column in columns:
        for group in range(footer.num_row_groups):
            known = footer.row_group(group).column(place[column]).statistics if column in place else None
            if (
                known is None
                or not known.has_null_count
                or known.null_count
                or not known.has_min_max
                or known.min == ""
            ):
                return False
    return True


def _times(
    connection: duckdb.DuckDBPyConnection, batch: Batch, time: exp.Expr, odd: exp.Expr
) -> dict[int, tuple[int, int]]:
    statement = (
        exp.select(
            batch.file.copy().as_("file"), exp.Min(this=time.copy()).as_("first"), exp.Max(this=time.copy()).as_("last")
        )
        .from_(batch.table.copy())
        .where(exp.not_(exp.paren(odd.copy())))
        .group_by("1")
    )
    rows = query(connection, statement).to_pylist()
    return {int(row["file"]): (int(row["first"]), int(row["last"])) for row in rows}


def _hashed(account: exp.Expr, width: int) -> exp.Expr:
    """As many high bits of the account's hash as the seconds leave."""
    return exp.BitwiseRightShift(this=_hash(account), expression=exp.Literal.number(width))


def _hash(account: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="hash", expressions=[account.copy()])


def _packed(account: exp.Expr, time: exp.Expr, base: int, width: int) -> exp.Expr:
    """Hash above, second since ``base`` below: sorts by account, then by time. Of odd rows it is anything or NULL."""
    size = exp.cast(exp.Literal.number(2**width), "UBIGINT", dialect="duckdb")
    second = exp.IntDiv(this=time.copy(), expression=exp.Literal.number(1_000_000))
    since = exp.Sub(this=second, expression=exp.Literal.number(base))
    low = exp.Mod(this=exp.TryCast(this=since, to=exp.DataType.build("UBIGINT", dialect="duckdb")), expression=size)
    high = exp.Mul(this=exp.paren(_hashed(account, width)), expression=size.copy())
    return exp.Add(this=high, expression=exp.paren(low))


def _sorted(table: pa.Table) -> Codes:
    codes: Codes = pl.Series(table.column("code")).sort().to_numpy()
    return codes


def _accounts(codes: Codes, plans: Sequence[Plan], width: int) -> Codes:
    """Hashes of accounts with ``n`` events (copies included) within a window of some plan, by whole seconds."""
    found = []
    for plan in plans:
        assert isinstance(plan.condition, Velocity)
        n = plan.condition.at_least
        seconds = -(-plan.window.width_us // 1_000_000) if isinstance(plan.window, Sliding) else _LOCAL_DAY_S
        for low in range(0, len(codes) - n + 1, _CHUNK):
            high = min(low + _CHUNK, len(codes) - n + 1)
            first, last = codes[low:high], codes[low + n - 1 : high + n - 1]
            # Of one account, and at most the window apart: the difference of the packed numbers says both at once,
            # save where the hash goes on by one, which the second comparison keeps out.
            near = (last - first <= np.uint64(seconds)) & (last >> np.uint64(width) == first >> np.uint64(width))
            found.append(np.unique(first[near] >> np.uint64(width)))
    return np.unique(np.concatenate(found)) if found else codes[:0]


def _copies(codes: Codes) -> Codes:
    """Numbers that stand more than once: rows of one account (or of one hash) and one second."""
    found = [codes[:0]]
    for low in range(0, len(codes) - 1, _CHUNK):
        here = codes[low : low + _CHUNK + 1]
        found.append(np.unique(here[1:][here[1:] == here[:-1]]))
    return np.unique(np.concatenate(found))


def _days(codes: Codes, base: int, width: int) -> dict[int, int]:
    mask = np.uint64(2**width - 1)
    counts = np.zeros(int(2**width // _DAY_S) + 1, dtype=np.int64)
    for low in range(0, len(codes), _CHUNK):
        days = ((codes[low : low + _CHUNK] & mask) // np.uint64(_DAY_S)).astype(np.int64)
        counts += np.bincount(days, minlength=len(counts))
    return {base // _DAY_S + int(day): int(counts[day]) for day in np.flatnonzero(counts)}
