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

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sqlglot import exp

from coincide.detect.fit import needs
from coincide.engines.embedded.database import keep, query
from coincide.events.event import EARLIEST_US, LATEST_US
from coincide.events.mapping import bare, mapped, projection
from coincide.events.source import Batch, SourceReader
from coincide.rules.plan import Plan, Sliding, Velocity
from coincide.settings import Source

LEAST_ROWS = 2_000_000
"""Below so many rows the exact path alone is as quick."""
_PIECE = 1 << 18
"""Codes dealt out together."""
_PART_BITS = 8
_PARTS = 1 << _PART_BITS
_DAY_S = 86_400
_LOCAL_DAY_S = 2 * _DAY_S
_INSTANTS = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
_CLOCKS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_PER_SECOND = {"milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}
SHARED = frozenset({"event_id", "occurred_at", "account", "kind"})
"""The fields in which copies of an event are equal, and the kind: all that a rule may read that is helped here."""
_FEW = 4_000_000
"""Up to so many rows to be read are listed by number."""
_ACCOUNTS = "coincide_sieve_accounts"
_ROWS = "coincide_sieve_rows"

Codes = NDArray[np.uint64]
_NONE: Codes = np.zeros(0, dtype=np.uint64)


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
    chosen = [plan for plan in plans if helps(plan, source, linked=linked)]
    if not chosen or len(batches) != 1 or batches[0].again is None or batches[0].rows < LEAST_ROWS:
        return None
    batch = batches[0]
    account, at = projection(source, batch.columns)["account"], mapped(source)["occurred_at"][0]
    kind = batch.columns[at]
    if kind not in _INSTANTS and not (kind in _CLOCKS and source.timezone == "UTC"):
        return None
    count, time = _time(exp.column(at, quoted=True), kind)
    footers = [pq.read_metadata(reader.folder / file.path) for file in batch.files]
    times = _proven(footers, source, batch)
    odd = None
    if times is None:
        odd = _odd(footers, source, batch, account, count, time)
        times = _times(connection, batch, time, odd)
    if not times:
        return None
    base = min(first for first, _ in times.values()) // 1_000_000 // _DAY_S * _DAY_S
    width = max(1, int(max(last for _, last in times.values()) // 1_000_000 - base).bit_length())
    packed = _packed(account, time, base, width)
    statement = exp.select(packed.copy().as_("code")).from_(batch.table.copy())
    if odd is not None:
        statement = statement.where(exp.not_(exp.paren(odd.copy())))
    column = query(connection, statement).column("code")
    seen = _walked([chunk.to_numpy() for chunk in column.chunks], chosen, base, width)
    condition = _among(seen, account, packed, width, connection)
    return Sieve(
        frozenset(plan.rule for plan in chosen),
        exp.paren(condition if odd is None else exp.or_(odd, condition)),
        seen.days,
        times,
    )


def helps(plan: Plan, source: Source, *, linked: bool) -> bool:
    """Whether of a rule and a source, by what they are, rows may be left unread. ``linked``: see :func:`sieve`."""
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


def _proven(footers: Sequence[pq.FileMetaData], source: Source, batch: Batch) -> dict[int, tuple[int, int]] | None:
    """First and last time by file, if the footers of all files prove that no row is odd; else ``None``."""
    at, names = mapped(source)["occurred_at"][0], (*mapped(source)["account"], *mapped(source)["event_id"])
    if not all(_filled(footer, names) for footer in footers):
        return None
    times = {}
    for number, footer in zip(batch.indices, footers, strict=True):
        if not footer.num_rows:
            continue
        spans = [_span(group) for group in _statistics(footer, at)]
        if not spans or any(span is None for span in spans):
            return None
        first, last = min(span[0] for span in spans if span), max(span[1] for span in spans if span)
        if first < EARLIEST_US or last > LATEST_US:
            return None
        times[number] = (first, last)
    return times


def _statistics(footer: pq.FileMetaData, column: str) -> list[pq.Statistics | None]:
    """Of each row group, what its footer says of the column; ``None`` where it says nothing."""
    place = next((i for i in range(footer.num_columns) if footer.schema.column(i).path == column), None)
    if place is None:
        return [None]
    return [footer.row_group(group).column(place).statistics for group in range(footer.num_row_groups)]


def _span(known: pq.Statistics | None) -> tuple[int, int] | None:
    """The least and the greatest time, microseconds, of a row group in which no time is missing."""
    if known is None or not known.has_null_count or known.null_count or not known.has_min_max:
        return None
    unit = json.loads(known.logical_type.to_json()).get("timeUnit")
    if known.physical_type != "INT64" or unit not in _PER_SECOND:
        return None
    first, last = (int(end) * 1_000_000 // _PER_SECOND[unit] for end in (known.min_raw, known.max_raw))
    return first, last


def _filled(footer: pq.FileMetaData, columns: Sequence[str]) -> bool:
    """Whether a file's footer proves that these columns, of texts or whole numbers, are nowhere missing or empty."""
    for column in columns:
        for known in _statistics(footer, column):
            if known is None or not known.has_null_count or known.null_count:
                return False
            # Of other types a value may be there and be no text, such as NaN, which footers pass over.
            if known.physical_type not in ("BYTE_ARRAY", "INT32", "INT64"):
                return False
            if not known.has_min_max or known.min == "":
                return False
    return True


def _time(column: exp.Expr, kind: str) -> tuple[exp.Expr, exp.Expr]:
    """The column as a count since 1970 of its own unit if that is nanoseconds, else microseconds; and microseconds.

    Finer times are cut, as everywhere; EPOCH_US would round them.
    """
    if not kind.endswith("_NS"):
        count = exp.func("EPOCH_US", column)
        return count, count
    count = exp.func("EPOCH_NS", column)
    return count, exp.IntDiv(this=count.copy(), expression=exp.Literal.number(1_000))


def _odd(
    footers: Sequence[pq.FileMetaData],
    source: Source,
    batch: Batch,
    account: exp.Expr,
    count: exp.Expr,
    time: exp.Expr,
) -> exp.Expr:
    """Rows that may end in quarantine: no account, no usable time, no id (unless the footers prove all have one)."""
    parts: list[exp.Expr] = [
        account.copy().is_(exp.null()),
        time.copy().is_(exp.null()),
        # Before 1970 in the column's own unit: the division above cuts towards 1970.
        exp.LT(this=count.copy(), expression=exp.Literal.number(EARLIEST_US)),
        exp.GT(this=time.copy(), expression=exp.Literal.number(LATEST_US)),
    ]
    if not all(_filled(footer, mapped(source)["event_id"]) for footer in footers):
        parts.append(projection(source, batch.columns)["event_id"].is_(exp.null()))
    return exp.or_(*parts)


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
    # An empty account is odd whatever its hash is, so the column itself will do.
    return exp.Anonymous(this="hash", expressions=[bare(account)])


def _packed(account: exp.Expr, time: exp.Expr, base: int, width: int) -> exp.Expr:
    """Hash above, second since ``base`` below: sorts by account, then by time. Of odd rows it is anything or NULL."""
    second = exp.IntDiv(this=time.copy(), expression=exp.Literal.number(1_000_000))
    since = exp.paren(exp.Sub(this=second, expression=exp.Literal.number(base)))
    low = exp.BitwiseAnd(this=since, expression=exp.Literal.number(2**width - 1))
    high = exp.BitwiseLeftShift(this=exp.paren(_hashed(account, width)), expression=exp.Literal.number(width))
    return exp.BitwiseOr(this=exp.paren(high), expression=exp.cast(exp.paren(low), "UBIGINT", dialect="duckdb"))


def _among(
    seen: _Seen, account: exp.Expr, packed: exp.Expr, width: int, connection: duckdb.DuckDBPyConnection
) -> exp.Expr:
    """The rows of the accounts found, and the copies. If they are few, as one list of numbers: asked once a row."""
    if seen.rows is not None:
        keep(connection, _ROWS, pa.table({"code": np.concatenate([seen.copies, seen.rows])}))
        return packed.isin(query=exp.select("code").from_(_ROWS))
    keep(connection, _ACCOUNTS, pa.table({"code": seen.accounts}))
    keep(connection, _ROWS, pa.table({"code": seen.copies}))
    return exp.or_(
        _hashed(account, width).isin(query=exp.select("code").from_(_ACCOUNTS)),
        packed.isin(query=exp.select("code").from_(_ROWS)),
    )


@dataclass(frozen=True)
class _Seen:
    """What a walk over the sorted codes tells.

    ``accounts``: hashes of those to read; ``rows``: all codes of theirs, ``None`` where they are many; ``copies``:
    codes that stand more than once; ``days``: rows by day.
    """

    accounts: Codes
    rows: Codes | None
    copies: Codes
    days: dict[int, int]


def _walked(codes: Sequence[Codes], plans: Sequence[Plan], base: int, width: int) -> _Seen:
    """All codes sorted and looked through, by as many threads as there are processors.

    They are dealt out by their first bits, which are an account's hash and so even, into parts that fit the
    processor's cache, each to be sorted and walked through at once: sorting all as one took three times as long.
    """
    spans = [(_at_least(plan), _seconds(plan)) for plan in plans]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pieces = [chunk[low : low + _PIECE] for chunk in codes for low in range(0, len(chunk), _PIECE)]
        dealt = list(pool.map(_dealt, pieces))
        seen = list(pool.map(lambda part: _part(dealt, part, spans, width), range(_PARTS)))
    counts = np.sum([counted for *_, counted in seen], axis=0)
    rows = [found for _, found, *_ in seen if found is not None]
    few = len(rows) == _PARTS and sum(map(len, rows)) <= _FEW
    return _Seen(
        np.concatenate([near for near, *_ in seen]),
        np.concatenate(rows) if few else None,
        np.concatenate([copies for _, _, copies, _ in seen]),
        {base // _DAY_S + int(day): int(counts[day]) for day in np.flatnonzero(counts)},
    )


def _dealt(codes: Codes) -> tuple[Codes, NDArray[np.int64]]:
    """These codes by part, and where each part begins; the last number is where the last one ends."""
    part = (codes >> np.uint64(64 - _PART_BITS)).astype(np.uint8)
    order = np.argsort(part, kind="stable")
    return codes[order], np.searchsorted(part[order], np.arange(_PARTS + 1))


def _part(
    dealt: Sequence[tuple[Codes, NDArray[np.int64]]], part: int, spans: Sequence[tuple[int, int]], width: int
) -> tuple[Codes, Codes | None, Codes, NDArray[np.int64]]:
    """Of one part: hashes of accounts to read, their codes unless they are many, codes of copies, rows by day."""
    codes = np.concatenate([_NONE, *(those[begins[part] : begins[part + 1]] for those, begins in dealt)])
    codes.sort()
    near = np.unique(np.concatenate([_near(codes[: 1 - n], codes[n - 1 :], seconds, width) for n, seconds in spans]))
    least = near << np.uint64(width)
    low = np.searchsorted(codes, least)
    high = np.searchsorted(codes, least | np.uint64(2**width - 1), side="right")
    rows = None
    if int(np.sum(high - low)) <= _FEW:
        places = [codes[first:last] for first, last in zip(low.tolist(), high.tolist(), strict=True)]
        rows = np.concatenate([_NONE, *places])
    copies = codes[1:][codes[1:] == codes[:-1]]
    day = ((codes & np.uint64(2**width - 1)) // np.uint64(_DAY_S)).astype(np.int64)
    return near, rows, copies, np.bincount(day, minlength=2**width // _DAY_S + 1)


def _near(first: Codes, last: Codes, seconds: int, width: int) -> Codes:
    """Hashes of accounts with ``n`` events (copies included) within the seconds: ``last`` stands ``n - 1`` on."""
    # Of one account, and at most the window apart: the difference of the packed numbers says both at once,
    # save where the hash goes on by one, which the second comparison keeps out.
    found = np.flatnonzero(last - first <= np.uint64(seconds))
    hashed, other = first[found] >> np.uint64(width), last[found] >> np.uint64(width)
    return np.unique(hashed[hashed == other])


def _at_least(plan: Plan) -> int:
    assert isinstance(plan.condition, Velocity)
    return plan.condition.at_least


def _seconds(plan: Plan) -> int:
    """How far apart, in whole seconds, the events of one window may lie."""
    return -(-plan.window.width_us // 1_000_000) if isinstance(plan.window, Sliding) else _LOCAL_DAY_S
