"""The kernels of journeys against the judge over worlds of seeds."""

from __future__ import annotations

import os

import pytest

from property.choice import Seeded
from property.draw_transit import presence, unusual
from property.test_transit import assert_kernel_agrees

UNUSUAL = 10
"""One world of days for so many of presence: it has a hundred cards."""


@pytest.mark.long
def test_the_kernels_of_journeys_agree_with_the_judge_over_seeded_worlds() -> None:
    for seed in range(int(os.environ.get("COINCIDE_WORLDS", "300"))):
        assert_kernel_agrees(presence(Seeded(seed)))
        if seed % UNUSUAL == 0:
            assert_kernel_agrees(unusual(Seeded(seed)))
