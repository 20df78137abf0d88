"""The book: acts and their entries stand or fall together, and every entry is logged once, whatever happens between."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from coincide.ledger import entry, key, note, policy, source, succession, tiles
from coincide.ledger.book import SLACK, Book
from coincide.ledger.entry import Entry
from coincide.ledger.errors import (
    ClockWentBack,
    DamagedLedger,
    EntryTooLong,
    LedgerKeyMissing,
    LedgerKeyUnusable,
    PurposeMissing,
    ReadRefused,
)
from coincide.ledger.note import Note
from coincide.ledger.place import Place
from coincide.ledger.staff import Staff
from coincide.ledger.subject import Subject
from coincide.ledger.tiles import CHECKPOINT
from coincide.ledger.verify import verify
from coincide.store import outbox, pseudonym, tables
from coincide.store.database import open_database

START = 1_772_366_400_000_000
KIM = Staff("kim", purpose="a review")
ANNA = Subject(
    "account",
    "shop:anna",
    "p-anna",
    {"pseudonym": "p-anna", "namespace": "shop", "sealed": b"sealed", "key_id": "k"},
)


@contextmanager
def book(folder: Path, *, at: Iterator[int] | None = None, staff: Staff = KIM) -> Iterator[Book]:
    ticks = at or count(START, 1_000)
    database = open_database(folder / ".coincide")
    place = Place(folder / "ledger", folder / "ledger-key", "ledger.example/shop")
    try:
        yield Book(database, place, staff, clock=lambda: next(ticks))
    finally:
        database.close()


def checkpoint(folder: Path) -> Note:
    return note.parsed((folder / "ledger" / CHECKPOINT).read_bytes())


def logged(folder: Path, *earlier: Note) -> list[Entry]:
    """What is in the log, the whole of which proves true from its first key on."""
    fetch = source.of_folder(folder / "ledger")
    first = succession.first_key(fetch)
    assert first is not None
    proven = verify(fetch, policy.of_key(first), earlier)
    return [entry.parsed(content) for content in tiles.entries(fetch, proven.checkpoint.size)]


def objects(folder: Path, *earlier: Note) -> list[str]:
    return [one.object for one in logged(folder, *earlier)]


def waiting(folder: Path) -> list[str]:
    with book(folder) as one, one.database.reading() as connection:
        return [entry.parsed(content).object for _, content in outbox.waiting(connection, 100)]


def act(one: Book, object_: str, *, keep: bool = True) -> None:
    with one.acting("alert:decide", object_, reason="a kitchen", keep=keep):
        pass


def test_an_act_and_a_read_are_entered_with_who_what_and_why(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        act(one, "A-1")
        one.reading("alert:export", ["A-1..A-2", "A-9"], reason="asked for")
        assert one.late is None
    assert logged(tmp_path) == [
        Entry(START, "kim", "alert:decide", "A-1", "done", "operator", "a review", "", "a kitchen"),
        Entry(START + 1_000, "kim", "alert:export", "A-1..A-2", "allowed", "operator", "a review", "", "asked for"),
        Entry(START + 2_000, "kim", "alert:export", "A-9", "allowed", "operator", "a review", "", "asked for"),
    ]
    assert waiting(tmp_path) == []


def test_an_act_that_fails_or_is_only_tried_leaves_no_entry(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        with pytest.raises(ZeroDivisionError), one.acting("alert:decide", "A-1"):
            raise ZeroDivisionError
        act(one, "A-1", keep=False)
        act(one, "A-2")
    assert objects(tmp_path) == ["A-2"]


def test_an_entry_that_cannot_be_made_undoes_its_act(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        with pytest.raises(EntryTooLong), one.acting("alert:decide", "A-1", reason="x" * 70_000) as connection:
            pseudonym.save(connection, [ANNA.seal])
        with one.database.reading() as connection:
            assert pseudonym.missing(connection, ["p-anna"]) == {"p-anna"}
            assert outbox.waiting(connection, 1) == []


def test_text_that_is_no_unicode_is_entered_readably(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        one.reading("quarantine:show", ["shop a\udcff.csv 3"])
    assert objects(tmp_path) == ["shop a?.csv 3"]


def test_the_datum_is_committed_to_and_erased_by_erasing_salt_and_seal(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        one.reading("account:reveal", ["account"], about=[ANNA])
        one.reading("account:reveal", ["account"], about=[ANNA])
        with one.database.writing() as connection:
            salts = outbox.salts_of(connection, "p-anna")
            assert pseudonym.missing(connection, ["p-anna"]) == set()
            connection.execute(tables.ledger_salt.delete())
            pseudonym.forget(connection, ["p-anna"])
    first, second = (one.commitments["account"] for one in logged(tmp_path))
    # Two looks at one person cannot be told from two looks at two.
    assert first != second
    assert {row.commitment: entry.commitment("shop:anna", row.salt) for row in salts} == {
        first: first,
        second: second,
    }
    assert "anna" not in str(logged(tmp_path))


def test_nothing_is_read_without_a_purpose(tmp_path: Path) -> None:
    with book(tmp_path, staff=Staff("kim")) as one, pytest.raises(PurposeMissing):
        one.reading("alert:show", ["A-1"])


def test_an_act_that_cannot_be_logged_waits_and_a_read_is_refused(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        act(one, "A-1")
    (tmp_path / "ledger-key").rename(tmp_path / "elsewhere")
    with book(tmp_path, at=count(START + 10_000)) as one:
        act(one, "A-2")
        assert isinstance(one.late, LedgerKeyMissing)
        with pytest.raises(ReadRefused, match=r"nothing is shown.*key is missing \(COI-L021\)"):
            one.reading("alert:show", ["A-3"])
    # Nothing was shown, and no entry says that it was.
    assert (objects(tmp_path), waiting(tmp_path)) == (["A-1"], ["A-2"])
    (tmp_path / "elsewhere").rename(tmp_path / "ledger-key")
    with book(tmp_path, at=count(START + 20_000)) as one:
        one.reading("alert:show", ["A-4"])
    assert objects(tmp_path) == ["A-1", "A-2", "A-4"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "empty"),
        ("nonsense\n", "not of the form"),
        ("PRIVATE+KEY+a+b+c+d\n", "no private key"),
        ("PRIVATE+KEY+a+00000000+AQ==\n", "no private key"),
        (f"PRIVATE+KEY+a+00000000+AQ{'A' * 42}\n", "altered"),
        (f"PRIVATE+KEY+a b+00000000+AQ{'A' * 42}\n", "space or a plus"),
    ],
)
def test_a_key_file_that_holds_no_key_is_said_without_repeating_it(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(LedgerKeyUnusable, match=reason) as caught:
        key.load(file)
    assert not content.strip() or content.strip() not in str(caught.value)


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    key.load_or_make(file, "a", lambda number: b"1" * number)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(LedgerKeyUnusable, match="0640"):
        key.load(file)


def test_a_key_keeps_its_text_form_which_is_that_of_go(tmp_path: Path) -> None:
    # From the documentation of golang.org/x/mod/sumdb/note: PRIVATE+KEY+<name>+<hash>+<keydata>.
    made = key.made("PeterNeumann", lambda number: bytes(range(number)))
    assert key.text(made).startswith(f"PRIVATE+KEY+PeterNeumann+{made.verifier.id.hex()}+AQABAgME")
    key.keep(tmp_path / "key", [made])
    assert [one.verifier for one in key.held(tmp_path / "key")] == [made.verifier]


def test_a_clock_that_went_back_refuses_acts_and_reads_and_a_small_step_is_waited_for(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        act(one, "A-1")
    with book(tmp_path, at=count(START - SLACK - 1_000)) as one:
        with pytest.raises(ClockWentBack, match=r"12:00:00\.000000Z, now it is 2026-03-01T11:59:58"):
            act(one, "A-2")
        with pytest.raises(ReadRefused, match=r"clock went back.*COI-L019"):
            one.reading("alert:show", ["A-2"])
    with book(tmp_path, at=count(START - 20_000, 10_000)) as one:
        act(one, "A-3")
    assert [(one.object, one.at - START) for one in logged(tmp_path)] == [("A-1", 0), ("A-3", 0)]


def test_a_clock_that_stands_still_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        act(one, "A-1")
    with book(tmp_path, at=iter([START - 10] * 1_000)) as one, pytest.raises(ClockWentBack):
        act(one, "A-2")


@pytest.mark.parametrize("gone", ["all", "checkpoint", "older"])
def test_a_ledger_that_has_less_than_the_database_knows_is_not_added_to(tmp_path: Path, gone: str) -> None:
    with book(tmp_path) as one:
        act(one, "A-1")
    older = shutil.copytree(tmp_path / "ledger", tmp_path / "older")
    with book(tmp_path, at=count(START + 10_000)) as one:
        act(one, "A-2")
    if gone == "checkpoint":
        (tmp_path / "ledger" / CHECKPOINT).unlink()
    else:
        shutil.rmtree(tmp_path / "ledger")
    if gone == "older":
        older.rename(tmp_path / "ledger")
    with book(tmp_path, at=count(START + 20_000)) as one:
        with pytest.raises(ReadRefused, match="rolled back" if gone == "older" else "checkpoint is missing"):
            one.reading("alert:show", ["A-3"])
        act(one, "A-4")
        assert isinstance(one.late, DamagedLedger)
    assert (tmp_path / "ledger").exists() == (gone != "all")


def test_a_ledger_rewritten_with_the_key_is_not_added_to(tmp_path: Path) -> None:
    for folder, object_ in ((tmp_path / "a", "A-1"), (tmp_path / "b", "A-2")):
        folder.mkdir()
        if folder.name == "b":
            shutil.copy(tmp_path / "a" / "ledger-key", folder)
        with book(folder) as one:
            act(one, object_)
    shutil.rmtree(tmp_path / "a" / "ledger")
    shutil.copytree(tmp_path / "b" / "ledger", tmp_path / "a" / "ledger")
    with (
        book(tmp_path / "a", at=count(START + 10_000)) as one,
        pytest.raises(ReadRefused, match="not those that were logged"),
    ):
        one.reading("alert:show", ["A-3"])


def test_a_new_key_is_signed_by_the_old_one_and_the_old_one_is_gone(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        act(one, "A-1")
        old = key.held(tmp_path / "ledger-key")[0].verifier
        before = checkpoint(tmp_path)
        new = one.rotate().verifier
        act(one, "A-2")
    assert [one.verifier for one in key.held(tmp_path / "ledger-key")] == [new] != [old]
    assert old.name == new.name == "ledger.example/shop"
    fetch = source.of_folder(tmp_path / "ledger")
    for trusted, changes in ((old, 1), (new, 0)):
        proven = verify(fetch, policy.of_key(trusted), [before] if changes else [])
        assert (proven.key, proven.changes, proven.checkpoint.size) == (new, changes, 3)
    assert objects(tmp_path, before) == ["A-1", new.text, "A-2"]


def test_a_new_key_in_an_empty_ledger_is_entered_too(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        new = one.rotate()
        newer = one.rotate()
    assert objects(tmp_path) == [new.verifier.text, newer.verifier.text]


ROTATING = """
import sys
from pathlib import Path
from coincide.ledger.book import Book
from coincide.ledger.place import Place
from coincide.ledger.staff import Staff
from coincide.store.database import open_database
folder = Path(sys.argv[1])
database = open_database(folder / ".coincide")
book = Book(database, Place(folder / "ledger", folder / "ledger-key"), Staff("kim"))
for _ in range(6):
    print(book.rotate().verifier.text)
"""


def test_two_that_change_the_key_at_once_lose_none(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", ROTATING, str(tmp_path)]
    running = [subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [one.communicate() for one in running]
    assert [error for _, error in told] == ["", ""]
    made = {key for out, _ in told for key in out.split()}
    # Every change follows the one before, from the first key to the one that is in the file.
    assert set(objects(tmp_path)) == made
    assert len(made) == 12
    (last,) = key.held(tmp_path / "ledger-key")
    assert verify(source.of_folder(tmp_path / "ledger"), policy.of_key(last.verifier)).checkpoint.size == 12


ACTING = """
import sys
from pathlib import Path
from coincide.ledger.book import Book
from coincide.ledger.place import Place
from coincide.ledger.staff import Staff
from coincide.store.database import open_database
folder, name, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
database = open_database(folder / ".coincide")
book = Book(database, Place(folder / "ledger", folder / "ledger-key"), Staff(name, purpose="a test"))
for number in range(times):
    if number % 2:
        book.reading("alert:show", [f"{name}-{number}"])
    else:
        with book.acting("alert:decide", f"{name}-{number}"):
            pass
assert book.late is None, book.late
"""


def test_many_at_once_from_the_first_entry_on_log_everything_once(tmp_path: Path) -> None:
    names = ["anna", "bert", "cora", "dora"]
    arguments = [[sys.executable, "-c", ACTING, str(tmp_path), name, "12"] for name in names]
    running = [subprocess.Popen(each, stderr=subprocess.PIPE, text=True) for each in arguments]
    seen: list[Note] = []
    while any(one.poll() is None for one in running):
        if (tmp_path / "ledger" / CHECKPOINT).exists():
            seen.append(checkpoint(tmp_path))
    assert [(one.communicate()[1], one.returncode) for one in running] == [("", 0)] * len(names)
    found = objects(tmp_path, *{one.text: one for one in seen}.values())
    # Of each its own in their order, and nothing else.
    for name in names:
        assert [one for one in found if one.startswith(name)] == [f"{name}-{number}" for number in range(12)]
    assert len(found) == 12 * len(names)


class Histories(RuleBasedStateMachine):
    """Acts, reads, new keys, databases put back from a backup, deaths between files and database."""

    def __init__(self) -> None:
        super().__init__()
        self._temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self._temporary.name)
        self.ticks = count(START, 1_000)
        self.names = count(1)
        self.seen: list[Note] = []
        self.done: list[str] = []
        self.backups: list[Path] = []

    def teardown(self) -> None:
        self._temporary.cleanup()

    @rule(kind=st.sampled_from(["act", "read"]), times=st.integers(1, 3))
    def enters(self, kind: str, times: int) -> None:
        with book(self.folder, at=self.ticks) as one:
            for _ in range(times):
                name = f"A-{next(self.names)}"
                if kind == "act":
                    act(one, name)
                else:
                    one.reading("alert:show", [name])
                self.done.append(name)
            assert one.late is None

    @rule()
    def waits(self) -> None:
        """An act is committed, and its process dies before it is logged."""
        with book(self.folder, at=self.ticks) as one:
            name = f"A-{next(self.names)}"
            with one.database.writing() as connection:
                one.enter(connection, "alert:decide", name)
            self.done.append(name)

    @rule()
    def logs_and_dies(self) -> None:
        """What waits is logged, and the process dies before the database knows."""
        kept = self._copy()
        with book(self.folder, at=self.ticks) as one:
            one.sequence()
        self._put_back(kept)

    @rule()
    def new_key(self) -> None:
        with book(self.folder, at=self.ticks) as one:
            self.done.append(one.rotate().verifier.text)

    @rule()
    def backs_up(self) -> None:
        self.backups.append(self._copy())

    @precondition(lambda self: self.backups)
    @rule(data=st.data())
    def restores(self, data: st.DataObject) -> None:
        """The database as it was; the ledger stays. What was never logged is lost with the database it was in."""
        with book(self.folder, at=self.ticks) as one:
            one.sequence()
        self._put_back(data.draw(st.sampled_from(self.backups)))

    @invariant()
    def all_is_logged_or_waits_once(self) -> None:
        found: list[str] = []
        if (self.folder / "ledger" / CHECKPOINT).exists():
            self.seen.append(checkpoint(self.folder))
            found = objects(self.folder, *self.seen)
        left = [one for one in waiting(self.folder) if one not in found] if self.done else []
        assert found + left == self.done

    def _copy(self) -> Path:
        database = self.folder / ".coincide" / "coincide.db"
        with book(self.folder, at=self.ticks):
            pass
        return Path(shutil.copy(database, self.folder / f"backup-{next(self.names)}"))

    def _put_back(self, kept: Path) -> None:
        shutil.copy(kept, self.folder / ".coincide" / "coincide.db")


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=25, stateful_step_count=10, deadline=None)


def test_the_database_knows_how_far_the_files_are(tmp_path: Path) -> None:
    with book(tmp_path) as one:
        for number in range(3):
            act(one, f"A-{number}")
        with one.opened() as log, one.database.reading() as connection:
            head = outbox.head(connection)
            assert head is not None
            assert (head.size, head.root) == (log.checkpoint.size, log.checkpoint.root) == (3, log.checkpoint.root)
            assert head.last_at == START + 2_000
            assert connection.execute(select(tables.ledger_entry)).all() == []
