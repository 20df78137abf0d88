"""The order of writing that makes a scan happen wholly or not at all. DESIGN: promise 2.

1. Under the scan lock, what a broken run left is swept.
2. New segments are written and made durable (``segment.write``). No row names them yet.
3. One transaction writes everything else: rows of segments, files, alerts, entities, the scan itself.
4. Its commit is the moment at which the scan has happened.
5. Files that lost their row in it are removed.

Recovery is step 1 of the next scan: there is no other code for it. A death before 4 leaves the state before
the scan and perhaps files without rows; a death after 4 leaves the state after it and perhaps the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from coincide.store.database import Database
from coincide.store.failpoint import failpoint
from coincide.store.lock import scan_lock
from coincide.store.segment import sweep


@contextmanager
def scanning(database: Database, folder: Path, since: str) -> Iterator[None]:
    """The block in which a scan may write segments and commit; one at a time. Begins with the sweep (step
    1)."""
    with scan_lock(folder, since):
        with database.reading() as connection:
            sweep(folder, connection)
        yield


@contextmanager
def committing(database: Database, folder: Path) -> Iterator[Connection]:
    """The one transaction of a scan (steps 3 to 5), inside ``scanning``, with all segments written."""
    # A death here leaves durable files without rows: as if the scan had not been.
    failpoint("commit-begun")
    with database.writing() as connection:
        yield connection
        # A death here leaves a rollback journal: whoever opens the database next plays it back.
        failpoint("commit-ready")
    # The scan has happened. A death here leaves files that lost their row: the next scan removes them.
    failpoint("commit-done")
    with database.reading() as connection:
        sweep(folder, connection)
    failpoint("commit-swept")
