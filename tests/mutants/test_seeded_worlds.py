"""The kernel against the judge over worlds of seeds: quicker than drawn ones, and the same for every mistake."""

from __future__ import annotations

import os

import pytest

from property.agreement import differences, expected
from property.choice import Seeded
from property.draw_world import world
from property.kernel import run_kernel
from reference.judge import judge

PARTS = 4


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_the_kernel_agrees_with_the_judge_over_seeded_worlds(part: int) -> None:
    for seed in range(part, int(os.environ.get("COINCIDE_WORLDS", "1500")), PARTS):
        made = world(Seeded(seed))
        places = {(name, row): (row,) for name, source in made.sources.items() for row in range(len(source.rows))}
        right = expected(made, judge(made).verdict, places)
        # Broken records are the reader's matter.
        right["quarantined"] = [one for one in right["quarantined"] if one[-1] != "bad-record"]
        assert not differences(right, run_kernel(made)), f"seed {seed}"
