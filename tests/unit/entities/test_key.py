from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from coincide.entities import key
from coincide.entities.errors import (
    KeyFileBroken,
    KeyFileOpenToOthers,
    KeyFileUnusable,
    KeyInEnvironment,
    KeyMissing,
    KeyVariableBroken,
    UnknownKey,
)
from coincide.entities.key import Key, KeyRing

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def giving(*secrets: bytes) -> key.Random:
    """Randomness that gives these, one after the other."""
    left = list(secrets)

    def random(length: int) -> bytes:
        assert length == 32
        return left.pop(0)

    return random


def made(path: Path, *secrets: bytes) -> KeyRing:
    return key.load_or_make(path, environ={}, random=giving(*(secrets or (OLD,))))


def test_the_key_is_made_on_first_use_and_read_afterwards(tmp_path: Path) -> None:
    path = tmp_path / ".coincide" / "key"
    ring = made(path)
    assert ring.current == Key(OLD)
    assert key.load_or_make(path, environ={}, random=giving()) == ring
    assert key.load(path, environ={}) == ring


def test_the_file_is_for_its_owner_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / ".coincide" / "key"
    before = os.umask(0)
    try:
        made(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
def test_a_key_file_that_others_can_get_at_is_refused_with_the_command_to_run(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "my key"
    made(path)
    path.chmod(mode)
    with pytest.raises(KeyFileOpenToOthers) as raised:
        key.load(path, environ={})
    assert raised.value.hint == f"run: chmod 600 '{path}'"
    path.chmod(0o600)
    assert key.load(path, environ={}).current == Key(OLD)


def test_a_workspace_with_pseudonyms_and_without_its_key_is_not_given_a_new_one(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        key.load(tmp_path / "key", environ={})
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_make_the_key_at_once_the_first_wins(tmp_path: Path) -> None:
    path = tmp_path / "key"

    def late(length: int) -> bytes:
        # Another process makes the file while this one is at its random bytes.
        made(path, OLD)
        return NEW

    assert key.load_or_make(path, environ={}, random=late).current == Key(OLD)
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_rotation_puts_a_new_key_last_and_forgets_the_old_one_when_told(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made(path)
    both = key.rotate(path, environ={}, random=giving(NEW))
    assert both == KeyRing((Key(OLD), Key(NEW)))
    assert key.load(path, environ={}) == both
    assert both.by_id(Key(OLD).id) == Key(OLD)
    assert path.stat().st_mode & 0o777 == 0o600
    assert key.forget(path, environ={}) == key.load(path, environ={}) == KeyRing((Key(NEW),))
    with pytest.raises(UnknownKey, match=Key(OLD).id):
        key.load(path, environ={}).by_id(Key(OLD).id)


def test_what_a_killed_process_left_beside_the_file_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "key"
    (tmp_path / f"key.{os.getpid()}.new").write_text("half a k")
    assert made(path).current == Key(OLD)
    (tmp_path / "key.1.new").write_text("half a k")
    key.forget(path, environ={})
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"nonsense",
        b"00000000:",
        b"00000000:" + base64.b64encode(OLD),
        Key(OLD).id.encode() + b":" + base64.b64encode(OLD[:31]),
        Key(OLD).id.encode() + b":***",
        b"\xff\x00\x80",
    ],
)
def test_a_line_that_is_no_key_is_refused_and_not_repeated(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    made(path)
    path.write_bytes(content)
    with pytest.raises(KeyFileBroken) as raised:
        key.load(path, environ={})
    assert base64.b64encode(OLD[:20]).decode()[:20] not in str(raised.value)


def test_a_broken_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made(path)
    with path.open("a") as file:
        file.write("x\n")
    with pytest.raises(KeyFileBroken) as raised:
        key.load(path, environ={})
    assert str(raised.value.where) == f"{path}:2"


def test_a_path_that_cannot_be_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable, match="directory"):
        key.load_or_make(tmp_path, environ={}, random=giving(OLD))
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyFileUnusable):
        key.load_or_make(tmp_path / "file" / "key", environ={}, random=giving(OLD))


@pytest.mark.parametrize("value", [OLD.hex(), OLD.hex().upper(), base64.b64encode(OLD).decode()])
def test_the_key_may_come_from_the_environment_and_makes_no_file(tmp_path: Path, value: str) -> None:
    environ = {"COINCIDE_KEY": value}
    assert key.load(tmp_path / "key", environ=environ) == KeyRing((Key(OLD),))
    assert key.load_or_make(tmp_path / "key", environ=environ, random=giving()).current == Key(OLD)
    assert list(tmp_path.iterdir()) == []


def test_the_environment_may_hold_several_keys_oldest_first() -> None:
    environ = {"COINCIDE_KEY": f"{OLD.hex()}, {base64.urlsafe_b64encode(NEW).decode()}"}
    assert key.load(Path("unused"), environ=environ) == KeyRing((Key(OLD), Key(NEW)))


@pytest.mark.parametrize("value", ["secret", OLD.hex()[:62], f"{OLD.hex()},", "é" * 44])
def test_a_variable_that_is_no_key_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(KeyVariableBroken) as raised:
        key.load(Path("unused"), environ={"COINCIDE_KEY": value})
    assert value not in str(raised.value)


def test_a_key_from_the_environment_cannot_be_changed_here(tmp_path: Path) -> None:
    environ = {"COINCIDE_KEY": OLD.hex()}
    with pytest.raises(KeyInEnvironment):
        key.rotate(tmp_path / "key", environ=environ, random=giving(NEW))
    with pytest.raises(KeyInEnvironment):
        key.forget(tmp_path / "key", environ=environ)


def test_a_key_tells_its_id_and_never_its_bytes() -> None:
    assert Key(OLD).id == hashlib.sha256(OLD).hexdigest()[:8]
    assert repr(OLD) not in repr(KeyRing((Key(OLD),)))
    with pytest.raises(ValueError, match="32 bytes"):
        Key(b"short")
