"""The one pattern that entries are read and written by, against the plain reading of the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.ledger import entry
from coincide.ledger.entry import Entry, commitment
from coincide.ledger.errors import MalformedEntry

TEXTS = st.text(min_size=1) | st.text('"\\/\b\f\n\r\t\x00\x0b\x0e\x1f\x7f\u2028é😀', min_size=1)
MAYBE = st.just("") | TEXTS
COMMITMENTS = [commitment(text, bytes(32)) for text in ("4111", "4112", "4113")]
ENTRIES = st.builds(
    Entry,
    at=st.integers(0, 253_402_300_799_999_999),
    who=TEXTS,
    act=st.sampled_from(["alert:show", "alert:evidence:open", "quarantine-row:show"]),
    object=TEXTS,
    outcome=st.sampled_from(["allowed", "done", "failed", "refused"]),
    role=MAYBE,
    purpose=MAYBE,
    basis=MAYBE,
    reason=MAYBE,
    commitments=st.dictionaries(
        st.sampled_from(["identifier", "row", "a-1", "a", "a1"]), st.sampled_from(COMMITMENTS), max_size=4
    ),
)
WRITTEN = Entry(
    1_772_366_400_123_456,
    "kim",
    "alert:show",
    "A-12",
    "allowed",
    reason="a café\n\x1f",
    commitments={"row": COMMITMENTS[0], "a-1": COMMITMENTS[1], "a": COMMITMENTS[2]},
).encoded


def said(read: Callable[[bytes], str], content: bytes) -> str:
    """The time of an entry, or why it is none."""
    try:
        return read(content)
    except MalformedEntry as error:
        return error.message


def in_words(content: bytes) -> str:
    return str(entry.fields(content)["time"])


def agreed(content: bytes) -> bool:
    """Whether the bytes are an entry; all ways to read them must say so, and the same of it."""
    plain = said(in_words, content)
    assert said(entry.time_of, content) == plain
    right = plain.startswith(("1", "2", "3", "4", "5", "6", "7", "8", "9"))
    try:
        text = content.decode()
    except UnicodeDecodeError:
        assert not right
        return False
    # Asked for itself: `time_of` would take the long way for what the pattern does not know.
    assert entry._time_in(text) == (plain if right else None)
    return right


@given(ENTRIES)
@settings(deadline=None, max_examples=200)
def test_every_entry_that_is_written_is_known_by_the_pattern(made: Entry) -> None:
    assert agreed(made.encoded)
    assert made.encoded == rfc8785.dumps(json.loads(made.encoded))
    assert entry.parsed(made.encoded) == made
    moment = datetime.fromisoformat(entry.time_of(made.encoded)) - datetime(1970, 1, 1, tzinfo=UTC)
    assert (moment.days * 86_400 + moment.seconds) * 1_000_000 + moment.microseconds == made.at


@given(ENTRIES | st.just(entry.parsed(WRITTEN)), st.data())
@settings(deadline=None, max_examples=300)
def test_a_byte_that_is_put_in_taken_out_or_exchanged_is_judged_alike(made: Entry, data: st.DataObject) -> None:
    content = made.encoded
    place = data.draw(st.integers(0, len(content)))
    other = data.draw(st.binary(max_size=1) | st.sampled_from([bytes([letter]) for letter in b'"\\{},:/ntu01aA \x7f']))
    agreed(content[:place] + other + content[place + data.draw(st.integers(0, 1)) :])


def test_no_byte_of_an_entry_can_be_exchanged_with_another_judgement() -> None:
    for place in range(len(WRITTEN)):
        for other in (*b'"\\{},:/0129abZz_-. \n\x00\x7f\x80\xc3\xff', WRITTEN[place] ^ 1, WRITTEN[place] ^ 0x20):
            agreed(WRITTEN[:place] + bytes([other]) + WRITTEN[place + 1 :])


ESCAPES: dict[str, Callable[[str], str]] = {
    "upper case": lambda letter: f"\\u{ord(letter):04X}",
    "lower case": lambda letter: f"\\u{ord(letter):04x}",
    "as JavaScript may": lambda letter: "\\/" if letter == "/" else json.dumps(letter)[1:-1],
    "raw": lambda letter: letter,
}


@given(ENTRIES, st.data())
@settings(deadline=None, max_examples=300)
def test_other_json_for_the_same_fields_is_judged_alike(made: Entry, data: st.DataObject) -> None:
    def text(value: str) -> str:
        if data.draw(st.booleans()):
            return json.dumps(value, ensure_ascii=False)
        place = data.draw(st.integers(0, len(value) - 1))
        escaped = ESCAPES[data.draw(st.sampled_from(sorted(ESCAPES)))](value[place])
        quoted = json.dumps(value[:place], ensure_ascii=False)[:-1] + escaped
        return quoted + json.dumps(value[place + 1 :], ensure_ascii=False)[1:]

    def table(members: list[tuple[str, object]]) -> str:
        if data.draw(st.integers(0, 3)) == 0:
            members = data.draw(st.permutations(members))
        if data.draw(st.integers(0, 3)) == 0:
            members = [*members, data.draw(st.sampled_from(members))]
        space = data.draw(st.sampled_from(["", "", "", " ", "\n"]))
        return "{" + f",{space}".join(f'"{name}":{space}{written(value)}' for name, value in members) + "}"

    def written(value: object) -> str:
        if isinstance(value, dict):
            return table(sorted(value.items()))
        if isinstance(value, str):
            return text(value)
        return data.draw(st.sampled_from(["1", "1", "1", "1.0", "true", '"1"', "01", "1e0"]))

    content = table(sorted(json.loads(made.encoded).items())).encode()
    assert agreed(content) == (content == made.encoded)


TIMES = st.builds(
    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z".format,
    st.sampled_from([0, 999, 1900, 1969, 1970, 2000, 2023, 2024, 2100, 9999]),
    st.integers(0, 13),
    st.integers(0, 32),
    st.integers(0, 24),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 999_999),
)
DIGITS = st.builds(lambda time, other: time.replace("0", other, 1), TIMES, st.sampled_from("٠０o"))
NAMES = st.text("abAB01-_é:", max_size=4)
CHOICES: dict[str, st.SearchStrategy[object]] = {
    "act": st.sampled_from(["alert:show", "a:b:c"]) | st.text("ab-:A1\n", max_size=7),
    "basis": MAYBE | st.none(),
    "commitments": st.dictionaries(
        NAMES, st.sampled_from([*COMMITMENTS, "", COMMITMENTS[0][:-1], COMMITMENTS[0] + "\n"]), max_size=2
    ),
    "object": MAYBE | st.integers(0, 1),
    "outcome": st.sampled_from(["allowed", "done", "failed", "refused", "", "allowed\n", "done|failed"]),
    "time": TIMES | DIGITS,
    "v": st.sampled_from([1, 1, 1, 1, 0, 2, True, "1"]),
    "who": MAYBE,
    "more": st.just("x"),
}


@given(st.fixed_dictionaries({}, optional=CHOICES) | st.fixed_dictionaries({"time": TIMES | DIGITS}))
@settings(deadline=None, max_examples=500)
@example({"time": "2024-02-29T23:59:59.000000Z"})
@example({"time": "2023-02-29T23:59:59.000000Z"})
@example({"time": "2023-04-31T23:59:59.000000Z"})
@example({"time": "2023-04-30T24:00:00.000000Z"})
def test_other_fields_are_judged_alike(changes: dict[str, object]) -> None:
    agreed(rfc8785.dumps(json.loads(WRITTEN) | changes))


@pytest.mark.parametrize("name", ["who", "object", "reason", "act"])
def test_what_is_no_text_in_utf8_is_judged_alike_and_never_written(name: str) -> None:
    fields = json.loads(WRITTEN) | {name: "x\ud800"}
    loose = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    for content in (
        loose.encode("utf-8", "surrogatepass"),
        json.dumps(fields, sort_keys=True, separators=(",", ":")).encode(),
        loose.replace("\ud800", "é").encode("latin-1"),
        loose.replace("\ud800", "é").encode("utf-16"),
        loose.replace("\ud800", "é").encode("utf-8-sig"),
        # The slash in two bytes, which a careless reader takes for one.
        loose.encode("utf-8", "surrogatepass").replace(b"\xed\xa0\x80", b"\xc0\xaf"),
    ):
        assert not agreed(content)
    texts = {"who": "kim", "object": "A-1", "reason": "", "act": "alert:show"} | {name: "x\ud800"}
    with pytest.raises(ValueError, match="act" if name == "act" else "surrogates"):
        Entry(0, texts["who"], texts["act"], texts["object"], "done", reason=texts["reason"]).encoded  # noqa: B018


@given(
    st.builds(
        Entry,
        at=st.integers() | st.integers(-1, 1),
        who=MAYBE,
        act=st.text("ab-:A1\n", max_size=7) | st.just("alert:show"),
        object=MAYBE,
        outcome=st.sampled_from(["allowed", "", "maybe"]),
        commitments=st.dictionaries(NAMES, st.sampled_from([*COMMITMENTS, "x"]), max_size=2),
    )
)
@settings(deadline=None, max_examples=200)
@example(Entry(10**30, "kim", "alert:show", "A-1", "done"))
@example(Entry(-(10**30), "kim", "alert:show", "A-1", "done"))
def test_what_is_written_is_an_entry_and_what_is_not_says_why(made: Entry) -> None:
    try:
        content = made.encoded
    except ValueError as error:
        assert str(error).startswith(("`", "the commitment `"))
    else:
        assert agreed(content)


@pytest.mark.parametrize("content", [b"[" * 65_535, b'{"v":' * 13_000, WRITTEN[:-1] + b',"x":' + b"[" * 60_000])
def test_brackets_nested_deeper_than_can_be_read_are_no_entry(content: bytes) -> None:
    assert not agreed(content)


@pytest.mark.parametrize("spoiled", ["", "\x00", "\\u000A", '"'])
def test_a_text_as_long_as_any_is_judged_alike(spoiled: str) -> None:
    long = Entry(0, "kim", "alert:show", "A-1", "done", reason='é"\n\x01' * 5_000).encoded
    assert agreed(long[:-2] + spoiled.encode() + long[-2:]) == (not spoiled)
