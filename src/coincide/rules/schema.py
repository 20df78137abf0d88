"""The JSON Schema of a rule (draft 2020-12), for editors: completion, hover texts, and squiggles while typing.

An editor finds it by the first line of a rule file, ``# yaml-language-server: $schema=...``. What it cannot say
(components that exist, expressions, two rules of one id) is for ``check``.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from coincide.rules.rule import Rule

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Editors(GenerateJsonSchema):
    """Without ``null`` and its default, and without titles: an author leaves a key out instead."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") in (None, ()):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def schema() -> dict[str, Any]:
    """The schema as JSON values."""
    return {"$schema": DIALECT, **Rule.model_json_schema(schema_generator=_Editors)}
