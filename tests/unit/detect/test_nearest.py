"""The nearest miss against its description, written as loops over a handful of observations of one actor."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.detect.detect import Hits
from coincide.detect.exact import Exact
from coincide.detect.kernel import window
from coincide.detect.kernel.observations import Observations
from coincide.detect.nearest import (
    NearCombination,
    Nearest,
    NearRatio,
    NearSequence,
    NearThreshold,
    NearVelocity,
    nearest,
)
from coincide.rules.plan import Combination, Condition, Plan, Ratio, Sequence, Sliding, Threshold, Velocity

NAMES = ("a", "b", "c")
NONE = np.zeros(0, dtype=np.int64)

Row = tuple[int, tuple[bool, bool, bool], int, int]


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Time, which of the components it carries, a number, the code of a value."""
    one = st.tuples(
        st.integers(0, 20),
        st.tuples(st.booleans(), st.booleans(), st.booleans()).filter(any),
        st.integers(-2, 3),
        st.integers(-1, 3),
    )
    return sorted(draw(st.lists(one, min_size=1, max_size=12)), key=lambda row: row[0])


def found(condition: Condition, log: list[Row], width: int) -> Hits:
    at = np.array([row[0] for row in log], dtype=np.int64)
    group = np.zeros(len(log), dtype=np.int64)
    carries = [np.array([row[1][i] for row in log], dtype=np.bool_) for i in range(3)]
    if isinstance(condition, Sequence):
        carries = [carries[NAMES.index(name)] for name in sorted(set(condition.steps))]
    if isinstance(condition, Ratio):
        carries = [carries[0], ~carries[0]]
    seen = Observations(
        group,
        at,
        window.starts(group, at, width),
        tuple(carries),
        Exact(np.array([row[2] for row in log], dtype=np.int64), 0),
        np.array([row[3] for row in log], dtype=np.int64),
    )
    plan = Plan("r", ("purchase",), None, "account", Sliding(width), "UTC", condition, None, None)
    return Hits(plan, seen, np.arange(len(log)), seen.group, NONE, NONE)


def windows(log: list[Row], width: int) -> list[list[int]]:
    return [[j for j in range(e + 1) if log[j][0] > log[e][0] - width] for e in range(len(log))]


def last_best(scores: list[int]) -> int:
    return max(range(len(scores)), key=lambda e: (scores[e], e))


@given(rows(), st.integers(1, 8), st.sampled_from([None, 1, 3]))
def test_a_combination_names_the_window_that_covers_the_most(log: list[Row], width: int, least: int | None) -> None:
    minimum = None if least is None else Decimal(least)
    condition = Combination(3, (("a", None), ("b", minimum), ("c", None)))
    near = nearest(found(condition, log, width))
    assert isinstance(near, NearCombination)
    inside = windows(log, width)

    def carriers(e: int, i: int) -> list[int]:
        return [j for j in inside[e] if log[j][1][i]]

    def covered(e: int, i: int) -> bool:
        enough = i != 1 or least is None or sum(log[j][2] for j in carriers(e, i)) >= least
        return bool(carriers(e, i)) and enough

    best = last_best([sum(covered(e, i) for i in range(3)) for e in range(len(log))])
    assert near.at == log[best][0]
    for i, part in enumerate(near.parts):
        mine = carriers(best, i)
        assert part.covered == covered(best, i)
        assert part.at == (log[mine[-1]][0] if mine else None)
        assert part.seen == sum(row[1][i] for row in log)
        if part.minimum is not None:
            assert part.reached == sum(log[j][2] for j in mine)
        if part.outside is not None:
            assert not part.covered
            assert any(row[0] == part.outside.at and row[1][i] for row in log)
            assert part.outside.apart == abs(part.outside.at - part.outside.anchor_at)
            assert part.outside.over == part.outside.apart - width >= 0
        elif not part.covered and part.at is None and near.covered:
            assert not part.seen


@given(rows(), st.integers(1, 8), st.sampled_from([None, "place"]))
def test_a_velocity_names_the_largest_count(log: list[Row], width: int, distinct: str | None) -> None:
    near = nearest(found(Velocity(5, distinct), log, width))
    inside = windows(log, width)
    counts = [len(w) if distinct is None else len({log[j][3] for j in w if log[j][3] >= 0}) for w in inside]
    best = last_best(counts)
    assert near == NearVelocity(log[inside[best][0]][0], log[best][0], counts[best], 5)


@given(rows(), st.integers(1, 8))
def test_a_threshold_names_the_largest_sum_and_what_is_missing(log: list[Row], width: int) -> None:
    near = nearest(found(Threshold("quantity", Decimal("7.5"), True), log, width))
    inside = windows(log, width)
    sums = [sum(log[j][2] for j in w) for w in inside]
    best = last_best(sums)
    missing = Decimal("7.5") - sums[best]
    assert near == NearThreshold(log[inside[best][0]][0], log[best][0], Decimal(sums[best]), missing)


@given(rows(), st.integers(1, 8), st.sampled_from(["0", "0.5", "1"]), st.integers(1, 4))
def test_a_ratio_names_the_window_that_lacks_the_fewest_events(
    log: list[Row], width: int, more_than: str, at_least: int
) -> None:
    near = nearest(found(Ratio("refund", "purchase", Decimal(more_than), at_least), log, width))
    assert isinstance(near, NearRatio)

    def counts(e: int) -> tuple[int, int]:
        refunds = sum(log[j][1][0] for j in windows(log, width)[e])
        return refunds, len(windows(log, width)[e]) - refunds

    def lacking(refunds: int, purchases: int) -> tuple[int, int]:
        """The first numbers of further refunds and purchases, few before many, with which it holds."""
        more = ((total - p, p) for total in range(30) for p in range(total + 1))
        return next(
            (r, p) for r, p in more if purchases + p >= at_least and refunds + r > Decimal(more_than) * (purchases + p)
        )

    best = last_best([-sum(lacking(*counts(e))) for e in range(len(log))])
    assert (near.first_at, near.at) == (log[windows(log, width)[best][0]][0], log[best][0])
    assert (near.of, near.to) == counts(best)
    assert (near.missing_of, near.missing_to) == lacking(*counts(best))


@given(rows(), st.integers(1, 8), st.none() | st.integers(0, 4), st.permutations("abca"))
def test_a_sequence_names_the_longest_prefix_and_what_failed(
    log: list[Row], width: int, gap: int | None, order: list[str]
) -> None:
    steps = tuple(order)
    near = nearest(found(Sequence(steps, gap), log, width))
    assert isinstance(near, NearSequence)

    def serves(chain: tuple[int, ...]) -> bool:
        times = [log[j][0] for j in chain]
        near_enough = gap is None or all(b - a <= gap for a, b in pairwise(times))
        carried = all(log[j][1][NAMES.index(step)] for j, step in zip(chain, steps, strict=False))
        return carried and near_enough and times[-1] - times[0] < width

    chains = {n: [c for c in combinations(range(len(log)), n) if serves(c)] for n in range(1, 5)}
    longest = max((n for n in chains if chains[n]), default=0)
    assert near.steps == steps[:longest]
    assert not longest or near.times in {tuple(log[j][0] for j in chain) for chain in chains[longest]}
    if longest == len(steps):
        assert near.failed is None
        return
    assert near.failed is not None
    assert near.failed.step == steps[longest]
    step = NAMES.index(steps[longest])
    later = [
        (row[0], log[chain[-1]][0], log[chain[0]][0])
        for chain in chains.get(longest, [])
        for row in log[chain[-1] + 1 :]
        if row[1][step]
    ]
    assert (near.failed.at is not None) == bool(later)
    if later:
        over = max(near.failed.over_gap or 0, near.failed.over_window or 0)
        allowed = [max(0 if gap is None else at - end - gap, at - begin - width) for at, end, begin in later]
        assert over == max(min(allowed), 0)
        assert near.failed.over_gap is not None or near.failed.over_window is not None


@pytest.mark.parametrize(
    "condition",
    [
        Combination(1, (("a", None), ("b", None), ("c", None))),
        Velocity(2),
        Threshold("quantity", Decimal(1), True),
        Sequence(("a",)),
        Ratio("refund", "purchase", Decimal(0), 1),
    ],
)
def test_without_an_observation_nothing_is_near(condition: Condition) -> None:
    none: Nearest | None = nearest(found(condition, [], 5))
    assert none is None
