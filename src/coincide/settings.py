"""Settings of a workspace: ``coincide.toml`` and ``COINCIDE_*``; flag over environment over file over default.

Unknown keys are refused: a misspelt key must not be a silent default. Paths are relative to the workspace.
A nested setting's variable joins the names by two underscores: ``COINCIDE_ENTITIES__GROUP_LIMIT=30``.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

WORKSPACE_FILE = "coincide.toml"
STATE_FOLDER = ".coincide"

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError("a name starts with a small letter and has small letters, digits, `_` and `-` only")
    return value


Name = Annotated[str, AfterValidator(_name)]
Columns = Annotated[str | list[str], Field(description="one column, or several that are joined")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Postgres(_Section):
    """A PostgreSQL table or query as a source."""

    uri: str | None = Field(None, description="libpq URI without a password; better left out and given by `uri_env`")
    uri_env: str | None = Field(None, description="name of the environment variable that holds the libpq URI")
    table: str | None = Field(None, description="table or view, `schema.name`")
    query: str | None = Field(None, description="one SELECT instead of a table")

    @model_validator(mode="after")
    def _one_of(self) -> Postgres:
        if (self.uri is None) == (self.uri_env is None):
            raise ValueError("give exactly one of `uri` and `uri_env`")
        if (self.table is None) == (self.query is None):
            raise ValueError("give exactly one of `table` and `query`")
        return self


class Source(_Section):
    """One mapped stream of rows."""

    kind: str | None = Field(None, description="kind of all rows; leave out if `columns.kind` is mapped")
    files: str | list[str] | None = Field(None, description="glob or globs, relative to the workspace")
    format: Literal["parquet", "csv", "ndjson"] | None = Field(
        None, description="default: by the end of the name (.parquet, .csv, .tsv, .ndjson, .jsonl; .gz for the text formats)"
    )
    postgres: Postgres | None = Field(None, description="a PostgreSQL table or query instead of files")
    timezone: str | None = Field(None, description="IANA zone of times that carry none; without it such times are refused")
    time_unit: Literal["s", "ms", "us", "ns"] | None = Field(None, description="unit of times given as whole numbers since 1970")
    delimiter: str = Field(",", min_length=1, max_length=1, description="CSV only; a tab for .tsv")
    multiline: bool = Field(False, description="CSV only: a quoted field may hold ends of line")
    accounts: Name | None = Field(None, description="namespace of the accounts; default: the source's own name")
    columns: dict[str, Columns] = Field(description="core field = your column")
    links: dict[Name, str] = Field(default_factory=dict, description="kind of identifier = your column")
    attributes: dict[Name, str] = Field(default_factory=dict, description="declared attribute = your column")

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if (self.files is None) == (self.postgres is None):
            raise ValueError("give exactly one of `files` and `postgres`")
        if (self.kind is None) == ("kind" not in self.columns):
            raise ValueError("give exactly one of `kind` and `columns.kind`")
        return self

    def namespace(self, name: str) -> str:
        """The namespace of the accounts of this source, which is called ``name``."""
        return self.accounts or name


class LinkFile(_Section):
    """Master data that ties accounts to identifiers."""

    files: str | list[str] = Field(description="glob or globs of CSV, NDJSON or Parquet files")
    format: Literal["parquet", "csv", "ndjson"] | None = None
    delimiter: str = Field(",", min_length=1, max_length=1)
    accounts: Name = Field(description="namespace of the accounts: a source's name or its `accounts`")
    account: str = Field(description="column of the account")
    links: dict[Name, str] = Field(description="kind of identifier = column")


class Catalog(_Section):
    """Items to components."""

    files: str | list[str] = Field(description="CSV with the columns match (sku or category), value, component")


class LinkKind(_Section):
    """How far a kind of identifier ties accounts together."""

    strength: Literal["strong", "weak"] = Field("strong", description="strong joins accounts; weak is only shown")
    cap: Annotated[int, Field(ge=2)] = Field(10, description="an identifier of more accounts than this is generic: it joins nobody")


DEFAULT_LINK_KINDS: dict[str, LinkKind] = {
    "card": LinkKind(strength="strong", cap=6),
    "device": LinkKind(strength="strong", cap=10),
    "address": LinkKind(strength="weak", cap=10),
}


class Entities(_Section):
    """Accounts to actors."""

    group_limit: Annotated[int, Field(ge=2)] = Field(20, description="a linked group of more accounts is left as single accounts")
    kinds: dict[Name, LinkKind] = Field(default_factory=dict, description="per kind of identifier")

    def kind(self, name: str) -> LinkKind:
        """What holds for identifiers of the kind ``name``: as set, else the default (strong, cap 10)."""
        return self.kinds.get(name) or DEFAULT_LINK_KINDS.get(name) or LinkKind()


class Attribute(_Section):
    """A field of the user's own, usable in rules once a person has reviewed it."""

    type: Literal["text", "number"] = "text"
    reviewed_by: str | None = Field(None, description="who found the attribute fit for use in rules")
    reviewed_on: date | None = None


class Settings(BaseSettings):
    """All settings of a workspace."""

    model_config = SettingsConfigDict(
        env_prefix="COINCIDE_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    sources: dict[Name, Source] = Field(default_factory=dict)
    links: dict[Name, LinkFile] = Field(default_factory=dict)
    catalog: Catalog | None = None
    entities: Entities = Field(default_factory=Entities)
    attributes: dict[Name, Attribute] = Field(default_factory=dict)
    rules: list[str] = Field(default_factory=lambda: ["rules/*.yaml"], description="globs of rule files")
    lists: str = Field("lists/*.csv", description="glob of managed lists; a list is named after its file")
    packs: list[str] = Field(default_factory=list, description="rule packs (refused until packs exist)")
    key_file: str = Field(".coincide/key", description="file of the pseudonym key, mode 0600")
    memory: str = Field("2GB", pattern=r"^[1-9][0-9]*(MB|GB)$", description="what DuckDB may use")
    threads: Annotated[int, Field(ge=1)] | None = Field(None, description="default: all cores")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags (given as ``init``) over the environment over the file."""
        path = settings_cls.model_config.get("toml_file")
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls)) if path else sources




def folder_of(start: Path) -> Path | None:
    """The nearest folder at or above ``start`` that holds a ``coincide.toml``; ``None`` if there is none."""
    for folder in (start, *start.parents):
        if (folder / WORKSPACE_FILE).is_file():
            return folder
    return None
