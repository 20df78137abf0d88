"""The canonical frame: types, flags, amounts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.events.canonical import canonical
from coincide.events.currency import DIGITS, is_known
from coincide.events.errors import NoZone
from coincide.events.number import NUMBER_SHAPE, exact
from sources import source, take


def test_types_are_those_of_the_contract(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at,who,q,n,lat,k\n1,2025-01-01T00:00:00.5Z,a,1.5,3,52.5,x\n,,,,,,\n")
    columns = {"quantity": "q", "riders": "n", "lat": "lat", "title": "k"}
    taken = take(tmp_path, source("a.csv", columns))
    assert taken.frame.schema == {
        "file": pl.UInt32,
        "position": pl.Int64,
        "event_id": pl.String,
        "occurred_at": pl.Int64,
        "kind": pl.String,
        "account": pl.String,
        "title": pl.String,
        "quantity": pl.Decimal(38, 9),
        "lat": pl.Decimal(38, 17),
        "riders": pl.Int64,
    }
    assert taken.frame.row(0)[2:] == (
        "1",
        1_735_689_600_500_000,
        "purchase",
        "a",
        "x",
        Decimal("1.5"),
        Decimal("52.5"),
        3,
    )
    assert taken.frame.row(1)[2:] == (None, None, "purchase", None, None, None, None, None)


def test_a_cell_that_cannot_be_read_is_flagged_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at,who,q\n1,never,a,1\n2,2025-01-01,b,many\n")
    frame = take(tmp_path, source("a.csv", {"quantity": "q"})).frame
    assert frame["!occurred_at"].to_list() == [True, False]
    assert frame["!quantity"].to_list() == [False, True]
    assert [name for name in frame.columns if name.startswith("!")] == ["!occurred_at", "!quantity"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", None])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_timestamps_of_parquet_are_instants_cut_to_microseconds(tmp_path: Path, unit: Any, zone: str | None) -> None:
    count = {"ms": 1_735_689_600_123, "us": 1_735_689_600_123_456, "ns": 1_735_689_600_123_456_999}[unit]
    at = pl.Series("at", [count]).cast(pl.Datetime(unit, "UTC")).dt.convert_time_zone(zone or "UTC")
    frame = pl.DataFrame({"id": ["1"], "at": at if zone else at.dt.replace_time_zone(None), "who": ["a"]})
    frame.write_parquet(tmp_path / "a.parquet")
    taken = take(tmp_path, source("a.parquet", {}))
    assert taken.column("occurred_at") == [1_735_689_600_123_456 if unit != "ms" else 1_735_689_600_123_000]


def test_a_mapped_kind_is_text_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at,who,k\n1,2025-01-01,a,tap\n2,2025-01-01,a,song\n")
    taken = take(tmp_path, source("a.csv", {"kind": "k"}, kind=None))
    assert taken.column("kind") == ["tap", "song"]


def test_a_time_without_zone_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at,who\n1,2025-01-01T00:00:00Z,a\n")
    (tmp_path / "b.csv").write_text("id,at,who\n\n1,2025-01-01T00:00:00Z,a\n2,2025-01-01,a\n3,2025-01-02,a\n")
    with pytest.raises(NoZone, match="set `timezone`") as caught:
        take(tmp_path, source("*.csv", timezone=None))
    assert str(caught.value.where) == "b.csv:4"


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "unreadable"),
    [
        ("12.50", "EUR", 1250, False),
        ("-12.5", "EUR", -1250, False),
        ("12", "JPY", 12, False),
        ("12.5", "JPY", None, True),
        ("1.005", "KWD", 1005, False),
        ("1.005", "EUR", None, True),
        ("0.0001", "CLF", 1, False),
        ("", "EUR", None, False),
        ("x", "EUR", None, True),
        ("1", "", None, False),
        ("1", "XXX", None, False),
        ("1", "eur", None, False),
        ("x", "XXX", None, True),
        ("999999999999999999", "EUR", None, True),
        ("99999999999999999", "EUR", 9999999999999999900, True),
        ("92233720368547758.07", "EUR", None, True),
    ],
)
def test_major_units_become_minor_ones_exactly(
    tmp_path: Path, amount: str, currency: str, minor: int | None, unreadable: bool
) -> None:
    (tmp_path / "a.csv").write_text(f"id,at,who,sum,cur\n1,2025-01-01,a,{amount},{currency}\n")
    frame = take(tmp_path, source("a.csv", {"amount": "sum", "currency": "cur"})).frame
    fits = minor is not None and abs(minor) < 2**63
    assert frame["amount_minor"].to_list() == [minor if fits else None]
    assert ("!amount_minor" in frame.columns) is (unreadable and not fits)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,4})?", fullmatch=True),
            st.sampled_from(["EUR", "JPY", "KWD", "UYW"]),
        ),
        min_size=1,
    )
)
def test_amounts_are_those_of_exact_arithmetic(rows: list[tuple[str, str]]) -> None:
    raw = pl.DataFrame(
        {
            "file": [0] * len(rows),
            "position": list(range(len(rows))),
            "amount": [amount for amount, _ in rows],
            "currency": [code for _, code in rows],
        }
    )
    found = canonical(raw, source=source("a.csv", {"amount": "a", "currency": "c"}))["amount_minor"].to_list()
    expected = []
    for amount, code in rows:
        number = exact(amount, NUMBER_SHAPE)
        minor = None if number is None else number.scaleb(DIGITS[code])
        whole = minor is not None and minor == minor.to_integral_value() and abs(minor) < 2**63
        expected.append(int(minor) if minor is not None and whole else None)
    assert found == expected


def test_no_rows_make_an_empty_frame(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at,who,q\n")
    frame = take(tmp_path, source("a.csv", {"quantity": "q"})).frame
    assert frame.shape == (0, 7)


def test_currencies_are_known_by_their_code() -> None:
    assert is_known("EUR")
    assert not is_known("eur")
    assert not is_known("XXX")
    assert (DIGITS["EUR"], DIGITS["JPY"], DIGITS["KWD"], DIGITS["CLF"], DIGITS["UYW"]) == (2, 0, 3, 4, 4)
    assert all(len(code) == 3 and code.isupper() for code in DIGITS)
