"""``coincide quarantine``: what could not be used is listed, shown from its file, and read again."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from coincide.events.lines import digest
from kinshop import HEAD, TOML, Shop, made

BAD = ",2025-03-05T10:00:00,dora,s1,,\n8,never,emil,s2,,\n9,2025-03-05T10:00:00,fred\n"


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shop:
    shop = made(tmp_path, capsys)
    shop.rows(BAD, "purchases/b.csv")
    shop.json("scan")
    return shop


def places(shop: Shop, *arguments: str) -> list[tuple[int, str]]:
    rows = shop.json("quarantine", *arguments)["quarantined"]
    return [(row["position"], row["reason"]) for row in rows]


def test_rows_are_listed_with_place_reason_and_hash(shop: Shop) -> None:
    found = shop.json("quarantine")
    lines = BAD.encode().splitlines()
    assert [
        (row["source"], row["file"], row["position"], row["reason"], row["hash"]) for row in found["quarantined"]
    ] == [
        ("purchases", "purchases/b.csv", 2, "no-event-id", digest(lines[0])),
        ("purchases", "purchases/b.csv", 3, "unreadable-time", digest(lines[1])),
        ("purchases", "purchases/b.csv", 4, "bad-record", digest(lines[2])),
    ]
    assert shop.call("quarantine")[1].splitlines()[0] == "purchases  purchases/b.csv  2  no-event-id"


def test_filters_and_limit(shop: Shop) -> None:
    assert places(shop, "--reason", "bad-record") == [(4, "bad-record")]
    assert places(shop, "--source", "other") == []
    assert places(shop, "--limit", "1") == [(2, "no-event-id")]
    _, out, err = shop.call("quarantine", "--limit", "1")
    assert len(out.splitlines()) == 1
    assert "2 more" in err


def test_rows_are_counted_by_source_and_reason(shop: Shop) -> None:
    assert shop.json("quarantine", "count", "--reason", "bad-record") == {
        "counts": [{"source": "purchases", "reason": "bad-record", "rows": 1}]
    }
    assert len(shop.call("quarantine", "count")[1].splitlines()) == 3


def test_a_workspace_without_a_scan_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = made(tmp_path, capsys)
    assert shop.call("quarantine") == (0, "no rows are in quarantine\n", "")
    assert shop.call("quarantine", "count") == (0, "no rows are in quarantine\n", "")


def test_a_row_is_shown_from_its_file(shop: Shop) -> None:
    told = shop.json("quarantine", "show", "purchases", "purchases/b.csv", "3")
    assert (told["row"]["when"], told["reason"]) == ("never", "unreadable-time")
    assert "  when: never" in shop.call("quarantine", "show", "purchases", "purchases/b.csv", "3")[1]


def test_a_row_that_is_not_in_quarantine_is_not_shown(shop: Shop) -> None:  # COI-A015
    status, _, err = shop.call("quarantine", "show", "purchases", "purchases/a.csv", "2")
    assert status == 3
    assert "COI-A015" in err


def test_a_row_of_a_changed_or_removed_file_is_gone(shop: Shop) -> None:
    shop.rows(BAD.replace("never", "later"), "purchases/b.csv")
    assert "COI-E021" in shop.call("quarantine", "show", "purchases", "purchases/b.csv", "3")[2]
    # The line is as it was, so it is shown, whatever else changed.
    assert shop.call("quarantine", "show", "purchases", "purchases/b.csv", "2")[0] == 0
    (shop.folder / "purchases/b.csv").unlink()
    assert "COI-E021" in shop.call("quarantine", "show", "purchases", "purchases/b.csv", "2")[2]


def test_a_row_of_parquet_is_shown_while_it_is_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = made(tmp_path, capsys)
    shop.write("coincide.toml", TOML.replace("*.csv", "*.parquet", 1))
    (tmp_path / "purchases/a.csv").unlink()
    rows = {name: ["1", "2"] for name in HEAD.strip().split(",")}
    frame = pl.DataFrame(rows | {"sku": ["s1", "s2"], "when": ["2025-03-01T10:00:00", "never"]})
    frame.write_parquet(tmp_path / "purchases/a.parquet")
    shop.json("scan")
    assert places(shop) == [(1, "unreadable-time")]
    told = shop.json("quarantine", "show", "purchases", "purchases/a.parquet", "1")
    assert told["row"]["when"] == "never"
    assert len(told["hash"]) == 32
    # The row is as it was, so it is shown, whatever else changed.
    pl.concat([frame.reverse().head(1), frame.tail(1)]).write_parquet(tmp_path / "purchases/a.parquet")
    assert shop.json("quarantine", "show", "purchases", "purchases/a.parquet", "1") == told
    frame.reverse().write_parquet(tmp_path / "purchases/a.parquet")
    assert "COI-E021" in shop.call("quarantine", "show", "purchases", "purchases/a.parquet", "1")[2]


def test_a_row_of_parquet_with_a_damaged_column_is_shown_by_no_hash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = made(tmp_path, capsys)
    shop.write("coincide.toml", TOML.replace("*.csv", "*.parquet", 1))
    (tmp_path / "purchases/a.csv").unlink()
    rows = {name: ["1", "2"] for name in HEAD.strip().split(",")}
    frame = pl.DataFrame({"note": ["x" * 99, "y" * 99]} | rows | {"sku": ["s1", "s2"], "when": ["never", "never"]})
    place = tmp_path / "purchases/a.parquet"
    frame.write_parquet(place, compression="uncompressed")
    place.write_bytes(b"PAR1" + b"\xff" * 40 + place.read_bytes()[44:])
    shop.json("scan")
    rows_held = shop.json("quarantine")["quarantined"]
    assert [(row["position"], row["hash"]) for row in rows_held] == [(0, ""), (1, "")]
    assert "COI-E" in shop.call("quarantine", "show", "purchases", "purchases/a.parquet", "1")[2]


def test_records_of_several_lines_have_hashes_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = made(tmp_path, capsys)
    shop.write("coincide.toml", TOML.replace("timezone", "multiline = true\ntimezone", 1))
    shop.rows('1,"nev\ner",anna,s1,,\n2,never,bert,s2,,\n')
    shop.json("scan")
    assert places(shop) == [(2, "unreadable-time"), (4, "unreadable-time")]
    assert all(row["hash"] for row in shop.json("quarantine")["quarantined"])
    assert shop.json("quarantine", "show", "purchases", "purchases/a.csv", "2")["row"]["when"] == "nev\ner"
    assert shop.json("quarantine", "show", "purchases", "purchases/a.csv", "4")["row"]["customer"] == "bert"


def test_retry_reads_only_what_had_such_rows_and_changes_nothing_by_itself(shop: Shop) -> None:
    before = shop.json("scan")
    told = shop.json("quarantine", "retry")
    assert (told["files"], told["before"], told["after"], told["left"]) == (1, 3, 3, 0)
    assert told["run"]["read"] >= 3
    after = shop.json("scan")
    assert (after["rows"], after["alerts"]) == (before["rows"], before["alerts"])
    assert after["run"]["read"] == 0


def test_rows_of_a_mended_file_leave_the_quarantine(shop: Shop) -> None:
    shop.rows(BAD.replace("never", "2025-03-05T11:00:00"), "purchases/b.csv")
    status, out, _ = shop.call("quarantine", "retry")
    assert status == 0
    assert out.splitlines() == [
        "1 file was read again: 1 of 3 rows left the quarantine",
        "2 rows are in quarantine now",
    ]
    assert places(shop) == [(2, "no-event-id"), (4, "bad-record")]


def test_retry_after_the_file_is_gone_empties_the_quarantine(shop: Shop) -> None:
    (shop.folder / "purchases/b.csv").unlink()
    assert shop.json("quarantine", "retry")["left"] == 3
    assert places(shop) == []
