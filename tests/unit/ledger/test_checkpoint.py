"""Checkpoints, policies and receipts: what is believed, and what is not."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.errors import CoincideError
from coincide.ledger import note, policy, receipt
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.errors import (
    FalseSignature,
    MalformedCheckpoint,
    MalformedPolicy,
    MalformedReceipt,
    NotIncluded,
    NotSigned,
    QuorumMissed,
)
from coincide.ledger.note import COSIGNATURE, Note, Signature, Signer, Verifier
from coincide.ledger.tree import Edge, check_inclusion, leaf_hash, prove_inclusion, root_of

# The example of c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xe"
    "McTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+"
    "mbIUBkBIfZ+qnA==\n"
).encode()
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_the_example_of_the_specification_is_read_and_written_back() -> None:
    found = note.parsed(SOFA)
    checkpoint = Checkpoint.parsed(found.text)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root[:2]) == (
        "example.com/behind-the-sofa",
        20_852_163,
        b"\x0a\xc5",
    )
    assert checkpoint.text == found.text
    assert found.encoded == SOFA
    assert note.time_of(found.signatures[1]) == 1_679_315_147


def test_extension_lines_are_kept() -> None:
    text = f"o\n0\n{ROOT}\none\ntwo\n"
    assert Checkpoint.parsed(text).extensions == ("one", "two")
    assert Checkpoint.parsed(text).text == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "three"),
        ("o\n1\n", "three"),
        (f"\n1\n{ROOT}\n", "empty"),
        (f"o\n1\n{ROOT}\n\nmore\n", "empty"),
        (f"o\n01\n{ROOT}\n", "`01`"),
        (f"o\n+1\n{ROOT}\n", "`\\+1`"),
        (f"o\n-1\n{ROOT}\n", "`-1`"),
        (f"o\n1 \n{ROOT}\n", "`1 `"),
        (f"o\n1_0\n{ROOT}\n", "`1_0`"),
        (f"o\n\N{ARABIC-INDIC DIGIT ONE}\n{ROOT}\n", "no number"),
        (f"o\n1e3\n{ROOT}\n", "no number"),
        (f"o\n{2**63}\n{ROOT}\n", "larger than any"),
        ("o\n" + "9" * 100_000 + f"\n{ROOT}\n", "larger than any"),
        (f"o\n1\n{ROOT[:-1]}\n", "no hash"),
        (f"o\n1\n{ROOT[:-2]}J=\n", "no hash"),
        (f"o\n1\n{ROOT}=\n", "no hash"),
        ("o\n1\nAAAA\n", "no hash"),
        (f"o\n1\n{ROOT}", "three"),
    ],
)
def test_what_is_no_checkpoint_is_refused_and_says_why(text: str, said: str) -> None:
    with pytest.raises(MalformedCheckpoint, match=said):
        Checkpoint.parsed(text)


# --- policies ----------------------------------------------------------------------------------------------------

LOG = Signer("log.example/one", Ed25519PrivateKey.from_private_bytes(b"1" * 32))
OTHER = Signer("log.example/two", Ed25519PrivateKey.from_private_bytes(b"2" * 32))
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
SECRETS = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 16) for name in NAMES}
WITNESSES = {
    name: Verifier(f"witness.example/{name}", COSIGNATURE, secret.public_key().public_bytes_raw())
    for name, secret in SECRETS.items()
}
POLICY = "\n".join(
    [
        "# The example of c2sp.org/tlog-policy.",
        f"log {LOG.verifier.text}",
        f"log {OTHER.verifier.text} https://log.example/two",
        "",
        *(f"\twitness  {name} {key.text}" for name, key in WITNESSES.items()),
        "group X-witnesses 2 X1 X2 X3",
        "group Y-witnesses any Y1 Y2 Y3",
        "group X-and-Y all X-witnesses Y-witnesses",
        "quorum X-and-Y",
    ]
)
ENTRIES = [f"entry {n}".encode() for n in range(300)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
CHECKPOINT = Checkpoint("log.example/one", 300, root_of(LEAVES))


def cosigned(checkpoint: Checkpoint, *names: str) -> Note:
    made = []
    for name in names:
        signature = SECRETS[name].sign(note.cosigned(checkpoint.text, 5))
        made.append(Signature(WITNESSES[name].name, WITNESSES[name].id, (5).to_bytes(8, "big") + signature))
    return note.signed(checkpoint.text, [LOG], made)


@given(st.sets(st.sampled_from(NAMES)))
def test_the_quorum_of_the_example_is_two_of_three_and_one_of_three(present: set[str]) -> None:
    enough = len(present & {"X1", "X2", "X3"}) >= 2 and bool(present & {"Y1", "Y2", "Y3"})
    content = cosigned(CHECKPOINT, *sorted(present))
    if enough:
        assert policy.parsed(POLICY).check(content) == (CHECKPOINT, sorted(present))
    else:
        with pytest.raises(QuorumMissed, match="X-and-Y"):
            policy.parsed(POLICY).check(content)


def test_no_log_speaks_for_another_and_no_witness_for_a_log() -> None:
    asked = policy.parsed(POLICY)
    assert asked.urls == {"log.example/two": "https://log.example/two"}
    with pytest.raises(NotSigned, match="one"):
        asked.check(note.signed(CHECKPOINT.text, [OTHER]))
    elsewhere = Checkpoint("log.example/three", 300, CHECKPOINT.root)
    with pytest.raises(NotSigned):
        asked.check(note.signed(elsewhere.text, [LOG]))
    unsigned = Note(CHECKPOINT.text, cosigned(CHECKPOINT, *NAMES).signatures[1:])
    with pytest.raises(NotSigned):
        asked.check(unsigned)
    with pytest.raises(FalseSignature):
        asked.check(Note(CHECKPOINT.text, note.signed(elsewhere.text, [LOG]).signatures))
    with pytest.raises(MalformedCheckpoint):
        asked.check(note.signed("a signed text\n", [LOG]))


def test_a_key_alone_is_a_policy_without_witnesses() -> None:
    assert policy.of_key(LOG.verifier).check(cosigned(CHECKPOINT)) == (CHECKPOINT, [])
    one = policy.parsed(f"witness w {WITNESSES['X1'].text}\nlog {LOG.verifier.text}\nquorum w\n")
    assert one.check(cosigned(CHECKPOINT, "X1")) == (CHECKPOINT, ["w"])
    with pytest.raises(QuorumMissed, match="no known witness"):
        one.check(cosigned(CHECKPOINT, "X2"))


KEY, WITNESS = LOG.verifier.text, f"witness w {WITNESSES['X1'].text}"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", None, "no line `quorum`"),
        ("quorum none\nquorum none", 2, "second"),
        ("quorum w", 1, "not defined"),
        ("quorum", 1, "too few"),
        ("quorum a b", 1, "too many"),
        ("trust everybody", 1, "not with `trust`"),
        (f"log {KEY}x", 1, "no verifier key"),
        (f"log {WITNESSES['X1'].text}", 1, "type 0x04"),
        (f"witness w {KEY}", 1, "type 0x01"),
        (f"log {KEY}\nlog {KEY}", 2, "already"),
        (f"{WITNESS}\nwitness v {WITNESSES['X1'].text}", 2, "already"),
        (f"{WITNESS}\nwitness w {WITNESSES['X2'].text}", 2, "taken"),
        (f"witness none {WITNESSES['X2'].text}", 1, "taken"),
        (f"{WITNESS}\ngroup g 2 w", 2, "from 1 to 1"),
        (f"{WITNESS}\ngroup g 0 w", 2, "from 1 to 1"),
        (f"{WITNESS}\ngroup g some w", 2, "`some`"),
        (f"{WITNESS}\ngroup g all w w", 2, "member"),
        (f"{WITNESS}\ngroup g all w\ngroup h all w", 3, "member of `g`"),
        ("group g all g", 1, "not defined"),
        ("group g all none", 1, "not defined"),
        (f"{WITNESS}\ngroup g all", 2, "too few"),
        ("quorum none\r\n", 1, "control character"),
        ("quorum\vnone", 1, "control character"),
        ("quorum\N{NO-BREAK SPACE}none", 1, "not with"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(text: str, line: int | None, said: str) -> None:
    with pytest.raises(MalformedPolicy, match=said) as caught:
        policy.parsed(text, "trust.policy")
    assert caught.value.where is not None
    assert (caught.value.where.file, caught.value.where.line) == ("trust.policy", line)


# --- receipts ----------------------------------------------------------------------------------------------------


def proven(index: int) -> receipt.Receipt:
    edge = Edge()
    for leaf in LEAVES:
        edge.append(leaf)
    assert edge.root() == CHECKPOINT.root

    def read(nodes: object) -> list[bytes]:
        assert isinstance(nodes, list)
        return [root_of(LEAVES[n << level : (n + 1) << level]) for level, n in nodes]

    proof = tuple(prove_inclusion(index, 300, read))
    return receipt.Receipt(index, proof, cosigned(CHECKPOINT, "X1", "X2", "Y1"), ENTRIES[index])


def test_a_receipt_is_all_that_a_verifier_needs() -> None:
    for index in (0, 1, 255, 256, 299):
        found = receipt.parsed(proven(index).encoded)
        assert found == proven(index)
        assert found.extra == ENTRIES[index]
        assert found.check(ENTRIES[index], policy.parsed(POLICY)) == (CHECKPOINT, ["X1", "X2", "Y1"])
        assert check_inclusion(LEAVES[index], index, 300, found.proof, CHECKPOINT.root)
        with pytest.raises(NotIncluded, match=f"number {index} of 300"):
            found.check(b"another entry", policy.parsed(POLICY))


RECEIPT = proven(77).encoded


@given(st.integers(0, len(RECEIPT) - 1), st.integers(0, 7))
@settings(deadline=None, max_examples=500)
def test_no_bit_of_a_receipt_that_proves_can_be_turned(place: int, bit: int) -> None:
    spoiled = bytearray(RECEIPT)
    spoiled[place] ^= 1 << bit
    try:
        found = receipt.parsed(bytes(spoiled))
        checkpoint, witnesses = found.check(found.extra or b"", policy.parsed(POLICY))
    except CoincideError as error:
        assert error.code.startswith("COI-L")
        return
    # A signature whose name or id was spoiled is one of an unknown key, and proves nothing: here it was not needed.
    assert (checkpoint, found.index, found.extra) == (CHECKPOINT, 77, ENTRIES[77])
    assert len(witnesses) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty line"),
        (b"c2sp.org/tlog-proof@v2\nindex 0\n\n", "first line"),
        (b"c2sp.org/tlog-proof@v1\n\n", "no line `index`"),
        (b"c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n", "base64"),
        (b"c2sp.org/tlog-proof@v1\nindex 00\n\n", "`00`"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n", "no hash"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n" + f"{ROOT}\n".encode() * 64 + b"\n", "more than 63"),
        (b"c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\n", "empty line"),
        ("c2sp.org/tlog-proof@v1\nindex ½\n\n".encode(), "ASCII"),
    ],
)
def test_what_is_no_receipt_is_refused_and_says_why(content: bytes, said: str) -> None:
    with pytest.raises(MalformedReceipt, match=said):
        receipt.parsed(content)


def test_a_receipt_without_its_entry_is_checked_with_the_entry_at_hand() -> None:
    bare = receipt.Receipt(77, proven(77).proof, proven(77).checkpoint)
    found = receipt.parsed(bare.encoded)
    assert found.extra is None
    assert found.check(ENTRIES[77], policy.parsed(POLICY))[0] == CHECKPOINT
