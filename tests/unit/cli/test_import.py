"""``coincide import``: from a source to files with pseudonyms, and to the same journeys and alerts from them.

``COINCIDE_RECORD=1 pytest tests/unit/cli/test_import.py`` writes ``tests/golden/import`` again.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from coincide.alerts.imported import LISTS, section_of
from coincide.cli.import_ import MOST
from coincide.engines.embedded import partition
from coincide.engines.embedded.copied import APART
from coincide.engines.errors import IdentifierLeft, ImportThere, NobodysSource, UnknownSource
from coincide.entities import key
from coincide.entities.pseudonym import pseudonym
from coincide.ledger.entry import Entry, parsed
from coincide.ledger.source import of_folder
from coincide.ledger.tiles import CHECKPOINT, entries
from coincide.settings import Source
from tapshop import BUSY, TOML, City, made

GOLDEN = Path(__file__).parents[2] / "golden" / "import"


@pytest.fixture
def city(tmp_path: Path) -> City:
    return made(tmp_path)


def told(city: City, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert city.call("import", "taps", *arguments, "--json") == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def refused(city: City, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    status = city.call("import", *arguments)
    said = capsys.readouterr()
    assert said.out == ""
    return status, said.err


def named(city: City, account: str) -> str:
    return pseudonym("taps", account, key.load(city.folder / ".coincide/key").current)


def golden(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("COINCIDE_RECORD") == "1":
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text("utf-8")


def test_the_section_is_printed_as_it_was_recorded(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    with (city.folder / "taps/one.csv").open("a") as taps:
        taps.write("a,b\nx,2025-03-13T06:00:00Z,,enter,s1,red,b,g,day\n")
    assert city.call("import", "taps", "--to", str(city.folder / "in"), "--parts", "2") == 0
    said = capsys.readouterr()
    golden("section.toml", said.out)
    golden("told.txt", said.err.replace(str(city.folder), "CITY"))


def test_a_section_has_all_that_reading_needs_and_what_the_source_says_of_its_accounts() -> None:
    source = Source.model_validate(
        {
            "files": "x.csv",
            "timezone": "Europe/Paris",
            "accounts": "riders",
            "most_taps": 7,
            "columns": {"event_id": "i", "occurred_at": "t", "account": "a", "kind": "k"},
            "links": {"card": "c"},
            "attributes": {"shelf": "s"},
        }
    )
    columns = ["event_id", "occurred_at", "kind", "account", "link.card", "attributes.shelf"]
    golden("links.toml", section_of("all", source, 'odd "[1]', columns))


def test_rows_are_counted_and_what_is_apart_is_told(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    rows = len((city.folder / "taps/one.csv").read_text().splitlines()) - 1
    with (city.folder / "taps/one.csv").open("a") as taps:
        taps.write("a,b\nx,2025-03-13T06:00:00Z,,enter,s1,red,b,g,day\n")
    found = told(city, capsys, "--to", str(city.folder / "in"), "--parts", "3")
    assert (found["read"], found["written"], found["accounts"]) == (rows + 2, rows, 151)
    assert found["apart"] == {"bad-record": 1, "no-account": 1}
    assert (city.folder / "in" / APART).read_text().splitlines()[1:] == [
        f"taps/one.csv,{rows + 2},bad-record",
        f"taps/one.csv,{rows + 3},no-account",
    ]
    assert sum(pl.read_parquet(city.folder / "in" / name).height for name in found["files"]) == rows
    assert stat.S_IMODE((city.folder / "in").stat().st_mode) == 0o700
    assert [path.name for path in city.folder.iterdir() if path.name.endswith(".part")] == []


def test_nothing_of_an_account_is_in_the_folder(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    told(city, capsys, "--to", str(city.folder / "in"))
    for file in (city.folder / "in").iterdir():
        assert b"CARD-" not in file.read_bytes()
        frame = pl.read_parquet(file)
        assert not any(frame[name].cast(pl.String).str.contains("CARD-").any() for name in frame.columns)


def test_the_same_journeys_are_counted_before_and_after(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(city, capsys, "--to", str(city.folder / "in"), "--parts", "4")
    assert city.call("journeys", "--json") == 0
    before = json.loads(capsys.readouterr().out)
    (city.folder / "coincide.toml").write_text(found["settings"] + TOML[TOML.index("[journeys]") :])
    assert city.call("journeys", "--json") == 0
    assert json.loads(capsys.readouterr().out) == before


def test_the_same_alerts_are_raised_before_and_after(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    assert city.call("scan") == 0
    found = told(city, capsys, "--to", str(city.folder / "in"), "--parts", "4")
    (city.folder / "coincide.toml").write_text(found["settings"] + TOML[TOML.index("[journeys]") :])
    assert city.call("scan") == 0
    capsys.readouterr()
    assert city.call("alerts", "list", "--json", "--purpose", "a test") == 0
    alerts = json.loads(capsys.readouterr().out)["alerts"]
    (now,) = (alert for alert in alerts if alert["status"] == "open")
    # It is named by the pseudonym of the pseudonym.
    assert named(city, named(city, BUSY)) in json.dumps(now)


def test_two_imports_give_the_same_files(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        told(city, capsys, "--to", str(city.folder / name), "--parts", "3")
    for file in (city.folder / "one").iterdir():
        assert file.read_bytes() == (city.folder / "two" / file.name).read_bytes()
    accounts = pl.read_parquet(city.folder / "one/*.parquet")["account"]
    assert named(city, BUSY) in accounts.to_list()


def test_a_list_is_written_as_pseudonyms_with_its_bounds(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    (city.folder / "lists").mkdir()
    (city.folder / "lists/staff.csv").write_text(
        f"value,from,until\n{BUSY},2025-01-01,\nCARD-0001,,2025-02-01T10:00Z\n"
    )
    told(city, capsys, "--to", str(city.folder / "in"), "--list", "staff")
    rows = (city.folder / "in" / LISTS / "staff.csv").read_text().splitlines()
    assert rows[0] == "value,from,until"
    assert sorted(rows[1:]) == sorted(
        [f"{named(city, BUSY)},2025-01-01T00:00:00Z,", f"{named(city, 'CARD-0001')},,2025-02-01T10:00:00Z"]
    )
    status, err = refused(city, capsys, "taps", "--to", str(city.folder / "new"), "--list", "stuff")
    assert (status, "no list `stuff`" in err) == (2, True)


def test_an_import_is_entered_before_its_folder_is_there(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    told(city, capsys, "--to", str(city.folder / "in"))
    (city.folder / "taps/one.csv").write_text("id,at,token\n")
    assert city.call("import", "taps", "--to", str(city.folder / "new")) == 3
    assert not (city.folder / "new").exists()
    assert [(one.act, one.object) for one in logged(city)] == [
        ("source:import", f"taps to {city.folder / name}") for name in ("in", "new")
    ]


def logged(city: City) -> list[Entry]:
    folder = city.folder / ".coincide/ledger"
    size = int((folder / CHECKPOINT).read_text().splitlines()[1])
    return [parsed(content) for content in entries(of_folder(folder), size)]


def test_a_folder_with_something_in_it_is_left_as_it_is(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    (city.folder / "in").mkdir()
    told(city, capsys, "--to", str(city.folder / "in"))
    for there in ("in", "coincide.toml"):
        before = (city.folder / "coincide.toml").read_text()
        status, err = refused(city, capsys, "taps", "--to", str(city.folder / there))
        assert (status, ImportThere.code in err) == (2, True)
        assert (city.folder / "coincide.toml").read_text() == before


def test_an_unknown_source_is_refused_with_the_one_that_was_meant(
    city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    status, err = refused(city, capsys, "tops", "--to", str(city.folder / "in"))
    assert (status, UnknownSource.code in err, "did you mean `taps`?" in err) == (2, True, True)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('account = "token"\n', "", NobodysSource),
        ('event_id = "id"', 'event_id = ["token", "at"]', IdentifierLeft),
        ("[journeys]", '[sources.taps.links]\ncard = "device"\n[journeys]', IdentifierLeft),
    ],
)
def test_what_would_leave_the_identifier_beside_its_pseudonym_is_refused(
    city: City, capsys: pytest.CaptureFixture[str], old: str, new: str, error: type[Exception]
) -> None:
    (city.folder / "coincide.toml").write_text(TOML.replace(old, new))
    status, err = refused(city, capsys, "taps", "--to", str(city.folder / "in"))
    assert (status, error.code in err) == (3, True)  # type: ignore[attr-defined]
    assert not (city.folder / "in").exists()
    assert not (city.folder / ".coincide/ledger").exists()


def test_the_help_names_the_most_parts_there_can_be() -> None:
    assert MOST == partition.MOST
