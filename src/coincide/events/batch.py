"""Rows of a source as the engine selects from them, whatever format they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coincide.events.file import FileStamp

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be read at all: where it stands, and a hash of its bytes (BLAKE2b, 32 digits)."""

    file: int
    position: int
    digest: str


@dataclass(frozen=True)
class Batch:
    """Rows of one source that the engine selects from.

    ``files`` with ``indices``, their numbers in the run; ``table`` stands in FROM; ``columns`` are all raw
    columns with their DuckDB types (of a text file only those that were asked for are in ``table``);
    ``position`` and ``file`` are expressions over ``table`` for the canonical ``position`` (Int64) and ``file``
    (UInt32). ``counts`` are the readable records in it by file, ``bad`` lists the others. ``again`` gives the same
    rows from a slower reader that repairs text which is not UTF-8, or raises an error that names the broken
    file: for when DuckDB fails on ``table``. ``digest`` is an expression over ``table`` for a hash of the row, where
    rows have no fixed places by which they could be hashed later. ``raw`` are
    the rows themselves where they lie in memory, for whom they need not pass through DuckDB. A batch is good until the
    next one is asked for.
    """

    files: tuple[FileStamp, ...]
    indices: tuple[int, ...]
    table: exp.Expression
    columns: dict[str, str]
    position: exp.Expression
    file: exp.Expression
    counts: tuple[int, ...]
    bad: tuple[BadRecord, ...] = ()
    digest: exp.Expression | None = None
    again: Callable[[], Iterator[Batch]] | None = field(default=None, compare=False)
    raw: pa.Table | None = field(default=None, compare=False)

    @property
    def first_file(self) -> int:
        """The number in the run of the first file of the batch."""
        return self.indices[0]

    @property
    def rows(self) -> int:
        """The readable records of all its files."""
        return sum(self.counts)
