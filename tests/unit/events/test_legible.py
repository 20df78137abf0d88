"""What is counted as missing or unreadable in SQL is so in a scan."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

import sources
from coincide.events.canonical import canonical
from coincide.events.legible import missing, unreadable
from coincide.events.mapping import projection
from coincide.settings import Attribute

SOURCE = sources.source(
    "*.csv",
    {"quantity": "v", "riders": "v", "lat": "v", "title": "v", "received_at": "v"},
    attributes={"size": "v"},
    links={"card": "v"},
)
ATTRIBUTES = {"size": Attribute(type="number")}
FIELDS = ("quantity", "riders", "lat", "title", "received_at", "link.card", "attributes.size")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_TEXTS = st.one_of(
    st.none(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    st.from_regex(r"[+-]?[0-9]{0,20}\.?[0-9]{0,12}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.datetimes().map(lambda at: at.isoformat()),
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    st.sampled_from(["", "1,5", "nan", "inf", "0x10", " 1", "１", "5.0", "5.5", "9223372036854775808", "\ufdd1"]),
)


def both(values: pl.Series, kind: str, names: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Missing and unreadable by field: as SQL says, and as a scan does."""
    columns = {"id": "VARCHAR", "at": "VARCHAR", "who": "VARCHAR", "v": kind}
    frame = pl.DataFrame({"v": values}).with_row_index("position").with_columns(file=0)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("rows", frame.to_arrow())
    mapped = projection(SOURCE, columns, ATTRIBUTES, only=names)
    asked = []
    for name, value in mapped.items():
        asked += [missing(value).as_(f"{name}?", quoted=True)]
        asked += [unreadable(SOURCE, name, value, columns, ATTRIBUTES).as_(f"{name}!", quoted=True)]
    statement = exp.select(*asked).from_("rows").order_by("position")
    found = pl.from_arrow(connection.sql(statement.sql(dialect="duckdb")).to_arrow_table())
    assert isinstance(found, pl.DataFrame)
    raw = exp.select("file", "position", *(v.copy().as_(n, quoted=True) for n, v in mapped.items())).from_("rows")
    rows = connection.sql(raw.order_by("position").sql(dialect="duckdb")).to_arrow_table()
    scanned = canonical(rows, source=SOURCE, attributes=ATTRIBUTES)
    nothing = [False] * len(values)
    flags = {n: scanned[f"!{n}"].to_list() if f"!{n}" in scanned.columns else nothing for n in mapped}
    lacking = {n: [m and not f for m, f in zip(scanned[n].is_null().to_list(), flags[n], strict=True)] for n in mapped}
    sql = {n: (found[f"{n}?"].to_list(), found[f"{n}!"].to_list()) for n in mapped}
    return sql, {n: (lacking[n], flags[n]) for n in mapped}


@given(st.lists(_TEXTS, min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
@example(["1e400", "1e30", "999999999999999999", "1000000000000000000", "-9223372036854775808", "1.", ".5", ".", "1e"])
def test_a_text_is_missing_or_unreadable_as_in_a_scan(values: list[str | None]) -> None:
    sql, scan = both(pl.Series(values, dtype=pl.String), "VARCHAR", FIELDS)
    for name in FIELDS:
        assert sql[name][0] == scan[name][0], name
        for value, here, there in zip(values, sql[name][1], scan[name][1], strict=True):
            assert not here or there, f"{name} calls {value!r} unreadable, which a scan reads"
            # Only a number that is written well may pass here and not there: for its many digits.
            written = name in ("quantity", "riders", "lat", "attributes.size") and NUMBER.fullmatch(value or "")
            assert here == there or written, f"{name} lets {value!r} pass"


@pytest.mark.parametrize("value", ["5.5", "9223372036854775809e1", "-1e19", "1e-1"])
def test_no_whole_number_is_unreadable_as_riders(value: str) -> None:
    sql, scan = both(pl.Series([value]), "VARCHAR", ("riders",))
    assert sql["riders"][1] == scan["riders"][1] == [True]


@given(st.lists(st.one_of(st.none(), st.floats()), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
@example([float("nan"), float("inf"), 1e300, 0.5, 5.0, None])
def test_a_float_is_missing_or_unreadable_as_in_a_scan(values: list[float | None]) -> None:
    names = ("quantity", "riders", "lat")
    sql, scan = both(pl.Series(values, dtype=pl.Float64, nan_to_null=False), "DOUBLE", names)
    for name in names:
        assert sql[name][0] == scan[name][0]
        assert all(there or not here for here, there in zip(sql[name][1], scan[name][1], strict=True))
        odd = [value is not None and (value != value or abs(value) == float("inf")) for value in values]  # noqa: PLR0124
        assert all(here or not one for here, one in zip(sql[name][1], odd, strict=True))
