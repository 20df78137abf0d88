"""What makes a GTFS feed unusable, one class per cause. What is only odd is a finding of ``load`` in words."""

from __future__ import annotations

from collections.abc import Sequence

from coincide.errors import CoincideError, Where


class NoFeed(CoincideError):
    """The feed that `[network] gtfs` names is not there.

    The path is relative to the folder of `coincide.toml` and names a zip file or a folder with the feed's tables.
    """

    code = "COI-T001"

    def __init__(self, file: str) -> None:
        super().__init__(f"there is no GTFS feed `{file}`", hint="mend `gtfs` in `[network]`, or take the section out")


class NoNetwork(CoincideError):
    """The workspace names no GTFS feed, so there is no network to check.

    Add `[network]` with `gtfs = "feed.zip"` to `coincide.toml`. Taps work without one; then stops have no order, no
    distance and no place on a map, and features that need these are missing.
    """

    code = "COI-T011"

    def __init__(self, file: str) -> None:
        super().__init__(
            "no network is set", where=Where(file), hint='add `[network]` with `gtfs = "feed.zip"` to coincide.toml'
        )


class UnreadableFeed(CoincideError):
    """The GTFS feed is no folder and no zip file that can be unpacked: cut off, damaged, encrypted, or another format.

    Download it again from its agency. A feed is a zip file, or the folder that it unpacks to.
    """

    code = "COI-T002"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(
            f"`{file}` cannot be read as a GTFS feed: {reason}",
            where=Where(file),
            hint="download it again; a feed is a zip file or a folder with stops.txt, routes.txt and others",
        )


class MissingTable(CoincideError):
    """The GTFS feed lacks a table without which there is no network.

    Needed are `stops.txt`, `routes.txt`, `trips.txt` and `stop_times.txt`, all in one folder. A feed with
    `locations.geojson` instead of stops describes service on demand, which has no stops that taps could name.
    """

    code = "COI-T003"

    def __init__(self, feed: str, table: str, there: Sequence[str]) -> None:
        found = ", ".join(there) or "no tables"
        super().__init__(f"the feed has no `{table}`", where=Where(feed), hint=f"there are {found}; get the whole feed")


class MissingColumn(CoincideError):
    """A table of the GTFS feed lacks a column that it must have.

    Names of columns are case-sensitive (GTFS Schedule Reference, "Field Definitions"). Correct the header, or get the
    feed again. With `line = "route_short_name"` in `[network]`, `routes.txt` needs that column too.
    """

    code = "COI-T004"

    def __init__(self, file: str, column: str, there: Sequence[str]) -> None:
        super().__init__(
            f"there is no column `{column}`", where=Where(file), hint=f"its columns are {', '.join(there) or 'none'}"
        )


class BrokenTable(CoincideError):
    """A table of the GTFS feed cannot be read as CSV in UTF-8.

    The sentence gives the reason: bytes that are not UTF-8, a record with more fields than the header, a quote that is
    never closed. Save the table as UTF-8, or get the feed again.
    """

    code = "COI-T005"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"this table cannot be read: {reason}", where=Where(file), hint="save it as CSV in UTF-8")


class EmptyTable(CoincideError):
    """A table of the GTFS feed has a header and no records, so the feed describes no network.

    Get the feed again: this one has been cut down to nothing.
    """

    code = "COI-T006"

    def __init__(self, file: str, noun: str) -> None:
        super().__init__(f"the feed has no {noun}", where=Where(file), hint="get the whole feed")


class NotANumber(CoincideError):
    """A number of the GTFS feed cannot be read, or is none that its column can hold.

    Latitudes are -90 to 90 and longitudes -180 to 180, in decimal degrees (WGS 84) with a point. `stop_sequence` is a
    whole number from 0 up. A stop *without* coordinates is only a finding.
    """

    code = "COI-T007"

    def __init__(self, file: str, column: str, record: int, value: str, wanted: str, count: int) -> None:
        super().__init__(
            f"`{column}` of record {record:,} is `{value}`, which is not {wanted}{_more(count)}",
            where=Where(file),
            hint="correct the feed, or get it again",
        )


class UnknownReference(CoincideError):
    """A record of the GTFS feed names a route, trip or stop that the feed does not have.

    Then nobody can say which line or stop is meant. Get the whole feed; a feed that was cut must keep what its
    records name.
    """

    code = "COI-T008"

    def __init__(self, file: str, column: str, record: int, value: str, table: str, count: int) -> None:
        super().__init__(
            f"record {record:,} names the {column} `{value}`, which `{table}` does not have{_more(count)}",
            where=Where(file),
            hint="get the whole feed; tables of two feeds do not fit together",
        )


class DuplicateId(CoincideError):
    """An id that must name one record of the GTFS feed names several.

    `stop_id`, `route_id` and `trip_id` are unique in their tables, `stop_sequence` within its trip. Feeds that were
    joined need a prefix on the ids of each.
    """

    code = "COI-T009"

    def __init__(self, file: str, column: str, value: str, count: int) -> None:
        super().__init__(
            f"{column} `{value}` stands in several records{_more(count)}",
            where=Where(file),
            hint="keep one record of each id; where feeds were joined, give the ids of each a prefix",
        )


class MissingId(CoincideError):
    """A record of the GTFS feed has an empty field where an id or a number must stand.

    Needed are `stop_id`, `route_id`, `trip_id`, and in `stop_times.txt` also `stop_sequence`. A stop time that names
    a zone of service on demand (`location_id`, `location_group_id`) instead of a stop is passed over.
    """

    code = "COI-T010"

    def __init__(self, file: str, column: str, record: int, count: int) -> None:
        super().__init__(
            f"`{column}` of record {record:,} is empty{_more(count)}",
            where=Where(file),
            hint="correct the feed, or get it again",
        )


def _more(count: int) -> str:
    """That others are like it: ``count`` of them altogether."""
    if count <= 1:
        return ""
    return f", and {count - 1:,} more like it"
