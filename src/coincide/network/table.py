"""The tables of a GTFS feed as they come: texts by column, out of a zip file or a folder.

Every value is text here and blanks around it are taken off (GTFS Schedule Reference, "File Requirements"); an empty
one is null. What the values mean is the matter of :mod:`coincide.network.load`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import polars as pl

from coincide.network.errors import BrokenTable, MissingColumn, MissingTable, NoFeed, UnreadableFeed

_NEEDED = "stops.txt"
# RuntimeError: encrypted; NotImplementedError: a way of packing that Python does not know.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError)
RECORD = "record"
"""Column of a table: the number of the record after the header, from 1."""


@dataclass(frozen=True)
class Feed:
    """A feed that can be asked for its tables: ``folder`` is where they lie inside ``path``, empty at the top."""

    path: Path
    shown: str
    zipped: bool
    folder: str
    names: tuple[str, ...]

    def place(self, name: str) -> str:
        """How a table is called where it is spoken of."""
        return f"{self.shown}/{self.folder}{name}"

    def version(self, names: Sequence[str]) -> str:
        """A hash of these tables as they lie there: name, size and a digest of the content, of each that there is.

        Nothing is read of an archive but its directory, which has a checksum of each file. Raises ``UnreadableFeed``.
        """
        there = [name for name in names if name in self.names]
        try:
            if self.zipped:
                with zipfile.ZipFile(self.path) as archive:
                    members = [archive.getinfo(self.folder + name) for name in there]
                told = [(name, one.file_size, one.CRC) for name, one in zip(there, members, strict=True)]
            else:
                contents = [(self.path / self.folder / name).read_bytes() for name in there]
                told = [(name, len(one), zlib.crc32(one)) for name, one in zip(there, contents, strict=True)]
        except _UNREADABLE as error:
            raise UnreadableFeed(self.shown, _reason(error)) from None
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]

    def content(self, name: str) -> bytes:
        """The bytes of a table. Raises ``MissingTable``, ``UnreadableFeed``."""
        if name not in self.names:
            raise MissingTable(self.shown, name, self.names)
        try:
            if not self.zipped:
                return (self.path / self.folder / name).read_bytes()
            with zipfile.ZipFile(self.path) as archive:
                return archive.read(self.folder + name)
        except _UNREADABLE as error:
            raise UnreadableFeed(self.shown, f"{name}: {_reason(error)}") from None


def open_feed(path: Path, shown: str | None = None) -> Feed:
    """The feed at ``path``, a zip file or a folder, its tables at the top or in one folder inside.

    ``shown`` is how messages call it. Raises ``NoFeed``, ``UnreadableFeed``.
    """
    name = str(path) if shown is None else shown
    if path.is_dir():
        files = [str(PurePosixPath(file.relative_to(path))) for file in path.glob("*.txt")]
        files += [str(PurePosixPath(file.relative_to(path))) for file in path.glob("*/*.txt")]
        return _feed(path, name, False, files)
    if not path.exists():
        raise NoFeed(name)
    try:
        with zipfile.ZipFile(path) as archive:
            files = archive.namelist()
    except _UNREADABLE as error:
        raise UnreadableFeed(name, _reason(error)) from None
    return _feed(path, name, True, files)


def _feed(path: Path, shown: str, zipped: bool, files: Sequence[str]) -> Feed:
    """Of several folders that hold a feed the first by name is not better than another: only a single one is taken."""
    found = {PurePosixPath(file) for file in files}
    inside = sorted({str(file.parent) for file in found if file.name == _NEEDED and str(file.parent) != "."})
    at_top = PurePosixPath(_NEEDED) in found
    folder = f"{inside[0]}/" if not at_top and len(inside) == 1 else ""
    parent = PurePosixPath(folder or ".")
    return Feed(path, shown, zipped, folder, tuple(sorted(file.name for file in found if file.parent == parent)))


def read(feed: Feed, name: str, needed: Sequence[str], optional: Sequence[str] = ()) -> pl.DataFrame:
    """The columns ``needed`` and ``optional`` of a table as text, one that is not there as null, and ``record``.

    Records that are blank altogether are none. Raises ``MissingTable``, ``MissingColumn``, ``BrokenTable``.
    """
    content = feed.content(name).removeprefix(b"\xef\xbb\xbf")
    place = feed.place(name)
    header = _header(content, place)
    for column in needed:
        if column not in header:
            raise MissingColumn(place, column, header)
    # By position and in the order of the file: of a name that stands twice the first is meant.
    wanted = sorted((column for column in (*needed, *optional) if column in header), key=header.index)
    try:
        rows = pl.read_csv(
            io.BytesIO(content),
            infer_schema=False,
            columns=[header.index(column) for column in wanted],
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError as error:
        raise BrokenTable(place, str(error).split("\n", 1)[0]) from None
    rows = rows.rename(dict(zip(rows.columns, wanted, strict=True)))
    texts = rows.select(pl.col(name).str.strip_chars().replace("", None) for name in wanted)
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in optional if name not in header]
    numbered = texts.with_columns(*missing).with_row_index(RECORD, offset=1)
    return numbered.filter(~pl.all_horizontal(pl.col(name).is_null() for name in wanted))


def _header(content: bytes, place: str) -> list[str]:
    first = content.split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        content.decode("utf-8")
        names = next(csv.reader([first.decode("utf-8")]), [])
    except UnicodeDecodeError as error:
        raise BrokenTable(place, f"byte {error.start + 1:,} is not UTF-8") from None
    except csv.Error as error:
        raise BrokenTable(place, str(error)) from None
    return [name.strip() for name in names]


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    text = str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
