"""A workspace with an empty database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alertbook import Book
from coincide.store.database import open_database


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    (tmp_path / "coincide.toml").write_text("")
    database = open_database(tmp_path / ".coincide")
    yield Book(tmp_path, database)
    database.close()
