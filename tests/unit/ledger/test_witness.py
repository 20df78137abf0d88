"""Witnesses asked over HTTP: those that answer as C2SP ``tlog-witness`` says, and those that do not."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.ledger import anchor, note, policy, tiles, witness
from coincide.ledger.book import Book
from coincide.ledger.errors import ForeignCheckpoint, QuorumMissed, WitnessRefused
from coincide.ledger.note import COSIGNATURE, Note, Signature, Signer, Verifier
from coincide.ledger.place import Place
from coincide.ledger.source import of_folder
from coincide.ledger.staff import Staff
from coincide.ledger.tiles import CHECKPOINT
from coincide.ledger.tree import prove_consistency
from coincide.ledger.verify import verify
from coincide.store.database import open_database
from loopback import Quiet, nobody, serving
from unit.ledger.logmaker import LOG, entries, entry, files, signed
from unit.ledger.witness_server import PLAIN, Answer, Witness

SIZE = 300
LOGGED = files(entries(SIZE))
CHECKED = signed(entries(SIZE))


def prove(logged: Mapping[str, bytes], size: int) -> witness.Prove:
    return lambda old: prove_consistency(old, size, tiles.reader(logged.get, size))


def ask(url: str, key: Verifier, *, patience: float = 5) -> Signature:
    """Asks for a cosignature of the log of 300 entries."""
    return witness.cosignature(url, key, CHECKED, SIZE, prove(LOGGED, SIZE), patience=patience)


# --- a witness that does as it should -----------------------------------------------------------------------------


@given(st.lists(st.integers(0, 600), min_size=1, max_size=6).map(sorted))
@example([0, 0, 1, 255, 256, 257])
@example([600])
@settings(deadline=None, max_examples=25)
def test_every_checkpoint_of_a_growing_log_is_cosigned_whatever_the_sizes(sizes: list[int]) -> None:
    asked = Witness([LOG.verifier])
    key = asked.verifier
    with asked.served("/some/where") as url:
        for place, size in enumerate(sizes):
            logged, checkpoint = files(entries(size)), signed(entries(size))
            # With or without a slash at its end, it is the same place.
            made = witness.cosignature(url + "/" * (place % 2), key, checkpoint, size, prove(logged, size))
            assert note.opened(Note(checkpoint.text, (made,)), [key]) == [key]
            assert abs(note.time_of(made) - time.time()) < 60
            assert asked.seen[LOG.name][0] == size


def test_a_log_that_does_not_continue_what_the_witness_saw_is_not_cosigned() -> None:
    # One of another entry among those that the witness saw, one of another at the end, and one that was cut off.
    others = entry(1_000, second=100)
    forks = [
        [*entries(100), others, *entries(300)[101:]],
        [*entries(199), entry(1_000, second=199), *entries(300)[200:]],
    ]
    for fork in forks:
        asked = Witness([LOG.verifier])
        with asked.served() as url:
            witness.cosignature(url, asked.verifier, signed(entries(200)), 200, prove(LOGGED, 200))
            with pytest.raises(WitnessRefused, match="does not continue what it saw before"):
                witness.cosignature(url, asked.verifier, signed(fork), 300, prove(files(fork), 300))
            with pytest.raises(WitnessRefused, match=r"saw another tree of this size|does not continue"):
                witness.cosignature(url, asked.verifier, signed(fork[:200]), 200, prove(files(fork[:200]), 200))
            with pytest.raises(WitnessRefused, match="it saw 200 entries, and ours has 199: was it rolled back"):
                witness.cosignature(url, asked.verifier, signed(entries(199)), 199, prove(files(entries(199)), 199))
            assert asked.seen[LOG.name] == (200, asked.seen[LOG.name][1])


def test_a_witness_that_knows_neither_the_log_nor_its_key_says_so() -> None:
    stranger = Signer("ledger.example/other", LOG.private).verifier
    another = Signer(LOG.name, Ed25519PrivateKey.from_private_bytes(b"x" * 32)).verifier
    for known, said in (([stranger], "does not know this log"), ([another], "trusts none of the keys")):
        asked = Witness(known)
        with asked.served() as url, pytest.raises(WitnessRefused, match=said):
            ask(url, asked.verifier)


# --- witnesses that do not ----------------------------------------------------------------------------------------

OTHER = Witness([], seed=b"o" * 32)
RIGHT = Witness([])
DASH = "\N{EM DASH}"


def _line(made: Signature) -> Answer:
    return 200, made.line, PLAIN


def _with_bytes(content: bytes) -> Answer:
    return _line(Signature(RIGHT.name, RIGHT.verifier.id, content))


_SIGNED = RIGHT.sign(CHECKED.text)
BAD: dict[str, tuple[Answer, str]] = {
    "a web page": ((200, "<html>log in</html>\n", "text/html"), "no signature"),
    "nothing": ((200, "", PLAIN), "no signature"),
    "no end of line": ((200, _SIGNED.line[:-1], PLAIN), "no end"),
    "ends of Windows": ((200, _SIGNED.line[:-1] + "\r\n", PLAIN), "no base64"),
    "garbage for base64": ((200, f"{DASH} {RIGHT.name} !!!!\n", PLAIN), "no base64"),
    "an id alone": ((200, f"{DASH} {RIGHT.name} AAAAAA==\n", PLAIN), "no base64"),
    "something behind the signature": ((200, _SIGNED.line + "more\n", PLAIN), "is no signature"),
    "a signature by another key": (_line(OTHER.sign(CHECKED.text)), "no right signature of `witness.example/w1`"),
    "a signature under another name": (
        _line(Signature("else", _SIGNED.id, _SIGNED.bytes)),
        "no right signature of `witness.example/w1`",
    ),
    "a signature of another checkpoint": (_line(RIGHT.sign(signed(entries(2)).text)), "no right signature"),
    "a signature without its time": (_with_bytes(_SIGNED.bytes[8:]), "no right signature"),
    "a signature of another time": (_with_bytes(bytes(8) + _SIGNED.bytes[8:]), "no right signature"),
    "zeros": (_with_bytes(bytes(72)), "no right signature"),
    "the log's own signature": (_line(CHECKED.signatures[0]), "no right signature"),
    "a whole note": ((200, CHECKED.encoded.decode(), PLAIN), "is no signature"),
    "too many signatures": ((200, OTHER.sign(CHECKED.text).line * 100, PLAIN), "more than 64"),
    "a larger size than ours": ((409, "301\n", "text/x.tlog.size"), "it saw 301 entries, and ours has 300"),
    "always the same size": ((409, "7\n", "text/x.tlog.size"), "saw 7 entries meanwhile"),
    "a conflict without the type": ((409, "7\n", PLAIN), "another tree of this size"),
    "a size with zeros in front": ((409, "007\n", "text/x.tlog.size"), "no number"),
    "a size below zero": ((409, "-1\n", "text/x.tlog.size"), "no number"),
    "an empty size": ((409, "", "text/x.tlog.size"), "no number"),
    "two sizes": ((409, "7\n8\n", "text/x.tlog.size"), "no number"),
    "a size in other digits": ((409, "\N{ARABIC-INDIC DIGIT SEVEN}\n", "text/x.tlog.size"), "no number"),
    "a size of ten thousand digits": ((409, "9" * 10_000, "text/x.tlog.size"), "larger than any"),
    "no permission": ((403, "", PLAIN), "trusts none of the keys"),
    "no such place": ((404, "<html>", "text/html"), "does not know this log"),
    "no consistency": ((422, "", PLAIN), "does not continue"),
    "a malformed request": ((400, "", PLAIN), "it answers 400"),
    "an error of its own": ((500, "oops", PLAIN), "it answers 500"),
    "a status that there is not": ((299, "", PLAIN), "it answers 299"),
    "more than any answer has": ((200, "x" * 17_000_000, PLAIN), "."),
    "more than any size has": ((409, "7" * 17_000_000, "text/x.tlog.size"), "."),
}


@pytest.mark.parametrize("kind", BAD)
def test_an_answer_that_is_no_cosignature_is_said(kind: str) -> None:
    (status, body, type_), said = BAD[kind]

    class Bad(Quiet):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            try:
                self.answer(status, body.encode(), type_)
            except ConnectionError:
                self.close_connection = True  # it reads no further

    with serving(Bad) as url:
        refused(url, said)


def refused(url: str, said: str, *, patience: float = 5) -> None:
    """The witness is refused in one sentence, which names it."""
    with pytest.raises(WitnessRefused, match=said) as caught:
        ask(url, RIGHT.verifier, patience=patience)
    assert (caught.value.code, caught.value.exit_status) == ("COI-L028", 4)
    assert caught.value.message.startswith("the witness did not cosign: ")
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 300
    assert str(caught.value.where) == url


def test_a_redirect_is_not_followed_and_is_said() -> None:
    asked = Witness([LOG.verifier])
    with asked.served() as right:

        class Elsewhere(Quiet):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(int(self.path.split("/")[1]), b"", PLAIN, Location=f"{right}/add-checkpoint")

        with serving(Elsewhere) as url:
            for status in (301, 302, 303, 307, 308):
                refused(f"{url}/{status}", f"it answers {status}")
    assert asked.asked == []


@contextmanager
def dripping(status: str, kind: str, seconds: float) -> Iterator[str]:
    """A server that sends a byte of its body now and then, for so long."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip() -> None:
            client, _ = server.accept()
            with client:
                client.recv(1 << 16)
                client.sendall(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: 9999\r\n\r\n".encode())
                until = time.monotonic() + seconds
                while time.monotonic() < until and not over.wait(0.02):
                    try:
                        client.sendall(b"7")
                    except ConnectionError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(
    ("status", "kind"), [("200 OK", PLAIN), ("409 Conflict", "text/x.tlog.size")], ids=["answer", "conflict"]
)
@pytest.mark.parametrize("seconds", [5, 0], ids=["slow", "cut off"])
def test_an_answer_that_comes_slowly_or_breaks_off_is_not_waited_for(status: str, kind: str, seconds: float) -> None:
    began = time.monotonic()
    with dripping(status, kind, seconds) as url:
        refused(url, "." if seconds == 0 else "no whole answer within 0.5 s", patience=0.5)
    assert time.monotonic() - began < 3


def test_a_server_that_says_nothing_or_no_http_is_said() -> None:
    for said in (
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200,
    ):
        with socket.create_server(("127.0.0.1", 0)) as server:

            def answer(said: bytes = said, server: socket.socket = server) -> None:
                client, _ = server.accept()
                with client:
                    client.recv(1 << 16)
                    client.sendall(said)

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            refused(f"http://127.0.0.1:{server.getsockname()[1]}", ".")
            thread.join()


def test_a_server_that_listens_and_never_answers_is_waited_for_as_long_as_was_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        refused(f"http://127.0.0.1:{server.getsockname()[1]}", r"no whole answer within 0\.5 s|timed out", patience=0.5)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://127.0.0.1/witness", "neither http:// nor https://"),
        ("file:///etc/passwd", "neither http:// nor https://"),
        ("witness.example", "neither http:// nor https://"),
        ("", "neither http:// nor https://"),
        ("http://", "."),
        ("http:/127.0.0.1", "."),
        ("http://127.0.0.1:port", "."),
        ("http://127.0.0.1:99999", "."),
        ("http://[::1", "."),
        ("http://127.0.0.1/a b", "."),
        ("http://127.0.0.1/ü", "."),
        ("http://nobody.invalid", "."),
        (f"http://{'x' * 70}.invalid", "."),
    ],
)
def test_an_address_of_no_witness_is_said(url: str, said: str) -> None:
    refused(url, said)


def test_a_witness_that_is_not_there_is_said() -> None:
    refused(nobody(), "refused")


# --- a ledger and its witnesses -----------------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    database = open_database(tmp_path / "state")
    yield Book(database, Place(tmp_path / "ledger", tmp_path / "key", LOG.name), Staff("kim", purpose="a test"))
    database.close()


def act(book: Book, count: int = 1) -> None:
    """So many acts are entered and logged."""
    with book.database.writing() as connection:
        for number in range(count):
            book.enter(connection, "alert:decide", f"A-{number}")
    book.sequence()


def own_key(book: Book) -> Verifier:
    with book.opened() as log:
        return log.signer.verifier


def policy_of(book: Book, witnesses: Mapping[str, Witness], least: int) -> policy.Policy:
    lines = [f"witness {name} {one.verifier.text}" for name, one in witnesses.items()]
    quorum = [f"group some {least} {' '.join(witnesses)}", "quorum some"]
    return policy.parsed("\n".join([f"log {own_key(book).text}", *lines, *quorum]))


@contextmanager
def three(book: Book, *, knowing: int = 3) -> Iterator[tuple[dict[str, Witness], dict[str, tuple[Verifier, str]]]]:
    """Three witnesses, the first so many of which know the ledger, and how they are asked."""
    log = own_key(book)
    made = {f"w{n}": Witness([log] if n < knowing else [], f"witness.example/w{n}", bytes([n]) * 32) for n in range(3)}
    with ExitStack() as stack:
        yield made, {name: (one.verifier, stack.enter_context(one.served())) for name, one in made.items()}


def asked_all(book: Book, witnesses: Mapping[str, tuple[Verifier, str]]) -> anchor.Asked:
    return anchor.ask(*anchor.newest(book), witnesses)


def there(book: Book) -> bytes:
    return (book.place.folder / CHECKPOINT).read_bytes()


@pytest.mark.parametrize("knowing", [0, 1, 2, 3])
def test_cosignatures_land_under_the_checkpoint_and_meet_the_policies_of_so_many(book: Book, knowing: int) -> None:
    act(book, 300)
    fetch = of_folder(book.place.folder)
    with three(book, knowing=knowing) as (witnesses, addresses):
        asked = asked_all(book, addresses)
        assert asked.cosigned == tuple(f"w{n}" for n in range(knowing))
        assert asked.refused.keys() == {f"w{n}" for n in range(knowing, 3)}
        assert all("does not know this log" in error.message for error in asked.refused.values())
        assert anchor.keep(book, asked)
        assert there(book) == asked.checkpoint.encoded
        for least in (1, 2, 3):
            wanted = policy_of(book, witnesses, least)
            if least <= knowing:
                assert verify(fetch, wanted).witnesses == asked.cosigned
            else:
                with pytest.raises(QuorumMissed):
                    verify(fetch, wanted)
    # Those who trust no witness see the log as before.
    assert verify(fetch, policy.of_key(own_key(book))).witnesses == ()


def test_an_earlier_cosignature_is_kept_beside_that_of_another_witness_and_renewed_by_the_same(book: Book) -> None:
    act(book, 3)
    with three(book) as (witnesses, addresses):
        for name in ("w0", "w1", "w0"):
            asked = asked_all(book, {name: addresses[name]})
            assert asked.cosigned == (name,)
            assert anchor.keep(book, asked)
        found = note.parsed(there(book))
        assert sorted(one.name for one in found.signatures) == sorted(
            [own_key(book).name, witnesses["w0"].name, witnesses["w1"].name]
        )
        assert verify(of_folder(book.place.folder), policy_of(book, witnesses, 2)).witnesses == ("w0", "w1")


def test_the_checkpoint_of_the_next_entry_has_no_cosignature_and_is_cosigned_when_asked_for(book: Book) -> None:
    act(book, 255)
    with three(book) as (witnesses, addresses):
        assert anchor.keep(book, asked_all(book, addresses))
        for count in (1, 1, 300):
            act(book, count)
            assert len(note.parsed(there(book)).signatures) == 1
            with pytest.raises(QuorumMissed):
                verify(of_folder(book.place.folder), policy_of(book, witnesses, 1))
            assert anchor.keep(book, asked_all(book, addresses))
            assert verify(of_folder(book.place.folder), policy_of(book, witnesses, 3)).witnesses == ("w0", "w1", "w2")
            # Reading and opening it again takes none of them away.
            assert len(anchor.newest(book)[1].signatures) == 4


def test_cosignatures_of_a_checkpoint_that_is_no_longer_the_newest_are_not_kept(book: Book) -> None:
    act(book, 3)
    with three(book) as (_, addresses):
        asked = asked_all(book, addresses)
        act(book)
        before = there(book)
        assert not anchor.keep(book, asked)
        assert there(book) == before


# --- a checkpoint in a file ---------------------------------------------------------------------------------------


def test_a_file_holds_the_newest_checkpoint_and_says_what_was_before(book: Book, tmp_path: Path) -> None:
    file, trusted = tmp_path / "elsewhere" / "checkpoint", policy.of_key(own_key(book))
    for count, before in ((1, 0), (255, 1), (1, 256)):
        act(book, count)
        fetch, content, now = anchor.newest(book)
        assert anchor.to_file(fetch, content, now, trusted, file) == before
        assert file.read_bytes() == content.encoded == there(book)
        assert anchor.to_file(fetch, content, now, trusted, file) == now.size


FORKED = [*entries(2), entry(1_000, second=2)]
FOREIGN: dict[str, Callable[[], bytes]] = {
    "a larger log": lambda: signed(entries(4)).encoded,
    "a fork": lambda: signed(FORKED).encoded,
    "a fork in what is older": lambda: signed([entry(7)]).encoded,
    "another log": lambda: note.signed("else\n3\n" + CHECKED.text.split("\n")[2] + "\n", [LOG]).encoded,
    "another key": lambda: Note(CHECKED.text, (_SIGNED,)).encoded,
    "a twisted text": lambda: Note(signed(entries(2)).text, CHECKED.signatures).encoded,
    "rubbish": lambda: b"\x00\xff rubbish",
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_with_a_checkpoint_that_the_ledger_does_not_continue_is_left_as_it_is(kind: str, tmp_path: Path) -> None:
    file, content = tmp_path / "checkpoint", FOREIGN[kind]()
    file.write_bytes(content)
    logged, now = files(entries(3)), signed(entries(3))
    checkpoint = policy.of_key(LOG.verifier).check(now)[0]
    with pytest.raises(ForeignCheckpoint) as caught:
        anchor.to_file(logged.get, now, checkpoint, policy.of_key(LOG.verifier), file)
    assert (caught.value.code, caught.value.exit_status, str(caught.value.where)) == ("COI-L027", 1, str(file))
    assert file.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == ["checkpoint"]


def test_a_witness_is_no_log_whatever_its_name() -> None:
    # A cosignature under the name of the log does not sign for the log.
    as_log = Witness([LOG.verifier], LOG.name)
    assert as_log.verifier.type == COSIGNATURE
    with as_log.served() as url, tempfile.TemporaryDirectory() as folder:
        made = witness.cosignature(url, as_log.verifier, CHECKED, SIZE, prove(LOGGED, SIZE))
        file = Path(folder, "checkpoint")
        file.write_bytes(Note(CHECKED.text, (made,)).encoded)
        checkpoint = policy.of_key(LOG.verifier).check(CHECKED)[0]
        with pytest.raises(ForeignCheckpoint, match="no signature"):
            anchor.to_file(LOGGED.get, CHECKED, checkpoint, policy.of_key(LOG.verifier), file)
