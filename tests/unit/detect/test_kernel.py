"""Each kernel against its sentence in DESIGN section 6, written as loops over a handful of observations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.detect.exact import Exact
from coincide.detect.kernel import combination, ratio, sequence, threshold, velocity, window
from coincide.detect.kernel.observations import Evidence, Observations
from coincide.rules.plan import Combination, Ratio, Sequence, Threshold, Velocity


@dataclass(frozen=True)
class Log:
    seen: Observations
    width: int

    def window(self, e: int) -> list[int]:
        return list(range(int(self.seen.start[e]), e + 1))

    def sum(self, rows: list[int]) -> int:
        assert self.seen.number is not None
        return sum(int(self.seen.number.values[j]) for j in rows)


@st.composite
def logs(draw: st.DrawFn) -> Log:
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 2),  # group
                st.integers(0, 20),  # time: few values, so that ties and window edges happen
                st.tuples(st.booleans(), st.booleans(), st.booleans()),
                st.integers(-2, 3),
                st.integers(-1, 3),
            ),
            max_size=14,
        )
    )
    rows.sort(key=lambda row: row[:2])
    width = draw(st.integers(1, 8))
    columns = [np.array([row[i] for row in rows], dtype=np.int64) for i in (0, 1, 3, 4)]
    group, at, number, value = columns
    carries = tuple(np.array([row[2][i] for row in rows], dtype=np.bool_) for i in range(3))
    start = window.starts(group, at, width)
    return Log(Observations(group, at, start, carries, Exact(number, 0), value), width)


def of(evidence: Evidence, hit: int) -> list[int]:
    return [int(p) for p in evidence.position[evidence.owner == hit]]


@given(logs())
def test_a_window_is_half_open_at_the_old_end_and_stays_in_its_group(log: Log) -> None:
    group, at = log.seen.group, log.seen.at
    for e in range(len(log.seen)):
        inside = [j for j in range(e + 1) if group[j] == group[e] and at[j] > at[e] - log.width]
        assert log.window(e) == inside


@given(logs(), st.integers(2**55, 2**58))
def test_windows_too_wide_for_one_line_are_cut_between_groups(log: Log, factor: int) -> None:
    # Times of about 2**59 microseconds are beyond any log: they force the pieces.
    at = log.seen.at * (factor // 32)
    width = log.width * (factor // 32)
    assert window.starts(log.seen.group, at, width).tolist() == log.seen.start.tolist()


@given(logs())
def test_distinct_values_of_a_window_are_counted_without_the_missing(log: Log) -> None:
    assert log.seen.value is not None
    rows = np.arange(len(log.seen))
    counts = window.distinct(log.seen.value, log.seen.start, rows)
    for e in range(len(log.seen)):
        assert counts[e] == len({log.seen.value[j] for j in log.window(e)} - {-1})


_minimum = st.none() | st.integers(1, 3).map(Decimal)


@given(logs(), st.integers(1, 3), st.tuples(_minimum, _minimum, _minimum))
@settings(max_examples=300)
def test_a_combination_covers_k_components_on_the_latest_evidence(
    log: Log, k: int, minima: tuple[Decimal | None, ...]
) -> None:
    condition = Combination(k, tuple(zip("abc", minima, strict=True)))
    found = combination.hits(condition, log.seen)
    proofs: dict[int, set[int]] = {}
    for e in range(len(log.seen)):
        covered, proof = 0, set()
        for carries, minimum in zip(log.seen.carries, minima, strict=True):
            rows = [j for j in log.window(e) if carries[j]]
            if minimum is None and rows:
                covered += 1
                proof.add(rows[-1])
            elif minimum is not None and log.sum(rows) >= minimum:
                covered += 1
                needed = next(n for n in range(1, len(rows) + 1) if log.sum(rows[-n:]) >= minimum)
                proof |= set(rows[-needed:])
        assert found[e] == (covered >= k)
        proofs[e] = proof
    hits = np.flatnonzero(found)
    evidence = combination.evidence(condition, log.seen, hits)
    for i, e in enumerate(hits.tolist()):
        assert of(evidence, i) == sorted(proofs[e])


@given(logs(), st.integers(1, 4), st.booleans())
@settings(max_examples=300)
def test_a_velocity_rests_on_the_latest(log: Log, n: int, distinct: bool) -> None:
    assert log.seen.value is not None
    condition = Velocity(n, "place" if distinct else None)
    found = velocity.hits(condition, log.seen)
    evidence = velocity.evidence(condition, log.seen, np.flatnonzero(found))
    number = 0
    for e in range(len(log.seen)):
        rows = log.window(e)
        if distinct:
            latest = {int(log.seen.value[j]): j for j in rows if log.seen.value[j] >= 0}
            rows = sorted(latest.values())
        assert found[e] == (len(rows) >= n)
        if found[e]:
            assert of(evidence, number) == rows[-n:]
            assert evidence.counted[number] == len(rows)
            number += 1


@given(logs(), st.integers(-3, 6), st.booleans())
def test_a_threshold_passes_on_the_exact_sum(log: Log, limit: int, inclusive: bool) -> None:
    condition = Threshold("quantity", Decimal(limit), inclusive)
    found = threshold.hits(condition, log.seen)
    for e in range(len(log.seen)):
        total = log.sum(log.window(e))
        assert found[e] == (total >= limit if inclusive else total > limit)
    hits = np.flatnonzero(found)
    evidence = threshold.evidence(condition, log.seen, hits)
    for i, e in enumerate(hits.tolist()):
        assert of(evidence, i) == log.window(e)


@given(logs(), st.sampled_from(["0", "0.5", "0.333333333", "0.9", "1", "2"]), st.integers(1, 3))
@settings(max_examples=300)
def test_a_ratio_compares_the_numbers_of_two_kinds_by_their_products(log: Log, more_than: str, at_least: int) -> None:
    condition = Ratio("refund", "purchase", Decimal(more_than), at_least)
    refund = log.seen.carries[0]
    seen = replace(log.seen, carries=(refund, ~refund))
    found = ratio.hits(condition, seen)
    evidence = ratio.evidence(condition, seen, np.flatnonzero(found))
    number = 0
    for e in range(len(seen)):
        refunds = [j for j in log.window(e) if refund[j]]
        purchases = [j for j in log.window(e) if not refund[j]]
        assert found[e] == (len(purchases) >= at_least and len(refunds) > Decimal(more_than) * len(purchases))
        if found[e]:
            assert of(evidence, number) == sorted(refunds + purchases[-at_least:])
            assert evidence.counted[number] == len(log.window(e))
            number += 1


def _of_two_kinds(refunds: int, purchases: int) -> Observations:
    """That many refunds, then that many purchases, in one window."""
    refund = np.r_[np.ones(refunds, dtype=np.bool_), np.zeros(purchases, dtype=np.bool_)]
    zeros = np.zeros(len(refund), dtype=np.int64)
    return Observations(zeros, np.arange(len(refund), dtype=np.int64), zeros, (refund, ~refund))


@pytest.mark.parametrize(("refunds", "holds"), [(3, False), (4, True)])
def test_a_ratio_is_exact_at_its_limit(refunds: int, holds: bool) -> None:
    # 0.1 * 30 is above 3 in floating point.
    condition = Ratio("refund", "purchase", Decimal("0.1"), 30)
    assert ratio.hits(condition, _of_two_kinds(refunds, 30))[-1] == holds


@pytest.mark.parametrize("more_than", ["999999999999999999", "123456789.123456789"])
def test_a_ratio_whose_limit_nobody_reaches_holds_nowhere(more_than: str) -> None:
    # Times so many purchases, the limit leaves 64 bits.
    condition = Ratio("refund", "purchase", Decimal(more_than), 1)
    assert not ratio.hits(condition, _of_two_kinds(5, 200)).any()


def test_a_ratio_lists_the_latest_thousand_and_counts_all() -> None:
    seen = _of_two_kinds(1_003, 1_005)
    evidence = ratio.evidence(Ratio("refund", "purchase", Decimal("0.5"), 1_004), seen, np.array([2_007]))
    assert of(evidence, 0) == [*range(3, 1_003), *range(1_008, 2_008)]
    assert evidence.counted.tolist() == [2_008]


@given(logs(), st.lists(st.sampled_from("abc"), min_size=2, max_size=3), st.none() | st.integers(1, 8))
@settings(max_examples=500)
def test_a_sequence_takes_the_latest_possible_observation_for_each_step(
    log: Log, steps: list[str], gap: int | None
) -> None:
    condition = Sequence(tuple(steps), gap)
    names = sorted(set(steps))
    seen = Observations(log.seen.group, log.seen.at, log.seen.start, log.seen.carries[: len(names)])
    found = sequence.hits(condition, seen)
    evidence = sequence.evidence(condition, seen, np.flatnonzero(found))
    number = 0
    for e in range(len(seen)):
        chains = [
            chain
            for chain in product(log.window(e), repeat=len(steps))
            if chain[-1] == e
            and all(seen.carries[names.index(step)][j] for step, j in zip(steps, chain, strict=True))
            and all(a < b for a, b in pairwise(chain))
            and (gap is None or all(seen.at[b] - seen.at[a] <= gap for a, b in pairwise(chain)))
        ]
        assert found[e] == bool(chains)
        if chains:
            assert of(evidence, number) == list(max(chains, key=lambda chain: list(chain)[::-1]))
            number += 1
