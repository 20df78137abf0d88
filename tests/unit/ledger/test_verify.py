"""The whole of a ledger: what is proven, and that nothing can be changed unnoticed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from coincide.ledger.tiles import Tile
from coincide.ledger.verify import Proven, verify
from unit.ledger.logmaker import LOG, POLICY, entries, entry, files, signed

SIZE = 70_000
LOGGED = entries(SIZE)
FILES = files(LOGGED)
SMALL = files(LOGGED[:600])


def proven(log: dict[str, bytes], *earlier: int) -> Proven:
    return verify(log.get, POLICY, [signed(LOGGED[:size]) for size in earlier])


def test_a_whole_log_is_proven_with_every_earlier_checkpoint() -> None:
    told: list[int] = []
    found = verify(FILES.get, POLICY, [signed(LOGGED[:size]) for size in (0, 1, 256, 65_537, SIZE)], told.append)
    assert found.checkpoint == Checkpoint.parsed(signed(LOGGED).text)
    assert [one.size for one in found.earlier] == [0, 1, 256, 65_537, SIZE]
    assert (found.first_at, found.last_at) == ("2026-03-01T12:00:00.000000Z", "2026-03-02T07:26:39.000000Z")
    assert sum(told) == SIZE


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513])
def test_logs_of_all_small_shapes_are_proven(size: int) -> None:
    log = files(LOGGED[:size])
    assert proven(log, *({0, size // 2, size})).checkpoint.size == size


def test_more_files_than_the_checkpoint_asks_for_do_not_matter() -> None:
    # A writer that died before it signed leaves them.
    log = SMALL | files(LOGGED[:700]) | {"checkpoint": SMALL["checkpoint"]}
    assert proven(log).checkpoint.size == 600


@pytest.mark.parametrize("number", [0, 255, 256, 599])
def test_a_changed_entry_is_named(number: int) -> None:
    for other in (entry(number) + b" ", entry(number + 1), b"", entry(number).replace(b"kim", b"bob")):
        low = number // 256 * 256
        width = min(256, 600 - low)
        changed = [*LOGGED[low:number], other, *LOGGED[number + 1 : low + width]]
        log = SMALL | {Tile(None, low // 256, width).path: tiles.bundle(changed)}
        with pytest.raises(WrongEntry, match=f"entry {number} is not the one"):
            proven(log)


@pytest.mark.parametrize("number", [0, 255, 256, 598])
def test_a_dropped_a_doubled_and_an_exchanged_entry_are_named(number: int) -> None:
    low = number // 256 * 256
    width = min(256, 600 - low)
    path, rest = Tile(None, low // 256, width).path, LOGGED[low : low + width]
    at = number - low
    dropped = [*rest[:at], *rest[at + 1 :]]
    doubled = [*rest[: at + 1], *rest[at:]]
    with pytest.raises(WrongEntry, match=f"entry {number} is not the one"):
        proven(SMALL | {path: tiles.bundle(dropped)})
    with pytest.raises((WrongEntry, BrokenTile)):
        proven(SMALL | {path: tiles.bundle(doubled)})
    if at < width - 1:
        swapped = [*rest[:at], rest[at + 1], rest[at], *rest[at + 2 :]]
        with pytest.raises(WrongEntry, match=f"entry {number} is not the one"):
            proven(SMALL | {path: tiles.bundle(swapped)})


def test_a_rewritten_log_does_not_have_the_signed_root() -> None:
    others = [*LOGGED[:300], entry(300).replace(b"kim", b"bob"), *LOGGED[301:600]]
    log = files(others) | {"checkpoint": SMALL["checkpoint"]}
    with pytest.raises(Rewritten, match=r"600 entries are not those that the checkpoint was signed for \("):
        proven(log)
    with pytest.raises(Rewritten, match="the first 256 entries are those of an earlier checkpoint"):
        proven(log, 0, 100, 256, 400)


def test_a_log_that_is_signed_again_contradicts_earlier_checkpoints() -> None:
    others = [*LOGGED[:300], entry(300).replace(b"kim", b"bob"), *LOGGED[301:600]]
    log = files(others)
    assert proven(log, 300).checkpoint.size == 600
    with pytest.raises(RolledBack, match="the first 301 entries are not those"):
        proven(log, 100, 301)


def test_a_tail_that_was_rolled_back_is_told_by_an_earlier_checkpoint() -> None:
    assert proven(SMALL).checkpoint.size == 600
    with pytest.raises(RolledBack, match="saw 601 entries, now there are 600"):
        proven(SMALL, 300, 601)


def test_a_backdated_entry_is_named_though_it_was_logged_so() -> None:
    logged = [*LOGGED[:300], entry(300, second=200), *LOGGED[301:600]]
    with pytest.raises(WrongEntry, match=r"entry 300 is dated 2026-03-01T12:03:20\.000000Z, before"):
        proven(files(logged))
    equal = [*LOGGED[:300], entry(300, second=299), *LOGGED[301:600]]
    assert proven(files(equal)).checkpoint.size == 600


def test_what_is_no_entry_is_named_though_it_was_logged_so() -> None:
    with pytest.raises(WrongEntry, match=r"entry 7 is none: .*no JSON"):
        proven(files([*LOGGED[:7], b"nonsense", *LOGGED[8:600]]))


@pytest.mark.parametrize("path", [path for path in SMALL if path.startswith(("tile/0", "tile/1"))])
def test_hashes_that_are_not_those_of_the_entries_are_named(path: str) -> None:
    content = SMALL[path]
    with pytest.raises(WrongTile, match=path):
        proven(SMALL | {path: bytes(32) + content[32:]})


@pytest.mark.parametrize("path", SMALL)
def test_a_missing_file_is_named(path: str) -> None:
    with pytest.raises(BrokenTile, match=path):
        proven({other: content for other, content in SMALL.items() if other != path})


def test_a_checkpoint_of_another_key_or_log_is_not_believed() -> None:
    with pytest.raises(NotSigned):
        proven(SMALL | {"checkpoint": signed(LOGGED[:600]).encoded.replace(LOG.name.encode(), b"another")})
    text = signed(LOGGED[:600]).text.replace("600", "599")
    false = note.Note(text, signed(LOGGED[:600]).signatures)
    with pytest.raises(FalseSignature):
        proven(SMALL | {"checkpoint": false.encoded})
    other = note.signed(Checkpoint("other.example", 1, bytes(32)).text, [LOG])
    with pytest.raises(NotSigned):
        verify(SMALL.get, POLICY, [other])


PATHS = sorted(SMALL)


@given(st.data())
@settings(deadline=None, max_examples=400)
def test_nothing_can_be_changed_unnoticed(data: st.DataObject) -> None:
    """Bits, swaps, drops and truncations of any file: an error of the ledger, never "proven"."""
    log = dict(SMALL)
    path = data.draw(st.sampled_from(PATHS))
    content = log[path]
    place = data.draw(st.integers(0, len(content) - 1))
    how = data.draw(st.sampled_from(["bit", "cut", "drop", "swap", "insert", "file"]))
    match how:
        case "bit":
            turned = content[place] ^ 1 << data.draw(st.integers(0, 7))
            log[path] = content[:place] + bytes([turned]) + content[place + 1 :]
        case "cut":
            log[path] = content[:place]
        case "drop":
            log[path] = content[:place] + content[place + data.draw(st.integers(1, 40)) :]
        case "insert":
            log[path] = content[:place] + content[place : place + data.draw(st.integers(1, 40))] + content[place:]
        case "swap":
            other = data.draw(st.integers(0, len(content) - 1))
            low, high = sorted((place, other))
            log[path] = content[low:high] + content[:low] + content[high:]
        case "file":
            log[path] = SMALL[data.draw(st.sampled_from(PATHS))]
    if log[path] == content:
        return
    try:
        found = proven(log)
    except CoincideError as error:
        assert error.code.startswith("COI-L")
        if isinstance(error, WrongEntry):
            low = int(path.split("/")[2].split(".")[0]) * 256
            assert path.startswith("tile/entries")
            assert low <= error.number < low + 256
        return
    # A signature line that was spoiled into one of an unknown key would do this, if there were another.
    raise AssertionError((path, how, found))
