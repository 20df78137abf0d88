"""From rows to codes, and from the codes of a log to a network: what is missing stays missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from coincide.detect.journey.taps import ENTER, EXIT, SINGLE
from coincide.detect.rows import Rows
from coincide.engines.embedded.taps import TapLog
from coincide.journeys.coded import coded
from coincide.journeys.ground import city_of
from coincide.journeys.log import InCodes
from coincide.network.network import Network, Pattern

NETWORK = Network(
    stops=("a", "b", "b1", "c"),
    names=("A", "B", "B, platform 1", "C"),
    lat=np.array([50.0, 50.1, 50.1, np.nan]),
    lon=np.array([8.0, 8.1, 8.1, np.nan]),
    lines=("1", "2"),
    patterns=(Pattern(0, 0, (0, 2, 3), 5),),
    parent=np.array([0, 1, 1, 3], dtype=np.int32),
)


def rows(*given: dict[str, Any]) -> Rows:
    names = ("event_id", "occurred_at", "account", "kind", "action", "place", "line", "source")
    schema: dict[str, Any] = {name: pl.Int64 if name == "occurred_at" else pl.String for name in names}
    usual = {"kind": "tap", "account": "x", "source": "taps", "occurred_at": 1}
    made = [{**usual, "event_id": str(number), **one} for number, one in enumerate(given)]
    frame = pl.DataFrame(made, schema=schema).with_columns(
        namespace=pl.lit("n"), file=pl.lit(0, pl.UInt32), position=pl.int_range(pl.len()), tagset=pl.lit(0, pl.Int32)
    )
    return Rows(frame, (frozenset(),))


def test_texts_become_codes_in_the_order_of_code_points_and_what_is_missing_is_none() -> None:
    made = coded(rows({"action": "enter", "place": "b", "line": "2"}, {"action": "exit", "place": "a", "account": "w"}))
    assert made.tokens == (("n", "w"), ("n", "x"))
    assert (made.places, made.lines, made.products) == (("a", "b"), ("2",), ())
    assert made.taps.token.tolist() == [1, 0]
    assert made.taps.action.tolist() == [ENTER, EXIT]
    assert made.taps.place.tolist() == [1, 0]
    assert (made.taps.line.tolist(), made.taps.vehicle.tolist()) == ([0, -1], [-1, -1])


def test_what_is_no_usable_tap_is_left_out() -> None:
    given = ({"kind": "incident"}, {"account": None}, {"occurred_at": None}, {"action": "open"}, {"action": None})
    assert len(coded(rows(*({"action": "enter", **one} for one in given))).taps) == 0


def test_a_source_that_knows_no_actions_has_boardings_only() -> None:
    made = coded(rows({"action": None}, {"action": None, "source": "gates"}), silent=["taps"])
    assert made.taps.action.tolist() == [SINGLE]


def test_a_network_is_asked_in_the_codes_of_a_log() -> None:
    texts = {"place": pl.Series(["b", "c", "elsewhere"]), "line": pl.Series(["1", "9"])}
    asked = InCodes.of(NETWORK, TapLog((), pl.DataFrame(), texts, {}))

    def hops(line: int, start: int, end: int) -> int:
        return int(asked.hops(*(np.array([code], dtype=np.int32) for code in (line, start, end)))[0])

    assert hops(0, 0, 1) == 1, "from the station of the platform"
    # Another line, no line, no stop, a stop that the feed does not have: nobody can say.
    assert [hops(1, 0, 1), hops(-1, 0, 1), hops(0, -1, 1), hops(0, 0, 2)] == [-1] * 4
    assert np.isnan(asked.km(np.array([0]), np.array([1]))).all(), "C has no place"


def test_a_platform_is_drawn_as_its_station_and_a_stop_without_a_place_has_none() -> None:
    city = city_of(NETWORK)
    assert city.ways[0].stops == ("a", "b", "c")
    assert [city.station(stop) for stop in ("b1", "b", "elsewhere", None)] == ["b", "b", "elsewhere", None]
    assert (city.at("a"), city.at("c"), city.name("b"), city.name("elsewhere")) == ((50.0, 8.0), None, "B", "elsewhere")
