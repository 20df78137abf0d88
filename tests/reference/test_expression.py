"""Expressions: three truth values, exact numbers, texts by code point."""

from __future__ import annotations

from fractions import Fraction

import pytest

from reference.event import Event, Value
from reference.expression import truth, worth
from reference.small import us
from reference.world import Expression, World

X, N, T = ("field", "place"), ("field", "quantity"), ("field", "title")
WORLD = World({}, [])


def says(expression: Expression, zone: str = "UTC", **values: Value) -> bool | None:
    return truth(expression, Event("s", 0, "s", values), [], zone, WORLD)


def one(number: str) -> Expression:
    return ("number", number)


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [(True, None, None, True), (False, None, False, None), (None, None, None, None), (True, False, False, True)],
)
def test_and_and_or_know_three_truths(
    left: bool | None, right: bool | None, both: bool | None, either: bool | None
) -> None:
    parts = [_constant(left), _constant(right)]
    assert says(("and", parts)) is both
    assert says(("or", parts[::-1])) is either


def _constant(truth_value: bool | None) -> Expression:
    if truth_value is None:
        return ("compare", "=", X, ("text", "p"))
    return ("compare", "=", one("1"), one("1" if truth_value else "2"))


def test_not_of_unknown_is_unknown() -> None:
    assert says(("not", _constant(None))) is None


def test_division_is_exact_and_by_nothing_unknown() -> None:
    third = ("arithmetic", "/", one("1"), N)
    assert says(("compare", "=", ("arithmetic", "*", third, one("3")), one("1")), quantity=Fraction(3)) is True
    assert says(("compare", "=", third, one("1")), quantity=Fraction(0)) is None
    assert says(("is-null", third), quantity=Fraction(0)) is True


def test_between_is_false_as_soon_as_one_side_is() -> None:
    assert says(("between", one("3"), N, one("2"))) is False
    assert says(("between", one("3"), N, one("4"))) is None


def test_texts_compare_by_code_point() -> None:
    assert says(("compare", "<", ("text", "ｚ"), ("text", "𝔸"))) is True
    assert says(("compare", "<", ("text", "Z"), ("text", "a"))) is True


@pytest.mark.parametrize(
    ("text", "pattern", "matches"),
    [("定时器", "定__", True), ("a%b", "a_b", True), ("ab", "a", False), ("", "%", True), ("", "_", False)],
)
def test_like_matches_the_whole_text(text: str, pattern: str, matches: bool) -> None:
    assert says(("like", T, pattern), title=text) is matches


@pytest.mark.parametrize(
    ("text", "small"),
    [("ΣΑΣ", "σασ"), ("İ", "i\u0307"), ("STRAẞE", "straße"), ("ТАЙМЕР", "таймер"), ("مؤقت", "مؤقت")],
)
def test_lower_takes_one_code_point_at_a_time(text: str, small: str) -> None:
    event = Event("s", 0, "s", {"title": text})
    assert worth(("call", "lower", T), event, [], "UTC") == small


def test_the_clock_is_that_of_the_zone() -> None:
    at = us("2025-03-30T01:00:00+00:00")
    hour = ("call", "local_hour", ("field", "occurred_at"))
    assert says(("compare", "=", hour, one("3")), "Europe/Paris", occurred_at=at) is True
    day = ("call", "weekday", ("field", "occurred_at"))
    assert says(("compare", "=", day, one("7")), "Europe/Paris", occurred_at=at) is True


def test_numbers_equal_whatever_their_spelling() -> None:
    assert says(("in", N, [one("1.50")]), quantity=Fraction("1.5")) is True
    assert says(("in", N, [one("1")])) is None
