"""Signed notes: a text with signatures of keys that have names (C2SP ``signed-note``).

Section names below are of that specification. A note is bytes outside and a :class:`Note` inside; it says nothing
until :func:`opened` has found a signature of a key that the caller trusts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from coincide.ledger.encoding import decoded, encoded
from coincide.ledger.errors import FalseSignature, MalformedKey, MalformedNote, NotSigned

ED25519 = 0x01
"""Ed25519 over the text ("Signature types")."""
COSIGNATURE = 0x04
"""Ed25519 of a witness, with its time (C2SP ``tlog-cosignature``)."""
MOST_SIGNATURES = 64
"""More are refused; "Format" asks for at least 16."""
LONGEST = 1 << 20
"""Bytes of the longest note that is looked at; sixteen signatures of five kilobytes are a twelfth of it."""
_DASH = "\N{EM DASH} "
_TIME = 8
_KEY = 32


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line: whose it says to be, and the bytes behind the key's id."""

    name: str
    id: bytes
    bytes: bytes

    @property
    def line(self) -> str:
        """The line, with its end."""
        return f"{_DASH}{self.name} {encoded(self.id + self.bytes)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """Text (with its last newline) and signatures, none of them checked."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def encoded(self) -> bytes:
        """The note as it is kept and sent."""
        return (self.text + "\n" + "".join(signature.line for signature in self.signatures)).encode()


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name: checks signatures of one type. Two are equal if all of it is."""

    name: str
    type: int
    key: bytes

    def __post_init__(self) -> None:
        reason = _wrong_name(self.name)
        if reason:
            raise MalformedKey(reason)
        if self.type not in (ED25519, COSIGNATURE):
            raise MalformedKey(f"signatures of type 0x{self.type:02x} are not known here")
        if len(self.key) != _KEY:
            raise MalformedKey(f"a public key of Ed25519 has {_KEY} bytes, this one {len(self.key)}")

    @classmethod
    def parsed(cls, text: str) -> Verifier:
        """The key of a line ``name+id+key`` ("Verifier keys"). Raises ``MalformedKey``."""
        name, _, rest = text.strip().partition("+")
        id_, _, last = rest.partition("+")
        key = decoded(last)
        if not key:
            raise MalformedKey("its third part is no base64" if last else "it has not three parts")
        verifier = cls(name, key[0], key[1:])
        if id_.lower() != verifier.id.hex():
            raise MalformedKey(f"its id is {verifier.id.hex()}, not `{id_}`")
        return verifier

    @property
    def id(self) -> bytes:
        """``SHA-256(name || 0x0A || type || key)[:4]`` ("Signatures")."""
        return key_id(self.name, self.type, self.key)

    @property
    def text(self) -> str:
        """The line ``name+id+key`` that is given to those who verify."""
        return f"{self.name}+{self.id.hex()}+{encoded(bytes([self.type]) + self.key)}"

    def made(self, signature: Signature) -> bool:
        """Whether a signature says to be of this key: by name *and* id."""
        return (signature.name, signature.id) == (self.name, self.id)

    def verify(self, text: str, signature: Signature) -> bool:
        """Whether this key signed the text."""
        message, signed = text.encode(), signature.bytes
        if self.type == COSIGNATURE:
            # tlog-cosignature, "Format": a big-endian time of eight bytes stands before the signature, below 2**63.
            if len(signed) <= _TIME or signed[0] & 0x80:
                return False
            message, signed = cosigned(text, time_of(signature)), signed[_TIME:]
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signed, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name; it is in no text form of this."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        """The public side."""
        return Verifier(self.name, ED25519, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """The signature of a text, which must be one a note can have (``ValueError``)."""
        reason = _wrong_text(text)
        if reason:
            raise ValueError(reason)
        return Signature(self.name, self.verifier.id, self.private.sign(text.encode()))


def key_id(name: str, type_: int, key: bytes) -> bytes:
    """The id of a key ("Signatures": ``SHA-256(key name || 0x0A || signature type || public key)[:4]``)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([type_]) + key).digest()[:4]


def cosigned(text: str, time: int) -> bytes:
    """What a witness signs (tlog-cosignature, "Ed25519 signed message"); ``time`` is seconds since 1970."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def time_of(signature: Signature) -> int:
    """The time of a cosignature, seconds since 1970."""
    return int.from_bytes(signature.bytes[:_TIME], "big")


def parsed(content: bytes) -> Note:
    """A note of its bytes ("Format"). Raises ``MalformedNote``."""
    if len(content) > LONGEST:
        raise MalformedNote(f"it has more than {LONGEST:,} bytes")
    try:
        whole = content.decode()
    except UnicodeDecodeError:
        raise MalformedNote("it is not UTF-8") from None
    # "The text is separated from the signatures by the last empty line in the note."
    place = whole.rfind("\n\n")
    if place < 0:
        raise MalformedNote("no empty line stands between text and signatures")
    text, lines = whole[: place + 1], whole[place + 2 :]
    reason = _wrong_text(text)
    if reason:
        raise MalformedNote(reason)
    return Note(text, tuple(signatures(lines)))


def signatures(lines: str) -> list[Signature]:
    """The signatures of lines as they stand under a note, at least one. Raises ``MalformedNote``."""
    if not lines.endswith("\n"):
        raise MalformedNote("its last line has no end" if lines else "it has no signature")
    found = [_signature(line) for line in lines[:-1].split("\n")]
    if len(found) > MOST_SIGNATURES:
        raise MalformedNote(f"it has more than {MOST_SIGNATURES} signatures")
    return found


def opened(note: Note, trusted: Collection[Verifier], *, expected: str = "a key that is trusted") -> list[Verifier]:
    """The trusted keys that signed the note, each once, in the order of its lines.

    "Signatures": unknown keys are ignored, a false signature of a known key rejects the note, and without one that is
    right the text must be ignored. Raises ``FalseSignature`` and ``NotSigned``.
    """
    found: list[Verifier] = []
    for signature in note.signatures:
        for verifier in trusted:
            if not verifier.made(signature):
                continue
            if not verifier.verify(note.text, signature):
                raise FalseSignature(verifier.name)
            if verifier not in found:
                found.append(verifier)
    if not found:
        raise NotSigned(expected, [signature.name for signature in note.signatures])
    return found


def signed(text: str, signers: Iterable[Signer], others: Sequence[Signature] = ()) -> Note:
    """The text signed by all of these keys, with signatures of ``others`` behind theirs."""
    return Note(text, (*(signer.sign(text) for signer in signers), *others))


def _signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise MalformedNote("a line under its empty line is no signature")
    name, space, last = line.removeprefix(_DASH).partition(" ")
    reason = _wrong_name(name)
    if reason or not space:
        raise MalformedNote(f"a signature without a proper name: {reason or 'nothing stands behind it'}")
    content = decoded(last)
    # Four bytes are the key's id; of a signature there is at least one.
    if content is None or len(content) < 5:
        raise MalformedNote(f"the signature of `{name}` is no base64 of an id and a signature")
    return Signature(name, content[:4], content[4:])


def _wrong_name(name: str) -> str:
    """What is wrong with a key's name ("Format": not empty, no Unicode spaces, no plus)."""
    if not name:
        return "its name is empty"
    if "+" in name or any(letter.isspace() for letter in name):
        return "its name has a space or a plus"
    return _control(name)


def _wrong_text(text: str) -> str:
    """What is wrong with a note's text ("Format")."""
    if not text.endswith("\n"):
        return "its text has no end of line at its end"
    return _control(text.replace("\n", ""))


def _control(text: str) -> str:
    """ "MUST NOT contain any ASCII control characters (those below U+0020) other than newline"."""
    found = next((letter for letter in text if letter < " "), None)
    if found == "\r":
        return "its lines end in CR and LF"
    return "" if found is None else f"it has the control character U+{ord(found):04X}"
