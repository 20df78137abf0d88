"""A log grown step by step is the log that its entries make."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.ledger import note, source
from coincide.ledger.errors import ClockWentBack, DamagedLedger, MalformedEntry
from coincide.ledger.note import Signer
from coincide.ledger.verify import verify
from coincide.ledger.write import writing
from unit.ledger.logmaker import LOG, POLICY, entries, entry, files

LOGGED = entries(70_000)


def there(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        # The first key in clear is for those who were given none, and no part of what is proven.
        if path.is_file() and path.name != ".lock" and path.parent.name != "keys"
    }


@given(st.lists(st.integers(0, 700), min_size=1, max_size=5), st.booleans())
@settings(deadline=None, max_examples=60)
def test_a_log_is_the_same_in_whatever_steps_it_grew(steps: list[int], again: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, size, seen = Path(name), 0, []
        if again:
            for step in steps:
                with writing(folder, LOG) as log:
                    seen.append(log.append(LOGGED[size : size + step]))
                size += step
        else:
            with writing(folder, LOG) as log:
                for step in steps:
                    seen.append(log.append(LOGGED[size : size + step]))
                    size += step
        found, right = there(folder), files(LOGGED[:size])
        assert found.items() >= right.items()
        # Beside it lie the partial files that other checkpoints asked for, of tiles that are still partial.
        assert all(".p/" in path for path in found.keys() - right.keys())
        assert verify(source.of_folder(folder), POLICY, seen).checkpoint.size == size


def test_a_large_log_grows_through_all_levels(tmp_path: Path) -> None:
    with writing(tmp_path, LOG) as log:
        log.append(LOGGED[:65_530])
        log.append(LOGGED[65_530:])
    assert there(tmp_path).items() >= files(LOGGED).items()


def test_nothing_to_add_is_the_checkpoint_there_is(tmp_path: Path) -> None:
    with writing(tmp_path, LOG) as log:
        first = log.append([])
        assert first.encoded == (tmp_path / "checkpoint").read_bytes()
        assert "\n0\n" in first.text


def test_a_clock_that_went_back_is_refused_and_said(tmp_path: Path) -> None:
    with writing(tmp_path, LOG) as log:
        log.append([entry(0, 10), entry(1, 10)])
    for again in (False, True):
        with writing(tmp_path, LOG) as log:
            before = there(tmp_path)
            with pytest.raises(ClockWentBack, match=r"12:00:1[01]\.000000Z, now it is 2026-03-01T12:00:09"):
                log.append([entry(2, 11), entry(3, 9)] if again else [entry(2, 9)])
            with pytest.raises(MalformedEntry):
                log.append([b"nonsense"])
            assert there(tmp_path) == before
    with writing(tmp_path, LOG) as log:
        log.append([entry(2, 10)])


@pytest.mark.parametrize("size", [300, 512])
def test_a_damaged_log_is_not_added_to(tmp_path: Path, size: int) -> None:
    with writing(tmp_path, LOG) as log:
        log.append(LOGGED[:size])
    before = there(tmp_path)
    edge = [path for path in before if path not in ("tile/0/000", "tile/entries/000")]
    for path in edge:
        content = before[path]
        for spoiled in (None, content[:-1], content[:-1] + bytes([content[-1] ^ 1])):
            (tmp_path / path).unlink() if spoiled is None else (tmp_path / path).write_bytes(spoiled)
            # A full level 0 tile is the edge only where the last bundle is full.
            with pytest.raises(DamagedLedger), writing(tmp_path, LOG):
                pass
            (tmp_path / path).write_bytes(content)
    assert there(tmp_path) == before
    with writing(tmp_path, LOG) as log:
        log.append(LOGGED[size : size + 1])


def test_a_log_of_another_key_or_name_is_not_added_to(tmp_path: Path) -> None:
    with writing(tmp_path, LOG) as log:
        log.append(LOGGED[:3])
    for other in (
        Signer(LOG.name, Ed25519PrivateKey.from_private_bytes(b"x" * 32)),
        Signer("another.example", LOG.private),
    ):
        with pytest.raises(DamagedLedger, match="cannot be believed"), writing(tmp_path, other):
            pass
    assert note.parsed((tmp_path / "checkpoint").read_bytes()).text.startswith(LOG.name)
