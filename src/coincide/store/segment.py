"""Bulk data as immutable Parquet files, each of which exists only by its row in the database.

Written and made durable before the transaction that names it; removed only after the transaction that
forgets it. A file without a row is an orphan of a broken run (or was forgotten a moment ago): ``sweep``
removes it, under the scan lock. DESIGN: "How it runs".
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection, delete, insert, select

from coincide.store import durable, tables
from coincide.store.database import translated
from coincide.store.errors import SegmentDamaged, SegmentMissing
from coincide.store.failpoint import failpoint

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["observation", "quarantine"]

FOLDER = "segments"

_BATCH = 500
"""Ids in one statement: far below the 32,766 parameters that SQLite takes."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of rows; ``path`` is relative to the state folder, ``digest`` the SHA-256 of the file in
    hexadecimal."""

    id: str
    kind: Kind
    path: str
    rows: int
    digest: str
    created: int


def write(folder: Path, kind: Kind, label: str, frame: pl.DataFrame, created: int) -> Segment:
    """Writes the rows of ``frame`` as a durable file below the state folder; its row is the caller's to
    ``add``.

    ``label`` says what the rows are of, such as ``purchases/2025-03.csv``: two segments with equal rows and
    different labels are different files, so that forgetting one keeps the other. Writing the same twice
    writes the same file. Raises ``DiskFull`` or ``NotWritable``.
    """
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    named = hashlib.sha256(label.encode() + b"\0" + digest.encode()).hexdigest()
    id_ = f"{kind}-{named[:32]}"
    path = folder / FOLDER / f"{id_}.parquet"
    with translated(str(path)):
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            durable.sync_folder(folder)
        durable.write(path, content)
    return Segment(id_, kind, f"{FOLDER}/{path.name}", frame.height, digest, created)


def add(connection: Connection, segments: Iterable[Segment]) -> None:
    """Gives the segments their rows; those that have one keep it."""
    wanted = {segment.id: asdict(segment) for segment in segments}
    known = {segment.id for segment in load(connection, list(wanted))}
    rows = [row for id_, row in wanted.items() if id_ not in known]
    if rows:
        connection.execute(insert(tables.segment), rows)


def forget(connection: Connection, ids: Sequence[str]) -> None:
    """Takes the rows away; ``sweep`` removes the files once that is committed."""
    for start in range(0, len(ids), _BATCH):
        connection.execute(delete(tables.segment).where(tables.segment.c.id.in_(ids[start : start + _BATCH])))


def unnamed(connection: Connection) -> list[str]:
    """The ids of the quarantine segments that no file names any more."""
    segment, file = tables.segment, tables.file
    named = select(file.c.quarantine).where(file.c.quarantine.is_not(None))
    query = select(segment.c.id).where(segment.c.kind == "quarantine", segment.c.id.not_in(named))
    return sorted(connection.execute(query).scalars())


def load(connection: Connection, ids: Sequence[str] | None = None, *, kind: Kind | None = None) -> list[Segment]:
    """The segments of these ids (all without), ordered by id; of one kind if asked for."""
    query = select(tables.segment).order_by(tables.segment.c.id)
    if kind is not None:
        query = query.where(tables.segment.c.kind == kind)
    if ids is None:
        return [Segment(*row) for row in connection.execute(query)]
    ordered = sorted(set(ids))
    found: list[Segment] = []
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        found += [Segment(*row) for row in connection.execute(query.where(tables.segment.c.id.in_(batch)))]
    return found


def read(folder: Path, segment: Segment) -> pl.DataFrame:
    """The rows of a segment, its digest checked. Raises ``SegmentMissing`` or ``SegmentDamaged``."""
    import polars as pl

    path = folder / segment.path
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise SegmentMissing(str(path)) from error
    if hashlib.sha256(content).hexdigest() != segment.digest:
        raise SegmentDamaged(str(path))
    return pl.read_parquet(io.BytesIO(content))


def sweep(folder: Path, connection: Connection) -> int:
    """Removes the files of the segment folder that no row names; their number.

    Only under the scan lock: another scan's files have no row until it commits.
    """
    place = folder / FOLDER
    if not place.is_dir():
        return 0
    named = {folder / segment.path for segment in load(connection)}
    orphans = [path for path in place.iterdir() if path not in named]
    with translated(str(place)):
        for path in orphans:
            path.unlink(missing_ok=True)
            # A death here leaves the rest of the orphans: the next scan removes them.
            failpoint("orphan-removed")
    return len(orphans)
