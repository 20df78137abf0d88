"""A backup of one moment, put back: equal in all that is stored, never over anything, never a second history."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from coincide.cli.main import run
from coincide.ledger.backup import STAGED, UNPACKED
from coincide.ledger.errors import LedgerBusy
from coincide.ledger.write import held
from coincide.store import archive, entity
from coincide.store import title as titles
from coincide.store.tables import metadata
from kinshop import TOML
from ledgershop import LedgerShop, copied, scanned


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scanned(tmp_path_factory.mktemp("first") / "shop")


@pytest.fixture
def shop(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> LedgerShop:
    return copied(first, tmp_path / "shop", capsys)


def backup(shop: LedgerShop, name: str = "a.tgz", *more: str) -> Path:
    file = shop.folder.parent / name
    status, _, err = shop.call("backup", str(file), *more)
    assert status == 0, err
    return file


def restored(shop: LedgerShop, file: Path, folder: Path, *, toml: str = TOML) -> tuple[int, str]:
    """Status and stderr of putting a backup into a folder that has settings alone."""
    folder.mkdir(exist_ok=True)
    (folder / "coincide.toml").write_text(toml)
    shop.capsys.readouterr()
    status = run(["restore", str(file), "-w", str(folder)])
    return status, shop.capsys.readouterr().err


def dump(folder: Path) -> list[str]:
    """All rows but the ledger's, which knows of the backup and the restore itself."""
    with sqlite3.connect(folder / ".coincide/coincide.db") as connection:
        found = [line for line in connection.iterdump() if '"ledger_' not in line or "ledger_salt" in line]
    connection.close()
    return found


def segments(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / ".coincide/segments").iterdir()}


def test_what_is_put_back_is_what_was_there(shop: LedgerShop, tmp_path: Path) -> None:
    assert shop.call("reveal", shop.name("cora"), "--reason", "x")[0] == 0
    file = backup(shop, "a.tgz", "--with-keys")
    new = LedgerShop(tmp_path / "new", shop.capsys)
    status, err = restored(shop, file, new.folder)
    assert (status, err) == (0, "")
    assert dump(new.folder) == dump(shop.folder)
    assert segments(new.folder) == segments(shop.folder) != {}
    for name in ("key", "ledger-key"):
        there = new.folder / ".coincide" / name
        assert there.read_bytes() == (shop.folder / ".coincide" / name).read_bytes()
        assert there.stat().st_mode & 0o777 == 0o600
    assert (new.folder / ".coincide").stat().st_mode & 0o777 == 0o700
    assert (new.ledger).stat().st_mode & 0o777 == 0o700
    assert (new.folder / ".coincide/.gitignore").read_text() == "*\n"
    assert new.entries()[: len(shop.entries())] == shop.entries()
    assert [one.act for one in new.entries()][-2:] == ["state:backup", "state:restore"]
    assert new.verify(new.ledger, "--key", shop.key)[0] == 0
    # It goes on: identities open, and nothing is read again for nothing.
    assert new.call("reveal", new.name("cora"), "--reason", "x")[1] == "purchases:cora\n"
    assert not (new.folder / ".coincide" / UNPACKED).exists()
    assert not (shop.folder / ".coincide" / STAGED).exists()


def test_a_row_of_every_table_is_put_back(shop: LedgerShop, tmp_path: Path) -> None:
    assert shop.call("report", "draft", "A-1", "--purpose", "x")[0] == 0
    assert shop.call("report", "consider", "A-1", "--because", "x")[0] == 0
    assert shop.call("entities", "separate", shop.name("anna"), shop.name("cora"), "--because", "x")[0] == 0
    assert shop.call("backtest", "--rule", "two-things", "--no-examples")[0] == 0
    span = ("--span", "2025-03-01T00:00Z/2025-03-02T00:00Z")
    texts = ("--reference", "x", "--offence", "x", "--law", "x")
    assert shop.call("request", "new", "--asker", "authority", *texts, "--place", "s1", *span)[0] == 0
    until = ("--until", "2199-01-01", "--because", "x")
    assert shop.call("alerts", "suppress", "two-things", shop.name("cora"), *until)[0] == 0
    with shop.database() as database, database.writing() as connection:
        titles.save(connection, [("Küchenwecker", "timer", "küchenwecker")], "c1", 1, whole=True)
        entity.save_lists(connection, {shop.name("anna"): 30}, [{"kind": "card", "pseudonym": "p", "accounts": 9}])
    new = tmp_path / "new"
    assert restored(shop, backup(shop), new)[0] == 0
    there = dump(new)
    assert there == dump(shop.folder)
    # What waited for the ledger's files is in them; all others have rows here.
    empty = {name for name in metadata.tables if not any(line.startswith(f'INSERT INTO "{name}"') for line in there)}
    assert empty == {"ledger_entry", "ledger_head"}


def test_keys_are_in_it_only_if_asked_for_and_then_it_is_said_aloud(shop: LedgerShop, tmp_path: Path) -> None:
    key = (shop.folder / ".coincide/key").read_bytes()
    status, _, err = shop.call("backup", str(tmp_path / "without.tgz"))
    assert status == 0
    assert "keep copies of them elsewhere" in err
    status, _, err = shop.call("backup", str(tmp_path / "with.tgz"), "--with-keys")
    assert status == 0
    assert "IT HOLDS THE KEYS" in err
    for name, there in (("without", False), ("with", True)):
        manifest = archive.unpack(tmp_path / f"{name}.tgz", tmp_path / name)
        assert any("key" in file.split("/")[0] for file in manifest.files) == there
        assert any(key in path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()) == there
    assert [one.reason for one in shop.entries() if one.act == "state:backup"] == ["", "with keys"]


def test_without_the_keys_it_is_said_where_they_have_to_be_put(shop: LedgerShop, tmp_path: Path) -> None:
    new = LedgerShop(tmp_path / "new", shop.capsys)
    status, err = restored(shop, backup(shop), new.folder)
    assert status == 0
    assert f"The key of the pseudonyms is missing: put it back at {new.folder / '.coincide/key'}" in err
    assert "The key of the ledger is missing" in err
    assert dump(new.folder) == dump(shop.folder)
    for name in ("key", "ledger-key"):
        shutil.copy(shop.folder / ".coincide" / name, new.folder / ".coincide" / name)
    assert new.call("reveal", new.name("cora"), "--reason", "x")[1] == "purchases:cora\n"
    # What waited is logged now.
    assert "state:restore" in [one.act for one in new.entries()]
    assert new.verify(new.ledger, "--key", shop.key)[0] == 0


def test_keys_that_are_there_already_are_kept_if_they_are_the_same(shop: LedgerShop, tmp_path: Path) -> None:
    new = tmp_path / "new"
    (new / ".coincide").mkdir(parents=True, mode=0o700)
    shutil.copy(shop.folder / ".coincide/key", new / ".coincide/key")
    assert restored(shop, backup(shop, "a.tgz", "--with-keys"), new)[0] == 0
    other = tmp_path / "other"
    (other / ".coincide").mkdir(parents=True, mode=0o700)
    (other / ".coincide/key").write_text("another\n")
    status, err = restored(shop, tmp_path / "a.tgz", other)
    assert (status, "COI-D023" in err, "there is another key" in err) == (4, True, True)
    assert not (other / ".coincide/coincide.db").exists()


def test_a_database_is_never_replaced(shop: LedgerShop) -> None:
    file = backup(shop)
    before = dump(shop.folder)
    status, _, err = shop.call("restore", str(file))
    assert (status, "COI-D023" in err) == (4, True)
    assert dump(shop.folder) == before
    # Nor is a file by a backup.
    status, _, err = shop.call("backup", str(file))
    assert (status, "COI-D020" in err) == (2, True)


def test_a_newer_ledger_that_is_there_is_kept_and_goes_on(shop: LedgerShop) -> None:
    file = backup(shop)
    assert shop.call("alerts", "decide", "A-2", "benign", "--because", "lost with the database")[0] == 0
    entries = shop.entries()
    (shop.folder / ".coincide/coincide.db").unlink()
    status, _, err = shop.call("restore", str(file))
    assert status == 0, err
    assert "is kept" in err
    # Never cut off: behind what it had, not behind what the backup had (ADR 0015).
    assert shop.entries()[: len(entries)] == entries
    assert shop.entries()[-1].act == "state:restore"
    assert shop.verify(shop.ledger, "--key", shop.key)[0] == 0


def test_another_ledger_that_is_there_is_neither_replaced_nor_gone_on_with(shop: LedgerShop, tmp_path: Path) -> None:
    file = backup(shop)
    other = LedgerShop(scanned(tmp_path / "other"), shop.capsys)
    (other.folder / ".coincide/coincide.db").unlink()
    before = sorted(path.read_bytes() for path in other.ledger.rglob("*") if path.is_file())
    status, _, err = other.call("restore", str(file))
    assert (status, "COI-D023" in err, "does not continue" in err) == (4, True, True)
    assert sorted(path.read_bytes() for path in other.ledger.rglob("*") if path.is_file()) == before
    assert not (other.folder / ".coincide/coincide.db").exists()


def test_an_older_ledger_that_is_there_is_refused(shop: LedgerShop) -> None:
    older = shutil.copytree(shop.ledger, shop.folder.parent / "older")
    assert shop.call("alerts", "decide", "A-2", "benign", "--because", "x")[0] == 0
    file = backup(shop)
    (shop.folder / ".coincide/coincide.db").unlink()
    shutil.rmtree(shop.ledger)
    shutil.copytree(older, shop.ledger)
    status, _, err = shop.call("restore", str(file))
    assert (status, "COI-D023" in err) == (4, True)


def test_a_ledger_that_is_not_that_of_the_database_is_told_before_anything_is_in_place(
    shop: LedgerShop, tmp_path: Path
) -> None:
    file = backup(shop)
    archive.unpack(file, tmp_path / "loose")
    with sqlite3.connect(tmp_path / "loose/coincide.db") as connection:
        connection.execute("UPDATE ledger_head SET root = zeroblob(32)")
    connection.close()
    archive.write(tmp_path / "b.tgz", tmp_path / "loose", {})
    status, err = restored(shop, tmp_path / "b.tgz", tmp_path / "new")
    assert (status, "COI-D022" in err, "its ledger is not that of its database" in err) == (4, True, True)
    _assert_nothing(tmp_path / "new")


def test_a_missing_data_file_or_database_is_told_before_anything_is_in_place(shop: LedgerShop, tmp_path: Path) -> None:
    file = backup(shop)
    archive.unpack(file, tmp_path / "loose")
    next((tmp_path / "loose/segments").iterdir()).unlink()
    archive.write(tmp_path / "b.tgz", tmp_path / "loose", {})
    (tmp_path / "loose/coincide.db").write_bytes(b"no database" * 500)
    archive.write(tmp_path / "c.tgz", tmp_path / "loose", {})
    (tmp_path / "loose/coincide.db").unlink()
    archive.write(tmp_path / "d.tgz", tmp_path / "loose", {})
    for name in ("b", "c", "d"):
        status, err = restored(shop, tmp_path / f"{name}.tgz", tmp_path / "new")
        assert (status, "COI-D022" in err) == (4, True), (name, err)
        _assert_nothing(tmp_path / "new")


def test_what_is_no_backup_is_told(shop: LedgerShop, tmp_path: Path) -> None:
    (tmp_path / "a.tgz").write_text("no")
    status, err = restored(shop, tmp_path / "a.tgz", tmp_path / "new")
    assert (status, "COI-D021" in err) == (3, True)
    _assert_nothing(tmp_path / "new")


def test_a_database_of_a_newer_version_is_refused(shop: LedgerShop, tmp_path: Path) -> None:
    archive.unpack(backup(shop), tmp_path / "loose")
    with sqlite3.connect(tmp_path / "loose/coincide.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    archive.write(tmp_path / "b.tgz", tmp_path / "loose", {})
    status, err = restored(shop, tmp_path / "b.tgz", tmp_path / "new")
    assert (status, "COI-D005" in err) == (4, True)
    _assert_nothing(tmp_path / "new")


def _assert_nothing(folder: Path) -> None:
    left = {path.name for path in (folder / ".coincide").iterdir()}
    assert left <= {"lock"}


def test_a_ledger_and_keys_that_lie_elsewhere_come_back_to_where_settings_say(shop: LedgerShop, tmp_path: Path) -> None:
    elsewhere = '[ledger]\nfolder = "far/ledger"\nkey_file = "far/secret/ledger-key"\n'
    new = LedgerShop(tmp_path / "new", shop.capsys)
    toml = 'key_file = "far/secret/key"\n' + TOML + elsewhere
    status, err = restored(shop, backup(shop, "a.tgz", "--with-keys"), new.folder, toml=toml)
    assert (status, err) == (0, "")
    assert new.verify(new.folder / "far/ledger", "--key", shop.key)[0] == 0
    assert sorted(path.name for path in (new.folder / "far/secret").iterdir()) == ["key", "ledger-key"]
    assert not (new.folder / ".coincide/ledger").exists()


def test_into_a_folder_without_settings_all_goes_where_it_is_by_default(shop: LedgerShop, tmp_path: Path) -> None:
    file = backup(shop, "a.tgz", "--with-keys")
    assert shop.call("restore", str(file), "--into", str(tmp_path / "deep/new"))[0] == 0
    assert dump(tmp_path / "deep/new") == dump(shop.folder)


def test_a_backup_waits_for_who_writes_the_ledger_and_says_so_in_the_end(
    shop: LedgerShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coincide.ledger.write.held.__wrapped__.__kwdefaults__", {"wait": 0.1})
    with held(shop.ledger):
        status, _, err = shop.call("backup", str(shop.folder.parent / "a.tgz"))
    assert (status, LedgerBusy.code in err) == (4, True)
    assert not (shop.folder.parent / "a.tgz").exists()
    assert not (shop.folder / ".coincide" / STAGED).exists()


def test_nobody_commits_between_the_database_and_the_data_files(
    shop: LedgerShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan that wants to commit while files are linked waits until they are."""
    link, waited = os.link, []

    def slow(source: Path, target: Path) -> None:
        with sqlite3.connect(shop.folder / ".coincide/coincide.db", timeout=0.05) as other:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("UPDATE segment SET created = 0")
                other.commit()
            other.rollback()
        other.close()
        waited.append(threading.current_thread().name)
        link(source, target)

    monkeypatch.setattr(os, "link", slow)
    file = backup(shop, "a.tgz", "--with-keys")
    assert len(waited) == len(archive.unpack(file, shop.folder.parent / "loose").files) - 1


def test_a_disk_without_second_names_gets_copies(shop: LedgerShop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(source: Path, target: Path) -> None:
        raise PermissionError(1, "no links here", str(target))

    monkeypatch.setattr(os, "link", refused)
    file = backup(shop, "a.tgz", "--with-keys")
    monkeypatch.undo()
    assert restored(shop, file, shop.folder.parent / "new")[0] == 0
    assert segments(shop.folder.parent / "new") == segments(shop.folder)


def test_what_a_killed_backup_left_is_gone_with_the_next(shop: LedgerShop) -> None:
    left = shop.folder / ".coincide" / STAGED
    left.mkdir()
    (left / "coincide.db").write_text("half")
    backup(shop)
    assert not left.exists()
