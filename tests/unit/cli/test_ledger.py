"""``coincide ledger`` as a person calls it: what is said to be proven, and that nothing else ever is."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coincide.ledger import note, policy, source, tiles
from coincide.ledger.book import Book
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.encoding import encoded
from coincide.ledger.entry import written
from coincide.ledger.note import Note, Signer
from coincide.ledger.staff import Staff
from coincide.ledger.verify import verify
from ledgershop import WHO, LedgerShop, copied, scanned
from loopback import Quiet, nobody, serving, serving_folder
from unit.ledger.witness_server import Witness

SIZE = 300
STRANGER = Signer("ledger.example/other", Ed25519PrivateKey.from_private_bytes(b"2" * 32))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a few entries."""
    return scanned(tmp_path_factory.mktemp("first") / "shop")


@pytest.fixture(scope="module")
def large(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with 300 entries: with files of every kind, full and partial."""
    folder = tmp_path_factory.mktemp("large") / "shop"
    shop = copied(first, folder, None)  # type: ignore[arg-type]
    shop.fill(SIZE - len(shop.entries()))
    return folder


@pytest.fixture
def shop(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> LedgerShop:
    return copied(first, tmp_path / "shop", capsys)


@pytest.fixture
def big(large: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> LedgerShop:
    return copied(large, tmp_path / "shop", capsys)


def refused(told: tuple[int, str, str], status: int | tuple[int, ...], code: str = "COI-L") -> str:
    """Nothing is said to be verified, and why is said in one sentence with a code and a hint: that sentence."""
    found, out, err = told
    assert found in ((status,) if isinstance(status, int) else status), err
    assert out == ""
    assert "erified" not in err.replace("nothing was verified", "")
    assert "Traceback" not in err
    headline, hint = err.splitlines()
    assert re.search(rf"{code}\d* ", headline), headline
    assert hint.startswith("  hint: ")
    return headline


def said(told: tuple[int, str, str]) -> tuple[str, list[str], list[str]]:
    """The headline, what is proven, and what is not."""
    status, out, err = told
    assert (status, err) == (0, "")
    headline, first, *rest = out.splitlines()
    assert first == "Proven:"
    place = rest.index("Not proven:")
    proven, missing = rest[:place], rest[place + 1 :]
    assert all(line.startswith("  - ") for line in [*proven, *missing])
    return headline, [line[4:] for line in proven], [line[4:] for line in missing]


def policy_file(shop: LedgerShop, *lines: str) -> str:
    shop.write("policy", "\n".join([f"log {shop.key}", *lines, ""]))
    return str(shop.folder / "policy")


def checkpoint_file(shop: LedgerShop, name: str) -> str:
    """The checkpoint as it is now, kept elsewhere."""
    status, out, _ = shop.call("ledger", "anchor")
    assert status == 0
    shop.write(name, out)
    return str(shop.folder / name)


# --- what is proven -----------------------------------------------------------------------------------------------

ALWAYS = ["that everything that was done was entered", "that the operator's clock was right"]


def starts(found: list[str], *wanted: str) -> bool:
    """Whether there are exactly these sentences, by how they begin."""
    return len(found) == len(wanted) and all(one.startswith(begin) for one, begin in zip(found, wanted, strict=True))


def test_with_its_key_a_ledger_is_verified_and_what_is_not_proven_is_said(big: LedgerShop) -> None:
    headline, proven, missing = said(big.verify(big.ledger, "--key", big.key))
    now, made = big.checkpoint, big.entries()
    assert headline == f"Verified: {now.origin}, 300 entries, root {encoded(now.root)}"
    assert proven == [
        "each entry is the one that was logged, at its place; none is missing, added or exchanged",
        "all hashes that others prove with are those of the entries",
        f"it is signed by the key {big.key}",
        f"times go forward only, from {written(made[0].at)} to {written(made[-1].at)}",
    ]
    assert starts(missing, "that it was not rewritten or cut off by who has the key", *ALWAYS)
    # A policy that asks for no witness says the same.
    assert big.verify(big.ledger, "--policy", policy_file(big, "quorum none")) == big.verify(
        big.ledger, "--key", big.key
    )


def test_without_a_key_it_is_said_that_nothing_is_verified_but_agreement_with_itself(big: LedgerShop) -> None:
    headline, proven, missing = said(big.verify(big.ledger))
    assert headline.startswith("It agrees with itself, but whose it is was not checked: coincide/")
    assert len(proven) == 4
    assert starts(missing, "whose ledger it is", "that it was not rewritten or cut off", *ALWAYS)
    assert json.loads(big.verify(big.ledger, "--json")[1])["verified"] is False


def test_a_copy_and_a_web_server_give_the_same_words_as_the_folder(big: LedgerShop, tmp_path: Path) -> None:
    told = big.verify(big.ledger, "--key", big.key)
    shutil.copytree(big.ledger, tmp_path / "copy")
    assert big.verify(tmp_path / "copy", "--key", big.key) == told
    with serving_folder(tmp_path / "copy") as url:
        assert big.verify(url, "--key", big.key) == told
        assert big.verify(f"{url}/") == big.verify(big.ledger)


def test_earlier_checkpoints_are_named_and_take_the_place_of_that_doubt(big: LedgerShop) -> None:
    kept = [checkpoint_file(big, "at-300")]
    big.fill(212)
    kept += [checkpoint_file(big, "at-512")]
    big.fill(1)
    since = [word for file in kept for word in ("--since", file)]
    _, proven, missing = said(big.verify(big.ledger, "--key", big.key, *since))
    assert proven[3:5] == [
        "it continues the checkpoint of 300 entries",
        "it continues the checkpoint of 512 entries",
    ]
    assert starts(missing, "that what came after those 512 entries was not rewritten by who has the key", *ALWAYS)
    # Without a key the earlier checkpoints prove the same of whoever's ledger it is.
    after = "that what came after those 512 entries was not rewritten"
    assert starts(said(big.verify(big.ledger, *since))[2], after, "whose ledger it is", *ALWAYS)
    # Of the newest checkpoint itself nothing comes after.
    now = checkpoint_file(big, "now")
    assert starts(said(big.verify(big.ledger, "--key", big.key, *since, "--since", now))[2], *ALWAYS)
    assert json.loads(big.verify(big.ledger, "--key", big.key, *since, "--json")[1])["continues"] == [300, 512]


def test_the_document_for_machines_says_the_same_as_the_words(big: LedgerShop) -> None:
    status, out, err = big.verify(big.ledger, "--key", big.key, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    _, proven, missing = said(big.verify(big.ledger, "--key", big.key))
    assert (found.pop("proven"), found.pop("not_proven")) == (proven, missing)
    now, made = big.checkpoint, big.entries()
    assert found == {
        "verified": True,
        "origin": now.origin,
        "size": 300,
        "root": encoded(now.root),
        "key": big.key,
        "key_changes": 0,
        "witnesses": [],
        "first_at": written(made[0].at),
        "last_at": written(made[-1].at),
        "continues": [],
    }


def test_a_ledger_without_entries_is_verified_and_says_so(shop: LedgerShop, tmp_path: Path) -> None:
    with shop.database() as database, database.writing() as connection:
        connection.exec_driver_sql("delete from ledger_head")
        connection.exec_driver_sql("delete from ledger_entry")
    shutil.rmtree(shop.ledger)
    with shop.database() as database, Book(database, shop.place, Staff("lee")).opened():
        pass
    assert shop.call("ledger", "list") == (0, "", "the ledger is empty\n")
    headline, proven, _ = said(shop.verify(shop.ledger, "--key", shop.key))
    assert " 0 entries, " in headline
    assert proven[0] == "it has no entries"
    assert not any("times" in line for line in proven)
    assert "it is empty" in refused(shop.call("ledger", "prove", "0"), 3, "COI-L025")


# --- what is not proven is never said -----------------------------------------------------------------------------


def flip(file: Path, bit: int) -> None:
    content = bytearray(file.read_bytes())
    content[bit // 8 % len(content)] ^= 1 << bit % 8
    file.write_bytes(content)


FILES = ("tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44", "checkpoint")


@pytest.mark.parametrize("path", FILES)
def test_one_flipped_bit_in_any_file_is_never_verified(big: LedgerShop, path: str) -> None:
    file = big.ledger / path
    content = file.read_bytes()
    bits = 8 * len(content)
    for bit in (0, bits - 1, *random.Random(path).sample(range(bits), 25)):
        flip(file, bit)
        told = big.verify(big.ledger, "--key", big.key)
        # A checkpoint may also be no checkpoint any more.
        refused(told, (1, 3) if path == "checkpoint" else 1)
        assert big.verify(big.ledger)[0] in ((1, 3) if path == "checkpoint" else (1,))
        file.write_bytes(content)
    assert big.verify(big.ledger, "--key", big.key)[0] == 0


def test_a_flipped_bit_in_the_text_or_the_signature_of_a_checkpoint_is_a_failed_check(big: LedgerShop) -> None:
    file = big.ledger / "checkpoint"
    content = file.read_bytes()
    for old, new in ((b"\n300\n", b"\n301\n"), (b"\n300\n", b"\n299\n"), (b"coincide/", b"coincidf/")):
        file.write_bytes(content.replace(old, new))
        refused(big.verify(big.ledger, "--key", big.key), 1)
    right = note.parsed(content)
    signature = right.signatures[0]
    false = note.Signature(signature.name, signature.id, bytes([signature.bytes[0] ^ 1]) + signature.bytes[1:])
    file.write_bytes(Note(right.text, (false,)).encoded)
    assert "is false" in refused(big.verify(big.ledger, "--key", big.key), 1, "COI-L002")


def test_a_flipped_bit_in_the_first_key_cannot_make_it_somebody_elses(big: LedgerShop) -> None:
    file = big.ledger / "keys/0"
    content = file.read_bytes()
    for bit in range(0, 8 * (len(content) - 1), 29):
        flip(file, bit)
        # With the right key at hand the one in the ledger is not asked.
        assert big.verify(big.ledger, "--key", big.key)[0] == 0
        refused(big.verify(big.ledger), (1, 3))
        file.write_bytes(content)


def without(content: bytes, number: int) -> bytes:
    found, whole = tiles.as_far_as_possible(content)
    assert whole
    return tiles.bundle([*found[:number], *found[number + 1 :]])


@pytest.mark.parametrize(("path", "number", "named"), [("tile/entries/000", 7, 7), ("tile/entries/001.p/44", 3, 259)])
def test_a_dropped_entry_is_named(big: LedgerShop, path: str, number: int, named: int) -> None:
    file = big.ledger / path
    file.write_bytes(without(file.read_bytes(), number))
    assert f"entry {named} is not the one that was logged" in refused(
        big.verify(big.ledger, "--key", big.key), 1, "COI-L013"
    )


def test_a_ledger_whose_tail_was_rolled_back_is_told_by_a_checkpoint_of_before(big: LedgerShop, tmp_path: Path) -> None:
    shutil.copytree(big.ledger, tmp_path / "old")
    big.fill(5)
    kept = checkpoint_file(big, "at-305")
    # By itself the older state is as good as any: that is what is said to be not proven.
    _, _, missing = said(big.verify(tmp_path / "old", "--key", big.key))
    assert starts(missing, "that it was not rewritten or cut off", *ALWAYS)
    for given in (["--key", big.key], []):
        sentence = refused(big.verify(tmp_path / "old", *given, "--since", kept), 1, "COI-L016")
        assert "saw 305 entries, now there are 300" in sentence


def test_a_wrong_key_verifies_nothing(big: LedgerShop) -> None:
    name = big.signer.name
    for wrong in (STRANGER, Signer(name, STRANGER.private), Signer("ledger.example/x", big.signer.private)):
        refused(big.verify(big.ledger, "--key", wrong.verifier.text), 1, "COI-L003")
        big.write("policy", f"log {wrong.verifier.text}\nquorum none\n")
        refused(big.verify(big.ledger, "--policy", str(big.folder / "policy")), 1, "COI-L003")
    # A checkpoint of another ledger is none of before.
    big.write(
        "other",
        note.signed(f"{STRANGER.name}\n0\n{encoded(bytes(32))}\n", [STRANGER]).encoded.decode(),
    )
    refused(big.verify(big.ledger, "--key", big.key, "--since", str(big.folder / "other")), 1)


def test_without_a_key_in_the_ledger_one_must_be_given(big: LedgerShop, tmp_path: Path) -> None:
    (big.ledger / "keys/0").unlink()
    refused(big.verify(big.ledger), 2, "COI-L029")
    assert big.verify(big.ledger, "--key", big.key)[0] == 0
    # Where there is no ledger at all, no key is asked for.
    for given in ([], ["--key", big.key]):
        assert "checkpoint" in refused(big.verify(tmp_path / "nowhere", *given), 3, "COI-L010")


# --- bad input ----------------------------------------------------------------------------------------------------


def test_a_signed_text_that_is_no_checkpoint_is_none(big: LedgerShop) -> None:
    origin, _, root, _ = (big.ledger / "checkpoint").read_text().split("\n", 3)
    sizes = ("0300", "+300", "-1", "300 ", "３００", "", "3e2", "300.0", str(2**63), "9" * 10_000)
    texts = [f"{origin}\n{size}\n{root}\n" for size in sizes]
    texts += [
        f"{origin}\n300\n",
        f"{origin}\n300\n{root}=\n",
        f"{origin}\n300\n{root[:-5]}\n",
        f"{origin}\n300\n\n{root}\n",
    ]
    for text in texts:
        (big.ledger / "checkpoint").write_bytes(note.signed(text, [big.signer]).encoded)
        refused(big.verify(big.ledger, "--key", big.key), 3, "COI-L005")
        refused(big.verify(big.ledger), 3, "COI-L005")


def test_a_signed_size_that_the_files_have_not_is_not_verified_and_ends_soon(big: LedgerShop) -> None:
    origin, _, root, _ = (big.ledger / "checkpoint").read_text().split("\n", 3)
    for size in (299, 301, 2**32, 2**63 - 1):
        (big.ledger / "checkpoint").write_bytes(note.signed(f"{origin}\n{size}\n{root}\n", [big.signer]).encoded)
        began = time.monotonic()
        refused(big.verify(big.ledger, "--key", big.key), (1, 3))
        assert time.monotonic() - began < 5
    # The files of a larger ledger are not those of a smaller one with the right root.
    (big.ledger / "checkpoint").write_bytes(note.signed(Checkpoint(origin, 0, bytes(32)).text, [big.signer]).encoded)
    refused(big.verify(big.ledger, "--key", big.key), 1)


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "ends of line as Windows has them": lambda content: content.replace(b"\n", b"\r\n"),
    "a carriage return in a line": lambda content: content.replace(b"\n300\n", b"\r\n300\n"),
    "no signature": lambda content: content.split(b"\n\n")[0] + b"\n\n",
    "an empty line for a signature": lambda content: content.split(b"\n\n")[0] + b"\n\n\n",
    "a signature without a name": lambda content: re.sub("— [^ ]+ ".encode(), "—  ".encode(), content),
    "a signature without bytes": lambda content: content.rsplit(b" ", 1)[0] + b"\n",
    "a space in the name": lambda content: content.replace("— coincide".encode(), "— coin cide".encode()),
    "a plus in the name": lambda content: content.replace("— coincide".encode(), "— coin+cide".encode()),
    "a hyphen for the dash": lambda content: content.replace("—".encode(), b"-"),
    "no end of line": lambda content: content[:-1],
    "nothing": lambda content: b"",
    "no text": lambda content: b"\n" + content[content.index("—".encode()) :],
    "no UTF-8": lambda content: content.replace(b"coincide", b"coincid\xe9"),
    "zeros": lambda content: bytes(200),
    "too much": lambda content: content * 10_000,
    "a web page": lambda content: b"<!doctype html>\n<title>log in</title>\n",
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_checkpoint_is_said_wherever_it_is_given(big: LedgerShop, how: str) -> None:
    file = big.ledger / "checkpoint"
    content = file.read_bytes()
    spoiled = SPOILED[how](content)
    assert spoiled != content
    (big.folder / "spoiled").write_bytes(spoiled)
    refused(big.verify(big.ledger, "--key", big.key, "--since", str(big.folder / "spoiled")), 3, "COI-L001")
    file.write_bytes(spoiled)
    refused(big.verify(big.ledger, "--key", big.key), 3, "COI-L001")
    refused(big.verify(big.ledger), 3, "COI-L001")


def test_a_signature_that_stands_twice_counts_once_and_a_false_one_beside_a_right_one_for_all(big: LedgerShop) -> None:
    file = big.ledger / "checkpoint"
    right = note.parsed(file.read_bytes())
    (signature,) = right.signatures
    file.write_bytes(Note(right.text, (signature, signature)).encoded)
    assert said(big.verify(big.ledger, "--key", big.key))[0].startswith("Verified: ")
    false = note.Signature(signature.name, signature.id, bytes(64))
    for lines in ((signature, false), (false, signature)):
        file.write_bytes(Note(right.text, lines).encoded)
        refused(big.verify(big.ledger, "--key", big.key), 1, "COI-L002")


@pytest.mark.parametrize(
    "change",
    [
        "",
        "name",
        "a+b",
        "{name}+{id}",
        "{name}+00000000+{key}",
        "{name}+{id}+{key}=",
        " x{name}+{id}+{key}",
        "a b+{id}+{key}",
        "a+b+{id}+{key}",
        "+{id}+{key}",
        "{name}+{id}+{key}+",
        "{name}+{id}+Aw==",
        "PRIVATE+KEY+{name}+{id}+{key}",
    ],
)
def test_what_is_no_key_is_said(big: LedgerShop, change: str) -> None:
    name, id_, key = big.key.split("+", 2)
    given = change.format(name=name, id=id_, key=key)
    # An empty text is no key given at all: then nothing is said to be verified.
    if given:
        refused(big.verify(big.ledger, "--key", given), 3, "COI-L004")
    else:
        assert not big.verify(big.ledger, "--key", given)[1].startswith("Verified")
    big.write("policy", f"log {given}\nquorum none\n")
    refused(big.verify(big.ledger, "--policy", str(big.folder / "policy")), 3, "COI-L006")


TILES = ("tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44")


@pytest.mark.parametrize("path", TILES)
def test_a_tile_that_is_too_short_too_long_missing_or_of_another_width_is_named(big: LedgerShop, path: str) -> None:
    file = big.ledger / path
    content = file.read_bytes()
    for spoiled in (content[:-1], content + b"\0", content + content, b"", content[: len(content) // 2]):
        file.write_bytes(spoiled)
        refused(big.verify(big.ledger, "--key", big.key), (1, 3))
    file.unlink()
    assert path in refused(big.verify(big.ledger, "--key", big.key), 3, "COI-L010")
    assert "the file is missing" in refused(big.verify(big.ledger), 3, "COI-L010")
    if ".p/" in path:
        folder, _, width = path.rpartition("/")
        less = content[:-32] if "entries" not in path else without(content, int(width) - 1)
        (big.ledger / folder / str(int(width) - 1)).write_bytes(less)
        refused(big.verify(big.ledger, "--key", big.key), 3, "COI-L010")


def test_a_link_out_of_the_folder_is_not_followed(big: LedgerShop, tmp_path: Path) -> None:
    for path in ("checkpoint", "tile/0/000", "tile/entries/001.p/44", "tile"):
        moved = tmp_path / "outside"
        (big.ledger / path).rename(moved)
        (big.ledger / path).symlink_to(moved)
        assert "leads out" in refused(big.verify(big.ledger, "--key", big.key), 4, "COI-L017")
        (big.ledger / path).unlink()
        moved.rename(big.ledger / path)
    # A link to the folder itself is the folder.
    (tmp_path / "link").symlink_to(big.ledger)
    assert big.verify(tmp_path / "link", "--key", big.key)[0] == 0


def test_what_is_no_file_in_the_place_of_one_is_said(big: LedgerShop) -> None:
    for path in ("checkpoint", "tile/0/000"):
        content = (big.ledger / path).read_bytes()
        (big.ledger / path).unlink()
        (big.ledger / path).mkdir()
        assert "no file" in refused(big.verify(big.ledger, "--key", big.key), 4, "COI-L017")
        (big.ledger / path).rmdir()
        os.mkfifo(big.ledger / path)
        assert "no file" in refused(big.verify(big.ledger, "--key", big.key), 4, "COI-L017")
        (big.ledger / path).unlink()
        (big.ledger / path).write_bytes(content)


class _Page(Quiet):
    def do_GET(self) -> None:
        self.answer(200, b"<html>log in", "text/html; charset=utf-8")


class _Slow(Quiet):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            try:
                self.wfile.write(b"x")
            except OSError:
                return
            time.sleep(0.02)


class _Mute(Quiet):
    def do_GET(self) -> None:
        self.close_connection = True


class _Failing(Quiet):
    def do_GET(self) -> None:
        self.answer(500, b"", "text/plain")


class _Empty(Quiet):
    def do_GET(self) -> None:
        self.answer(404, b"", "text/plain")


@pytest.mark.parametrize(
    ("handler", "status", "code"),
    [
        (_Page, 4, "COI-L017"),
        (_Slow, 4, "COI-L017"),
        (_Mute, 4, "COI-L017"),
        (_Failing, 4, "COI-L017"),
        (_Empty, 3, "COI-L010"),
    ],
)
def test_a_server_that_does_not_serve_a_ledger_is_said(
    big: LedgerShop, monkeypatch: pytest.MonkeyPatch, handler: type[Quiet], status: int, code: str
) -> None:
    # So that the test need not wait for twenty seconds.
    monkeypatch.setattr(source.of_url, "__defaults__", (0.5,))
    with serving(handler) as url:
        refused(big.verify(url, "--key", big.key), status, code)


def test_an_address_at_which_nobody_serves_is_said(big: LedgerShop) -> None:
    refused(big.verify(nobody(), "--key", big.key), 4, "COI-L017")
    for url in ("http://", "http://nobody.invalid/", "http://127.0.0.1:port/", "https://[::1/"):
        refused(big.verify(url, "--key", big.key), 4, "COI-L017")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"quorum none\n", b"log x\nquorum none\n", b"log\r\nquorum none\r\n"]
)
def test_a_policy_that_is_none_verifies_nothing(big: LedgerShop, content: bytes) -> None:
    (big.folder / "policy").write_bytes(content)
    told = big.verify(big.ledger, "--policy", str(big.folder / "policy"))
    refused(told, 1 if content == b"quorum none\n" else 3)


def test_key_and_policy_are_not_given_together(big: LedgerShop) -> None:
    told = big.verify(big.ledger, "--key", big.key, "--policy", policy_file(big, "quorum none"))
    refused(told, 2, "COI-U001")
    refused(big.verify(big.ledger, "--since", str(big.folder / "nowhere")), 2, "COI-U001")


def test_what_is_wrong_is_a_document_for_machines_too(big: LedgerShop) -> None:
    flip(big.ledger / "tile/entries/000", 4_000)
    status, out, err = big.verify(big.ledger, "--key", big.key, "--json")
    assert (status, out) == (1, "")
    found = json.loads(err)
    assert [one["code"] for one in found["errors"]] == ["COI-L013"]
    assert found["exit_status"] == 1


# --- receipts -----------------------------------------------------------------------------------------------------


def receipt_of(shop: LedgerShop, number: int) -> Path:
    file = shop.folder / f"{number}.tlog-proof"
    status, out, err = shop.call("ledger", "prove", str(number), "-o", str(file))
    assert (status, out) == (0, ""), err
    return file


@pytest.mark.parametrize("number", [0, 255, 256, 299])
def test_a_receipt_proves_its_entry_and_shows_it(big: LedgerShop, number: int) -> None:
    file = receipt_of(big, number)
    headline, proven, missing = said(big.verify(file, "--key", big.key))
    one = big.entries()[number]
    assert headline == f"Verified: entry {number} of {big.checkpoint.origin}"
    assert f"who {one.who}, act {one.act}, object {one.object}, outcome {one.outcome}" in proven[-1]
    assert written(one.at) in proven[-1]
    assert "it was in the ledger when that had 300 entries" in proven[0]
    assert starts(missing, "what else is in the ledger", "that others saw the same ledger", *ALWAYS)
    found = json.loads(big.verify(file, "--key", big.key, "--json")[1])
    assert (found["verified"], found["number"], found["size"]) == (True, number, 300)
    assert (found["entry"]["who"], found["entry"]["at"]) == (one.who, written(one.at))
    # To stdout it is the same.
    assert big.call("ledger", "prove", str(number))[1].encode() == file.read_bytes()


def test_a_receipt_is_verified_where_there_is_nothing_but_it(big: LedgerShop, tmp_path: Path) -> None:
    place = tmp_path / "alone"
    place.mkdir()
    receipt_of(big, 256).rename(place / "receipt")
    key = big.key
    shutil.rmtree(big.folder)
    told = _python("-m", "coincide", "ledger", "verify", "receipt", "--key", key, folder=place)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("Verified: entry 256 of coincide/")
    assert [one.name for one in place.iterdir()] == ["receipt"]


def _python(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    settings = {name: value for name, value in os.environ.items() if name != "COINCIDE_PURPOSE"}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=settings, capture_output=True, text=True, check=False
    )


def test_a_receipt_of_another_entry_another_key_or_another_place_proves_nothing(big: LedgerShop) -> None:
    file = receipt_of(big, 7)
    content = file.read_bytes()
    other = receipt_of(big, 8).read_bytes()
    mine, theirs = (next(line for line in one.split(b"\n") if line.startswith(b"extra ")) for one in (content, other))
    for twisted in (
        content.replace(mine, theirs),
        content.replace(b"\nindex 7\n", b"\nindex 8\n"),
        content.replace(b"\nindex 7\n", b"\nindex 300\n"),
        content.replace(b"\nindex 7\n", b"\nindex 9223372036854775807\n"),
        b"\n".join(line for place, line in enumerate(content.split(b"\n")) if place != 3),
    ):
        assert twisted != content
        file.write_bytes(twisted)
        refused(big.verify(file, "--key", big.key), 1, "COI-L009")
    file.write_bytes(content)
    refused(big.verify(file, "--key", STRANGER.verifier.text), 1, "COI-L003")
    refused(big.verify(file), 2, "COI-L029")
    refused(big.verify(file, "--key", big.key, "--since", str(file)), 2, "COI-U001")


def test_one_flipped_bit_in_a_receipt_is_never_verified(big: LedgerShop) -> None:
    file = receipt_of(big, 256)
    content = file.read_bytes()
    for bit in random.Random(1).sample(range(8 * len(content)), 60):
        flip(file, bit)
        refused(big.verify(file, "--key", big.key), (1, 3))
        file.write_bytes(content)


def test_a_file_that_is_no_receipt_is_said(big: LedgerShop) -> None:
    file = receipt_of(big, 3)
    content = file.read_bytes()
    without_entry = re.sub(rb"extra [^\n]*\n", b"", content)
    for spoiled, code in (
        (b"", "COI-L008"),
        (content.replace(b"\n", b"\r\n"), "COI-L008"),
        (content[20:], "COI-L008"),
        (without_entry, "COI-L008"),
        (content.replace(b"\nindex 3\n", b"\nindex 03\n"), "COI-L008"),
        (content.replace(b"extra ", b"extra !"), "COI-L008"),
        (content[:-1], "COI-L001"),
        ((big.ledger / "checkpoint").read_bytes(), "COI-L008"),
    ):
        assert spoiled != content
        file.write_bytes(spoiled)
        refused(big.verify(file, "--key", big.key), 3, code)


def test_of_a_number_that_there_is_not_no_receipt_is_made(big: LedgerShop) -> None:
    for number in ("300", "9" * 30):
        sentence = refused(big.call("ledger", "prove", number, "-o", str(big.folder / "receipt")), 3, "COI-L025")
        assert "it has 0 to 299" in sentence
    assert not (big.folder / "receipt").exists()
    for odd in ("-1", "1.5", "x", "9" * 5_000):
        refused(big.call("ledger", "prove", odd), 2, "COI-U001")


def test_of_an_entry_that_was_altered_no_receipt_is_made_and_of_the_others_they_are(big: LedgerShop) -> None:
    bundle, file = big.ledger / "tile/entries/000", big.folder / "receipt"
    altered = len(tiles.as_far_as_possible(bundle.read_bytes()[:1_000])[0])
    flip(bundle, 8_000)
    for number in (altered - 1, altered + 1):
        assert big.verify(receipt_of(big, number), "--key", big.key)[0] == 0
    refused(big.call("ledger", "prove", str(altered), "-o", str(file)), 1, "COI-L009")
    # At its edge the ledger is compared with its checkpoint before anything is done.
    flip(big.ledger / "tile/0/001.p/44", 100)
    refused(big.call("ledger", "prove", "0", "-o", str(file)), 4, "COI-L018")
    assert not file.exists()


# --- keys ---------------------------------------------------------------------------------------------------------


def test_the_key_is_printed_and_before_the_first_act_there_is_none(shop: LedgerShop, tmp_path: Path) -> None:
    assert shop.call("ledger", "key") == (0, f"{shop.key}\n", "")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/coincide.toml").write_text("")
    empty = LedgerShop(tmp_path / "empty", shop.capsys)
    refused(empty.call("ledger", "key"), 3, "COI-L026")
    for wanted in (["publish", str(tmp_path / "public")], ["anchor"], ["list"], ["prove", "0"]):
        refused(empty.call("ledger", *wanted), 3, "COI-L026")
    assert not (tmp_path / "public").exists()
    assert not empty.place.key_file.exists()


@pytest.mark.parametrize("command", ["key", "publish", "anchor", "prove", "list", "rotate-key"])
def test_a_key_that_was_lost_is_said_to_be_missing(shop: LedgerShop, command: str) -> None:
    shop.place.key_file.unlink()
    more = {"publish": [str(shop.folder / "public")], "prove": ["0"]}.get(command, [])
    refused(shop.call("ledger", command, *more), 4, "COI-L021")
    assert not shop.place.key_file.exists()


def rotated(shop: LedgerShop) -> str:
    status, out, err = shop.call("ledger", "rotate-key")
    assert (status, err) == (0, "")
    return out.strip()


def test_after_a_change_of_keys_the_old_key_leads_to_the_new_one_and_both_verify(big: LedgerShop) -> None:
    old, kept = big.key, checkpoint_file(big, "at-300")
    private = big.place.key_file.read_text()
    new = rotated(big)
    assert big.call("ledger", "key")[1].strip() == new == big.key != old
    assert private.split("+")[-1] not in big.place.key_file.read_text()
    assert [(one.act, one.object) for one in big.entries()[300:]] == [("ledger:key:rotate", new)]
    big.fill(3)
    _, proven, _ = said(big.verify(big.ledger, "--key", old))
    assert proven[2].startswith(f"it is signed by the key {new}, which followed the one given in 1 change of key")
    assert said(big.verify(big.ledger, "--key", new))[1][2] == f"it is signed by the key {new}"
    assert said(big.verify(big.ledger))[0].startswith("It agrees with itself")
    # What the old key signed before the change holds the ledger to it.
    _, proven, _ = said(big.verify(big.ledger, "--key", old, "--since", kept))
    assert "it continues the checkpoint of 300 entries" in proven
    # Who knows the new key alone cannot tell who signed it.
    refused(big.verify(big.ledger, "--key", new, "--since", kept), 1, "COI-L003")
    second = rotated(big)
    found = json.loads(big.verify(big.ledger, "--key", old, "--json")[1])
    assert (found["key"], found["key_changes"]) == (second, 2)
    found = json.loads(big.verify(big.ledger, "--key", new, "--since", checkpoint_file(big, "now"), "--json")[1])
    assert (found["key"], found["key_changes"], found["continues"]) == (second, 1, [305])


def test_what_the_old_key_signs_after_the_change_is_refused(big: LedgerShop, tmp_path: Path) -> None:
    old = big.signer
    new = rotated(big)
    file = big.ledger / "checkpoint"
    right = file.read_bytes()
    for text in (note.parsed(right).text, Checkpoint(old.name, 300, bytes(32)).text):
        file.write_bytes(note.signed(text, [old]).encoded)
        for given in (["--key", old.verifier.text], ["--key", new], []):
            refused(big.verify(big.ledger, *given), 1, "COI-L003")
        refused(big.call("ledger", "publish", str(tmp_path / "public")), (1, 4))
    file.write_bytes(right)
    # Nor does it hand over once more: the note of that says nothing, since nobody trusts it any more.
    thief = Signer(old.name, STRANGER.private)
    (big.ledger / "keys/2").write_bytes(
        note.signed(note.parsed(right).text + f"key {thief.verifier.text}\n", [old, thief]).encoded
    )
    file.write_bytes(note.signed(note.parsed(right).text, [thief]).encoded)
    refused(big.verify(big.ledger, "--key", old.verifier.text), 1, "COI-L003")


def test_a_change_of_keys_leaves_no_gap_for_those_who_publish_and_anchor(big: LedgerShop, tmp_path: Path) -> None:
    old, public, file = big.key, tmp_path / "public", tmp_path / "anchor"
    assert big.call("ledger", "publish", str(public))[0] == 0
    assert big.call("ledger", "anchor", "--file", str(file))[0] == 0
    rotated(big)
    big.fill(1)
    status, out, _ = big.call("ledger", "publish", str(public))
    assert (status, out) == (0, f"{public} has 302 entries now, 2 more than before\n")
    assert big.call("ledger", "anchor", "--file", str(file))[0] == 0
    said(big.verify(public, "--key", old, "--since", str(file)))


# --- published and anchored ---------------------------------------------------------------------------------------


def test_what_is_published_is_verified_by_others(big: LedgerShop, tmp_path: Path) -> None:
    public = tmp_path / "var/www/ledger"
    assert big.call("ledger", "publish", str(public)) == (
        0,
        f"{public} has 300 entries now, 300 more than before\n",
        "",
    )
    kept = checkpoint_file(big, "at-300")
    big.fill(300)
    assert big.call("ledger", "publish", str(public))[1] == f"{public} has 600 entries now, 300 more than before\n"
    with serving_folder(public) as url:
        said(big.verify(url, "--key", big.key, "--since", kept))
    assert not any(file.name in (".lock", ".part") for file in public.rglob("*"))


def test_a_published_file_that_was_damaged_is_mended_as_the_hint_says(big: LedgerShop, tmp_path: Path) -> None:
    public = tmp_path / "public"
    assert big.call("ledger", "publish", str(public))[0] == 0
    flip(public / "tile/0/000", 77)
    status, _, err = big.verify(public, "--key", big.key)
    assert (status, "COI-L014" in err) == (1, True)
    assert "--all" in err
    assert big.call("ledger", "publish", str(public), "--all")[0] == 0
    said(big.verify(public, "--key", big.key))


def test_a_foreign_checkpoint_is_neither_published_over_nor_anchored_over(big: LedgerShop, tmp_path: Path) -> None:
    place = tmp_path / "public"
    place.mkdir()
    for content in (b"precious", note.signed(f"{STRANGER.name}\n1\n{encoded(bytes(32))}\n", [STRANGER]).encoded):
        (place / "checkpoint").write_bytes(content)
        refused(big.call("ledger", "publish", str(place)), 1, "COI-L027")
        refused(big.call("ledger", "anchor", "--file", str(place / "checkpoint")), 1, "COI-L027")
        assert [(one.name, one.read_bytes()) for one in place.iterdir()] == [("checkpoint", content)]


def test_an_anchor_is_printed_or_kept_in_a_file_which_follows_the_ledger(big: LedgerShop, tmp_path: Path) -> None:
    file = tmp_path / "usb" / "checkpoint"
    status, out, err = big.call("ledger", "anchor")
    assert (status, err, out.encode()) == (0, "", (big.ledger / "checkpoint").read_bytes())
    for size in (300, 301):
        status, out, err = big.call("ledger", "anchor", "--file", str(file))
        assert (status, out, err) == (0, "", f"{file} holds the checkpoint of {size} entries\n")
        assert file.read_bytes() == (big.ledger / "checkpoint").read_bytes()
        big.fill(1)
    found = big.json("ledger", "anchor")
    assert (found["size"], found["cosigned"], found["refused"]) == (302, [], {})


def test_a_policy_without_addresses_asks_nobody(big: LedgerShop) -> None:
    one = Witness([big.signer.verifier])
    file = policy_file(big, f"witness w1 {one.verifier.text}", "quorum w1")
    assert "has a URL" in refused(big.call("ledger", "anchor", "--policy", file), 2, "COI-U001")
    refused(big.call("ledger", "anchor", "--policy", policy_file(big, "quorum w1")), 3, "COI-L006")


def test_witnesses_cosign_and_a_policy_of_so_many_is_then_met(big: LedgerShop) -> None:
    log = big.signer.verifier
    witnesses = [Witness([log], f"witness.example/w{n}", bytes([n]) * 32) for n in range(2)]
    stranger = Witness([], "witness.example/w2", bytes([2]) * 32)
    with witnesses[0].served() as first, witnesses[1].served("/w") as second, stranger.served() as third:
        lines = [
            f"witness w{n} {one.verifier.text} {url}"
            for n, (one, url) in enumerate(zip([*witnesses, stranger], [first, second, third], strict=True))
        ]
        two = policy_file(big, *lines, "group some 2 w0 w1 w2", "quorum some")
        assert "quorum `some` is missed" in refused(big.verify(big.ledger, "--policy", two), 1, "COI-L007")
        status, out, err = big.call("ledger", "anchor", "--policy", two)
        assert status == 1
        assert out.encode() == (big.ledger / "checkpoint").read_bytes()
        assert err.splitlines() == [
            "w0 cosigned",
            "w1 cosigned",
            "w2: the witness did not cosign: it does not know this log (COI-L028)",
        ]
        _, proven, missing = said(big.verify(big.ledger, "--policy", two))
        assert "cosigned by w0, w1" in proven
        assert starts(missing, *ALWAYS)
        # Receipts and files have the cosignatures too.
        _, proven, missing = said(big.verify(receipt_of(big, 3), "--policy", two))
        assert "cosigned by w0, w1" in proven
        assert starts(missing, "what else is in the ledger", *ALWAYS)
        big.fill(1)
        refused(big.verify(big.ledger, "--policy", two), 1, "COI-L007")
        status, out, _ = big.call("ledger", "anchor", "--policy", two, "--file", str(big.folder / "kept"), "--json")
        found = json.loads(out)
        assert (status, found["cosigned"], list(found["refused"])) == (1, ["w0", "w1"], ["w2"])
        assert found["checkpoint"].encode() == (big.folder / "kept").read_bytes()
    three = policy_file(big, *lines, "group every all w0 w1 w2", "quorum every")
    assert "only w0, w1 cosigned" in refused(big.verify(big.ledger, "--policy", three), 1, "COI-L007")


# --- lists --------------------------------------------------------------------------------------------------------


def listed(shop: LedgerShop, *arguments: str) -> list[tuple[str, str]]:
    return [(one["act"], one["object"]) for one in shop.json("ledger", "list", *arguments)["entries"]]


def test_entries_are_found_by_who_act_object_purpose_and_time(shop: LedgerShop) -> None:
    shop.json("alerts", "show", "A-1", "--purpose", "an audit")
    shop.json("alerts", "list")
    shop.json("alerts", "show", "A-2", "--purpose", "an audit")
    shop.json("alerts", "decide", "A-2", "benign", "--because", "a farm")
    shop.fill(1)
    every = [
        ("scan:run", "S-1"),
        ("alert:show", "A-1"),
        ("alert:export", "A-1..A-2"),
        ("alert:show", "A-2"),
        ("alert:decide", "A-2"),
        ("alert:decide", "A-1000"),
    ]
    assert listed(shop) == every
    assert listed(shop, "--who", WHO) == every[:5]
    assert listed(shop, "--who", "lee") == every[5:]
    assert listed(shop, "--who", "le") == listed(shop, "--who", "lee ") == []
    assert listed(shop, "--act", "alert") == every[1:]
    assert listed(shop, "--act", "alert:show") == [every[1], every[3]]
    assert listed(shop, "--object", "A-1") == every[1:3]
    assert listed(shop, "--object", "A-2") == every[2:5]
    assert listed(shop, "--object", "A-3") == []
    assert listed(shop, "--purpose", "an audit") == [every[1], every[3]]
    assert listed(shop, "--who", WHO, "--object", "A-2", "--act", "alert:show") == [every[3]]
    assert listed(shop, "--limit", "2") == every[4:]
    assert listed(shop, "--limit", "9") == every
    assert listed(shop, "--act", "alert:show", "--limit", "1") == [every[3]]
    for place, one in enumerate(shop.entries()):
        assert listed(shop, "--since", written(one.at)) == every[place:]
        assert listed(shop, "--until", written(one.at)) == every[:place]
        zoned = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=one.at)).isoformat()
        assert listed(shop, "--since", zoned.replace("+00:00", "Z")) == every[place:]


def test_a_list_on_the_screen_has_numbers_and_the_newest_last(big: LedgerShop) -> None:
    status, out, err = big.call("ledger", "list")
    assert (status, err) == (0, "")
    assert [int(line.split()[0]) for line in out.splitlines()] == list(range(250, 300))
    assert out.splitlines()[-1].split("  ")[-5:] == ["lee", "alert:decide", "A-1298", "done", "purpose: to fill it"]
    assert len(big.json("ledger", "list")["entries"]) == 300
    assert big.call("ledger", "list", "--who", "nobody") == (0, "", "no such entries\n")


@pytest.mark.parametrize("option", ["--who", "--purpose", "--object", "--act", "--about"])
def test_what_no_entry_can_have_is_not_found(shop: LedgerShop, option: str) -> None:
    shop.json("alerts", "list")
    for odd in ("\udcff", "A-" + "1" * 5_000, '"', "\n"):
        assert listed(shop, option, odd) == []


@pytest.mark.parametrize("rotate", [False, True])
def test_what_was_done_about_a_person_is_found_by_the_pseudonym_and_nothing_else(
    shop: LedgerShop, rotate: bool
) -> None:
    anna, bert, cora = (shop.name(one) for one in ("anna", "bert", "cora"))
    mine = [
        ("account:reveal", "account"),
        ("account:explain", "account"),
        ("rule:why-not", "two-things"),
        ("rule:suppress", "two-things"),
        ("rule:lift", "two-things"),
        ("account:separate", "accounts"),
    ]
    shop.json("reveal", anna, "--reason", "asked")
    shop.json("reveal", cora, "--reason", "asked")
    shop.json("entities", "explain", anna)
    shop.json("entities", "explain", "--account", "purchases:cora")
    shop.json("why-not", "two-things", "purchases:anna")
    shop.json("why-not", "two-things", cora)
    shop.json("alerts", "suppress", "two-things", anna, "--until", "2999-01-01", "--because", "x")
    shop.json("alerts", "lift", "two-things", anna)
    shop.json("entities", "separate", anna, bert, "--because", "brothers")
    shop.json("alerts", "show", "A-1")
    if rotate:
        shop.json("keys", "rotate")
        assert listed(shop, "--about", anna) == []
        anna, bert, cora = (shop.name(one) for one in ("anna", "bert", "cora"))
    assert listed(shop, "--about", anna) == mine
    assert listed(shop, "--about", bert) == [mine[-1]]
    assert listed(shop, "--about", cora) == mine[:3]
    assert listed(shop, "--about", anna, "--act", "rule") == mine[2:5]
    assert listed(shop, "--about", "p-" + "a" * 26) == []


# --- what verifying needs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["ledger", "receipt", "damaged"])
def test_verifying_imports_neither_a_database_nor_what_writes(big: LedgerShop, tmp_path: Path, what: str) -> None:
    place = receipt_of(big, 3) if what == "receipt" else big.ledger
    if what == "damaged":
        flip(big.ledger / "tile/entries/000", 800)
    program = (
        "import sys\nfrom coincide.cli.main import run\nstatus = run(sys.argv[1:])\n"
        "print(*sorted(sys.modules), sep='\\n')\nsys.exit(status)"
    )
    told = _python("-c", program, "ledger", "verify", str(place), "--key", big.key, folder=tmp_path)
    assert told.returncode == (1 if what == "damaged" else 0), told.stderr
    modules = told.stdout.splitlines()
    assert "coincide.ledger.receipt" in modules
    unwanted = re.compile(
        r"(sqlalchemy|sqlite3|alembic|pydantic|polars|duckdb|coincide\.(store|engines|alerts|settings)"
        r"|coincide\.ledger\.(write|book|key|files))(\.|$)"
    )
    assert [name for name in modules if unwanted.match(name)] == []


def test_what_the_command_says_is_what_the_library_proves(big: LedgerShop) -> None:
    found = verify(source.of_folder(big.ledger), policy.of_key(big.signer.verifier))
    assert found.checkpoint == big.checkpoint
    assert (found.checkpoint.size, found.changes, found.witnesses, found.earlier) == (300, 0, (), ())
