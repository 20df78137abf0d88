"""A witness as C2SP ``tlog-witness`` describes it, written for tests: it signs what continues what it signed before."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coincide.errors import CoincideError
from coincide.ledger import note
from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.note import COSIGNATURE, Signature, Verifier
from coincide.ledger.tree import check_consistency
from loopback import Quiet, serving

Answer = tuple[int, str, str]
"""Status, body and type of the content."""
PLAIN = "text/plain; charset=utf-8"


@dataclass
class Witness:
    """``logs``: those that it knows; ``seen``: by origin size and root of what it signed last."""

    logs: Sequence[Verifier]
    name: str = "witness.example/w1"
    seed: bytes = b"w" * 32
    seen: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, COSIGNATURE, self.private.public_key().public_bytes_raw())

    def sign(self, text: str, at: int | None = None) -> Signature:
        at = int(time.time()) if at is None else at
        signed = self.private.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        return Signature(self.name, self.verifier.id, at.to_bytes(8, "big") + signed)

    def add_checkpoint(self, body: bytes) -> Answer:
        """The answer to a request, in the order of checks that the specification gives."""
        self.asked.append(body)
        head, _, rest = body.decode().partition("\n\n")
        first, *lines = head.split("\n")
        word, _, number = first.partition(" ")
        if word != "old" or not number.isdecimal() or len(lines) > 63:
            return 400, "malformed\n", PLAIN
        old, proof = int(number), [base64.b64decode(line, validate=True) for line in lines]
        try:
            signed = note.parsed(rest.encode())
            now = Checkpoint.parsed(signed.text)
        except CoincideError:
            return 400, "malformed\n", PLAIN
        known = [log for log in self.logs if log.name == now.origin]
        if not known:
            return 404, "unknown log\n", PLAIN
        try:
            note.opened(signed, known)
        except CoincideError:
            return 403, "no signature of a key that is known\n", PLAIN
        if old > now.size:
            return 400, "the old size is larger\n", PLAIN
        size, root = self.seen.get(now.origin, (0, b""))
        if old != size:
            return 409, f"{size}\n", "text/x.tlog.size"
        if size == now.size and size and root != now.root:
            return 409, "another tree of this size\n", PLAIN
        # "The proof MUST be empty if the old size is zero."
        if proof if old == 0 else not check_consistency(old, root, now.size, now.root, proof):
            return 422, "no proof\n", PLAIN
        self.seen[now.origin] = now.size, now.root
        return 200, self.sign(signed.text).line, PLAIN

    @contextmanager
    def served(self, path: str = "") -> Iterator[str]:
        """Its address, below a path if one is named."""
        witness = self

        class Handler(Quiet):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                known = self.path == f"{path}/add-checkpoint"
                status, content, kind = witness.add_checkpoint(body) if known else (404, "no such place\n", PLAIN)
                self.answer(status, content.encode(), kind)

        with serving(Handler) as url:
            yield url + path
