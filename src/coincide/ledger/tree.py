"""The Merkle tree of RFC 6962, section 2.1: hashes of leaves and nodes, roots, proofs and their checks.

Pure. Hashes are 32 bytes. A :data:`Node` ``(level, index)`` is the whole subtree over the ``2**level`` leaves from
``index * 2**level`` on; whoever stores hashes gives a :data:`Read` that returns those of nodes. Provers ask for all
they need at once, at most some hundred nodes whatever the size. Wrong arguments are ``ValueError``: a caller's mistake.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

Node = tuple[int, int]
"""Level (0: leaves) and index from the left."""
Read = Callable[[Sequence[Node]], Sequence[bytes]]
"""The hashes of nodes, in their order; every node lies whole inside the tree."""

SIZE = 32
"""Bytes of a hash."""
EMPTY = hashlib.sha256(b"").digest()
"""The root of the tree without leaves (RFC 6962, 2.1: ``MTH({}) = SHA-256()``)."""
MOST_PROOF = 63
"""Hashes in the longest proof of a tree of up to 2**63 leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf (RFC 6962, 2.1: ``SHA-256(0x00 || d(0))``)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node (RFC 6962, 2.1: ``SHA-256(0x01 || MTH(left) || MTH(right))``)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over hashes of leaves, at least one: of a whole tree or of any subtree."""
    hashes = list(leaves)
    while len(hashes) > 1:
        pairs = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        # The last of an odd row goes up as it is: the split of RFC 6962 at the largest power of two, from below.
        hashes = pairs + hashes[len(hashes) & ~1 :]
    return hashes[0]


class Edge:
    """The right edge of a growing tree: what is needed to go on and to tell the root, in some sixty hashes."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """``hashes``: those of ``peaks(size)``, in their order."""
        if len(hashes) != size.bit_count():
            raise ValueError(f"{len(hashes)} hashes for a tree of {size} leaves")
        self.size = size
        self._hashes = list(hashes)

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The hashes of ``peaks(size)``."""
        return tuple(self._hashes)

    def append(self, hash_: bytes, count: int = 1) -> None:
        """One more leaf by its hash, or by its root the whole subtree over ``count`` leaves, a power of two."""
        full, rest = divmod(self.size, count)
        if rest or count & (count - 1):
            raise ValueError(f"no whole subtree over {count} leaves begins at leaf {self.size}")
        carried = hash_
        while full & 1:
            carried = node_hash(self._hashes.pop(), carried)
            full >>= 1
        self._hashes.append(carried)
        self.size += count

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return _folded(self._hashes) if self._hashes else EMPTY


def peaks(size: int) -> list[Node]:
    """The whole subtrees that a tree of ``size`` leaves falls into, the largest first."""
    return list(_whole(0, size))


def root(size: int, read: Read) -> bytes:
    """The root of the tree of ``size`` leaves."""
    nodes = peaks(size)
    return _folded(read(nodes)) if nodes else EMPTY


def prove_inclusion(index: int, size: int, read: Read) -> list[bytes]:
    """The audit path of leaf ``index`` in the tree of ``size`` leaves (RFC 6962, 2.1.1), from the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    spans = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    return _read_spans(spans[::-1], read)


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether ``proof`` shows that the tree of this size and root has the leaf of this hash at ``index``.

    RFC 9162, 2.1.3.2; step 1 (``index`` below ``size``) is a wrong proof and no mistake of the caller.
    """
    if not 0 <= index < size:
        return False
    place, last = index, size - 1
    found = leaf
    for other in proof:
        if last == 0:
            return False  # step 4.a: more hashes than levels
        if place & 1 or place == last:
            found = node_hash(other, found)
            # A node without a right neighbour goes up as it is until it is a right child.
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node_hash(found, other)
        place >>= 1
        last >>= 1
    return last == 0 and found == root


def prove_consistency(old: int, new: int, read: Read) -> list[bytes]:
    """The proof that the tree of ``new`` leaves begins with that of ``old`` (RFC 6962, 2.1.2); empty if it must be.

    From an empty tree everything follows, and a tree is consistent with itself: both have no proof.
    """
    if not 0 <= old <= new:
        raise ValueError(f"no tree of {old} leaves inside one of {new}")
    if old in (0, new):
        return []
    spans = []
    low, high = 0, new
    # SUBPROOF(m, D, b): down to the largest subtree that ends where the old tree does.
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    if low > 0:
        # b is false: the verifier does not know this subtree's hash.
        spans.append((low, high))
    return _read_spans(spans[::-1], read)


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` shows that the tree of ``new`` leaves begins with that of ``old``.

    RFC 9162, 2.1.4.2. An old tree without leaves has the one root it can have, and proves nothing else.
    """
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    hashes = list(proof)
    # Step 1: an old tree that is whole is a node of the new one, and its root begins the proof.
    if not old & (old - 1):
        hashes.insert(0, old_root)
    if not hashes:
        return False
    place, last = old - 1, new - 1
    while place & 1:  # step 3
        place >>= 1
        last >>= 1
    first = second = hashes[0]
    for other in hashes[1:]:
        if last == 0:
            return False  # step 5.a
        if place & 1 or place == last:
            first = node_hash(other, first)
            second = node_hash(other, second)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            second = node_hash(second, other)
        place >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root


def _split(count: int) -> int:
    """The largest power of two below ``count`` (RFC 6962, 2.1: ``k < n <= 2k``)."""
    return int(1 << ((count - 1).bit_length() - 1))


def _whole(low: int, high: int) -> Iterator[Node]:
    """The whole subtrees of the leaves from ``low`` to ``high``, from the left; ``low`` begins one of all of them."""
    while low < high:
        level = (high - low).bit_length() - 1
        yield level, low >> level
        low += 1 << level


def _folded(hashes: Sequence[bytes]) -> bytes:
    """The root over whole subtrees, the largest first: the smaller ones are joined before."""
    found = hashes[-1]
    for larger in reversed(hashes[:-1]):
        found = node_hash(larger, found)
    return found


def _read_spans(spans: Sequence[tuple[int, int]], read: Read) -> list[bytes]:
    """The roots over spans of leaves, each a subtree on the path of RFC 6962's recursion; read at once."""
    parts = [list(_whole(*span)) for span in spans]
    hashes = list(read([node for nodes in parts for node in nodes]))
    roots = []
    for nodes in parts:
        roots.append(_folded(hashes[: len(nodes)]))
        del hashes[: len(nodes)]
    return roots
