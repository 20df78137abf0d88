"""One source as the engine sees it: files, columns, and batches to put into FROM. DESIGN: "Events".

The engine writes the SELECT; a :class:`Batch` says what it runs over. The formats have a module each
(:mod:`~coincide.events.parquet`, :mod:`~coincide.events.delimited`, :mod:`~coincide.events.ndjson`,
:mod:`~coincide.events.postgres`); what the columns mean is the matter of :mod:`coincide.events.mapping`, what
the selected rows are worth that of :mod:`coincide.events.canonical`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from coincide.events.batch import BadRecord, Batch
from coincide.events.errors import UnknownFormat
from coincide.events.file import FileStamp, stamps
from coincide.settings import Attribute, LinkFile, Postgres, Source

if TYPE_CHECKING:
    import duckdb

__all__ = ["BadRecord", "Batch", "Format", "SourceReader"]

_HEAD = 64 * 1024
Format = Literal["parquet", "csv", "ndjson"]
_ENDS: dict[str, Format] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}


@dataclass(frozen=True)
class SourceReader:
    """Reads one source, or one file set of master data, of the workspace ``folder``."""

    name: str
    source: Source | LinkFile
    folder: Path
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    def files(self) -> list[FileStamp]:
        """The files there are now, sorted by path; of a PostgreSQL source one stamp that never equals another.

        Raises ``NoFiles``, ``UnreadableFile``.
        """
        if self.source.files is None:
            from coincide.events import postgres

            return [postgres.stamp(self.name)]
        return stamps(self.folder, self.source.files)

    def columns(self) -> dict[str, str]:
        """The raw columns of the first file (or of the table) with their DuckDB types, in their order."""
        if self.source.files is None:
            from coincide.events import postgres

            return postgres.columns(self._postgres)
        return self.columns_of(self.files()[0])

    def columns_of(self, file: FileStamp) -> dict[str, str]:
        """The raw columns of one file with their DuckDB types, in their order."""
        match self.format(file):
            case "parquet":
                from coincide.events import parquet

                return parquet.columns(self.folder, file)
            case "csv":
                from coincide.events import delimited

                return delimited.columns(self.folder, file, self.delimiter(file))
            case "ndjson":
                from coincide.events import ndjson

                return ndjson.columns(self.folder, file)

    def batches(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[FileStamp],
        columns: set[str],
        *,
        first_file: int = 0,
    ) -> Iterator[Batch]:
        """The rows of ``files``, in batches; ``columns`` are the raw columns that the SELECT will name.

        The file at place *i* of ``files`` has the number ``first_file + i`` in the run. Raises the errors of
        :mod:`coincide.events.errors` that name a file.
        """
        if self.source.files is None:
            from coincide.events import postgres

            # A scan that widens to other files finds none here.
            for index, file in enumerate(files, first_file):
                yield from postgres.batches(connection, self._postgres, file, columns, index)
            return
        parquets = []
        for index, file in enumerate(files, first_file):
            match self.format(file):
                case "parquet":
                    parquets.append((index, file))
                case "csv":
                    from coincide.events import delimited, multiline

                    read = multiline.batches if self.multiline else delimited.batches
                    delimiter = self.delimiter(file)
                    yield from read(connection, self.folder, file, index, columns, delimiter=delimiter)
                case "ndjson":
                    from coincide.events import ndjson

                    yield from ndjson.batches(connection, self.folder, file, index, columns, texts=self._texts())
        if parquets:
            from coincide.events import parquet

            yield from parquet.batches(connection, self.folder, parquets, columns)

    def expected(self) -> int:
        """About how many records there are, for a progress bar: from footers and the first lines; 0 if not known."""
        if self.source.files is None:
            return 0
        return sum(self.expected_in(file) for file in self.files())

    def expected_in(self, file: FileStamp) -> int:
        """About how many records one file has; 0 if that is not known without reading it."""
        if self.source.files is None:
            return 0
        if self.format(file) == "parquet":
            from coincide.events import parquet

            return parquet.rows(self.folder, file)
        if file.path.endswith(".gz"):
            return 0
        with (self.folder / file.path).open("rb") as stream:
            head = stream.read(_HEAD)
        return file.size * head.count(b"\n") // max(1, len(head))

    def format(self, file: FileStamp) -> Format:
        """How a file is read: as set, else by the end of its name. Raises ``UnknownFormat``."""
        if self.source.format is not None:
            return self.source.format
        found = _ENDS.get(_end(file))
        if found is None or (found == "parquet" and file.path.lower().endswith(".gz")):
            raise UnknownFormat(file.path)
        return found

    def delimiter(self, file: FileStamp) -> str:
        """What stands between the fields: as set; a tab for .tsv."""
        if self.source.delimiter == "," and _end(file) == ".tsv":
            return "\t"
        return self.source.delimiter

    @property
    def multiline(self) -> bool:
        """Whether a quoted field may hold ends of line."""
        return isinstance(self.source, Source) and self.source.multiline

    def _texts(self) -> frozenset[str]:
        from coincide.events import mapping

        return mapping.text_columns(self.source, self.attributes)

    @property
    def _postgres(self) -> Postgres:
        assert isinstance(self.source, Source)
        assert self.source.postgres is not None
        return self.source.postgres


def _end(file: FileStamp) -> str:
    """The end of the name that tells the format, without ``.gz``, in small letters."""
    name = file.path.lower().removesuffix(".gz")
    return Path(name).suffix
