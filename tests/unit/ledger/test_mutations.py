"""Ten thousand ways to falsify a log, drawn from fixed seeds: each is an error of the ledger, and names its entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coincide.errors import CoincideError
from coincide.ledger import note, tiles
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.errors import (
    BrokenTile,
    FalseSignature,
    NotSigned,
    Rewritten,
    RolledBack,
    WrongEntry,
    WrongTile,
)
from coincide.ledger.note import Note, Signature, Signer
from coincide.ledger.tiles import CHECKPOINT, WIDTH, Tile
from coincide.ledger.tree import SIZE
from coincide.ledger.verify import Proven, verify
from unit.ledger.logmaker import LOG, POLICY, entries, entry, files, signed

ROUNDS = {1: 130, 3: 130, 255: 110, 256: 110, 257: 110, 600: 70, 1_100: 50}
"""Sizes on both sides of the edges of tiles, and how often each way is gone in a log of this size."""
ALL = entries(1_280)
STRANGER = Signer(LOG.name, Ed25519PrivateKey.from_private_bytes(b"x" * 32))
ANY: tuple[type[CoincideError], ...] = (CoincideError,)


@dataclass(frozen=True)
class Falsified:
    """A log that was falsified, what its verifier still has of it, and what the verifier must find.

    ``entry``: the number that the error must name, if it must.
    """

    files: Mapping[str, bytes]
    expected: tuple[type[CoincideError], ...] = ANY
    entry: int | None = None
    where: str | None = None
    earlier: Sequence[Note] = field(default_factory=tuple)


Way = Callable[[Random, int], Falsified]


@cache
def log(size: int) -> Mapping[str, bytes]:
    return files(ALL[:size])


@cache
def checkpoint(size: int) -> Note:
    return signed(ALL[:size])


def proven(files: Mapping[str, bytes], earlier: Sequence[Note] = ()) -> Proven:
    return verify(files.get, POLICY, earlier)


def some_earlier(random: Random, most: int) -> list[Note]:
    """What verifiers may have kept: nothing, or checkpoints that end in the middle of tiles or at their edges."""
    return [checkpoint(random.randint(0, most)) for _ in range(random.choice([0, 0, 1, 2]))]


def bundle_of(number: int, size: int) -> tuple[Tile, list[bytes], int]:
    """The bundle that has an entry, its entries, and the place of this one among them."""
    low = number // WIDTH * WIDTH
    there = ALL[low : min(size, low + WIDTH)]
    return Tile(None, low // WIDTH, len(there)), there, number - low


def rebundled(logged: Sequence[bytes], size: int) -> dict[str, bytes]:
    """All bundles of a log of this size with these entries, all hashes left as they are."""
    changed = dict(log(size))
    for tile in tiles.tiles(size):
        if tile.level is None:
            low = tile.index * WIDTH
            changed[tile.path] = tiles.bundle(logged[low : low + tile.width])
    return changed


def other_entry(random: Random, number: int) -> bytes:
    """Another entry, as good as the one that was there."""
    name = random.choice([b"bob", b"eve", b"kit"])
    return ALL[number].replace(b'"kim"', b'"' + name + b'"')


def turned(random: Random, content: bytes, low: int, high: int) -> bytes:
    place = random.randrange(low, high)
    return content[:place] + bytes([content[place] ^ 1 << random.randrange(8)]) + content[place + 1 :]


def tile_paths(size: int) -> list[str]:
    return [tile.path for tile in tiles.tiles(size) if tile.level is not None]


# --- One file is changed, and all the others are as they were ------------------------------------------------------


def a_bit_of_an_entry(random: Random, size: int) -> Falsified:
    number = random.randrange(size)
    tile, there, at = bundle_of(number, size)
    content = log(size)[tile.path]
    # The length of an entry is turned too: what follows is then read otherwise, but nothing before it.
    low = len(tiles.bundle(there[:at]))
    changed = turned(random, content, low, low + 2 + len(there[at]))
    earlier = some_earlier(random, size)
    return Falsified({**log(size), tile.path: changed}, (WrongEntry,), number, earlier=earlier)


def another_entry_in_the_place_of_one(random: Random, size: int) -> Falsified:
    number = random.randrange(size)
    tile, there, at = bundle_of(number, size)
    strange = [other_entry(random, number), ALL[number - 1] if size > 1 else b"", b"", b"{}", ALL[number] + b" "]
    changed = tiles.bundle([*there[:at], random.choice(strange), *there[at + 1 :]])
    earlier = some_earlier(random, size)
    return Falsified({**log(size), tile.path: changed}, (WrongEntry,), number, earlier=earlier)


def two_entries_exchanged(random: Random, size: int) -> Falsified:
    first, second = sorted(random.sample(range(size), 2))
    logged = list(ALL[:size])
    logged[first], logged[second] = logged[second], logged[first]
    return Falsified(rebundled(logged, size), (WrongEntry,), first, earlier=some_earlier(random, size))


def an_entry_dropped(random: Random, size: int) -> Falsified:
    number = random.randrange(size)
    if random.random() < 0.5:
        # All that follow move up.
        changed = rebundled([*ALL[:number], *ALL[number + 1 : size]], size)
    else:
        tile, there, at = bundle_of(number, size)
        changed = {**log(size), tile.path: tiles.bundle([*there[:at], *there[at + 1 :]])}
    return Falsified(changed, (WrongEntry,), number, earlier=some_earlier(random, size))


def an_entry_doubled(random: Random, size: int) -> Falsified:
    number = random.randrange(size)
    tile, there, at = bundle_of(number, size)
    changed = {**log(size), tile.path: tiles.bundle([*there[: at + 1], *there[at:]])}
    if at + 1 == tile.width:
        # All entries are as they were; one too many stands behind them.
        return Falsified(changed, (BrokenTile,), where=tile.path)
    return Falsified(changed, (WrongEntry,), number + 1, earlier=some_earlier(random, size))


def an_entry_put_in(random: Random, size: int) -> Falsified:
    number = random.randrange(size)
    logged = [*ALL[:number], other_entry(random, number), *ALL[number:size]]
    return Falsified(rebundled(logged, size), (WrongEntry,), number, earlier=some_earlier(random, size))


def a_bit_of_a_hash(random: Random, size: int) -> Falsified:
    path = random.choice(tile_paths(size))
    changed = turned(random, log(size)[path], 0, len(log(size)[path]))
    return Falsified({**log(size), path: changed}, (WrongTile,), where=path, earlier=some_earlier(random, size))


def a_bit_of_the_checkpoint(random: Random, size: int) -> Falsified:
    content = log(size)[CHECKPOINT]
    return Falsified({**log(size), CHECKPOINT: turned(random, content, 0, len(content))})


def a_file_cut_off(random: Random, size: int) -> Falsified:
    path = random.choice(sorted(log(size)))
    content = log(size)[path]
    kept = random.randrange(len(content))
    changed = {**log(size), path: content[:kept]}
    if path == CHECKPOINT:
        return Falsified(changed)
    if path in tile_paths(size):
        return Falsified(changed, (BrokenTile,), where=path)
    number = next(n for n in range(size) if bundle_of(n, size)[0].path == path)
    _, there, _ = bundle_of(number, size)
    whole = next(n for n in range(len(there)) if len(tiles.bundle(there[: n + 1])) > kept)
    return Falsified(changed, (WrongEntry,), number + whole)


def a_file_taken_away(random: Random, size: int) -> Falsified:
    path = random.choice(sorted(log(size)))
    changed = {other: content for other, content in log(size).items() if other != path}
    return Falsified(changed, (BrokenTile,), where=path, earlier=some_earlier(random, size))


def a_tile_of_another_width(random: Random, size: int) -> Falsified:
    tile = random.choice(list(tiles.tiles(size)))
    width = random.choice([n for n in range(1, WIDTH + 1) if n != tile.width])
    low = tile.index * WIDTH
    if tile.level is not None:
        made = (log(size)[tile.path] + random.randbytes(SIZE * WIDTH))[: SIZE * width]
        return Falsified({**log(size), tile.path: made}, (BrokenTile,), where=tile.path)
    changed = {**log(size), tile.path: tiles.bundle(ALL[low : low + width])}
    if width > tile.width:
        return Falsified(changed, (BrokenTile,), where=tile.path)
    return Falsified(changed, (WrongEntry,), low + width)


def a_full_file_of_others_in_the_place_of_a_partial_one(random: Random, size: int) -> Falsified:
    """A partial file that is gone is taken out of the full one, so this must begin with the same."""
    tile = random.choice([one for one in tiles.tiles(size) if one.width < WIDTH])
    changed = {path: content for path, content in log(size).items() if path != tile.path}
    full, at = Tile(tile.level, tile.index), random.randrange(tile.width)
    if tile.level is None:
        there = [*ALL[tile.index * WIDTH : size], *([b"more"] * WIDTH)][:WIDTH]
        changed[full.path] = tiles.bundle([*there[:at], other_entry(random, tile.index * WIDTH + at), *there[at + 1 :]])
        return Falsified(changed, (WrongEntry,), tile.index * WIDTH + at)
    hashes = log(size)[tile.path] + random.randbytes(SIZE * (WIDTH - tile.width))
    changed[full.path] = turned(random, hashes, SIZE * at, SIZE * at + SIZE)
    return Falsified(changed, (WrongTile,), where=tile.path)


def two_files_exchanged(random: Random, size: int) -> Falsified:
    first, second = random.sample(sorted(log(size)), 2)
    if log(size)[first] == log(size)[second]:
        # The only hash of one level may be that of the next.
        second = CHECKPOINT
    changed = {**log(size), first: log(size)[second], second: log(size)[first]}
    return Falsified(changed, earlier=some_earlier(random, size))


# --- More is changed, so that it fits together -------------------------------------------------------------------


def an_entry_and_its_hash_changed(random: Random, size: int) -> Falsified:
    number = random.randrange(size)
    logged = [*ALL[:number], other_entry(random, number), *ALL[number + 1 : size]]
    right, other = log(size), files(logged)
    tile, _, _ = bundle_of(number, size)
    leaves = Tile(0, tile.index, tile.width).path
    return Falsified({**right, tile.path: other[tile.path], leaves: other[leaves]}, (WrongEntry, Rewritten))


def all_rewritten_under_the_old_checkpoint(random: Random, size: int) -> Falsified:
    number = random.randrange(size)
    logged = [*ALL[:number], other_entry(random, number), *ALL[number + 1 : size]]
    changed = {**files(logged), CHECKPOINT: log(size)[CHECKPOINT]}
    return Falsified(changed, (Rewritten,), earlier=some_earlier(random, size))


def all_rewritten_and_signed_again(random: Random, size: int) -> Falsified:
    number = random.randrange(size)
    logged = [*ALL[:number], other_entry(random, number), *ALL[number + 1 : size]]
    kept = checkpoint(random.randint(number + 1, size))
    return Falsified(files(logged), (RolledBack,), earlier=[*some_earlier(random, size), kept])


def backdated_and_signed_again(random: Random, size: int) -> Falsified:
    number = random.randrange(1, size)
    backdated = entry(number, second=random.randrange(number - 1) if number > 1 else -1)
    logged = [*ALL[:number], backdated, *ALL[number + 1 : size]]
    return Falsified(files(logged), (WrongEntry,), number, earlier=some_earlier(random, number))


def the_tail_cut_off_and_signed_again(random: Random, size: int) -> Falsified:
    left = random.randrange(size)
    # Others may have come in its place: fewer, as many, or more than there were.
    others = [other_entry(random, n) for n in range(left, left + random.choice([0, 1, size - left, size - left + 1]))]
    return Falsified(files([*ALL[:left], *others]), (RolledBack,), earlier=[checkpoint(size)])


def an_old_checkpoint_shown_again(random: Random, size: int) -> Falsified:
    old = random.randrange(size)
    right = log(size) if random.random() < 0.5 else log(old)
    changed = {**right, CHECKPOINT: checkpoint(old).encoded}
    return Falsified(changed, (RolledBack,), earlier=[*some_earlier(random, old), checkpoint(size)])


def a_forged_checkpoint(random: Random, size: int) -> Falsified:
    text, real = checkpoint(size).text, checkpoint(size).signatures[0]
    now = Checkpoint.parsed(text)
    other = random.choice(
        [
            Checkpoint(now.origin, size + random.choice([-1, 1, 256]), now.root),
            Checkpoint(now.origin, size, random.randbytes(SIZE)),
            Checkpoint(now.origin, size, now.root, ("more",)),
            Checkpoint(now.origin + "s", size, now.root),
        ]
    )
    forged, expected = random.choice(
        [
            # The real signature under another text; under the name of another log there is none.
            (Note(other.text, (real,)), FalseSignature if other.origin == LOG.name else NotSigned),
            # Another key of the same name says by its id that it is another; or takes the id of the real one.
            (note.signed(other.text, [STRANGER]), NotSigned),
            (note.signed(text, [STRANGER]), NotSigned),
            (Note(text, (Signature(LOG.name, real.id, STRANGER.sign(text).bytes),)), FalseSignature),
            (Note(text, (Signature(LOG.name, real.id, random.randbytes(64)),)), FalseSignature),
            (Note(text, (real, Signature(LOG.name, real.id, STRANGER.sign(text).bytes))), FalseSignature),
            # The real signature under another id or name.
            (Note(text, (Signature(LOG.name, random.randbytes(4), real.bytes),)), NotSigned),
            (Note(text, (Signature(LOG.name + "s", real.id, real.bytes),)), NotSigned),
        ]
    )
    return Falsified({**log(size), CHECKPOINT: forged.encoded}, (expected,), earlier=some_earlier(random, size))


WAYS: dict[Way, int] = {
    a_bit_of_an_entry: 1,
    another_entry_in_the_place_of_one: 1,
    two_entries_exchanged: 2,
    an_entry_dropped: 1,
    an_entry_doubled: 1,
    an_entry_put_in: 1,
    a_bit_of_a_hash: 1,
    a_bit_of_the_checkpoint: 1,
    a_file_cut_off: 1,
    a_file_taken_away: 1,
    a_tile_of_another_width: 1,
    a_full_file_of_others_in_the_place_of_a_partial_one: 1,
    two_files_exchanged: 1,
    an_entry_and_its_hash_changed: 1,
    all_rewritten_under_the_old_checkpoint: 1,
    all_rewritten_and_signed_again: 1,
    backdated_and_signed_again: 2,
    the_tail_cut_off_and_signed_again: 1,
    an_old_checkpoint_shown_again: 1,
    a_forged_checkpoint: 1,
}
"""Each with the smallest log in which it can be done."""
CASES = [(way, size) for way, least in WAYS.items() for size in ROUNDS if size >= least]


def test_ten_thousand_are_tried() -> None:
    assert sum(ROUNDS[size] for _, size in CASES) >= 10_000


@pytest.mark.parametrize("size", ROUNDS)
def test_the_logs_are_proven_before_they_are_falsified(size: int) -> None:
    assert proven(log(size), [checkpoint(size // 2), checkpoint(size)]).checkpoint.size == size


@pytest.mark.parametrize(("way", "size"), CASES, ids=[f"{way.__name__}-{size}" for way, size in CASES])
def test_nothing_that_was_falsified_is_proven(way: Way, size: int) -> None:
    random = Random(f"{way.__name__} {size}")
    for number in range(ROUNDS[size]):
        falsified = way(random, size)
        assert dict(falsified.files) != dict(log(size)), number
        try:
            found = proven(falsified.files, falsified.earlier)
        except CoincideError as error:
            assert error.code.startswith("COI-L"), number
            assert isinstance(error, falsified.expected), (number, error)
            if falsified.entry is not None:
                assert isinstance(error, WrongEntry)
                assert error.number == falsified.entry, (number, error)
            if falsified.where is not None:
                assert error.where is not None
                assert error.where.file == falsified.where, (number, error)
        else:
            raise AssertionError((number, found))
