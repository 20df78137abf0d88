"""The guard: no single feature of a card-day gives the simulated thieves away."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from coincide.rules.feature import NAMES
from coincide.simulate.city import City, Parameters, lines
from coincide.simulate.city.feed import write
from evaluation.guard import MOST, single_features
from evaluation.log import STAFF, THIEF, log
from evaluation.measure import average_precision


def test_no_single_feature_tells_thieves_from_all_others(tmp_path: Path) -> None:
    feed = tmp_path / "feed.zip"
    write(feed)
    # Twenty-five times as many thieves as there are: what does not give them away here does so less among more others.
    parameters = Parameters(thieves=0.005)
    made = log(City(lines.read(feed, parameters.ride_minutes), 6_000, 50, 7, parameters), feed)
    days = made.card_days()
    thief, staff = made.token_class == THIEF, made.token_class == STAFF
    # With inspectors, who fill the top of every list, and without them.
    for left_out in (np.zeros_like(staff), staff):
        found = single_features(days, thief, left_out)
        assert len(found) == 2 * len(NAMES)
        assert max(found.values()) < MOST
        # Nor are they so like all others that there would be nothing to find.
        assert found["trips (max)"] > 4 * thief.mean()


def test_the_guard_sees_a_feature_that_gives_away() -> None:
    thief = np.array([False, False, True, True])
    assert average_precision(np.array([0.1, 0.2, 0.9, 0.8]), thief) == 1.0
    # Equals are one step together, and what is missing comes last.
    assert average_precision(np.array([0.5, 0.5, 0.5, np.nan]), thief) == (1 / 3 * 1 + 2 / 4 * 1) / 2
