"""The kernel against the judge, over rows that the judge has read."""

from __future__ import annotations

import pytest
from hypothesis import given

from property.agreement import differences, expected
from property.kernel import run_kernel
from property.workspace import Layout
from property.worlds import examples, worlds
from reference.judge import judge
from reference.world import World

SHARE = 8
"""One in so many examples: the comparison of the whole engine has all of them."""


@pytest.mark.parametrize("only", [None, "ratio"])
def test_the_kernel_agrees_with_the_judge(request: pytest.FixtureRequest, only: str | None) -> None:
    @examples(request.config, SHARE)
    @given(worlds(only=only))
    def compare(made: tuple[World, Layout]) -> None:
        world, _ = made
        verdict = judge(world).verdict
        places = {(name, row): (row,) for name, source in world.sources.items() for row in range(len(source.rows))}
        right = expected(world, verdict, places)
        # Broken records are the reader's matter.
        right["quarantined"] = [one for one in right["quarantined"] if one[-1] != "bad-record"]
        assert not differences(right, run_kernel(world))

    compare()
