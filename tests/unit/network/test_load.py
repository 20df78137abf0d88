"""A GTFS feed becomes a network, or is refused with what is wrong and where; what is only odd is told."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.errors import CoincideError, Problems
from coincide.network.errors import (
    BrokenTable,
    DuplicateId,
    EmptyTable,
    MissingColumn,
    MissingId,
    MissingTable,
    NoFeed,
    NotANumber,
    UnknownReference,
    UnreadableFeed,
)
from coincide.network.load import MADE_OF, Counts, load, version
from handfeed import AGENCY, ROUTES, SHAPES, STOP_TIMES, STOPS, TABLES, TRIPS, told, without, written, zipped


def test_a_sound_feed_has_no_findings(tmp_path: Path) -> None:
    loaded = load(written(tmp_path))
    assert loaded.findings == ()
    assert loaded.counts == Counts(6, 2, 4, 12, 3, 2, 3)
    assert loaded.about == "City Buses"


def test_a_zip_file_and_its_folder_are_the_same_feed(tmp_path: Path) -> None:
    one, other = load(written(tmp_path / "f")), load(zipped(tmp_path / "f.zip"))
    assert told(one.network) == told(other.network)
    assert (one.counts, one.findings, one.about) == (other.counts, other.findings, other.about)


def test_a_feed_in_a_folder_inside_is_found(tmp_path: Path) -> None:
    one, other = load(zipped(tmp_path / "f.zip", "inner/")), load(written(tmp_path / "g", "inner"))
    assert told(one.network) == told(other.network) == told(load(written(tmp_path / "h")).network)


def test_stops_and_lines_are_sorted_and_patterns_begin_with_the_most_used(tmp_path: Path) -> None:
    network = load(written(tmp_path)).network
    assert network.stops == ("a", "b", "b1", "b2", "c", "d")
    assert network.names[0] == "Airport"
    assert (network.lines, network.titles) == (("R1", "R2"), ("Airport to Castle", "Round the castle"))
    shown = [
        (network.lines[one.line], one.direction, "".join(network.stops[stop] for stop in one.stops), one.trips)
        for one in network.patterns
    ]
    assert shown == [("R1", 0, "ab1c", 2), ("R1", 1, "ca", 1), ("R2", -1, "b2cdb2", 1)]
    assert [one.headsign for one in network.patterns] == ["Castle", "Airport", "Round"]


def test_a_shape_is_in_the_order_of_its_sequence_and_cannot_be_changed(tmp_path: Path) -> None:
    first, second, _ = load(written(tmp_path)).network.patterns
    assert first.shape is not None
    assert first.shape.tolist() == [[48.0, 2.0], [48.0, 2.1], [48.0, 2.2]]
    assert second.shape is None
    with pytest.raises(ValueError, match="read-only"):
        first.shape[0] = 1


def test_the_order_of_records_and_columns_means_nothing(tmp_path: Path) -> None:
    def turned(text: str) -> str:
        head, *rest = (",".join(reversed(line.split(","))) for line in text.splitlines())
        return "\n".join([head, *reversed(rest)]) + "\n"

    given = {name.removesuffix(".txt"): turned(text) for name, text in TABLES.items()}
    one, other = load(written(tmp_path / "one")), load(written(tmp_path / "other", **given))
    assert told(one.network) == told(other.network)
    assert [vars(p) | {"shape": None} for p in one.network.patterns] == [
        vars(p) | {"shape": None} for p in other.network.patterns
    ]


def test_blanks_a_byte_order_mark_crlf_quotes_and_blank_records_change_nothing(tmp_path: Path) -> None:
    stops = "\ufeff" + STOPS.replace("\n", "\r\n").replace("stop_name,", " stop_name ,").replace("a,Air", '"a", Air')
    loaded = load(written(tmp_path, stops=stops + "\r\n,,,,,\r\n"))
    assert loaded.network.names[0] == "Airport"
    assert loaded.counts.stops == 6
    assert told(loaded.network) == told(load(written(tmp_path / "plain")).network)


def test_a_quoted_name_may_hold_an_end_of_line(tmp_path: Path) -> None:
    assert load(written(tmp_path, stops=STOPS.replace("Airport", '"Air\nport"'))).network.names[0] == "Air\nport"


def test_lines_may_be_named_by_their_short_name_and_routes_of_one_name_are_one_line(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, routes=ROUTES.replace("R2,2", "R2,1")), "route_short_name")
    assert loaded.network.lines == ("1",)
    assert loaded.network.titles == ("Airport to Castle",)
    assert {one.line for one in loaded.network.patterns} == {0}
    assert (loaded.counts.routes, loaded.counts.lines) == (2, 1)


def test_a_route_without_a_short_name_is_named_by_its_id(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, routes=ROUTES.replace("R2,2", "R2,")), "route_short_name")
    assert loaded.network.lines == ("1", "R2")
    assert loaded.findings == ("1 route without route_short_name, named by the id: R2",)


def test_the_publisher_is_named_before_the_agencies(tmp_path: Path) -> None:
    info = "feed_publisher_name,feed_publisher_url,feed_lang,feed_version\nRegion,https://r.example,fr,7\n"
    assert load(written(tmp_path, feed_info=info)).about == "Region 7"
    assert load(written(tmp_path / "x", feed_info="x\n1\n", agency=AGENCY)).about == ""
    assert load(written(tmp_path / "y", agency=None)).about == ""


# --- what is refused ----------------------------------------------------------------------------------------


def refusal(feed: Path, line: str = "route_id") -> CoincideError:
    with pytest.raises(CoincideError) as caught:
        load(feed, line, shown="feed")  # type: ignore[arg-type]
    return caught.value


def test_a_feed_that_is_not_there(tmp_path: Path) -> None:
    assert isinstance(refusal(tmp_path / "none.zip"), NoFeed)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"<html>not found</html>"])
def test_a_file_that_is_no_zip_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "feed.zip").write_bytes(content)
    assert isinstance(refusal(tmp_path / "feed.zip"), UnreadableFeed)


def test_a_zip_file_whose_inside_is_damaged(tmp_path: Path) -> None:
    feed = zipped(tmp_path / "feed.zip")
    content = bytearray(feed.read_bytes())
    content[60:110] = bytes(50)
    feed.write_bytes(content)
    assert isinstance(refusal(feed), UnreadableFeed)


@pytest.mark.parametrize(("place", "value"), [(6, 200), (8, 1), (10, 97)], ids=["version", "encrypted", "packing"])
def test_a_zip_file_that_python_cannot_unpack(tmp_path: Path, place: int, value: int) -> None:
    feed = zipped(tmp_path / "feed.zip")
    content = bytearray(feed.read_bytes())
    at = -1
    # In the directory at the end of the file and, two bytes earlier, before each table.
    while (at := content.find(b"PK\x01\x02", at + 1)) >= 0:
        content[at + place] = value
    at = -1
    while (at := content.find(b"PK\x03\x04", at + 1)) >= 0:
        content[at + place - 2] = value
    feed.write_bytes(content)
    assert isinstance(refusal(feed), UnreadableFeed)


@pytest.mark.parametrize("table", ["stops", "routes", "trips", "stop_times"])
def test_a_table_that_is_not_there(tmp_path: Path, table: str) -> None:
    error = refusal(written(tmp_path, **{table: None}))
    assert isinstance(error, MissingTable)
    assert f"{table}.txt" in error.message


def test_two_feeds_in_one_file_are_none(tmp_path: Path) -> None:
    written(tmp_path, "north")
    assert isinstance(refusal(written(tmp_path, "south")), MissingTable)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("stops", "stop_id"),
        ("routes", "route_id"),
        ("trips", "trip_id"),
        ("trips", "route_id"),
        ("stop_times", "trip_id"),
        ("stop_times", "stop_id"),
        ("stop_times", "stop_sequence"),
    ],
)
def test_a_column_that_is_not_there(tmp_path: Path, table: str, column: str) -> None:
    error = refusal(written(tmp_path, **{table: without(table, column)}))
    assert isinstance(error, MissingColumn)
    assert f"`{column}`" in error.message
    assert str(error.where) == f"feed/{table}.txt"


def test_short_names_are_asked_for_only_where_taps_hold_them(tmp_path: Path) -> None:
    feed = written(tmp_path, routes=without("routes", "route_short_name"))
    assert load(feed).network.lines == ("R1", "R2")
    assert isinstance(refusal(feed, "route_short_name"), MissingColumn)


@pytest.mark.parametrize("table", ["stops", "routes", "trips", "stop_times"])
def test_a_table_without_records(tmp_path: Path, table: str) -> None:
    error = refusal(written(tmp_path, **{table: TABLES[f"{table}.txt"].split("\n")[0] + "\n"}))
    problems = error.problems if isinstance(error, Problems) else [error]
    assert any(isinstance(one, EmptyTable) and str(one.where) == f"feed/{table}.txt" for one in problems)


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    assert isinstance(refusal(written(tmp_path, stops="")), MissingColumn)


def test_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    feed = written(tmp_path)
    (feed / "stops.txt").write_bytes(STOPS.replace("Airport", "Aéroport").encode("latin-1"))
    error = refusal(feed)
    assert isinstance(error, BrokenTable)
    assert "UTF-8" in error.message


def test_a_record_with_more_fields_than_the_header(tmp_path: Path) -> None:
    assert isinstance(refusal(written(tmp_path, stops=STOPS + "e,East,48,2,,,surplus\n")), BrokenTable)


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        *((value, False) for value in ("91", "-90.0001", "48,0", "abc", "NaN", "1e999")),
        *((value, True) for value in ("90", "-90", "+4.8e1", ".5", "48.")),
    ],
)
def test_a_latitude_is_a_number_on_the_earth(tmp_path: Path, value: str, taken: bool) -> None:
    feed = written(tmp_path, stops=STOPS.replace("Airport,48.00", f'Airport,"{value}"'))
    if taken:
        assert load(feed).network.lat[0] == float(value)
        return
    error = refusal(feed)
    assert isinstance(error, NotANumber)
    assert "record 1 " in error.message
    assert "stop_lat" in error.message


def test_a_longitude_may_be_twice_as_large_as_a_latitude(tmp_path: Path) -> None:
    assert load(written(tmp_path, stops=STOPS.replace("2.00", "-180"))).network.lon[0] == -180
    assert isinstance(refusal(written(tmp_path, stops=STOPS.replace("2.00", "180.5"))), NotANumber)


@pytest.mark.parametrize("value", ["-1", "1.5", "first", "99999999999"])
def test_a_sequence_is_a_whole_number(tmp_path: Path, value: str) -> None:
    assert isinstance(refusal(written(tmp_path, stop_times=STOP_TIMES.replace("c,3", f"c,{value}"))), NotANumber)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("trips", TRIPS + "R9,daily,t9,,,\n"),
        ("stop_times", STOP_TIMES + "t9,9:00:00,9:00:00,a,1\n"),
        ("stop_times", STOP_TIMES + "t4,9:40:00,9:40:00,z,5\n"),
    ],
)
def test_a_record_that_names_what_is_not_there(tmp_path: Path, table: str, text: str) -> None:
    error = refusal(written(tmp_path, **{table: text}))
    assert isinstance(error, UnknownReference)
    assert f"record {text.count(chr(10)) - 1} " in error.message


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("stops", STOPS + "a,Another,48,2,,\n"),
        ("routes", ROUTES + "R1,9,Another,3\n"),
        ("trips", TRIPS + "R1,daily,t1,,,\n"),
        ("stop_times", STOP_TIMES + "t4,9:40:00,9:40:00,a,04\n"),
    ],
)
def test_an_id_that_stands_twice(tmp_path: Path, table: str, text: str) -> None:
    assert isinstance(refusal(written(tmp_path, **{table: text})), DuplicateId)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("stops", STOPS + ",Nameless,48,2,,\n"),
        ("routes", ROUTES + ",9,Another,3\n"),
        ("trips", TRIPS + ",daily,t9,,,\n"),
        ("stop_times", STOP_TIMES + "t4,9:40:00,9:40:00,,5\n"),
        ("stop_times", STOP_TIMES + "t4,9:40:00,9:40:00,a,\n"),
    ],
)
def test_an_id_that_is_empty(tmp_path: Path, table: str, text: str) -> None:
    assert isinstance(refusal(written(tmp_path, **{table: text})), MissingId)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    error = refusal(written(tmp_path, stops=STOPS.replace("48.10", "x"), routes=ROUTES + "R1,9,Another,3\n"))
    assert isinstance(error, Problems)
    assert [type(one) for one in error.problems] == [DuplicateId, NotANumber]


@given(
    st.sampled_from(sorted(TABLES)),
    st.integers(0, 400),
    st.integers(0, 60),
    st.one_of(
        st.binary(max_size=6), st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b"\xef\xbb\xbf", b"t1", b"-", b"a"])
    ),
)
def test_whatever_is_written_over_a_table_it_is_read_or_refused_in_words(
    name: str, at: int, cut: int, written_over: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        feed = written(Path(folder))
        content = (feed / name).read_bytes()
        (feed / name).write_bytes(content[:at] + written_over + content[at + cut :])
        with contextlib.suppress(CoincideError):
            loaded = load(feed)
            assert len(loaded.network.stops) == loaded.counts.stops
            assert sum(one.trips for one in loaded.network.patterns) <= loaded.counts.trips


# --- what is odd --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [",", "0,0", ",2.0", "0.000,0.0"])
def test_a_stop_without_coordinates_is_nowhere_and_told(tmp_path: Path, place: str) -> None:
    loaded = load(written(tmp_path, stops=STOPS.replace("48.10,2.20", place)))
    assert loaded.findings == ("1 stop without coordinates, so no distances: d",)
    assert np.isnan(loaded.network.lat[5])
    assert np.isnan(loaded.network.lon[5])
    assert not np.isnan(loaded.network.lat[:5]).any()


def test_a_feed_may_lack_all_columns_that_are_optional(tmp_path: Path) -> None:
    stops = "stop_id\n" + "".join(f"{stop}\n" for stop in ("a", "b1", "b2", "c", "d"))
    trips = "route_id,trip_id\nR1,t1\nR1,t2\nR1,t3\nR2,t4\n"
    loaded = load(written(tmp_path, stops=stops, trips=trips, routes="route_id\nR1\nR2\n", shapes=None, agency=None))
    assert loaded.network.names == loaded.network.stops
    assert loaded.network.titles == loaded.network.lines
    assert loaded.findings == ("5 stops without coordinates, so no distances: a, b1, b2 and others",)


def test_stops_that_no_trip_serves_are_told_but_not_stations_and_entrances(tmp_path: Path) -> None:
    stops = STOPS + "e,East,48,2,0,\nf,Far,48,2,,\ng,Gate,48,2,2,b\n"
    assert load(written(tmp_path, stops=stops)).findings == ("2 stops that no trip serves: e, f",)


def test_trips_without_stop_times_routes_without_trips_and_trips_of_one_stop_are_told(tmp_path: Path) -> None:
    loaded = load(
        written(
            tmp_path,
            routes=ROUTES + "R3,3,Idle,3\n",
            trips=TRIPS + "R2,daily,t5,,,\nR2,daily,t6,,,\n",
            stop_times=TABLES["stop_times.txt"] + "t6,9:00:00,9:00:00,a,1\n",
        )
    )
    assert loaded.findings == (
        "1 trip without stop times: t5",
        "1 route without trips: R3",
        "1 trip with a single stop, which go nowhere",
    )
    assert loaded.network.lines == ("R1", "R2", "R3")


def test_times_over_24_hours_are_fine_and_others_that_are_none_are_told(tmp_path: Path) -> None:
    bad = TABLES["stop_times.txt"].replace("7:10:00,7:10:00", "7.10,7:70:00")
    assert load(written(tmp_path, stop_times=bad)).findings == (
        "1 stop time whose time is not as 7:05:00, the first in record 2",
    )


def test_a_parent_station_that_is_lost_or_its_own_parent_leaves_the_stop_by_itself(tmp_path: Path) -> None:
    lost = load(written(tmp_path, stops=STOPS.replace("0,b\nb2", "0,x\nb2")))
    assert lost.findings == ("1 stop of a parent station that the feed lacks: b1",)
    assert lost.network.station.tolist() == [0, 1, 2, 1, 4, 5]
    round_ = load(written(tmp_path / "r", stops=STOPS.replace("2.10,1,\n", "2.10,1,b1\n")))
    assert round_.findings == ("3 stops whose parent stations go round in a circle: b, b1, b2",)
    assert round_.network.station.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_boarding_area_belongs_to_the_station_of_its_platform(tmp_path: Path) -> None:
    network = load(written(tmp_path, stops=STOPS + "b1x,Area,,,4,b1\n")).network
    assert network.stops[network.station[network.stops.index("b1x")]] == "b"


def test_a_broken_table_of_shapes_costs_the_shapes_alone(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, shapes=SHAPES.replace("shape_id", "id")))
    assert loaded.findings == (
        "lines are drawn straight from stop to stop, because of shapes.txt: there is no column `shape_id`",
    )
    assert loaded.network.patterns[0].shape is None
    partly = load(written(tmp_path / "p", shapes=SHAPES.replace("2.10,20", "x,20")))
    assert partly.findings == ("1 point of shapes.txt that cannot be read, left out",)
    assert partly.network.patterns[0].shape is not None
    assert partly.network.patterns[0].shape.tolist() == [[48.0, 2.0], [48.0, 2.2]]


def test_service_on_demand_has_no_stops_and_is_passed_over(tmp_path: Path) -> None:
    times = TABLES["stop_times.txt"].replace("stop_sequence\n", "stop_sequence,location_id\n").replace("\nt", ",\nt")
    times = times.replace("stop_sequence,location_id,", "stop_sequence,location_id").rstrip("\n") + ",\nt4,,,,5,zone1\n"
    loaded = load(written(tmp_path, stop_times=times))
    assert loaded.findings == ("1 stop time of service on demand, which have no stop",)
    assert told(loaded.network) == told(load(written(tmp_path / "plain")).network)


# --- the version ---------------------------------------------------------------------------------------------------


def test_the_version_of_a_feed_is_that_of_its_tables_packed_or_not_and_is_had_without_reading_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, archive = written(tmp_path / "f"), zipped(tmp_path / "f.zip", "inner/")
    one = version(folder)
    assert version(archive) == one != version(folder, "route_short_name")
    # A table that says nothing of stops and lines is another's business.
    (folder / "calendar.txt").write_text("service_id\nx\n")
    (folder / "agency.txt").write_text("agency_name\nOther\n")
    assert version(folder) == one
    for name in MADE_OF:
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(before[:-1] + b"9\n")
        assert version(folder) != one, name
        (folder / name).write_bytes(before)
    assert version(folder) == one

    def unread(*_: object) -> bytes:
        raise AssertionError("read")

    monkeypatch.setattr("zipfile.ZipFile.read", unread)
    version(archive)


def test_a_feed_that_is_not_there_or_cannot_be_read_has_no_version(tmp_path: Path) -> None:
    with pytest.raises(NoFeed):
        version(tmp_path / "none.zip")
    (tmp_path / "f.zip").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(UnreadableFeed):
        version(tmp_path / "f.zip")
