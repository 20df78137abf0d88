"""The files of a scan as the store keeps them: how their rows ended, what stands in quarantine, the counts by day."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection

from coincide.alerts.asked import Asked
from coincide.alerts.survey import whole
from coincide.engines.embedded.run import Run
from coincide.events.file import FileStamp
from coincide.events.quarantine import digests
from coincide.store import file as files
from coincide.store import scan as scans
from coincide.store import segment, tally
from coincide.store.file import FileState
from coincide.store.segment import Segment

_DAY_US = 86_400_000_000


def states_of(asked: Asked, result: Run) -> tuple[list[FileState], list[Segment]]:
    """The files that are new to the scope, with a segment for what each has in quarantine."""
    refused: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
    for row in result.refused:
        refused.setdefault((row.source, row.file.path), []).append((row.position, row.reason, row.digest))
    states, segments = [], []
    for source, stamps in (asked.found.stamps if asked.before is None else asked.found.fresh).items():
        for stamp in stamps:
            key = (source, stamp.path)
            held = refused.get(key)
            kept = None
            if held:
                columns = {"position": pl.Int64, "reason": pl.String, "digest": pl.String}
                frame = pl.DataFrame(_hashed(asked, source, stamp, sorted(held)), schema=columns, orient="row")
                kept = segment.write(asked.workspace.state, "quarantine", f"{source}/{stamp.path}", frame, asked.now_us)
                segments.append(kept)
            count = result.files.get(key)
            racy = files.racy(stamp.mtime_ns, asked.now_us * 1_000)
            states.append(
                FileState(
                    scope=asked.scope.name,
                    source=source,
                    path=stamp.path,
                    size=stamp.size,
                    mtime_ns=stamp.mtime_ns,
                    digest=whole(asked.workspace.folder, stamp) if racy else stamp.digest,
                    racy=racy,
                    read=count.read if count else 0,
                    unmatched=count.unmatched if count else 0,
                    quarantined=count.quarantined if count else 0,
                    first_at=count.first_at if count else None,
                    last_at=count.last_at if count else None,
                    quarantine=kept.id if kept else None,
                )
            )
    return states, segments


def _hashed(
    asked: Asked, source: str, stamp: FileStamp, held: list[tuple[int, str, str]]
) -> list[tuple[int, str, str]]:
    """The rows in quarantine, each with a hash of its record, where the file's format has one."""
    known = digests(asked.workspace.readers[source], stamp, [position for position, _, digest in held if not digest])
    return [(position, reason, digest or known.get(position, "")) for position, reason, digest in held]


def save_files(asked: Asked, connection: Connection, states: list[FileState], result: Run) -> None:
    """Files, and the counts of the days that were read whole, in the place of those known."""
    scope = asked.scope.name
    if asked.before is None:
        for old in scans.scopes_of(connection, asked.scope.selection):
            files.forget_scope(connection, old)
            tally.forget(connection, old)
    files.remove(connection, asked.found.gone)
    files.save(connection, states)
    segment.forget(connection, segment.unnamed(connection))
    tally.save(connection, scope, result.duplicates, result.observations, _days(asked, result))


def _days(asked: Asked, result: Run) -> tuple[int, int] | None:
    """The days that were counted anew: those that rows came to or went from; all if all was read."""
    if result.wider is None or result.wider.whole:
        return None
    lost = (*asked.found.gone, *asked.found.replaced)
    times = [at for state in lost for at in (state.first_at, state.last_at) if at is not None]
    if result.changed is not None:
        times += [at for at in (result.changed.first_at, result.changed.last_at) if at is not None]
    return (min(times) // _DAY_US, max(times) // _DAY_US) if times else (1, 0)
