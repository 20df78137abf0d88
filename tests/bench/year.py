"""The shopping year as a workspace with its assortment, and as arrays; for the benches of odds."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from coincide.catalog.assortment import load
from coincide.engines.embedded.incidence import Incidence, incidence
from coincide.engines.workspace import open_workspace
from coincide.simulate.journey import PACKAGE, write_journey

ASSORTMENT = """
[assortment]
files = "products.parquet"
item = "product_id"
type = "product_type"
family = "product_category"
"""


def write(folder: Path) -> None:
    """The workspace, in a new folder."""
    write_journey(folder)
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.submodule_search_locations
    products = Path(spec.submodule_search_locations[0]) / "data" / "products.parquet"
    (folder / "products.parquet").write_bytes(products.read_bytes())
    with (folder / "coincide.toml").open("a", encoding="utf-8") as settings:
        settings.write(ASSORTMENT)


def marks(folder: Path, width: int) -> Incidence:
    """Which types were bought in which windows of ``width`` days."""
    opened = open_workspace(folder)
    return incidence(opened, load(folder, opened.settings.assortment), width, None)
