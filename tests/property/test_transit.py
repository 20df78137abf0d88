"""Presence, attendance and unusual days against the judge, over taps and reported incidents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from property.agreement import differences, expected
from property.choice import Choice, drawn
from property.draw_transit import presence, unusual
from property.kernel import run_kernel
from property.worlds import examples
from reference.judge import judge
from reference.world import World

SHARE = {"presence": 8, "unusual": 100}
"""One in so many examples; a world of days has a hundred cards."""


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
