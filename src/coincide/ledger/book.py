"""The book of a workspace: acts are entered in the transaction of their change, and logged from there.

The order is the contract. An entry is committed with the change that it tells of, or, of a read, before anything is
shown; the database says in which order entries come. Then, under the lock of the ledger's folder, the waiting entries
are appended to its files, and the database is told how far they are. A death before the commit leaves neither act nor
entry; one after it leaves an entry that waits, and the next time anybody enters something it is logged. What is in the
files beyond the size that the database knows is compared with what waits, so that nothing is logged twice, also where
the database was put back from a backup. Files that have less than the database knows are refused: they were rolled
back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from coincide.errors import CoincideError, FileTrouble
from coincide.ledger import entry, key, note, policy, tiles
from coincide.ledger.entry import Entry, Outcome
from coincide.ledger.errors import ClockWentBack, DamagedLedger, EntryTooLong, PurposeMissing, ReadRefused
from coincide.ledger.key import Random
from coincide.ledger.note import Signer
from coincide.ledger.place import Place
from coincide.ledger.source import of_folder
from coincide.ledger.staff import Staff
from coincide.ledger.subject import Subject
from coincide.ledger.tiles import CHECKPOINT, LONGEST
from coincide.ledger.tree import EMPTY, root
from coincide.ledger.write import Log, held
from coincide.store import outbox, pseudonym
from coincide.store.database import Database
from coincide.store.failpoint import failpoint
from coincide.store.outbox import Head

BATCH = 10_000
"""Entries that are appended to the files at once, and so are in memory."""
SLACK = 1_000_000
"""Microseconds by which a clock may be behind the last entry: clocks are set by so much. They are waited for."""
Clock = Callable[[], int]
"""Microseconds since 1970, now."""


def utc_us() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000


class Book:
    """The ledger as the acts of one person see it. ``late``: why entries could not be logged yet, if so."""

    def __init__(
        self, database: Database, place: Place, staff: Staff, *, clock: Clock = utc_us, random: Random = os.urandom
    ) -> None:
        self.database = database
        self.place = place
        self.staff = staff
        self.late: CoincideError | None = None
        self._clock = clock
        self._random = random

    @contextmanager
    def acting(
        self, act: str, object_: str, *, reason: str = "", about: Sequence[Subject] = (), keep: bool = True
    ) -> Iterator[Connection]:
        """The writing transaction of an act, at whose end the act is entered. Without ``keep`` nothing is kept.

        Raises what ``enter`` raises. That the files cannot be written undoes no act: see ``late``.
        """
        with self.database.writing(keep=keep) as connection:
            yield connection
            self.enter(connection, act, object_, reason=reason, about=about)
        if keep:
            self.log()

    def reading(
        self, act: str, objects: Sequence[str], *, basis: str = "", reason: str = "", about: Sequence[Subject] = ()
    ) -> None:
        """Enters a read of personal data, one entry an object; when this returns, the data may be shown.

        Raises ``PurposeMissing``, and ``ReadRefused`` where the ledger cannot be written.
        """
        if not self.staff.purpose:
            raise PurposeMissing
        try:
            # The files first: where they cannot be written, no entry says that something was shown.
            with self.opened() as log:
                with self.database.writing() as connection:
                    for object_ in objects:
                        self.enter(connection, act, object_, outcome="allowed", basis=basis, reason=reason, about=about)
                self._catch_up(log)
        except (CoincideError, OSError) as error:
            raise ReadRefused(_understood(error)) from error

    def enter(
        self,
        connection: Connection,
        act: str,
        object_: str,
        *,
        outcome: Outcome = "done",
        basis: str = "",
        reason: str = "",
        about: Sequence[Subject] = (),
    ) -> None:
        """Puts an entry behind all others, in the transaction of the act. ``log`` it when that is committed.

        Raises ``ClockWentBack`` and ``EntryTooLong``; then the transaction must not be committed.
        """
        salts = [self._random(entry.SALT) for _ in about]
        commitments = {
            subject.name: entry.commitment(subject.datum, salt) for subject, salt in zip(about, salts, strict=True)
        }
        at = self._now(outbox.head(connection))
        content = Entry(
            at,
            _text(self.staff.id),
            act,
            _text(object_),
            outcome,
            role=_text(self.staff.role),
            purpose=_text(self.staff.purpose),
            basis=_text(basis),
            reason=_text(reason),
            commitments=commitments,
        ).encoded
        if len(content) > LONGEST:
            raise EntryTooLong(len(content))
        outbox.add(connection, at, content, empty_root=EMPTY)
        seal(connection, about)
        outbox.keep_salts(
            connection,
            [
                {"commitment": commitments[subject.name], "salt": salt, "pseudonym": subject.pseudonym, "at": at}
                for subject, salt in zip(about, salts, strict=True)
            ],
        )
        # A death here leaves a rollback journal: whoever opens the database next plays it back.
        failpoint("entry-made")

    def log(self) -> None:
        """Logs what waits, of acts that have happened. What hinders it is in ``late``; the next time tries again."""
        try:
            self.sequence()
        except (CoincideError, OSError) as error:
            self.late = _understood(error)

    def sequence(self) -> None:
        """Appends what waits to the files, durably. Raises what ``held`` and ``Log.append`` raise, and the key's.

        Raises ``DamagedLedger`` where the files are not those that the database knows.
        """
        with self.database.reading() as connection:
            head = outbox.head(connection)
        if head is None:
            return
        with self.opened() as log:
            self._catch_up(log)

    @contextmanager
    def opened(self) -> Iterator[Log]:
        """The log for this process alone, compared with what the database knows of it; a new one if there is none.

        Raises what ``held`` raises, and ``DamagedLedger``, ``LedgerKeyMissing``, ``LedgerKeyUnusable``.
        """
        with self.database.reading() as connection:
            head = outbox.head(connection)
        known = 0 if head is None else head.size
        there = (self.place.folder / CHECKPOINT).exists()
        if known and not there:
            raise DamagedLedger(str(self.place.folder), f"its checkpoint is missing, and {known:,} entries were there")
        with held(self.place.folder):
            # Inside the lock: another process may change the key.
            signers = key.held(self.place.key_file) if there else self._begun()
            log = Log(self.place.folder, _in_use(self.place.folder, signers))
            if head is not None:
                _compare(log, head)
            if len(signers) > 1:
                # A change of keys that was broken off, or goes on: it is brought to its end first.
                self._changed(log, signers[-1])
            yield log

    def rotate(self) -> Signer:
        """Gives the ledger a new key, which the old one signs: the new key, in use when this returns.

        Raises what ``sequence`` raises.
        """
        # All of it while nobody else may: of two at once the later would put the earlier one's key out of the file.
        with self.opened() as log:
            old = log.signer
            new = key.made(old.name, self._random)
            with self.database.writing() as connection:
                self.enter(connection, "ledger:key:rotate", new.verifier.text)
            # The entry that names the new key is logged under the old one.
            self._catch_up(log)
            key.keep(self.place.key_file, [old, new])
            # A death here, or in what follows, leaves both keys: whoever opens the log next goes on.
            self._changed(log, new)
            return new

    def _catch_up(self, log: Log) -> None:
        """Appends what waits to the log, and tells the database how far that is."""
        # A death here leaves entries that wait.
        failpoint("entry-committed")
        while True:
            with self.database.reading() as connection:
                head = outbox.head(connection)
                waiting = outbox.waiting(connection, BATCH)
            if head is None or (not waiting and head.size == log.checkpoint.size):
                return
            log.append(_fresh(log, head, [content for _, content in waiting]))
            # A death here leaves entries in the files that wait in the database: they are compared.
            failpoint("entries-logged")
            last = waiting[-1][0] if waiting else None
            with self.database.writing() as connection:
                outbox.logged(connection, log.checkpoint.size, log.checkpoint.root, last)
            failpoint("entries-known")
            if len(waiting) < BATCH:
                return

    def _changed(self, log: Log, new: Signer) -> None:
        """Brings a change of keys to its end: the new one signs, the old one is forgotten."""
        log.hand_over(new)
        key.keep(self.place.key_file, [new])

    def _begun(self) -> list[Signer]:
        name = self.place.origin or f"coincide/{self._random(6).hex()}"
        return key.load_or_make(self.place.key_file, name, self._random)

    def _now(self, head: Head | None) -> int:
        """The time, never before that of the newest entry: a clock that was set back a little is waited for."""
        now = self._clock()
        if head is None:
            return now
        if now < head.last_at - SLACK:
            raise ClockWentBack(entry.written(head.last_at), entry.written(now))
        until = time.monotonic() + 2 * SLACK / 1e6
        while now < head.last_at:
            if time.monotonic() > until:
                raise ClockWentBack(entry.written(head.last_at), entry.written(now))
            time.sleep(0.01)
            now = self._clock()
        return now


def check(place: Place) -> None:
    """Whether the ledger could be written to, as far as its files and its key tell; changes nothing.

    Raises ``DamagedLedger``, ``LedgerKeyMissing`` and ``LedgerKeyUnusable``.
    """
    if (place.folder / CHECKPOINT).exists():
        Log(place.folder, _in_use(place.folder, key.held(place.key_file)))


def seal(connection: Connection, about: Sequence[Subject]) -> None:
    """Keeps the seals of those that the store does not know yet."""
    missing = pseudonym.missing(connection, {subject.pseudonym for subject in about})
    pseudonym.save(connection, [subject.seal for subject in about if subject.pseudonym in missing])


def _in_use(folder: Path, signers: list[Signer]) -> Signer:
    """Which of the keys signs the checkpoint that is there: during a change both are at hand."""
    content = of_folder(folder)(CHECKPOINT) if len(signers) > 1 else None
    if content is None:
        return signers[0]
    for signer in signers:
        try:
            policy.of_key(signer.verifier).check(note.parsed(content))
        except CoincideError:
            continue
        return signer
    return signers[0]


def _understood(error: CoincideError | OSError) -> CoincideError:
    """What the disk says and nobody foresaw, as one of ours: an act that has happened must not seem to have failed."""
    if isinstance(error, CoincideError):
        return error
    file = None if error.filename is None else str(error.filename)
    return FileTrouble(file, (error.strerror or type(error).__name__).lower())


def _compare(log: Log, head: Head) -> None:
    """The files continue what the database knows of them, whoever wrote them since."""
    size = log.checkpoint.size
    folder = str(log.folder)
    if size < head.size:
        raise DamagedLedger(folder, f"it has {size:,} entries, and {head.size:,} were there: it was rolled back")
    found = log.checkpoint.root if size == head.size else root(head.size, tiles.reader(log.fetch, size))
    if found != head.root:
        raise DamagedLedger(folder, f"its first {head.size:,} entries are not those that were logged")


def _fresh(log: Log, head: Head, waiting: list[bytes]) -> list[bytes]:
    """Those of the waiting entries that are not in the files yet."""
    there = tiles.entries(log.fetch, log.checkpoint.size, head.size)
    count = 0
    for content, logged in zip(waiting, there, strict=False):
        if content != logged:
            break
        count += 1
    return waiting[count:]


def _text(text: str) -> str:
    """Text as an entry can hold it: what is no Unicode (a file's name may be none) is shown as a question mark."""
    return text.encode("utf-8", "replace").decode()
