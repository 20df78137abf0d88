"""A small GTFS feed by hand: two lines that share a station, one of them a circle; any table can be another."""

from __future__ import annotations

import zipfile
from pathlib import Path

from coincide.network.network import Network

STOPS = """\
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
a,Airport,48.00,2.00,,
b1,Bridge platform 1,48.00,2.10,0,b
b2,Bridge platform 2,48.00,2.10,0,b
b,Bridge,48.00,2.10,1,
c,Castle,48.00,2.20,,
d,Docks,48.10,2.20,,
"""
ROUTES = """\
route_id,route_short_name,route_long_name,route_type
R1,1,Airport to Castle,3
R2,2,Round the castle,3
"""
TRIPS = """\
route_id,service_id,trip_id,trip_headsign,direction_id,shape_id
R1,daily,t1,Castle,0,s1
R1,daily,t2,Castle,0,s1
R1,daily,t3,Airport,1,
R2,daily,t4,Round,,
"""
STOP_TIMES = """\
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,7:00:00,7:00:00,a,1
t1,7:10:00,7:10:00,b1,20
t1,7:20:00,7:20:00,c,3
t2,25:00:00,25:00:00,a,1
t2,,,b1,2
t2,25:20:00,25:20:00,c,3
t3,8:00:00,8:00:00,c,0
t3,8:20:00,8:20:00,a,9
t4,9:00:00,9:00:00,b2,1
t4,9:10:00,9:10:00,c,2
t4,9:20:00,9:20:00,d,3
t4,9:30:00,9:30:00,b2,4
"""
SHAPES = """\
shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence
s1,48.00,2.20,30
s1,48.00,2.00,10
s1,48.00,2.10,20
"""
AGENCY = "agency_name,agency_url,agency_timezone\nCity Buses,https://buses.example,Europe/Paris\n"
TABLES = {
    "stops.txt": STOPS,
    "routes.txt": ROUTES,
    "trips.txt": TRIPS,
    "stop_times.txt": STOP_TIMES.replace("b1,20", "b1,2"),
    "shapes.txt": SHAPES,
    "agency.txt": AGENCY,
}


def written(folder: Path, inside: str = "", /, **changed: str | None) -> Path:
    """The feed in a folder; ``stops="..."`` is another table, ``shapes=None`` none."""
    tables = {**TABLES, **{f"{name}.txt": text for name, text in changed.items()}}
    (folder / inside).mkdir(parents=True, exist_ok=True)
    for name, text in tables.items():
        if text is not None:
            (folder / inside / name).write_text(text, encoding="utf-8")
    return folder


def zipped(file: Path, inside: str = "", /, **changed: str | None) -> Path:
    """The same as a zip file."""
    tables = {**TABLES, **{f"{name}.txt": text for name, text in changed.items()}}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            if text is not None:
                archive.writestr(inside + name, text)
    return file


def without(table: str, column: str) -> str:
    """A table without one of its columns."""
    lines = [line.split(",") for line in TABLES[f"{table}.txt"].splitlines()]
    place = lines[0].index(column)
    return "".join(",".join(cells[:place] + cells[place + 1 :]) + "\n" for cells in lines)


def told(network: Network) -> list[object]:
    """All that distances depend on."""
    numbers = [column.tobytes() for column in (network.lat, network.lon, network.station)]
    return [
        network.stops,
        network.lines,
        *numbers,
        [(one.line, one.direction, one.stops) for one in network.patterns],
    ]
