"""The overview: what is counted is what is there, cell by cell."""

from __future__ import annotations

import numpy as np
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
        cards = len({card for card, _ in flagged})
        told = (len(flagged), cards) if cards == 0 or cards >= FEWEST else (None, None)
        assert (one.card_days, one.cards) == told
    assert [rule.rule for rule in next(one for one in made if one.at_least == 9).rules] == ["mine", "other"]


@given(TRIPS)
def test_products_keep_the_total_and_show_no_small_group(rows: list[tuple[int, int, int]]) -> None:
    token, trips, product = (np.array(column) for column in zip(*rows, strict=True))
    made = products(product, token, trips, np.zeros(len(trips), dtype=np.int64), ("a", "b", "c", "d"))
    named = [name for one in made for name in one.names]
    assert sorted(named, key=str) == sorted({None if code < 0 else "abcd"[code] for _, _, code in rows}, key=str)
    if len(set(token.tolist())) < FEWEST:
        assert [one.card_days for one in made] == [None]
        return
    assert sum(one.card_days or 0 for one in made) == len(rows)
    assert sum(one.rides or 0 for one in made) == sum(count for _, count, _ in rows)
    for one in made:
        codes = {-1 if name is None else "abcd".index(name) for name in one.names}
        assert len({card for card, _, code in rows if code in codes}) >= FEWEST


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(0, 40)), max_size=300), st.integers(0, 23))
def test_hours_run_from_the_beginning_of_the_service_day(rows: list[tuple[int, int]], first: int) -> None:
    boardings = np.bincount(np.array([hour for hour, _ in rows], dtype=np.int64), minlength=24)
    riders = np.bincount(np.array([hour for hour, _ in set(rows)], dtype=np.int64), minlength=24)
    made = by_hour(boardings, riders, first)
    assert [hour for hour, _ in made] == [*range(first, 24), *range(first)]
    for hour, count in made:
        assert count in (None, boardings[hour])
        assert count is None or riders[hour] == 0 or riders[hour] >= FEWEST


def test_rides_in_a_card_day_are_counted_one_by_one_until_too_few_have_as_many() -> None:
    trips = np.repeat([1, 2, 3, 7, 40], [50, 20, 12, 9, 3])
    made = per_day(trips, np.arange(len(trips)))
    assert made is not None
    told = [(made.name(bin_), count) for bin_, count in enumerate(made.counts)]
    assert told == [("1", 50), ("2", 20), ("3", 12), ("4 or more", 12)]
    # One card, however often, is nobody to be shown.
    assert per_day(np.full(1_000, 3), np.zeros(1_000, dtype=np.int64)) is None


def test_a_city_of_very_few_shows_nothing_by_hour() -> None:
    boardings = np.bincount(np.full(100, 7), minlength=24)
    few = np.bincount(np.full(9, 7), minlength=24)
    assert dict(by_hour(boardings, few, 4))[7] is None
