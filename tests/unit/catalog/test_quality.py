"""Precision, recall and how sure they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.catalog.quality import Quality, Z, by_component, pooled, wilson

NAMES = st.sets(st.sampled_from(["energetic", "steel-balls", "timer"]))
TITLES = st.lists(st.tuples(NAMES, NAMES), max_size=30)


def test_a_title_counts_for_each_of_its_components() -> None:
    titles = [({"timer"}, {"timer"}), ({"timer", "energetic"}, {"timer"}), (set(), {"energetic"}), (set(), set())]
    assert by_component(titles) == {"energetic": Quality(0, 1, 1), "timer": Quality(2, 0, 0)}
    assert pooled(titles) == Quality(2, 1, 1)


def test_precision_is_of_tags_and_recall_of_labels() -> None:
    quality = Quality(right=6, wrong=2, missed=4)
    assert (quality.precision, quality.recall) == (0.75, 0.6)
    assert (quality.precision_interval, quality.recall_interval) == (wilson(6, 8), wilson(6, 10))


def test_nothing_tagged_is_nothing_wrong() -> None:
    assert (Quality().precision, Quality().recall) == (1.0, 1.0)
    assert (Quality().precision_interval, Quality().recall_interval) == ((0.0, 1.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, table I.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_that_of_the_published_table(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5_000), st.data())
def test_at_the_ends_of_the_interval_the_share_is_just_unlikely_enough(of: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, of))
    low, high = wilson(hits, of)
    assert 0 <= low <= hits / of <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            assert (hits / of - end) ** 2 == pytest.approx(Z**2 * end * (1 - end) / of)
    assert wilson(of - hits, of) == pytest.approx((1 - high, 1 - low))


@given(TITLES)
def test_the_counts_are_those_of_sets(titles: list[tuple[set[str], set[str]]]) -> None:
    total = pooled(titles)
    assert total.right == sum(len(labels & tags) for labels, tags in titles)
    assert total.wrong == sum(len(tags - labels) for labels, tags in titles)
    assert total.missed == sum(len(labels - tags) for labels, tags in titles)
    assert list(by_component(titles)) == sorted(set().union(*(labels | tags for labels, tags in titles)))
