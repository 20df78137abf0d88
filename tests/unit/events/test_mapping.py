"""The user's columns become the fields of the contract, or the mapping is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coincide.events import mapping
from coincide.events.errors import (
    MissingMapping,
    NoTimeUnit,
    NoZone,
    UnclearAmount,
    UnfitColumn,
    UnknownColumn,
    UnknownField,
)
from coincide.events.event import CORE
from coincide.settings import Attribute, LinkFile, Source
from sources import source, take

TYPES = {"id": "VARCHAR", "at": "VARCHAR", "who": "VARCHAR", "x": "VARCHAR", "n": "BIGINT"}


def test_fields_stand_in_contract_order_with_links_and_attributes_behind() -> None:
    given = source("*.csv", {"item": "x"}, links={"device": "d", "card": "c"}, attributes={"z": "z", "b": "b"})
    core = ["event_id", "occurred_at", "account", "item"]
    assert list(mapping.mapped(given)) == [*core, "link.card", "link.device", "attributes.b", "attributes.z"]
    assert "kind" in mapping.fields(given)


def test_raw_columns_are_those_of_the_named_fields() -> None:
    given = source("*.csv", {"event_id": ["id", "no"], "amount": "sum", "currency": "cur"})
    assert mapping.raw_columns(given, ["event_id"]) == {"id", "no"}
    assert mapping.raw_columns(given, ["amount_minor"]) == {"sum", "cur"}
    assert mapping.raw_columns(given) == {"id", "no", "at", "who", "sum", "cur"}
    assert mapping.raw_columns(given, ["title"]) == set()


def test_identifiers_are_quoted_whatever_they_are() -> None:
    name = 'a "quoted" column; DROP TABLE t --'
    given = source("*.csv", {"item": name})
    made = mapping.projection(given, {**TYPES, name: "VARCHAR"})
    assert made["item"].sql(dialect="duckdb") == '"a ""quoted"" column; DROP TABLE t --"'


def test_a_file_of_master_data_maps_account_and_links() -> None:
    given = LinkFile(files="*.csv", accounts="shop", account="who", links={"card": "x"})
    assert list(mapping.projection(given, TYPES)) == ["account", "link.card"]
    assert mapping.fields(given) == ("account", "link.card")


def test_a_field_that_does_not_exist_is_told() -> None:
    with pytest.raises(UnknownField, match="did you mean `quantity`"):
        mapping.check(source("*.csv", {"quantitty": "x"}))


@pytest.mark.parametrize("field", mapping.REQUIRED)
def test_a_field_that_every_event_needs_is_told(field: str) -> None:
    columns = {name: "x" for name in mapping.REQUIRED if name != field}
    with pytest.raises(MissingMapping, match=f"`{field}`"):
        mapping.check(Source(kind="purchase", files="*.csv", columns=dict(columns)))


@pytest.mark.parametrize("columns", [{"amount": "x", "amount_minor": "x", "currency": "x"}, {"amount": "x"}])
def test_an_amount_is_mapped_in_one_clear_way(columns: dict[str, str]) -> None:
    with pytest.raises(UnclearAmount):
        mapping.projection(source("*.csv", columns), TYPES)


def test_a_column_that_does_not_exist_is_told() -> None:
    with pytest.raises(UnknownColumn, match="did you mean `who`"):
        mapping.projection(source("*.csv", {"account": "Who"}), TYPES)
    with pytest.raises(UnknownColumn, match="there are: `id`"):
        mapping.projection(source("*.csv", {"account": "zzz"}), TYPES)


@pytest.mark.parametrize(("header", "said"), [("id;who", r'delimiter = ";"'), ("id\twho", r'delimiter = "\t"')])
def test_a_header_in_one_piece_is_taken_for_another_delimiter(header: str, said: str) -> None:
    with pytest.raises(UnknownColumn) as caught:
        raise UnknownColumn("who", known=[header], file="a.csv")
    assert caught.value.hint is not None
    assert said in caught.value.hint


def test_whole_numbers_as_times_need_a_unit() -> None:
    with pytest.raises(NoTimeUnit, match="`occurred_at` is mapped from `n`"):
        mapping.projection(source("*.csv", {"occurred_at": "n"}), TYPES)
    mapping.projection(source("*.csv", {"occurred_at": "n"}, time_unit="s"), TYPES)


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP", "TIMESTAMP_NS"])
def test_times_without_zone_need_one(kind: str) -> None:
    with pytest.raises(NoZone):
        mapping.projection(source("*.csv", timezone=None), {**TYPES, "at": kind})
    mapping.projection(source("*.csv", timezone=None), {**TYPES, "at": "TIMESTAMP WITH TIME ZONE"})


@pytest.mark.parametrize(("field", "kind"), [("occurred_at", "DOUBLE"), ("occurred_at", "BOOLEAN"), ("lat", "DATE")])
def test_a_type_that_does_not_fit_is_told(field: str, kind: str) -> None:
    with pytest.raises(UnfitColumn, match=kind):
        mapping.projection(source("*.csv", {field: "x"}), {**TYPES, "x": kind})


def test_only_text_is_made_of_several_columns() -> None:
    with pytest.raises(UnfitColumn, match="several columns"):
        mapping.projection(source("*.csv", {"quantity": ["n", "x"]}), TYPES)


def test_an_attribute_is_of_the_type_that_is_declared(tmp_path: Path) -> None:
    table: dict[str, Any] = {"id": ["1"], "at": ["2025-01-01"], "who": ["a"], "x": [1.5], "y": ["2.5"]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    given = source("*.parquet", attributes={"x": "x", "y": "y"})
    as_text = take(tmp_path, given)
    assert as_text.column("attributes.x") == ["1.5"]
    number = Attribute(type="number", reviewed_by="a", reviewed_on=date(2025, 1, 1))
    as_number = take(tmp_path, given, {"x": number, "y": number})
    assert [float(as_number.column(f"attributes.{name}")[0]) for name in "xy"] == [1.5, 2.5]


def test_every_field_of_the_contract_can_be_mapped(tmp_path: Path) -> None:
    header = ",".join(CORE)
    (tmp_path / "a.csv").write_text(f"{header}\n" + ",".join(["2025"] * len(CORE)) + "\n")
    columns = {name: name for name in CORE}
    taken = take(tmp_path, Source(files="a.csv", timezone="UTC", columns=dict(columns)))
    assert set(CORE) <= set(taken.frame.columns)
