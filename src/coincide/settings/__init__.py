"""Settings of a workspace, ``coincide.toml`` and ``COINCIDE_*``: flag > variable > file > default."""

from coincide.settings.model import (
    DEFAULT_LINK_KINDS,
    NAME,
    Assortment,
    Attribute,
    Catalog,
    Columns,
    Doctor,
    Entities,
    Ledger,
    LinkFile,
    LinkKind,
    Name,
    Postgres,
    Retention,
    Settings,
    Source,
)
from coincide.settings.workspace import STATE_FOLDER, WORKSPACE_FILE, folder_of, load

__all__ = [
    "DEFAULT_LINK_KINDS",
    "NAME",
    "STATE_FOLDER",
    "WORKSPACE_FILE",
    "Assortment",
    "Attribute",
    "Catalog",
    "Columns",
    "Doctor",
    "Entities",
    "Ledger",
    "LinkFile",
    "LinkKind",
    "Name",
    "Postgres",
    "Retention",
    "Settings",
    "Source",
    "folder_of",
    "load",
]
