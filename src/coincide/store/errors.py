"""What can go wrong with the files that Coincide keeps: codes ``COI-D0nn``."""

from __future__ import annotations

from pathlib import Path

from coincide.errors import CoincideError, Where


class StoreError(CoincideError):
    """The root of what can go wrong with the database and the files beside it."""

    exit_status = 4


class NotADatabase(StoreError):
    """The file at the place of the database is not one, or is damaged.

    Something else was written over `.coincide/coincide.db`, or the disk lost a part of it. Put the file
    back from a backup. Without one, move it away and scan again: alerts are found anew, but their numbers,
    decisions and suppressions are lost with the file.
    """

    code = "COI-D001"

    def __init__(self, path: str) -> None:
        super().__init__(
            "the file is not a database, or it is damaged",
            where=Where(path),
            hint="restore it from a backup, or move it away and run `coincide scan` again",
        )


class DatabaseLocked(StoreError):
    """Another program holds the database, and did not let go of it in the time that Coincide waits.

    A running scan holds it only while it writes its result. If no scan is running, some other program (a
    database browser, a backup) has it open in a transaction: end that, then run the command again.
    """

    code = "COI-D002"

    def __init__(self, path: str, waited_ms: int) -> None:
        self.waited_ms = waited_ms
        super().__init__(
            f"the database is locked by another program (waited {waited_ms / 1000:g} s)",
            where=Where(path),
            hint="end the other program or wait for it, then run the command again",
        )


class DiskFull(StoreError):
    """There is no room left on the disk. Nothing of the run was kept.

    Make room (or raise the quota) and run the same command again; what the broken run left behind is
    removed by the next scan.
    """

    code = "COI-D003"

    def __init__(self, path: str) -> None:
        super().__init__(
            "the disk is full",
            where=Where(path),
            hint="make room and run the command again; nothing was half-written",
        )


class NotWritable(StoreError):
    """Coincide may not write into the folder where it keeps its state.

    The folder `.coincide` in the workspace (or the workspace itself) is read-only for the user who runs the
    command. Give that user the right to write there, or run the command as the owner of the workspace.
    """

    code = "COI-D004"

    def __init__(self, path: str) -> None:
        super().__init__(
            "no right to write here",
            where=Where(path),
            hint="make the folder writable for the user who runs coincide",
        )


class NewerSchema(StoreError):
    """The database was written by a newer Coincide than this one.

    An older program must not write into tables that it does not know. Install the newer version again.
    """

    code = "COI-D005"

    def __init__(self, path: str, revision: str, known: str) -> None:
        self.revision = revision
        self.known = known
        super().__init__(
            f"the database has schema {revision}, and this version of Coincide knows schemas up to {known}",
            where=Where(path),
            hint="upgrade Coincide: `pip install --upgrade coincide`",
        )


class ForeignDatabase(StoreError):
    """The database belongs to another program: it has tables, but not those of Coincide.

    Coincide makes its tables only in an empty database. Name an empty one, or move the other program's file
    away.
    """

    code = "COI-D006"

    def __init__(self, path: str) -> None:
        super().__init__(
            "the database has tables of another program, and none of Coincide",
            where=Where(path),
            hint="move the file away, or name an empty database",
        )


class UnknownDatabase(StoreError):
    """The database URL names a kind of database that Coincide does not speak, or whose driver is not
    installed.

    SQLite needs nothing; PostgreSQL needs the driver `psycopg`.
    """

    code = "COI-D007"

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(
            f"no way to speak to a database of the kind `{kind}`",
            hint="use `sqlite:///FILE` or `postgresql+psycopg://HOST/NAME` (with psycopg installed)",
        )


class DatabaseFailed(StoreError):
    """The database answered with an error that Coincide has no better word for; the answer is in the
    sentence.

    For PostgreSQL: look whether the server runs and lets you in.
    """

    code = "COI-D008"

    def __init__(self, place: str, answer: str) -> None:
        super().__init__(
            f"the database answered: {answer}", where=Where(place), hint="see whether it runs, then try again"
        )


class SegmentMissing(StoreError):
    """A data file that the database names is gone from `.coincide/segments`.

    If a scan is running at the same moment it may have replaced the file: run the command again. Otherwise
    the file was deleted by hand: restore it from a backup, or run `coincide scan` on changed files again.
    """

    code = "COI-D009"

    def __init__(self, path: str) -> None:
        super().__init__("the data file is gone", where=Where(path), hint="run the command again, or restore the file")


class SegmentDamaged(StoreError):
    """A data file in `.coincide/segments` is not what was written: its hash differs from the one in the
    database.

    Somebody changed it, or the disk did. Restore it from a backup.
    """

    code = "COI-D010"

    def __init__(self, path: str) -> None:
        super().__init__(
            "the data file is not what was written", where=Where(path), hint="restore the file from a backup"
        )


class ScanRunning(StoreError):
    """Another scan is running in this workspace; one at a time may.

    Wait for it. The lock ends with the process that holds it, however that ends: there is no lock file to
    delete.
    """

    code = "COI-D011"

    def __init__(self, path: Path, pid: str, since: str) -> None:
        self.pid = pid
        self.since = since
        super().__init__(
            f"a scan is running in this workspace (process {pid}, since {since})",
            where=Where(str(path)),
            hint="wait until it is done, then run the command again",
        )


class BackupThere(StoreError):
    """There is a file of this name already, and a backup replaces none.

    Name every backup anew, for instance with the day, and remove old ones when newer ones were tried.
    """

    code = "COI-D020"
    exit_status = 2

    def __init__(self, path: str) -> None:
        super().__init__("there is a file of this name", where=Where(path), hint="name one that is not there yet")


class ForeignBackup(StoreError):
    """The file is no backup of Coincide, or one that another version made in a form that this one does not know.

    Nothing was restored. The sentence says what is not as it must be.
    """

    code = "COI-D021"
    exit_status = 3

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"the file is no backup that this version can read: {reason}",
            where=Where(path),
            hint="name a file that `coincide backup` made; a newer Coincide may be needed",
        )


class BackupDamaged(StoreError):
    """The backup is not what was written: a part of it is missing, was changed, or does not fit the others.

    Every file in it is compared with its hash before anything is put in place, so nothing was restored. Take another
    copy of the backup, or an earlier one.
    """

    code = "COI-D022"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"the backup is damaged: {reason}", where=Where(path), hint="take another copy or an earlier backup"
        )


class PlaceOccupied(StoreError):
    """Where the backup should go, something lies that it would replace; nothing was restored.

    A database, a ledger that is not a later state of the one in the backup, or another key. Restore into an empty
    folder (`--into`), or move away what the sentence names. A ledger that continues the one in the backup may stay:
    it is kept, and that is better than the older copy.
    """

    code = "COI-D023"

    def __init__(self, path: str, what: str) -> None:
        super().__init__(
            f"{what}; a restore replaces nothing",
            where=Where(path),
            hint="restore into an empty folder with --into, or move it away",
        )
