"""Paths and contents of tiles and bundles."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.ledger import tiles
from coincide.ledger.errors import BrokenTile, EntryTooLong
from coincide.ledger.tiles import Tile
from coincide.ledger.tree import Edge, leaf_hash, peaks, prove_consistency, prove_inclusion, root, root_of


def test_the_paths_of_the_specification() -> None:
    assert Tile(0, 1_234_067).path == "tile/0/x001/x234/067"
    assert Tile(0, 0).path == "tile/0/000"
    assert Tile(7, 999, 17).path == "tile/7/999.p/17"
    assert Tile(None, 1_000).path == "tile/entries/x001/000"
    assert Tile(None, 273, 112).path == "tile/entries/273.p/112"


def test_the_layout_of_seventy_thousand_entries() -> None:
    # "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112, one
    # full level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1"
    found = Counter((tile.level, tile.width) for tile in tiles.tiles(70_000))
    assert found == {
        (None, 256): 273, (None, 112): 1, (0, 256): 273, (0, 112): 1, (1, 256): 1, (1, 17): 1, (2, 1): 1,
    }  # fmt: skip
    # "a tree of size 256 will be represented by a full level 0 tile and a partial level 1 tile of width 1"
    assert [(tile.level, tile.width) for tile in tiles.tiles(256)] == [(None, 256), (0, 256), (1, 1)]
    assert list(tiles.tiles(0)) == []


@given(st.integers(0, 2**40), st.integers(0, 2000))
def test_what_grows_is_what_is_new(old: int, more: int) -> None:
    new = old + more
    found = list(tiles.grown(old, new))
    assert len(found) == len(set(found))
    if new < 400_000:
        assert set(found) == set(tiles.tiles(new)) - set(tiles.tiles(old))


def made(size: int) -> dict[str, bytes]:
    """The files of a log of so many entries, each hash computed from the leaves alone."""
    entries = [str(n).encode() for n in range(size)]
    leaves = [leaf_hash(entry) for entry in entries]
    files = {}
    for tile in tiles.tiles(size):
        low = tile.index * 256
        if tile.level is None:
            files[tile.path] = tiles.bundle(entries[low : low + tile.width])
        else:
            span = 256**tile.level
            files[tile.path] = b"".join(
                root_of(leaves[n * span : (n + 1) * span]) for n in range(low, low + tile.width)
            )
    return files


FILES = made(70_000)


def test_a_tree_is_read_from_its_tiles() -> None:
    edge = Edge()
    for n in range(70_000):
        edge.append(leaf_hash(str(n).encode()))
        if n + 1 in (1, 255, 256, 257, 65_535, 65_536, 65_537, 69_999, 70_000):
            # Of a log of seventy thousand every earlier root can be told.
            read = tiles.reader(FILES.get, 70_000)
            assert root(n + 1, read) == edge.root()
            assert tuple(read(peaks(n + 1))) == edge.hashes


@given(st.integers(0, 69_999), st.integers(0, 70_000))
@settings(deadline=None)
def test_a_proof_reads_the_tiles_of_its_path_alone(index: int, old: int) -> None:
    asked: list[str] = []

    def fetch(path: str) -> bytes | None:
        asked.append(path)
        return FILES.get(path)

    prove_inclusion(index, 70_000, tiles.reader(fetch, 70_000))
    assert len(asked) <= 5
    prove_consistency(old, 70_000, tiles.reader(fetch, 70_000))
    assert len(asked) <= 10


def test_a_partial_tile_that_is_gone_is_taken_from_the_full_one() -> None:
    fetch = {path: content for path, content in FILES.items() if ".p/" not in path}.get
    assert root(300, tiles.reader(fetch, 300)) == root(300, tiles.reader(FILES.get, 70_000))
    partial = Tile(None, 1, 44)
    assert tiles.entries_in(partial, tiles.fetched(fetch, partial)) == [str(n).encode() for n in range(256, 300)]
    with pytest.raises(BrokenTile, match=r"tile/2/000\.p/1: .*missing"):
        root(70_000, tiles.reader(fetch, 70_000))
    with pytest.raises(BrokenTile, match="missing"):
        tiles.fetched(lambda _: None, Tile(0, 0))


ENTRIES = st.lists(st.binary(max_size=5), min_size=1, max_size=256)


@given(ENTRIES)
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert tiles.entries_in(Tile(None, 0, len(entries)), tiles.bundle(entries)) == entries


@given(ENTRIES, st.data())
def test_a_bundle_that_is_too_short_or_too_long_is_no_bundle(entries: list[bytes], data: st.DataObject) -> None:
    content, tile = tiles.bundle(entries), Tile(None, 3, len(entries))
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(BrokenTile, match=r"entry (7|8|9|10)\d\d+ is cut off|in the place of"):
        tiles.entries_in(tile, content[:cut])
    with pytest.raises(BrokenTile, match="behind the"):
        tiles.entries_in(tile, content + b"\0")


def test_entries_of_any_length_that_fits() -> None:
    longest = b"x" * 65_535
    assert tiles.entries_in(Tile(None, 0, 2), tiles.bundle([longest, b""])) == [longest, b""]
    with pytest.raises(EntryTooLong, match="65,536"):
        tiles.bundle([b"", longest + b"x"])


@pytest.mark.parametrize("length", [0, 31, 33, 8_160, 8_224])
def test_a_tile_of_another_width_is_refused(length: int) -> None:
    with pytest.raises(BrokenTile, match=r"tile/1/000: .*256 hashes"):
        tiles.hashes_in(Tile(1, 0), bytes(length))
