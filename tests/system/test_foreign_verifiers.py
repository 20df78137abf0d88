"""Logs, notes and receipts before code that others wrote, and before a witness that others wrote.

Go: ``golang.org/x/mod/sumdb``, which verifies the log of Go's own modules, out of Debian's packages (``.ci/go``) under
the program ``foreign/verify.go``. Python: ``aics-tlog`` and ``aics-witness`` of PyPI, as ``conftest`` installs them.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coincide.ledger import note, policy, tiles
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.encoding import encoded
from coincide.ledger.errors import FalseSignature, QuorumMissed
from coincide.ledger.note import Note, Signer, Verifier
from coincide.ledger.receipt import Receipt
from coincide.ledger.source import of_folder
from coincide.ledger.tree import prove_consistency, prove_inclusion
from coincide.ledger.write import writing
from system.process import must, run, witnessing
from unit.ledger.logmaker import LOG, entries, entry

pytestmark = pytest.mark.system

GOPATH = Path("/usr/share/gocode")
PROGRAM = Path(__file__).with_name("foreign") / "verify.go"

LARGEST = 70_000
SIZES = (1, 255, 256, 257, LARGEST)
STEPS = (1, 2, 255, 256, 257, 1000, 65_535, 65_536, 65_537, 69_000, LARGEST)
"""The sizes at which a log gets a checkpoint while it grows."""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True, slots=True)
class Written:
    """A log in a folder: its entries, and by size all checkpoints that it ever had, also as files elsewhere."""

    folder: Path
    entries: Sequence[bytes]
    notes: dict[int, Note]
    files: list[Path]

    def read(self, nodes: Sequence[tuple[int, int]]) -> list[bytes]:
        """The hashes of nodes, out of the files of the log."""
        return tiles.reader(of_folder(self.folder), len(self.entries))(nodes)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Written]:
    """A log of each size, written by the real writer in batches."""
    logged = entries(LARGEST)
    return {size: _written(tmp_path_factory.mktemp("log"), logged[:size]) for size in SIZES}


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs the program in Go."""
    if shutil.which("go") is None or not (GOPATH / "src/golang.org/x/mod/sumdb").is_dir():
        pytest.skip("Go or golang.org/x/mod is not installed")
    folder = tmp_path_factory.mktemp("go")
    # Without modules, so that nothing is asked for in the network.
    settings = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "", "GOCACHE": str(folder), "CGO_ENABLED": "0"}
    must(run("go", "build", "-o", folder / "verify", PROGRAM, **settings))
    return lambda *words: run(folder / "verify", *words)


@pytest.fixture
def witness(foreign: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address and key of a witness that has seen nothing yet."""
    with witnessing(foreign, tmp_path / "witness", LOG.verifier) as started:
        yield started


def _refused(done: subprocess.CompletedProcess[str], reason: str) -> None:
    """A verifier that fell over did not refuse: it must say so, and why."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(reason, done.stdout), done.stdout + done.stderr


def _written(folder: Path, logged: Sequence[bytes], signer: Signer = LOG) -> Written:
    notes: dict[int, Note] = {}
    files: list[Path] = []
    with writing(folder / "log", signer) as log:
        for step in sorted({step for step in STEPS if step < len(logged)} | {len(logged)}):
            notes[step] = log.append(logged[log.checkpoint.size : step])
            files.append(folder / f"checkpoint-{step}")
            files[-1].write_bytes(notes[step].encoded)
    return Written(folder / "log", logged, notes, files)


@contextmanager
def _flipped(file: Path, place: int) -> Iterator[None]:
    """A file with one bit that is another, for as long as this lasts."""
    content = file.read_bytes()
    changed = bytearray(content)
    changed[place] ^= 1
    file.write_bytes(changed)
    try:
        yield
    finally:
        file.write_bytes(content)


def _receipt(log: Written, index: int) -> Receipt:
    size = len(log.entries)
    return Receipt(index, tuple(prove_inclusion(index, size, log.read)), log.notes[size], log.entries[index])


# Of the log of 70,000 entries: files of every level, whole and partial, and in them the first byte, the last or others.
FLIPS = [
    ("tile/0/000", 0),
    ("tile/0/100", 5000),
    ("tile/0/273.p/112", -1),
    ("tile/1/000", 0),
    ("tile/1/000", -1),
    ("tile/1/001.p/17", 200),
    ("tile/2/000.p/1", 31),
    ("tile/entries/000", 0),
    ("tile/entries/000", 1),
    ("tile/entries/000", 30),
    ("tile/entries/137", 7000),
    ("tile/entries/273.p/112", -1),
]
# In the origin, the size, the root and the signature.
CHECKPOINT_FLIPS = [0, 20, 30, -10]


@pytest.mark.parametrize("size", SIZES)
def test_go_proves_every_entry_and_every_older_checkpoint(go: Run, logs: dict[int, Written], size: int) -> None:
    log = logs[size]
    told = must(go("log", log.folder, LOG.verifier.text, *log.files))
    assert told == f"proven: {size} entries, {len(log.files)} older checkpoints\n"


@pytest.mark.parametrize(("path", "place"), FLIPS)
def test_go_refuses_a_flipped_bit_in_a_tile_or_a_bundle(
    go: Run, logs: dict[int, Written], path: str, place: int
) -> None:
    log = logs[LARGEST]
    with _flipped(log.folder / path, place):
        done = go("log", log.folder, LOG.verifier.text)
    _refused(done, "refused: (entry|something stands behind entry|root: the tiles give another one)")


@pytest.mark.parametrize("place", CHECKPOINT_FLIPS)
def test_go_refuses_a_flipped_bit_in_a_checkpoint(go: Run, logs: dict[int, Written], place: int) -> None:
    log = logs[257]
    with _flipped(log.folder / "checkpoint", place):
        done = go("log", log.folder, LOG.verifier.text)
    _refused(done, "refused: checkpoint: ")


def test_go_refuses_a_checkpoint_of_another_key(go: Run, logs: dict[int, Written]) -> None:
    other = Signer(LOG.name, Ed25519PrivateKey.generate())
    _refused(go("log", logs[1].folder, other.verifier.text), "refused: checkpoint: note has no verifiable signatures")


def test_go_refuses_an_older_checkpoint_of_other_entries(go: Run, logs: dict[int, Written], tmp_path: Path) -> None:
    fork = _fork(tmp_path)
    done = go("log", logs[257].folder, LOG.verifier.text, fork.files[0])
    _refused(done, "refused: the log of 1 entries: ")


@pytest.mark.parametrize(("size", "index"), [(1, 0), (256, 255), (257, 0), (257, 256), (LARGEST, 65_537)])
def test_go_proves_a_receipt_and_refuses_it_for_another_entry(
    go: Run, logs: dict[int, Written], tmp_path: Path, size: int, index: int
) -> None:
    receipt, file = _receipt(logs[size], index), tmp_path / "receipt"
    file.write_bytes(receipt.encoded)
    assert must(go("receipt", file, LOG.verifier.text)) == f"proven: entry {index} of {size}\n"
    file.write_bytes(Receipt(index, receipt.proof, receipt.checkpoint, entry(index + 1)).encoded)
    _refused(go("receipt", file, LOG.verifier.text), f"refused: entry {index}: ")


def test_go_signs_a_note_that_is_opened_here(go: Run) -> None:
    text = "signed elsewhere\n\nin two paragraphs of Ünïcode\n"
    key, _, content = must(go("sign", "go.example/key", text)).partition("\n\n")
    found, verifier = note.parsed(content.encode()), Verifier.parsed(key)
    assert found.text == text
    assert verifier.text == key
    assert note.opened(found, [verifier]) == [verifier]
    with pytest.raises(FalseSignature):
        note.opened(Note(text.upper(), found.signatures), [verifier])


def test_go_opens_a_checkpoint_that_a_witness_cosigned(
    go: Run, logs: dict[int, Written], witness: tuple[str, str], tmp_path: Path
) -> None:
    log, folder = logs[255], tmp_path / "cosigned"
    status, answer, _ = _submitted(witness[0], log, 0, 255)
    assert status == 200
    shutil.copytree(log.folder, folder)
    (folder / "checkpoint").write_bytes(_cosigned(log.notes[255], answer).encoded)
    assert must(go("log", folder, LOG.verifier.text)) == "proven: 255 entries, 0 older checkpoints\n"


AUDIT = """
import sys
from pathlib import Path
from aics_tlog import FileSystemTileReader, TileVerificationError, audit_tiles
from aics_tlog import parse_note, parse_vkey, verify_checkpoint
folder, key = sys.argv[1:]
try:
    head = verify_checkpoint(parse_note(Path(folder, "checkpoint").read_bytes()), parse_vkey(key), [], 0)
except ValueError as error:
    sys.exit(print("refused: checkpoint:", error) or 1)
if not head.ok:
    sys.exit(print("refused: checkpoint:", head.error) or 1)
try:
    report = audit_tiles(FileSystemTileReader(folder), head.size, head.root)
except TileVerificationError as error:
    sys.exit(print("refused:", error) or 1)
print(f"proven: {report.size} entries, {report.tiles} tiles, {report.bundles} bundles")
"""


def _audited(foreign: Path, log: Written) -> subprocess.CompletedProcess[str]:
    return run(foreign / "python", "-c", AUDIT, log.folder, LOG.verifier.text)


@pytest.mark.parametrize("size", SIZES)
def test_aics_tlog_proves_every_file(foreign: Path, logs: dict[int, Written], size: int) -> None:
    made = list(tiles.tiles(size))
    bundles = sum(tile.level is None for tile in made)
    told = must(_audited(foreign, logs[size]))
    assert told == f"proven: {size} entries, {len(made) - bundles} tiles, {bundles} bundles\n"


@pytest.mark.parametrize(("path", "place"), FLIPS)
def test_aics_tlog_refuses_a_flipped_bit_in_a_tile_or_a_bundle(
    foreign: Path, logs: dict[int, Written], path: str, place: int
) -> None:
    log = logs[LARGEST]
    with _flipped(log.folder / path, place):
        done = _audited(foreign, log)
    _refused(done, "refused: (?!checkpoint)")


@pytest.mark.parametrize("place", CHECKPOINT_FLIPS)
def test_aics_tlog_refuses_a_flipped_bit_in_a_checkpoint(foreign: Path, logs: dict[int, Written], place: int) -> None:
    log = logs[257]
    with _flipped(log.folder / "checkpoint", place):
        done = _audited(foreign, log)
    _refused(done, "refused: checkpoint: ")


def test_aics_tlog_writes_the_same_files_for_the_same_entries(
    foreign: Path, logs: dict[int, Written], tmp_path: Path
) -> None:
    log, theirs = logs[LARGEST], tmp_path / "theirs"
    before = 0
    for step in log.notes:
        leaves = tmp_path / "leaves"
        leaves.write_bytes(b"".join(one + b"\n" for one in log.entries[before:step]))
        append = ("append-tiles", "--no-fsync", "--out", theirs, "--size", str(before), "--leaves", leaves)
        told = must(run(foreign / "aics-tlog", *append))
        assert encoded(Checkpoint.parsed(log.notes[step].text).root) in told
        before = step
    # The same also in what is not there any more: partial tiles that a full one took the place of.
    assert _contents(theirs) == _contents(log.folder)


def _contents(folder: Path) -> dict[str, bytes]:
    found = (file for file in (folder / "tile").rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in found}


@pytest.mark.parametrize(("size", "index"), [(1, 0), (256, 255), (257, 256), (LARGEST, 65_537)])
def test_aics_tlog_proves_an_entry_from_tiles_and_from_a_receipt(
    foreign: Path, logs: dict[int, Written], tmp_path: Path, size: int, index: int
) -> None:
    log, leaf, head, proof = logs[size], tmp_path / "leaf", tmp_path / "head", tmp_path / "proof"
    leaf.write_bytes(log.entries[index])
    ask = (foreign / "aics-tlog", "verify-inclusion", "--log-key", LOG.verifier.text, "--index", str(index))
    must(run(*ask, "--leaf", leaf, "--tiles", log.folder))
    receipt = _receipt(log, index)
    head.write_bytes(receipt.checkpoint.encoded)
    proof.write_text("".join(f"{encoded(hash_)}\n" for hash_ in receipt.proof), "utf-8")
    told = must(run(*ask, "--leaf", leaf, "--checkpoint", head, "--proof", proof))
    assert '"checkpoint_verified": true' in told
    leaf.write_bytes(entry(index + 1))
    _refused(run(*ask, "--leaf", leaf, "--tiles", log.folder), "the leaf is not included at this index")
    _refused(run(*ask, "--leaf", leaf, "--checkpoint", head, "--proof", proof), "inclusion proof does not verify")


def test_aics_tlog_proves_older_checkpoints_but_none_of_other_entries(
    foreign: Path, logs: dict[int, Written], tmp_path: Path
) -> None:
    log, fork = logs[LARGEST], _fork(tmp_path)
    ask = (foreign / "aics-tlog", "verify-consistency", "--log-key", LOG.verifier.text, "--tiles", log.folder)
    for file in log.files:
        must(run(*ask, "--old-checkpoint", file))
    _refused(run(*ask, "--old-checkpoint", fork.files[-1]), '"error": "the new checkpoint does not extend the old one')


def _fork(folder: Path) -> Written:
    """A log of the same key with another entry at every place."""
    return _written(folder / "fork", [entry(number + 1) for number in range(300)])


def _submitted(url: str, log: Written, old: int, new: int) -> tuple[int, str, str]:
    """What a witness answers to ``add-checkpoint`` (C2SP ``tlog-witness``): status, body and type."""
    proof = "".join(f"{encoded(hash_)}\n" for hash_ in prove_consistency(old, new, log.read))
    return _posted(url, f"old {old}\n{proof}\n".encode() + log.notes[new].encoded)


def _posted(url: str, body: bytes) -> tuple[int, str, str]:
    status, content, kind = _asked("POST", url, "/add-checkpoint", body)
    return status, content.decode(), kind


def _asked(method: str, url: str, path: str, body: bytes | None = None) -> tuple[int, bytes, str]:
    # Not with urllib: it would ask a proxy that the environment names, and raise for answers that are wanted here.
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        connection.request(method, urlsplit(url).path + path, body)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get_content_type()
    finally:
        connection.close()


def _cosigned(signed: Note, answer: str) -> Note:
    return Note(signed.text, (*signed.signatures, *note.signatures(answer)))


def _demanding(key: str) -> policy.Policy:
    return policy.parsed(f"log {LOG.verifier.text}\nwitness w1 {key}\nquorum w1\n")


def test_a_witness_cosigns_a_log_while_it_grows(
    foreign: Path, logs: dict[int, Written], witness: tuple[str, str], tmp_path: Path
) -> None:
    (url, key), log = witness, logs[LARGEST]
    asked, file = _demanding(key), tmp_path / "cosigned"
    before = 0
    for size, signed in log.notes.items():
        status, answer, _ = _submitted(url, log, before, size)
        assert status == 200, answer
        cosigned = _cosigned(signed, answer)
        assert asked.check(cosigned) == (Checkpoint.parsed(signed.text), ["w1"])
        assert abs(note.time_of(cosigned.signatures[-1]) - time.time()) < 60
        before = size
    with pytest.raises(QuorumMissed):
        asked.check(log.notes[LARGEST])
    # A cosignature is of one checkpoint, and no other has it.
    with pytest.raises(FalseSignature):
        asked.check(_cosigned(log.notes[1], answer))
    # Others agree that it is cosigned, and the witness shows it to everyone.
    file.write_bytes(cosigned.encoded)
    verify = ("verify-checkpoint", "--log-key", LOG.verifier.text, "--witness-key", key, "--quorum", "1")
    must(run(foreign / "aics-tlog", *verify, "--max-age", "60", "--note", file))
    shown = _asked("GET", url, f"/{hashlib.sha256(LOG.name.encode()).hexdigest()}/checkpoint")[1]
    assert asked.check(note.parsed(shown)) == (Checkpoint.parsed(cosigned.text), ["w1"])


def test_a_witness_cosigns_an_empty_log_and_its_first_entries(
    foreign: Path, witness: tuple[str, str], tmp_path: Path
) -> None:
    url, key = witness
    with writing(tmp_path / "log", LOG) as log:
        for more in ([], entries(3)):
            signed = log.append(more)
            status, answer, _ = _posted(url, b"old 0\n\n" + signed.encoded)
            assert status == 200, answer
            assert _demanding(key).check(_cosigned(signed, answer)) == (log.checkpoint, ["w1"])


def test_a_witness_tells_the_size_that_it_has_seen(logs: dict[int, Written], witness: tuple[str, str]) -> None:
    url, log = witness[0], logs[LARGEST]
    assert _submitted(url, log, 0, 257)[0] == 200
    assert _submitted(url, log, 2, 1000) == (409, "257\n", "text/x.tlog.size")
    assert _submitted(url, log, 1, 256) == (409, "257\n", "text/x.tlog.size")
    assert _submitted(url, log, 257, 1000)[0] == 200


def test_a_witness_cosigns_no_fork(logs: dict[int, Written], witness: tuple[str, str], tmp_path: Path) -> None:
    url, log, fork = witness[0], logs[LARGEST], _fork(tmp_path)
    assert _submitted(url, log, 0, 257)[0] == 200
    for size in (257, 300):
        status, answer, _ = _submitted(url, fork, 257, size)
        assert status == 422
        assert "\N{EM DASH}" not in answer
    # It goes on with the log that it knows.
    assert _submitted(url, log, 257, 1000)[0] == 200


def test_a_witness_refuses_a_false_signature_and_a_log_that_it_does_not_know(
    logs: dict[int, Written], witness: tuple[str, str], tmp_path: Path
) -> None:
    url, signed = witness[0], logs[1].notes[1]
    twisted = Note(signed.text.replace("\n1\n", "\n2\n"), signed.signatures)
    assert _posted(url, b"old 0\n\n" + twisted.encoded)[0] == 403
    other = Signer("ledger.example/other", LOG.private)
    unknown = _written(tmp_path / "other", [entry(0)], other)
    assert _submitted(url, unknown, 0, 1)[0] == 404
