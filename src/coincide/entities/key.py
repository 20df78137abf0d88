"""The pseudonym key: where it lies, how it is made on first use, how it changes.

The key is 32 random bytes, in a file that nobody else can read or in ``COINCIDE_KEY``. While a key is being
changed there are several, oldest first; the last is the one in use, the others only open what they sealed.
What is computed with a key is for ``pseudonym`` and ``version``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from coincide.entities.errors import (
    KeyFileBroken,
    KeyFileOpenToOthers,
    KeyFileUnusable,
    KeyInEnvironment,
    KeyMissing,
    KeyVariableBroken,
    UnknownKey,
)
from coincide.store import private

VARIABLE = "COINCIDE_KEY"
LENGTH = 32
"""Bytes of a key: that of the hash, beyond which HMAC gains nothing (RFC 2104, section 3)."""
_HEX = re.compile(r"[0-9a-fA-F]{64}")

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Key:
    """One key. Its bytes are in no text form of it, and nothing is computed with them but keys for each purpose."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != LENGTH:
            raise ValueError(f"a key has {LENGTH} bytes")

    @property
    def id(self) -> str:
        """Eight hexadecimal digits that tell keys apart and tell nothing of the key."""
        return hashlib.sha256(self.secret).hexdigest()[:8]

    def derived(self, purpose: bytes) -> bytes:
        """A key of its own for each purpose (HKDF, RFC 5869), so that no use tells anything about another."""
        # No extract step: the key is uniformly random already (RFC 5869, section 3.3).
        return HKDFExpand(algorithm=SHA256(), length=LENGTH, info=purpose).derive(self.secret)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys at hand, oldest first, at least one."""

    keys: tuple[Key, ...]

    @property
    def current(self) -> Key:
        """The key that new pseudonyms and seals are made with."""
        return self.keys[-1]

    def by_id(self, key_id: str) -> Key:
        """The key of this id. Raises :class:`~coincide.entities.errors.UnknownKey`."""
        for key in self.keys:
            if key.id == key_id:
                return key
        raise UnknownKey(key_id, [key.id for key in self.keys])


def load(path: Path, *, environ: Mapping[str, str] = os.environ) -> KeyRing:
    """The keys of ``COINCIDE_KEY``, else of the file. Raises ``KeyMissing`` if there is neither."""
    ring = _found(path, environ)
    if ring is None:
        raise KeyMissing(path)
    return ring


def load_or_make(path: Path, *, environ: Mapping[str, str] = os.environ, random: Random = os.urandom) -> KeyRing:
    """As :func:`load`, but makes the file with a new key if there is none.

    Only for a workspace that holds no pseudonym yet: to others a new key is a loss. Of two processes that
    make the key at once, one makes it and both use it.
    """
    ring = _found(path, environ)
    if ring is not None:
        return ring
    made = KeyRing((Key(random(LENGTH)),))
    try:
        private.create(path, _text(made))
    except FileExistsError:
        return load(path, environ=environ)
    except OSError as error:
        raise KeyFileUnusable(path, error.strerror or str(error)) from error
    return made


def rotate(path: Path, *, environ: Mapping[str, str] = os.environ, random: Random = os.urandom) -> KeyRing:
    """Put a new key behind those of the file and return all; the new one is in use from then on.

    The caller holds the workspace's lock, writes what was made with the older keys anew, and then calls
    :func:`forget`. A crash in between leaves all keys in the file, so the work can be done again from the
    start.
    """
    if environ.get(VARIABLE):
        raise KeyInEnvironment
    ring = KeyRing((*load(path, environ=environ).keys, Key(random(LENGTH))))
    _write(path, ring)
    return ring


def forget(path: Path, *, environ: Mapping[str, str] = os.environ) -> KeyRing:
    """Take all keys but the one in use out of the file. What they sealed never opens again."""
    if environ.get(VARIABLE):
        raise KeyInEnvironment
    ring = KeyRing((load(path, environ=environ).current,))
    _write(path, ring)
    return ring


def _found(path: Path, environ: Mapping[str, str]) -> KeyRing | None:
    if value := environ.get(VARIABLE):
        return _of_variable(value)
    try:
        content = private.read(path)
    except private.OpenToOthers as error:
        raise KeyFileOpenToOthers(path, error.mode) from error
    except OSError as error:
        raise KeyFileUnusable(path, error.strerror or str(error)) from error
    return None if content is None else _of_file(path, content)


def _of_variable(value: str) -> KeyRing:
    keys = []
    for text in value.split(","):
        secret = _bytes(text.strip())
        if secret is None:
            raise KeyVariableBroken("it is neither 64 hexadecimal digits nor base64")
        if len(secret) != LENGTH:
            raise KeyVariableBroken(f"it has {len(secret)} bytes instead of {LENGTH}")
        keys.append(Key(secret))
    return KeyRing(tuple(keys))


def _of_file(path: Path, content: bytes) -> KeyRing:
    keys = []
    # The sentences never repeat the line: it may be most of a key.
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip():
            continue
        key_id, colon, text = line.strip().partition(":")
        secret = _bytes(text) if colon else None
        if secret is None:
            raise KeyFileBroken(path, number, "it is not an id, a colon and base64")
        if len(secret) != LENGTH:
            raise KeyFileBroken(path, number, f"it has {len(secret)} bytes instead of {LENGTH}")
        key = Key(secret)
        if key.id != key_id:
            raise KeyFileBroken(path, number, "its id is not that of its bytes, so it was altered")
        keys.append(key)
    if not keys:
        raise KeyFileBroken(path, 1, "the file is empty")
    return KeyRing(tuple(keys))


def _bytes(text: str) -> bytes | None:
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        return base64.b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        return None


def _text(ring: KeyRing) -> bytes:
    return b"".join(b"%b:%b\n" % (key.id.encode(), base64.b64encode(key.secret)) for key in ring.keys)


def _write(path: Path, ring: KeyRing) -> None:
    try:
        private.replace(path, _text(ring))
    except OSError as error:
        raise KeyFileUnusable(path, error.strerror or str(error)) from error
