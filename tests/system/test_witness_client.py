"""Our ledger before a witness that others wrote: what it cosigns is kept, and meets a policy that asks for it."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coincide.ledger import anchor, note, policy, publish
from coincide.ledger.book import Book
from coincide.ledger.errors import QuorumMissed
from coincide.ledger.note import Verifier
from coincide.ledger.place import Place
from coincide.ledger.source import of_folder
from coincide.ledger.staff import Staff
from coincide.ledger.verify import verify
from coincide.store.database import open_database
from system.process import must, run, witnessing

pytestmark = pytest.mark.system


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """The book of a workspace without sources."""
    (tmp_path / "coincide.toml").write_text("")
    database = open_database(tmp_path / ".coincide")
    place = Place(tmp_path / ".coincide/ledger", tmp_path / ".coincide/ledger-key")
    yield Book(database, place, Staff("kim", purpose="a test"))
    database.close()


def act(book: Book, count: int) -> None:
    with book.database.writing() as connection:
        for number in range(count):
            book.enter(connection, "alert:decide", f"A-{number}")
    book.sequence()


def test_a_growing_ledger_is_cosigned_by_a_real_witness_and_meets_a_policy_that_asks_for_it(
    foreign: Path, book: Book, tmp_path: Path
) -> None:
    with book.opened() as log:
        own = log.signer.verifier
    coincide, fetch = (sys.executable, "-m", "coincide"), of_folder(book.place.folder)
    with witnessing(foreign, tmp_path / "witness", own) as (url, key):
        text = f"log {own.text}\nwitness w1 {key} {url}\nquorum w1\n"
        file, kept = tmp_path / "policy", tmp_path / "elsewhere"
        file.write_text(text)
        for size in (0, 1, 255, 256, 257, 1_000):
            act(book, size - anchor.newest(book)[2].size)
            # Its entry took the place of a checkpoint that was cosigned.
            with pytest.raises(QuorumMissed):
                verify(fetch, policy.parsed(text))
            asked = anchor.ask(*anchor.newest(book), {"w1": (Verifier.parsed(key), url)})
            assert (asked.cosigned, asked.refused) == (("w1",), {})
            assert abs(note.time_of(asked.checkpoint.signatures[-1]) - time.time()) < 60
            assert anchor.keep(book, asked)
            found = verify(fetch, policy.parsed(text))
            assert (found.checkpoint.size, found.witnesses) == (size, ("w1",))
            if size == 257:
                shutil.copytree(book.place.folder, tmp_path / "backup")
        # The same by commands.
        act(book, 1)
        ask = (*coincide, "ledger", "anchor", "--policy", file, "--file", kept, "-w", tmp_path, "--json")
        told = json.loads(must(run(*ask)))
        assert (told["size"], told["cosigned"], told["refused"]) == (1_001, ["w1"], {})
        said = must(run(*coincide, "ledger", "verify", book.place.folder, "--policy", file, "--since", kept))
        assert said.startswith("Verified: ")
        assert "cosigned by w1" in said
        assert "it continues the checkpoint of 1,001 entries" in said
        signed = kept.read_bytes()
        # A backup is refused by the witness, who saw more.
        backup = of_folder(tmp_path / "backup")
        old, now = publish.newest(backup, policy.of_key(own), "backup")
        refused = anchor.ask(backup, old, now, {"w1": (Verifier.parsed(key), url)}).refused
        assert "it saw 1,001 entries, and ours has 257: was it rolled back?" in refused["w1"].message
    # One that knows another log alone refuses ours, and nothing changes.
    with witnessing(foreign, tmp_path / "another", Verifier("ledger.example/other", own.type, own.key)) as (url, key):
        file.write_text(f"log {own.text}\nwitness w1 {key} {url}\nquorum w1\n")
        done = run(*ask)
        assert done.returncode == 1
        assert json.loads(done.stdout)["refused"].keys() == {"w1"}
        assert "COI-L028" in run(*ask[:-1]).stderr
        assert kept.read_bytes() == signed
