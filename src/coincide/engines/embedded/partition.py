"""Files that hold accounts of their own: to which part a pseudonym belongs, and the mark that a file bears.

The part follows from the pseudonym alone, so that it can be told again of every account that is read. A mark says how
many rows the file has, so that one that was carried over into a file of others is not believed. Files of one number of
parts fit together, whatever source or day they were written from.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

from coincide.engines.errors import ForeignToken
from coincide.entities.pseudonym import DIGITS, PREFIX
from coincide.events.file import FileStamp
from coincide.events.source import SourceReader
from coincide.settings import Source

MARK = b"coincide.part"
"""Key of the mark among a Parquet file's metadata."""
VERSION = 2
MOST = 512
"""Parts at most: as many files are open while they are written."""
_READ = 12
"""Base 32 digits that decide: 60 bits, which are as good as random, and fit a number."""
_VALUE = np.full(256, -1, dtype=np.int64)
_VALUE[np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)] = np.arange(32)
_LENGTH = len(PREFIX) + DIGITS

Files = Mapping[str, Sequence[FileStamp]]
"""By source."""


@dataclass(frozen=True, slots=True)
class Part:
    """``number`` from 0 of ``of`` parts; ``key``: the id of the key that made the pseudonyms."""

    number: int
    of: int
    key: str

    def mark(self, rows: int) -> dict[bytes, bytes]:
        """As it stands in the metadata of a file of so many rows."""
        told = {"version": VERSION, "part": self.number, "of": self.of, "key": self.key, "rows": rows}
        return {MARK: json.dumps(told).encode()}


def part_of(pseudonyms: Sequence[str], of: int) -> NDArray[np.int16]:
    """The part of each; -1 of a text that is no pseudonym."""
    texts = pl.Series(pseudonyms, dtype=pl.String)
    found = np.full(len(texts), -1, dtype=np.int16)
    fits = ((texts.str.len_bytes() == _LENGTH) & texts.str.starts_with(PREFIX)).fill_null(False)
    if not fits.any():
        return found
    letters = np.frombuffer("".join(texts.filter(fits)).encode(), dtype=np.uint8).reshape(-1, _LENGTH)
    values = _VALUE[letters[:, len(PREFIX) : len(PREFIX) + _READ]]
    number = values @ (np.int64(32) ** np.arange(_READ)) % of
    found[fits.to_numpy()] = np.where((values < 0).any(axis=1), -1, number)
    return found


def mark_of(footer: pq.FileMetaData) -> Part | None:
    """The mark in the footer of a Parquet file, ``None`` if it bears none that this version knows."""
    try:
        told = json.loads((footer.metadata or {}).get(MARK, b"null"))
        if told is None or told["version"] != VERSION or told["rows"] != footer.num_rows:
            return None
        part = Part(int(told["part"]), int(told["of"]), str(told["key"]))
    except (ValueError, KeyError, TypeError):
        return None
    return part if 0 <= part.number < part.of else None


def marked(path: Path) -> Part | None:
    """The mark of a Parquet file; see :func:`mark_of`."""
    return mark_of(pq.read_metadata(path))


def parted(readers: Sequence[tuple[SourceReader, Source]], stamps: Files | None = None) -> dict[Part, Files] | None:
    """The files of these sources by part, in order; ``None`` where an account may be in several of them.

    That is so unless every file bears a mark, all of one key and one number of parts, and the pseudonym in it is the
    account as it stands. ``stamps``: of each source these files alone. Raises what is wrong with files.
    """
    found: dict[Part, dict[str, list[FileStamp]]] = defaultdict(lambda: defaultdict(list))
    for reader, source in readers:
        if source.files is None or source.columns.get("account") != "account" or "account" in source.values:
            return None
        for file in reader.files() if stamps is None else stamps[reader.name]:
            part = marked(reader.folder / file.path) if reader.format(file) == "parquet" else None
            if part is None:
                return None
            found[part][reader.name].append(file)
    if len({(part.of, part.key) for part in found}) != 1:
        return None
    return {part: found[part] for part in sorted(found, key=lambda part: part.number)}


def check(part: Part, files: Files, accounts: Sequence[str]) -> None:
    """Raises ``ForeignToken`` where the files of a part hold an account of another: a mark is not believed."""
    if (part_of(accounts, part.of) != part.number).any():
        raise ForeignToken(" and ".join(sorted(files)), part.number, part.of)
