"""A source written anew: pseudonyms instead of accounts, every field under its own name, parted by account.

Read once, a piece at a time. Each piece becomes columns of the contract, its accounts codes, and its rows go to the
file of their part as they come; then each part is sorted and written as Parquet. A pseudonym is made once for each
account. No identifier reaches the disk: what lies there in between has codes in the place of accounts.

A row is written whole or not at all: what cannot be read of it, a rule might have needed. Of rows that are not written
the place and the reason are kept, as quarantine keeps them, and not a copy.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sqlglot import exp

from coincide.detect.journey.order import begins, by_token
from coincide.detect.journey.taps import Positions, Taps
from coincide.engines.embedded.ahead import ahead
from coincide.engines.embedded.database import stoppable
from coincide.engines.embedded.fields import fields
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.partition import Part, part_of
from coincide.entities.key import Key
from coincide.entities.pseudonym import pseudonyms
from coincide.events.batch import Batch
from coincide.events.column import integers, texts
from coincide.events.event import contract_order
from coincide.events.mapping import bare, check, passed_over, projection, raw_columns
from coincide.events.mapping import fields as contract
from coincide.events.reason import BAD_RECORD, precedence
from coincide.events.source import SourceReader
from coincide.events.text import is_identifier
from coincide.settings import Source

APART = "apart.csv"
"""The file of the rows that were not written."""
FILE, POSITION, OVER = "?file", "?position", "?over"
"""Columns beside the fields, none of whose names holds a question mark."""
_ROWS = 500_000
"""Rows that are worked on together."""
_GROUP = 250_000
"""Rows of a row group."""
_DICTIONARY = 16 << 20
"""Bytes up to which a row group keeps a dictionary."""


@dataclass(frozen=True)
class Copied:
    """How the records that were read ended: ``written``, ``passed_over`` because their account is nobody's by the
    settings, or ``apart`` with a reason. ``files`` and ``columns``: what was written, and the fields in it.
    """

    read: int
    written: int
    passed_over: int
    apart: dict[str, int]
    accounts: int
    files: tuple[str, ...]
    columns: tuple[str, ...]


def copied(
    reader: SourceReader,
    source: Source,
    key: Key,
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    parts: int,
    progress: Progress = lambda _: None,
) -> Copied:
    """Write the source into ``folder``, which is there and empty, in at most ``parts`` files.

    In whatever order files and rows come, the same is written. Raises what is wrong with mapping and files.
    """
    check(source)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        copy = _Copy(reader, source, key, connection, folder, parts, pool)
        try:
            copy.read(progress, slowly=False)
        except (duckdb.Error, pa.ArrowException):
            # What they refuse is read by the slower reader, which repairs it or names the file that is broken.
            copy = _Copy(reader, source, key, connection, folder, parts, pool)
            copy.read(progress, slowly=True)
        return copy.settled()


class _Names:
    """The pseudonyms of one kind of identifier, made when it is first met, by code; and the part of each."""

    def __init__(self, namespace: str, key: Key, parts: int) -> None:
        self.namespace, self.key, self.parts = namespace, key, parts
        self.texts: list[str] = []
        self.part = np.zeros(0, dtype=np.int16)
        self._known: dict[str, int] = {}
        self._lock = Lock()

    def coded(self, column: pa.DictionaryArray) -> pa.Array:
        """The column in our codes, missing where it was."""
        given = pl.Series(column.dictionary).to_list()
        with self._lock:
            found = list(map(self._known.get, given))
            if None in found:
                fresh = [identifier for identifier, code in zip(given, found, strict=True) if code is None]
                made = pseudonyms(self.namespace, fresh, self.key)
                self._known.update(zip(fresh, range(len(self.texts), len(self.texts) + len(made)), strict=True))
                self.texts += made
                self.part = np.append(self.part, part_of(made, self.parts))
                found = list(map(self._known.get, given))
        return pl.Series(found, dtype=pl.Int32).to_arrow().take(column.indices)


class _Stream:
    """Rows of one part as they come, in a file of codes that is removed again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None

    def write(self, rows: pa.RecordBatch) -> None:
        with self._lock:
            if self._writer is None:
                self._writer = pa.ipc.new_stream(str(self.path), rows.schema)
            self._writer.write_batch(rows)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def read(self) -> pa.Table:
        with pa.memory_map(str(self.path)) as content:
            return pa.ipc.open_stream(content).read_all().unify_dictionaries().combine_chunks()


class _Copy:
    """One attempt to copy a source."""

    def __init__(
        self,
        reader: SourceReader,
        source: Source,
        key: Key,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        parts: int,
        pool: Executor,
    ) -> None:
        self.reader, self.source, self.connection, self.pool = reader, source, connection, pool
        self.folder, self.parts, self.key = folder, parts, key
        self.files = reader.files()
        self.names = {"account": _Names(source.namespace(reader.name), key, parts)}
        self.names |= {f"link.{kind}": _Names(f"link.{kind}", key, parts) for kind in source.links}
        self.streams = [_Stream(folder / f"part-{number:04d}.arrow") for number in range(parts)]
        self.count = Counter[str]()
        self.apart: list[pl.DataFrame] = []
        self._lock = Lock()

    # --- every row to its part ----------------------------------------------------------------------------------------

    def read(self, progress: Progress, *, slowly: bool) -> None:
        """Every record to the stream of its part, or apart."""
        with ExitStack() as open_:
            for stream in self.streams:
                stream.path.unlink(missing_ok=True)
                open_.callback(stream.close)
            # Across batches, so that the next file is read while rows of this one are worked on.
            for rows in ahead(self.pool, self._piece, self._every(progress, slowly=slowly)):
                progress(rows)

    def _every(self, progress: Progress, *, slowly: bool) -> Iterator[pa.Table]:
        """The rows of all batches. They lie in memory of their own, which outlives the batch."""
        for batch in self.reader.batches(self.connection, self.files, raw_columns(self.source)):
            for one in batch.again() if slowly and batch.again is not None else (batch,):
                self.count["read"] += one.rows + len(one.bad)
                if one.bad:
                    places = {FILE: [bad.file for bad in one.bad], POSITION: [bad.position for bad in one.bad]}
                    self._set_apart(pl.DataFrame(places), BAD_RECORD.name)
                    progress(len(one.bad))
                yield from self._pieces(one, projection(self.source, one.columns, self.reader.attributes))

    def _pieces(self, batch: Batch, made: Mapping[str, exp.Expr]) -> Iterator[pa.Table]:
        """The rows of a batch, each field under its name."""
        nobody = passed_over(self.source, batch.columns)
        plain = {name: bare(field) if is_identifier(name) else field for name, field in made.items()}
        if batch.raw is not None and nobody is None and all(_is_text(field, batch) for field in plain.values()):
            # As they lie in memory: what they are needs no database.
            columns = {name: batch.raw.column(field.name) for name, field in plain.items()}
            columns |= {POSITION: batch.raw.column(batch.position.name)}
            rows = pa.Table.from_arrays(list(columns.values()), names=list(columns))
            file = integers(np.full(rows.num_rows, batch.first_file))
            rows = rows.append_column(FILE, file)
            yield from (rows.slice(start, _ROWS) for start in range(0, rows.num_rows, _ROWS))
            return
        asked = [field.as_(name, quoted=True) for name, field in made.items()]
        asked += [batch.position.as_(POSITION, quoted=True), batch.file.as_(FILE, quoted=True)]
        if nobody is not None:
            asked.append(nobody.as_(OVER, quoted=True))
        statement = exp.select(*asked).from_(batch.table.copy()).sql(dialect="duckdb")
        with stoppable():
            for part in self.connection.sql(statement).to_arrow_reader(_ROWS):
                yield pa.Table.from_batches([part])

    def _piece(self, rows: pa.Table) -> int:
        """Some rows to the streams of their parts; how many they were."""
        given = {name: _one(rows.column(name)) for name in rows.column_names}
        place = pl.DataFrame({name: pl.Series(given.pop(name)) for name in (FILE, POSITION)})
        over = np.zeros(rows.num_rows, dtype=np.bool_)
        if OVER in given:
            over = given.pop(OVER).to_numpy(zero_copy_only=False)
        found, wrong = fields(given, self.source, self.reader.attributes)
        good = ~over
        for reason in precedence(set(wrong)):
            bad = wrong[reason] & good
            good &= ~bad
            if bad.any():
                self._set_apart(place.filter(pl.Series(bad)), reason)
        for name, names in self.names.items():
            if name in found:
                found[name] = names.coded(found[name])
        chosen = np.flatnonzero(good)
        part = self.names["account"].part[found["account"].fill_null(0).to_numpy()[chosen]]
        sorting = np.argsort(part, kind="stable")
        cuts = np.searchsorted(part[sorting], np.arange(self.parts + 1))
        table = pa.RecordBatch.from_arrays(list(found.values()), names=list(found)).take(integers(chosen[sorting]))
        for stream, low, high in zip(self.streams, cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            if low < high:
                stream.write(table.slice(low, high - low))
        with self._lock:
            self.count["over"] += int(over.sum())
            self.count["written"] += len(chosen)
        return int(rows.num_rows)

    def _set_apart(self, place: pl.DataFrame, reason: str) -> None:
        kept = place.cast(pl.Int64).with_columns(reason=pl.lit(reason))
        with self._lock:
            self.apart.append(kept)

    # --- every part in its order --------------------------------------------------------------------------------------

    def settled(self) -> Copied:
        """Each part sorted by account and time, as Parquet; and the list of what is apart."""
        ranks = {name: _Ranked.of(names.texts) for name, names in self.names.items()}
        told = list(self.pool.map(partial(self._settle, ranks), range(self.parts)))
        apart = self._list_apart()
        return Copied(
            read=self.count["read"],
            written=self.count["written"],
            passed_over=self.count["over"],
            apart=apart,
            accounts=sum(told),
            files=tuple(_name(number) for number, accounts in enumerate(told) if accounts),
            columns=tuple(name for name in contract(self.source) if name != "kind" or self.source.kind is None),
        )

    def _settle(self, ranks: Mapping[str, _Ranked], number: int) -> int:
        """One part: how many accounts are in it."""
        stream = self.streams[number]
        if not stream.path.exists():
            return 0
        rows = stream.read()
        stream.path.unlink()
        columns = {name: _sorted(_one(rows.column(name))) for name in rows.column_names}
        del rows
        rank = {name: ranks[name].of_code[columns.pop(name).fill_null(-1).to_numpy()] for name in self.names}
        order = _order(rank["account"], columns)
        with ExitStack() as open_:
            writer: pq.ParquetWriter | None = None
            for start in range(0, len(order), _GROUP):
                chosen = order[start : start + _GROUP]
                taken = integers(chosen)
                made = {name: ranks[name].texts(places[chosen]) for name, places in rank.items()}
                made |= {name: _compact(column.take(taken)) for name, column in columns.items()}
                names = contract_order(made)
                group = pa.Table.from_arrays([made[name] for name in names], names=list(names))
                if writer is None:
                    file = open_.enter_context(_durable(self.folder / _name(number)))
                    writer = open_.enter_context(_writer(file, group.schema))
                    writer.add_key_value_metadata(Part(number, self.parts, self.key.id).mark(len(order)))
                writer.write_table(group, row_group_size=_GROUP)
        return int(begins(rank["account"][order]).sum())

    def _list_apart(self) -> dict[str, int]:
        """Write the places of the rows that are apart, if there are any; how many there are for each reason."""
        if not self.apart:
            return {}
        paths = pl.DataFrame(
            {FILE: range(len(self.files)), "file": [file.path for file in self.files]},
            schema_overrides={FILE: pl.Int64},
        )
        rows = pl.concat(self.apart).join(paths, on=FILE).sort(FILE, POSITION, "reason")
        with _durable(self.folder / APART) as file:
            rows.select("file", pl.col(POSITION).alias("position"), "reason").write_csv(file)
        counted = rows.group_by("reason").len().sort(["len", "reason"], descending=[True, False])
        return {str(reason): int(count) for reason, count in counted.iter_rows()}


@dataclass(frozen=True)
class _Ranked:
    """Pseudonyms in order, and which of them each code stands for; the last code is that of what is missing."""

    sorted: list[str]
    of_code: NDArray[np.int32]

    @classmethod
    def of(cls, texts: list[str]) -> _Ranked:
        order = np.argsort(np.array(texts, dtype=np.bytes_), kind="stable")
        of_code = np.full(len(texts) + 1, -1, dtype=np.int32)
        of_code[order] = np.arange(len(texts), dtype=np.int32)
        return cls([texts[code] for code in order.tolist()], of_code)

    def texts(self, ranks: NDArray[np.int32]) -> pa.DictionaryArray:
        """A column of them, with no more in its dictionary than it needs."""
        there, places = np.unique(ranks, return_inverse=True)
        missing = ranks < 0
        gap = int(len(there) > 0 and there[0] < 0)
        dictionary = texts([self.sorted[rank] for rank in there[gap:].tolist()])
        codes = pl.Series(places - gap, dtype=pl.Int32)
        return pa.DictionaryArray.from_arrays(
            (codes.set(pl.Series(missing), None) if gap else codes).to_arrow(), dictionary
        )


def _order(account: NDArray[np.int32], columns: Mapping[str, pa.Array]) -> Positions:
    """The rows by account and time; what stands at one time by what is in it, so that no order of files decides."""
    at = columns["occurred_at"].cast(pa.int64()).to_numpy()
    nothing = np.zeros(len(at), dtype=np.int8)
    order = by_token(Taps(account, at, *(nothing for _ in range(6))))
    fresh = begins(account[order], at[order])
    tied = ~fresh
    tied[:-1] |= ~fresh[1:]
    places = np.flatnonzero(tied)
    if len(places):
        rows = order[places]
        among = pl.DataFrame({name: pl.Series(_plain(column.take(integers(rows)))) for name, column in columns.items()})
        among = among.with_columns(pl.Series("?account", account[rows]), pl.Series("?row", rows))
        order[places] = among.sort("?account", "occurred_at", *sorted(columns), maintain_order=True)["?row"].to_numpy()
    return order


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _sorted(column: pa.Array) -> pa.Array:
    """The column with its dictionary in order: what stood first in the files leaves no trace."""
    if not pa.types.is_dictionary(column.type):
        return column
    order = pc.sort_indices(column.dictionary)
    place = np.empty(len(order), dtype=np.int32)
    place[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
    indices = pl.Series(place).to_arrow().take(column.indices)
    return pa.DictionaryArray.from_arrays(indices, column.dictionary.take(order))


def _compact(column: pa.Array) -> pa.Array:
    """The column with what it needs of its dictionary, where that is much less."""
    if pa.types.is_dictionary(column.type) and len(column.dictionary) > len(column) // 8:
        return column.dictionary_decode().dictionary_encode()
    return column


def _is_text(field: exp.Expr, batch: Batch) -> bool:
    return isinstance(field, exp.Column) and batch.columns.get(field.name) == "VARCHAR"


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _name(number: int) -> str:
    return f"part-{number:04d}.parquet"


def _writer(file: BinaryIO, schema: pa.Schema) -> pq.ParquetWriter:
    coded = [one.name for one in schema if pa.types.is_dictionary(one.type)]
    times = [one.name for one in schema if pa.types.is_timestamp(one.type)]
    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=coded,
        column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED"),
        dictionary_pagesize_limit=_DICTIONARY,
        # Texts are read back as texts, whoever reads them.
        store_schema=False,
    )


@contextmanager
def _durable(path: Path) -> Iterator[BinaryIO]:
    """A new file, on the disk when the block ends."""
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
