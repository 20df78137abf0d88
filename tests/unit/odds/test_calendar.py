"""Alerts by week, against the standard library's calendar."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.odds.calendar import calendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
times = st.datetimes(datetime(2000, 1, 1), datetime(2003, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
zones = st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Pacific/Auckland"])


def us(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


@given(st.lists(times, min_size=1, max_size=30), st.data(), zones)
def test_every_alert_is_in_the_week_that_a_calendar_gives_it(
    log: list[datetime], data: st.DataObject, zone: str
) -> None:
    log.sort()
    alerts = data.draw(st.lists(st.sampled_from(log)))
    found = calendar(np.array([us(at) for at in alerts], dtype=np.int64), us(log[0]), us(log[-1]), zone)

    def local(at: datetime) -> date:
        return at.astimezone(ZoneInfo(zone)).date()

    first, last = local(log[0]), local(log[-1])
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def name(day: date) -> str:
        return "{}-W{:02d}".format(*day.isocalendar()[:2])

    of_days, of_alerts = Counter(map(name, days)), Counter(name(local(at)) for at in alerts)
    assert [week.name for week in found] == list(of_days)
    assert [week.alerts for week in found] == [of_alerts[one] for one in of_days]
    assert [week.days for week in found] == list(of_days.values())
    assert sum(week.alerts for week in found) == len(alerts)
    assert all(week.begins.weekday() == 0 and name(week.begins) == week.name for week in found)


def test_a_week_is_told_with_its_monday_and_the_days_that_the_log_has_of_it() -> None:
    # A Friday, and the Sunday after the next year has begun.
    first, last = datetime(2020, 12, 25, 23, tzinfo=UTC), datetime(2021, 1, 3, 12, tzinfo=UTC)
    alerts = np.array([us(last), us(last)])
    assert [week.document for week in calendar(alerts, us(first), us(last), "Europe/Paris")] == [
        {"week": "2020-W52", "begins": "2020-12-21", "days": 2, "alerts": 0},
        {"week": "2020-W53", "begins": "2020-12-28", "days": 7, "alerts": 2},
    ]


def test_it_is_the_rules_zone_that_says_in_which_week_an_alert_is() -> None:
    sunday = us(datetime(2021, 1, 3, 23, 30, tzinfo=UTC))
    for zone, counts in (("UTC", [1]), ("Europe/Paris", [0, 1])):
        found = calendar(np.array([sunday]), sunday - 3_600_000_000, sunday, zone)
        assert [week.alerts for week in found] == counts


def test_an_alert_outside_the_log_is_none_of_it() -> None:
    at = us(datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="outside the log"):
        calendar(np.array([at + 7 * 86_400_000_000]), at, at, "UTC")
