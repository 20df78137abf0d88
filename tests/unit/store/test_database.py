"""Opening, migrating and refusing databases; every error on the path a user takes."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import delete, insert, inspect, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from coincide.store import database as module
from coincide.store.database import REVISIONS, open_database
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
from coincide.store.migrations import config, upgrade
from coincide.store.tables import entity_version, ledger_salt, membership, metadata


def test_a_fresh_database_has_all_tables_and_the_newest_revision(tmp_path: Path) -> None:
    database = open_database(tmp_path / ".coincide")
    with database.reading() as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == REVISIONS[-1]
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 3
    assert (tmp_path / ".coincide").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / ".coincide" / ".gitignore").read_text() == "*\n"


def test_the_migrations_build_what_the_tables_say(tmp_path: Path) -> None:
    database = open_database(tmp_path / "by-metadata")
    migrated = module._engine(f"sqlite:///{tmp_path / 'migrated.db'}", 1000)
    with migrated.begin() as connection:
        upgrade(connection)
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        after = _schema(connection)
    with database.reading() as connection:
        assert _schema(connection) == after


def _schema(connection: object) -> dict[str, object]:
    inspector = inspect(connection)
    return {
        name: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)],
            inspector.get_pk_constraint(name),
            sorted(map(str, inspector.get_foreign_keys(name))),
            sorted(map(str, inspector.get_indexes(name))),
            sorted(map(str, inspector.get_check_constraints(name))),
        )
        for name in inspector.get_table_names()
        if name != "alembic_version"
    }


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    scripts = ScriptDirectory.from_config(config())
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS


def test_an_older_database_is_migrated_on_opening(tmp_path: Path) -> None:
    folder = tmp_path / ".coincide"
    folder.mkdir()
    with sqlite3.connect(folder / "coincide.db") as raw:
        raw.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    raw.close()
    # Stamped with nothing: what a database looks like before its first revision ran.
    with open_database(folder).reading() as connection:
        assert "alert" in inspect(connection).get_table_names()


def test_an_older_database_keeps_its_salts_which_are_taken_for_as_new_as_its_newest_entry(tmp_path: Path) -> None:
    folder = tmp_path / ".coincide"
    folder.mkdir()
    older = module._engine(f"sqlite:///{folder / 'coincide.db'}", 1000)
    with older.begin() as connection:
        command.upgrade(config(connection), "0002")
        connection.execute(text("INSERT INTO ledger_head VALUES (1, 7, x'00', 1234)"))
        connection.execute(text("INSERT INTO ledger_salt VALUES ('c1', x'01', 'p-a'), ('c2', x'02', 'p-b')"))
    database = open_database(folder)
    with database.reading() as connection:
        rows = connection.execute(select(ledger_salt).order_by(ledger_salt.c.commitment)).all()
        assert [tuple(row) for row in rows] == [("c1", b"\x01", "p-a", 1234), ("c2", b"\x02", "p-b", 1234)]
        assert "ix_ledger_salt_pseudonym" in {one["name"] for one in inspect(connection).get_indexes("ledger_salt")}


def test_the_tables_can_be_made_in_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert "CREATE INDEX" in str(CreateIndex(index).compile(dialect=dialect))


def test_a_failing_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        connection.execute(insert(entity_version).values(number=1, digest="d", at=1))
        raise ZeroDivisionError
    with database.reading() as connection:
        assert connection.execute(select(entity_version)).all() == []


def test_a_foreign_key_is_checked(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with pytest.raises(DatabaseFailed, match="FOREIGN KEY"), database.writing() as connection:
        connection.execute(insert(membership).values(account="a", actor="a", version=7))


def test_a_reader_is_not_kept_out_by_a_writer_that_has_not_committed(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with database.writing() as writer:
        writer.execute(insert(entity_version).values(number=1, digest="d", at=1))
        with open_database(tmp_path, wait_ms=1).reading() as reader:
            assert reader.execute(select(entity_version)).all() == []


def test_a_database_locked_by_another_program_is_said_after_the_wait(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    other = open_database(tmp_path, wait_ms=20)
    with database.writing(), pytest.raises(DatabaseLocked, match=r"waited 0\.02 s"), other.writing():
        pass


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "coincide.db").write_bytes(b"id,when,customer\n" * 100)
    with pytest.raises(NotADatabase):
        open_database(tmp_path)


def test_a_mistake_about_another_file_is_not_taken_for_the_database_s(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with pytest.raises(PermissionError), database.writing():
        raise PermissionError(13, "no", "/elsewhere")


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    path = tmp_path / "coincide.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(NotADatabase):
        open_database(tmp_path)


def test_a_full_disk_is_said_and_leaves_the_old_state(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with pytest.raises(DiskFull), database.writing() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        connection.execute(insert(entity_version).values(number=1, digest="d" * 100_000, at=1))
    with database.reading() as connection:
        assert connection.execute(select(entity_version)).all() == []


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    with open_database(tmp_path).writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchema, match="9999"):
        open_database(tmp_path)


def test_the_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "coincide.db") as raw:
        raw.execute("CREATE TABLE recipe (name TEXT)")
    raw.close()
    with pytest.raises(ForeignDatabase):
        open_database(tmp_path)


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "nonsense", "postgresql+nodriver://h/d", "oracle://h"])
def test_a_database_that_coincide_does_not_speak_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(UnknownDatabase) as caught:
        open_database(tmp_path, url=url)
    assert "secret" not in str(caught.value)


def test_a_read_only_folder_is_said() -> None:
    with _as_nobody() as folder:
        folder.chmod(0o555)
        with pytest.raises(NotWritable):
            open_database(folder / ".coincide")
        with pytest.raises(NotWritable):
            open_database(folder)


def test_a_workspace_below_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritable):
        open_database(tmp_path / "file" / ".coincide")


def test_alerts_can_be_read_in_a_read_only_folder() -> None:
    with _as_nobody() as folder:
        open_database(folder).close()
        folder.chmod(0o555)
        (folder / "coincide.db").chmod(0o444)
        with open_database(folder).reading() as connection:
            assert connection.execute(select(entity_version)).all() == []
        with pytest.raises(NotWritable), open_database(folder).writing() as connection:
            connection.execute(insert(entity_version).values(number=1, digest="d", at=1))


@contextmanager
def _as_nobody() -> Iterator[Path]:
    """A folder, and a user whom its mode binds: the superuser writes everywhere."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    nobody = 65534
    root = os.geteuid() == 0
    if root:
        os.chown(folder, nobody, nobody)
        os.seteuid(nobody)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_once_the_file_is_written_anew_nothing_that_was_deleted_is_in_any_byte_of_it(tmp_path: Path) -> None:
    """Overwriting alone leaves some: SQLite copies what lies in a page when it puts the page in order."""
    chance = random.Random(5)
    database = open_database(tmp_path / ".coincide")
    live: list[str] = []
    with database.writing() as connection:
        connection.execute(insert(entity_version).values(number=1, digest="d", at=1))
        for number in range(3_000):
            if chance.random() < 0.6 or not live:
                live.append(f"p-{number:08d}" + "z" * chance.randrange(200))
                actor = live[-1][:10] + "y" * chance.randrange(50)
                connection.execute(insert(membership).values(account=live[-1], actor=actor, version=1))
            else:
                gone = live.pop(chance.randrange(len(live)))
                connection.execute(delete(membership).where(membership.c.account == gone))
    names = {name[:10].encode() for name in live}
    file = tmp_path / ".coincide" / "coincide.db"
    assert set(re.findall(rb"p-\d{8}", file.read_bytes())) >= names
    database.compact()
    assert set(re.findall(rb"p-\d{8}", file.read_bytes())) == names
    with database.reading() as connection:
        assert set(connection.execute(select(membership.c.account)).scalars()) == set(live)
