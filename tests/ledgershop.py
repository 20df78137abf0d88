"""The shop of ``kinshop`` after its first scan, and its ledger as it is on the disk."""

from __future__ import annotations

import contextlib
import io
import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from coincide.cli.main import run
from coincide.engines.workspace import open_workspace
from coincide.ledger import entry, key, note, tiles
from coincide.ledger.book import Book
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.entry import Entry
from coincide.ledger.note import Signer
from coincide.ledger.place import Place
from coincide.ledger.source import of_folder
from coincide.ledger.staff import Staff
from coincide.store import outbox
from coincide.store.database import Database, open_database
from kinshop import Shop, made

WHO = pwd.getpwuid(os.getuid()).pw_name if os.getuid() in {one.pw_uid for one in pwd.getpwall()} else str(os.getuid())
"""Whom the tests run as."""


@dataclass
class LedgerShop(Shop):
    """The workspace with its ledger."""

    @property
    def place(self) -> Place:
        return open_workspace(self.folder).ledger

    @property
    def ledger(self) -> Path:
        return self.place.folder

    @property
    def signer(self) -> Signer:
        return key.held(self.place.key_file)[-1]

    @property
    def key(self) -> str:
        return self.signer.verifier.text

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint.parsed(note.parsed((self.ledger / "checkpoint").read_bytes()).text)

    def verify(self, place: Path | str, *arguments: str) -> tuple[int, str, str]:
        """Status, stdout and stderr of ``coincide ledger verify``, which knows no workspace."""
        self.capsys.readouterr()
        status = run(["ledger", "verify", str(place), *arguments])
        out, err = self.capsys.readouterr()
        return status, out, err

    @contextmanager
    def database(self) -> Iterator[Database]:
        database = open_database(self.folder / ".coincide")
        try:
            yield database
        finally:
            database.close()

    def entries(self) -> list[Entry]:
        """All entries: those in the files, and behind them those that wait."""
        content = of_folder(self.ledger)("checkpoint")
        logged: list[bytes] = []
        if content is not None:
            size = Checkpoint.parsed(note.parsed(content).text).size
            logged = list(tiles.entries(of_folder(self.ledger), size))
        with self.database() as database, database.reading() as connection:
            waiting = [one for _, one in outbox.waiting(connection, 1_000)]
        return [entry.parsed(one) for one in [*logged, *waiting]]

    def fill(self, count: int) -> None:
        """So many more entries, in the name of somebody else."""
        with self.database() as database:
            book = Book(database, self.place, Staff("lee", purpose="to fill it"))
            with database.writing() as connection:
                for number in range(count):
                    book.enter(connection, "alert:decide", f"A-{1_000 + number}")
            book.sequence()


def scanned(folder: Path, rows: str | None = None) -> Path:
    """A shop after its first scan, to copy; one row of it cannot be used. ``rows``: in the place of its purchases."""
    shop = made(folder, None)  # type: ignore[arg-type]
    if rows is not None:
        shop.rows(rows)
    shop.rows(",2025-03-05T10:00:00,dora,s1,,\n", "purchases/b.csv")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert run(["scan", "-w", str(folder)]) == 0
    return folder


def copied(folder: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> LedgerShop:
    """A shop of its own, as the other is."""
    shutil.copytree(folder, place)
    return LedgerShop(place, capsys)
