"""A ledger published: what is there is a log at every moment, and nobody else's is touched."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.ledger import policy, source, succession
from coincide.ledger.errors import ForeignCheckpoint, NoLedger, NotSigned
from coincide.ledger.note import Note, Signer
from coincide.ledger.policy import Policy
from coincide.ledger.publish import Published, publish
from coincide.ledger.verify import Proven, verify
from coincide.ledger.write import writing
from coincide.store.errors import NotWritable
from unit.ledger.logmaker import LOG, POLICY, entries, entry, files

LOGGED = entries(1_400)
OTHER = Signer("ledger.example/other", Ed25519PrivateKey.from_private_bytes(b"2" * 32))
NEW = Signer(LOG.name, Ed25519PrivateKey.from_private_bytes(b"3" * 32))


def grow(folder: Path, logged: Sequence[bytes], signer: Signer = LOG) -> Note:
    """Appends what of ``logged`` is not there yet: the checkpoint."""
    with writing(folder, signer) as log:
        return log.append(logged[log.checkpoint.size :])


def there(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def marks(folder: Path) -> dict[str, tuple[int, int]]:
    """What changes when a file is written again, with the same bytes too."""
    found = {str(file.relative_to(folder)): file.stat() for file in folder.rglob("*")}
    return {path: (state.st_ino, state.st_mtime_ns) for path, state in found.items()}


def proven(folder: Path, trusted: Policy = POLICY, earlier: Sequence[Note] = ()) -> Proven:
    return verify(source.of_folder(folder), trusted, earlier)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=4))
@example([255, 1, 1, 343])
@example([0, 256, 256, 88])
@settings(deadline=None, max_examples=10)
def test_the_place_has_the_log_after_every_publication_whatever_it_grew_by(steps: list[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, target = Path(name, "ledger"), Path(name, "public/ledger")
        seen: list[Note] = []
        size = 0
        for step in steps:
            before, old = size, marks(target)
            size += step
            seen.append(grow(folder, LOGGED[:size]))
            done = publish(folder, POLICY, target)
            assert done == Published(before, size)
            found, right = there(target), files(LOGGED[:size])
            right["keys/0"] = f"{LOG.verifier.text}\n".encode()
            assert found.items() >= right.items()
            # Beside it lie partial files that earlier checkpoints ask for, of tiles that are still partial; no more.
            for path in found.keys() - right.keys():
                full, partial, _ = path.partition(".p/")
                assert partial
                assert full not in found
            again = {path for path in old.keys() & found.keys() if old[path] != marks(target)[path]}
            assert {path for path in again if path.startswith("tile/")} == set()
            assert proven(target, POLICY, seen).checkpoint.size == size


def test_publishing_again_changes_nothing_and_says_so(tmp_path: Path) -> None:
    grow(tmp_path / "ledger", LOGGED[:300])
    publish(tmp_path / "ledger", POLICY, tmp_path / "public")
    before = there(tmp_path / "public")
    assert publish(tmp_path / "ledger", POLICY, tmp_path / "public") == Published(300, 300)
    assert there(tmp_path / "public") == before


def test_a_publication_that_broke_off_before_the_checkpoint_is_brought_to_its_end(tmp_path: Path) -> None:
    folder, target = tmp_path / "ledger", tmp_path / "public"
    first = grow(folder, LOGGED[:255])
    publish(folder, POLICY, target)
    old = (target / "checkpoint").read_bytes()
    grow(folder, LOGGED[:600])
    publish(folder, POLICY, target)
    # Files come before the checkpoint, so this is how it lies there after a death, and as a reader sees it meanwhile.
    (target / "checkpoint").write_bytes(old)
    (target / "tile/0/002.p/88").write_bytes(b"half")
    assert proven(target).checkpoint.size == 255
    assert publish(folder, POLICY, target) == Published(255, 600)
    assert proven(target, POLICY, [first]).checkpoint.size == 600


def test_what_was_damaged_in_the_place_is_mended_by_publishing_all_again(tmp_path: Path) -> None:
    folder, target = tmp_path / "ledger", tmp_path / "public"
    grow(folder, LOGGED[:300])
    publish(folder, POLICY, target)
    right = there(target)
    (target / "tile/0/000").write_bytes(bytes(256 * 32))
    (target / "tile/entries/001.p/44").unlink()
    (target / "keys/0").write_bytes(b"")
    # What should be there is taken to be there.
    publish(folder, POLICY, target)
    assert (target / "tile/0/000").read_bytes() == bytes(256 * 32)
    assert publish(folder, POLICY, target, again=True) == Published(300, 300)
    assert there(target) == right
    assert proven(target).checkpoint.size == 300


def test_after_a_change_of_keys_the_old_key_leads_to_the_published_log(tmp_path: Path) -> None:
    folder, target = tmp_path / "ledger", tmp_path / "public"
    first = grow(folder, LOGGED[:300])
    publish(folder, POLICY, target)
    with writing(folder, LOG) as log:
        log.hand_over(NEW)
    last = grow(folder, LOGGED[:301], NEW)
    both = Policy((LOG.verifier, NEW.verifier))
    assert publish(folder, both, target) == Published(300, 301)
    found = proven(target, POLICY, [first, last])
    assert (found.key, found.changes, found.checkpoint.size) == (NEW.verifier, 1, 301)
    assert succession.first_key(source.of_folder(target)) == LOG.verifier
    # Who trusts the old key alone, and no note of the change, publishes nothing.
    with pytest.raises(NotSigned):
        publish(folder, POLICY, tmp_path / "another")


def a_longer_log(target: Path) -> None:
    grow(target, LOGGED[:301])


def another_log(target: Path) -> None:
    grow(target, LOGGED[:200], OTHER)


def a_log_of_another_key(target: Path) -> None:
    grow(target, LOGGED[:200], NEW)


def a_fork(target: Path) -> None:
    grow(target, [*LOGGED[:100], entry(1_000, second=100), *LOGGED[101:200]])


def a_fork_of_the_same_size(target: Path) -> None:
    grow(target, [*LOGGED[:299], entry(1_000)])


def rubbish(target: Path) -> None:
    target.mkdir()
    (target / "checkpoint").write_bytes(b"<html>\n\nwelcome\n")


def an_empty_file(target: Path) -> None:
    target.mkdir()
    (target / "checkpoint").write_bytes(b"")


def our_log_with_a_twisted_size(target: Path) -> None:
    grow(target, LOGGED[:200])
    file = target / "checkpoint"
    file.write_bytes(file.read_bytes().replace(b"\n200\n", b"\n100\n"))


FOREIGN = [
    (a_longer_log, "it has 301 entries, and ours 300"),
    (another_log, "no signature of `ledger.example/shop`"),
    (a_log_of_another_key, "no signature of `ledger.example/shop`"),
    (a_fork, "its 200 entries are others than ours"),
    (a_fork_of_the_same_size, "its 300 entries are others than ours"),
    (rubbish, "no signed note|a line under its empty line"),
    (an_empty_file, "no signed note"),
    (our_log_with_a_twisted_size, "is false"),
]


@pytest.mark.parametrize(("make", "said"), FOREIGN, ids=lambda one: getattr(one, "__name__", ""))
def test_a_place_of_another_log_is_left_as_it_is(tmp_path: Path, make: object, said: str) -> None:
    folder, target = tmp_path / "ledger", tmp_path / "public"
    grow(folder, LOGGED[:300])
    assert callable(make)
    make(target)
    before = there(target), marks(target)
    with pytest.raises(ForeignCheckpoint, match=said) as caught:
        publish(folder, POLICY, target)
    assert (caught.value.code, caught.value.exit_status) == ("COI-L027", 1)
    assert str(target / "checkpoint") in str(caught.value)
    assert (there(target), marks(target)) == before


def test_in_a_place_of_another_log_even_its_half_written_files_stay(tmp_path: Path) -> None:
    folder, target = tmp_path / "ledger", tmp_path / "public"
    grow(folder, LOGGED[:300])
    another_log(target)
    for name in (".part", ".part0"):
        (target / name).write_bytes(b"another writer's, who is at it")
    before = there(target), marks(target)
    with pytest.raises(ForeignCheckpoint):
        publish(folder, POLICY, target)
    assert (there(target), marks(target)) == before


def test_where_there_is_no_ledger_none_is_published(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    for folder in (tmp_path / "ledger", tmp_path / "nowhere"):
        with pytest.raises(NoLedger) as caught:
            publish(folder, POLICY, tmp_path / "public")
        assert caught.value.code == "COI-L026"
    assert not (tmp_path / "public").exists()


def test_a_ledger_rolled_back_since_is_not_published_over_what_was(tmp_path: Path) -> None:
    folder, target = tmp_path / "ledger", tmp_path / "public"
    grow(folder, LOGGED[:255])
    shutil.copytree(folder, tmp_path / "backup")
    grow(folder, LOGGED[:257])
    publish(folder, POLICY, target)
    shutil.rmtree(folder)
    (tmp_path / "backup").rename(folder)
    with pytest.raises(ForeignCheckpoint, match="it has 257 entries, and ours 255"):
        publish(folder, POLICY, target)
    # Grown again with other entries it is a fork, and is not published either.
    grow(folder, [*LOGGED[:255], *(entry(number) for number in range(900, 1_000))])
    with pytest.raises(ForeignCheckpoint, match="its 257 entries are others than ours"):
        publish(folder, POLICY, target)
    assert proven(target).checkpoint.size == 257


def test_a_place_that_cannot_be_written_is_said_and_keeps_its_checkpoint(tmp_path: Path) -> None:
    folder, target = tmp_path / "ledger", tmp_path / "public"
    grow(folder, LOGGED[:10])
    publish(folder, POLICY, target)
    before = (target / "checkpoint").read_bytes()
    shutil.rmtree(target / "tile")
    (target / "tile").write_bytes(b"in the way")
    grow(folder, LOGGED[:20])
    with pytest.raises(NotWritable):
        publish(folder, POLICY, target)
    assert (target / "checkpoint").read_bytes() == before


def test_files_of_others_beside_the_log_stay_and_what_a_broken_publication_left_goes(tmp_path: Path) -> None:
    folder, target = tmp_path / "ledger", tmp_path / "public"
    grow(folder, LOGGED[:10])
    (target / ".party").mkdir(parents=True)
    for name in ("index.html", ".partners", ".part0"):
        (target / name).write_bytes(b"half")
    publish(folder, POLICY, target)
    assert {one.name for one in target.iterdir()} == {"checkpoint", "tile", "keys", "index.html", ".partners", ".party"}


def test_others_may_read_what_is_published(tmp_path: Path) -> None:
    grow(tmp_path / "ledger", LOGGED[:3])
    publish(tmp_path / "ledger", policy.of_key(LOG.verifier), tmp_path / "public")
    for place in (tmp_path / "public").rglob("*"):
        wanted = 0o005 if place.is_dir() else 0o004
        assert place.stat().st_mode & wanted == wanted, place
