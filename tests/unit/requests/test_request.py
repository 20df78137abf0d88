"""Requests: what may be asked, what becomes of one, and what the register and the ledger keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.ledger.errors import PurposeMissing
from coincide.requests import service
from coincide.requests.errors import (
    NamesSomebody,
    NoSpan,
    NoSuchRequest,
    NotConfirmable,
    NotEndable,
    SamePerson,
    SpanUnclear,
    TextUnfit,
    TooWide,
)
from coincide.requests.request import DAY_US, Act, Asked, Request, Span, covered
from coincide.settings.model import Requests
from requestshop import EVENING, HOUR, LIMITS, MORNING, NOW, Office, asked


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office")


# --- what may be asked --------------------------------------------------------------------------------------------


def test_what_is_asked_is_sorted_and_nothing_stands_twice() -> None:
    made = asked(places=["west", "central", " west "], lines=["9", "4", "9"], spans=[EVENING, MORNING, EVENING])
    assert (made.places, made.lines, made.spans) == (("central", "west"), ("4", "9"), (MORNING, EVENING))


@pytest.mark.parametrize("field", ["reference", "offence", "law"])
def test_what_an_auditor_needs_is_there(field: str) -> None:
    with pytest.raises(TextUnfit, match="missing"):
        asked(**{field: " \t"})
    with pytest.raises(TextUnfit, match="longer than 2,000"):
        asked(**{field: "x" * 2_001})
    assert asked(**{field: "x" * 2_000})


@pytest.mark.parametrize("field", ["reference", "offence", "law", "note", "places", "lines"])
def test_a_request_names_nobody(field: str) -> None:
    text = "see p-abcdefghijklmnopqrstuvwxyz there"
    with pytest.raises(NamesSomebody):
        asked(**{field: [text] if field in ("places", "lines") else text})


def test_a_span_ends_after_it_begins_and_there_is_one() -> None:
    for span in ((NOW - HOUR, NOW - HOUR), (NOW - HOUR, NOW - 2 * HOUR)):
        with pytest.raises(SpanUnclear):
            asked(spans=[Span(*span)])
    with pytest.raises(NoSpan):
        asked(spans=[])
    assert asked(spans=[Span(NOW - HOUR, NOW)])


def test_a_request_is_no_wider_than_the_settings_say() -> None:
    limits = Requests(most_places=3, most_hours=5)
    names = {"places": ["a", "b"], "lines": ["c"], "limits": limits}
    assert asked(**names)
    with pytest.raises(TooWide, match="4 places and lines"):
        asked(**{**names, "lines": ["c", "d"]})
    assert asked(spans=[Span(NOW - 5 * HOUR, NOW)], limits=limits)
    with pytest.raises(TooWide, match="6 hours"):
        asked(spans=[Span(NOW - 5 * HOUR - 1, NOW)], limits=limits)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=6))
def test_time_that_several_spans_cover_counts_once(drawn: list[tuple[int, int]]) -> None:
    spans = tuple(Span(begins, begins + length) for begins, length in drawn)
    minutes = {minute for begins, ends in spans for minute in range(begins, ends)}
    assert Asked("authority", "", "", "", (), (), spans).length_us == len(minutes)


# --- which incidents are covered ----------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "c", "4", "5"])
moments = st.integers(-6, 6)
spans = st.tuples(moments, st.integers(1, 6)).map(lambda drawn: Span(drawn[0], drawn[0] + drawn[1]))
requests = st.builds(
    lambda places, lines, spans: Request(
        1, Asked("authority", "r", "o", "l", tuple(places), tuple(lines), tuple(spans)), Act("k", "k", 0), 100
    ),
    st.lists(names, max_size=3),
    st.lists(names, max_size=3),
    st.lists(spans, min_size=1, max_size=3),
)
incidents = st.lists(st.tuples(st.none() | names, st.none() | names, moments, moments), max_size=12)


@given(st.lists(requests, max_size=3), incidents)
def test_the_columns_say_what_the_words_say_of_each(made: list[Request], rows: list[tuple[str, str, int, int]]) -> None:
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    begins, ends = (np.array(column, dtype=np.int64) for column in columns[2:])
    found = covered(made, columns[0], columns[1], begins, ends)
    # Moment by moment: all of the incident lies in one span of a request that names where it was.
    wanted = [
        any(
            (place in one.asked.places or line in one.asked.lines)
            and first <= last
            and any(all(span[0] <= at <= span[1] for at in range(first, last + 1)) for span in one.asked.spans)
            for one in made
        )
        for place, line, first, last in rows
    ]
    assert found.tolist() == wanted
    assert found.tolist() == [any(one.covers(*row) for one in made) for row in rows]


def test_columns_may_be_arrays() -> None:
    made = [Request(1, asked(), Act("k", "k", 0), 100)]
    place, line = np.array(["central", None, "west"], dtype=object), np.array([None, "4", None], dtype=object)
    at = np.full(3, MORNING.begins_us)
    assert covered(made, place, line, at, at).tolist() == [True, True, False]
    assert covered([], place, line, at, at).tolist() == [False, False, False]


# --- what becomes of a request ------------------------------------------------------------------------------------


def test_what_was_proposed_and_confirmed_is_as_it_was_written(office: Office) -> None:
    made = office.propose(note="by telephone first")
    assert (
        made == office.found(1) == Request(1, asked(note="by telephone first"), Act("kim", "kim", NOW), made.expires_at)
    )
    assert made.expires_at == NOW + 30 * DAY_US
    after = office.confirm(made)
    assert after == office.found(1)
    assert (after.answer, after.answered) == ("confirmed", Act("lee", "lee", NOW + HOUR, "no other way"))
    ended = office.end(after, "max", at=NOW + 2 * HOUR)
    assert ended == office.found(1)
    assert ended.ended == Act("max", "max", NOW + 2 * HOUR, "it is over")
    assert [one.state(NOW + 2 * HOUR) for one in (made, after, ended)] == ["proposed", "confirmed", "ended"]
    assert made.code == after.code == ended.code


def test_numbers_go_up_and_those_in_force_come_by_number(office: Office) -> None:
    for number in (1, 2, 3):
        assert office.confirmed().id == number
    assert [one.name for one in office.in_force(NOW + HOUR)] == ["Q-1", "Q-2", "Q-3"]
    second = office.found(2)
    assert second is not None
    office.end(second)
    assert [one.name for one in office.in_force(NOW + HOUR)] == ["Q-1", "Q-3"]


def test_what_has_its_answer_gets_no_other(office: Office) -> None:
    confirmed, refused, ended = office.confirmed(), office.refuse(office.propose()), office.end(office.propose())
    for one in (confirmed, refused, ended):
        for answer in (office.confirm, office.refuse):
            with pytest.raises(NotConfirmable):
                answer(one, "max", at_us=NOW + 2 * HOUR)
    for one in (refused, ended):
        with pytest.raises(NotEndable):
            office.end(one)
    with pytest.raises(NotEndable, match="expired"):
        office.end(confirmed, at=NOW + 30 * DAY_US)


def test_even_to_refuse_takes_a_second_person_and_one_is_enough_to_end(office: Office) -> None:
    made = office.propose("kim")
    with pytest.raises(SamePerson):
        office.refuse(made, "kim")
    assert office.end(made, "kim").state(NOW + HOUR) == "ended"
    assert office.acts()[-2:] == [
        ("kim", "request:refuse", "Q-1", "refused"),
        ("kim", "request:end", "Q-1", "done"),
    ]


def test_an_answer_and_an_end_have_a_reason_and_a_name(office: Office) -> None:
    made = office.propose()
    for blank in ({"because": " "}, {"by": " "}):
        with pytest.raises(TextUnfit):
            office.confirm(made, **blank)
    with office.book() as book, pytest.raises(TextUnfit):
        service.end(book, 1, because="", by="kim", at_us=NOW)
    with office.book() as book, pytest.raises(TextUnfit):
        service.propose(book, asked(), by="", days=30, at_us=NOW)
    assert [one.act for one in office.entries()] == ["request:propose"]


def test_there_is_no_request_of_a_number_that_was_not_given(office: Office) -> None:
    office.propose()
    with office.book() as book:
        for act in (service.confirm, service.refuse):
            with pytest.raises(NoSuchRequest):
                act(book, 2, seen="", because="x", by="lee", at_us=NOW, limits=LIMITS)
        with pytest.raises(NoSuchRequest):
            service.end(book, 2, because="x", by="lee", at_us=NOW)
        with pytest.raises(NoSuchRequest):
            service.show(book, 2)


# --- the ledger ---------------------------------------------------------------------------------------------------


def test_every_act_is_in_the_ledger_with_its_law_and_reason(office: Office) -> None:
    made = office.confirmed()
    with office.book("ida") as book:
        assert service.show(book, 1) == office.found(1)
    office.end(made)
    assert office.acts() == [
        ("kim", "request:propose", "Q-1", "done"),
        ("lee", "request:confirm", "Q-1", "done"),
        ("ida", "request:show", "Q-1", "allowed"),
        ("kim", "request:end", "Q-1", "done"),
    ]
    entries = office.entries()
    assert {one.basis for one in entries} == {"Directive (EU) 2016/680, Art. 8(1)"}
    assert [one.reason for one in entries] == [
        f"{made.code}, by kim: authority, 41 Js 7/25, theft from passengers; places 1, lines 1, spans 2; until "
        "2025-05-01T12:00:00Z",
        f"{made.code}, by lee: no other way",
        "",
        f"{made.code}, by kim: it is over",
    ]


def test_nothing_is_shown_without_a_purpose(office: Office) -> None:
    office.propose()
    with office.book(purpose="") as book, pytest.raises(PurposeMissing):
        service.show(book, 1)


def test_a_trial_leaves_neither_a_request_nor_an_entry(office: Office) -> None:
    assert office.propose(keep=False).name == "Q-1"
    assert office.found(1) is None
    made = office.propose()
    assert office.confirm(made, keep=False).answer == "confirmed"
    assert office.end(made, keep=False).ended is not None
    with pytest.raises(SamePerson):
        office.confirm(made, "kim", keep=False)
    assert office.found(1) == made
    assert len(office.entries()) == 1
