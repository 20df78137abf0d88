"""``coincide init``: a workspace that loads, with the columns that are there, and nothing overwritten."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coincide.cli.errors import UnreadableFile
from coincide.cli.main import run
from coincide.cli.preview import preview
from coincide.settings import Source, load

CSV = "id,when,customer,sku,qty,card_no\n1,2025-03-01 10:00,c1,s1,2,k1\n"


def source(folder: Path, name: str = "purchases") -> Source:
    return load(folder, environment={}).sources[name]


def test_an_empty_folder_gets_a_workspace_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path)]) == 0
    assert load(tmp_path, environment={}).sources == {}
    assert (tmp_path / "rules" / "purchase-combination.yaml").exists()
    assert ".coincide/" in (tmp_path / ".gitignore").read_text()
    assert str(tmp_path / "coincide.toml") in capsys.readouterr().out


def test_the_rule_it_writes_passes_its_own_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["init", str(tmp_path)])
    assert run(["rules", "check", "-w", str(tmp_path)]) == 0, capsys.readouterr().out


def test_the_first_line_of_the_rule_points_at_a_schema_that_is_there(tmp_path: Path) -> None:
    run(["init", str(tmp_path)])
    first = (tmp_path / "rules" / "purchase-combination.yaml").read_text().splitlines()[0]
    assert json.loads((tmp_path / "rules" / first.rpartition("=")[2]).read_text())["$schema"]


def test_columns_of_a_csv_are_mapped_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "purchases").mkdir()
    (tmp_path / "purchases" / "a.csv").write_text(CSV)
    run(["init", str(tmp_path)])
    found = source(tmp_path)
    assert (found.files, found.kind, found.timezone) == ("purchases/*.csv", "purchase", "UTC")
    assert found.columns == {
        "event_id": "id",
        "occurred_at": "when",
        "account": "customer",
        "item": "sku",
        "quantity": "qty",
    }
    assert found.links == {"card": "card_no"}


def test_files_with_other_columns_become_another_source(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text(CSV)
    (tmp_path / "new.csv").write_text("order_line_id;ts;user;ean\n1;1700000000;u;e\n")
    run(["init", str(tmp_path)])
    assert source(tmp_path, "old").delimiter == ","
    assert (source(tmp_path, "new").delimiter, source(tmp_path, "new").time_unit) == (";", "s")


def test_what_is_not_found_stays_as_a_comment_with_the_columns_there_are(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("when,customer,strange\n2025-01-01T00:00:00Z,c,x\n")
    run(["init", str(tmp_path)])
    text = (tmp_path / "coincide.toml").read_text()
    assert "# event_id = ...   # not found; your columns: when, customer, strange" in text
    assert "# Columns that nothing reads: strange" in text
    assert "timezone" not in text.partition("[sources.log.columns]")[0]


def test_columns_of_ndjson_are_those_of_its_first_lines(tmp_path: Path) -> None:
    (tmp_path / "log.ndjson").write_text('{"id": 1, "user": "a"}\n\n{"id": 2, "ts": 1700000000000, "sku": "s"}\n')
    run(["init", str(tmp_path)])
    found = source(tmp_path, "log")
    assert (found.columns["occurred_at"], found.time_unit) == ("ts", "ms")


def test_columns_of_parquet_are_those_of_its_schema(tmp_path: Path) -> None:
    table = pa.table({"id": ["1"], "occurred_at": [datetime(2025, 1, 1, tzinfo=UTC)], "customer": ["c"]})
    pq.write_table(table, tmp_path / "log.parquet")
    run(["init", str(tmp_path)])
    assert source(tmp_path, "log").timezone is None


def test_a_packed_csv_is_read_as_well(tmp_path: Path) -> None:
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    run(["init", str(tmp_path)])
    assert source(tmp_path, "log").columns["item"] == "sku"


def test_a_name_of_a_column_cannot_break_out_of_its_line(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text('id,when,"customer","a""b\\","c\td"\n1,2025-01-01,c,x,y\n')
    (tmp_path / "other.ndjson").write_text(json.dumps({"id": 1, "when": "x", "user": "u", 'q"\n]packs=["a': 1}))
    run(["init", str(tmp_path)])
    assert load(tmp_path, environment={}).packs == []


def test_a_file_that_is_no_log_is_passed_over_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "products.csv").write_text("sku,title\ns,t\n")
    (tmp_path / "photo.csv").write_bytes(b"\xff\xd8\xff\x00")
    assert run(["init", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "products.csv: no columns of a time and an account" in said
    assert "photo.csv" in said
    assert load(tmp_path, environment={}).sources == {}


def test_a_named_file_is_mapped_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.csv").write_text(CSV)
    run(["init", str(tmp_path / "w"), "--from", str(tmp_path / "logs" / "a.csv")])
    assert source(tmp_path / "w", "logs").files == "../logs/*.csv"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"\x00\x01"),
        ("a.csv", b"id\xff\n"),
        ("a.csv.gz", b"no gzip"),
        ("a.parquet", b"PAR1 and no more"),
        ("a.ndjson", b"[1, 2]\n"),
        ("a.xlsx", b"PK"),
    ],
)
def test_a_named_file_without_columns_is_refused(  # COI-U005
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    assert run(["init", str(tmp_path / "w"), "--from", str(tmp_path / name)]) == 2
    assert "COI-U005" in capsys.readouterr().err
    assert not (tmp_path / "w").exists()


def test_a_named_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no such file"):
        preview(tmp_path / "a.csv")


def test_a_workspace_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # COI-U004
    (tmp_path / "coincide.toml").write_text("threads = 3\n")
    assert run(["init", str(tmp_path)]) == 2
    assert "COI-U004" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["coincide.toml"]


def test_other_files_that_are_there_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "catalog.csv").write_text("mine")
    assert run(["init", str(tmp_path)]) == 0
    assert (tmp_path / "catalog.csv").read_text() == "mine"
    assert "Kept" in capsys.readouterr().err


def test_a_dry_run_prints_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text(CSV)
    assert run(["init", str(tmp_path), "--dry-run"]) == 0
    assert "[sources.log]" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_the_document_says_what_was_written_and_mapped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text(CSV)
    run(["init", str(tmp_path), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert "coincide.toml" in document["written"]
    assert document["sources"][0]["columns"]["item"] == "sku"
    assert document["sources"][0]["missing"] == ["category"]


def test_without_a_name_the_folder_is_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text(CSV)
    assert run(["init"]) == 0
    assert source(tmp_path, "log").files == "log.csv"


def test_a_folder_that_may_not_be_written_leaves_no_workspace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules").write_text("a file where a folder should be")
    assert run(["init", str(tmp_path)]) == 4
    assert "COI-D902" in capsys.readouterr().err
    assert not (tmp_path / "coincide.toml").exists()


def test_hidden_folders_and_those_of_the_workspace_are_not_searched(tmp_path: Path) -> None:
    for folder in (".hidden", "lists", "rules"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").write_text(CSV)
    run(["init", str(tmp_path)])
    assert load(tmp_path, environment={}).sources == {}
