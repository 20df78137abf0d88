"""The statement of each kind of rule, letter by letter: ``tests/golden/select``, a rule and its SQL.

``COINCIDE_RECORD=1 pytest tests/unit/detect/test_select.py`` writes the ``.sql`` files again; read the difference
before committing it.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import duckdb
import pytest

from coincide.detect.select import SKUS, Wanted, explain_sql
from coincide.events.event import CORE
from coincide.rules.load import Context, load
from coincide.settings import Attribute

FOLDER = Path(__file__).parents[2] / "golden" / "select"
CASES = sorted(FOLDER.glob("*.yaml"))
SKU_LISTS = {
    "pressure-vessel": ("V-1", "V-2"),
    "timer": ("T-1", "it's a timer"),
    "energetic": tuple(f"E-{number:02d}" for number in range(41)),
}
PREFIXES = {"timer": ("0511", "051203"), "steel-balls": ("09", "10")}
CONTEXT = Context(
    components=frozenset({*SKU_LISTS, *PREFIXES, "nothing-yet", "neither"}),
    link_kinds=frozenset({"card"}),
    lists=frozenset({"licences"}),
    attributes={
        "basket_size": Attribute(type="number", reviewed_by="data protection officer", reviewed_on=date(2025, 1, 15)),
        "channel": Attribute(type="text", reviewed_by="data protection officer", reviewed_on=date(2025, 1, 15)),
    },
)


def statement(path: Path) -> str:
    (loaded,) = load([path], context=CONTEXT)
    if loaded.plan.tagged is None:
        return explain_sql(loaded.plan) + "\n"
    skus = [sku for name in loaded.plan.tagged for sku in SKU_LISTS.get(name, ())]
    prefixes = [prefix for name in loaded.plan.tagged for prefix in PREFIXES.get(name, ())]
    return explain_sql(loaded.plan, Wanted(tuple(skus), tuple(prefixes))) + "\n"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_statement_of_a_rule_is_exactly_what_was_recorded(path: Path) -> None:
    expected = path.with_suffix(".sql")
    if os.environ.get("COINCIDE_RECORD") == "1":
        expected.write_text(statement(path), encoding="utf-8")
    assert statement(path) == expected.read_text("utf-8")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_database_takes_the_statement(path: Path) -> None:
    types = {"text": "VARCHAR", "time": "TIMESTAMPTZ", "whole": "BIGINT", "number": "DECIMAL(38, 9)"}
    fields = {name: types.get(field.type, "DOUBLE") for name, field in CORE.items()}
    fields |= {"link.card": "VARCHAR", "attributes.basket_size": "VARCHAR", "attributes.channel": "VARCHAR"}
    columns = ", ".join(f'"{name}" {kind}' for name, kind in fields.items())
    with duckdb.connect() as base:
        base.execute(f"CREATE TABLE events ({columns})")
        base.execute(f"CREATE TABLE {SKUS} (value VARCHAR)")
        assert base.execute(statement(path)).fetchall() == []


def test_every_kind_of_rule_has_a_statement() -> None:
    kinds = {type(loaded.plan.condition).__name__ for path in CASES for loaded in load([path], context=CONTEXT)}
    assert kinds == {"Combination", "Velocity", "Threshold", "Sequence", "Presence", "UnusualDay"}
