"""Signed notes against the published examples, and everything that is no note."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from coincide.ledger import note
from coincide.ledger.errors import FalseSignature, MalformedKey, MalformedNote, NotSigned
from coincide.ledger.note import COSIGNATURE, ED25519, Note, Signature, Signer, Verifier

# The example of the package golang.org/x/mod/sumdb/note, which the specification's format comes from.
GO_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# The example of c2sp.org/signed-note with its key, and the poem of its older version, which names none.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3Z"
    "ekRwNtIc=\n"
).encode()

SIGNER = Signer("log.example/one", Ed25519PrivateKey.from_private_bytes(b"1" * 32))
OTHER = Signer("log.example/two", Ed25519PrivateKey.from_private_bytes(b"2" * 32))
TEXT = "a text\n\nof several lines\n"


def test_the_example_of_go_is_opened_and_made_again() -> None:
    content = f"{GO_TEXT}\n{GO_LINE}".encode()
    key = Verifier.parsed(GO_KEY)
    found = note.parsed(content)
    assert note.opened(found, [key]) == [key]
    assert found.text == GO_TEXT
    signer = Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(base64.b64decode(GO_SECRET)[1:]))
    assert signer.verifier.text == GO_KEY
    assert note.signed(GO_TEXT, [signer]).encoded == content


def test_the_example_of_the_specification_is_opened_and_its_text_cannot_be_changed() -> None:
    key, found = Verifier.parsed(EXAMPLE_KEY), note.parsed(EXAMPLE)
    assert (key.text, key.type, key.id) == (EXAMPLE_KEY, ED25519, found.signatures[0].id)
    assert note.opened(found, [key]) == [key]
    assert found.encoded == EXAMPLE
    with pytest.raises(FalseSignature):
        note.opened(note.parsed(EXAMPLE.replace(b"an example", b"no example")), [key])


def test_the_poem_of_the_specification_is_read_and_written_back() -> None:
    found = note.parsed(POEM)
    assert found.text.endswith("\n\ned è subito sera.\n")
    assert [(one.name, one.id.hex(), len(one.bytes)) for one in found.signatures] == [
        ("quasimodo.example/salvatore", "367ba04b", 64)
    ]
    assert found.encoded == POEM


def test_unknown_signatures_are_ignored_and_say_nothing() -> None:
    found = note.signed(TEXT, [SIGNER, OTHER])
    assert note.opened(found, [OTHER.verifier]) == [OTHER.verifier]
    assert note.opened(found, [OTHER.verifier, SIGNER.verifier]) == [SIGNER.verifier, OTHER.verifier]
    with pytest.raises(NotSigned, match=r"signed by log\.example/two"):
        note.opened(note.signed(TEXT, [OTHER]), [SIGNER.verifier])
    with pytest.raises(NotSigned):
        note.opened(found, [])


def test_a_key_is_known_by_name_and_id_together() -> None:
    # "even if they share a name or ID (but not both) with a known key"
    right = SIGNER.sign(TEXT)
    for stranger in (Signature("log.example/1", right.id, right.bytes), Signature(right.name, b"abcd", right.bytes)):
        with pytest.raises(NotSigned):
            note.opened(Note(TEXT, (stranger,)), [SIGNER.verifier])


def test_a_false_signature_of_a_known_key_rejects_the_note_whatever_else_is_right() -> None:
    right = SIGNER.sign(TEXT)
    for false in (Signature(right.name, right.id, bytes(64)), Signature(right.name, right.id, b"short")):
        for lines in ((false,), (right, false), (false, right), (OTHER.sign(TEXT), false)):
            with pytest.raises(FalseSignature, match=r"log\.example/one"):
                note.opened(Note(TEXT, lines), [SIGNER.verifier, OTHER.verifier])


def test_a_signature_that_stands_twice_counts_once() -> None:
    twice = Note(TEXT, (SIGNER.sign(TEXT), SIGNER.sign(TEXT)))
    assert note.opened(note.parsed(twice.encoded), [SIGNER.verifier]) == [SIGNER.verifier]


def test_a_cosignature_is_of_text_and_time() -> None:
    private = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
    witness = Verifier("witness.example/w1", COSIGNATURE, private.public_key().public_bytes_raw())
    time = 1_679_315_147
    made = private.sign(b"cosignature/v1\ntime 1679315147\n" + TEXT.encode())
    cosignature = Signature(witness.name, witness.id, time.to_bytes(8, "big") + made)
    assert note.opened(Note(TEXT, (cosignature,)), [witness]) == [witness]
    assert note.time_of(cosignature) == time
    for spoiled in (
        (time + 1).to_bytes(8, "big") + made,
        time.to_bytes(8, "big"),
        (time | 1 << 63).to_bytes(8, "big") + made,
        made,
    ):
        with pytest.raises(FalseSignature):
            note.opened(Note(TEXT, (Signature(witness.name, witness.id, spoiled),)), [witness])
    # The same key as a log's has another id, and its signatures are of other bytes.
    assert witness.id != Verifier(witness.name, ED25519, witness.key).id


LINE = SIGNER.sign(TEXT).line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no empty line"),
        (b"a text\n", "no empty line"),
        (b"a text\n\n", "no signature"),
        (f"a text\n{LINE}".encode(), "no empty line"),
        (f"{TEXT}\n{LINE[:-1]}".encode(), "no end"),
        (f"{TEXT}\n{LINE}\n".encode(), "no signature"),
        (f"{TEXT}\n{LINE}more\n".encode(), "is no signature"),
        (f"{TEXT}\n{LINE}".replace("\n", "\r\n").encode(), "no empty line"),
        (f"a text\r\n\n{LINE}".encode(), "CR and LF"),
        (f"a\ttext\n\n{LINE}".encode(), "U\\+0009"),
        (f"a\0text\n\n{LINE}".encode(), "U\\+0000"),
        (f"{TEXT}\n{LINE}".encode("latin-1", "replace"), "is no signature"),
        (b"\xff\n\n" + LINE.encode(), "UTF-8"),
        (f"{TEXT}\n{LINE.replace('— ', '- ')}".encode(), "is no signature"),
        (f"{TEXT}\n{LINE.replace('— ', '—')}".encode(), "is no signature"),
        (f"{TEXT}\n—  AAAAAAA=\n".encode(), "name is empty"),
        (f"{TEXT}\n— a+b AAAAAAA=\n".encode(), "plus"),
        (f"{TEXT}\n— a\N{NO-BREAK SPACE}b AAAAAAA=\n".encode(), "space"),
        (f"{TEXT}\n— a\x01b AAAAAAA=\n".encode(), "U\\+0001"),
        (f"{TEXT}\n— name\n".encode(), "nothing stands behind it"),
        (f"{TEXT}\n— name AAAAAA==\n".encode(), "no base64"),
        (f"{TEXT}\n— name AAAAAAB=\n".encode(), "no base64"),
        (f"{TEXT}\n— name AAAA AAAA\n".encode(), "no base64"),
        (f"{TEXT}\n— name AAAAAAA\n".encode(), "no base64"),
        (f"{TEXT}\n{LINE * 65}".encode(), "more than 64"),
        (b"a" * (1 << 20) + b"\n\n" + LINE.encode(), "more than"),
    ],
)
def test_what_is_no_note_is_refused_and_says_why(content: bytes, said: str) -> None:
    with pytest.raises(MalformedNote, match=said):
        note.parsed(content)


def test_sixteen_signatures_are_taken() -> None:
    assert len(note.parsed(f"{TEXT}\n{LINE * 16}".encode()).signatures) == 16


@given(st.binary(max_size=60), st.integers(0, 400))
def test_no_bytes_make_anything_but_a_note_or_an_error(junk: bytes, place: int) -> None:
    content = note.signed(TEXT, [SIGNER]).encoded
    spoiled = content[:place] + junk + content[place + len(junk) :]
    try:
        found = note.parsed(spoiled)
        note.opened(found, [SIGNER.verifier])
    except (MalformedNote, NotSigned, FalseSignature):
        return
    assert found.text == TEXT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "three parts"),
        ("name", "three parts"),
        ("name+c74f20a3", "three parts"),
        (GO_KEY.replace("c74f20a3", "c74f20a4"), "its id is c74f20a3"),
        (GO_KEY.replace("Peter", "Poter"), "its id is"),
        (GO_KEY[:-1], "no base64"),
        (GO_KEY.replace("+ARpc", "+CRpc"), "type 0x09"),
        ("name+00000000+AQ==", "32 bytes"),
        ("+00000000+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "empty"),
        ("a b+00000000+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "space"),
    ],
)
def test_what_is_no_key_is_refused_and_says_why(text: str, said: str) -> None:
    with pytest.raises(MalformedKey, match=said):
        Verifier.parsed(text)


def test_a_key_with_a_plus_in_its_base64_is_read() -> None:
    keys = [Signer("n", Ed25519PrivateKey.from_private_bytes(bytes([n] * 32))).verifier for n in range(40)]
    assert any("+" in key.text.split("+", 2)[2] for key in keys)
    assert [Verifier.parsed(f" {key.text}\n") for key in keys] == keys


def test_a_text_that_no_note_can_have_is_not_signed() -> None:
    with pytest.raises(ValueError, match="end of line"):
        SIGNER.sign("no end")
    with pytest.raises(ValueError, match="control"):
        SIGNER.sign("a\x07\n")
    assert "1111" not in repr(SIGNER)
