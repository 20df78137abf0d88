"""What a backtest on record leads to expect: which of its figures count, and what stands in for those it lacks."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from coincide.odds import level
from coincide.odds.baseline import DRIFT, baseline
from oddshop import backtest

JANUARY = 1_735_689_600_000_000
"""2025-01-01T00:00:00Z."""


def test_deals_and_made_up_rules_and_the_rules_own_history_make_the_level() -> None:
    controls = {"factor": 1.25, "variation": 0.3, "drift": 0.1}
    told = baseline(backtest(actors=30, alerts=45, mean=20.0, days=360.0, placebos=controls))
    assert told is not None
    plain = level.calibrated(30, 20.0, 360.0, factor=1.25, variation=0.3)
    assert told.level.per_day == pytest.approx(plain.per_day * 45 / 30)
    assert told.level.variation == pytest.approx(plain.drifting(0.1).variation)
    assert (told.until_us, told.calibrated) == (JANUARY, True)


def test_a_backtest_that_does_not_tell_how_levels_move_gets_what_was_measured_once() -> None:
    told = baseline(backtest(placebos={"factor": 1.0, "variation": 0.0}))
    assert told is not None
    assert told.level.variation == pytest.approx(DRIFT)


def test_a_rule_that_matched_nobody_is_expected_to_raise_an_alert_an_actor() -> None:
    told = baseline(backtest(actors=0, alerts=0, mean=4.0, days=100.0))
    assert told is not None
    assert told.level.per_day == level.calibrated(0, 4.0, 100.0, factor=1.0, variation=0.1).per_day


@pytest.mark.parametrize(
    "changed",
    [
        {"deals": {"why_not": "no components"}},
        {"placebos": {"why_not": "too few"}},
        {"placebos": {"factor": 0.0, "variation": 0.0}},
        {"placebos": None},
    ],
)
def test_without_deals_or_made_up_rules_its_own_history_alone_counts(changed: dict[str, object]) -> None:
    told = baseline({**backtest(alerts=24, actors=20, days=360.0), **changed})
    assert told is not None
    drift = 0.1 if "deals" in changed else DRIFT
    assert (told.level, told.calibrated) == (level.own(24, 360.0).drifting(drift), False)


@pytest.mark.parametrize("changed", [{"coincide": "backtest/2"}, {"coincide": None}, {"log": {"days": 0, "to": ""}}])
def test_of_a_document_in_another_form_or_of_no_days_nothing_is_told(changed: dict[str, object]) -> None:
    assert baseline({**backtest(), **changed}) is None


def calendar(*alerts: int, sparse: bool = False) -> list[dict[str, object]]:
    monday = date(2024, 1, 1)
    weeks = [{"begins": str(monday + timedelta(weeks=at)), "alerts": number} for at, number in enumerate(alerts)]
    return [week for week in weeks if week["alerts"] or not sparse]


@pytest.mark.parametrize("sparse", [False, True])
def test_clumps_are_those_of_the_whole_weeks_of_the_calendar(sparse: bool) -> None:
    document = {**backtest(alerts=24, days=360.0), "calendar": calendar(90, 3, 0, 9, 0, 1, 90, sparse=sparse)}
    told = baseline(document)
    assert told is not None
    assert told.clumping == pytest.approx(level.clumps(np.array([3, 0, 9, 0, 1])))
    assert told.level.variation > (baseline(backtest(alerts=24, days=360.0)) or told).level.variation


@pytest.mark.parametrize("weeks", [None, [], calendar(5), calendar(5, 7), calendar(5, 7, 9)])
def test_too_few_weeks_tell_of_no_clumps(weeks: list[dict[str, object]] | None) -> None:
    told = baseline({**backtest(), "calendar": weeks})
    assert told is not None
    assert told.clumping == 1
