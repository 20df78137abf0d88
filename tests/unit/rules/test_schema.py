"""The schema for editors, and the reference page that is made from it."""

from __future__ import annotations

import os
from pathlib import Path

from coincide.rules.check import REQUIRED
from coincide.rules.reference import FILE, page
from coincide.rules.rule import KEYS
from coincide.rules.schema import DIALECT, schema

ROOT = Path(__file__).parents[3]


def test_the_schema_has_every_key_with_a_description_and_refuses_others() -> None:
    found = schema()
    assert found["$schema"] == DIALECT
    assert found["additionalProperties"] is False
    assert set(found["properties"]) == set(KEYS)
    for model in (found, *found["$defs"].values()):
        assert model["additionalProperties"] is False
        for part in model["properties"].values():
            assert part.get("description")
            assert {"type": "null"} not in part.get("anyOf", [])


def test_the_schema_needs_what_the_check_needs() -> None:
    assert set(schema()["required"]) == set(REQUIRED)


def test_the_schema_has_exactly_one_kind_one_window_and_one_limit() -> None:
    kinds, windows = schema()["allOf"]
    names = ["combination", "velocity", "threshold", "sequence", "ratio", "presence", "unusual-day"]
    assert [part["required"] for part in kinds["oneOf"]] == [[name] for name in names]
    assert [part["required"] for part in windows["oneOf"]] == [["within"], ["per"]]
    limits = schema()["$defs"]["Threshold"]["oneOf"]
    assert [part["required"] for part in limits] == [["more_than"], ["at_least"]]


def test_the_reference_page_is_current() -> None:
    file = ROOT / FILE
    if os.environ.get("COINCIDE_RECORD") == "1":
        file.write_text(page(), encoding="utf-8")
    assert file.read_text("utf-8") == page(), "run: .venv/bin/python docs/generate.py write"
