"""The rows that the last scan could not use: listed, shown from their files, and read again.

Which rows those are is in segments beside the states of files; the rows themselves are in their files alone.
DESIGN: "Every row read ends in one of four".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from coincide.alerts.alert import iso
from coincide.alerts.errors import NotQuarantined
from coincide.alerts.scan import Outcome, scan
from coincide.alerts.survey import whole
from coincide.engines.embedded.load import Progress
from coincide.engines.workspace import Workspace
from coincide.events import quarantine as rows
from coincide.events.errors import RowGone
from coincide.events.file import stamp
from coincide.events.quarantine import Quarantined
from coincide.ledger.book import Book
from coincide.store import file as files
from coincide.store import scan as scans
from coincide.store import segment
from coincide.store.file import FileState
from coincide.store.lock import scan_lock


@dataclass(frozen=True, slots=True)
class Retry:
    """``files``: how many were read again; ``left``: rows that were in quarantine and no longer are."""

    files: int
    before: int
    after: int
    left: int
    outcome: Outcome


def held(
    workspace: Workspace, connection: Connection, *, source: str | None = None, reason: str | None = None
) -> list[Quarantined]:
    """The rows in quarantine since the last scan, by source, file and position.

    Raises ``SegmentMissing``, ``SegmentDamaged``.
    """
    states = {state.quarantine: state for state in _states(connection) if source in (None, state.source)}
    found = []
    for kept in segment.load(connection, [id_ for id_ in states if id_ is not None]):
        state = states[kept.id]
        for position, why, digest in segment.read(workspace.state, kept).iter_rows():
            if reason in (None, why):
                found.append(Quarantined(state.source, state.path, position, why, digest))
    return sorted(found)


def counted(found: Sequence[Quarantined]) -> list[tuple[str, str, int]]:
    """Source, reason and number of rows; the most frequent first."""
    counts = Counter((row.source, row.reason) for row in found)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [(source, reason, count) for (source, reason), count in ordered]


def show(
    workspace: Workspace, book: Book, source: str, file: str, position: int
) -> tuple[Quarantined, dict[str, str | None]]:
    """A row in quarantine and what stands at its place; entered in the ledger before the row is read.

    A row without a hash is shown only from a file that is as it was. Raises ``NotQuarantined``, ``RowGone`` and what
    ``Book.reading`` raises.
    """
    with book.database.reading() as connection:
        row = _quarantined(workspace, connection, source, file, position)
    book.reading("quarantine:show", [f"{source} {file} {position}"])
    return row, rows.show(workspace.readers[source], row)


def _quarantined(workspace: Workspace, connection: Connection, source: str, file: str, position: int) -> Quarantined:
    of_source = held(workspace, connection, source=source)
    row = next((one for one in of_source if (one.file, one.position) == (file, position)), None)
    if row is None or source not in workspace.readers:
        raise NotQuarantined(source, file, position)
    if not row.digest and not _unchanged(workspace, connection, row):
        raise RowGone(file, position)
    return row


def retry(workspace: Workspace, book: Book, *, now_us: int, progress: Progress = lambda _: None) -> Retry:
    """Read the files that have rows in quarantine again, and scan. A death in between leaves that to the next scan."""
    before, number = _marked(workspace, book, now_us)
    outcome = scan(workspace, book, now_us=now_us, progress=progress)
    with book.database.reading() as connection:
        after = held(workspace, connection)
    there = {(row.source, row.file, row.position) for row in after}
    left = sum((row.source, row.file, row.position) not in there for row in before)
    return Retry(number, len(before), len(after), left, outcome)


def _marked(workspace: Workspace, book: Book, now_us: int) -> tuple[list[Quarantined], int]:
    """What is in quarantine now, and how many files were marked as changed.

    The states stay, so that the scan knows which times the files had rows in.
    """
    with scan_lock(workspace.state, iso(now_us)), book.acting("quarantine:retry", "quarantine") as connection:
        before = held(workspace, connection)
        again = [replace(state, size=-1, digest="") for state in _states(connection) if state.quarantine is not None]
        files.save(connection, again)
        return before, len(again)


def _states(connection: Connection) -> list[FileState]:
    """The files of the last scan of all rules; if there was none, of the last scan there was."""
    latest = scans.latest_of(connection, "all") or scans.latest(connection)
    return [] if latest is None else list(files.load(connection, latest.scope).values())


def _unchanged(workspace: Workspace, connection: Connection, row: Quarantined) -> bool:
    state = next(one for one in _states(connection) if (one.source, one.path) == (row.source, row.file))
    if not (workspace.folder / row.file).is_file():
        return False
    found = stamp(workspace.folder, row.file)
    if (found.size, found.mtime_ns) != (state.size, state.mtime_ns):
        return False
    return state.digest == (whole(workspace.folder, found) if state.racy else found.digest)
