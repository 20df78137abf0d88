"""A simulated workspace on disk: whole, readable by its own settings, and never over somebody's files."""

from __future__ import annotations

import json
import time
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from coincide.cli import simulate as command
from coincide.settings import load
from coincide.simulate.errors import FilesTooLarge, FolderIsFile, FolderNotEmpty
from coincide.simulate.item import catalog_rows
from coincide.simulate.shop import SMALLEST, Shop
from coincide.simulate.workspace import Format, write_shop

READ = {
    "parquet": pl.read_parquet,
    "csv": lambda path: pl.read_csv(path, schema_overrides={"sku": pl.String, "card_no": pl.String}),
    "ndjson": pl.read_ndjson,
}


@pytest.mark.parametrize("format", ["parquet", "csv", "ndjson"])
def test_every_format_holds_the_same_rows_in_as_many_files_as_asked(tmp_path: Path, format: Format) -> None:
    made = Shop(3_001, 5)
    paths = write_shop(tmp_path, made, format=format, files=4)
    assert sorted(paths) == paths == sorted((tmp_path / "purchases").iterdir())
    assert [len(READ[format](path)) for path in paths] == [750, 750, 750, 751]
    read = pl.concat(READ[format](path) for path in paths)
    times = pl.col("when") if format == "parquet" else pl.col("when").str.to_datetime(time_zone="UTC", time_unit="us")
    log = pl.concat(made.chunks())
    columns = ["id", "when", "customer", "card_no", "sku", "category", "seller"]
    assert read.with_columns(when=times).select(columns).equals(log.select(columns))
    assert read["qty"].to_list() == log["qty"].to_list()


def test_the_workspace_is_whole(tmp_path: Path) -> None:
    made = Shop(SMALLEST, 5)
    write_shop(tmp_path, made)
    settings = load(tmp_path)
    source = settings.sources["purchases"]
    assert source.links == {"card": "card_no"}
    columns = [source.columns[field] for field in ("event_id", "occurred_at", "account", "item", "quantity")]
    assert columns == ["id", "when", "customer", "sku", "qty"]
    assert pl.read_csv(tmp_path / "catalog.csv").rows() == catalog_rows()
    assert pl.read_csv(tmp_path / "labels.csv").equals(made.labels())
    assert "simulated" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert (tmp_path / "rules" / "purchase-combination.yaml").is_file()


def test_the_command_writes_a_workspace_and_says_that_it_is_simulated(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    result = CliRunner().invoke(command.simulate, ["shop", str(folder), "--size", "2000"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Simulated 2,000 purchase lines")
    assert "labels.csv" in result.stdout


def test_the_summary_is_one_json_document(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    arguments = ["shop", str(folder), "--size", "100000", "--format", "ndjson", "--files", "2", "--json"]
    result = CliRunner().invoke(command.simulate, arguments)
    summary = json.loads(result.stdout)
    assert summary["simulated"] is True
    assert (summary["rows"], summary["seed"], summary["format"]) == (100_000, 7, "ndjson")
    assert summary["files"] == ["purchases/purchases-0001.ndjson", "purchases/purchases-0002.ndjson"]
    assert summary["planted"] == {"inside": 5, "outside": 5, "linked": 4}
    assert summary["expected_alerts"] == 8


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FolderNotEmpty, match="is not empty"):
        write_shop(tmp_path, Shop(SMALLEST, 1))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_path_that_is_a_file_or_below_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for path in (file, file / "shop"):
        with pytest.raises(FolderIsFile, match="is not a folder"):
            write_shop(path, Shop(SMALLEST, 1))


def test_too_few_files_for_the_rows_are_refused_with_the_least_number(tmp_path: Path) -> None:
    with pytest.raises(FilesTooLarge, match="--files 3 or more"):
        write_shop(tmp_path / "shop", Shop(10_000_001, 1), files=2)
    assert not (tmp_path / "shop").exists()


def test_more_files_than_rows_is_one_row_a_file(tmp_path: Path) -> None:
    assert len(write_shop(tmp_path, Shop(SMALLEST, 1), format="csv", files=SMALLEST + 5)) == SMALLEST


def test_the_command_and_the_shop_agree_on_the_smallest_size() -> None:
    assert command.SMALLEST == SMALLEST


def test_a_workspace_of_a_quarter_million_rows_takes_seconds_not_minutes(tmp_path: Path) -> None:
    started = time.monotonic()
    write_shop(tmp_path, Shop(250_000, 1))
    # Smoke, not a bar: a loop over rows would take far longer. The measured rate is in docs/benchmarks.md.
    assert time.monotonic() - started < 10
