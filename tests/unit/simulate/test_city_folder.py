"""The workspace of a city: whole, readable by the product, and with the truth apart."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

from coincide.cli import simulate as command
from coincide.network.errors import MissingTable
from coincide.network.load import load as load_network
from coincide.settings import load
from coincide.simulate.city import digest, lines
from coincide.simulate.city.errors import NoLines
from coincide.simulate.city.feed import ZONE
from coincide.simulate.city.made import INCIDENTS, LARGEST, LONGEST, TAPS
from coincide.simulate.city_folder import RULES, TRUTH, TRUTH_OF_INCIDENTS, write_city
from coincide.simulate.errors import FolderIsFile, FolderNotEmpty


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("city") / "city"
    write_city(made, 2_000, 14, 7)
    return made


def _coincide(*arguments: str) -> Any:
    done = subprocess.run([sys.executable, "-m", "coincide", *arguments, "--json"], stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)


def test_the_made_up_feed_is_a_network_without_findings(folder: Path) -> None:
    loaded = load_network(folder / "feed.zip")
    assert loaded.findings == ()
    assert len(loaded.network.lines) == 55
    assert len(set(loaded.network.names)) == len(loaded.network.stops) == 1_153
    assert all(pattern.shape is not None for pattern in loaded.network.patterns)


def test_the_same_city_is_the_same_to_the_byte(folder: Path, tmp_path: Path) -> None:
    write_city(tmp_path / "again", 2_000, 14, 7)
    for name in ("feed.zip", "incidents.parquet", "taps/taps-0001.parquet", TRUTH, "lists/staff.csv"):
        one, other = ((place / name).read_bytes() for place in (folder, tmp_path / "again"))
        assert hashlib.sha256(one).digest() == hashlib.sha256(other).digest(), name


def test_logs_have_their_columns_and_every_id_once(folder: Path) -> None:
    taps = pl.read_parquet(folder / "taps" / "*.parquet")
    assert dict(taps.schema) == TAPS
    assert taps["id"].is_unique().all()
    assert taps.drop("vehicle").null_count().sum_horizontal().item() == 0
    assert set(taps["action"].unique()) == {"enter", "exit", "transfer", "single"}
    reports = pl.read_parquet(folder / "incidents.parquet")
    assert dict(reports.schema) == INCIDENTS
    assert reports["from"].is_sorted()
    network = load_network(folder / "feed.zip").network
    assert set(taps["stop"].unique()) <= set(network.stops)
    assert set(taps["line"].unique()) | set(reports["line"].unique()) <= set(network.lines)


def test_no_source_reads_the_truth(folder: Path) -> None:
    settings = load(folder)
    read = {file for one in settings.sources.values() for file in folder.glob(str(one.files))}
    assert {folder / "incidents.parquet"} < read
    assert not read & {folder / TRUTH, folder / TRUTH_OF_INCIDENTS}
    for file in read:
        names = pl.read_parquet_schema(file)
        assert not {"class", "style", "thief", "thief_days"} & set(names)
    truth = pl.read_parquet(folder / TRUTH)
    assert truth.columns == ["token", "class", "style", "thief_days"]
    assert truth["token"].n_unique() == 2_000
    assert truth.filter(pl.col("class") == "thief")["style"].null_count() == 0
    assert truth.filter(pl.col("class") != "thief")["style"].null_count() == len(truth) - 2
    thieves = pl.read_parquet(folder / TRUTH_OF_INCIDENTS)["thief"].drop_nulls()
    assert set(thieves) <= set(truth.filter(pl.col("class") == "thief")["token"])


def test_a_rule_over_the_class_is_refused(folder: Path, tmp_path: Path) -> None:
    text = (folder / RULES[0]).read_text(encoding="utf-8")
    place = tmp_path / "peeking"
    (place / "rules").mkdir(parents=True)
    settings = (folder / "coincide.toml").read_text(encoding="utf-8").replace("taps/*", f"{folder}/taps/*")
    (place / "coincide.toml").write_text(settings, encoding="utf-8")
    peeking = text.replace("where: action in ('enter', 'transfer', 'single')", "where: attributes.class = 'thief'")
    (place / "rules" / "peeking.yaml").write_text(peeking, encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "coincide", "rules", "check", "-w", str(place)], capture_output=True, check=False
    )
    assert found.returncode != 0
    assert b"attributes.class" in found.stdout + found.stderr


def test_staff_are_the_inspectors(folder: Path) -> None:
    with (folder / "lists" / "staff.csv").open(encoding="utf-8") as file:
        listed = {row["value"] for row in csv.DictReader(file)}
    truth = pl.read_parquet(folder / TRUTH)
    assert listed == set(truth.filter(pl.col("class") == "inspector")["token"])
    staff = pl.read_parquet(folder / "taps" / "*.parquet").filter(product="staff")["token"]
    assert set(staff) <= listed


def test_the_workspace_is_scanned_and_its_rule_tested(folder: Path) -> None:
    tested = _coincide("rules", "test", "-w", str(folder))
    assert {one["rule"] for one in tested} == {Path(rule).stem for rule in RULES}
    assert all(one["passed"] for one in tested)
    scan = _coincide("scan", "-w", str(folder))
    written = pl.read_parquet(folder / "taps" / "*.parquet")
    assert scan["rows"]["read"] == len(written) + len(pl.read_parquet(folder / "incidents.parquet"))
    assert (scan["rows"]["quarantined"], scan["rows"]["duplicates"]) == (0, 0)
    assert scan["rows"]["accepted"] + scan["rows"]["unmatched"] == scan["rows"]["read"]
    assert scan["rows"]["accepted"] >= len(written.filter(pl.col("action") != "exit"))
    assert scan["alerts"]


def test_settings_and_readme_say_zone_and_digest(folder: Path) -> None:
    assert load(folder).journeys.zone == ZONE
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert digest() in readme
    assert "0.018 %" in readme
    for file in ("README.md", "coincide.toml", *RULES):
        assert "<" not in (folder / file).read_text(encoding="utf-8").replace("->", "").replace(">-", "")


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FolderNotEmpty):
        write_city(tmp_path, 1_000, 1, 7)
    with pytest.raises(FolderIsFile):
        write_city(tmp_path / "mine.txt", 1_000, 1, 7)


def _feed(path: Path, **tables: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in tables.items():
            archive.writestr(f"{name}.txt", text)
    return path


_SMALL = {
    "agency": "agency_name,agency_timezone\nA,Australia/Brisbane\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon\n"
    + "".join(f"S{n},,{1 + n / 100},2\n" for n in range(5))
    + "S9,,,\n",
    "routes": "route_id,route_type\nR,3\nQ,1\n",
    "trips": "route_id,trip_id\nR,t\nR,u\nQ,v\n",
    "stop_times": "trip_id,stop_sequence,stop_id,arrival_time\n"
    + "".join(f"t,{n},S{n},23:5{n}:00\n" for n in range(5))
    + "".join(f"u,{n},S{n},24:0{n}:00\n" for n in range(5))
    + "".join(f"v,{n},S{stop},5:00:0{n}\n" for n, stop in enumerate((0, 2, 4, 9, 0))),
}


def test_a_city_rides_on_a_feed_with_a_circle_a_lost_stop_and_hours_over_24(tmp_path: Path) -> None:
    feed = _feed(tmp_path / "small.zip", **_SMALL)
    made = lines.read(feed, 30.0)
    assert (made.zone, made.lines) == ("Australia/Brisbane", ("Q", "R"))
    # Nobody is sent beyond the end of a course, or to another one.
    for kernel in made.hops:
        assert (kernel <= made.after[:, None]).all()
    assert (made.after[made.back] > 0).all()
    assert (made.line[made.pattern[made.back]] == made.line[made.pattern]).all()
    written = write_city(tmp_path / "city", 1_000, 3, 1, gtfs=feed)
    assert written.taps > 1_000
    assert (tmp_path / "city" / "feed.zip").read_bytes() == feed.read_bytes()
    assert load(tmp_path / "city").journeys.zone == "Australia/Brisbane"


def test_a_feed_in_a_folder_is_packed(tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    for name, text in _SMALL.items():
        (tmp_path / "feed" / f"{name}.txt").write_text(text, encoding="utf-8")
    write_city(tmp_path / "city", 1_000, 1, 1, gtfs=tmp_path / "feed")
    assert len(load_network(tmp_path / "city" / "feed.zip").network.stops) == 6


def test_a_feed_without_a_line_to_ride_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    short = {**_SMALL, "stop_times": "trip_id,stop_sequence,stop_id,arrival_time\nt,1,S1,5:00:00\nt,2,S2,5:10:00\n"}
    with pytest.raises(NoLines, match="four or more stops"):
        write_city(tmp_path / "city", 1_000, 1, 1, gtfs=_feed(tmp_path / "short.zip", **short))
    broken = {name: text for name, text in _SMALL.items() if name != "trips"}
    with pytest.raises(MissingTable):
        write_city(tmp_path / "city", 1_000, 1, 1, gtfs=_feed(tmp_path / "broken.zip", **broken))
    assert not (tmp_path / "city").exists()


def test_the_command_says_what_it_made_as_text_and_as_json(tmp_path: Path) -> None:
    told = CliRunner().invoke(command.city, [str(tmp_path / "one"), "--size", "1000", "--days", "2"])
    assert told.exit_code == 0, told.output
    assert "1,000 cards on 2 days" in told.output
    made = CliRunner().invoke(command.city, [str(tmp_path / "two"), "--size", "1000", "--days", "2", "--json"])
    document = json.loads(made.stdout)
    taps = pl.read_parquet(tmp_path / "two" / "taps" / "*.parquet")
    assert document["taps"] == len(taps)
    assert document["digest"] == digest()
    assert document["files"] == ["taps/taps-0001.parquet"]
    assert (command.LARGEST_CITY, command.LONGEST_CITY) == (LARGEST, LONGEST)
