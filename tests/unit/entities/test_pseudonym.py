from __future__ import annotations

import base64
import hmac
import re

import hypothesis
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from coincide.entities.errors import SealBroken
from coincide.entities.key import Key
from coincide.entities.pseudonym import pseudonym, pseudonyms, seal, unseal

KEY, OTHER = Key(bytes(range(32))), Key(bytes(range(1, 33)))
NONCE = bytes(12)
TEXTS = st.text(max_size=6)


def plainly(namespace: str, identifier: str, key: Key) -> str:
    """As the module says it, by other means."""
    secret = HKDFExpand(algorithm=SHA256(), length=32, info=b"coincide pseudonym v1").derive(key.secret)
    name = namespace.encode()
    full = hmac.digest(secret, len(name).to_bytes(4, "big") + name + identifier.encode(), "sha256")
    return "p-" + base64.b32encode(full[:16]).decode().lower().rstrip("=")


@hypothesis.settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_a_pseudonym_is_the_hmac_of_namespace_and_identifier(pairs: list[tuple[str, str]]) -> None:
    namespaces, identifiers = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    assert pseudonyms(namespaces, identifiers, KEY) == [plainly(*pair, KEY) for pair in pairs]


@hypothesis.settings(deadline=None)
@given(st.lists(st.tuples(st.text("ab:\x00", max_size=4), st.text("ab:\x00", max_size=4)), unique=True, max_size=30))
def test_no_two_accounts_have_one_pseudonym(pairs: list[tuple[str, str]]) -> None:
    made = pseudonyms([pair[0] for pair in pairs], [pair[1] for pair in pairs], KEY)
    assert len(set(made)) == len(pairs)


def test_the_border_between_namespace_and_identifier_counts() -> None:
    assert pseudonym("a", "bc", KEY) != pseudonym("ab", "c", KEY)
    assert pseudonym("", "abc", KEY) != pseudonym("abc", "", KEY)


def test_a_pseudonym_is_the_same_for_ever_and_another_under_another_key() -> None:
    # Kept in databases: this value must not change.
    assert pseudonym("purchases", "customer-1", KEY) == "p-ndwap4bnho2ibrpy6awo46myme"
    assert pseudonym("purchases", "customer-1", OTHER) != pseudonym("purchases", "customer-1", KEY)
    assert re.fullmatch(r"p-[a-z2-7]{26}", pseudonym("purchases", "customer-1", KEY))


def test_one_namespace_may_be_given_for_all() -> None:
    assert pseudonyms("shop", ["a", "b"], KEY) == pseudonyms(["shop", "shop"], ["a", "b"], KEY)
    assert pseudonyms("shop", [], KEY) == []
    with pytest.raises(ValueError, match="as many"):
        pseudonyms(["shop"], ["a", "b"], KEY)


def test_more_than_one_slice_of_texts_is_made_right() -> None:
    identifiers = [str(number) for number in range(65_538)]
    made = pseudonyms("shop", identifiers, KEY)
    assert len(set(made)) == len(identifiers)
    assert made[-1] == plainly("shop", "65537", KEY)


@hypothesis.settings(deadline=None)
@given(TEXTS, st.binary(min_size=12, max_size=12))
def test_what_is_sealed_opens_with_the_key(identifier: str, nonce: bytes) -> None:
    sealed = seal(identifier, KEY, nonce, pseudonym="p-x")
    assert unseal(sealed, KEY, pseudonym="p-x") == identifier


def test_another_key_another_pseudonym_and_any_changed_byte_are_refused() -> None:
    sealed = seal("customer-1", KEY, NONCE, pseudonym="p-x")
    for given_bytes, key, name in [
        (sealed, OTHER, "p-x"),
        (sealed, KEY, "p-y"),
        (b"", KEY, "p-x"),
        (sealed[:-1], KEY, "p-x"),
    ]:
        with pytest.raises(SealBroken):
            unseal(given_bytes, key, pseudonym=name)
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(SealBroken):
            unseal(bytes(altered), KEY, pseudonym="p-x")


def test_a_seal_shows_nothing_of_the_identifier_and_needs_a_whole_nonce() -> None:
    assert b"customer-1" not in seal("customer-1", KEY, NONCE)
    with pytest.raises(ValueError, match="12 bytes"):
        seal("customer-1", KEY, b"short")
