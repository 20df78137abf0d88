"""Whom an act is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Subject:
    """The ledger gets a commitment to ``datum``; ``seal`` is the row that keeps the datum, for those with the key.

    ``name``: what the entry calls it, such as ``account``. ``pseudonym``: by which its entries are found again.
    """

    name: str
    datum: str
    pseudonym: str
    seal: Mapping[str, Any]
