"""The sentence of an alert. Whole rules in plain English are among the golden cases."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from coincide.rules.explain import because, duration
from coincide.rules.plan import Combination, Condition, LocalDay, Plan, Ratio, Sequence, Sliding, Threshold, Velocity

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


def plan(condition: Condition, window_us: int | None = 30 * DAY_US, components: tuple[str, ...] | None = None) -> Plan:
    window = LocalDay() if window_us is None else Sliding(window_us)
    zone = "Europe/Paris" if window_us is None else "UTC"
    return Plan("r", ("purchase",), None, "actor", window, zone, condition, components, None)


FOUR = Combination(3, (("energetic", None), ("pressure-vessel", None), ("steel-balls", Decimal(200)), ("timer", None)))


def test_a_combination_names_what_was_covered() -> None:
    said = because(
        plan(FOUR),
        components=["pressure-vessel", "steel-balls", "timer"],
        first_us=at("2025-03-01"),
        last_us=at("2025-03-29 14:30"),
    )
    assert said == (
        "3 of 4 components (pressure-vessel, steel-balls (at least 200), timer) within 30 days, "
        "from 2025-03-01 to 2025-03-29."
    )


def test_a_velocity_counts_observations_or_values() -> None:
    first_us, last_us = at("2025-03-01 22:10"), at("2025-03-02 09:00:05")
    assert because(plan(Velocity(12), DAY_US), count=14, first_us=first_us, last_us=last_us) == (
        "14 observations within 24 hours, from 2025-03-01 22:10 to 2025-03-02 09:00:05 UTC."
    )
    of = plan(Velocity(4, "place"), None, ("steel-balls", "timer"))
    assert because(of, count=1500, first_us=first_us, last_us=first_us) == (
        "1,500 different values of place of steel-balls or timer on one day (Europe/Paris), at 2025-03-01 22:10 UTC."
    )
    assert because(plan(Velocity(1)), count=1, first_us=first_us, last_us=first_us) == (
        "1 observation within 30 days, on 2025-03-01."
    )


@pytest.mark.parametrize(
    ("condition", "total", "expected"),
    [
        (Threshold("quantity", Decimal(5), False), "7", "quantity of 7 within 30 days, more than 5"),
        (
            Threshold("quantity * content", Decimal("10.0"), True, "kg"),
            "12.500",
            "content of 12.5 kg within 30 days, at least 10",
        ),
        (
            Threshold("amount_minor", Decimal(1000000), False, None, "EUR"),
            "1234567",
            "amount of 1,234,567 in minor units of EUR within 30 days, more than 1,000,000",
        ),
        (Threshold("quantity", Decimal(-5), False), "0", "quantity of 0 within 30 days, more than -5"),
    ],
)
def test_a_threshold_says_the_exact_sum_and_its_limit(condition: Threshold, total: str, expected: str) -> None:
    said = because(plan(condition), total=Decimal(total), first_us=at("2025-03-01"), last_us=at("2025-03-02"))
    assert said == f"{expected}, from 2025-03-01 to 2025-03-02."


def test_a_ratio_says_both_numbers_and_its_limit() -> None:
    of = plan(Ratio("refund", "purchase", Decimal("0.50"), 10))
    first_us, last_us = at("2025-03-01"), at("2025-03-20")
    assert because(of, count=1200, beside=12, first_us=first_us, last_us=last_us) == (
        "1,200 refund events to 12 purchase events within 30 days, more than 0.5 for each, "
        "from 2025-03-01 to 2025-03-20."
    )
    of = plan(Ratio("refund", "purchase", Decimal(0), 1), None, ("timer",))
    assert because(of, count=1, beside=1, first_us=first_us, last_us=first_us) == (
        "1 refund event to 1 purchase event of timer on one day (Europe/Paris), more than 0 for each, on 2025-03-01."
    )


def test_a_sequence_names_its_steps_in_order() -> None:
    steps = Sequence(("pressure-vessel", "timer", "timer"), 3 * DAY_US)
    assert because(plan(steps), first_us=at("2025-03-01"), last_us=at("2025-03-05")) == (
        "pressure-vessel, then timer, then timer, within 30 days, each at most 3 days after the one before, "
        "from 2025-03-01 to 2025-03-05."
    )


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2025-03-01", "2025-03-01", "on 2025-03-01"),
        ("2025-03-01", "2025-03-02", "from 2025-03-01 to 2025-03-02"),
        ("2025-03-01 08:00", "2025-03-01 09:05:07", "on 2025-03-01 from 08:00 to 09:05:07 UTC"),
        ("2025-03-01 08:00:00.25", "2025-03-01 08:00:00.25", "at 2025-03-01 08:00:00.250000 UTC"),
        ("1970-01-01", "1970-01-01 00:01", "on 1970-01-01 from 00:00 to 00:01 UTC"),
        ("2199-12-31 23:00", "2200-12-31 23:59:59.999999", "from 2199-12-31 23:00 to 2200-12-31 23:59:59.999999 UTC"),
    ],
)
def test_short_windows_say_the_hour_where_there_is_one(first: str, last: str, expected: str) -> None:
    said = because(plan(Velocity(1), HOUR_US), count=2, first_us=at(first), last_us=at(last))
    assert said == f"2 observations within 1 hour, {expected}."


@pytest.mark.parametrize(
    ("length_us", "expected"),
    [
        (30 * DAY_US, "30 days"),
        (DAY_US, "24 hours"),
        (36 * HOUR_US, "36 hours"),
        (HOUR_US, "1 hour"),
        (90 * 60_000_000, "90 minutes"),
        (60_000_000, "1 minute"),
        (1_500_000, "1.5 seconds"),
        (3_660 * DAY_US, "3,660 days"),
    ],
)
def test_a_length_of_time_is_said_in_its_largest_whole_unit(length_us: int, expected: str) -> None:
    assert duration(length_us) == expected


def test_sentences_of_two_plans_in_turn_do_not_mix() -> None:
    one, other = plan(Velocity(1)), plan(Velocity(1), 60 * DAY_US)
    for _ in range(3):
        assert "30 days" in because(one, count=2, first_us=0, last_us=1)
        assert "60 days" in because(other, count=2, first_us=0, last_us=1)


def test_half_a_million_sentences_take_seconds_not_minutes() -> None:
    of = plan(FOUR)
    start = time.process_time()
    for number in range(20_000):
        because(of, components=["energetic", "timer"], first_us=number * HOUR_US, last_us=number * HOUR_US + DAY_US)
    # Some microseconds each; the bound is wide, for a slow and busy machine.
    assert time.process_time() - start < 1.0
