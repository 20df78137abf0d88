"""The overview: what is counted is what is there, cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.journeys.few import FEWEST
from coincide.journeys.overview import LADDER, Counted, by_hour, per_day, products, thresholds

TRIPS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40), st.integers(-1, 3)), min_size=1, max_size=200)


@given(TRIPS)
def test_thresholds_count_card_days_and_cards_each_once(rows: list[tuple[int, int, int]]) -> None:
    token, trips, _ = (np.array(column) for column in zip(*rows, strict=True))
    made = thresholds(token, trips, [Counted("mine", 9), Counted("other", 9)])
    assert [one.at_least for one in made] == sorted({*LADDER, 9})
    for one in made:
        flagged = [(card, count) for card, count, _ in rows if count >= one.at_least]
        for told, number in ((one.card_days, len(flagged)), (one.cards, len({card for card, _ in flagged}))):
            assert told == (number if number == 0 or number >= FEWEST else None)
    assert [rule.rule for rule in next(one for one in made if one.at_least == 9).rules] == ["mine", "other"]


@given(TRIPS)
def test_products_keep_the_total_and_show_no_small_group(rows: list[tuple[int, int, int]]) -> None:
    _, trips, product = (np.array(column) for column in zip(*rows, strict=True))
    made = products(product, trips, np.zeros(len(trips), dtype=np.int64), ("a", "b", "c", "d"))
    if len(rows) < FEWEST:
        assert [one.card_days for one in made] == [None]
        return
    assert sum(one.card_days or 0 for one in made) == len(rows)
    assert all(one.card_days is not None and one.card_days >= FEWEST for one in made)
    assert sum(one.rides or 0 for one in made) == sum(count for _, count, _ in rows)
    named = [name for one in made for name in one.names]
    assert sorted(named, key=str) == sorted({None if code < 0 else "abcd"[code] for _, _, code in rows}, key=str)


@given(st.lists(st.integers(0, 23), max_size=300), st.integers(0, 23))
def test_hours_run_from_the_beginning_of_the_service_day(hours: list[int], first: int) -> None:
    made = by_hour(np.bincount(np.array(hours, dtype=np.int64), minlength=24), first)
    assert [hour for hour, _ in made] == [*range(first, 24), *range(first)]
    for hour, count in made:
        assert count is None or count == hours.count(hour)


def test_rides_in_a_card_day_are_counted_one_by_one_until_too_few_have_as_many() -> None:
    made = per_day(np.repeat([1, 2, 3, 7, 40], [50, 20, 12, 9, 3]))
    assert made is not None
    assert [(made.name(bin_), count) for bin_, count in enumerate(made.counts)] == [
        ("1", 50),
        ("2", 20),
        ("3", 12),
        ("4 or more", 12),
    ]
    assert per_day(np.ones(9, dtype=np.int64)) is None


@pytest.mark.parametrize("count", [1, 9])
def test_a_city_of_very_few_shows_nothing_by_hour(count: int) -> None:
    assert {told for _, told in by_hour(np.bincount(np.full(count, 7), minlength=24), 4)} == {None}
