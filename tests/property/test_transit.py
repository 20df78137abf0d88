"""Presence, attendance and unusual days against the judge, over taps and reported incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given

from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.coded import coded
from coincide.detect.journey.taps import EXIT, Taps
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.history import Asked, Reading
from coincide.engines.embedded.ridership import ridership
from coincide.engines.embedded.tap_look import taps
from coincide.engines.embedded.taps import read
from coincide.engines.workspace import open_workspace
from coincide.events.event import LATEST_US, TAP
from property.agreement import differences, expected
from property.choice import Choice, drawn
from property.draw_rule import DAY, HOUR, MINUTE
from property.draw_transit import REPORT, iso, presence, ridden, riding, unusual, us
from property.draw_transit import TAP as COLUMNS
from property.kernel import events_of, rows_of, run_kernel
from property.workspace import Layout, layout, write
from property.worlds import examples
from reference.judge import judge
from reference.unusual import CODED, action, text
from reference.unusual import ridden as ridden_taps
from reference.world import Row, Rule, Source, World

SHARE = {"presence": 8, "unusual": 100}
"""One in so many examples; a world of days has a hundred cards."""
ASKED = Asked(at_us=LATEST_US, zone="UTC", recent=1, past=1, lately=1)


def assert_kernel_agrees(world: World) -> None:
    verdict = judge(world).verdict
    places = {(name, row): (row,) for name, source in world.sources.items() for row in range(len(source.rows))}
    assert not differences(expected(world, verdict, places), run_kernel(world))


@pytest.mark.parametrize("kind", ["presence", "unusual"])
def test_the_kernel_agrees_with_the_judge_about_journeys(request: pytest.FixtureRequest, kind: str) -> None:
    @examples(request.config, SHARE[kind])
    @given(drawn({"presence": presence, "unusual": unusual}[kind]))
    def compare(world: World) -> None:
        assert_kernel_agrees(world)

    compare()


def test_an_unusual_day_is_told_by_the_features_that_are_far_and_no_others(request: pytest.FixtureRequest) -> None:
    @examples(request.config, SHARE["unusual"])
    @given(drawn(unusual))
    def compare(world: World) -> None:
        (rule,) = world.rules
        trial, found = judge(world), run_kernel(world)
        for alert in trial.verdict.alerts:
            # All taps of the day are its window; the last of them is the hit.
            here = [o for o in trial.seen[rule.id][alert.actor] if o.name == alert.started_by]
            assert [len(one.far) for one in here] == [len(said(found["because"][(rule.id, alert.actor, here[0].at)]))]

    compare()


def said(because: str) -> list[str]:
    return because.partition(" on one day of service")[0].split("; ")


@pytest.mark.parametrize("kind", ["presence", "unusual"])
def test_the_order_of_rows_changes_nothing_about_journeys(request: pytest.FixtureRequest, kind: str) -> None:
    @examples(request.config, 2 * SHARE[kind])
    @given(drawn(lambda choice: shuffled(choice, {"presence": presence, "unusual": unusual}[kind](choice))))
    def compare(made: tuple[World, World]) -> None:
        one, other = (run_kernel(world) for world in made)
        assert told(one) == told(other)

    compare()


def shuffled(choice: Choice, world: World) -> tuple[World, World]:
    """The world, and the same with its rows and sources dealt anew."""
    sources = dict(world.sources)
    for name, source in world.sources.items():
        rows = list(source.rows)
        for place in range(len(rows) - 1, 0, -1):
            # A few dozen choices say enough.
            other = choice.below(place + 1) if place < 40 else place // 2
            rows[place], rows[other] = rows[other], rows[place]
        sources[name] = replace(source, rows=rows)
    return world, replace(world, sources=dict(reversed(sources.items())))


def told(found: dict[str, Any]) -> tuple[Any, ...]:
    return found["rows"], found["attendance"], sorted(found["alerts"], key=repr)


def test_every_reading_takes_the_same_taps_for_riding(request: pytest.FixtureRequest) -> None:
    @examples(request.config, 40)
    @given(drawn(lambda choice: written(choice, riding(choice))))
    def compare(made: tuple[World, Layout]) -> None:
        world, layout = made
        events = events_of(world)
        right = sorted(
            (
                (str(tap.values["account"]), tap.name[0], action(tap), *(text(tap, name) for name in CODED))
                for tap in ridden_taps(events)
            ),
            key=str,
        )
        rows = rows_of(world, events)
        of_rows = coded(rows, np.arange(len(rows)))
        accounts = dict(zip(rows.account.tolist(), rows.frame["account"].to_list(), strict=True))
        assert with_texts(of_rows.taps, accounts, of_rows.texts) == right
        with TemporaryDirectory() as name:
            write(world, layout, Path(name))
            workspace = open_workspace(Path(name))
            with connect(workspace.settings) as connection:
                log = read(workspace.readers_of(TAP), connection)
                (looked,) = [
                    taps(Reading(reader, source, ASKED, connection, lambda _: None))
                    for reader, source in workspace.readers_of(TAP)
                ]
            counted = ridership(workspace, ServiceClock("UTC", 0))
        tokens = dict(enumerate(log.tokens["account"].to_list()))
        assert [tap for part in log.parts for tap in with_texts(part, tokens, log.texts)] == right
        assert log.ended["metro"].actionless == looked.others == len(events) - len(right)
        seen = looked.riding
        assert sorted(zip(seen.at.tolist(), seen.action.tolist(), strict=True)) == sorted(one[1:3] for one in right)
        for side, column in (("place", 3), ("line", 4)):
            boardings = sum(one[2] != EXIT and one[column] is not None for one in right)
            assert counted.counts[side].boardings.sum() == boardings

    compare()


def written(choice: Choice, world: World) -> tuple[World, Layout]:
    """The world, and the form in which it is written."""
    return world, layout(choice, world)


def with_texts(taps: Taps, accounts: Mapping[int, str], texts: Mapping[str, pl.Series]) -> list[tuple[Any, ...]]:
    """Taps with what their codes stand for, in order."""
    columns = ([None if code < 0 else texts[name][code] for code in getattr(taps, name).tolist()] for name in CODED)
    tokens = [accounts[code] for code in taps.token.tolist()]
    return sorted(zip(tokens, taps.at.tolist(), taps.action.tolist(), *columns, strict=True), key=str)


def busy(later: list[Row]) -> World:
    """A card on a day that is unusual, and what there is ``later``."""
    # Three rides a day are many for others and usual for it; that they go to three stops is not.
    start = us("2025-06-01T10:00:00")
    rows: list[Row] = []
    for back in range(6):
        for number in range(3):
            stop = ["north", "south", "été"][number if back == 0 else 0]
            rows.append(ridden("t1", start - back * DAY + number * HOUR, stop))
    rows += [ridden(f"c{number:03}", start + number * MINUTE, "north") for number in range(100)]
    rows += later
    rule = Rule(
        id="rule-0",
        events=["tap"],
        condition=("unusual-day", 1, ["distinct_stops", "trips"], "95", "80", True),
        window=("service-day", 4 * HOUR),
        by="account",
    )
    return World(sources={"metro": Source(columns=dict(COLUMNS), rows=[*rows], kind="tap")}, rules=[rule])


def test_what_is_usual_for_a_card_is_not_told_of_its_day() -> None:
    world = busy([ridden("c000", us("2025-06-02T10:00:00"), "north")])
    assert_kernel_agrees(world)
    (because,) = run_kernel(world)["because"].values()
    assert said(because) == ["3 different stops, more than 99 % of the days of product `day`"]


@pytest.mark.parametrize(
    ("later", "over"), [(None, False), ("2025-06-02T03:59:59.999999", False), ("2025-06-02T04:00:00", True)]
)
def test_the_newest_day_of_a_log_is_not_over(later: str | None, over: bool) -> None:
    world = busy([] if later is None else [ridden("c000", us(later), "north")])
    assert_kernel_agrees(world)
    assert len(run_kernel(world)["alerts"]) == over


def test_a_later_incident_does_not_end_the_newest_day_of_taps() -> None:
    report: Row = {"id": "i1", "from": "2025-06-03T10:00:00Z", "to": None, "stop": "north", "route": None}
    world = busy([])
    reports = Source(columns=dict(REPORT), rows=[report], kind="incident")
    world = replace(world, sources={**world.sources, "reports": reports})
    assert_kernel_agrees(world)
    assert run_kernel(world)["alerts"] == []


@pytest.mark.parametrize(
    ("days", "share", "counts"),
    [(range(1, 29), "97", False), (range(1, 28), "97", True), ([28], "0", False), ([29], "0", True), ([], "0", True)],
    ids=["each of 28 days", "each of 27", "only 28 days before", "only 29 days before", "never"],
)
def test_who_is_there_on_more_than_the_share_of_28_days_is_no_witness(
    days: Sequence[int], share: str, counts: bool
) -> None:
    at = us("2025-04-10T08:00:00")
    rows = [ridden("t1", at - back * DAY, "north") for back in [0, *days]]
    report: Row = {"id": "i1", "from": iso(at), "to": None, "stop": "north", "route": None}
    rule = Rule(
        id="rule-0",
        events=["tap"],
        condition=("presence", 1, MINUTE, share, "both"),
        window=("sliding", HOUR),
        by="account",
        zone="UTC",
    )
    world = World(
        sources={
            "metro": Source(columns=dict(COLUMNS), rows=[*rows], kind="tap"),
            "reports": Source(columns=dict(REPORT), rows=[report], kind="incident"),
        },
        rules=[rule],
        covered=[(["north"], [], [(at, at)])],
    )
    assert_kernel_agrees(world)
    assert len(run_kernel(world)["alerts"]) == counts
