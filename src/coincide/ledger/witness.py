"""Asking a witness to cosign a checkpoint (C2SP ``tlog-witness``): it does if the log continues what it saw before.

Section names below are of that specification. The answer is a stranger's: it is waited for and read with limits, and
only a signature that the witness's key made counts.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.parse import urlsplit

from coincide.errors import CoincideError
from coincide.ledger import note
from coincide.ledger.checkpoint import decimal
from coincide.ledger.encoding import encoded
from coincide.ledger.errors import Unreachable, WitnessRefused
from coincide.ledger.note import Note, Signature, Verifier
from coincide.ledger.source import whole

SIZE_TYPE = "text/x.tlog.size"
PATIENCE = 20.0
"""Seconds for one answer."""

Prove = Callable[[int], list[bytes]]
"""The consistency proof from a tree of so many leaves to that of the checkpoint."""


def cosignature(
    url: str, witness: Verifier, checkpoint: Note, size: int, prove: Prove, *, patience: float = PATIENCE
) -> Signature:
    """The witness's cosignature of the checkpoint, checked. Raises ``WitnessRefused``.

    What the witness saw last is not remembered here: it says so ("409 Conflict"), and is asked once more from there.
    """
    answer = _asked(url, checkpoint, 0, [], patience)
    if isinstance(answer, int):
        if answer > size:
            raise WitnessRefused(url, f"it saw {answer:,} entries, and ours has {size:,}: was it rolled back?")
        answer = _asked(url, checkpoint, answer, prove(answer), patience)
    if isinstance(answer, int):
        raise WitnessRefused(url, f"it saw {answer:,} entries meanwhile; ask again")
    return _checked(url, witness, checkpoint, answer)


def request(checkpoint: Note, old: int, proof: list[bytes]) -> bytes:
    """The body of a request ("add-checkpoint"): the old size, the consistency proof, an empty line, the checkpoint."""
    lines = "".join(f"{encoded(hash_)}\n" for hash_ in proof)
    return f"old {old}\n{lines}\n".encode() + checkpoint.encoded


def _asked(url: str, checkpoint: Note, old: int, proof: list[bytes], patience: float) -> int | str:
    """The size that the witness knows, where it knows another than ``old``; else the lines that it answers."""
    try:
        status, kind, answer = _exchanged(url, request(checkpoint, old, proof), patience)
    except TimeoutError as error:
        raise WitnessRefused(url, f"no whole answer within {patience:g} s") from error
    except urllib.error.URLError as error:
        raise WitnessRefused(url, str(error.reason).lower()) from error
    except (OSError, HTTPException, ValueError, Unreachable) as error:
        raise WitnessRefused(url, str(error).lower() or type(error).__name__) from error
    if status == HTTPStatus.OK:
        return answer
    if status == HTTPStatus.CONFLICT and kind == SIZE_TYPE:
        return _size(url, answer)
    raise WitnessRefused(url, _REASONS.get(status, f"it answers {status}"))


def _exchanged(url: str, body: bytes, patience: float) -> tuple[int, str, str]:
    """Status, content type and text of the answer to a request."""
    address = f"{url.rstrip('/')}/add-checkpoint"
    if urlsplit(address).scheme not in ("http", "https"):
        raise ValueError("its address begins with neither http:// nor https://")
    until = time.monotonic() + patience
    asked = urllib.request.Request(address, body, method="POST")  # noqa: S310
    try:
        answer = urllib.request.build_opener(_NoRedirect).open(asked, timeout=patience)
    except urllib.error.HTTPError as error:
        # Another status is an answer too.
        answer = error
    with answer:
        return answer.status, answer.headers.get_content_type(), whole(answer, url, until).decode("utf-8", "replace")


_REASONS: dict[int, str] = {
    HTTPStatus.FORBIDDEN: "it trusts none of the keys that signed the checkpoint",
    HTTPStatus.NOT_FOUND: "it does not know this log",
    HTTPStatus.CONFLICT: "it saw another tree of this size, or a larger one",
    HTTPStatus.UNPROCESSABLE_ENTITY: "it finds that the log does not continue what it saw before",
}
"""What the statuses mean ("add-checkpoint")."""


def _size(url: str, text: str) -> int:
    try:
        return decimal(text.removesuffix("\n"))
    except CoincideError as error:
        raise WitnessRefused(url, f"the size that it knows is no number: {error.message}") from error


def _checked(url: str, witness: Verifier, checkpoint: Note, lines: str) -> Signature:
    try:
        found = note.signatures(lines)
    except CoincideError as error:
        raise WitnessRefused(url, f"its answer is no signature: {error.message}") from error
    for signature in found:
        if witness.made(signature) and witness.verify(checkpoint.text, signature):
            return signature
    raise WitnessRefused(url, f"its answer has no right signature of `{witness.name}`")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Nowhere: then the status is the answer."""
