"""The JSON Schema of a record (draft 2020-12), made from the model; what is published is the file beside it.

A version that was published never changes: a record of another form gets another version.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from coincide.reports.report import VERSION, Report

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = Path(__file__).with_name(f"report-{VERSION}.json")


class _Plain(GenerateJsonSchema):
    """Without titles of fields, which only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def made() -> dict[str, Any]:
    """The schema as the model says it."""
    return {"$schema": DIALECT, **Report.model_json_schema(mode="serialization", schema_generator=_Plain)}


def published() -> str:
    """The schema as it is published, JSON text."""
    return FILE.read_text(encoding="utf-8")


def text() -> str:
    """The schema of the model as the published file has it."""
    return json.dumps(made(), ensure_ascii=False, indent=2) + "\n"
