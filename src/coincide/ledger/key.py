"""The private key that signs a workspace's ledger: in a file for its owner alone, in the text form of Go's ``note``.

While a key is being changed the file holds both, the new one behind. What a change is, is said by ``succession``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coincide.errors import CoincideError
from coincide.ledger.encoding import decoded, encoded
from coincide.ledger.errors import LedgerKeyMissing, LedgerKeyUnusable
from coincide.ledger.note import ED25519, Signer
from coincide.store import private

Random = Callable[[int], bytes]

_FORM = "PRIVATE+KEY"
_SEED = 32


def text(signer: Signer) -> str:
    """The key as a line ``PRIVATE+KEY+name+id+key``, in the form of ``golang.org/x/mod/sumdb/note``."""
    seed = signer.private.private_bytes_raw()
    return f"{_FORM}+{signer.name}+{signer.verifier.id.hex()}+{encoded(bytes([ED25519]) + seed)}"


def load(path: Path) -> list[Signer] | None:
    """The keys of the file, oldest first; ``None`` if there is no file. Raises ``LedgerKeyUnusable``."""
    try:
        content = private.read(path)
    except private.OpenToOthers as error:
        raise LedgerKeyUnusable(str(path), f"others may read it (mode {error.mode:04o})") from error
    except OSError as error:
        raise LedgerKeyUnusable(str(path), (error.strerror or str(error)).lower()) from error
    if content is None:
        return None
    lines = [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines:
        raise LedgerKeyUnusable(str(path), "it is empty")
    return [_parsed(line.strip(), path) for line in lines]


def held(path: Path) -> list[Signer]:
    """The keys of the file, oldest first. Raises ``LedgerKeyMissing`` and ``LedgerKeyUnusable``."""
    found = load(path)
    if found is None:
        raise LedgerKeyMissing(str(path))
    return found


def made(name: str, random: Random) -> Signer:
    """A new key. ``random`` gives as many random bytes as it is asked for."""
    return Signer(name, Ed25519PrivateKey.from_private_bytes(random(_SEED)))


def load_or_make(path: Path, name: str, random: Random) -> list[Signer]:
    """The keys of the file; one of this name is made if there is none. Of two processes the first one's key wins.

    Only for a ledger without a checkpoint: to another one a new key is a loss.
    """
    found = load(path)
    if found is not None:
        return found
    signer = made(name, random)
    try:
        private.create(path, _content([signer]))
    except FileExistsError:
        return held(path)
    except OSError as error:
        raise LedgerKeyUnusable(str(path), (error.strerror or str(error)).lower()) from error
    return [signer]


def keep(path: Path, signers: list[Signer]) -> None:
    """Puts these keys in the place of those in the file. Raises ``LedgerKeyUnusable``."""
    try:
        private.replace(path, _content(signers))
    except OSError as error:
        raise LedgerKeyUnusable(str(path), (error.strerror or str(error)).lower()) from error


def _content(signers: list[Signer]) -> bytes:
    return "".join(f"{text(signer)}\n" for signer in signers).encode()


def _parsed(line: str, path: Path) -> Signer:
    # The sentences never repeat the line: it is most of a key.
    if not line.startswith(f"{_FORM}+") or line.count("+") < 4:
        raise LedgerKeyUnusable(str(path), f"a line of it is not of the form {_FORM}+name+id+key")
    name, id_, last = line.removeprefix(f"{_FORM}+").split("+", 2)
    key = decoded(last)
    if key is None or len(key) != 1 + _SEED or key[0] != ED25519:
        raise LedgerKeyUnusable(str(path), "it holds no private key of Ed25519")
    signer = Signer(name, Ed25519PrivateKey.from_private_bytes(key[1:]))
    try:
        same = signer.verifier.id.hex() == id_
    except CoincideError as error:
        raise LedgerKeyUnusable(str(path), error.message) from error
    if not same:
        raise LedgerKeyUnusable(str(path), "its id is not that of its key, so it was altered")
    return signer
