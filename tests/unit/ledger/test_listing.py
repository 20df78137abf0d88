"""What a listing finds is what reading every entry and asking each condition finds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.alerts.listing import numbers
from coincide.ledger import entry, listing, tiles
from coincide.ledger.entry import Entry, commitment
from coincide.ledger.errors import BrokenTile, MalformedEntry
from coincide.ledger.listing import Wanted
from coincide.ledger.tiles import Tile

# What has escapes in JSON, what looks like JSON, what is no ASCII, and what other programs take for ends of line.
TEXTS = [
    "kim",
    "ki",
    'kim"',
    'kim","who":"lee',
    '"who":"kim"',
    "kim\\",
    "\\u006bim",
    "a\nb",
    "a\tb\x00\x1f\x7f",
    "\u2028\u2029\x85",
    "Zoë",
    "Zoe\u0308",
    "李 🜚",
    "null",
    " ",
    "/",
]
ACTS = ["alert:show", "alert:show:again", "alert:export", "alerts:show", "ledger:key:rotate"]
OBJECTS = ["A-1", "A-12", "A-1..A-12", "A-3 A-5..A-6", "A-5..A-6x", "xA-5", "two-things", "A-1  A-9", "A-7..A-3"]
COMMITMENTS = [commitment(str(number), bytes(32)) for number in range(4)]
TIMES = [0, 1, 1_700_000_000_000_000, 1_700_000_000_000_001, 1_800_000_000_000_000]

_texts = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5))
_objects = st.one_of(st.sampled_from(OBJECTS), _texts)
_entries = st.builds(
    Entry,
    at=st.sampled_from(TIMES),
    who=_texts,
    act=st.sampled_from(ACTS),
    object=_objects,
    outcome=st.sampled_from(["allowed", "done"]),
    purpose=st.one_of(st.just(""), _texts),
    reason=st.one_of(st.just(""), _texts),
    commitments=st.dictionaries(st.sampled_from(["account", "who", "purpose"]), st.sampled_from(COMMITMENTS)),
)
_maybe = st.one_of(st.just(""), _texts)
_time = st.one_of(st.none(), st.sampled_from(TIMES))
_wanted = st.builds(
    Wanted,
    who=_maybe,
    act=st.one_of(st.just(""), st.sampled_from([*ACTS, "alert", "a", "alert:"])),
    object=st.one_of(st.just(""), _objects, st.sampled_from(["A-5", "A-4", "A-01", "A-100"])),
    purpose=_maybe,
    since_us=_time,
    until_us=_time,
    commitments=st.one_of(st.none(), st.frozensets(st.sampled_from(COMMITMENTS))),
)


def holds(object_: str, asked: str) -> bool:
    """Whether an object is the one asked for or a list of alerts with it, by writing all of them out."""
    if object_ == asked:
        return True
    if not re.fullmatch("A-[0-9]+", asked):
        return False
    alerts: set[int] = set()
    for word in object_.split(" "):
        ends = word.split("..")
        if len(ends) <= 2 and all(re.fullmatch("A-[0-9]+", end) for end in ends):
            alerts |= set(range(int(ends[0][2:]), int(ends[-1][2:]) + 1))
    return int(asked[2:]) in alerts


def is_wanted(one: Entry, wanted: Wanted) -> bool:
    """Each condition for itself, as the documentation of ``Wanted`` says it."""
    parts = one.act.split(":")
    return all(
        (
            wanted.who in ("", one.who),
            wanted.purpose in ("", one.purpose),
            wanted.act in ("", *(":".join(parts[:count]) for count in range(1, len(parts) + 1))),
            wanted.object == "" or holds(one.object, wanted.object),
            wanted.since_us is None or wanted.since_us <= one.at,
            wanted.until_us is None or one.at < wanted.until_us,
            wanted.commitments is None or any(value in wanted.commitments for value in one.commitments.values()),
        )
    )


def bundles(logged: Sequence[bytes]) -> dict[str, bytes]:
    """The bundles of a log, which are all that a listing reads."""
    rows = [logged[low : low + 256] for low in range(0, len(logged), 256)]
    return {Tile(None, place, len(row)).path: tiles.bundle(row) for place, row in enumerate(rows)}


@given(st.lists(_entries, max_size=12), _wanted, st.data())
@settings(deadline=None, max_examples=150)
def test_what_is_found_is_what_reading_every_entry_finds(
    made: list[Entry], wanted: Wanted, data: st.DataObject
) -> None:
    low = data.draw(st.integers(0, len(made)))
    logged = [one.encoded for one in made]
    right = [
        (number, entry.parsed(content))
        for number, content in enumerate(logged)
        if number >= low and is_wanted(entry.parsed(content), wanted)
    ]
    assert list(listing.found(bundles(logged).get, len(logged), wanted, low)) == right


@given(st.lists(_entries, min_size=1, max_size=8), st.data())
@settings(deadline=None, max_examples=100)
def test_an_entry_is_found_by_every_field_of_it(made: list[Entry], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(made) - 1))
    one = made[number]
    wanted = Wanted(
        one.who, one.act, one.object, one.purpose, one.at, one.at + 1, frozenset(one.commitments.values()) or None
    )
    found = list(listing.found(bundles([each.encoded for each in made]).get, len(made), wanted))
    assert (number, one) in found
    assert all(other.who == one.who and other.at == one.at for _, other in found)


@pytest.mark.parametrize("low", [0, 1, 255, 256, 257, 512, 599, 600])
def test_numbers_are_those_of_the_log_across_bundles(low: int) -> None:
    made = [Entry(number, f"w{number % 7}", "alert:show", f"A-{number}", "allowed") for number in range(600)]
    fetch = bundles([one.encoded for one in made]).get
    found = list(listing.found(fetch, 600, Wanted(who="w3"), low))
    assert found == [(number, made[number]) for number in range(low, 600) if number % 7 == 3]


def test_no_wish_finds_everything_and_a_wish_for_no_commitment_nothing() -> None:
    logged = [Entry(0, "kim", "alert:show", "A-1", "allowed").encoded]
    assert len(list(listing.found(bundles(logged).get, 1, Wanted()))) == 1
    assert list(listing.found(bundles(logged).get, 1, Wanted(commitments=frozenset()))) == []


@pytest.mark.parametrize(
    "wanted", [Wanted(who="\udcff"), Wanted(purpose="\udcff"), Wanted(object="\udcff"), Wanted(act="\udcff")]
)
def test_a_wish_that_is_no_unicode_finds_nothing(wanted: Wanted) -> None:
    # Python gives bytes of the command line that are no UTF-8 as such letters; no entry can hold one.
    logged = [Entry(0, "kim", "alert:show", "A-1", "allowed").encoded]
    assert list(listing.found(bundles(logged).get, 1, wanted)) == []


def test_what_is_no_entry_is_said_and_so_is_a_missing_bundle() -> None:
    with pytest.raises(MalformedEntry):
        list(listing.found(bundles([b"{}"]).get, 1, Wanted()))
    with pytest.raises(BrokenTile):
        list(listing.found(bundles([]).get, 1, Wanted()))


# --- lists of alerts ----------------------------------------------------------------------------------------------

_ids = st.lists(st.integers(1, 60), unique=True, max_size=40)


@given(_ids, st.integers(0, 62))
@example([1, 2, 3, 5], 4)
@settings(deadline=None)
def test_the_object_of_an_export_holds_its_alerts_and_no_others(ids: list[int], asked: int) -> None:
    held = any(listing.names(text, f"A-{asked}") for text in numbers(ids))
    assert held == (asked in ids)


@given(_ids)
@settings(deadline=None)
def test_spans_are_as_few_as_can_be_and_in_order(ids: list[int]) -> None:
    words = [word for text in numbers(ids) for word in text.split(" ")]
    spans = [(int(word.split("..")[0][2:]), int(word.split("..")[-1][2:])) for word in words]
    assert [id_ for low, high in spans for id_ in range(low, high + 1)] == sorted(ids)
    assert all(high + 1 < low for (_, high), (low, _) in pairwise(spans))


def test_many_spans_go_into_several_texts_of_which_each_fits_an_entry() -> None:
    ids = range(10**15, 10**15 + 6_000, 2)
    texts = numbers(ids)
    assert len(texts) == 3
    assert all(len(Entry(0, "kim", "alert:export", text, "allowed").encoded) <= tiles.LONGEST for text in texts)
    assert sum(text.count("A-") for text in texts) == len(ids)


@given(_objects, st.one_of(_objects, st.integers(0, 20).map(lambda id_: f"A-{id_}")))
@example("A-7..A-3", "A-5")
@example("A-1 A-2..A-4..A-9", "A-3")
@settings(deadline=None)
def test_an_object_is_asked_for_as_it_is_or_as_one_alert_of_it(object_: str, asked: str) -> None:
    assert listing.names(object_, asked) == holds(object_, asked)


@pytest.mark.parametrize("object_", ["A-1", "A-" + "9" * 5_000, "A-1 A-3..A-7"])
def test_a_number_of_thousands_of_digits_is_no_alert(object_: str) -> None:
    asked = "A-" + "1" * 5_000
    assert not listing.names(object_, asked)
    assert listing.names(asked, asked)
