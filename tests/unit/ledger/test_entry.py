"""Entries: canonical, versioned, and without personal data."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from coincide.ledger import entry
from coincide.ledger.entry import Entry, commitment
from coincide.ledger.errors import MalformedEntry

ENTRY = Entry(1_772_366_400_123_456, "kim", "alert:show", "A-12", "allowed", purpose="review", reason="the café's case")
WRITTEN = (
    '{"act":"alert:show","object":"A-12","outcome":"allowed","purpose":"review","reason":"the café\'s case",'
    '"time":"2026-03-01T12:00:00.123456Z","v":1,"who":"kim"}'
)
TEXTS = st.text(min_size=1).filter(lambda text: all(not 0xD800 <= ord(letter) <= 0xDFFF for letter in text))
COMMITMENT = commitment("4111", bytes(32))


def test_an_entry_is_one_canonical_line() -> None:
    assert ENTRY.encoded.decode() == WRITTEN
    assert entry.parsed(WRITTEN.encode()) == ENTRY


@given(
    st.builds(
        Entry,
        at=st.integers(0, 7_289_654_399_999_999),
        who=TEXTS,
        act=st.sampled_from(["alert:show", "alert:evidence:open", "quarantine-row:show"]),
        object=TEXTS,
        outcome=st.sampled_from(["allowed", "done", "failed", "refused"]),
        role=st.one_of(st.just(""), TEXTS),
        purpose=st.one_of(st.just(""), TEXTS),
        basis=st.one_of(st.just(""), TEXTS),
        reason=st.one_of(st.just(""), TEXTS),
        commitments=st.dictionaries(st.sampled_from(["identifier", "row", "a-1"]), st.just(COMMITMENT)),
    )
)
def test_what_is_written_is_read_back_and_is_what_the_rfc_asks(made: Entry) -> None:
    content = made.encoded
    assert entry.parsed(content) == made
    assert content == rfc8785.dumps(json.loads(content))


def changed(**fields: object) -> bytes:
    plain = json.loads(WRITTEN) | fields
    return rfc8785.dumps({name: value for name, value in plain.items() if value is not None})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[]", "version 1"),
        (changed(v=2), "version 1"),
        (changed(v=True), "version 1"),
        (changed(v=None), "version 1"),
        (changed(who=None), "`who` is missing"),
        (changed(who=""), "`who` is no text"),
        (changed(who=7), "`who` is no text"),
        (changed(time=None), "`time` is missing"),
        (changed(time="2026-03-01T12:00:00Z"), "six decimals"),
        (changed(time="2026-02-30T12:00:00.000000Z"), "six decimals"),
        (changed(time="1969-12-31T12:00:00.000000Z"), "six decimals"),
        (changed(time=5), "six decimals"),
        (changed(act="show"), "noun:verb"),
        (changed(act="alert:show:it:now"), "noun:verb"),
        (changed(act="Alert:show"), "noun:verb"),
        (changed(outcome="maybe"), "allowed, done"),
        (changed(score=7), "no field `score`"),
        (changed(commitments={}), "no table"),
        (changed(commitments=["x"]), "no table"),
        (changed(commitments={"identifier": "4111"}), "`identifier` is none"),
        (changed(commitments={"A card": COMMITMENT}), "`A card` is none"),
        (WRITTEN.replace(",", ", ").encode(), "RFC 8785"),
        (json.dumps(json.loads(WRITTEN), sort_keys=True, separators=(",", ":")).encode(), "RFC 8785"),
        (WRITTEN.replace('"v":1', '"v":1.0').encode(), "version 1"),
        (WRITTEN.replace('"v":1', '"v":1,"v":1').encode(), "RFC 8785"),
        (WRITTEN.replace('"who":"kim"', '"who":"bob","who":"kim"').encode(), "RFC 8785"),
        (WRITTEN.replace("café", "caf\\ud800").encode(), "RFC 8785"),
    ],
)
def test_what_is_no_entry_is_refused_and_says_why(content: bytes, said: str) -> None:
    with pytest.raises(MalformedEntry, match=said):
        entry.parsed(content)


def test_a_wrong_entry_is_not_written() -> None:
    with pytest.raises(ValueError, match="act"):
        Entry(0, "kim", "shown", "A-1", "done").encoded  # noqa: B018
    with pytest.raises(ValueError, match="who"):
        Entry(0, "", "alert:show", "A-1", "done").encoded  # noqa: B018


def test_a_commitment_binds_and_says_nothing() -> None:
    assert commitment("4111", bytes(32)) == COMMITMENT
    others = {commitment("4112", bytes(32)), commitment("4111", b"x" * 32), commitment("", bytes(32))}
    assert COMMITMENT not in others
    assert len(others) == 3
    with pytest.raises(ValueError, match="32 bytes"):
        commitment("4111", b"short")
