"""Gates: each way around a recorded request is tried, and none leads anywhere. Nobody is seen without one in force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coincide.requests.errors import Everywhere, NotConfirmable, NotSeen, SameLogin, SamePerson, SpanAhead, TooWide
from coincide.requests.request import DAY_US, Request, Span, covered
from coincide.settings.model import Requests
from requestshop import EVENING, HOUR, LIMITS, MORNING, NOW, Office, asked

WITHIN = ("central", "9", MORNING.begins_us, MORNING.ends_us)
"""An incident that `asked()` is about."""


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office")


def shown(office: Office, at: int, *, place: str | None, line: str | None, begins: int, ends: int) -> bool:
    """Whether it may be shown who was at an incident: as the scan asks."""
    (one,) = covered(office.in_force(at), [place], [line], np.array([begins]), np.array([ends]))
    return bool(one)


def shows_what_is_asked(office: Office, at: int) -> bool:
    place, line, begins, ends = WITHIN
    return shown(office, at, place=place, line=line, begins=begins, ends=ends)


def test_a_confirmed_request_shows_what_was_asked_and_nothing_shows_it_without_one(office: Office) -> None:
    assert not shows_what_is_asked(office, NOW)
    made = office.propose()
    assert not shows_what_is_asked(office, NOW + HOUR)
    office.confirm(made)
    assert shows_what_is_asked(office, NOW + HOUR)


def test_an_unconfirmed_request_shows_nothing(office: Office) -> None:
    office.propose()
    for at in (NOW, NOW + DAY_US, NOW + 29 * DAY_US):
        assert not shows_what_is_asked(office, at)


def test_a_request_shows_nothing_before_the_moment_of_its_confirmation(office: Office) -> None:
    office.confirmed()
    assert not shows_what_is_asked(office, NOW + HOUR - 1)
    assert shows_what_is_asked(office, NOW + HOUR)


@pytest.mark.parametrize("name", ["kim", "KIM", " kim ", "ｋｉｍ"])
def test_the_same_person_cannot_confirm_whatever_their_name_is_written_like(office: Office, name: str) -> None:
    made = office.propose("kim")
    for shared in (False, True):
        with pytest.raises(SamePerson, match="second person"):
            office.confirm(made, "other", by=name, limits=Requests(shared_login=shared))
    assert not shows_what_is_asked(office, NOW + HOUR)


def test_the_same_login_cannot_confirm_under_another_name(office: Office) -> None:
    made = office.propose("kim")
    with pytest.raises(SameLogin, match="`kim`"):
        office.confirm(made, "kim", by="lee")
    assert not shows_what_is_asked(office, NOW + HOUR)
    assert office.acts()[-1] == ("kim", "request:confirm", "Q-1", "refused")


def test_where_a_login_is_shared_two_names_confirm_and_the_request_says_so_for_ever(office: Office) -> None:
    made = office.propose("kim")
    after = office.confirm(made, "kim", by="lee", limits=Requests(shared_login=True))
    assert after.answered is not None
    assert (after.proposed.login, after.answered.login) == ("kim", "kim")
    assert shows_what_is_asked(office, NOW + HOUR)


def test_what_somebody_has_not_read_they_cannot_confirm(office: Office) -> None:
    made, other = office.propose(), office.propose(offence="another")
    for seen in (None, "", "00000000", other.code):
        with pytest.raises(NotSeen):
            office.confirm(made, seen=seen)
    assert not shows_what_is_asked(office, NOW + HOUR)


@pytest.mark.parametrize(
    "change",
    [
        {"asked": asked(places=["west"])},
        {"asked": asked(lines=["5"])},
        {"asked": asked(spans=[MORNING])},
        {"asked": asked(law="another law")},
        {"asked": asked(reference="another")},
        {"asked": asked(offence="another")},
        {"asked": asked(note="a note")},
        {"asked": asked(asker="own-security")},
        {"expires_at": NOW + 31 * DAY_US},
        {"id": 2},
    ],
    ids=str,
)
def test_the_code_stands_for_all_that_is_asked(office: Office, change: dict[str, object]) -> None:
    made = office.propose()
    changed: Request = replace(made, **change)  # type: ignore[arg-type]
    assert changed.code != made.code


def test_an_expired_request_shows_nothing_from_its_last_moment_on(office: Office) -> None:
    office.confirmed(days=30)
    assert shows_what_is_asked(office, NOW + 30 * DAY_US - 1)
    assert not shows_what_is_asked(office, NOW + 30 * DAY_US)


def test_an_expired_request_cannot_be_confirmed(office: Office) -> None:
    made = office.propose(days=30)
    with pytest.raises(NotConfirmable, match="expired"):
        office.confirm(made, at_us=NOW + 30 * DAY_US)


def test_an_ended_request_shows_nothing_even_where_a_clock_goes_back(office: Office) -> None:
    office.end(office.confirmed(), at=NOW + 2 * HOUR)
    for at in (NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR):
        assert not shows_what_is_asked(office, at)


def test_a_refused_request_shows_nothing_and_stays_refused(office: Office) -> None:
    made = office.propose()
    office.refuse(made)
    with pytest.raises(NotConfirmable, match="refused"):
        office.confirm(made, "max")
    assert not shows_what_is_asked(office, NOW + HOUR)


@pytest.mark.parametrize("place", ["west", "Central", "central ", "", None])
@pytest.mark.parametrize("line", ["9", "", None])
def test_another_place_is_not_shown(office: Office, place: str | None, line: str | None) -> None:
    office.confirmed()
    assert not shown(office, NOW + HOUR, place=place, line=line, begins=MORNING.begins_us, ends=MORNING.ends_us)


def test_a_named_line_shows_its_incidents_at_every_stop(office: Office) -> None:
    office.confirmed()
    assert shown(office, NOW + HOUR, place="west", line="4", begins=MORNING.begins_us, ends=MORNING.ends_us)


def test_a_place_is_no_line_of_that_name_nor_a_line_a_place(office: Office) -> None:
    office.confirmed()
    assert not shown(office, NOW + HOUR, place="4", line="central", begins=MORNING.begins_us, ends=MORNING.ends_us)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (MORNING.begins_us - 1, MORNING.ends_us),
        (MORNING.begins_us, MORNING.ends_us + 1),
        (MORNING.begins_us, EVENING.ends_us),
        (MORNING.ends_us + 1, EVENING.begins_us - 1),
        (EVENING.ends_us + HOUR, EVENING.ends_us + 2 * HOUR),
        (MORNING.ends_us, MORNING.begins_us),
    ],
)
def test_another_time_is_not_shown_nor_one_that_is_asked_about_only_in_part(
    office: Office, begins: int, ends: int
) -> None:
    office.confirmed()
    assert not shown(office, NOW + HOUR, place="central", line="4", begins=begins, ends=ends)


def test_two_requests_are_not_pieced_together(office: Office) -> None:
    office.confirmed(places=["central"], lines=[], spans=[MORNING])
    office.confirmed(places=["west"], lines=[], spans=[EVENING])
    assert not shown(office, NOW + HOUR, place="central", line=None, begins=EVENING.begins_us, ends=EVENING.ends_us)


@pytest.mark.parametrize("place", ["*", "stop-*", "%", "?", "", " ", "all", "Everywhere", "ANY", "..."])
def test_a_request_for_everywhere_is_refused_with_the_article(place: str) -> None:
    for given in ({"places": [place]}, {"lines": ["4", place], "places": []}):
        with pytest.raises(Everywhere, match=r"2016/679, Art\. 5\(1\)\(c\).*2016/680.*unchecked"):
            asked(**given)


def test_a_request_for_no_place_is_one_for_everywhere() -> None:
    with pytest.raises(Everywhere, match="no place and no line"):
        asked(places=[], lines=[])


@pytest.mark.parametrize(("field", "every"), [("places", "stops"), ("lines", "routes")])
def test_most_of_a_network_named_one_by_one_is_everywhere_all_the_same(field: str, every: str) -> None:
    network = {every: ["a", "b", "c", "d"]}
    assert asked(**{field: ["a", "b", "x", "y", "z"], **network})
    with pytest.raises(TooWide, match=r"3 of the 4 (stops|lines) of the network"):
        asked(**{field: ["a", "b", "c"], **network})
    with pytest.raises(TooWide, match="1 of the 1 lines"):
        asked(lines=["4"], routes=["4"])


def test_a_request_looks_back_and_watches_nobody_from_now_on() -> None:
    with pytest.raises(SpanAhead, match="future"):
        asked(spans=[Span(NOW - HOUR, NOW + 1)])
    assert asked(spans=[MORNING], limits=LIMITS)
