"""Times as SQL are those that `instant` reads: the same texts and types, to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from coincide.events.clock import clock, instant, since, usable
from coincide.events.event import LATEST_US
from coincide.events.instant import times

ZONE = "Europe/Berlin"

digits = st.integers(0, 99).map("{:02d}".format)
written = st.builds(
    "{}-{}-{}{}{}:{}{}{}{}".format,
    st.sampled_from(["1969", "1971", "2024", "2025", "2199", "2201", "0000", "9999"]),
    st.integers(0, 13).map("{:02d}".format),
    st.integers(0, 32).map("{:02d}".format),
    st.sampled_from("Tt _"),
    st.integers(0, 25).map("{:02d}".format),
    st.integers(0, 61).map("{:02d}".format),
    st.one_of(st.just(""), digits.map(":{}".format)),
    st.one_of(st.just(""), st.from_regex(r"[.,][0-9]{1,12}", fullmatch=True)),
    st.one_of(st.sampled_from(["", "", "Z", "z"]), st.from_regex(r"[+-][0-9]{2}(:?[0-9]{2})?", fullmatch=True)),
)
texts = st.one_of(
    written,
    st.dates().map(str),
    st.integers(-(10**19), 10**19).map(str),
    st.text(max_size=20),
    st.sampled_from(["", " 2025-01-01", "2025-01-01\n", "2025-01-01T10", "2025-01-01Z", "infinity", "２０２５-01-01"]),
)


_DAY_US = 86_400_000_000
# At the ends of usable times the hours that a clock is from UTC are not looked at.
off_the_ends = st.one_of(
    st.integers(_DAY_US + 1, LATEST_US - _DAY_US - 1),
    st.integers(-(10**15), -_DAY_US - 1),
    st.integers(LATEST_US + _DAY_US + 1, 8 * 10**15),
)


def by_sql(values: pl.Series, kind: str, unit: str | None, zone: str | None) -> list[int | None]:
    """The instants that the SQL gives, those of clocks turned as the engine does."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("rows", values.alias("value").to_frame().with_row_index("place").to_arrow())
    found = clock(exp.column("value", quoted=True), kind, unit)
    inner = exp.select("place", found.at.as_("at"), found.zoned.as_("zoned")).from_("rows").subquery("read")
    at = exp.column("at")
    statement = exp.select(exp.case().when(usable(at), at), "zoned").from_(inner).order_by("place")
    rows = connection.execute(statement.sql(dialect="duckdb")).fetchall()
    return [None if one is None else instant(one, zoned, zone) for one, zoned in rows]


@given(st.lists(texts, min_size=1, max_size=30), st.sampled_from([None, "s", "ms", "us", "ns"]))
@settings(max_examples=40, deadline=None)
@example(["2025-03-30T02:30", "2025-10-26T02:30", "2025-10-26T02:30+02:00", "2025-01-01 10:15:30,1234567-0330"], None)
@example(["2025-01-01T10:15:30." + "1" * 80 + "Z", "2025-01-01T10:15+24", "2025-01-01T24:00Z"], None)
@example(["-1", "0", str(10**18), "1741600000", "9" * 18, "9" * 19, "1741600000.5"], "s")
@example(["1741600000123", "١٢٣"], "ns")
def test_a_text_is_the_time_that_it_is_in_a_scan(values: list[str], unit: str | None) -> None:
    series = pl.Series("value", values, dtype=pl.String)
    assert by_sql(series, "VARCHAR", unit, ZONE) == times(series, timezone=ZONE, time_unit=unit).values.to_list()


@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62)), min_size=1, max_size=20),
    st.sampled_from(["s", "ms", "us", "ns"]),
)
@settings(max_examples=25, deadline=None)
@example([LATEST_US, LATEST_US + 1, 0, -1], "us")
@example([2**62, -(2**62)], "s")
def test_a_count_is_the_time_that_it_is_in_a_scan(values: list[int | None], unit: str) -> None:
    series = pl.Series("value", values, dtype=pl.Int64)
    assert by_sql(series, "BIGINT", unit, ZONE) == times(series, timezone=ZONE, time_unit=unit).values.to_list()


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (pl.Datetime("us", "UTC"), "TIMESTAMP WITH TIME ZONE"),
        (pl.Datetime("us"), "TIMESTAMP"),
        (pl.Datetime("ms"), "TIMESTAMP_MS"),
        (pl.Datetime("ns"), "TIMESTAMP_NS"),
        (pl.Date(), "DATE"),
    ],
)
@given(values=st.lists(off_the_ends, min_size=1, max_size=20))
@settings(max_examples=10, deadline=None)
def test_a_timestamp_is_the_time_that_it_is_in_a_scan(dtype: Any, kind: str, values: list[int]) -> None:
    series = pl.Series("value", values, dtype=pl.Int64).cast(pl.Datetime("us"))
    typed = series.dt.replace_time_zone("UTC") if kind.startswith("TIMESTAMP WITH") else series.cast(dtype)
    assert by_sql(typed, kind, None, ZONE) == times(typed, timezone=ZONE, time_unit=None).values.to_list()


@pytest.mark.parametrize(
    ("values", "kind", "unit"),
    [
        (pl.Series([datetime(2025, m, 1, tzinfo=UTC) for m in (1, 6)]), "TIMESTAMP WITH TIME ZONE", None),
        (pl.Series([datetime(2025, m, 1) for m in (1, 6)]), "TIMESTAMP", None),  # noqa: DTZ001
        (pl.Series([1_735_689_600, 1_748_736_000]), "BIGINT", "s"),
    ],
)
def test_what_may_be_passed_over_lies_before_the_time(values: pl.Series, kind: str, unit: str | None) -> None:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("rows", values.alias("value").to_frame().to_arrow())
    for day, kept in ((1, 2), (2, 2), (4, 1)):
        first = int(datetime(2025, 1, day, tzinfo=UTC).timestamp()) * 1_000_000
        condition = since(exp.column("value"), kind, unit, first)
        assert condition is not None
        asked = exp.select(exp.Count(this=exp.Star())).from_("rows").where(condition)
        (found,) = connection.execute(asked.sql(dialect="duckdb")).fetchall()
        assert found == (kept,)


def test_a_text_is_not_passed_over_unread() -> None:
    assert since(exp.column("value"), "VARCHAR", None, 0) is None
