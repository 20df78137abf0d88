"""Made-up rules over the real shopping year, quickly: the whole table is printed by ``tests/bench/eprocess.py``."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="module")
def bench() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        yield importlib.import_module("eprocess")


@pytest.fixture(scope="module")
def year(bench: Any) -> Any:
    return bench.shopping_year()


@pytest.fixture(scope="module", params=[(0.005, 0.05, 200), (0.05, 0.3, 100)], ids=["rare", "common"])
def half(bench: Any, year: Any, request: pytest.FixtureRequest) -> Any:
    low, high, rules = request.param
    return bench.halves(year, bench.of_prevalence(year, low, high), 30, rules, 3, np.random.default_rng(9))


@pytest.mark.parametrize(
    "way",
    ["factor, variation, own history, drift, clumps", "own history, drift, clumps"],
    ids=["calibrated", "own history"],
)
def test_at_most_one_made_up_rule_in_twenty_has_an_alarm_in_the_half_that_nobody_looked_at(half: Any, way: str) -> None:
    assert half.alarms(way) <= 0.05 * len(half.days)


def test_without_drift_common_things_cry_wolf_so_it_is_needed(half: Any, bench: Any) -> None:
    if half.days[:, : bench.HALF].sum() < 10_000:
        # Of rare things there are too few alerts for it to matter.
        assert half.alarms("not calibrated") < 0.1 * len(half.days)
        return
    assert half.alarms("not calibrated") > 0.15 * len(half.days)
    assert half.alarms("factor, variation, own history") > 0.05 * len(half.days)


def test_rules_that_calibrate_and_rules_that_are_watched_share_no_type(bench: Any, year: Any) -> None:
    types = bench.of_prevalence(year, 0.005, 0.05)
    first, second = np.array_split(np.random.default_rng(1).permutation(types), 2)
    one, other = (bench.four_sets(year, part, 20, np.random.default_rng(2)) for part in (first, second))
    assert not set(one.ravel().tolist()) & set(other.ravel().tolist())
    assert all(len(set(year.category[four])) == 4 for four in one)
