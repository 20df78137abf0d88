"""Keys of a log that follow one another: each is believed from its change on, and no longer than to the next."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coincide.ledger.checkpoint import Checkpoint
from coincide.ledger.note import Signer
from coincide.ledger.succession import follow, handed_over, path

FIRST, SECOND, THIRD = (
    Signer("log.example/one", Ed25519PrivateKey.from_private_bytes(one * 32)) for one in (b"1", b"2", b"3")
)
OTHER = Signer("log.example/two", Ed25519PrivateKey.from_private_bytes(b"4" * 32))
NOW = Checkpoint("log.example/one", 7, b"r" * 32)
FILES = {path(1): handed_over(NOW, FIRST, SECOND).encoded, path(2): handed_over(NOW, SECOND, THIRD).encoded}


def test_a_key_is_followed_to_the_newest_and_is_newest_no_more() -> None:
    found = follow(FILES.get, [FIRST.verifier])
    assert found.newest == (THIRD.verifier,)
    assert found.trusted == (FIRST.verifier, SECOND.verifier, THIRD.verifier)
    assert [one.encoded for one in found.notes] == list(FILES.values())


def test_who_trusts_a_later_key_follows_from_there_and_keys_of_other_logs_stay() -> None:
    found = follow(FILES.get, [OTHER.verifier, SECOND.verifier])
    assert found.newest == (OTHER.verifier, THIRD.verifier)
    assert len(found.notes) == 1
