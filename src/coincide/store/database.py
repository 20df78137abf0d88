"""The database: opened, brought to the schema of this version, and used in transactions.

SQLite by default, at ``<workspace>/.coincide/coincide.db``; PostgreSQL by URL. SQLAlchemy Core only: the
ORM costs 0.4 s at every start. What the tables hold is the matter of ``tables`` and of the parts above;
which order of writing survives a crash is the matter of ``commit``.

SQLite is used with a rollback journal and ``synchronous = EXTRA``. The journal costs one more fsync a
commit than a write-ahead log, which is nothing beside a scan; for that the database is one file at rest,
can be read in a read-only folder, and SQLite older than 3.51.3 can lose pages of a write-ahead log that two
connections reset at once. ``EXTRA`` because after a commit data files are deleted that the old state names:
the commit must be on the disk by then, the removal of its journal included.
"""

from __future__ import annotations

import errno
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from coincide.store.errors import (
    DatabaseFailed,
    DatabaseLocked,
    DiskFull,
    ForeignDatabase,
    NewerSchema,
    NotADatabase,
    NotWritable,
    UnknownDatabase,
)
from coincide.store.failpoint import failpoint
from coincide.store.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

FILE = "coincide.db"

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
"""Every schema there was, oldest first; a test compares them with ``migrations/versions``."""

WAIT_MS = 10_000
"""How long a locked database is waited for: longer than any commit, shorter than a person's patience."""

_WRITE_LOCK = 0x434F494E
"""Key of PostgreSQL's advisory lock (the letters COIN): writers queue there as they do in SQLite."""

_BEGIN = "coincide_begin"

# Ctrl-C can meet the closing of a connection. The pool tells its log, which without a handler prints a trace beside
# the one sentence that the user is due.
logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Database:
    """An opened database. ``place`` is what errors call it: the file, or the URL without its password."""

    engine: Engine
    place: str
    wait_ms: int = WAIT_MS

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with (
            self._answering(),
            self.engine.connect() as connection,
            connection.begin() as transaction,
        ):
            yield connection
            transaction.rollback()

    @contextmanager
    def writing(self, *, keep: bool = True) -> Iterator[Connection]:
        """The one writing transaction: committed when the block ends, rolled back when it raises.

        Without ``keep`` it is rolled back in any case: everything is tried and nothing happens.

        Waits for other writers at its beginning, not in the middle: nothing read inside can be outdated.
        """
        with self._answering(), self.engine.connect() as plain:
            connection = plain.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
            with connection.begin() as transaction:
                if connection.dialect.name == "postgresql":
                    wait = {"wait": str(self.wait_ms), "key": _WRITE_LOCK}
                    connection.execute(text("SELECT set_config('lock_timeout', :wait, true)"), wait)
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), wait)
                yield connection
                if not keep:
                    transaction.rollback()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        # Only what the database itself says: an OSError of the block is about some other file.
        try:
            yield
        except DBAPIError as error:
            raise _of_database(error, self.place, self.wait_ms) from error

    def copy(self, connection: Connection, path: Path) -> None:
        """Copies the database, as the transaction of ``connection`` sees it, into a new file (SQLite alone).

        All pages at once: the transaction keeps others from committing meanwhile.
        """
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection), "a server has backups of its own"
        with self._answering(), closing(sqlite3.connect(path)) as target:
            source.backup(target)

    def compact(self) -> None:
        """Writes the database's file anew, so that nothing that was deleted is left in it; after a commit.

        What is deleted is overwritten at once (``secure_delete``), but SQLite leaves copies in the unused part of a
        page that it put in order. PostgreSQL does this by itself, in its own time. Raises ``DatabaseLocked`` and
        ``DiskFull``; what was committed stays committed.
        """
        if self.engine.dialect.name != "sqlite":
            return
        # A death here leaves the new state, and perhaps pieces of the old one in unused parts of the file.
        failpoint("compact-begun")
        with self._answering(), self.engine.connect() as connection:
            # The driver's own connection: a transaction would be begun for any other statement.
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("VACUUM")

    def close(self) -> None:
        """Lets go of all connections."""
        self.engine.dispose()


def open_database(folder: Path, *, url: str | None = None, wait_ms: int = WAIT_MS) -> Database:
    """The database of the state folder ``folder``, or the one at ``url``, with the schema of this version.

    A fresh one gets all tables, an older one is migrated, a newer one is refused. Costs one query if the
    schema is right. Raises a ``StoreError`` for everything that a user can mend.
    """
    if url is None:
        _make_folder(folder)
        place = str(folder / FILE)
        engine = _engine(f"sqlite:///{place}", wait_ms)
    else:
        place = _shown(url)
        engine = _engine(url, wait_ms)
    database = Database(engine, place, wait_ms)
    try:
        with database.reading() as connection:
            revision = _revision(connection, place)
        if revision != REVISIONS[-1]:
            _bring_up(database)
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def translated(place: str) -> Iterator[None]:
    """What the disk says while the block writes ``place``, in our words: ``DiskFull`` or ``NotWritable``."""
    try:
        yield
    except OSError as error:
        found = _of_disk(error, place)
        if found is None:
            raise
        raise found from error


def _of_database(error: DBAPIError, place: str, waited_ms: int) -> Exception:
    # SQLite's own code, or PostgreSQL's (its documentation, appendix A); other errors keep their sentence.
    name = str(getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "55P03")):
        return DatabaseLocked(place, waited_ms)
    if name in ("SQLITE_FULL", "53100"):
        return DiskFull(place)
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "25006", "42501")):
        return NotWritable(place)
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return NotADatabase(place)
    return DatabaseFailed(place, " ".join(str(error.orig).split()))


def _of_disk(error: OSError, place: str) -> Exception | None:
    # A file over the limit of the process meets a quota too.
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(place)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        return NotWritable(place)
    return None


def _make_folder(folder: Path) -> None:
    """The state folder, for its owner alone, and kept out of version control."""
    with translated(str(folder)):
        if (folder / FILE).exists():
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A death here leaves an empty folder: the next start goes on.
        failpoint("folder-made")
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError as error:
        raise UnknownDatabase(url.partition(":")[0]) from error


@lru_cache(maxsize=4)
def _engine(url: str, wait_ms: int) -> Engine:
    """The engine of a URL: one for all times that it is opened, because an engine keeps the statements it compiled."""
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise UnknownDatabase(kind)
    to_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
    options: dict[str, Any] = {"json_serializer": to_text}
    if kind == "sqlite":
        # A connection costs less than a millisecond; a pool would keep the file open between commands' steps.
        options |= {"poolclass": NullPool, "connect_args": {"timeout": wait_ms / 1000}}
    try:
        engine = create_engine(parsed, **options)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise UnknownDatabase(parsed.drivername) from error
    if kind == "sqlite":
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: DBAPIConnection, _record: object) -> None:
    # The driver's own BEGIN comes too late (before the first change), so that reads would see two states.
    connection.isolation_level = None
    cursor = connection.cursor()
    for setting in (
        "foreign_keys = ON",
        "synchronous = EXTRA",
        "journal_mode = DELETE",
        "secure_delete = ON",
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _revision(connection: Connection, place: str) -> str | None:
    """The stamped schema, "" if nothing ran yet; ``None`` for an empty database."""
    try:
        with connection.begin_nested():
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError:
        # No such table, or no database at all: the second question tells which.
        if inspect(connection).get_table_names():
            raise ForeignDatabase(place) from None
        return None
    if found is not None and found not in REVISIONS:
        raise NewerSchema(place, str(found), REVISIONS[-1])
    return str(found or "")


def _bring_up(database: Database) -> None:
    """Makes or migrates the tables, in one transaction: a death in it leaves the database as it was."""
    failpoint("database-created")
    with database.writing() as connection:
        # Asked again inside the write lock: another process may have done it in between.
        revision = _revision(connection, database.place)
        if revision is None:
            metadata.create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": REVISIONS[-1]})
        elif revision != REVISIONS[-1]:
            from coincide.store.migrations import upgrade

            upgrade(connection)
        # A death here leaves a rollback journal: whoever opens the database next plays it back.
        failpoint("tables-ready")
    failpoint("tables-made")
