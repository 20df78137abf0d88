"""The pass over taps: what it counts is what plain loops count, whatever the files and the order of rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from coincide.detect.journey.clock import ServiceClock
from coincide.engines.embedded.ridership import CLASSES, SIDES, Ridership, reported, ridership
from coincide.engines.workspace import open_workspace
from placecity import MONDAY, TOML, Row, city, taps, thefts

PARIS = ServiceClock("Europe/Paris", 4 * 3_600_000_000)
Key = tuple[str, int]


def us(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def cell(row: Row) -> int:
    at = row[1]
    return at.hour * CLASSES + ((at - timedelta(hours=4)).weekday() >= 5)


def judged(rows: list[Row]) -> dict[str, dict[Key, tuple[int, int]]]:
    found: dict[str, dict[Key, list[str]]] = {side: defaultdict(list) for side in SIDES}
    for row in rows:
        for side, name in zip(SIDES, row[3:5], strict=True):
            if name and row[5] != "exit":
                found[side][name, cell(row)].append(row[2])
    return {
        side: {key: (len(cards), len({card for card in cards if card})) for key, cards in of_side.items()}
        for side, of_side in found.items()
    }


def counted(made: Ridership) -> dict[str, dict[Key, tuple[int, int]]]:
    found = {}
    for side, counts in made.counts.items():
        columns = (counts.name, counts.cell, counts.boardings, counts.riders)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        found[side] = {(made.names[side][name], at): (boardings, riders) for name, at, boardings, riders in rows}
    return found


def test_boardings_and_riders_are_what_plain_loops_count(tmp_path: Path) -> None:
    made = ridership(open_workspace(city(tmp_path / "city")), PARIS)
    assert counted(made) == judged(taps())
    assert made.names == {"place": ("harbour", "market", "station", "zoo"), "line": ("A", "B")}
    places, lines, cells = (column.tolist() for column in made.links)
    links = {
        (made.names["place"][place], made.names["line"][line], at)
        for place, line, at in zip(places, lines, cells, strict=True)
    }
    assert len(links) == len(places)
    assert links == {(row[3], row[4], cell(row)) for row in taps() if row[4] and row[5] != "exit"}


def test_a_span_takes_days_of_service_from_the_first_to_before_the_last(tmp_path: Path) -> None:
    second = (MONDAY + timedelta(days=7)).date()
    start = PARIS.begins((second - date(1970, 1, 1)).days)
    assert start == us(MONDAY.replace(day=31, hour=4))
    workspace = open_workspace(city(tmp_path / "city"))
    for between, kept in (((start, us(MONDAY) * 2), True), ((0, start - 1), False)):
        rows = [row for row in taps() if (us(row[1]) >= start) == kept]
        assert counted(ridership(workspace, PARIS, between)) == judged(rows)
        assert len(reported(workspace, between)) == sum((us(one[1]) >= start) == kept for one in thefts())


def test_incidents_come_once_with_their_ends_in_the_order_of_time(tmp_path: Path) -> None:
    found = reported(open_workspace(city(tmp_path / "city")))
    wanted = sorted(
        (us(begins), us(ends or begins), stop or None, route or None) for _, begins, ends, stop, route in thefts()
    )
    rows = zip(found.begins_us.tolist(), found.ends_us.tolist(), found.place, found.line, strict=True)
    assert sorted(rows, key=str) == sorted(wanted, key=str)
    assert found.begins_us.tolist() == sorted(found.begins_us.tolist())


def test_parquet_and_several_sources_give_the_same_and_tokens_of_two_namespaces_are_two(tmp_path: Path) -> None:
    folder = city(tmp_path / "city")
    one = ridership(open_workspace(folder), PARIS)
    # The first file as Parquet with times as such, the second as another source; in a namespace of both, then not.
    frame = pl.read_csv(folder / "taps/a.csv", infer_schema=False)
    frame.with_columns(pl.col("at").str.to_datetime("%Y-%m-%d %H:%M:%S")).write_parquet(folder / "a.parquet")
    again = TOML[TOML.index("[sources.taps]") : TOML.index("[sources.thefts]")].replace("sources.taps", "sources.more")
    toml = TOML.replace('"taps/*.csv"', '"taps/b.csv"') + again.replace('"taps/*.csv"', '"a.parquet"')
    shared = toml.replace('kind = "tap"', 'kind = "tap"\naccounts = "cards"')
    (folder / "coincide.toml").write_text(shared)
    assert counted(ridership(open_workspace(folder), PARIS)) == counted(one)
    (folder / "coincide.toml").write_text(toml)
    apart = counted(ridership(open_workspace(folder), PARIS))
    sums = judged(taps()[::2]), judged(taps()[1::2])
    for side in SIDES:
        for key, (boardings, riders) in apart[side].items():
            parts = [part[side].get(key, (0, 0)) for part in sums]
            assert (boardings, riders) == (sum(part[0] for part in parts), sum(part[1] for part in parts))


def test_what_has_no_card_boards_and_is_no_rider(tmp_path: Path) -> None:
    folder = city(tmp_path / "city")
    with (folder / "taps/c.csv").open("w") as file:
        file.write("id,at,card,stop,route,action\n")
        for number in range(40):
            file.write(f"x{number},2025-03-26 12:00:{number:02},,harbour,A,EXIT\n")
            file.write(f"y{number},2025-03-26 12:00:{number:02},,harbour,A,enter\n")
    found = counted(ridership(open_workspace(folder), PARIS))
    assert found["place"]["harbour", 24] == (40, 0)


@pytest.mark.parametrize("missing", ["stop", "route"])
def test_a_source_may_know_stops_alone_or_lines_alone(tmp_path: Path, missing: str) -> None:
    field = {"stop": 'place = "stop"\n', "route": 'line = "route"\n'}[missing]
    found = ridership(open_workspace(city(tmp_path / "city", toml=TOML.replace(field, ""))), PARIS)
    gone, left = ("place", "line") if missing == "stop" else ("line", "place")
    assert (found.names[gone], len(found.counts[gone].name), len(found.links[0])) == ((), 0, 0)
    assert counted(found)[left] == judged(taps())[left]
