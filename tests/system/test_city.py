"""A city rides on feeds that cities publish: Cairns (buses) and a part of New York's subway."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from coincide.network.load import load
from coincide.simulate.city import City, Parameters, lines
from coincide.simulate.city_folder import write_city
from evaluation.guard import MOST, single_features
from evaluation.log import STAFF, THIEF, log
from system.feeds import fetched

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def feeds() -> Path:
    return fetched()


@pytest.mark.parametrize(
    ("name", "zone", "offset"),
    [("cairns", "Australia/Brisbane", "+10:00"), ("nyc_subway", "America/New_York", "-05:00")],
)
def test_a_city_rides_on_a_real_feed(feeds: Path, tmp_path: Path, name: str, zone: str, offset: str) -> None:
    feed = feeds / f"{name}_gtfs.zip"
    written = write_city(tmp_path / "city", 3_000, 14, 7, gtfs=feed)
    taps = pl.read_parquet(tmp_path / "city" / "taps" / "*.parquet")
    assert written.taps == len(taps) > 30_000
    network = load(feed).network
    assert set(taps["stop"].unique()) <= set(network.stops)
    assert set(taps["line"].unique()) <= set(network.lines)
    # Most people ride by day, by the clock of the place.
    hour = taps["when"].dt.convert_time_zone(zone).dt.hour()
    assert hour.is_between(5, 22).mean() > 0.9  # type: ignore[operator]
    assert str(taps["when"].dt.convert_time_zone(zone)[0].isoformat()).endswith(offset)
    # Each ride runs along its line: a boarding and the next exit are stops of one pattern.
    rides = taps.sort("token", "when").with_columns(
        to=pl.col("stop").shift(-1), then=pl.col("action").shift(-1), whose=pl.col("token").shift(-1),
        on=pl.col("line").shift(-1),
    ).filter(
        pl.col("action") == "enter", pl.col("then") == "exit", pl.col("whose") == pl.col("token"),
        pl.col("on") == pl.col("line"),
    )  # fmt: skip
    hops = network.hops(
        network.line_codes(rides["line"]), network.stop_codes(rides["stop"]), network.stop_codes(rides["to"])
    )
    assert (hops > 0).mean() > 0.97


def test_no_single_feature_gives_thieves_away_on_the_lines_of_cairns_either(feeds: Path) -> None:
    feed, parameters = feeds / "cairns_gtfs.zip", Parameters(thieves=0.005)
    made = log(City(lines.read(feed, parameters.ride_minutes), 6_000, 50, 7, parameters), feed)
    found = single_features(made.card_days(), made.token_class == THIEF, made.token_class == STAFF)
    assert max(found.values()) < MOST
