"""The tree against RFC 6962 written down as it stands there, on all small sizes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.ledger.tree import (
    EMPTY,
    Edge,
    Node,
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_hash,
    peaks,
    prove_consistency,
    prove_inclusion,
    root,
    root_of,
)

ENTRIES = [str(n).encode() for n in range(1100)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
CACHE: dict[tuple[int, int], bytes] = {}


# --- RFC 6962, sections 2.1, 2.1.1 and 2.1.2, as recursions ------------------------------------------------------


def split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def mth(low: int, high: int) -> bytes:
    if (low, high) not in CACHE:
        if low == high:
            CACHE[low, high] = hashlib.sha256(b"").digest()
        elif high - low == 1:
            CACHE[low, high] = hashlib.sha256(b"\0" + ENTRIES[low]).digest()
        else:
            k = split(high - low)
            CACHE[low, high] = hashlib.sha256(b"\1" + mth(low, low + k) + mth(low + k, high)).digest()
    return CACHE[low, high]


def path(m: int, low: int, high: int) -> list[bytes]:
    if high - low == 1:
        return []
    k = split(high - low)
    if m < k:
        return [*path(m, low, low + k), mth(low + k, high)]
    return [*path(m - k, low + k, high), mth(low, low + k)]


def subproof(m: int, low: int, high: int, known: bool) -> list[bytes]:
    if m == high - low:
        return [] if known else [mth(low, high)]
    k = split(high - low)
    if m <= k:
        return [*subproof(m, low, low + k, known), mth(low + k, high)]
    return [*subproof(m - k, low + k, high, False), mth(low, low + k)]


# -----------------------------------------------------------------------------------------------------------------


def read(nodes: Sequence[Node]) -> list[bytes]:
    return [mth(index << level, (index + 1) << level) for level, index in nodes]


def test_the_published_hashes_of_small_trees() -> None:
    # The test vectors of Certificate Transparency, as its implementations have them.
    given_entries = [bytes.fromhex(text) for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )]  # fmt: skip
    roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
    edge = Edge()
    assert edge.root().hex() == EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for entry, expected in zip(given_entries, roots, strict=True):
        edge.append(leaf_hash(entry))
        assert edge.root().hex() == expected


def test_roots_of_all_sizes() -> None:
    edge = Edge()
    for size in range(1101):
        assert edge.root() == mth(0, size) == root(size, read)
        if size:
            assert root_of(LEAVES[:size]) == mth(0, size)
            assert edge.hashes == tuple(read(peaks(size)))
            resumed = Edge(size, edge.hashes)
            assert resumed.root() == mth(0, size)
        if size < 1100:
            edge.append(LEAVES[size])


@pytest.mark.parametrize("size", [*range(1, 70), 127, 128, 129, 255, 256, 257, 1023, 1024, 1100])
def test_every_leaf_is_proven_as_the_rfc_does(size: int) -> None:
    for index in range(size):
        proof = prove_inclusion(index, size, read)
        assert proof == path(index, 0, size)
        assert check_inclusion(LEAVES[index], index, size, proof, mth(0, size))


@pytest.mark.parametrize("new", [*range(70), 127, 128, 129, 255, 256, 257, 1023, 1024, 1100])
def test_every_earlier_tree_is_proven_as_the_rfc_does(new: int) -> None:
    for old in range(new + 1):
        proof = prove_consistency(old, new, read)
        assert proof == ([] if old == 0 else subproof(old, 0, new, True))
        assert check_consistency(old, mth(0, old), new, mth(0, new), proof)


SIZES = st.integers(1, 1100)


@given(SIZES, st.data())
@settings(deadline=None)
def test_no_proof_of_inclusion_proves_anything_else(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(index, size, read)
    top = mth(0, size)
    for other in {index - 1, index + 1, index ^ 1, size, data.draw(st.integers(0, size - 1))} - {index}:
        assert not check_inclusion(LEAVES[index], other, size, proof, top)
    for leaf in (LEAVES[(index + 1) % 1100], top, bytes(32)):
        assert leaf == LEAVES[index] or size == 1 or not check_inclusion(leaf, index, size, proof, top)
    for worse in spoiled(proof, data):
        assert not check_inclusion(LEAVES[index], index, size, worse, top)
    assert not check_inclusion(LEAVES[index], index, size, proof, bytes(32))


def test_a_path_that_is_too_short_for_the_size_proves_nothing() -> None:
    for size in range(1, 9):
        for index in range(size):
            proof, top = path(index, 0, size), mth(0, size)
            taller = [claimed for claimed in range(size + 1, 70) if len(path(index, 0, claimed)) > len(proof)]
            assert not any(check_inclusion(LEAVES[index], index, claimed, proof, top) for claimed in taller)


@given(SIZES, st.data())
@settings(deadline=None)
def test_no_proof_of_consistency_proves_anything_else(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(0, new))
    proof = prove_consistency(old, new, read)
    before, after = mth(0, old), mth(0, new)
    for worse in spoiled(proof, data):
        assert not check_consistency(old, before, new, after, worse)
    assert not check_consistency(old, bytes(32), new, after, proof)
    # From an empty tree everything follows.
    assert old == 0 or not check_consistency(old, before, new, bytes(32), proof)
    for other in {old - 1, old + 1, new + 1} - {0, old}:
        assert not check_consistency(other, before, new, after, proof)


def spoiled(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """The proof with a bit turned, a hash lost, added, doubled or exchanged."""
    made = [[*proof, bytes(32)], [bytes(32), *proof]]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        turned = (int.from_bytes(proof[place], "big") ^ (1 << bit)).to_bytes(32, "big")
        made += [
            [*proof[:place], turned, *proof[place + 1 :]],
            [*proof[:place], *proof[place + 1 :]],
            [*proof[:place], proof[place], *proof[place:]],
        ]
        if len(proof) > 1:
            made.append([*proof[1:], proof[0]])
    return made


def test_a_huge_tree_is_proven_with_few_hashes() -> None:
    asked: list[int] = []

    def huge(nodes: Sequence[Node]) -> list[bytes]:
        asked.append(len(nodes))
        # Every leaf alike: the hash of a whole subtree depends on its level alone.
        made = [leaf_hash(b"x")]
        for _ in range(63):
            made.append(node_hash(made[-1], made[-1]))
        return [made[level] for level, _ in nodes]

    size = 2**62 + 12_345
    proof = prove_inclusion(2**61 + 7, size, huge)
    assert len(proof) <= 63
    assert check_inclusion(leaf_hash(b"x"), 2**61 + 7, size, proof, root(size, huge))
    proof = prove_consistency(2**60 + 3, size, huge)
    assert len(proof) <= 64
    assert check_consistency(2**60 + 3, root(2**60 + 3, huge), size, root(size, huge), proof)
    assert max(asked) < 200


def test_what_cannot_be_proven_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="no leaf 5"):
        prove_inclusion(5, 5, read)
    with pytest.raises(ValueError, match="no tree of 6"):
        prove_consistency(6, 5, read)
    with pytest.raises(ValueError, match="0 hashes"):
        Edge(3)
    assert not check_inclusion(LEAVES[0], -1, 5, [], mth(0, 5))
    assert not check_consistency(-1, EMPTY, 5, mth(0, 5), [])
    assert not check_consistency(3, mth(0, 3), 5, mth(0, 5), [])
