"""Database, data files and ledger as of one moment, written into one file, and put back where nothing is yet.

Scans and other commands go on meanwhile. The moment is held by two locks, for as long as files are linked and the
database is copied: that of the ledger's folder, then a reading transaction, which lets nobody commit. So the data
files are those that the database names, and the ledger has what the database knows, and no more.

What is put back: ledger, data files and keys first, the database last. That is the moment at which the state is there.
A ledger that lies there already and continues the one in the backup is kept: it is the newer one, and to put the older
one in its place would be to sign a second history (ADR 0015).
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from coincide import __version__
from coincide.errors import CoincideError
from coincide.ledger import entry, note, tiles
from coincide.ledger.book import Book
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.place import Place
from coincide.ledger.source import of_folder
from coincide.ledger.tiles import CHECKPOINT
from coincide.ledger.tree import root
from coincide.ledger.write import LOCK, held
from coincide.store import archive, outbox, pseudonym, segment
from coincide.store.archive import Manifest
from coincide.store.database import FILE, REVISIONS, open_database, translated
from coincide.store.durable import PART, sync_folder
from coincide.store.errors import (
    BackupDamaged,
    BackupThere,
    ForeignDatabase,
    NotADatabase,
    PlaceOccupied,
    SegmentMissing,
)
from coincide.store.failpoint import failpoint
from coincide.store.lock import scan_lock
from coincide.store.outbox import Head

STAGED, UNPACKED = "backup", "restoring"
"""Folders in the state folder, for as long as a backup or a restore takes."""
LEDGER = "ledger"
KEY, LEDGER_KEY = "keys/key", "keys/ledger-key"


@dataclass(frozen=True, slots=True)
class Backup:
    """What is in a backup. ``key_id``: of the key that its pseudonyms are of; ``None`` if there are none."""

    made_at: str
    files: int
    bytes: int
    keys: tuple[str, ...]
    key_id: str | None


@dataclass(frozen=True, slots=True)
class Restored:
    """``kept_ledger``: the ledger that was there went on from the one in the backup, and is kept."""

    backup: Backup
    kept_ledger: bool


# --- out ----------------------------------------------------------------------------------------------------------


def backup(book: Book, state: Path, key_file: Path, target: Path, *, at_us: int, with_keys: bool = False) -> Backup:
    """Writes the state into a new file. Entered first: whoever has the file has what is in it.

    Raises ``BackupThere``, ``DiskFull``, ``NotWritable``, ``LedgerBusy``, ``DatabaseLocked``.
    """
    if target.exists():
        raise BackupThere(str(target))
    with book.acting("state:backup", "state", reason="with keys" if with_keys else ""):
        pass
    with _staging(state) as folder:
        key_id = _taken(book, state, key_file, folder, with_keys=with_keys)
        # A death here leaves the folder, which the next backup removes.
        failpoint("backup-taken")
        about = {
            "made_at": entry.written(at_us),
            "coincide": __version__,
            "schema": REVISIONS[-1],
            "key_id": key_id,
        }
        return _told(archive.write(target, folder, about))


@contextmanager
def _staging(state: Path) -> Iterator[Path]:
    """An empty folder for one backup at a time; a second one waits."""
    folder = state / STAGED
    with translated(str(folder)):
        handle = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)


def _taken(book: Book, state: Path, key_file: Path, folder: Path, *, with_keys: bool) -> str | None:
    """All files of one moment, linked or copied below ``folder``; the id of the key of the pseudonyms."""
    place = book.place
    # In the order in which whoever writes takes them: a read has the ledger when it enters.
    with held(place.folder), book.database.reading() as connection:
        # The first look at the database begins the transaction, and from here on nobody commits.
        key_id = pseudonym.key_id(connection)
        book.database.copy(connection, folder / FILE)
        for one in segment.load(connection):
            if not (state / one.path).exists():
                raise SegmentMissing(str(state / one.path))
            _link(state / one.path, folder / one.path)
        for path in _files_of(place.folder):
            _link(path, folder / LEDGER / path.relative_to(place.folder))
        # Names are changed in a transaction, between two changes of this file: here it has the key that they are of.
        for file, name in ((key_file, KEY), (place.key_file, LEDGER_KEY)):
            if with_keys and file.exists():
                _link(file, folder / name)
    return key_id


def _files_of(folder: Path) -> list[Path]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return [path for path in found if path.name != LOCK and not path.name.startswith(PART)]


def _link(path: Path, target: Path) -> None:
    """A second name for a file that nobody writes into again; a copy where the disk has no such names."""
    with translated(str(target)):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except OSError:
            shutil.copyfile(path, target)


# --- and back -----------------------------------------------------------------------------------------------------


def restore(source: Path, state: Path, key_file: Path, place: Place, *, since: str) -> Restored:
    """Puts a backup where no state is yet, after all of it was checked.

    ``since``: the time now, for whoever runs a scan meanwhile. Raises ``ForeignBackup``, ``BackupDamaged``,
    ``NewerSchema``, ``PlaceOccupied``, ``ScanRunning``, ``DiskFull``, ``NotWritable``.
    """
    with scan_lock(state, since):
        folder = state / UNPACKED
        shutil.rmtree(folder, ignore_errors=True)
        if (state / FILE).exists():
            raise PlaceOccupied(str(state / FILE), "there is a database")
        try:
            manifest = archive.unpack(source, folder)
            head = _checked(source, folder)
            kept = _continued(place.folder, head)
            keys = [(folder / KEY, key_file), (folder / LEDGER_KEY, place.key_file)]
            for staged, file in keys:
                if staged.exists() and file.exists() and staged.read_bytes() != file.read_bytes():
                    raise PlaceOccupied(str(file), "there is another key")
            # A death here leaves what was unpacked, which the next restore removes.
            failpoint("restore-unpacked")
            _place(folder, state, place, keys, kept=kept)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return Restored(_told(manifest), kept)


def _checked(source: Path, folder: Path) -> Head | None:
    """How far the ledger of an unpacked backup is as its database knows it; the two and the data files fit together."""
    if not (folder / FILE).is_file():
        raise BackupDamaged(str(source), "it has no database")
    try:
        with closing(open_database(folder)) as database, database.reading() as connection:
            if connection.execute(text("PRAGMA integrity_check")).scalars().all() != ["ok"]:
                raise BackupDamaged(str(source), "its database is damaged")
            _check_segments(source, folder, connection)
            head = outbox.head(connection)
    except (NotADatabase, ForeignDatabase) as error:
        raise BackupDamaged(str(source), error.message) from error
    if head is not None and head.size and _root_at(folder / LEDGER, head.size) != head.root:
        raise BackupDamaged(str(source), "its ledger is not that of its database")
    return head


def _check_segments(source: Path, folder: Path, connection: Connection) -> None:
    for one in segment.load(connection):
        try:
            segment.read(folder, one)
        except CoincideError as error:
            raise BackupDamaged(str(source), f"{Path(one.path).name}: {error.message}") from error


def _continued(folder: Path, head: Head | None) -> bool:
    """Whether a ledger lies there that goes on from where a database knows it; raises if it is another one."""
    if not (folder / CHECKPOINT).exists():
        return False
    size, known = (0, None) if head is None else (head.size, head.root)
    if size and _root_at(folder, size) != known:
        raise PlaceOccupied(str(folder), "there is a ledger that does not continue the one in the backup")
    if not size:
        raise PlaceOccupied(str(folder), "there is a ledger, and the backup knows of none")
    return True


def _root_at(folder: Path, size: int) -> bytes | None:
    """The root of the first ``size`` entries of a ledger; ``None`` if it has fewer or cannot be read."""
    fetch = of_folder(folder)
    try:
        now = Checkpoint.parsed(note.parsed(fetch(CHECKPOINT) or b"").text).size
        return root(size, tiles.reader(fetch, now)) if size <= now else None
    except CoincideError:
        return None


def _place(folder: Path, state: Path, place: Place, keys: list[tuple[Path, Path]], *, kept: bool) -> None:
    moves = [(path, state / path.relative_to(folder)) for path in _files_of(folder / segment.FOLDER)]
    if not kept:
        files = _files_of(folder / LEDGER)
        # The checkpoint last: a ledger is there when it is.
        files.sort(key=lambda path: path == folder / LEDGER / CHECKPOINT)
        moves += [(path, place.folder / path.relative_to(folder / LEDGER)) for path in files]
    moves += [(staged, file) for staged, file in keys if staged.exists() and not file.exists()]
    with translated(str(state)):
        ignore = state / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, target in moves:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _move(path, target)
        for above in _above([target for _, target in moves], (state, place.folder)):
            sync_folder(above)
        # A death here leaves all but the database: the same restore finds it and goes on.
        failpoint("restore-placed")
        (folder / FILE).replace(state / FILE)
        # From here on the state is there; after a power cut, perhaps without its database's name.
        failpoint("restore-named")
        sync_folder(state)
    failpoint("restore-durable")


def _move(path: Path, target: Path) -> None:
    """Gives a durable file another name; on another disk, one more copy of it."""
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        part = target.with_name(target.name + PART)
        part.unlink(missing_ok=True)
        with path.open("rb") as old, archive.private(part) as new:
            shutil.copyfileobj(old, new)
            new.flush()
            os.fsync(new.fileno())
        part.replace(target)


def _above(files: list[Path], tops: tuple[Path, ...]) -> list[Path]:
    """The folders that have to be made durable for files to be so: theirs, and those up to above the ``tops``."""
    inside = {up for file in files for up in file.parents if any(up.is_relative_to(top) for top in tops)}
    return sorted(inside | {file.parent for file in files} | {top.parent for top in tops}, reverse=True)


def _told(manifest: Manifest) -> Backup:
    about = manifest.about
    return Backup(
        made_at=str(about.get("made_at", "")),
        files=len(manifest.files),
        bytes=sum(size for size, _ in manifest.files.values()),
        keys=tuple(name for name in (KEY, LEDGER_KEY) if name in manifest.files),
        key_id=about.get("key_id"),
    )
