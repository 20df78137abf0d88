"""Taps of all sources, read into columns of codes: what :mod:`coincide.detect.journey` works on.

Text becomes codes while it is read, each piece of a file with a dictionary of its own; at the end the dictionaries are
laid together, sorted, and the codes of all pieces turned into places in that order, so that neither the order of files
nor that of rows decides anything. Parquet files mostly hold such dictionaries already: these are taken as they are, and
no row ever becomes a text. Nothing of it reaches a disk (DESIGN, promise 5).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from itertools import pairwise

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sqlglot import exp

from coincide.detect.journey.coded import TEXTS
from coincide.detect.journey.taps import MISSING, Positions, Taps, Truths, Whole, action_of
from coincide.engines.embedded.ahead import ahead
from coincide.engines.embedded.database import stoppable
from coincide.engines.embedded.load import Progress
from coincide.events import instant
from coincide.events.batch import Batch
from coincide.events.event import TAP
from coincide.events.file import FileStamp
from coincide.events.mapping import bare, check, mapped, projection, raw_columns
from coincide.events.source import SourceReader
from coincide.events.text import NOT_UTF8, is_identifier
from coincide.settings import Source

CODED = ("account", *TEXTS)
"""Fields whose texts become codes, in the order of ``Taps``."""
_PLAIN = {"occurred_at": np.int64, "action": np.int8}
"""The other two columns of ``Taps``."""
_READ = (*CODED, "occurred_at", "action", "kind")
_ROWS = 250_000
"""Rows that are coded together."""
PART_TAPS = 600_000
"""Taps of a part, about: few enough that what is sorted fits the processor's cache."""

_PLACE = "?place"
"""Beside a column of a source, whose name holds no question mark as a rule; one that does is asked row by row."""


@dataclass(frozen=True)
class Ended:
    """How every record that was read ended; each is counted once, under the first of these that fits.

    ``bad``: it cannot be read at all. ``other``: it is no tap, or ``keep`` did not choose it. Then, of taps: no
    ``account`` (token), no usable time, an ``action`` that is there and none of the four. ``taken``: the rest.
    """

    bad: int = 0
    other: int = 0
    tokenless: int = 0
    timeless: int = 0
    actionless: int = 0
    taken: int = 0

    @property
    def read(self) -> int:
        """All records."""
        return sum(getattr(self, name.name) for name in fields(self))

    def __add__(self, more: Ended) -> Ended:
        return Ended(*(getattr(self, name.name) + getattr(more, name.name) for name in fields(self)))


@dataclass(frozen=True)
class TapLog:
    """All taps in ``parts``, each token in one of them, tokens in order; and what their codes stand for.

    ``tokens``: ``namespace`` and ``account`` by code, sorted by both. ``texts``: of each other coded field its texts
    by code, sorted by code point. ``ended``: how the records of each source ended.
    """

    parts: tuple[Taps, ...]
    tokens: pl.DataFrame
    texts: dict[str, pl.Series]
    ended: dict[str, Ended]

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)


def read(
    readers: Sequence[tuple[SourceReader, Source]],
    connection: duckdb.DuckDBPyConnection,
    keep: exp.Expr | None = None,
    progress: Progress = lambda _: None,
    files: Mapping[str, Sequence[FileStamp]] | None = None,
) -> TapLog:
    """The taps of these sources. ``keep``: a condition over fields of the contract, as DuckDB evaluates it.
    ``files``: of each source these alone.

    A tap that does not say what it is begins a ride. An empty text says nothing and is missing. Raises the errors of
    ``events`` that name a file.
    """
    pieces: list[_Piece] = []
    ended: dict[str, Ended] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for reader, source in readers:
            check(source)
            if not source.may_hold(TAP):
                continue
            chosen = reader.files() if files is None else files.get(reader.name, ())
            found, count = _of_source(_Reading(reader, source, chosen, connection, keep, pool, progress))
            ended[reader.name] = count
            pieces += found
        return _together(pieces, ended, pool)


@dataclass(frozen=True)
class _Piece:
    """Some taps: ``columns`` by field. Those of text are codes, -1 missing, by the dictionaries in ``texts``."""

    namespace: str
    columns: dict[str, Whole]
    texts: dict[str, pa.Array]
    ended: Ended


@dataclass(frozen=True)
class _Reading:
    """A source that is being read."""

    reader: SourceReader
    source: Source
    files: Sequence[FileStamp]
    connection: duckdb.DuckDBPyConnection
    keep: exp.Expr | None
    pool: Executor
    progress: Progress

    @property
    def names(self) -> tuple[str, ...]:
        """The mapped fields that taps are made of."""
        there = mapped(self.source)
        return tuple(name for name in _READ if name in there)


def _of_source(reading: _Reading) -> tuple[list[_Piece], Ended]:
    """All pieces of a source, and how its records ended."""
    wanted = {*reading.names, *(_names(reading.keep) if reading.keep is not None else ())}
    columns = raw_columns(reading.source, wanted)
    pieces: list[_Piece] = []
    total = Ended()
    for batch in reading.reader.batches(reading.connection, reading.files, columns):
        found = _of_batch(reading, batch)
        pieces += found
        seen = sum((piece.ended for piece in found), Ended())
        # What the database did not hand over was not chosen by ``keep``.
        total += seen + Ended(bad=len(batch.bad), other=batch.rows - seen.read)
        reading.progress(batch.rows + len(batch.bad))
    return pieces, total


def _of_batch(reading: _Reading, batch: Batch) -> list[_Piece]:
    stored = _stored(reading, batch)
    if batch.again is None:
        return list(_asked(reading, batch) if stored is None else stored)
    try:
        return list(_asked(reading, batch) if stored is None else stored)
    except (duckdb.Error, pa.ArrowException):
        # What they refuse is read by the slower reader, which repairs it or names the file that is broken.
        return [piece for slower in batch.again() for piece in _of_batch(reading, slower)]


# --- as it is stored --------------------------------------------------------------------------------------------------


def _stored(reading: _Reading, batch: Batch) -> Iterator[_Piece] | None:
    """The pieces of a batch that need not pass through the database: row groups of Parquet with the dictionaries they
    hold, or rows that lie in memory. ``None`` where rows are to be chosen, or a field is more than one column of text.
    """
    if reading.keep is not None:
        return None
    made = projection(reading.source, batch.columns, reading.reader.attributes, only=reading.names)
    columns = {}
    for name, expression in made.items():
        of = {column.name for column in expression.find_all(exp.Column)}
        text = all(batch.columns[column] == "VARCHAR" for column in of)
        if len(of) != 1 or not (text or (name == "occurred_at" and isinstance(expression, exp.Column))):
            return None
        columns[name] = of.pop()
    raw = list(dict.fromkeys(columns.values()))
    texts = [column for column in raw if batch.columns[column] == "VARCHAR"]

    def piece(table: pa.Table) -> _Piece:
        there = {column: table.column(column) for column in raw}
        whole = {
            column: _one(values.dictionary_encode() if column in texts else values) for column, values in there.items()
        }
        found = {name: _meant(reading, name, made[name], whole[column]) for name, column in columns.items()}
        return _coded(reading, found, table.num_rows)

    def group(place: tuple[str, int]) -> _Piece:
        path, number = place
        with pq.ParquetFile(reading.reader.folder / path, read_dictionary=texts) as file:
            return piece(file.read_row_group(number, columns=raw, use_threads=False).unify_dictionaries())

    if batch.raw is not None:
        rows = batch.raw
        slices = (rows.slice(start, _ROWS) for start in range(0, rows.num_rows, _ROWS))
        return ahead(reading.pool, piece, slices)
    places = ((file.path, number) for file in batch.files for number in range(_groups(reading, file.path)))
    return ahead(reading.pool, group, places)


def _groups(reading: _Reading, path: str) -> int:
    return int(pq.read_metadata(reading.reader.folder / path).num_row_groups)


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _meant(reading: _Reading, name: str, field: exp.Expr, column: pa.Array) -> pa.Array:
    """The field that is made of a column: of the texts of its dictionary, each once."""
    # Whatever the field, an empty text is missing here anyway.
    if isinstance(bare(field) if is_identifier(name) else field, exp.Column):
        return column
    raw = next(field.find_all(exp.Column)).name
    # A cursor of its own, for these are asked in several threads.
    with reading.connection.cursor() as cursor:
        cursor.register("stored", pa.table({raw: column.dictionary, _PLACE: np.arange(len(column.dictionary))}))
        statement = exp.select(field.copy().as_("meant"), exp.column(_PLACE, quoted=True)).from_("stored")
        found = cursor.sql(statement.sql(dialect="duckdb")).to_arrow_table().sort_by(_PLACE)
    return pa.DictionaryArray.from_arrays(column.indices, _one(found.column("meant")))


# --- everything else --------------------------------------------------------------------------------------------------


def _asked(reading: _Reading, batch: Batch) -> Iterator[_Piece]:
    """The pieces of any batch, as the database reads it."""
    statement = _statement(reading, batch).sql(dialect="duckdb")
    with stoppable():
        records = reading.connection.sql(statement).to_arrow_reader(_ROWS)
        yield from ahead(
            reading.pool,
            lambda part: _coded(reading, dict(zip(part.schema.names, part.columns, strict=True)), part.num_rows),
            records,
        )


def _statement(reading: _Reading, batch: Batch) -> exp.Select:
    wanted = {*reading.names, *(_names(reading.keep) if reading.keep is not None else ())}
    made = projection(reading.source, batch.columns, reading.reader.attributes, only=wanted)
    columns = [expression.as_(name, quoted=True) for name, expression in made.items()]
    if reading.keep is None:
        return exp.select(*columns).from_(batch.table.copy())
    if reading.source.kind is not None:
        columns.append(exp.Literal.string(reading.source.kind).as_("kind", quoted=True))
    rows = exp.select(*columns).from_(batch.table.copy()).subquery("rows")
    chosen = [exp.column(name, quoted=True) for name in reading.names]
    return exp.select(*chosen).from_(rows).where(reading.keep.copy())


def _names(condition: exp.Expr) -> set[str]:
    return {column.name for column in condition.find_all(exp.Column)}


# --- one piece ------------------------------------------------------------------------------------------------------


def _coded(reading: _Reading, columns: dict[str, pa.Array], rows: int) -> _Piece:
    """The taps among some rows, and how these rows ended."""
    source = reading.source
    encoded = {name: _encoded(column) for name, column in columns.items() if name != "occurred_at"}
    at, timed = _instants(columns["occurred_at"], source)
    is_tap = np.ones(rows, dtype=np.bool_)
    if source.kind is None:
        is_tap = _meaning(encoded["kind"], lambda text: text == TAP).astype(np.bool_) if "kind" in encoded else ~is_tap
    action = np.full(rows, action_of(None), dtype=np.int8)
    if "action" in encoded:
        action = _meaning(encoded["action"], action_of)
    told = _legible(encoded["account"]) if "account" in encoded else np.zeros(rows, dtype=np.bool_)
    taken = is_tap & told & timed & (action != MISSING)
    ended = Ended(
        other=_count(~is_tap),
        tokenless=_count(is_tap & ~told),
        timeless=_count(is_tap & told & ~timed),
        actionless=_count(is_tap & told & timed & (action == MISSING)),
        taken=_count(taken),
    )
    found: dict[str, Whole] = {"occurred_at": at, "action": action}
    found |= {name: encoded[name][0] for name in CODED if name in encoded}
    if ended.taken < rows:
        found = {name: column[taken] for name, column in found.items()}
    texts = {name: encoded[name][1] for name in CODED if name in encoded}
    return _Piece(source.namespace(reading.reader.name), found, texts, ended)


def _instants(column: pa.Array, source: Source) -> tuple[NDArray[np.int64], Truths]:
    """Microseconds, and where there is a usable time. Of a dictionary each text is read once."""
    coded = pa.types.is_dictionary(column.type)
    given = pl.Series(column.dictionary if coded else column)
    read = instant.times(given, timezone=source.timezone, time_unit=source.time_unit).values
    at, timed = read.fill_null(0).to_numpy(), read.is_not_null().to_numpy()
    if not coded:
        return at, timed
    code = column.indices.fill_null(MISSING).to_numpy()
    return np.append(at, 0)[code], np.append(timed, False)[code]


_Encoded = tuple[Whole, pa.Array]


def _encoded(column: pa.Array) -> _Encoded:
    """Codes and dictionary of a column of text; -1 is missing."""
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    texts = column.dictionary
    texts.validate(full=True)
    indices = column.indices
    codes = indices.fill_null(MISSING) if indices.null_count else indices
    kind = narrow(len(texts))
    return codes.to_numpy(zero_copy_only=False).astype(kind, copy=False), texts


def narrow(count: int) -> type[np.int8 | np.int16 | np.int32]:
    """The narrowest whole numbers for so many codes and -1."""
    if count <= np.iinfo(np.int8).max:
        return np.int8
    return np.int16 if count <= np.iinfo(np.int16).max else np.int32


def _meaning(encoded: _Encoded, meant: Callable[[str | None], int]) -> NDArray[np.int8]:
    """What each value means; each text is looked at once."""
    codes, texts = encoded
    return np.array([*map(meant, texts.to_pylist()), meant(None)], dtype=np.int8)[codes]


def _legible(encoded: _Encoded) -> Truths:
    """Where there is a text that says something."""
    codes, texts = encoded
    good = np.append(~_mute(texts), False)
    return good[codes]


def _mute(texts: pa.Array) -> Truths:
    """Texts that are missing, empty, or were no UTF-8."""
    empty = pc.equal(pc.binary_length(texts), 0)
    either = pc.or_(empty, pc.match_substring(texts, NOT_UTF8)).fill_null(True)
    mute: Truths = either.to_numpy(zero_copy_only=False)
    return mute


def _count(chosen: Truths) -> int:
    return int(np.count_nonzero(chosen))


# --- all pieces together --------------------------------------------------------------------------------------------


@dataclass
class _Codes:
    """Of one field: the texts of all pieces sorted, and of each piece which place its codes have among them."""

    texts: pl.Series
    places: list[Positions] = field(default_factory=list)


def _together(pieces: list[_Piece], ended: dict[str, Ended], pool: Executor) -> TapLog:
    """Codes as places among all texts, and the taps dealt into parts by token."""
    tokens, owner = _tokens(pieces)
    coded = dict(zip(TEXTS, pool.map(lambda name: _united(name, pieces), TEXTS), strict=True))
    coded["account"] = _Codes(tokens["account"], owner)
    target, cuts = _dealt(pieces, owner, len(tokens), pool)

    def laid(name: str) -> Whole:
        """One column of all taps, part by part; the pieces let go of theirs."""
        kind = _PLAIN[name] if name in _PLAIN else narrow(len(coded[name].texts))
        column = np.full(int(cuts[-1]), MISSING, dtype=kind)

        def put(number: int) -> None:
            values = pieces[number].columns.pop(name, None)
            if values is not None:
                column[target[number]] = values if name in _PLAIN else coded[name].places[number].astype(kind)[values]

        for _ in pool.map(put, range(len(pieces))):
            pass
        return column

    whole = Taps(*(laid(name) for name in ("account", *_PLAIN, *TEXTS)))
    parts = tuple(whole.take(slice(low, high)) for low, high in pairwise(cuts.tolist()))
    return TapLog(parts, tokens, {name: coded[name].texts for name in TEXTS}, ended)


def _dealt(
    pieces: list[_Piece], owner: list[Positions], tokens: int, pool: Executor
) -> tuple[list[NDArray[np.int32]], Positions]:
    """Where each tap of each piece goes so that parts stand one after another, and where each part begins.

    A part is some tokens that stand together, with all their taps.
    """

    def counted(number: int) -> Positions:
        return np.bincount(owner[number][pieces[number].columns["account"]], minlength=tokens)

    total = np.cumsum(sum(pool.map(counted, range(len(pieces))), np.zeros(tokens, dtype=np.int64)))
    rows = int(total[-1]) if tokens else 0
    parts = max(1, rows // PART_TAPS)
    part_of = np.minimum(total * parts // max(1, rows), parts - 1).astype(np.int16)
    held = list(pool.map(lambda n: part_of[owner[n][pieces[n].columns["account"]]], range(len(pieces))))
    count = np.zeros((len(pieces) + 1, parts), dtype=np.int64)
    for number, part in enumerate(held):
        count[number + 1] = np.bincount(part, minlength=parts)
    cuts = np.concatenate([[0], np.cumsum(count.sum(axis=0))])
    begin = cuts[:-1] + np.cumsum(count, axis=0)[:-1]

    def aimed(number: int) -> NDArray[np.int32]:
        here = count[number + 1]
        target = np.empty(len(held[number]), dtype=np.int32)
        shift = begin[number] - (np.cumsum(here) - here)
        target[np.argsort(held[number], kind="stable")] = np.arange(len(target)) + np.repeat(shift, here)
        return target

    return list(pool.map(aimed, range(len(pieces)))), cuts


def _tokens(pieces: list[_Piece]) -> tuple[pl.DataFrame, list[Positions]]:
    """Namespace and account of all tokens, sorted by both, and of each piece the places of its dictionary."""
    frames, owner, base = [], [np.zeros(0, dtype=np.int64)] * len(pieces), 0
    for namespace in sorted({piece.namespace for piece in pieces}):
        chosen = [number for number, piece in enumerate(pieces) if piece.namespace == namespace]
        found = _united("account", [pieces[number] for number in chosen])
        for number, places in zip(chosen, found.places, strict=True):
            owner[number] = np.where(places == MISSING, MISSING, places + base)
        frames.append(found.texts.alias("account").to_frame().select(namespace=pl.lit(namespace), account="account"))
        base += len(found.texts)
    empty = pl.DataFrame(schema={"namespace": pl.String, "account": pl.String})
    return pl.concat([empty, *frames]), owner


def _united(name: str, pieces: Sequence[_Piece]) -> _Codes:
    """One sorted dictionary of those of all pieces. The last place of each piece is that of its missing values."""
    dictionaries = [piece.texts.get(name, pa.array([], pa.string())).cast(pa.string()) for piece in pieces]
    every = pc.dictionary_encode(pa.chunked_array(dictionaries, pa.string())).combine_chunks()
    if isinstance(every, pa.ChunkedArray):
        every = every.chunk(0) if every.num_chunks else pa.array([], pa.string()).dictionary_encode()
    texts = every.dictionary
    order = pc.sort_indices(texts).to_numpy()
    order = order[~_mute(texts)[order]]
    rank = np.full(len(texts) + 1, MISSING, dtype=np.int64)
    rank[order] = np.arange(len(order))
    places = rank[every.indices.fill_null(MISSING).to_numpy()]
    cuts = np.cumsum([len(one) for one in dictionaries])[:-1]
    found = [np.append(part, MISSING) for part in np.split(places, cuts)] if pieces else []
    return _Codes(pl.Series(name, texts.take(pa.array(order)), dtype=pl.String), found)
