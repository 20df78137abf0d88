"""Where a workspace's ledger is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of the ledger's files and the file of its key; ``origin``: its name, if one was given."""

    folder: Path
    key_file: Path
    origin: str | None = None
