"""Numbers are exact, or unreadable; never rounded."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.events.number import COORDINATE_SHAPE, NUMBER_SHAPE, Shape, decimals, exact, whole, wholes

_FORM = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def expected(text: str, digits: int, places: int) -> Fraction | None:
    """The rule itself, on fractions: at most so many digits, of which so many behind the point."""
    if not _FORM.fullmatch(text):
        return None
    value = Fraction(text)
    scaled = value * 10**places
    if scaled.denominator != 1:
        return None
    while places and scaled.numerator % 10 == 0:
        scaled, places = scaled / 10, places - 1
    # Compared as a number: an exponent of thousands has more digits than Python writes out.
    return value if abs(scaled.numerator) < 10**digits else None


texts = st.one_of(
    st.from_regex(r"[+-]?[0-9]{0,20}(\.[0-9]{0,12})?([eE][+-]?[0-9]{1,2})?", fullmatch=True),
    st.from_regex(r"0{0,20}[0-9]{1,3}0{0,20}\.?0{0,12}[0-9]?0{0,3}", fullmatch=True),
    st.text("0123456789.eE+-_ ,x٣", max_size=8),
)


@settings(deadline=None, max_examples=500)
@given(texts)
@example("")
@example("1E4300")
@example(".")
@example("1e17")
@example("1e18")
@example("123456789012345678")
@example("1234567890123456789")
@example("0.000000001")
@example("0.0000000010")
@example("0.0000000001")
def test_text_is_a_number_if_the_field_holds_it_exactly(text: str) -> None:
    found = exact(text, NUMBER_SHAPE)
    assert (None if found is None else Fraction(found)) == expected(text, 18, 9)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), texts), max_size=20))
def test_a_column_is_read_as_its_texts_are_one_by_one(column: list[str | None]) -> None:
    read = decimals(pl.Series(column, dtype=pl.String), NUMBER_SHAPE)
    each = [None if text is None else exact(text, NUMBER_SHAPE) for text in column]
    assert read.values.to_list() == each
    assert read.values.dtype == pl.Decimal(38, 9)
    assert read.unreadable.to_list() == [
        text is not None and number is None for text, number in zip(column, each, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("-5.0", -5), ("5e2", 500), ("+7", 7), (str(2**63 - 1), 2**63 - 1), (str(-(2**63)), -(2**63))],
)
def test_whole_numbers_are_read(text: str, value: int) -> None:
    assert whole(text) == value
    assert wholes(pl.Series([text])).values.to_list() == [value]


@pytest.mark.parametrize("text", ["5.5", "", "x", str(2**63), "1e400", "NaN", "0x10", "1_000", " 1"])
def test_what_is_no_whole_number_is_unreadable(text: str) -> None:
    read = wholes(pl.Series([text]))
    assert (read.values.to_list(), read.unreadable.to_list()) == ([None], [True])


@pytest.mark.parametrize("text", ["0e99999999999999999999", "-0", "0.000000000000", "00"])
def test_nought_is_nought_however_it_is_written(text: str) -> None:
    assert exact(text, NUMBER_SHAPE) == 0


@pytest.mark.parametrize("text", ["1e99999999999999999999", "1e-99999999999999999999"])
def test_a_huge_exponent_is_unreadable_and_quick(text: str) -> None:
    assert exact(text, NUMBER_SHAPE) is None


@settings(deadline=None)
@given(st.lists(st.floats(width=64), max_size=20))
@example([float("nan"), float("inf"), -0.0, 1e22, 1e-9, 0.1 + 0.2])
def test_floats_are_read_by_their_shortest_decimal_form(column: list[float]) -> None:
    read = decimals(pl.Series(column, dtype=pl.Float64), NUMBER_SHAPE)
    assert read.values.to_list() == [exact(format(Decimal(repr(x)), "f"), NUMBER_SHAPE) for x in column]
    assert read.unreadable.to_list() == [value is None for value in read.values.to_list()]


def test_short_floats_are_read_by_their_own_shortest_form() -> None:
    assert decimals(pl.Series([0.1], dtype=pl.Float32), NUMBER_SHAPE).values.to_list() == [Decimal("0.1")]


def test_integers_and_decimals_keep_their_value() -> None:
    integers = decimals(pl.Series([1, None, 10**18 - 1, 10**18], dtype=pl.Int64), NUMBER_SHAPE)
    assert integers.values.to_list() == [1, None, 10**18 - 1, None]
    assert integers.unreadable.to_list() == [False, False, False, True]
    given_values = [Decimal("1.500"), None, Decimal("1234567890123456.78"), Decimal("12345678901234567.89")]
    typed = decimals(pl.Series(given_values, dtype=pl.Decimal(38, 3)), NUMBER_SHAPE)
    assert typed.values.to_list() == [Decimal("1.5"), None, Decimal("1234567890123456.78"), None]


def test_whole_numbers_of_any_type_are_read() -> None:
    assert wholes(pl.Series([1.0, 1.5, float("nan"), None])).values.to_list() == [1, None, None, None]
    assert wholes(pl.Series([2**64 - 1, 3], dtype=pl.UInt64)).unreadable.to_list() == [True, False]


def test_coordinates_have_up_to_17_decimals() -> None:
    read = decimals(pl.Series(["52.12345678901234567", "-179.9", "1.123456789012345678"]), COORDINATE_SHAPE)
    assert read.values.to_list() == [Decimal("52.12345678901234567"), Decimal("-179.9"), None]
    assert exact("9" * 22, Shape(38, 17)) is None
