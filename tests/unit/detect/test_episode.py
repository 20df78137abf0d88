"""Where an episode ends and what is silenced with it, at the edges that random logs seldom meet."""

from __future__ import annotations

import pytest

from property.agreement import differences, expected
from property.kernel import run_kernel
from reference.judge import judge
from reference.small import DAY, row, rule, shop
from reference.world import World

QUIET = rule("velocity", 1, None, unless=("compare", "=", ("field", "place"), ("text", "licensed")))


def found(world: World) -> list[tuple[int, int]]:
    """Hits and silenced hits of each alert; the judge finds the same."""
    places = {(name, number): (number,) for name, source in world.sources.items() for number in range(len(source.rows))}
    kernel = run_kernel(world)
    assert not differences(expected(world, judge(world).verdict, places), kernel)
    return [(alert["hits"], alert["silenced"]) for alert in kernel["alerts"]]


@pytest.mark.parametrize(("after", "silenced"), [(DAY - 1, 1), (DAY, 0), (DAY + 1, 0)])
def test_a_silenced_hit_belongs_to_the_episode_until_a_window_after_its_last_hit(after: int, silenced: int) -> None:
    assert found(shop([row("1", 0), row("2", after, place="licensed")], QUIET)) == [(1, silenced)]


def test_a_silenced_hit_before_the_first_belongs_to_no_episode() -> None:
    assert found(shop([row("1", 0, place="licensed"), row("2", 1)], QUIET)) == [(1, 0)]


@pytest.mark.parametrize(("apart", "alerts"), [(DAY - 1, [(2, 0)]), (DAY, [(1, 0), (1, 0)])])
def test_hits_a_window_apart_are_two_episodes(apart: int, alerts: list[tuple[int, int]]) -> None:
    assert found(shop([row("1", 0), row("2", apart)], QUIET)) == alerts
