"""Text files as blocks of whole lines: unpacked, without byte order mark, with the number of the first line.

A line ends at ``\\n``; one ``\\r`` before it is not part of it. Every failure names the file.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np

from coincide.events.errors import BrokenGzip, NotText, UnreadableFile
from coincide.events.file import FileStamp, reason

BLOCK = 8 << 20
"""Bytes of a block, about; the last line is always whole. Blocks of this size stay in memory that is at hand
already: with 32 MB, handing out fresh pages took as long as parsing (measured)."""
LONGEST = 64 << 20
"""Bytes of the longest line: a file of text has none that long, a binary file may have no end of line at all."""

BOM = b"\xef\xbb\xbf"
"""Byte order mark of UTF-8: dropped at the start of a file."""
_NEWLINE = 10
# What the first bytes of files say that are often mistaken for text.
_MAGIC = (
    (b"PAR1", "it is Parquet"),
    (b"PK\x03\x04", "it is a zip archive or a spreadsheet"),
    (b"\x1f\x8b", "it is packed by gzip but its name does not end in .gz"),
    (b"\x28\xb5\x2f\xfd", "it is packed by zstd"),
    (b"\xff\xfe", "it is UTF-16"),
    (b"\xfe\xff", "it is UTF-16"),
    (b"SQLite format 3", "it is a SQLite database"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines; the last of a file may lack its end. ``line`` is the number of the first, from 1."""

    content: bytes
    line: int

    @property
    def lines(self) -> int:
        """How many lines these are."""
        ends = int(np.count_nonzero(np.frombuffer(self.content, np.uint8) == _NEWLINE))
        return ends + (bool(self.content) and not self.content.endswith(b"\n"))


def blocks(folder: Path, file: FileStamp, *, size: int | None = None) -> Iterator[Block]:
    """The file in blocks of about ``size`` bytes (``BLOCK`` unless given); an empty file has none.

    Raises ``UnreadableFile``, ``BrokenGzip``, ``NotText``.
    """
    size = BLOCK if size is None else size
    line = 1
    try:
        with _open(folder / file.path) as stream:
            while content := stream.read(size):
                if not content.endswith(b"\n"):
                    content += stream.readline(LONGEST)
                    if not content.endswith(b"\n") and stream.read(1):
                        raise NotText(file.path, "a line has more than 64 MB")
                if line == 1:
                    _check(content, file)
                    content = content.removeprefix(BOM)
                block = Block(content, line)
                yield block
                line += block.lines
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise BrokenGzip(file.path) from None
    except OSError as error:
        raise UnreadableFile(file.path, reason(error)) from None


def digest(record: bytes) -> str:
    """What is kept of a record that cannot be read: BLAKE2b, 32 hexadecimal digits."""
    return hashlib.blake2b(record, digest_size=16).hexdigest()


def stripped(line: bytes) -> bytes:
    """A line without its end."""
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _open(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb", buffering=1 << 20)


def _check(content: bytes, file: FileStamp) -> None:
    for magic, found in _MAGIC:
        if content.startswith(magic):
            raise NotText(file.path, found)
    first = content[: content.find(b"\n") + 1 or None]
    if b"\0" in first:
        raise NotText(file.path, "its first line has binary zeros")
