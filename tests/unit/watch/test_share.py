"""Shares that grew or fell: by the points that are set, and not by chance."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coincide.watch.share import Share, fell, grew

shares = st.integers(0, 10_000).flatmap(lambda whole: st.builds(Share, st.integers(0, whole), st.just(whole)))


@given(shares, shares, st.integers(1, 100))
def test_what_grew_did_not_fall(before: Share, now: Share, points: int) -> None:
    if grew(before, now, points):
        assert now.percent - before.percent >= points - 1e-9
        assert not fell(before, now, 99)


@given(shares)
def test_an_equal_share_neither_grew_nor_fell(share: Share) -> None:
    assert not grew(share, share, 1)
    assert not fell(share, share, 99)


@given(st.integers(1_000, 10_000))
def test_a_column_that_is_missing_altogether_is_found(rows: int) -> None:
    assert grew(Share(0, 8 * rows), Share(rows, rows), 100)


def test_the_points_are_a_border() -> None:
    before = Share(100_000, 1_000_000)
    assert grew(before, Share(20_000, 100_000), 10)
    assert not grew(before, Share(19_999, 100_000), 10)


def test_a_fall_to_the_part_that_is_set_is_a_border() -> None:
    before = Share(200_000, 1_000_000)
    assert fell(before, Share(10_000, 100_000), 50)
    assert not fell(before, Share(10_001, 100_000), 50)


def test_a_handful_of_rows_proves_nothing() -> None:
    assert not grew(Share(0, 5), Share(1, 3), 10)
    assert not fell(Share(2, 5), Share(0, 3), 50)


def test_nothing_is_said_of_nothing() -> None:
    assert not grew(Share(0, 0), Share(5, 5), 1)
    assert not grew(Share(1, 5), Share(0, 0), 1)
    assert not fell(Share(0, 0), Share(0, 5), 50)
    assert not fell(Share(0, 50), Share(0, 50), 50)
    assert not fell(Share(50, 50), Share(0, 0), 50)
    assert Share(0, 0).percent == 0


def test_chance_alone_hardly_ever_moves_a_share() -> None:
    draw = np.random.default_rng(3)
    moved = 0
    for _ in range(2_000):
        before, now = Share(int(draw.binomial(8_000, 0.1)), 8_000), Share(int(draw.binomial(60, 0.1)), 60)
        moved += grew(before, now, 1) or fell(before, now, 50)
    assert moved <= 10
