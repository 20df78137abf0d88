"""Pseudonyms: the keyed name of an account in everything kept or shown, and the identifier sealed beside it.

A pseudonym is HMAC-SHA-256 (RFC 2104) over namespace and identifier, cut to 128 bits: the same account has
the same pseudonym as long as the key lasts, and without the key nobody can find the one from the other, or
test a guess. The seal is AES-256-GCM and opens with the key alone. The two use keys of their own, derived
from the pseudonym key by HKDF (RFC 5869), so that neither tells anything about the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from coincide.entities.errors import SealBroken
from coincide.entities.key import Key

PREFIX = "p-"
DIGITS = 26
"""Base 32 digits of five bits that hold 128 bits, as of RFC 4648 in small letters."""
NONCE = 12
"""Bytes of the nonce of a seal. A random one is safe for 2**32 seals of one key (NIST SP 800-38D, 8.3)."""
_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
_BLOCK = 64
"""Bytes that SHA-256 takes at a time, to which HMAC pads its key."""
_SLICE = 65_536
"""Digests made text at a time: the bits of one slice fit the processor's cache."""


def pseudonyms(namespaces: Sequence[str] | str, identifiers: Sequence[str], key: Key) -> list[str]:
    """The pseudonyms of accounts, row by row; ``namespaces`` may be one name for all of them.

    The bytes hashed are the length of the namespace in UTF-8 (four bytes, big end first), the namespace and
    the identifier in UTF-8, so that no two pairs hash alike. Pass distinct pairs: equal ones are hashed
    again.
    """
    if isinstance(namespaces, str):
        namespaces = [namespaces] * len(identifiers)
    if len(namespaces) != len(identifiers):
        raise ValueError("as many namespaces as identifiers")
    secret = key.derived(b"coincide pseudonym v1").ljust(_BLOCK, b"\0")
    # Both padded keys and the namespace are hashed once, and their states copied for each identifier:
    # hmac.digest took 1.7 times as long.
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in secret)).copy
    inner = {name: _inner(secret, name).copy for name in set(namespaces)}
    digests = bytearray()
    for name, identifier in zip(namespaces, identifiers, strict=True):
        inside = inner[name]()
        inside.update(identifier.encode())
        outside = outer()
        outside.update(inside.digest())
        digests += outside.digest()
    return _texts(digests)


def pseudonym(namespace: str, identifier: str, key: Key) -> str:
    """The pseudonym of one account."""
    return pseudonyms([namespace], [identifier], key)[0]


def seal(identifier: str, key: Key, nonce: bytes, *, pseudonym: str = "") -> bytes:
    """The identifier, readable with the key alone; :func:`unseal` takes what this returns.

    ``nonce`` is 12 random bytes, never twice with one key. ``pseudonym`` is not in the seal, but a seal opens
    only beside the pseudonym it was made for, so that nobody can exchange two of them. The length of the
    identifier is not hidden.
    """
    if len(nonce) != NONCE:
        raise ValueError(f"a nonce has {NONCE} bytes")
    return nonce + _cipher(key).encrypt(nonce, identifier.encode(), pseudonym.encode())


def unseal(sealed: bytes, key: Key, *, pseudonym: str = "") -> str:
    """The identifier. Raises ``SealBroken`` if the key or the pseudonym is another, or a byte was altered."""
    try:
        plain = _cipher(key).decrypt(sealed[:NONCE], sealed[NONCE:], pseudonym.encode())
    except (InvalidTag, ValueError) as error:
        raise SealBroken(key.id) from error
    return plain.decode()


@lru_cache(maxsize=4)
def _cipher(key: Key) -> AESGCM:
    return AESGCM(key.derived(b"coincide seal v1"))


def _inner(secret: bytes, namespace: str) -> hashlib._Hash:
    encoded = namespace.encode()
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in secret) + len(encoded).to_bytes(4, "big") + encoded)


def _texts(digests: bytearray) -> list[str]:
    """Digests of 32 bytes each, one after the other, as texts of their first 16."""
    heads = np.frombuffer(digests, dtype=np.uint8).reshape(-1, 32)[:, :16]
    texts: list[str] = []
    for start in range(0, len(heads), _SLICE):
        texts += _slice_texts(heads[start : start + _SLICE])
    return texts


def _slice_texts(heads: npt.NDArray[np.uint8]) -> list[str]:
    count = len(heads)
    bits = np.zeros((count, DIGITS * 5), dtype=np.uint8)
    bits[:, :128] = np.unpackbits(heads, axis=1)
    values = bits.reshape(count, DIGITS, 5) @ np.array([16, 8, 4, 2, 1], dtype=np.uint8)
    width = len(PREFIX) + DIGITS
    letters = np.empty((count, width), dtype=np.uint8)
    letters[:, : len(PREFIX)] = np.frombuffer(PREFIX.encode(), dtype=np.uint8)
    letters[:, len(PREFIX) :] = _ALPHABET[values]
    text = letters.tobytes().decode("ascii")
    return [text[start : start + width] for start in range(0, len(text), width)]
