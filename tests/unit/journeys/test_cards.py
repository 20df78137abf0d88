"""From rows to the taps of cards, and from the codes of a log to a network: what is missing stays missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from coincide.detect.journey.taps import ENTER, EXIT
from coincide.detect.rows import Rows
from coincide.journeys.cards import Cards, cards
from coincide.journeys.ground import city_of
from coincide.network.coded import InCodes
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
    frame = pl.DataFrame([{name: one.get(name) for name in names} for one in made], schema=schema)
    frame = frame.with_columns(
        pl.Series("!action", [one.get("!action", False) for one in made], dtype=pl.Boolean),
        namespace=pl.lit("n"),
        file=pl.lit(0, pl.UInt32),
        position=pl.int_range(pl.len()),
        tagset=pl.lit(0, pl.Int32),
    )
    return Rows(frame, (frozenset(),))


def every(*given: dict[str, Any]) -> Cards:
    made = rows(*given)
    return cards(made, np.ones(len(made), dtype=np.bool_))


def test_texts_become_codes_in_the_order_of_code_points_and_what_is_missing_is_none() -> None:
    made = every(
        {"action": "enter", "place": "b", "line": "2"},
        {"action": "exit", "place": "a", "account": "w"},
        {"action": "exit", "place": "", "account": "w"},
    )
    assert made.accounts == (("n", "w"), ("n", "x"))
    assert {name: texts.to_list() for name, texts in made.texts.items()} == {
        "place": ["a", "b"],
        "line": ["2"],
        "vehicle": [],
        "device": [],
        "product": [],
    }
    assert made.taps.token.tolist() == [1, 0, 0]
    assert made.taps.action.tolist() == [ENTER, EXIT, EXIT]
    assert made.taps.place.tolist() == [1, 0, -1]
    assert (made.taps.line.tolist(), made.taps.vehicle.tolist()) == ([0, -1, -1], [-1] * 3)


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "incident"},
        {"account": None},
        {"occurred_at": None},
        {"action": "open"},
        {"action": None, "!action": True},
        {"event_id": "0"},
    ],
    ids=["an incident", "no card", "no time", "another action", "an action that cannot be read", "a copy"],
)
def test_what_is_no_part_of_riding_is_left_out(other: dict[str, Any]) -> None:
    assert len(every({"action": "enter"}, {"action": "enter", **other}).taps) == 1


@pytest.mark.parametrize("silent", [None, ""])
def test_a_tap_that_does_not_say_what_it_is_begins_a_ride(silent: str | None) -> None:
    assert every({"action": silent}).taps.action.tolist() == [ENTER]


def test_only_the_rows_that_are_asked_for_are_taken() -> None:
    made = cards(rows({"account": "v"}, {"account": "w"}), np.array([False, True]))
    assert (made.accounts, made.taps.token.tolist()) == ((("n", "w"),), [0])


def test_a_network_is_asked_in_the_codes_of_a_log() -> None:
    asked = InCodes.of(NETWORK, {"place": pl.Series(["b", "c", "elsewhere"]), "line": pl.Series(["1", "9"])})

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
