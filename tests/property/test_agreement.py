"""The engine against the judge: rows, quarantine, alerts, hits and evidence must be equal."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given

from property import tally
from property.agreement import differences, expected
from property.engine import run_once
from property.workspace import Layout, write
from property.worlds import SHARDS, examples, worlds
from reference.judge import judge
from reference.world import World


def assert_agreement(world: World, layout: Layout) -> None:
    """Write the world down, run the engine over it, ask the judge."""
    trial = judge(world)
    tally.note(world, trial)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        places = write(world, layout, folder)
        found = run_once(folder, world.separations)
    assert not differences(expected(world, trial.verdict, places), found)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_engine_agrees_with_the_judge(shard: int, request: pytest.FixtureRequest) -> None:
    @examples(request.config, SHARDS)
    @given(worlds())
    def compare(made: tuple[World, Layout]) -> None:
        assert_agreement(*made)

    compare()
