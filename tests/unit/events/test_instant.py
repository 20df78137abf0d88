"""Times in every form a log has them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.events.event import EARLIEST_US, LATEST_US
from coincide.events.instant import times

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def expected(text: str, zone: str) -> int | None:
    """Microseconds by the standard library; ``None`` if the text is no usable time."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    year, month, day, hour, minute, second = (int(form[i] or 0) for i in range(1, 7))
    micros = int((form[7] or "").ljust(6, "0")[:6])
    try:
        clock = datetime(year, month, day, hour, minute, second, micros)  # noqa: DTZ001
    except ValueError:
        return None
    offset = form[8]
    if offset is None:
        at = clock.replace(tzinfo=ZoneInfo(zone))
    elif offset in "Zz":
        at = clock.replace(tzinfo=UTC)
    else:
        hours, minutes = int(offset[1:3]), int(offset[3:].removeprefix(":") or 0)
        if hours > 23 or minutes > 59:
            return None
        away = timedelta(hours=hours, minutes=minutes)
        at = clock.replace(tzinfo=timezone(-away if offset[0] == "-" else away))
    us = (at - _EPOCH) // timedelta(microseconds=1)
    return us if EARLIEST_US <= us <= LATEST_US else None


digits = st.integers(0, 99).map("{:02d}".format)
likely = st.builds(
    "{}-{}-{}{}{}:{}:{}{}{}".format,
    st.sampled_from(["1969", "1970", "2024", "2025", "2200", "2201", "0000", "9999"]),
    st.integers(0, 13).map("{:02d}".format),
    st.integers(0, 32).map("{:02d}".format),
    st.sampled_from("Tt "),
    st.integers(0, 25).map("{:02d}".format),
    st.integers(0, 61).map("{:02d}".format),
    st.integers(0, 61).map("{:02d}".format),
    st.one_of(st.just(""), st.from_regex(r"[.,][0-9]{1,12}", fullmatch=True)),
    st.one_of(st.sampled_from(["", "", "Z", "z"]), st.from_regex(r"[+-][0-9]{2}(:?[0-9]{2})?", fullmatch=True)),
)
texts = st.one_of(
    likely,
    likely.map(lambda text: text[:10]),
    likely.map(lambda text: text[:16]),
    st.text("0123456789-:TZ+. ", max_size=26),
    st.sampled_from(["", "2025-02-29", "2024-02-29", "2000-02-29", "2100-02-29", "2025-03-30T02:30:00", "٢٠٢٥-٠١-٠١"]),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(st.none(), texts), max_size=12), st.sampled_from(["UTC", "Europe/Paris", "Asia/Kathmandu"]))
@example(["2025-01-01T00:00:00." + "9" * 80 + "Z"], "UTC")
@example(["x" * 100], "UTC")
def test_text_is_read_as_the_standard_library_reads_it(column: list[str | None], zone: str) -> None:
    read = times(pl.Series("t", column, dtype=pl.String), timezone=zone, time_unit=None)
    each = [None if text is None else expected(text, zone) for text in column]
    assert read.values.to_list() == each
    assert read.unreadable.to_list() == [
        text is not None and value is None for text, value in zip(column, each, strict=True)
    ]
    assert not read.zoneless.any()


def test_a_time_without_zone_is_noted_where_none_is_set() -> None:
    column = pl.Series(["2025-01-01T10:00:00", "2025-01-01T10:00:00Z", "x", None, "2025-01-01"])
    read = times(column, timezone=None, time_unit=None)
    assert read.zoneless.to_list() == [True, False, False, False, True]
    assert read.unreadable.to_list() == [False, False, True, False, False]
    assert read.values.is_not_null().to_list() == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("unit", "count", "us"),
    [
        ("s", 1_700_000_000, 1_700_000_000_000_000),
        ("ms", 1_700_000_000_123, 1_700_000_000_123_000),
        ("us", 5, 5),
        ("ns", 1_999, 1),
        ("ns", -1, None),
        ("s", LATEST_US // 1_000_000, LATEST_US // 1_000_000 * 1_000_000),
        ("s", LATEST_US // 1_000_000 + 1, None),
        ("s", 2**63 - 1, None),
        ("s", -(2**63), None),
        ("us", LATEST_US, LATEST_US),
        ("us", LATEST_US + 1, None),
    ],
)
def test_counts_are_of_the_unit_that_is_set(unit: str, count: int, us: int | None) -> None:
    for column in (pl.Series([count, None]), pl.Series([str(count), None])):
        read = times(column, timezone=None, time_unit=unit)
        assert read.values.to_list() == [us, None]
        assert read.unreadable.to_list() == [us is None, False]


def test_text_of_digits_is_no_time_without_a_unit() -> None:
    assert times(pl.Series(["20250101"]), timezone="UTC", time_unit=None).unreadable.to_list() == [True]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_timestamps_are_read_in_every_resolution(unit: str) -> None:
    at = datetime(2025, 7, 1, 12, 0, 0, 123000)  # noqa: DTZ001
    naive = pl.Series([at, None]).cast(pl.Datetime(unit))  # type: ignore[arg-type]
    utc = int(at.replace(tzinfo=UTC).timestamp() * 1000) * 1000
    read = times(naive, timezone="Europe/Paris", time_unit=None)
    assert read.values.to_list() == [utc - 7_200_000_000, None]
    zoned = naive.dt.replace_time_zone("America/New_York")
    assert times(zoned, timezone="Europe/Paris", time_unit=None).values.to_list() == [utc + 14_400_000_000, None]


def test_nanoseconds_are_cut_towards_the_past() -> None:
    column = pl.Series([1_999, -1], dtype=pl.Int64).cast(pl.Datetime("ns"))
    read = times(column, timezone="UTC", time_unit=None)
    assert read.values.to_list() == [1, None]


def test_a_date_is_its_midnight_in_the_zone() -> None:
    read = times(pl.Series([date(2025, 7, 1), None]), timezone="Europe/Paris", time_unit=None)
    assert read.values.to_list() == [int(datetime(2025, 6, 30, 22, tzinfo=UTC).timestamp()) * 1_000_000, None]
    assert times(pl.Series([date(2025, 7, 1)]), timezone=None, time_unit=None).zoneless.to_list() == [True]


def test_other_types_are_no_times() -> None:
    assert times(pl.Series([1.5, None]), timezone="UTC", time_unit="s").unreadable.to_list() == [True, False]


def test_no_rows_are_no_times() -> None:
    assert len(times(pl.Series([], dtype=pl.String), timezone=None, time_unit="s").values) == 0
