"""The user's own values become ours, and published formats need no mapping at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coincide.events import mapping
from coincide.events.errors import MissingMapping, Nowhere, UnfitFirst, UnfitValues
from coincide.events.event import CLOSED, CORE
from coincide.events.preset import fitted
from coincide.settings import Settings, Source
from coincide.settings.preset import PRESETS
from sources import source, take


def taken(folder: Path, rows: str, columns: dict[str, Any], *, repaired: bool = False, **more: Any) -> Any:
    (folder / "a.csv").write_text(rows, encoding="utf-8")
    return take(folder, source("a.csv", columns, **{"kind": "tap", **more}), repaired=repaired)


HEAD = "id,at,who,what,sort\n"


@pytest.mark.parametrize("repaired", [False, True])
def test_values_of_a_closed_field_are_ours_listed_or_unreadable(tmp_path: Path, repaired: bool) -> None:
    words = ["Entry", "enter", "EXIT", "out", "load", ""]
    rows = HEAD + "".join(f"{number},2025-03-01,k,{word},\n" for number, word in enumerate(words))
    given = {"action": {"Entry": "enter", "out": "exit", "load": ""}}
    found = taken(tmp_path, rows, {"action": "what"}, values=given, repaired=repaired)
    assert found.column("action") == ["enter", "enter", None, "exit", None, None]
    assert found.column("!action") == [False, False, True, False, False, False]


def test_values_of_an_open_field_that_are_not_listed_stay(tmp_path: Path) -> None:
    rows = HEAD + "1,2025-03-01,k,,A\n2,2025-03-01,k,,B\n3,2025-03-01,k,,\n4,2025-03-01,k,,it's\n"
    found = taken(tmp_path, rows, {"product": "sort"}, values={"product": {"A": "adult", "it's": "C"}})
    assert found.column("product") == ["adult", "B", None, "C"]
    assert "!product" not in found.frame.columns


def test_a_listed_value_goes_over_ours(tmp_path: Path) -> None:
    rows = HEAD + "1,2025-03-01,k,enter,\n2,2025-03-01,k,exit,\n"
    found = taken(tmp_path, rows, {"action": "what"}, values={"action": {"enter": "exit", "exit": "enter"}})
    assert found.column("action") == ["exit", "enter"]


def test_without_values_an_action_is_as_it_stands(tmp_path: Path) -> None:
    assert taken(tmp_path, HEAD + "1,2025-03-01,k,Entry,\n", {"action": "what"}).column("action") == ["Entry"]


def test_values_are_of_what_several_columns_say_together(tmp_path: Path) -> None:
    rows = HEAD + "1,2025-03-01,k,in,bus\n2,2025-03-01,k,in,\n"
    found = taken(tmp_path, rows, {"action": ["what", "sort"]}, values={"action": {"in|bus": "enter"}})
    assert found.column("action") == ["enter", None]


def test_kinds_may_come_from_values(tmp_path: Path) -> None:
    rows = HEAD + "1,2025-03-01,k,T,\n2,2025-03-01,k,I,\n3,2025-03-01,k,x,\n"
    found = taken(tmp_path, rows, {"kind": "what"}, kind=None, values={"kind": {"T": "tap", "I": "incident", "x": ""}})
    assert found.column("kind") == ["tap", "incident", None]


def test_the_first_column_that_has_a_value_gives_it(tmp_path: Path) -> None:
    rows = HEAD + "1,2025-03-01,k,a,b\n2,2025-03-01,k,,b\n3,2025-03-01,k,,\n4,2025-03-01,k,NA,b\n5,2025-03-01,k,a,\n"
    found = taken(tmp_path, rows, {"product": ["what", "sort"]}, first_of=["product"], missing=["NA"])
    assert found.column("product") == ["a", "b", None, "b", "a"]


def test_texts_that_say_nothing_are_missing_in_texts_numbers_and_accounts(tmp_path: Path) -> None:
    rows = "id,at,who,n\n1,2025-03-01,NA,NA\n2,2025-03-01,k,NaN\n3,2025-03-01,NaN,2\n4,2025-03-01,,x\n"
    found = taken(tmp_path, rows, {"riders": "n"}, missing=["NA", "NaN"])
    assert found.column("account") == [None, "k", None, None]
    assert found.column("riders") == [None, None, 2, None]
    assert found.column("!riders") == [False, False, False, True]


def test_an_account_that_stands_for_nobody_is_none(tmp_path: Path) -> None:
    rows = "id,at,who\n1,2025-03-01,0000\n2,2025-03-01,000\n3,2025-03-01,k\n"
    assert taken(tmp_path, rows, {}, anonymous=["0000", "k"]).column("account") == [None, "000", None]


def test_rows_to_pass_over_are_those_of_anonymous_accounts(tmp_path: Path) -> None:
    assert mapping.passed_over(source("a.csv"), {"who": "VARCHAR"}) is None
    nobody = mapping.passed_over(source("a.csv", anonymous=["0000"]), {"who": "BIGINT"})
    assert nobody is not None
    assert "'0000'" in nobody.sql(dialect="duckdb")


@pytest.mark.parametrize(
    "values",
    [
        {"account": {"a": "b"}},
        {"event_id": {"a": "b"}},
        {"riders": {"1": "2"}},
        {"occurred_at": {"1": "2"}},
        {"product": {"a": "b"}},
        {"link.card": {"a": "b"}},
        {"action": {"in": "entry"}},
        {"actoin": {"in": "enter"}},
    ],
)
def test_values_that_cannot_be_meant_are_refused(values: dict[str, dict[str, str]]) -> None:
    given = source("a.csv", {"action": "x", "riders": "n"}, kind="tap", values=values, links={"card": "c"})
    with pytest.raises(UnfitValues):
        mapping.check(given)


@pytest.mark.parametrize("field", ["account", "product", "riders", "nothing"])
def test_the_first_of_one_column_or_of_no_text_is_refused(field: str) -> None:
    columns = {"account": ["a", "b"], "product": "x", "riders": ["n", "m"]}
    with pytest.raises(UnfitFirst, match=field):
        mapping.check(source("a.csv", columns, first_of=[field]))


# --- kinds that need no account -----------------------------------------------------------------------------


def bare(**given: Any) -> Source:
    columns = {"event_id": "id", "occurred_at": "at", **given.pop("columns", {})}
    return Source.model_validate({"files": "a.csv", "columns": columns, **given})


def test_incidents_need_a_place_or_a_line_in_the_place_of_an_account() -> None:
    mapping.check(bare(kind="incident", columns={"place": "p"}))
    mapping.check(bare(kind="incident", columns={"line": "l"}))
    with pytest.raises(Nowhere):
        mapping.check(bare(kind="incident"))


def test_taps_may_come_without_a_token_and_purchases_not() -> None:
    mapping.check(bare(kind="tap"))
    mapping.check(bare(columns={"kind": "k"}, values={"kind": {"T": "tap", "x": ""}}))
    with pytest.raises(MissingMapping, match="account"):
        mapping.check(bare(kind="purchase"))
    with pytest.raises(MissingMapping, match="account"):
        mapping.check(bare(columns={"kind": "k"}))
    with pytest.raises(MissingMapping, match="account"):
        mapping.check(bare(columns={"kind": "k"}, values={"kind": {"T": "tap", "P": "purchase"}}))


# --- presets ------------------------------------------------------------------------------------------------

TIDES = (
    "transaction_id,service_date,event_timestamp,amount,fare_action,vehicle_id,device_id,stop_id,num_riders,"
    "rider_category,fare_product,token_id\n"
)


def tides(folder: Path, header: str = TIDES, rows: str = "", **given: Any) -> Source:
    (folder / "a.csv").write_text(header + rows, encoding="utf-8")
    section = {"preset": "tides-fare-transactions", "files": "a.csv", "timezone": "UTC", **given}
    settings = Settings.model_validate({"sources": {"taps": section}})
    return fitted(settings, folder).sources["taps"]


def test_tides_is_read_as_it_is(tmp_path: Path) -> None:
    rows = (
        "1,2025-03-01,2025-03-01T08:00:00,0,Enter,v,d,a,1,Adult,,k\n"
        "2,2025-03-01,2025-03-01T08:01:00,0,Transfer entrance,NA,d,a,NA,Adult,Pass,k\n"
        "3,2025-03-01,2025-03-01T08:02:00,0,Transfer exit,v,d,NaN,2,,NA,NA\n"
        "4,2025-03-01,2025-03-01T08:03:00,5,Add,v,d,a,1,Adult,Pass,k\n"
        "5,2025-03-01,2025-03-01T08:04:00,5,Exit,v,d,a,1,Adult,Pass,k\n"
    )
    found = take(tmp_path, tides(tmp_path, rows=rows))
    assert found.column("kind") == ["tap", "tap", "tap", None, "tap"]
    assert found.column("action") == ["enter", "transfer", "exit", None, "exit"]
    assert found.column("product") == ["Adult", "Pass", None, "Pass", "Pass"]
    assert found.column("account") == ["k", "k", None, "k", "k"]
    assert found.column("riders") == [1, None, 2, 1, 1]
    assert found.column("vehicle") == ["v", None, "v", "v", "v"]
    assert found.column("place") == ["a", "a", None, "a", "a"]


def test_every_value_of_tides_is_mapped_to_one_of_ours() -> None:
    given = PRESETS["tides-fare-transactions"]
    for field, values in given["values"].items():
        assert set(values.values()) <= {*CLOSED[field], ""}
    assert given["columns"].keys() <= CORE.keys()
    # fare_transactions.schema.json, `enum` of fare_action.
    assert given["values"]["kind"].keys() == {
        *("Unknown action type", "Purchase", "Enter", "Exit", "Transfer entrance", "Transfer exit"),
        *("Add", "Activate", "Adjust", "Other"),
    }


def test_optional_columns_that_a_file_lacks_are_not_mapped_and_required_ones_stay(tmp_path: Path) -> None:
    given = tides(tmp_path, "transaction_id,event_timestamp,fare_action,rider_category\n")
    assert given.columns == {
        "event_id": "transaction_id",
        "occurred_at": "event_timestamp",
        "kind": "fare_action",
        "action": "fare_action",
        "product": ["rider_category"],
    }
    mapping.check(given)
    less = tides(tmp_path, "transaction_id,fare_action\n")
    assert less.columns["occurred_at"] == "event_timestamp"
    assert "product" not in less.columns
    assert less.first_of == []


def test_what_the_section_says_goes_over_the_preset(tmp_path: Path) -> None:
    given = tides(
        tmp_path,
        columns={"line": "route", "product": "fare_product"},
        values={"action": {"Enter": "single"}},
        first_of=[],
        missing=["-"],
    )
    assert given.columns["line"] == "route"
    assert given.columns["product"] == "fare_product"
    assert given.columns["account"] == "token_id"
    assert given.values["action"] == {"Enter": "single"}
    assert given.values["kind"]["Exit"] == "tap"
    assert given.missing == ["-"]
    constant = tides(tmp_path, kind="tap")
    assert constant.kind == "tap"
    assert "kind" not in constant.columns
    assert "kind" not in constant.values


def test_a_preset_whose_files_cannot_be_looked_at_keeps_all_its_columns(tmp_path: Path) -> None:
    section = {"preset": "tides-fare-transactions", "files": "none/*.csv"}
    settings = Settings.model_validate({"sources": {"taps": section}})
    assert fitted(settings, tmp_path) == settings


def test_settings_without_a_preset_are_not_touched(tmp_path: Path) -> None:
    settings = Settings.model_validate({"sources": {"shop": source("a.csv").model_dump(exclude_none=True)}})
    assert fitted(settings, tmp_path) is settings
