"""``coincide journeys`` and the page of an alert over taps: from files to what is shown.

``COINCIDE_RECORD=1 pytest tests/unit/cli/test_journeys.py`` writes ``tests/golden/journeys/city.txt`` again.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

import kinshop
from coincide.cli.book import VARIABLE
from coincide.journeys.errors import NoTaps, TooFewCards
from htmlpage import Read
from tapshop import BUSY, City, made

GOLDEN = Path(__file__).parents[2] / "golden" / "journeys" / "city.txt"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> City:
    city = made(tmp_path_factory.mktemp("city"))
    assert city.call("scan") == 0
    return city


@pytest.fixture
def city(first: City, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> City:
    monkeypatch.delenv(VARIABLE, raising=False)
    capsys.readouterr()
    return first


def test_a_city_is_printed_as_it_was_recorded(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    assert city.call("journeys") == 0
    out = "".join(f"{line.rstrip()}\n" for line in capsys.readouterr().out.splitlines())
    if os.environ.get("COINCIDE_RECORD") == "1":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(out, encoding="utf-8")
    assert out == GOLDEN.read_text("utf-8")


def test_a_city_is_counted_from_its_files(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    assert city.call("journeys", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    taps = (city.folder / "taps/one.csv").read_text("utf-8").splitlines()[1:]
    boarded = sum(",enter," in line for line in taps)
    assert (told["taps"], told["rides"], told["missing_exits"]) == (len(taps), boarded, 2 * boarded - len(taps))
    assert told["cards"] == told["card_days"] == len({line.split(",")[2] for line in taps})
    assert sum(one["card_days"] for one in told["products"]) == told["card_days"]
    rule = next(one for one in told["thresholds"] if one["rules"])
    assert (rule["rules"], rule["at_least"], rule["card_days"]) == (["many-rides"], 10, None)
    assert "CARD-" not in json.dumps(told)


def test_a_page_of_the_city_has_what_is_printed_and_no_card(
    city: City, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "city.html"
    assert city.call("journeys", "--html", str(page)) == 0
    text = page.read_text("utf-8")
    assert "CARD-" not in text
    assert next(row[1].values for row in Read(text).tables["counts-all"].rows) == [697]
    assert capsys.readouterr().err == f"the page is in {page}\n"


def test_the_page_of_an_alert_has_its_day_beside_all_others_and_the_card_as_a_pseudonym(
    city: City, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "alert.html"
    assert city.call("alerts", "show", "A-1", "--html", str(page), "--purpose", "inquiry 7") == 0
    text = page.read_text("utf-8")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert BUSY not in text and "CARD-" not in text
    read = Read(text)
    rides = read.tables["day-1-rides"].rows
    assert len(rides) == 12
    assert [cell.text for cell in rides[0]] == [
        "1",
        "07:00:01",
        "Stop 1",
        "red",
        "07:08:01",
        "Stop 3",
        "8",
        "12",
        "yes",
    ]
    features = {row[0].text: row for row in read.tables["day-1-features"].rows}
    assert features["Trips"][2].values == [12]
    assert features["Trips"][3].text == "more than on any other of 136 card-days"
    assert {"Short share", "Wander", "Back"} <= features.keys(), "features of a network, and of re-boardings"
    assert read.tables["timeline-all"].rows[0][3].text.startswith("p-")
    capsys.readouterr()
    assert city.call("ledger", "list", "--json") == 0
    listed = capsys.readouterr().out
    assert '"alert:show"' in listed and "inquiry 7" in listed


def test_without_a_purpose_no_page_is_written_and_nothing_is_read(
    city: City, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "alert.html"
    assert city.call("alerts", "show", "A-1", "--html", str(page)) != 0
    assert "COI-L" in capsys.readouterr().err
    assert not page.exists()


def test_a_page_that_is_there_stays(city: City, tmp_path: Path) -> None:
    page = tmp_path / "alert.html"
    page.write_text("mine")
    assert city.call("alerts", "show", "A-1", "--html", str(page), "--purpose", "inquiry 7") != 0
    assert page.read_text() == "mine"


def test_where_the_taps_are_gone_the_page_says_so_and_has_the_evidence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = made(tmp_path, cards=20)
    assert city.call("scan") == 0
    (city.folder / "taps/one.csv").write_text("id,at,token,action,stop,line,vehicle,device,product\n")
    page = tmp_path / "alert.html"
    assert city.call("alerts", "show", "A-1", "--html", str(page), "--purpose", "inquiry 7") == 0
    read = Read(page.read_text("utf-8"))
    assert "Only the evidence is shown" in read.sections["lacking"]
    assert len(read.tables["timeline-all"].rows) >= 10


def test_a_ledger_that_cannot_be_written_gives_no_page_and_no_file_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = made(tmp_path, cards=20)
    assert city.call("scan") == 0
    shutil.rmtree(city.folder / ".coincide/ledger")
    (city.folder / ".coincide/ledger").write_bytes(b"")
    # Whoever read it would find that it is gone, and say so.
    (city.folder / "taps/one.csv").unlink()
    page = tmp_path / "alert.html"
    capsys.readouterr()
    assert city.call("alerts", "show", "A-1", "--html", str(page), "--purpose", "inquiry 7") == 4
    out, err = capsys.readouterr()
    assert (out, page.exists()) == ("", False)
    assert "Only the evidence" not in err


def test_an_alert_on_many_days_shows_the_first_seven_and_says_so(tmp_path: Path) -> None:
    city = made(tmp_path, cards=20)
    rule = city.folder / "rules/many.yaml"
    rule.write_text(rule.read_text().replace("per: service-day\n", "within: 30 days\n"))
    head = "id,at,token,action,stop,line,vehicle,device,product\n"
    rows = [
        f"{day}-{ride},2025-03-{day:02}T{7 + ride:02}:00:00Z,{BUSY},enter,s{ride},red,bus1,,day\n"
        for day in range(2, 12)
        for ride in range(2)
    ]
    # After midnight, and so of the service day before: one more ride, and no day more.
    rows.append(f"night,2025-03-12T01:30:00Z,{BUSY},enter,s0,red,bus1,,day\n")
    (city.folder / "taps/two.csv").write_text(head + "".join(rows))
    (city.folder / "taps/one.csv").unlink()
    assert city.call("scan") == 0
    page = tmp_path / "alert.html"
    assert city.call("alerts", "show", "A-1", "--html", str(page), "--purpose", "inquiry 7") == 0
    read = Read(page.read_text("utf-8"))
    assert "Of 10 card-days with evidence the first 7 are shown." in read.sections["lacking"]
    assert [id_ for id_ in read.sections if id_.startswith("day-") and id_.count("-") == 1] == [
        f"day-{number}" for number in range(1, 8)
    ]
    assert "points" in read.sections["day-1"], "no exit is known"


def test_an_alert_over_purchases_gets_its_evidence_in_order_of_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = kinshop.made(tmp_path, capsys)
    assert shop.call("scan")[0] == 0
    page = tmp_path / "alert.html"
    assert shop.call("alerts", "show", "A-1", "--html", str(page), "--purpose", "inquiry 7")[0] == 0
    read = Read(page.read_text("utf-8"))
    assert list(read.tables) == ["timeline-all", "innocent-all", "history-all", "history-versions"]
    assert [row[4].text for row in read.tables["timeline-all"].rows] == ["components timer", "components steel-balls"]
    assert "anna" not in page.read_text("utf-8")


def test_a_feed_that_cannot_be_read_costs_the_map_and_the_comparison_and_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = made(tmp_path, cards=20)
    assert city.call("scan") == 0
    (city.folder / "feed/stops.txt").write_text("nothing\n")
    page = tmp_path / "alert.html"
    assert city.call("alerts", "show", "A-1", "--html", str(page), "--purpose", "inquiry 7") == 0
    read = Read(page.read_text("utf-8"))
    assert "No map:" in read.sections["day-1"]
    assert "Not compared with other card-days:" in read.sections["day-1-others"]
    assert len(read.tables["day-1-rides"].rows) == 12


def test_a_workspace_without_taps_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    city = made(tmp_path, cards=0)
    (city.folder / "taps/one.csv").write_text("id,at,token,action,stop,line,vehicle,device,product\n")
    assert city.call("journeys") != 0
    assert NoTaps.code in capsys.readouterr().err


def test_a_city_of_fewer_than_ten_cards_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert made(tmp_path, cards=8).call("journeys") != 0
    assert TooFewCards.code in capsys.readouterr().err
    (tmp_path / "ten").mkdir()
    assert made(tmp_path / "ten", cards=9).call("journeys") == 0
