"""Parquet as DuckDB reads it, and as Arrow does where DuckDB refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coincide.events import parquet
from coincide.events.errors import BrokenParquet, NoZone, RepeatedColumn, UnfitColumn, UnknownColumn
from coincide.events.file import stamp
from coincide.events.lines import digest
from coincide.events.source import SourceReader
from sources import source, take

AT = datetime(2025, 3, 1, 10, tzinfo=UTC)
US = int(AT.timestamp()) * 1_000_000


def write(path: Path, rows: int = 2, **columns: Any) -> None:
    data: dict[str, Any] = {
        "id": [str(number) for number in range(rows)],
        "at": [AT] * rows,
        "who": ["a"] * rows,
        **columns,
    }
    pq.write_table(pa.table({name: cells for name, cells in data.items() if cells is not None}), path)


def test_rows_have_the_number_of_their_file_and_their_place_in_it(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 3)
    write(tmp_path / "b.parquet", 2, extra=[1, 2])
    write(tmp_path / "c.parquet", 4)
    write(tmp_path / "d.parquet", 0)
    for repaired in (False, True):
        taken = take(tmp_path, source("*.parquet"), repaired=repaired)
        places = list(zip(taken.column("file"), taken.column("position"), strict=True))
        assert places == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (2, 3)]
        assert taken.column("event_id") == [str(position) for _, position in places]
        assert taken.column("occurred_at") == [US] * 9


def test_files_of_one_schema_are_one_batch(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / f"{name}.parquet")
    assert take(tmp_path, source("*.parquet")).batches == 1


@pytest.mark.parametrize("name", ["file_index", "File_Row_Number"])
def test_a_column_named_as_one_of_duckdbs_own_does_no_harm(tmp_path: Path, name: str) -> None:
    columns: dict[str, Any] = {name: ["x", "y"]}
    write(tmp_path / "a.parquet", **columns)
    taken = take(tmp_path, source("*.parquet", {"item": name}))
    assert taken.column("item") == ["x", "y"]
    assert taken.column("position") == [0, 1]


def test_a_file_name_with_signs_of_a_glob_is_taken_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / "a[1].parquet")
    write(tmp_path / "a1.parquet", 3)
    taken = take(tmp_path, source("*.parquet"))
    assert taken.column("file") == [0, 0, 0, 1, 1]


def test_folders_named_like_partitions_add_no_column(tmp_path: Path) -> None:
    (tmp_path / "who=zz").mkdir()
    write(tmp_path / "who=zz" / "a.parquet")
    assert take(tmp_path, source("**/*.parquet")).column("account") == ["a", "a"]


def test_text_that_is_not_utf8_costs_its_field(tmp_path: Path) -> None:
    broken = pa.array([b"ok", b"\xff\xfe"], pa.binary()).view(pa.string())
    write(tmp_path / "a.parquet", who=broken)
    taken = take(tmp_path, source("*.parquet"))
    assert taken.column("account") == ["ok", None]
    assert taken.column("!account") == [False, True]


def test_numbers_as_text_are_written_as_the_contract_says(tmp_path: Path) -> None:
    write(
        tmp_path / "a.parquet",
        id=pa.array([1, 2**62], pa.int64()),
        who=pa.array([1.0, 1e16]),
        item=pa.array([Decimal("1.50"), Decimal("2")], pa.decimal128(20, 2)),
    )
    taken = take(tmp_path, source("*.parquet", {"item": "item"}))
    assert taken.column("event_id") == ["1", str(2**62)]
    assert taken.column("account") == ["1.0", "10000000000000000"]
    assert taken.column("item") == ["1.50", "2.00"]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
@example([0.0, -0.0, 1e15, 1e16, 1.5e16, 1e22, 1e-4, 1e-5, 1.25e-7, 5e-324, 1.7976931348623157e308, -1e300])
def test_floats_in_ids_are_their_shortest_decimal_form(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("floats")
    write(folder / "a.parquet", len(numbers), id=np.array(numbers))
    expected = [format(Decimal(repr(number)), "f") for number in numbers]
    assert take(folder, source("*.parquet")).column("event_id") == expected


def test_an_infinite_or_undefined_id_is_missing(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", id=np.array([np.nan, np.inf]))
    assert take(tmp_path, source("*.parquet")).column("event_id") == [None, None]


def test_empty_text_is_a_value_but_for_identifiers(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", id=["", "1"], who=["", "x"], item=["", "y"], card=["", "z"])
    taken = take(tmp_path, source("*.parquet", {"item": "item"}, links={"card": "card"}))
    assert taken.column("item") == ["", "y"]
    assert taken.column("event_id") == [None, "1"]
    assert taken.column("account") == [None, "x"]
    assert taken.column("link.card") == [None, "z"]


def test_parts_of_an_id_are_joined_so_that_none_can_be_mistaken(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 4, id=["a|b", "a", "a\\", None], no=["c", "b|c", "|c", "d"])
    taken = take(tmp_path, source("*.parquet", {"event_id": ["id", "no"]}))
    assert taken.column("event_id") == ["a\\|b|c", "a|b\\|c", "a\\\\|\\|c", None]


def test_a_timestamp_without_zone_needs_one(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", at=[datetime(2025, 7, 1, 12)] * 2)  # noqa: DTZ001
    taken = take(tmp_path, source("*.parquet", timezone="Europe/Paris"))
    assert taken.column("occurred_at")[0] == int(datetime(2025, 7, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000
    with pytest.raises(NoZone, match="set `timezone`"):
        take(tmp_path, source("*.parquet", timezone=None))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (pa.array([b"x", b"y"]), "BLOB"),
        (pa.array([[1], [2]]), r"INTEGER\[\]|BIGINT\[\]"),
        (pa.array([0.5, 1.5], pa.float32()), "FLOAT"),
    ],
)
def test_a_type_that_is_no_text_is_told(tmp_path: Path, cells: pa.Array, said: str) -> None:
    write(tmp_path / "a.parquet", who=cells)
    with pytest.raises(UnfitColumn, match=said):
        take(tmp_path, source("*.parquet"))


def test_a_truth_value_is_no_number(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", q=[True, False])
    with pytest.raises(UnfitColumn, match="`quantity` is a number"):
        take(tmp_path, source("*.parquet", {"quantity": "q"}))


def test_a_column_of_nulls_is_missing_everywhere(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", q=pa.nulls(2), t=pa.nulls(2), i=pa.nulls(2))
    taken = take(tmp_path, source("*.parquet", {"quantity": "q", "received_at": "t", "item": "i"}))
    assert taken.column("quantity") == taken.column("received_at") == taken.column("item") == [None, None]


@pytest.mark.parametrize("cut", [0, 3, 50, -20, -1])
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, cut: int) -> None:
    write(tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content[:cut])
    with pytest.raises(BrokenParquet, match=r"a\.parquet"):
        take(tmp_path, source("*.parquet"))


def test_a_file_with_damaged_pages_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 1000)
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[4:400] = b"\xff" * 396
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(BrokenParquet, match=r"a\.parquet"):
        take(tmp_path, source("*.parquet"))


def test_a_text_file_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("id,at,who\n" * 10)
    with pytest.raises(BrokenParquet):
        SourceReader("shop", source("*.parquet"), tmp_path).columns()


def test_a_misspelt_column_is_told_with_the_file(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet")
    write(tmp_path / "b.parquet", who=None, whom=["x", "y"])
    with pytest.raises(UnknownColumn, match="did you mean `whom`") as caught:
        take(tmp_path, source("*.parquet"))
    assert str(caught.value.where) == "b.parquet"


def test_two_columns_of_one_name_are_told(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", Who=["x", "y"])
    with pytest.raises(RepeatedColumn):
        take(tmp_path, source("*.parquet"))


def test_columns_are_told_with_their_types(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        rows = connection.sql("SELECT 1 AS n, 'x' AS t, 1.5::DECIMAL(5, 2) AS d")
        rows.write_parquet(str(tmp_path / "a.parquet"))
    found = SourceReader("shop", source("*.parquet"), tmp_path).columns()
    assert found == {"n": "INTEGER", "t": "VARCHAR", "d": "DECIMAL(5,2)"}


def test_dictionaries_and_enums_are_text(tmp_path: Path) -> None:
    pl.DataFrame({"id": ["1"], "at": ["2025-01-01"], "who": pl.Series(["x"], dtype=pl.Categorical)}).write_parquet(
        tmp_path / "a.parquet"
    )
    assert take(tmp_path, source("*.parquet")).column("account") == ["x"]


def hashes(folder: Path, table: pa.Table, **how: Any) -> list[str]:
    pq.write_table(table, folder / "a.parquet", **how)
    found = parquet.digests(folder, stamp(folder, "a.parquet"), range(table.num_rows))
    return [found[position] for position in range(table.num_rows)]


def not_utf8(*values: bytes | None) -> pa.Array:
    return pa.array(values, pa.binary()).view(pa.string())


def test_rows_have_other_hashes_if_any_value_differs(tmp_path: Path) -> None:
    columns = [
        not_utf8(b"a", b"", None, b"\xff", b"\xfe"),
        pa.array([b"x", b"", None, b"1", b"2"]),
        pa.array([1, 0, None, -1, 2**62]),
        pa.array([1.5, 0.0, None, -0.0, float("nan")]),
        pa.array([Decimal("1.50"), Decimal(0), None, Decimal("-1.50"), Decimal("15.00")], pa.decimal128(20, 2)),
        pa.array([1, 0, None, -1, 2**60]).view(pa.timestamp("us", "UTC")),
        pa.array([[1, 2], [], None, [None], [12]]),
        pa.array([{"x": "y"}, {"x": ""}, None, {"x": None}, {"x": "z"}]),
        pa.array(["a", "b", None, "c", "d"]).dictionary_encode(),
    ]
    for column in columns:
        assert len(set(hashes(tmp_path, pa.table({"same": ["s"] * 5, "c": column})))) == 5
    assert len(set(hashes(tmp_path, pa.table({"c": [True, False, None]})))) == 3


def test_no_two_rows_are_mistaken_because_values_run_together(tmp_path: Path) -> None:
    table = pa.table({"a": ["x", "x1:y", "", None, "-"], "b": ["1:y", "", "x1:y", "-", None]})
    assert len(set(hashes(tmp_path, table))) == 5
    named = [hashes(tmp_path, pa.table({name: ["x"]}))[0] for name in ("a", "b", "a1:x")]
    assert len(set(named)) == 3
    # The same digits.
    prices = [pa.array([Decimal("1.50")], pa.decimal128(9, 2)), pa.array([Decimal("15.0")], pa.decimal128(9, 1))]
    assert len({hashes(tmp_path, pa.table({"a": one}))[0] for one in prices}) == 2


def test_the_form_that_is_hashed_does_not_change(tmp_path: Path) -> None:
    table = pa.table(
        {
            "who": ["é", None],
            "no": pa.array([1, 2], pa.int64()),
            "at": pa.array([AT, None], pa.timestamp("us", "UTC")),
            "price": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
            "tags": [["a", "b"], None],
            "new": [True, None],
        }
    )
    expected = [
        b"2:at21:timestamp[us, tz=UTC]8:" + US.to_bytes(8, "little"),
        b"3:new4:bool1:\x01",
        b"2:no5:int648:" + (1).to_bytes(8, "little"),
        b"5:price17:decimal128(10, 2)16:" + (150).to_bytes(16, "little"),
        b"4:tags4:text10:['a', 'b']",
        b"3:who5:bytes2:\xc3\xa9",
    ]
    missing = [
        b"2:at21:timestamp[us, tz=UTC]-",
        b"3:new4:bool-",
        b"2:no5:int648:" + (2).to_bytes(8, "little"),
        b"5:price17:decimal128(10, 2)-",
        b"4:tags4:text-",
        b"3:who5:bytes-",
    ]
    assert hashes(tmp_path, table) == [digest(b"".join(expected)), digest(b"".join(missing))]


def test_a_hash_is_of_the_row_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_PART", 4)
    table = pa.table({"id": [str(number % 7) for number in range(50)], "who": [None, *"abcdefg"[:6]] * 7 + ["x"]})
    whole = hashes(tmp_path, table, row_group_size=9)
    assert len(set(whole)) == 8
    assert whole == hashes(tmp_path, table, use_dictionary=False, compression="zstd")
    assert whole == hashes(tmp_path, table.cast(pa.schema({"id": pa.large_string(), "who": pa.large_string()})))
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=9)
    for chosen in ([0], [8, 9], [49], [3, 20, 21, 22, 40], [50, 51]):
        found = parquet.digests(tmp_path, stamp(tmp_path, "a.parquet"), chosen)
        assert found == {position: whole[position] for position in chosen if position < 50}
        for position in found:
            shown = parquet.row(tmp_path, stamp(tmp_path, "a.parquet"), position, whole[position])
            assert shown == {name: table.column(name)[position].as_py() for name in ("id", "who")}


def test_a_damaged_column_costs_the_hash_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 1000)
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[4:400] = b"\xff" * 396
    (tmp_path / "a.parquet").write_bytes(content)
    file = stamp(tmp_path, "a.parquet")
    assert parquet.digests(tmp_path, file, [1]) == {}
    with pytest.raises(BrokenParquet, match=r"a\.parquet"):
        parquet.row(tmp_path, file, 1)


def test_what_python_cannot_hold_is_shown_all_the_same(tmp_path: Path) -> None:
    far = pa.array([2**62]).view(pa.timestamp("us"))
    nested = pa.array([[b"\xff"]], pa.list_(pa.binary()))
    texts = pa.ListArray.from_arrays(nested.offsets, nested.values.view(pa.string()))
    table = pa.table({"at": far, "who": not_utf8(b"a\xff"), "tags": texts, "day": pa.array([None], pa.date32())})
    known = hashes(tmp_path, table)
    shown = parquet.row(tmp_path, stamp(tmp_path, "a.parquet"), 0, known[0])
    assert shown is not None
    assert shown["at"] is not None
    assert str(2**62) in shown["at"]
    assert (shown["who"], shown["day"]) == ("a\ufdd1", None)
    assert shown["tags"]
