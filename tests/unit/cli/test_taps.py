"""Taps from a file to alerts, doctor and network: what tells no riders apart is refused, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coincide.cli.main import run
from coincide.engines.workspace import open_workspace
from coincide.journeys.log import log
from handfeed import STOPS, zipped

TOML = """\
[sources.taps]
kind = "tap"
files = "taps/*.csv"
timezone = "UTC"
MORE
[sources.taps.columns]
event_id = "id"
occurred_at = "at"
account = "token"
action = "what"
place = "stop"
line = "line"
vehicle = "bus"
"""
INCIDENTS = """\
[sources.incidents]
kind = "incident"
files = "incidents.csv"
timezone = "UTC"
[sources.incidents.columns]
event_id = "id"
occurred_at = "at"
ends_at = "until"
place = "stop"
line = "line"
"""
RULE = """\
rule: many-taps
title: Many taps
status: live
severity: low
why: To try it.
basis: {purpose: public-safety, law: "Regulation (EU) 2016/679, Article 6(1)(f)"}
innocent: [couriers]
events: KINDS
by: account
within: 1 hour
velocity: {at_least: 3}
tests:
  - name: three
    given: [{at: 2025-03-01}, {at: 2025-03-01}, {at: 2025-03-01}]
    expect: 1 alert
"""
Row = tuple[str, str, str, str, str, str]


@dataclass
class City:
    """A workspace of taps, and what the commands say of it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def settings(self, *more: str, behind: str = "") -> None:
        self.write("coincide.toml", TOML.replace("MORE", "\n".join(more)) + behind)

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def taps(self, rows: Iterable[Row], name: str = "taps/a.csv") -> None:
        """Rows of minute, token, action, stop, line and vehicle."""
        lines = [
            f"{number},2025-03-{1 + int(float(minute)) // 1440:02}T"
            f"{int(float(minute)) % 1440 // 60:02}:{int(float(minute)) % 60:02}:"
            f"{round(float(minute) % 1 * 60):02},{','.join(rest)}\n"
            for number, (minute, *rest) in enumerate(rows)
        ]
        self.write(name, "id,at,token,what,stop,line,bus\n" + "".join(lines))

    def said(self, *words: str) -> tuple[int, dict[str, Any]]:
        self.capsys.readouterr()
        status = run([*words, "-w", str(self.folder), "--json"])
        output = self.capsys.readouterr()
        document: dict[str, Any] = json.loads(output.out or output.err)
        return status, document

    def refused(self, *words: str) -> dict[str, Any]:
        status, document = self.said(*words)
        assert status == 3
        (error,) = document["errors"]
        return dict(error)


@pytest.fixture
def city(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> City:
    made = City(tmp_path, capsys)
    made.settings()
    made.write("rules/many.yaml", RULE.replace("KINDS", "tap"))
    made.taps([("0", "k", "enter", "a", "R1", "v"), ("1", "k", "exit", "c", "R1", "v"), ("9", "m", "", "", "", "")])
    return made


# --- tokens -------------------------------------------------------------------------------------------------


def test_rules_over_taps_without_a_token_are_refused_and_named(city: City) -> None:
    city.write("coincide.toml", TOML.replace("MORE", "").replace('account = "token"\n', ""))
    error = city.refused("scan")
    assert error["code"] == "COI-T020"
    assert "many-taps" in error["message"]
    status, found = city.said("doctor")
    assert status == 1
    assert [one["code"] for one in found["findings"]] == ["COI-T020"]


def test_taps_without_a_token_disturb_no_rule_that_does_not_look_at_them(city: City) -> None:
    city.write("coincide.toml", TOML.replace("MORE", "").replace('account = "token"\n', ""))
    city.write("rules/many.yaml", RULE.replace("KINDS", "purchase"))
    status, found = city.said("scan")
    assert status == 0
    assert found["rows"] == {"read": 3, "unmatched": 3, "accepted": 0, "duplicates": 0, "quarantined": 0}


def test_tides_without_the_column_of_the_token_is_refused(city: City) -> None:
    city.write(
        "coincide.toml",
        '[sources.taps]\npreset = "tides-fare-transactions"\nfiles = "taps/*.csv"\ntimezone = "UTC"\n',
    )
    city.write("taps/a.csv", "transaction_id,event_timestamp,fare_action\n1,2025-03-01,Enter\n")
    assert city.refused("scan")["code"] == "COI-T020"


def busy(taps: int, others: int, token: str = "0000") -> list[Row]:
    """All within a day: ``taps`` of one token, and ``others`` of one each."""
    rows = [(str(number % 1440), token) for number in range(taps)]
    rows += [(str(number % 1440), f"k{number}") for number in range(others)]
    return [(minute, who, "enter", "a", "R1", "v") for minute, who in rows]


def test_a_token_of_more_taps_a_day_than_a_rider_can_have_is_refused(city: City) -> None:
    city.taps(busy(1_001, 5))
    error = city.refused("scan")
    assert error["code"] == "COI-T021"
    assert "1,001 taps on one day" in error["message"]
    assert "0000" not in json.dumps(error)
    assert error["where"]["file"] == "taps/a.csv"
    assert error["where"]["line"] == 2


def test_a_thousand_taps_on_each_of_two_days_are_taken(city: City) -> None:
    city.taps([*busy(1_000, 5), *((str(1440 + minute), "0000", "enter", "a", "R1", "v") for minute in range(1_000))])
    status, found = city.said("scan")
    assert status == 0
    assert found["rows"]["accepted"] == 2_005


@pytest.mark.parametrize(("taps", "refused"), [(500, False), (501, True)])
def test_a_twentieth_of_ten_thousand_taps_is_too_much_for_one_token(city: City, taps: int, refused: bool) -> None:
    city.taps(busy(taps, 10_000 - taps))
    status, found = city.said("scan")
    assert (status == 3) is refused
    if refused:
        assert found["errors"][0]["code"] == "COI-T021"
        assert "501 of 10,000" in found["errors"][0]["message"]


def test_a_token_that_is_called_anonymous_is_counted_and_passed_over(city: City) -> None:
    city.settings('anonymous = ["0000"]')
    city.taps([*busy(1_500, 20), ("3", "", "enter", "a", "R1", "v")])
    status, found = city.said("scan")
    assert status == 0
    assert found["rows"] == {"read": 1_521, "unmatched": 1_500, "accepted": 20, "duplicates": 0, "quarantined": 1}
    assert found["alerts"] == []
    _, told = city.said("doctor", "--taps")
    (taps,) = told["taps"]
    assert (taps["anonymous"], taps["without_account"], taps["most_of_an_account"]) == (1_500, 1, 1)


@pytest.mark.parametrize("most", ["0", "10000"])
def test_ten_thousand_taps_of_one_card_on_a_day_are_judged_where_that_is_wanted(city: City, most: str) -> None:
    city.settings(f"most_taps = {most}")
    rows = busy(10_000, 0 if most == "0" else 9)
    city.taps(rows if most == "0" else rows[:1_900])
    status, found = city.said("scan")
    assert status == 0
    (alert,) = found["alerts"]
    assert found["rows"]["accepted"] == (10_000 if most == "0" else 1_900)
    assert alert["counted"] >= 3


@pytest.mark.parametrize(("empty", "refused"), [(1_000, True), (999, False)])
def test_taps_that_nearly_all_lack_a_token_are_refused(city: City, empty: int, refused: bool) -> None:
    city.taps(
        [*((str(minute), "", "enter", "a", "R1", "v") for minute in range(empty)), ("1", "k", "enter", "a", "", "")]
    )
    status, found = city.said("scan")
    if refused:
        assert found["errors"][0]["code"] == "COI-T022"
    else:
        assert status == 0
        assert found["rows"]["quarantined"] == 999
    _, told = city.said("doctor", "--taps")
    assert ("COI-T022" in [one["code"] for one in told["findings"]]) is refused


def test_some_taps_without_a_token_are_quarantined_as_ever(city: City) -> None:
    rows = [(str(minute), "" if minute < 1_100 else f"k{minute}", "enter", "a", "R1", "v") for minute in range(1_200)]
    city.taps(rows)
    status, found = city.said("scan")
    assert status == 0
    assert (found["rows"]["quarantined"], found["rows"]["accepted"]) == (1_100, 100)


# --- doctor --taps ------------------------------------------------------------------------------------------


def test_doubled_taps_missing_exits_and_exits_before_entries_are_counted(city: City) -> None:
    city.taps(
        [
            ("0", "k", "enter", "a", "R1", "v"),
            ("0.1", "k", "enter", "a", "R1", "v"),  # 6 seconds later: the same tap
            ("10", "k", "exit", "c", "R1", "v"),
            ("11", "k", "transfer", "c", "R1", "w"),
            ("20", "k", "exit", "a", "R1", "w"),
            ("30", "m", "exit", "a", "R1", "v"),  # nothing before it
            ("40", "m", "enter", "a", "R1", "v"),
            ("50", "m", "enter", "a", "R1", "v"),
            ("231", "m", "exit", "a", "R1", "v"),  # three hours and a minute later
            ("300", "n", "ENTER", "a", "R1", "v"),
        ]
    )
    status, found = city.said("doctor", "--taps")
    assert status == 0
    (taps,) = found["taps"]
    counts = {name: taps[name] for name in ("taps", "doubled", "entries", "exits", "other_actions")}
    assert counts == {"taps": 10, "doubled": 1, "entries": 4, "exits": 4, "other_actions": 1}
    assert (taps["entries_without_exit"], taps["exits_without_entry"]) == (2, 2)


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        # Of taps every six seconds every second counts; one exactly ten seconds after another does.
        ("", {"doubled": 2, "entries": 5, "entries_without_exit": 4, "exits": 2, "exits_without_entry": 1}),
        (
            "[journeys]\ndoubled_seconds = 0\nlongest_ride_minutes = 181\n",
            {"doubled": 0, "entries": 7, "entries_without_exit": 5, "exits": 2, "exits_without_entry": 0},
        ),
    ],
    ids=["as a rule", "as the settings say"],
)
def test_what_is_counted_is_what_journeys_make_of_the_taps(city: City, settings: str, counts: dict[str, int]) -> None:
    city.settings(behind=settings)
    city.taps(
        [
            ("0", "k", "", "a", "R1", "v"),  # does not say what it is: it boards
            ("0.1", "k", "", "a", "R1", "v"),
            ("0.2", "k", "", "a", "R1", "v"),
            ("1", "k", "hop", "a", "R1", "v"),  # no part of riding
            ("2", "k", "exit", "c", "R1", "v"),
            ("10", "m", "enter", "a", "R1", ""),  # the place tells the reader
            ("10.1", "m", "enter", "a", "R2", ""),
            ("10.1667", "m", "enter", "a", "R1", ""),
            ("60", "n", "single", "a", "R1", "v"),
            ("241", "n", "exit", "b", "R1", "v"),
        ]
    )
    _, found = city.said("doctor", "--taps")
    (taps,) = found["taps"]
    assert {name: taps[name] for name in counts} == counts
    assert (taps["other_actions"], taps["looked_at"]) == (1, 10)
    workspace = open_workspace(city.folder)
    journeys = log(workspace)
    assert (journeys.rides, journeys.doubled, journeys.unpaired) == (
        taps["entries"],
        taps["doubled"],
        taps["exits_without_entry"],
    )


def test_of_too_many_taps_those_of_some_tokens_are_looked_at_all_of_each(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coincide.engines.embedded import tap_look as module

    monkeypatch.setattr(module, "MOST", 100)
    city.taps([(str(minute), f"k{token}", "enter", "a", "R1", "v") for token in range(80) for minute in range(5)])
    _, found = city.said("doctor", "--taps")
    (taps,) = found["taps"]
    assert taps["taps"] == 400
    assert 0 < taps["looked_at"] < 400
    assert taps["looked_at"] % 5 == 0


def test_clocks_go_forward_and_six_seconds_stay_six_seconds(city: City) -> None:
    city.write("coincide.toml", TOML.replace("MORE", "").replace('"UTC"', '"Europe/Paris"'))
    rows = "1,2025-03-30T01:59:57,k,enter,a,R1,v\n2,2025-03-30T03:00:03,k,enter,a,R1,v\n"
    rows += "3,2025-03-30T01:00:05Z,k,enter,a,R1,v\n4,2025-03-30T03:00:16,k,enter,a,R1,v\n"
    city.write("taps/a.csv", f"id,at,token,what,stop,line,bus\n{rows}")
    _, found = city.said("doctor", "--taps")
    # The third is two seconds after the second, by its own zone; the fourth eleven after that.
    assert found["taps"][0]["doubled"] == 2


def test_where_nobody_taps_out_no_exit_is_missing(city: City) -> None:
    city.taps([("0", "k", "enter", "a", "R1", "v")])
    city.capsys.readouterr()
    assert run(["doctor", "--taps", "-w", str(city.folder)]) == 0
    assert "nobody taps out here" in city.capsys.readouterr().out


def test_a_bus_whose_clock_is_three_hours_off_is_named_and_no_other(city: City) -> None:
    rows = []
    for rider in range(400):
        for day in range(4):
            start = day * 1440 + 420 + rider % 90
            first, second = f"v{rider % 8}", f"v{(rider + 1 + day) % 8}"
            for minute, bus in ((start, first), (start + 12 + rider % 7, second)):
                rows.append((str(minute + (180 if bus == "v3" else 0)), f"k{rider}", "enter", "a", "R1", bus))
    city.taps(rows)
    status, found = city.said("doctor", "--taps")
    assert status == 1
    (finding,) = found["findings"]
    assert finding["code"] == "COI-T023"
    assert "v3 (about 3 h ahead)" in finding["message"]
    (off,) = found["taps"][0]["clocks"]["off"]
    assert (off["vehicle"], off["minutes"]) == ("v3", 180)


def test_a_source_that_cannot_be_read_is_a_finding_and_costs_no_other(city: City) -> None:
    columns = '[sources.other.columns]\nevent_id = "id"\noccurred_at = "at"\n'
    city.settings(behind=f'[sources.other]\nkind = "tap"\nfiles = "none/*.csv"\n{columns}')
    status, found = city.said("doctor", "--taps")
    assert status == 1
    assert [one["source"] for one in found["taps"]] == ["taps"]
    assert "COI-E001" in {one["code"] for one in found["findings"]}


# --- network ------------------------------------------------------------------------------------------------

NETWORK = '[network]\ngtfs = "feed.zip"\n'


def test_stops_and_lines_that_the_feed_lacks_are_counted_and_named(city: City) -> None:
    zipped(city.folder / "feed.zip")
    city.settings(behind=NETWORK)
    city.taps(
        [
            ("0", "k", "enter", "a", "R1", "v"),
            ("1", "k", "exit", "zoo", "R7", "v"),
            ("2", "k", "enter", "zoo", "", "v"),
            ("3", "k", "enter", "yard", "R1", "v"),
            ("4", "k", "enter", "", "R1", "v"),
        ]
    )
    status, found = city.said("network")
    assert status == 1
    place, line = found["taps"]
    assert place["unknown"] == [{"value": "zoo", "taps": 2}, {"value": "yard", "taps": 1}]
    assert (place["taps"], place["taps_without"], place["known"]) == (5, 1, 1)
    assert line["unknown"] == [{"value": "R7", "taps": 1}]
    city.capsys.readouterr()
    assert run(["network", "-w", str(city.folder)]) == 1
    assert "3 taps name stops that it lacks: zoo (2 taps), yard (1 taps)" in city.capsys.readouterr().out
    _, told = city.said("doctor", "--taps")
    assert told["taps"][0]["unknown"]["place"] == {"taps": 3, "values": 2}


def test_a_sound_feed_that_knows_all_stops_is_in_order(city: City) -> None:
    zipped(city.folder / "feed.zip")
    city.settings(behind=NETWORK)
    status, found = city.said("network")
    assert status == 0
    assert found["counts"]["stops"] == 6
    assert found["about"] == "City Buses"


def test_what_is_odd_about_a_feed_is_told(city: City) -> None:
    zipped(city.folder / "feed.zip", stops=STOPS.replace("48.10,2.20", ","))
    city.settings(behind=NETWORK)
    status, found = city.said("network")
    assert status == 1
    assert found["findings"] == ["1 stop without coordinates, so no distances: d"]


def test_without_a_network_the_command_says_what_to_set_and_all_else_works(city: City) -> None:
    assert city.refused("network")["code"] == "COI-T011"
    assert city.said("scan")[0] == 0
    assert city.said("doctor", "--taps")[1]["taps"][0]["unknown"] == {}


def test_a_feed_that_cannot_be_used_is_a_finding_of_doctor(city: City) -> None:
    city.settings(behind=NETWORK)
    city.write("feed.zip", "no zip")
    assert city.refused("network")["code"] == "COI-T002"
    status, found = city.said("doctor", "--taps")
    assert status == 1
    assert [one["code"] for one in found["findings"]] == ["COI-T002"]


# --- incidents ----------------------------------------------------------------------------------------------


def incidents(city: City, *rows: str) -> dict[str, Any]:
    """What a scan of both kinds makes of these incidents."""
    city.settings(behind=INCIDENTS)
    city.write("rules/many.yaml", RULE.replace("KINDS", "[tap, incident]"))
    city.write("incidents.csv", "id,at,until,stop,line\n" + "".join(f"{row}\n" for row in rows))
    status, found = city.said("scan")
    assert status == 0
    return found


def reasons(city: City) -> list[tuple[int, str]]:
    _, found = city.said("quarantine", "list")
    return sorted((one["position"], one["reason"]) for one in found["quarantined"])


def test_sound_incidents_need_no_account_and_are_nobodys_observation(city: City) -> None:
    found = incidents(
        city, "i1,2025-03-01T08:00,2025-03-01T09:00,a,", "i2,2025-03-01T08:00,,,R1", "i3,2025-03-01,,a,R1"
    )
    assert found["alerts"] == []
    assert found["rows"] == {"read": 6, "unmatched": 3, "accepted": 3, "duplicates": 0, "quarantined": 0}


def test_incidents_that_cannot_be_used_are_quarantined_with_the_reason(city: City) -> None:
    incidents(
        city,
        "i1,2025-03-01T08:00,2025-03-01T07:59,a,",
        "i2,2025-03-01T08:00,,,",
        "i3,2150-03-01T08:00,,a,",
        ",2025-03-01T08:00,,a,",
        "i5,,,a,",
        "i6,2025-03-01T08:00,2025-03-01T08:00,a,",
    )
    assert reasons(city) == [
        (2, "ends-before"),
        (3, "no-place"),
        (4, "in-future"),
        (5, "no-event-id"),
        (6, "no-time"),
    ]


def test_doctor_tells_incidents_that_cannot_be_used(city: City) -> None:
    incidents(city, "i1,2025-03-01T08:00,2025-03-01T07:59,a,", "i2,2025-03-01T08:00,,,", "i3,2025-03-01T08:00,,,R1")
    status, found = city.said("doctor")
    assert status == 1
    told = [(one["message"].split(": ")[1], one["where"]["line"]) for one in found["findings"]]
    assert told == [("the incident has neither a place nor a line", 3), ("the incident ends before it begins", 2)]
