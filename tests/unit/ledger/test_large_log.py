"""Logs of a hundred million entries: what is read of them does not grow with them.

All entries are the same, so that the hash of a whole subtree depends on its height alone and every tile can be told
without making the log.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.ledger import note, receipt, tiles
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.note import Note
from coincide.ledger.receipt import Receipt
from coincide.ledger.tiles import CHECKPOINT, WIDTH, Tile
from coincide.ledger.tree import (
    Edge,
    check_consistency,
    leaf_hash,
    node_hash,
    peaks,
    prove_consistency,
    prove_inclusion,
    root,
)
from coincide.ledger.write import writing
from unit.ledger.logmaker import LOG, POLICY, entry

SIZE = 100_000_000
ENTRY = entry(0)
BY_HEIGHT = [leaf_hash(ENTRY)]
for _ in range(40):
    BY_HEIGHT.append(node_hash(BY_HEIGHT[-1], BY_HEIGHT[-1]))
_PATH = re.compile(r"tile/(entries|\d+)/((?:x\d{3}/)*\d{3})(?:\.p/(\d+))?")


class Large:
    """The files of the log of this size, and which of them were asked for."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked: list[str] = []

    def __call__(self, path: str) -> bytes | None:
        self.asked.append(path)
        found = _PATH.fullmatch(path)
        assert found is not None, path
        level = None if found[1] == "entries" else int(found[1])
        tile = Tile(level, int(found[2].replace("x", "").replace("/", "")), int(found[3] or WIDTH))
        # Of the partial tiles the log has the last of each level, as wide as it is.
        count = self.size >> (8 * (level or 0))
        whole = tile.width == WIDTH and tile.index < count // WIDTH
        last = 0 < tile.width == count % WIDTH and tile.index == count // WIDTH
        return content(tile) if whole or last else None


def content(tile: Tile) -> bytes:
    return tiles.bundle([ENTRY] * tile.width) if tile.level is None else BY_HEIGHT[8 * tile.level] * tile.width


def edge(size: int) -> Edge:
    grown = Edge()
    for level, _ in peaks(size):
        grown.append(BY_HEIGHT[level], 1 << level)
    return grown


def signed(size: int) -> Note:
    return note.signed(Checkpoint(LOG.name, size, edge(size).root()).text, [LOG])


def last_tiles(size: int) -> list[Tile]:
    """The last of each level: what the right edge of the tree is made of."""
    counts = [size >> (8 * level) for level in range(tiles.MOST_LEVEL + 1)]
    return [Tile(level, (count - 1) // WIDTH, (count - 1) % WIDTH + 1) for level, count in enumerate(counts) if count]


def above(number: int, size: int) -> list[Tile]:
    """The tiles over an entry, one of each level."""
    last = last_tiles(size)
    places = [number >> (8 * (level + 1)) for level in range(len(last))]
    return [
        Tile(one.level, place, one.width if place == one.index else WIDTH)
        for one, place in zip(last, places, strict=True)
    ]


def paths(*of: Sequence[Tile]) -> set[str]:
    return {tile.path for some in of for tile in some}


INDEXES = st.integers(0, SIZE - 1)


@given(INDEXES)
@example(0)
@example(255)
@example(65_536)
@example(SIZE - 1)
@settings(deadline=None)
def test_a_receipt_reads_the_tiles_of_its_path_alone(index: int) -> None:
    log = Large(SIZE)
    proof = prove_inclusion(index, SIZE, tiles.reader(log, SIZE))
    assert len(log.asked) == len(set(log.asked)) <= 8
    assert set(log.asked) <= paths(above(index, SIZE), last_tiles(SIZE))
    made = receipt.parsed(Receipt(index, tuple(proof), signed(SIZE), ENTRY).encoded)
    checkpoint, _ = made.check(ENTRY, POLICY)
    assert (checkpoint.size, len(made.proof)) == (SIZE, len(proof))
    assert len(proof) <= 27


@given(INDEXES, st.integers(0, 70_000))
@example(1, 0)
@example(65_536, 77)
@example(SIZE, 0)
@example(SIZE, 1)
@settings(deadline=None)
def test_a_proof_between_two_sizes_reads_the_tiles_of_two_edges_alone(old: int, more: int) -> None:
    new = SIZE + more
    log = Large(new)
    proof = prove_consistency(old, new, tiles.reader(log, new))
    assert len(log.asked) == len(set(log.asked)) <= 8
    assert set(log.asked) <= paths(above(old - 1, new) if old else [], last_tiles(new))
    assert check_consistency(old, edge(old).root(), new, edge(new).root(), proof)


def test_the_root_is_read_from_the_edge_alone() -> None:
    log = Large(SIZE)
    assert root(SIZE, tiles.reader(log, SIZE)) == edge(SIZE).root()
    assert len(log.asked) <= 4


@pytest.mark.parametrize("size", [1, 255, 256, 300, 65_536, 70_000, SIZE, SIZE + 77, SIZE + 255])
def test_a_log_of_any_size_is_opened_and_added_to_with_its_right_edge_alone(tmp_path: Path, size: int) -> None:
    bundle = Tile(None, (size - 1) // WIDTH, (size - 1) % WIDTH + 1)
    there = {tile.path: content(tile) for tile in (bundle, *last_tiles(size))} | {CHECKPOINT: signed(size).encoded}
    # One file of each of at most four levels, the last bundle and the checkpoint: nothing else can have been read.
    assert len(there) <= 6
    for path, made in there.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(made)
    with writing(tmp_path, LOG) as log:
        assert log.append([ENTRY]).text == signed(size + 1).text
        assert log.append([ENTRY] * 300).text == signed(size + 301).text


def test_a_subtree_begins_only_where_one_can() -> None:
    for size, count in ((1, 2), (256, 512), (0, 3)):
        grown = edge(size)
        with pytest.raises(ValueError, match=f"over {count} leaves begins at leaf {size}"):
            grown.append(BY_HEIGHT[0], count)
        assert grown.size == size
