"""Changes of the schema, one file each in ``versions``; Alembic is imported only when there is one to
make."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings for this folder, using ``connection`` and its transaction."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def upgrade(connection: Connection) -> None:
    """Brings the schema to the newest revision inside the transaction of ``connection``."""
    command.upgrade(config(connection), "head")
